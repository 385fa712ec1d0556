"""The Exceptions list: money and work that a person must settle, each with its evidence and the allowed actions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.exc import IntegrityError

from tillgate.domain.errors import Invalid, MoneyMoved, NotFound, Refused
from tillgate.domain.exceptions import AGREED, CaptureDisposition, ExceptionAction, ExceptionKind, allowed
from tillgate.domain.ledger import REFUNDS, UNAPPLIED, pair
from tillgate.domain.money import zero
from tillgate.domain.notes import check_note
from tillgate.domain.payment import ENDED_UNPAID, WAITING, AttemptState, Fulfilment, PaymentState, RefundState
from tillgate.domain.staff import Action, Actor
from tillgate.domain.wallet import WalletKind
from tillgate.services import outbox
from tillgate.services.access import authorize
from tillgate.services.apply import end_attempt
from tillgate.services.credit_notes import credit_key
from tillgate.services.exception_rows import close_exception
from tillgate.services.giving_back import (
    dispose,
    drop_failed_refunds,
    give_back,
    is_undecided,
    let_go,
    owed_again,
    settle_others,
)
from tillgate.services.owners import refuse_to_forget
from tillgate.services.payment_rows import (
    change_payment,
    find_live_attempt,
    hold_money,
    load_attempt,
    load_capture,
    load_payment,
    lock_owner,
    move_payment,
)
from tillgate.services.records import CaptureRecord, PaymentRecord
from tillgate.services.refund_rows import (
    OPEN_REFUNDS,
    change_refund,
    credited_instead,
    load_refund,
    lock_refund,
    plan_refund,
)
from tillgate.services.refund_told import accept_told
from tillgate.services.till import Till
from tillgate.services.wallet_rows import WalletMove, move_wallet
from tillgate.services.wallet_settling import in_wallet, out_of_wallet, wallet_of
from tillgate.store.ledger import post
from tillgate.store.models import allocation, capture, money_exception, payment_attempt
from tillgate.store.unit_of_work import UnitOfWork

_A: Final = ExceptionAction
# As a refund from the payment's own screen does, these want proof of who is at the till from the last few minutes.
_MOVES_MONEY: Final = frozenset({_A.APPLY, _A.REFUND, _A.CREDIT, _A.ACCEPT})


@dataclass(frozen=True, slots=True)
class ExceptionRecord:
    """One exception; `actions` is what may be done about it now, `evidence` what is known, by name."""

    id: int
    kind: ExceptionKind
    payment_id: int | None
    attempt_id: int | None
    capture_id: int | None
    refund_id: int | None
    outbox_id: int | None
    evidence: dict[str, str]
    opened_at: datetime
    closed_at: datetime | None
    closed_by: int | None
    action: str | None
    reason: str | None

    @property
    def actions(self) -> tuple[ExceptionAction, ...]:
        """None once it is closed."""
        return () if self.closed_at else allowed(self.kind, of_refund=self.refund_id is not None)


def list_exceptions(
    till: Till, actor: Actor, *, closed: bool = False, after: int | None = None, limit: int = 200
) -> list[ExceptionRecord]:
    """Open ones, or closed ones, newest first, from below the number `after`."""
    authorize(till, actor, Action.VIEW_EXCEPTIONS)
    table = money_exception.c
    query = select(money_exception).where(table.closed_at.is_not(None) if closed else table.closed_at.is_(None))
    if after is not None:
        query = query.where(table.id < after)
    with till.db.read() as connection:
        return [_record(row) for row in connection.execute(query.order_by(table.id.desc()).limit(limit))]


def load_exception(till: Till, actor: Actor, exception_id: int) -> ExceptionRecord:
    """Raises NotFound("exception_unknown")."""
    authorize(till, actor, Action.VIEW_EXCEPTIONS)
    with till.db.read() as connection:
        return _load(connection, exception_id)


def count_exceptions(till: Till) -> int:
    """How many are open."""
    with till.db.read() as connection:
        query = select(func.count()).select_from(money_exception).where(money_exception.c.closed_at.is_(None))
        return int(connection.execute(query).scalar_one())


def settle_exception(
    till: Till, actor: Actor, exception_id: int, action: ExceptionAction, reason: str
) -> ExceptionRecord:
    """Do what a manager decided, with the reason, in one transaction; nothing may be left without an owner by it.

    Raises NotAllowed, also "confirm_needed" for what moves money, Invalid("reason_missing") and those of `check_note`,
    Refused("exception_closed" | "action_not_allowed" | "would_be_forgotten" | …) and changes nothing then.
    """
    authorize(till, actor, Action.SETTLE_EXCEPTION)
    if not reason.strip():
        raise Invalid("reason_missing", field="reason")
    words = check_note(reason, field="reason", shortest=1)

    def work(uow: UnitOfWork) -> ExceptionRecord:
        found = _hold(uow, exception_id)
        if found.closed_at is not None:
            raise Refused("exception_closed", exception=exception_id)
        if action not in found.actions:
            raise Refused("action_not_allowed", action=action.value, kind=found.kind.value)
        if action in _MOVES_MONEY or (action is _A.RETRY and found.refund_id is not None):
            authorize(uow, actor, Action.REFUND)
        _ACTIONS[action](uow, till, found, words)
        if not close_exception(uow, exception_id, action.value, words):
            raise Refused("exception_closed", exception=exception_id)
        refuse_to_forget(uow, found.payment_id)
        return _load(uow.connection, exception_id)

    return till.db.transact(actor, work)


def _apply(uow: UnitOfWork, till: Till, found: ExceptionRecord, reason: str) -> None:
    """Use the money for what it was meant for, as if it had come in time; a surplus goes back."""
    source = _money(uow, found)
    owner = _owner(uow, source)
    if found.kind is ExceptionKind.MISMATCH and AGREED not in found.evidence:
        raise Refused("not_verified", payment=owner.id, money_moved=MoneyMoved.YES)
    if source.refunded_minor:
        raise Refused("money_given_back", payment=owner.id, money_moved=MoneyMoved.YES)
    if owner.state in WAITING | ENDED_UNPAID:
        owner = _capture_with(uow, owner, source)
    elif not source.main:
        raise Refused("paid_otherwise", payment=owner.id, money_moved=MoneyMoved.YES)
    _take_things(uow, owner)
    making = till.fulfilling[owner.purpose]
    making.make(uow, owner)
    change_payment(uow, owner, fulfilment=Fulfilment.DONE, settled_at=uow.now)
    dispose(uow, source, CaptureDisposition.APPLIED)
    drop_failed_refunds(uow, source.id, _A.APPLY, reason)
    surplus = source.amount - owner.amount
    if surplus.minor > 0 and not making.keeps_surplus:
        # Nothing is made for it: it waits where the refunds of what was made are taken from.
        entries = pair(UNAPPLIED, REFUNDS, surplus)
        post(uow.connection, "surplus", f"surplus:{source.id}", payment_id=owner.id, now=uow.now, entries=entries)
        plan_refund(uow, till, load_capture(uow.connection, source.id), surplus, "surplus")


def _refund(uow: UnitOfWork, till: Till, found: ExceptionRecord, reason: str) -> None:
    source = _money(uow, found)
    _refuse_if_gone(source)
    give_back(uow, till, source, source.left, reason, settling=found.id)


def _credit(uow: UnitOfWork, till: Till, found: ExceptionRecord, reason: str) -> None:
    """Owe it to the customer instead: to their wallet. Of a refund that failed, what that refund was for."""
    source = _money(uow, found)
    owner = _owner(uow, source)
    customer = wallet_of(owner)
    used = bool(source.main) and owner.fulfilment is Fulfilment.DONE
    owed, account, key, failed = source.left, REFUNDS if used else UNAPPLIED, f"credit:{source.id}", None
    if found.kind is ExceptionKind.REFUND_FAILED and found.refund_id is not None:
        failed = load_refund(uow.connection, found.refund_id, lock=True)
        owed, key = failed.amount, credit_key(failed.id)
    if source.main and in_wallet(owner.purpose, owner.fulfilment):
        # Of what a refund took out of it that is not there, as one that was done and came back.
        owed = out_of_wallet(uow.connection, failed.id, owed.currency) if failed is not None else zero(owed.currency)
        if not owed:
            raise Refused("already_in_wallet", payment=owner.id)
    _refuse_if_gone(source)
    if owed > source.left:
        raise Refused("refund_exceeds", asked=owed, left=source.left)
    move = WalletMove(customer, WalletKind.CREDIT, owed, account, "credit", key, payment_id=owner.id, reason=reason)
    move_wallet(uow, move)
    # Credited money can't be refunded as well.
    taken = {"refunded_minor": capture.c.refunded_minor + owed.minor, "version": capture.c.version + 1}
    uow.execute(update(capture).where(capture.c.id == source.id).values(taken))
    if owed == source.left:
        dispose(uow, source, CaptureDisposition.CREDITED)
    credited = {"amount": owed.minor, "currency": owed.currency, "customer": customer}
    uow.record("payment.credited", owner.subject, capture=source.id, **credited)
    let_go(uow, source)
    if failed is not None:
        credited_instead(uow, till, failed)
    elif used and (release := till.fulfilling[owner.purpose].released) is not None:
        release(uow, owner, owed, key)
    settle_others(uow, source.id, _A.CREDIT, reason, settling=found.id)


def _retry(uow: UnitOfWork, till: Till, found: ExceptionRecord, reason: str) -> None:
    """Ask, send or mail again, now."""
    if found.kind is ExceptionKind.REFUND_FAILED and found.refund_id is not None:
        failed = lock_refund(uow, found.refund_id)
        source = load_capture(uow.connection, failed.capture_id, lock=True)
        owed, provider = owed_again(uow.connection, failed), till.providers.get(failed.provider)
        if not (source.left and owed):
            raise Refused("nothing_left", capture=source.id, money_moved=MoneyMoved.YES)
        if provider is not None and not provider.capabilities.partial_refund and owed != failed.amount:
            raise Refused("partial_unsupported", provider=failed.provider)
        goods = bool(failed.return_goods)
        give_back(uow, till, source, owed, reason, settling=found.id, return_goods=goods, again=failed)
    elif found.refund_id is not None:
        asked = load_refund(uow.connection, found.refund_id, lock=True)
        if asked.state in OPEN_REFUNDS:
            change_refund(uow, asked, state=RefundState.SENT, next_at=uow.now, lease_until=None, message=None)
    elif found.outbox_id is not None:
        outbox.retry(uow, found.outbox_id)
    elif found.attempt_id is not None:
        uow.execute(
            update(payment_attempt).where(payment_attempt.c.id == found.attempt_id).values(next_check_at=uow.now)
        )


def _accept(uow: UnitOfWork, till: Till, found: ExceptionRecord, reason: str) -> None:
    """Let the books follow what the provider says of a refund."""
    if found.refund_id is None:
        raise Refused("action_not_allowed", action=_A.ACCEPT.value, kind=found.kind.value)
    accept_told(uow, till, found.refund_id, found.evidence, reason, settling=found.id)


def _close(uow: UnitOfWork, _till: Till, found: ExceptionRecord, _reason: str) -> None:
    """Leave it as it is, explained; what it held is free for another sale."""
    if found.kind is ExceptionKind.UNANSWERED and found.attempt_id is not None:
        _give_up(uow, found.attempt_id)
    if found.capture_id is None:
        return
    source = _money(uow, found)
    if is_undecided(uow, source):
        dispose(uow, source, CaptureDisposition.CLOSED)
        let_go(uow, source)


def _give_up(uow: UnitOfWork, attempt_id: int) -> None:
    """A manager with evidence ends a checkout that nobody could be heard about (reliability.md 1.3, rule 7); money that
    comes all the same is late, and watched for.
    """
    owner = lock_owner(uow.connection, attempt_id)
    silent = load_attempt(uow.connection, attempt_id, lock=True)
    if silent.live and owner.state in WAITING:
        end_attempt(uow, owner, silent, AttemptState.CANCELLED, "settled_by_manager")


_ACTIONS: Final[dict[ExceptionAction, Callable[[UnitOfWork, Till, ExceptionRecord, str], None]]] = {
    _A.APPLY: _apply,
    _A.REFUND: _refund,
    _A.CREDIT: _credit,
    _A.RETRY: _retry,
    _A.ACCEPT: _accept,
    _A.CLOSE: _close,
}


def _money(uow: UnitOfWork, found: ExceptionRecord) -> CaptureRecord:
    if found.capture_id is None:
        raise Refused("action_not_allowed", action="money", kind=found.kind.value)
    source = load_capture(uow.connection, found.capture_id)
    if source.payment_id is not None:
        load_payment(uow.connection, source.payment_id, lock=True)
    return load_capture(uow.connection, found.capture_id, lock=True)


def _owner(uow: UnitOfWork, source: CaptureRecord) -> PaymentRecord:
    if source.payment_id is None:
        raise Refused("money_of_nobody", capture=source.id, money_moved=MoneyMoved.YES)
    return load_payment(uow.connection, source.payment_id)


def _refuse_if_gone(source: CaptureRecord) -> None:
    if not source.left.minor:
        raise Refused("nothing_left", capture=source.id, money_moved=MoneyMoved.YES)


def _capture_with(uow: UnitOfWork, owner: PaymentRecord, source: CaptureRecord) -> PaymentRecord:
    """Let money that came beside a payment's checkout be what it is paid with, once no other can come."""
    if owner.state in WAITING:
        if not _is_over(uow, owner, source):
            raise Refused("close_checkout_first", payment=owner.id)
        _end_paid(uow, owner, source)
    paid = move_payment(uow, load_payment(uow.connection, owner.id), PaymentState.CAPTURED, captured_at=uow.now)
    uow.execute(update(capture).where(capture.c.id == source.id).values(main=1))
    return paid


