"""The one way of giving money back: it is planned, what waits for a person about that money is settled with it, and
what the money held is let go. Whoever decides, at the payment or on Exceptions, the money goes back once.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, update

from tillgate.domain.errors import MoneyMoved, Refused
from tillgate.domain.exceptions import CaptureDisposition, ExceptionAction, ExceptionKind
from tillgate.domain.money import Money, total
from tillgate.domain.payment import WAITING, AttemptState, Fulfilment
from tillgate.services.apply import end_attempt
from tillgate.services.exception_rows import close_exception
from tillgate.services.payment_rows import find_live_attempt, load_capture, load_payment
from tillgate.services.records import CaptureRecord, RefundRecord
from tillgate.services.refund_rows import OPEN_REFUNDS, is_reversed, load_refund, plan_refund
from tillgate.services.till import Till
from tillgate.services.wallet_settling import in_wallet, out_of_wallet
from tillgate.store.models import allocation, capture, money_exception, refund
from tillgate.store.unit_of_work import UnitOfWork

_K: Final = ExceptionKind
# What asks where some money shall go: answered once nothing of it is left.
_ABOUT_MONEY: Final = (
    *(_K.LATE, _K.DOUBLE, _K.UNDERPAID, _K.OVERPAID, _K.MISMATCH, _K.UNKNOWN_MONEY),
    _K.REFUND_FAILED,
)


def give_back(
    uow: UnitOfWork,
    till: Till,
    source: CaptureRecord,
    amount: Money,
    reason: str,
    *,
    approved_by: int | None = None,
    settling: int | None = None,
    return_goods: bool = False,
    into_wallet: bool = False,
    again: RefundRecord | None = None,
) -> RefundRecord:
    """Plan a refund of money whose payment and row the caller holds. `settling` is the exception it answers,
    if any, `again` the refund that had failed and is made good.

    Raises as `plan_refund`.
    """
    planned = plan_refund(
        uow,
        till,
        source,
        amount,
        reason,
        approved_by=approved_by,
        return_goods=return_goods,
        into_wallet=into_wallet,
        again=again,
    )
    settle_others(uow, source.id, ExceptionAction.REFUND, reason, settling=settling)
    return planned


def settle_others(
    uow: UnitOfWork, capture_id: int, action: ExceptionAction, reason: str, *, settling: int | None = None
) -> None:
    """Once nothing of some money is left, nothing that waits about it may give it away again, and it holds nothing."""
    source = load_capture(uow.connection, capture_id)
    if source.left.minor:
        return
    if source.disposition is CaptureDisposition.ON_EXCEPTIONS:
        credited = action is ExceptionAction.CREDIT
        dispose(uow, source, CaptureDisposition.CREDITED if credited else CaptureDisposition.REFUNDING)
        let_go(uow, source)
    for found in _open(uow, capture_id, _ABOUT_MONEY):
        if found.id != settling:
            close_exception(uow, found.id, action.value, reason)


def drop_failed_refunds(uow: UnitOfWork, capture_id: int, action: ExceptionAction, reason: str) -> None:
    """Money that is used after all owes nobody the refunds of it that had failed."""
    for found in _open(uow, capture_id, (_K.REFUND_FAILED,)):
        close_exception(uow, found.id, action.value, reason)


def answer_failed_refunds(uow: UnitOfWork, source: CaptureRecord, amount: Money, reason: str) -> None:
    """A refund that is asked for at the payment, while others of the same money failed and wait for a person.

    It is one of them again, or includes all of them; anything else raises Refused("refund_failed_open"), since what
    failed could then be sent a second time. One that was done and came back is made good on Exceptions alone.
    """
    waiting = _open(uow, source.id, (_K.REFUND_FAILED,))
    failed = {found.id: Money(found.amount_minor, found.currency) for found in waiting}
    if not failed:
        return
    same = [number for number, owed in failed.items() if owed == amount][:1]
    together = total(failed.values(), amount.currency)
    returned = any(is_reversed(uow.connection, load_refund(uow.connection, each.refund_id)) for each in waiting)
    if returned or (not same and amount < together):
        raise Refused("refund_failed_open", money_moved=MoneyMoved.YES, failed=together)
    for number in same or failed:
        close_exception(uow, number, ExceptionAction.RETRY.value, reason)


def sum_failed_refunds(connection: Connection, payment_ids: Collection[int]) -> int:
    """What refunds of payments come to that failed and wait for a person, in minor units of their one currency."""
    asked = (money_exception.c.kind == _K.REFUND_FAILED) & money_exception.c.closed_at.is_(None)
    query = select(func.coalesce(func.sum(refund.c.amount_minor), 0)).join(
        money_exception, money_exception.c.refund_id == refund.c.id
    )
    return int(connection.execute(query.where(refund.c.payment_id.in_(payment_ids), asked)).scalar_one())


def answer_same_refund(uow: UnitOfWork, source: CaptureRecord, amount: Money, reason: str) -> int | None:
    """What failed here was given back elsewhere: it is owed no more. Its number, if it was done and had come back."""
    for found in _open(uow, source.id, (_K.REFUND_FAILED,)):
        failed = load_refund(uow.connection, found.refund_id)
        if amount in (failed.amount, owed_again(uow.connection, failed)):
            close_exception(uow, found.id, ExceptionAction.CLOSE.value, reason)
            return failed.id if is_reversed(uow.connection, failed) else None
    return None


def owed_again(connection: Connection, failed: RefundRecord) -> Money:
    """What a customer is owed of a refund that failed. Of a top-up's that was done and came back it is what that took
    out of the wallet: what was spent before was never theirs to get back."""
    if failed.payment_id is None or not is_reversed(connection, failed):
        return failed.amount
    owner, source = load_payment(connection, failed.payment_id), load_capture(connection, failed.capture_id)
    if not (source.main and in_wallet(owner.purpose, owner.fulfilment)):
        return failed.amount
    return out_of_wallet(connection, failed.id, failed.currency)


def dispose(uow: UnitOfWork, source: CaptureRecord, disposition: CaptureDisposition) -> None:
    """Write down what became of some money."""
    uow.execute(update(capture).where(capture.c.id == source.id).values(disposition=disposition))


def is_undecided(uow: UnitOfWork, source: CaptureRecord) -> bool:
    """Whether nobody said what shall become of some money: it came unexpectedly, or could not be given back."""
    if source.disposition is CaptureDisposition.ON_EXCEPTIONS:
        return True
    on_its_way = select(refund.c.id).where(refund.c.capture_id == source.id, refund.c.state.in_(OPEN_REFUNDS))
    return (
        source.disposition is CaptureDisposition.REFUNDING
        and bool(source.left)
        and uow.execute(on_its_way).first() is None
    )


def let_go(uow: UnitOfWork, source: CaptureRecord) -> None:
    """Money that will not be used frees what it was for, and ends a checkout that can bring no more."""
    if source.payment_id is None:
        return
    owner = load_payment(uow.connection, source.payment_id, lock=True)
    live = find_live_attempt(uow.connection, owner.id)
    if owner.state in WAITING and live is not None and live.id == source.attempt_id:
        end_attempt(uow, owner, live, AttemptState.FAILED, "settled_by_manager")
    elif source.main and owner.fulfilment is not Fulfilment.DONE:
        uow.execute(update(allocation).where(allocation.c.payment_id == owner.id).values(live=0))


def _open(uow: UnitOfWork, capture_id: int, kinds: tuple[ExceptionKind, ...]) -> list[Row[Any]]:
    query = (
        select(money_exception.c.id, money_exception.c.refund_id, refund.c.amount_minor, refund.c.currency)
        .join(refund, refund.c.id == money_exception.c.refund_id, isouter=True)
        .where(
            money_exception.c.capture_id == capture_id,
            money_exception.c.closed_at.is_(None),
            money_exception.c.kind.in_(kinds),
        )
        .order_by(money_exception.c.id)
    )
    return list(uow.execute(query).all())
