"""Move money state by what a provider said: the one function for every source of news (house.md).

The cashier's Check now, the timer, the browser's return and the answer to a create all end here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from tillgate.domain.cadence import FULFIL_WAITS, next_check, next_look, next_watch
from tillgate.domain.checkout_facts import CheckoutFacts, ProviderTry
from tillgate.domain.errors import Bug, Refused
from tillgate.domain.exceptions import AGREED, CaptureDisposition, ExceptionKind
from tillgate.domain.ledger import UNAPPLIED, clearing, pair
from tillgate.domain.money import exponent_of
from tillgate.domain.payment import ENDED_UNPAID, WAITING, AttemptState, Fulfilment, PaymentState
from tillgate.domain.verification import Expected, Judged, Reading, Verdict, judge
from tillgate.failpoints import fp
from tillgate.ports import Answer, Outcome
from tillgate.services.calls import note_answer, sent_since, was_sent_before
from tillgate.services.declined_tries import note_declined
from tillgate.services.exception_rows import find_open_about, note_evidence, open_exception, open_unanswered
from tillgate.services.metrics import observe
from tillgate.services.payment_rows import (
    change_attempt,
    change_payment,
    ended_as,
    find_capture,
    find_main_capture,
    is_taken,
    load_attempt,
    load_capture,
    load_payment,
    lock_owner,
    move_payment,
    note_receipt,
)
from tillgate.services.records import AttemptRecord, CaptureRecord, PaymentRecord, with_values
from tillgate.services.refund_rows import plan_refund
from tillgate.services.till import Till
from tillgate.store.ledger import post
from tillgate.store.models import allocation, capture
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

log: Final = logging.getLogger("tillgate.payments")
_KINDS: Final = {
    Verdict.UNDERPAID: ExceptionKind.UNDERPAID,
    Verdict.OVERPAID: ExceptionKind.OVERPAID,
    Verdict.MISMATCH: ExceptionKind.MISMATCH,
    Verdict.GIVEN_BACK: ExceptionKind.CONFLICT,
}


@dataclass(frozen=True, slots=True)
class Applied:
    """Where the payment stands now, money that is authorised and should be captured, and whether the answer agreed in
    everything with what was asked."""

    payment: PaymentRecord
    attempt: AttemptRecord
    to_capture: tuple[ProviderTry, ...] = ()
    believed: bool = True


@dataclass(frozen=True, slots=True)
class CreateAnswer:
    """What was answered to a create that was sent."""

    attempt_id: int
    call_id: int
    answer: Answer

    @property
    def is_plain(self) -> bool:
        """A checkout that stands open, and nobody tried yet."""
        checkout = self.answer.checkout
        return self.answer.outcome is Outcome.SUCCESS and checkout is not None and not checkout.tries


def apply_create_answer(till: Till, created: CreateAnswer) -> PaymentRecord:
    """Write down what came of opening a checkout."""
    owner = till.db.transact(till.system, lambda uow: take_create_answer(uow, till, created))
    fp("start.after_outcome")
    return owner


def take_create_answer(uow: UnitOfWork, till: Till, created: CreateAnswer) -> PaymentRecord:
    """The same inside a transaction that is open already."""
    answer = created.answer
    facts = answer.checkout
    note_answer(uow, created.call_id, answer, facts.provider_id if facts else None)
    if answer.outcome is Outcome.SUCCESS and facts is not None:
        return take_facts(uow, till, created.attempt_id, facts, "create").payment
    owner, attempt = _locked(uow, created.attempt_id)
    if answer.outcome is Outcome.DECLINED:
        return end_attempt(uow, owner, attempt, AttemptState.FAILED, answer.message or "declined")[0]
    if answer.outcome is Outcome.MISCONFIGURED and not was_sent_before(uow.connection, created.call_id, attempt.id):
        owner = end_attempt(uow, owner, attempt, AttemptState.CANCELLED, "misconfigured")[0]
    else:
        _leave_open(uow, owner, attempt, answer)
    # The day's row is every till's: locked last, nothing waits while it is held.
    observe(uow, till, "error", f"provider_{answer.outcome.value}", 0)
    return owner


def _leave_open(uow: UnitOfWork, owner: PaymentRecord, attempt: AttemptRecord, answer: Answer) -> None:
    """What came of the create is not known, or nothing was sent: looked up when it is due."""
    wait = next_look(attempt.created_at, uow.now)
    if answer.retry_after_s is not None:
        wait = uow.now + timedelta(seconds=answer.retry_after_s)
    uow.record("payment.call", owner.subject, kind="create", outcome=answer.outcome.value)
    change_attempt(uow, attempt, next_check_at=wait, lease_until=None)


def apply_facts(till: Till, attempt_id: int, facts: CheckoutFacts, source: str) -> Applied:
    """Take a provider's authenticated answer in one transaction; idempotent."""
    applied = till.db.transact(till.system, lambda uow: take_facts(uow, till, attempt_id, facts, source))
    fp("apply.after_commit")
    return applied


