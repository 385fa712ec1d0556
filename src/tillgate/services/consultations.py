"""Pay a consultation's fee: charged once, however often, from how many tills and in how many threads anyone presses.

In the order of the document (seed 003) and of ruling 22:

1. A press that was answered in the last 300 s gets the same answer, by one look at its key.
2. The lock on (consultation, patient) is waited for, 5 s at most. It is the shop's own database that gives it, with the
   transaction that follows; why that is enough, and why nothing else is used, says store/named_lock.py.
3. One transaction, tried three times: the consultation locked and whose it is checked, a live payment looked for, then
   payment, tax records, invoice and the reply for a replay written. The commit is the release of the lock, so that no
   press ever comes between the facts and the reply.
4. Only then the provider is called, by the core's way (services/payments.py): its recovery holds here as everywhere.

Below it all the database lets one live payment hold a consultation, whatever the code does.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from tillgate.domain.consultation import (
    CONSULTATION_THING,
    DEFAULT_PROVIDER,
    LOCK_WAIT,
    PAYABLE,
    REPLAY_FOR,
    ConsultationState,
    check_key,
)
from tillgate.domain.errors import Invalid, MoneyMoved, Refused, Unavailable
from tillgate.domain.money import Money
from tillgate.domain.payment import Purpose
from tillgate.domain.provider_keys import KEY_FORMS
from tillgate.domain.staff import Action, Actor
from tillgate.domain.tax_rules import Assessed, assess
from tillgate.failpoints import fp
from tillgate.ports import Payer, PaymentProvider
from tillgate.services import payments
from tillgate.services.access import authorize
from tillgate.services.consultation_papers import describe, write_invoice, write_taxes
from tillgate.services.consultation_replies import ActivePayment, find_active, find_reply, keep_reply
from tillgate.services.consultation_rows import Visit, list_rules, load_visit
from tillgate.services.metrics import tally
from tillgate.services.payments import StartPayment, Thing, Write, Written
from tillgate.services.records import PaymentRecord
from tillgate.services.till import Till
from tillgate.store.named_lock import NamedLock
from tillgate.store.unit_of_work import UnitOfWork

log: Final = logging.getLogger("tillgate.consultations")
# Figures of the document: how often a press was a replay, found another one's payment, was the first, won its lock.
REPLAYED: Final = "pay_replayed"
FOUND_ACTIVE: Final = "pay_found_active"
CREATED: Final = "pay_created"
LOCK_WON: Final = "pay_lock_won"
LOCK_LOST: Final = "pay_lock_lost"


@dataclass(frozen=True, slots=True)
class PayConsultation:
    """One press. `key` is `new_key`'s (domain/consultation.py), made when the panel opened and kept until that attempt
    ends; `amount` is what the person saw; `method` None is the provider's usual one. Without `mail_wanted` the patient
    is not written to, nor is their address given to the provider."""

    key: str
    consultation_id: int
    patient_id: int
    amount: Money
    provider: str = DEFAULT_PROVIDER
    method: str | None = None
    mail_wanted: bool = True

    @property
    def sha256(self) -> str:
        """What tells whether a replay has the same content, whatever providers the till has by then."""
        amount = (self.amount.minor, self.amount.currency)
        content = [self.consultation_id, self.patient_id, *amount, self.provider, self.method]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class PressKind(StrEnum):
    """What a press came to, in the document's words."""

    NEW = "new"
    EXISTING = "existing"


class Why(StrEnum):
    """Why there was a payment already: this very press again, or another person's, till's or panel's."""

    REPLAY = "replay"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class Pressed:
    """The answer to a press; `why` is None for a new payment."""

    kind: PressKind
    payment: ActivePayment
    why: Why | None = None


def pay(till: Till, actor: Actor, press: PayConsultation) -> Pressed:
    """Put a consultation's fee up for payment, once. A fee that was refunded whole may be put up again: its old payment
    holds it no more, and keeps its invoice with the credit note.

    Where nothing is created the error says why: Invalid("pay_key_malformed" | "provider_unsupported" |
    "amount_not_fee"), NotFound("consultation_unknown"), Refused("consultation_not_theirs" | "consultation_paid" |
    "consultation_closed" | "key_reused"), Unavailable("provider_keys_missing" | "lock_not_won"), and all that
    `payments.start` raises.
    """
    begun = till.clock.monotonic()
    with till.db.read() as connection:
        authorize(till, actor, Action.TAKE_PAYMENT, on=connection)
        check_key(press.key)
        found = _replay(till, connection, press) or _command(till, connection, press)
    if isinstance(found, StartPayment):
        return _start(till, actor, press, found, begun)
    _replayed(till, press, found.payment.id, begun)
    return found


def _replayed(till: Till, press: PayConsultation, payment_id: int, begun: float) -> None:
    tally(till, REPLAYED, "", _ms_since(till, begun))
    log.info("Payment: Returning cached response", extra={"idempotency_key": press.key, "payment_id": payment_id})


def _start(till: Till, actor: Actor, press: PayConsultation, command: StartPayment, begun: float) -> Pressed:
    about = {"staff_id": actor.staff_id, **_about(press)}
    log.info("Payment: Processing payment", extra={**about, "consultation_id": press.consultation_id})
    try:
        started = payments.start(till, actor, command)
    except Refused as refused:
        live = refused.values.get("payment")
        if refused.code != "already_being_paid" or not isinstance(live, int):
            raise
        tally(till, FOUND_ACTIVE, "")
        log.info("Payment: Existing payment found", extra={**about, "payment_id": live})
        return _answer(till, live, Why.ACTIVE)
    if started.existing:
        _replayed(till, press, started.payment.id, begun)
        return _answer(till, started.payment.id, Why.REPLAY)
    return _answer(till, started.payment.id, None)