def _is_over(uow: UnitOfWork, owner: PaymentRecord, source: CaptureRecord) -> bool:
    """Whether the money came through the checkout that is open: then no other money can come through it."""
    live = find_live_attempt(uow.connection, owner.id)
    return live is None or live.id == source.attempt_id


def _end_paid(uow: UnitOfWork, owner: PaymentRecord, source: CaptureRecord) -> None:
    uow.execute(
        update(payment_attempt)
        .where(payment_attempt.c.id == source.attempt_id, payment_attempt.c.payment_id == owner.id)
        .values(state=AttemptState.CAPTURED, next_check_at=None, version=payment_attempt.c.version + 1)
    )


def _take_things(uow: UnitOfWork, owner: PaymentRecord) -> None:
    try:
        with uow.savepoint():
            uow.execute(update(allocation).where(allocation.c.payment_id == owner.id).values(live=1))
    except IntegrityError as error:
        raise Refused("paid_otherwise", money_moved=MoneyMoved.YES, payment=owner.id) from error


def _hold(uow: UnitOfWork, exception_id: int) -> ExceptionRecord:
    """An exception, locked after the money and the work that it is about: whoever writes what became of these holds
    them when they come to it."""
    found = _load(uow.connection, exception_id)
    hold_money(uow.connection, found.payment_id, found.capture_id)
    if found.outbox_id is not None:
        outbox.load_work(uow.connection, found.outbox_id, lock=True)
    return _load(uow.connection, exception_id, lock=True)


def _load(connection: Connection, exception_id: int, *, lock: bool = False) -> ExceptionRecord:
    query = select(money_exception).where(money_exception.c.id == exception_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("exception_unknown", exception=exception_id)
    return _record(row)


def _record(row: Row[Any]) -> ExceptionRecord:
    evidence = {name: str(value) for name, value in json.loads(row.evidence).items()}
    return ExceptionRecord(
        row.id,
        row.kind,
        row.payment_id,
        row.attempt_id,
        row.capture_id,
        row.refund_id,
        row.outbox_id,
        evidence,
        row.opened_at,
        row.closed_at,
        row.closed_by,
        row.action,
        row.reason,
    )