def take_facts(uow: UnitOfWork, till: Till, attempt_id: int, facts: CheckoutFacts, source: str) -> Applied:
    """The same inside a transaction that is open already."""
    owner, attempt = _locked(uow, attempt_id)
    reading = judge(_expected(till, owner, attempt, facts), facts)
    if attempt.provider_id is None and is_taken(uow.connection, attempt.provider, facts.provider_id):
        # One of theirs answers for two of ours: what it took is heard through the one that had it first.
        reading = Reading((*reading.faults, "provider_id"), (), (), trying=False, ended=None, reason=None)
    heard: dict[str, object] = {}
    if reading.faults:
        observe(uow, till, "error", "verification_mismatch", 0)
        uow.record("verification.rejected", owner.subject, source=source, faults=list(reading.faults))
    else:
        heard = _heard(uow, attempt, facts, reading)
        note_declined(uow, owner, attempt, reading.declined)
    if heard and (reading.captured or reading.ended is not None):
        # Money and an end are written on an attempt that has all of the answer; else one change says everything.
        attempt, heard = change_attempt(uow, attempt, **heard), {}
    for judged in reading.captured:
        owner, attempt = _take_money(uow, till, owner, attempt, judged)
    fp("apply.inside")
    if not reading.faults and not reading.captured:
        owner, attempt = _follow(uow, owner, attempt, reading, heard)
    attempt = _schedule(uow, owner, attempt, reading, heard)
    to_capture = reading.authorized if attempt.live and owner.state in WAITING else ()
    return Applied(owner, attempt, to_capture, not reading.faults)


def end_attempt(
    uow: UnitOfWork, owner: PaymentRecord, attempt: AttemptRecord, state: AttemptState, reason: str
) -> tuple[PaymentRecord, AttemptRecord]:
    """End an attempt without money; a live one takes its payment along. What was sent is watched for three days."""
    was_live = bool(attempt.live)
    was_sent = attempt.provider_id is not None or sent_since(uow.connection, "create", attempt_id=attempt.id)
    watch = next_watch(uow.now, uow.now) if was_sent else None
    attempt = change_attempt(uow, attempt, state=state, ended_reason=reason, next_check_at=watch, lease_until=None)
    if was_live and owner.state in WAITING:
        owner = move_payment(uow, owner, ended_as(state), ended_reason=reason, settled_at=uow.now)
    return owner, attempt


