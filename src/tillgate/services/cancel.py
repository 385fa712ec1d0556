"""Give up an open checkout, or move the payment to another one: the provider is asked, then heard (rule 8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tillgate.domain.amount_limits import check_limits
from tillgate.domain.errors import Invalid, MoneyMoved, Refused, Unavailable
from tillgate.domain.payment import WAITING, AttemptState
from tillgate.domain.staff import Action, Actor
from tillgate.ports import CancelWay, PaymentProvider
from tillgate.services import calls
from tillgate.services.access import authorize
from tillgate.services.apply import end_attempt
from tillgate.services.payment_rows import (
    change_attempt,
    change_payment,
    find_live_attempt,
    list_captures,
    load_attempt,
    load_payment,
)
from tillgate.services.payments import Planned, plan_attempt, send_create
from tillgate.services.records import AttemptRecord, PaymentRecord
from tillgate.services.settle import check_attempt, send_cancel
from tillgate.services.till import Till
from tillgate.store.unit_of_work import UnitOfWork


class Ended(StrEnum):
    """What came of giving up: it is over, it was paid a moment before, or the provider is not heard yet."""

    CANCELLED = "cancelled"
    PAID = "paid"
    CHECKING = "checking"


@dataclass(frozen=True, slots=True)
class CancelResult:
    """Where the payment stands after the provider was asked."""

    ended: Ended
    payment: PaymentRecord


def cancel(till: Till, actor: Actor, payment_id: int) -> CancelResult:
    """End a waiting payment. CHECKING means: do not charge again, the provider has not been heard.

    Raises Refused("payment_not_waiting") for one that is over already.
    """
    authorize(till, actor, Action.CANCEL_PAYMENT)
    return give_up(till, payment_id, actor)


def give_up(till: Till, payment_id: int, by: Actor) -> CancelResult:
    """The same for one who was asked for permission already, or for the till itself."""
    attempt = _waiting_attempt(till, payment_id)
    if attempt is not None:
        _wish_end(till, by, attempt.id)
        heard = _close_at_provider(till, attempt)
        _end_locally(till, by, attempt.id, heard=heard)
    return _result(till, payment_id)


def switch(till: Till, actor: Actor, payment_id: int, provider_name: str, method: str) -> CancelResult:
    """Move a waiting payment to another checkout: the old one is closed and heard first, never two at a time.

    PAID or CHECKING means that no new checkout was opened. Raises Refused("payment_not_waiting"),
    Invalid("method_unsupported") and those of `check_limits`.
    """
    authorize(till, actor, Action.TAKE_PAYMENT)
    provider = till.providers.get(provider_name)
    if provider is None:
        raise Unavailable("provider_off", provider=provider_name)
    if method not in provider.capabilities.methods:
        raise Invalid("method_unsupported", field="method", method=method, provider=provider_name)
    attempt = _waiting_attempt(till, payment_id)
    if attempt is None:
        raise Refused("payment_not_waiting", payment=payment_id)
    check_limits(provider_name, attempt.amount, till.settings())
    if not _close_for_switch(till, attempt):
        return _result(till, payment_id)
    planned = _succeed(till, actor, attempt.id, provider, method)
    if planned is not None:
        send_create(till, planned)
    return _result(till, payment_id)


def _waiting_attempt(till: Till, payment_id: int) -> AttemptRecord | None:
    with till.db.read() as connection:
        owner = load_payment(connection, payment_id)
        if owner.state not in WAITING:
            moved = MoneyMoved.YES if owner.captured_at else MoneyMoved.NO
            raise Refused("payment_not_waiting", money_moved=moved, payment=payment_id, state=owner.state.value)
        return find_live_attempt(connection, payment_id)


def _wish_end(till: Till, actor: Actor, attempt_id: int) -> None:
    """Keep the wish: if the provider is silent now, the timer closes the checkout when it is heard."""

    def work(uow: UnitOfWork) -> None:
        attempt = load_attempt(uow.connection, attempt_id, lock=True)
        uow.record("payment.cancel_asked", f"payment:{attempt.payment_id}", attempt=attempt_id)
        change_attempt(uow, attempt, ending=1)

    till.db.transact(actor, work)


def _close_at_provider(till: Till, attempt: AttemptRecord) -> bool:
    """Ask for the end and hear how it stands: whether it was heard. An attempt that was never sent needs neither."""
    if attempt.provider_id is None:
        check_attempt(till, attempt.id, "cancel", resend=False)
        with till.db.read() as connection:
            attempt = load_attempt(connection, attempt.id)
    provider = till.providers.get(attempt.provider)
    if provider is None or attempt.provider_id is None or not attempt.live:
        return False
    if provider.capabilities.methods[attempt.method] is CancelWay.CLOSES:
        send_cancel(till, provider, attempt)
    return check_attempt(till, attempt.id, "cancel", resend=False).heard


def _end_locally(till: Till, actor: Actor, attempt_id: int, *, heard: bool) -> None:
    """Where the provider can't close it, or nothing was ever sent, the cashier's word ends it; it stays watched."""

    def work(uow: UnitOfWork) -> None:
        found = load_attempt(uow.connection, attempt_id)
        owner = load_payment(uow.connection, found.payment_id, lock=True)
        attempt = load_attempt(uow.connection, attempt_id, lock=True)
        if attempt.live and owner.state in WAITING and _may_end_locally(uow, till, attempt, heard=heard):
            uow.record("payment.cancelled", owner.subject, attempt=attempt.id)
            end_attempt(uow, owner, attempt, AttemptState.CANCELLED, "cancelled_at_till")

    till.db.transact(actor, work)


def _may_end_locally(uow: UnitOfWork, till: Till, attempt: AttemptRecord, *, heard: bool) -> bool:
    if list_captures(uow.connection, attempt.payment_id):
        return False
    if attempt.provider_id is None:
        return calls.sent_since(uow.connection, "create", attempt_id=attempt.id) is None
    provider = till.providers.get(attempt.provider)
    if provider is None or provider.capabilities.methods[attempt.method] is CancelWay.CLOSES:
        return False
    # The fetch just before must have been heard and believed, and have shown nothing authorised.
    return heard and attempt.state is AttemptState.OPEN


def _close_for_switch(till: Till, attempt: AttemptRecord) -> bool:
    """Whether the old checkout is over. The payment itself goes on, so its end is held back until the new one."""
    provider = till.providers.get(attempt.provider)
    if provider is None:
        raise Unavailable("provider_off", provider=attempt.provider)
    if attempt.provider_id is not None and provider.capabilities.methods[attempt.method] is CancelWay.CLOSES:
        send_cancel(till, provider, attempt)
    return check_attempt(till, attempt.id, "switch", resend=False, hold_end=True).over


def _succeed(till: Till, actor: Actor, attempt_id: int, provider: PaymentProvider, method: str) -> Planned | None:
    def work(uow: UnitOfWork) -> Planned | None:
        found = load_attempt(uow.connection, attempt_id)
        owner = load_payment(uow.connection, found.payment_id, lock=True)
        attempt = load_attempt(uow.connection, attempt_id, lock=True)
        if not attempt.live or owner.state not in WAITING or list_captures(uow.connection, owner.id):
            return None
        now = uow.now
        change_attempt(
            uow, attempt, state=AttemptState.CANCELLED, ended_reason="switched", next_check_at=now, lease_until=None
        )
        uow.record("payment.switched", owner.subject, attempt=attempt.id, to=f"{provider.name}:{method}")
        owner = change_payment(uow, owner, provider=provider.name)
        return plan_attempt(uow, till, owner, provider, method)

    return till.db.transact(actor, work)


def _result(till: Till, payment_id: int) -> CancelResult:
    with till.db.read() as connection:
        owner = load_payment(connection, payment_id)
    if owner.captured_at is not None:
        return CancelResult(Ended.PAID, owner)
    return CancelResult(Ended.CHECKING if owner.state in WAITING else Ended.CANCELLED, owner)
