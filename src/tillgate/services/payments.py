"""Start a payment: intent, call, outcome, each durable before the next (house.md, One payment through the house)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeAlias

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from tillgate.domain.amount_limits import check_limits
from tillgate.domain.cadence import next_check
from tillgate.domain.errors import Bug, Invalid, MoneyMoved, Refused, Unavailable
from tillgate.domain.money import Money, total
from tillgate.domain.payment import AttemptState, Fulfilment, PaymentState, Purpose
from tillgate.domain.settings import LINK_MINUTES
from tillgate.domain.staff import Action, Actor
from tillgate.failpoints import fp
from tillgate.ports import CheckoutRequest, Payer, PaymentProvider
from tillgate.services import calls
from tillgate.services.access import authorize
from tillgate.services.apply import CreateAnswer, apply_create_answer
from tillgate.services.payment_rows import (
    change_attempt,
    find_live_payment,
    find_payment_by_key,
    insert_payment,
    load_attempt,
    load_payment,
    new_reference,
)
from tillgate.services.records import AttemptRecord, PaymentRecord
from tillgate.services.return_tokens import hash_of, masked, token_of, unmasked
from tillgate.services.till import Till
from tillgate.store.models import allocation, payment_attempt
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

LEASE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a payment is for, and the part of the amount that is its."""

    kind: str
    id: int
    amount: Money