def fulfil(uow: UnitOfWork, till: Till, owner: PaymentRecord) -> PaymentRecord:
    """Make what was paid for, or give the money back if it can't be made (product.md, ruling 3).

    What is refused leaves nothing behind. A failure of ours is tried again, three times in all.
    """
    making = till.fulfilling.get(owner.purpose)
    if making is None:
        raise Bug("purpose_unknown", purpose=owner.purpose.value)
    begun = till.clock.monotonic()
    try:
        with uow.savepoint():
            making.make(uow, owner)
    except Refused as refusal:
        return _give_back(uow, till, owner, str(refusal))
    except Exception as failure:
        if _is_databases(failure):
            # Busy, full or gone: the whole transaction fails and is tried again; no try of the orders is used up.
            raise
        log.exception("orders could not be written", extra={"payment": owner.id})
        tries = owner.fulfil_tries + 1
        observe(uow, till, "error", f"fulfil:{type(failure).__name__}", 0)
        uow.record("orders.failed", owner.subject, error=type(failure).__name__, tries=tries)
        if tries > len(FULFIL_WAITS):
            return _give_back(uow, till, owner, "orders_failed")
        return change_payment(
            uow,
            owner,
            fulfilment=Fulfilment.PENDING,
            fulfil_tries=tries,
            fulfil_at=uow.now + FULFIL_WAITS[tries - 1],
        )
    observe(uow, till, "order_creation", owner.purpose.value, round((till.clock.monotonic() - begun) * 1000))
    return change_payment(uow, owner, fulfilment=Fulfilment.DONE, fulfil_at=None, settled_at=uow.now)


def _is_databases(failure: Exception) -> bool:
    ours = (IntegrityError, DataError, ProgrammingError)
    return isinstance(failure, DBAPIError) and not isinstance(failure, ours)


def _give_back(uow: UnitOfWork, till: Till, owner: PaymentRecord, reason: str) -> PaymentRecord:
    source = find_main_capture(uow.connection, owner.id)
    if source is None:
        raise Bug("capture_missing", payment=owner.id)
    owner = change_payment(uow, owner, fulfilment=Fulfilment.REFUSED, fulfil_at=None, ended_reason=reason)
    uow.execute(update(capture).where(capture.c.id == source.id).values(disposition=CaptureDisposition.REFUNDING))
    plan_refund(uow, till, source, source.left, reason, automatic=True)
    till.fulfilling[owner.purpose].refused(uow, owner, reason)
    uow.record("orders.refused", owner.subject, reason=reason)
    return load_payment(uow.connection, owner.id)


def _locked(uow: UnitOfWork, attempt_id: int) -> tuple[PaymentRecord, AttemptRecord]:
    """The payment before its attempt, always, so that two tills never wait for each other."""
    owner = lock_owner(uow.connection, attempt_id)
    return owner, load_attempt(uow.connection, attempt_id, lock=True)


def _expected(till: Till, owner: PaymentRecord, attempt: AttemptRecord, facts: CheckoutFacts) -> Expected:
    # After a change of keys the same account answers to the new key; another account's key finds nothing.
    provider = till.providers.get(attempt.provider)
    rotated = provider is not None and facts.account == provider.account
    account = facts.account if rotated else attempt.account
    making = till.fulfilling.get(owner.purpose)
    whole = till.settings()[making.tolerance] if making is not None and making.tolerance is not None else 0
    tolerance = whole * 10 ** exponent_of(owner.currency)
    return Expected(attempt.reference, attempt.provider_id, attempt.amount, account, owner.mode, tolerance)


def _heard(uow: UnitOfWork, attempt: AttemptRecord, facts: CheckoutFacts, reading: Reading) -> dict[str, object]:
    """What the answer changes of the attempt itself."""
    values: dict[str, object] = {}
    if attempt.provider_id is None:
        values["provider_id"] = facts.provider_id
    if facts.url and facts.url != attempt.url:
        values["url"] = facts.url
    if facts.expires_at and facts.expires_at != attempt.expires_at:
        values["expires_at"] = facts.expires_at
    if attempt.state is AttemptState.PLANNED:
        values["state"] = AttemptState.OPEN
    if attempt.heard_at is None and (reading.captured or reading.authorized):
        values["heard_at"] = uow.now
    return values