def _about(press: PayConsultation) -> dict[str, object]:
    """A press in the names of the document's log; its user is the patient."""
    return {"user_id": press.patient_id, "amount": str(press.amount), "payment_method": press.provider}


def _answer(till: Till, payment_id: int, why: Why | None) -> Pressed:
    with till.db.read() as connection:
        found = find_active(connection, payment_id)
    return Pressed(PressKind.NEW if why is None else PressKind.EXISTING, found, why)


def _replay(till: Till, connection: Connection, press: PayConsultation) -> Pressed | None:
    """The first answer to the same press. Raises Refused("key_reused") for one with other content."""
    reply = find_reply(connection, press.key, till.clock.now())
    if reply is None:
        return None
    if reply.request_sha256 != press.sha256:
        raise Refused("key_reused", payment=reply.payment.id)
    return Pressed(PressKind.EXISTING, reply.payment, Why.REPLAY)


def _check(till: Till, connection: Connection, visit: Visit, press: PayConsultation, *, lock: bool = False) -> Assessed:
    """Everything that can be wrong with a press, before and again under the lock; what is due otherwise."""
    here = visit.consultation
    if here.patient_id != press.patient_id:
        raise Refused("consultation_not_theirs", consultation=here.id)
    if here.state is ConsultationState.PAID:
        raise Refused("consultation_paid", consultation=here.id, payment=here.payment_id, money_moved=MoneyMoved.YES)
    if here.state not in PAYABLE:
        raise Refused("consultation_closed", consultation=here.id)
    assessed = assess_today(till, connection, visit, lock=lock)
    if press.amount != assessed.due:
        raise Invalid("amount_not_fee", field="amount", asked=press.amount, due=assessed.due)
    _provider(till, press)
    return assessed


def _provider(till: Till, press: PayConsultation) -> PaymentProvider:
    found = till.providers.get(press.provider)
    if found is not None:
        return found
    if press.provider in {DEFAULT_PROVIDER, *KEY_FORMS}:
        raise Unavailable("provider_keys_missing", provider=press.provider)
    raise Invalid("provider_unsupported", field="provider", provider=press.provider)


def assess_today(till: Till, connection: Connection, visit: Visit, *, lock: bool = False) -> Assessed:
    """A consultation's fee with the taxes of its clinic's country that are valid on this store day."""
    today = till.store_day(till.clock.now())
    return assess(visit.consultation.fee, list_rules(connection, visit.country, today, lock=lock), today)


def _command(till: Till, connection: Connection, press: PayConsultation) -> StartPayment:
    """The core's command for a press that may be the first. Raises what is wrong with it."""
    visit = load_visit(connection, press.consultation_id)
    _check(till, connection, visit, press)
    under = _UnderLock(till, press)
    return StartPayment(
        key=press.key,
        purpose=Purpose.CONSULTATION,
        amount=press.amount,
        things=(Thing(CONSULTATION_THING, press.consultation_id, press.amount),),
        description=describe(visit),
        provider=press.provider,
        method=press.method or _provider(till, press).capabilities.default_method,
        customer_id=press.patient_id,
        payer=Payer(visit.patient.name, visit.patient.email if press.mail_wanted else "", visit.patient.phone),
        attach=under.attach,
        within=under.within,
    )


class _UnderLock:
    """The transaction that is alone with the consultation, and what it writes beside the payment."""

    # As found under the lock, of the try that is going on.
    _visit: Visit
    _assessed: Assessed

    def __init__(self, till: Till, press: PayConsultation) -> None:
        self._till = till
        self._press = press
        self._tries = 0
        self._made: int | None = None

    def within(self, till: Till, actor: Actor, work: Write) -> Written:
        """Win the lock, lock the consultation, check everything again, and let the core do its work."""
        lock = NamedLock(
            f"consultation:{self._press.consultation_id}:{self._press.patient_id}", LOCK_WAIT.total_seconds()
        )
        begun = till.clock.monotonic()

        def alone(uow: UnitOfWork) -> Written:
            self._tries += 1
            waited = _ms_since(till, begun)
            log.debug("Lock acquired", extra={"lock_key": lock.name, "attempts": self._tries, "waited_ms": waited})
            tally(till, LOCK_WON, str(self._tries), waited)
            fp("consultation.under_lock")
            self._visit = load_visit(uow.connection, self._press.consultation_id, lock=True)
            self._assessed = _check(till, uow.connection, self._visit, self._press, lock=True)
            return work(uow)

        try:
            written = till.db.transact(actor, alone, alone=lock)
            self._say_created()
            return written
        except Unavailable as error:
            if error.code == "lock_not_won":
                tally(till, LOCK_LOST, "", _ms_since(till, begun))
            raise
        finally:
            if self._tries:
                log.debug("Lock released", extra={"lock_key": lock.name})

    def _say_created(self) -> None:
        """After the commit, in which the lock was released too: only now it is so."""
        if self._made is None:
            return
        tally(self._till, CREATED, "")
        log.info("Payment: New payment created", extra={"payment_id": self._made, **_about(self._press)})
        log.debug("Payment result cached", extra={"cache_key": self._press.key, "ttl": int(REPLAY_FOR.total_seconds())})

    def attach(self, uow: UnitOfWork, made: PaymentRecord) -> None:
        """Tax records, the invoice and the reply, in the payment's own transaction."""
        write_taxes(uow, made, self._assessed)
        write_invoice(uow, self._till, made, self._visit, self._assessed)
        fp("consultation.after_invoice")
        keep_reply(uow, self._press.key, self._press.sha256, made.id)
        self._made = made.id
        fp("consultation.before_commit")


def _ms_since(till: Till, begun: float) -> int:
    return round((till.clock.monotonic() - begun) * 1000)