@dataclass(frozen=True, slots=True)
class StartPayment:
    """A press of Pay. `key` was made when the thing was put up for payment: a second press is the same attempt."""

    key: str
    purpose: Purpose
    amount: Money
    things: tuple[Thing, ...]
    description: str
    provider: str
    method: str
    customer_id: int | None = None
    payer: Payer = field(default_factory=Payer)
    # Called in `start`'s transaction before the intent is written; raises Refused where the things have changed.
    guard: Callable[[UnitOfWork], None] = field(default=lambda _uow: None, compare=False)
    # Called in it once the payment is written: what belongs to it from the first moment.
    attach: Callable[[UnitOfWork, PaymentRecord], None] = field(default=lambda _uow, _made: None, compare=False)
    # Opens that transaction: what must be alone with its thing waits for its lock here.
    within: Callable[[Till, Actor, Write], Written] = field(
        default=lambda till, actor, work: till.db.transact(actor, work), compare=False
    )

    @property
    def sha256(self) -> str:
        """What tells whether a replay has the same content."""
        things = [(t.kind, t.id, t.amount.minor) for t in self.things]
        content = [self.purpose.value, self.amount.minor, self.amount.currency, things, self.provider, self.method]
        return hashlib.sha256(json.dumps([*content, self.customer_id]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Started:
    """What a press came to: a payment made now, or one that was there (`existing`)."""

    payment: PaymentRecord
    existing: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """An attempt that is written down and not yet sent."""

    attempt_id: int
    call_id: int


# What the intent's transaction comes to: with nothing to send where the payment was there already.
Written: TypeAlias = tuple[Started, Planned | None]
Write: TypeAlias = Callable[[UnitOfWork], Written]


def start(till: Till, actor: Actor, command: StartPayment) -> Started:
    """Collect money for one or more things, each of which may have one live payment.

    The same key gives the first answer. Raises Invalid for a bad command, Refused("key_reused") for the same key with
    other content, Refused("already_being_paid") naming the live payment, Unavailable when the database is busy.
    """
    with till.db.together():
        with till.db.look() as connection:
            authorize(till, actor, Action.TAKE_PAYMENT, on=connection)
            existing = find_replay(connection, command)
        if existing is not None:
            return existing
        provider = _checked_provider(till, command)
        fp("start.before_intent")
        started, planned = _write_alone(till, actor, command, provider)
        if planned is None:
            return started
        fp("start.after_intent")
        return Started(send_create(till, planned), existing=False)


def write_intent(uow: UnitOfWork, till: Till, actor: Actor, command: StartPayment) -> Planned:
    """The first half of `start` inside a transaction that is open already; after its commit `call_create` sends, and
    `apply.take_create_answer` is the last. The caller has locked the things and found them open and free: `guard` and
    `within` are `start`'s alone.

    Raises as `start`, but IntegrityError where another till won: the transaction is then to be rolled back.
    """
    authorize(till, actor, Action.TAKE_PAYMENT, on=uow.connection)
    return _write(uow, till, command, _checked_provider(till, command))[1]


def send_create(till: Till, planned: Planned) -> PaymentRecord:
    """Send a planned create and write down its outcome; used again by settling for a call that was never sent.

    Nothing is sent where the attempt was ended meanwhile, as one is whose lease ran out before it was sent.
    """
    created = call_create(till, planned)
    if isinstance(created, PaymentRecord):
        return created
    return apply_create_answer(till, created)


def call_create(till: Till, planned: Planned) -> CreateAnswer | PaymentRecord:
    """The first half of `send_create`: what was answered, to be written in a transaction of the caller's own. Where
    nothing is sent, the payment as it stands."""
    attempt = _mark_sent(till, planned)
    if attempt is None:
        with till.db.read() as connection:
            return load_payment(connection, load_attempt(connection, planned.attempt_id).payment_id)
    body = unmasked(till, attempt.parameters, attempt.reference)
    answer = till.providers[attempt.provider].create(attempt.method, body)
    fp("start.after_answer")
    return CreateAnswer(attempt.id, planned.call_id, answer)


def _mark_sent(till: Till, planned: Planned) -> AttemptRecord | None:
    fp("start.before_sent_mark")

    def work(uow: UnitOfWork) -> AttemptRecord | None:
        attempt = load_attempt(uow.connection, planned.attempt_id, lock=True)
        if not attempt.live:
            return None
        calls.note_sent(uow, planned.call_id)
        # Looks that found nothing before this send say nothing about it.
        return change_attempt(uow, attempt, missed=0) if attempt.missed else attempt

    attempt = till.db.transact(till.system, work)
    fp("start.after_sent_mark")
    return attempt


def plan_attempt(uow: UnitOfWork, till: Till, owner: PaymentRecord, provider: PaymentProvider, method: str) -> Planned:
    """Write down a new live attempt with the exact body to be sent, leased to this process until it is sent."""
    reference = new_reference()
    minutes = till.settings()[LINK_MINUTES]
    token = token_of(till, reference)
    back = till.new_return(method, token)
    request = CheckoutRequest(
        reference=reference,
        method=method,
        amount=owner.amount,
        description=owner.description,
        payer=owner.payer,
        return_url=back.return_url,
        expires_at=uow.now + timedelta(minutes=minutes),
    )
    # The token itself is put in as it is sent, and stands in no table.
    parameters = masked(provider.parameters(request), back.token)
    row = {
        "payment_id": owner.id,
        "provider": provider.name,
        "account": provider.account,
        "method": method,
        "state": AttemptState.PLANNED,
        "reference": reference,
        "parameters": parameters,
        "amount_minor": owner.amount_minor,
        "currency": owner.currency,
        "return_token_sha256": hash_of(back.token) if back.token else None,
        "url": masked(back.page_url, back.token) if back.page_url else None,
        "created_at": uow.now,
        "next_check_at": next_check(uow.now, uow.now),
        "lease_owner": till.worker,
        "lease_until": uow.now + LEASE,
    }
    attempt_id = insert_row(uow.connection, payment_attempt, row)
    call_id = calls.plan_call(uow, provider.name, "create", parameters, attempt_id=attempt_id)
    uow.record(
        "payment.attempt", owner.subject, attempt=attempt_id, provider=provider.name, method=method, reference=reference
    )
    return Planned(attempt_id, call_id)


def _checked_provider(till: Till, command: StartPayment) -> PaymentProvider:
    """Whom the command asks, once all is looked at that is wrong whatever the books say."""
    provider = till.providers.get(command.provider)
    if provider is None:
        raise Unavailable("provider_off", provider=command.provider)
    if provider.mode is not till.mode:
        raise Bug("provider_mode", provider=provider.name, mode=provider.mode.value)
    _check(command, provider)
    check_limits(provider.name, command.amount, till.settings())
    return provider


def _check(command: StartPayment, provider: PaymentProvider) -> None:
    check_command(command)
    if command.method not in provider.capabilities.methods:
        raise Invalid("method_unsupported", field="method", method=command.method, provider=provider.name)
    smallest = provider.capabilities.smallest_minor.get(command.amount.currency)
    if smallest is None:
        raise Invalid("currency_unsupported", field="currency", currency=command.amount.currency)
    if command.amount.minor < smallest:
        raise Invalid("amount_below_minimum", field="amount", smallest=Money(smallest, command.amount.currency))


def check_command(command: StartPayment) -> None:
    """What holds for every way to pay. Raises Invalid("key_malformed" | "allocation_mismatch")."""
    if not 8 <= len(command.key) <= 100 or not command.key.isascii():
        raise Invalid("key_malformed", field="key")
    parts = [thing.amount for thing in command.things]
    if not parts or total(parts, command.amount.currency) != command.amount or any(p.minor <= 0 for p in parts):
        raise Invalid("allocation_mismatch", field="things")


def _write(
    uow: UnitOfWork, till: Till, command: StartPayment, provider: PaymentProvider
) -> tuple[PaymentRecord, Planned]:
    owner = insert_intent(uow, till, command)
    command.attach(uow, owner)
    return owner, plan_attempt(uow, till, owner, provider, command.method)


def _write_alone(till: Till, actor: Actor, command: StartPayment, provider: PaymentProvider) -> Written:
    def work(uow: UnitOfWork) -> Written:
        refuse_live(uow.connection, command)
        command.guard(uow)
        owner, planned = _write(uow, till, command, provider)
        return Started(owner, existing=False), planned

    try:
        return command.within(till, actor, work)
    except (IntegrityError, Refused) as error:
        # Another till or thread won between our look and our write, perhaps by this very press: say what it made.
        with till.db.read() as connection:
            existing = find_replay(connection, command)
            if existing is None:
                if isinstance(error, IntegrityError):
                    refuse_live(connection, command)
                raise
            return existing, None


def find_replay(connection: Connection, command: StartPayment) -> Started | None:
    """What the same press made before. Raises Refused("key_reused") for the same key with other content."""
    found = find_payment_by_key(connection, command.key)
    if found is None:
        return None
    if found[1] != command.sha256:
        raise Refused("key_reused", payment=found[0].id)
    return Started(found[0], existing=True)


def refuse_live(connection: Connection, command: StartPayment) -> None:
    """Raises Refused("already_being_paid"), naming the live payment of a thing."""
    for thing in command.things:
        refuse_live_thing(connection, thing.kind, thing.id)


def refuse_live_thing(connection: Connection, kind: str, thing_id: int) -> None:
    """The same for one thing."""
    live = find_live_payment(connection, kind, thing_id)
    if live is not None:
        moved = MoneyMoved.YES if live.captured_at else MoneyMoved.UNKNOWN
        raise Refused(
            "already_being_paid",
            money_moved=moved,
            payment=live.id,
            since=live.created_at,
            amount=live.amount,
            staff=live.created_by,
        )


def insert_intent(uow: UnitOfWork, till: Till, command: StartPayment) -> PaymentRecord:
    """Write a payment down with what it is for."""
    row = {
        "purpose": command.purpose,
        "amount_minor": command.amount.minor,
        "currency": command.amount.currency,
        "mode": till.mode,
        "state": PaymentState.CREATED,
        "idem_key": command.key,
        "request_sha256": command.sha256,
        "description": command.description,
        "customer_id": command.customer_id,
        "payer_name": command.payer.name,
        "payer_email": command.payer.email,
        "payer_phone": command.payer.phone,
        "till_id": till.id,
        "provider": command.provider,
        "created_by": uow.actor.staff_id,
        "created_at": uow.now,
        "fulfilment": Fulfilment.NONE,
    }
    made = insert_payment(uow.connection, row)
    for thing in command.things:
        line = {"payment_id": made.id, "thing_kind": thing.kind, "thing_id": thing.id}
        line |= {"amount_minor": thing.amount.minor, "currency": thing.amount.currency}
        insert_row(uow.connection, allocation, line)
    uow.record(
        "payment.created",
        made.subject,
        amount=command.amount.minor,
        currency=command.amount.currency,
        things=[f"{t.kind}:{t.id}" for t in command.things],
    )
    return made