def _follow(
    uow: UnitOfWork, owner: PaymentRecord, attempt: AttemptRecord, reading: Reading, heard: dict[str, object]
) -> tuple[PaymentRecord, AttemptRecord]:
    """No money yet: the checkout is open, being paid, or over; its new state goes with what was `heard`."""
    if not attempt.live or owner.state not in WAITING:
        return owner, attempt
    if reading.ended is not None:
        return end_attempt(uow, owner, attempt, reading.ended, reading.reason or reading.ended.value.lower())
    state = AttemptState.PROCESSING if reading.trying else AttemptState.OPEN
    target = PaymentState.PROCESSING if reading.trying else PaymentState.PENDING
    if heard.get("state", attempt.state) is not state:
        heard["state"] = state
    if owner.state is not target:
        owner = move_payment(uow, owner, target)
    return owner, attempt


def _schedule(
    uow: UnitOfWork, owner: PaymentRecord, attempt: AttemptRecord, reading: Reading, heard: dict[str, object]
) -> AttemptRecord:
    due = None
    if attempt.live and owner.state in WAITING:
        due = next_look(attempt.created_at, uow.now, with_values(attempt, heard).expires_at)
        if next_check(attempt.created_at, uow.now) is None and not reading.captured:
            open_unanswered(uow, attempt)
    elif attempt.ended_at is not None:
        due = next_watch(attempt.ended_at, uow.now)
    looked = {"next_check_at": due, "checked_at": uow.now, "checks": attempt.checks + 1, "lease_until": None}
    return change_attempt(uow, attempt, **heard, **looked)


def _take_money(
    uow: UnitOfWork, till: Till, owner: PaymentRecord, attempt: AttemptRecord, judged: Judged
) -> tuple[PaymentRecord, AttemptRecord]:
    """One provider payment that took money: accepted, or put on Exceptions; heard twice it changes nothing.

    Money that came with an answer that disagreed stays a person's, whatever later answers say: what arrived
    unexpectedly is never silently used, and the goods may have been refused meanwhile (product.md, Payment). That a
    later answer agrees in everything is added to the evidence, and lets a manager apply it.
    """
    known = find_capture(uow.connection, attempt.provider, judged.money.provider_ref)
    if known is not None:
        _hear_again(uow, owner, known, judged)
        return owner, attempt
    matches = judged.verdict is Verdict.MATCHES
    if matches and owner.state in WAITING and attempt.live:
        _insert_capture(uow, owner, attempt, judged, main=True)
        return _accept(uow, till, owner, attempt, judged)
    kind = _KINDS.get(judged.verdict)
    if kind is None:
        # It matches, but its payment had ended, had moved to another checkout, or had its money already.
        kind = ExceptionKind.LATE if owner.state in WAITING | ENDED_UNPAID else ExceptionKind.DOUBLE
    late = matches and owner.state in ENDED_UNPAID
    capture_id = _insert_capture(uow, owner, attempt, judged, main=late)
    if late:
        owner = move_payment(uow, owner, PaymentState.CAPTURED, captured_at=uow.now)
        _hold_things(uow, owner)
    _refer(uow, owner, attempt, kind, capture_id)
    return owner, attempt


def _hear_again(uow: UnitOfWork, owner: PaymentRecord, known: CaptureRecord, judged: Judged) -> None:
    """What a later answer says: the payer's own number of it, or of money that a person is still to decide about."""
    note_receipt(uow, known, judged.money.receipt)
    if known.disposition is not CaptureDisposition.ON_EXCEPTIONS or known.payment_id != owner.id:
        return
    found = find_open_about(uow, known.id, ExceptionKind.MISMATCH)
    if found is not None and judged.verdict is Verdict.MATCHES and judged.money.amount == known.amount:
        if AGREED not in found.evidence:
            note_evidence(uow, found.id, **{AGREED: uow.now})
            uow.record("payment.money_agreed", owner.subject, capture=known.id, provider_ref=known.provider_ref)
    elif judged.money.amount != known.amount:
        _refer_told(uow, known, judged.money)


def _refer_told(uow: UnitOfWork, known: CaptureRecord, money: ProviderTry) -> None:
    """The same money, told with another amount than is in the books: what it was written down with never changes."""
    open_exception(
        uow,
        ExceptionKind.CONFLICT,
        f"capture-amount:{known.id}:{money.amount}",
        payment_id=known.payment_id,
        capture_id=known.id,
        evidence={"recorded": str(known.amount), "provider": str(money.amount), "provider_ref": money.provider_ref},
    )


def _accept(
    uow: UnitOfWork, till: Till, owner: PaymentRecord, attempt: AttemptRecord, judged: Judged
) -> tuple[PaymentRecord, AttemptRecord]:
    attempt = change_attempt(uow, attempt, state=AttemptState.CAPTURED)
    # From the customer's press, as the provider dates it, to the verified answer.
    paid_at = judged.money.created_at or attempt.heard_at or uow.now
    waited_ms = max(0, round((uow.now - paid_at) / timedelta(milliseconds=1)))
    observe(uow, till, "verification", attempt.provider, waited_ms)
    uow.record("verification.accepted", owner.subject, attempt=attempt.id, provider=attempt.provider)
    owner = move_payment(
        uow, owner, PaymentState.CAPTURED, captured_at=uow.now, fulfilment=Fulfilment.PENDING, fulfil_at=uow.now
    )
    return fulfil(uow, till, owner), attempt


def _insert_capture(
    uow: UnitOfWork, owner: PaymentRecord, attempt: AttemptRecord, judged: Judged, *, main: bool
) -> int:
    money = judged.money
    accepted = main and owner.state in WAITING
    went_back = judged.verdict is Verdict.GIVEN_BACK
    row = {
        "payment_id": owner.id,
        "attempt_id": attempt.id,
        "provider": attempt.provider,
        "provider_ref": money.provider_ref,
        "amount_minor": money.amount.minor,
        "currency": money.amount.currency,
        "method": money.method,
        "receipt": money.receipt,
        "disposition": CaptureDisposition.APPLIED if accepted else CaptureDisposition.ON_EXCEPTIONS,
        "refunded_minor": money.amount.minor if went_back else 0,
        "late": int(owner.state in ENDED_UNPAID),
        "main": int(main),
        "seen_at": uow.now,
    }
    capture_id = insert_row(uow.connection, capture, row)
    post(
        uow.connection,
        "capture",
        f"capture:{attempt.provider}:{money.provider_ref}",
        payment_id=owner.id,
        now=uow.now,
        entries=pair(clearing(attempt.provider), UNAPPLIED, money.amount),
    )
    if went_back:
        # The provider holds it no more, and nobody is owed it.
        key, entries = f"given_back:{capture_id}", pair(UNAPPLIED, clearing(attempt.provider), money.amount)
        post(uow.connection, "given_back", key, payment_id=owner.id, now=uow.now, entries=entries)
    uow.record(
        "payment.money",
        owner.subject,
        capture=capture_id,
        provider_ref=money.provider_ref,
        amount=money.amount.minor,
        currency=money.amount.currency,
        verdict=judged.verdict.value,
        **({"receipt": money.receipt} if money.receipt else {}),
    )
    return capture_id


def _hold_things(uow: UnitOfWork, owner: PaymentRecord) -> None:
    """Late money holds its things against a second collection, unless another payment holds them already."""
    try:
        with uow.savepoint():
            uow.execute(update(allocation).where(allocation.c.payment_id == owner.id).values(live=1))
    except IntegrityError:
        uow.record("payment.things_taken", owner.subject)


def _refer(uow: UnitOfWork, owner: PaymentRecord, attempt: AttemptRecord, kind: ExceptionKind, capture_id: int) -> None:
    source = load_capture(uow.connection, capture_id)
    open_exception(
        uow,
        kind,
        f"capture:{capture_id}",
        payment_id=owner.id,
        attempt_id=attempt.id,
        capture_id=capture_id,
        evidence={
            "asked": str(attempt.amount),
            "came": str(source.amount),
            "reference": attempt.reference,
            "provider_ref": source.provider_ref,
            "checkout": attempt.state.value,
            "payment": owner.state.value,
        },
    )
