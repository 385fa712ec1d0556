"""Cancel an instalment order: no more days fall due, and what was paid goes back by rule, newest payment first.

The rule is the setting `instalments.cancel_keep_percent`: so much of what was paid the store keeps, rounded down to the
minor unit; the rest goes into the customer's wallet at once, or back to where each part came from.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from tillgate.domain.errors import MoneyMoved, Refused
from tillgate.domain.instalments import InstalmentOrderState, InstalmentState
from tillgate.domain.money import Money
from tillgate.domain.notes import check_note
from tillgate.domain.payment import PaymentState
from tillgate.domain.settings import INSTALMENT_KEEP_PERCENT
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.coupons import release_coupon
from tillgate.services.giving_back import give_back, sum_failed_refunds
from tillgate.services.instalment_dues import list_open_payments
from tillgate.services.instalment_rows import (
    InstalmentOrderRecord,
    change_order,
    list_instalments,
    load_bulk,
    load_order,
    move_all,
)
from tillgate.services.instalment_stock import give_back_pieces
from tillgate.services.payment_rows import find_main_capture, load_capture, load_payment
from tillgate.services.refund_rows import OPEN_REFUNDS
from tillgate.services.till import Till
from tillgate.store.models import instalment, instalment_order, refund
from tillgate.store.unit_of_work import UnitOfWork

_MAY_END: Final = frozenset({InstalmentOrderState.ACTIVE, InstalmentOrderState.COMPLETED})
_GIVES: Final = frozenset({PaymentState.CAPTURED, PaymentState.PARTIALLY_REFUNDED})


@dataclass(frozen=True, slots=True)
class Share:
    """What of an order a payment paid and did not get back yet."""

    payment_id: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What cancelling comes to: of `paid`, which did not go back before, the store keeps `kept`."""

    order: InstalmentOrderRecord
    paid: Money
    kept: Money
    shares: tuple[Share, ...]
    days_left: int

    @property
    def back(self) -> Money:
        """What the customer gets."""
        return self.paid - self.kept


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """A press of Cancel order. `back` is what the person saw; `goods_are_back` puts the pieces back into stock."""

    order_id: int
    back: Money
    reason: str
    into_wallet: bool = True
    goods_are_back: bool = False


def quote_cancellation(till: Till, actor: Actor, order_id: int) -> Cancellation:
    """What would go back now. Raises NotFound("instalment_order_unknown"), Refused("instalment_order_over" |
    "instalment_being_paid" | "refund_on_its_way" | "refund_failed_open")."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        return _quote(till, connection, load_order(connection, order_id))


def cancel_order(
    till: Till, actor: Actor, press: CancelOrder, *, approval_token: str | None = None
) -> InstalmentOrderRecord:
    """End an active or completed order. Needs a manager or an approval for the amount that goes back.

    Raises as `quote_cancellation`, NotAllowed, Refused("cancellation_changed" | "partial_unsupported" |
    "customer_needed"), Invalid for the reason: nothing changes then.
    """
    subject = f"instalment_order:{press.order_id}"
    if approval_token is None:
        authorize(till, actor, Action.REFUND, subject=subject, amount=press.back)

    def work(uow: UnitOfWork) -> InstalmentOrderRecord:
        approver = authorize(
            uow, actor, Action.REFUND, subject=subject, amount=press.back, approval_token=approval_token
        )
        words = check_note(press.reason, field="reason")
        quote = _lock(till, uow, press.order_id)
        if quote.back != press.back:
            raise Refused("cancellation_changed", back=quote.back, number=quote.order.number)
        _end(uow, quote, press, words)
        for share in quote.shares:
            _give_back(till, uow, share, replace(press, reason=words), approver)
        return load_order(uow.connection, press.order_id)

    return till.db.transact(actor, work)


def _lock(till: Till, uow: UnitOfWork, order_id: int) -> Cancellation:
    """The order's payments, then it: everybody locks in this order."""
    order = load_order(uow.connection, order_id)
    payments = _payments_of(uow.connection, order)
    for payment_id in sorted(payments):
        load_payment(uow.connection, payment_id, lock=True)
    load_bulk(uow.connection, order.bulk_order_id, lock=True)
    order = load_order(uow.connection, order_id, lock=True)
    if _payments_of(uow.connection, order) - payments:
        # One came in while the locks were waited for.
        raise Refused("cancellation_changed", number=order.number)
    return _quote(till, uow.connection, order)


def _payments_of(connection: Connection, order: InstalmentOrderRecord) -> set[int]:
    return {each.payment_id for each in list_instalments(connection, order.id) if each.payment_id is not None}


def _quote(till: Till, connection: Connection, order: InstalmentOrderRecord) -> Cancellation:
    if order.state not in _MAY_END:
        moved = MoneyMoved.YES if order.paid_minor else MoneyMoved.NO
        raise Refused("instalment_order_over", money_moved=moved, number=order.number, state=order.state.value)
    open_payment = list_open_payments(connection, [order.id]).get(order.id)
    if open_payment is not None:
        raise Refused("instalment_being_paid", money_moved=MoneyMoved.UNKNOWN, payment=open_payment)
    schedule = list_instalments(connection, order.id)
    parts: dict[int, int] = defaultdict(int)
    for each in schedule:
        if each.payment_id is not None:
            parts[each.payment_id] += each.amount_minor - each.returned_minor
    _refuse_under_way(connection, parts, order.currency)
    paid = Money(sum(parts.values()), order.currency)
    kept = Money(paid.minor * till.settings()[INSTALMENT_KEEP_PERCENT] // 100, order.currency)
    return Cancellation(
        order=order,
        paid=paid,
        kept=kept,
        shares=tuple(_newest_first(parts, paid - kept)),
        days_left=sum(each.state is InstalmentState.DUE for each in schedule),
    )


def _newest_first(parts: dict[int, int], back: Money) -> list[Share]:
    left, shares = back.minor, []
    for payment_id in sorted(parts, reverse=True):
        amount = min(left, parts[payment_id])
        left -= amount
        if amount:
            shares.append(Share(payment_id, Money(amount, back.currency)))
    return shares


def _refuse_under_way(connection: Connection, payment_ids: dict[int, int], currency: str) -> None:
    """A refund on its way belongs to nobody's order yet: what is left of its payment isn't known before it ends. One
    that failed is owed for something else, and a person is asked about it."""
    waiting = select(refund.c.payment_id).where(
        refund.c.payment_id.in_(list(payment_ids)), refund.c.state.in_(OPEN_REFUNDS)
    )
    found = connection.execute(waiting.limit(1)).scalar_one_or_none()
    if found is not None:
        raise Refused("refund_on_its_way", money_moved=MoneyMoved.YES, payment=found)
    failed = sum_failed_refunds(connection, payment_ids)
    if failed:
        raise Refused("refund_failed_open", money_moved=MoneyMoved.YES, failed=Money(failed, currency))


def _end(uow: UnitOfWork, quote: Cancellation, press: CancelOrder, reason: str) -> None:
    order = quote.order
    move_all(uow, order.id, InstalmentState.DUE, InstalmentState.CANCELLED)
    at = _cancelled_last(uow, order)
    change_order(uow, order, state=InstalmentOrderState.CANCELLED, cancelled_at=at, cancel_reason=reason)
    if press.goods_are_back:
        give_back_pieces(uow, [order])
    if not quote.kept:
        release_coupon(uow, order.id)
    uow.record(
        "instalment_order.cancelled",
        order.subject,
        order=order.number,
        reason=reason,
        back=quote.back.minor,
        kept=quote.kept.minor,
        currency=order.currency,
        into_wallet=press.into_wallet,
        goods_are_back=press.goods_are_back,
    )


def _cancelled_last(uow: UnitOfWork, order: InstalmentOrderRecord) -> datetime:
    """Later than every order that was cancelled before of the same payments, which the caller holds, wherever the clock
    stands: of a payment that gives back, the order that was cancelled last comes first (`apply_return`)."""
    same = _payments_of(uow.connection, order)
    others = select(func.max(instalment_order.c.cancelled_at)).join(
        instalment, instalment.c.order_id == instalment_order.c.id
    )
    last: datetime | None = uow.execute(others.where(instalment.c.payment_id.in_(same))).scalar_one()
    return uow.now if last is None else max(uow.now, last + timedelta(microseconds=1))


def _give_back(till: Till, uow: UnitOfWork, share: Share, press: CancelOrder, approver: int | None) -> None:
    owner = load_payment(uow.connection, share.payment_id)
    source = find_main_capture(uow.connection, owner.id)
    if owner.state not in _GIVES or source is None:
        raise Refused("payment_not_refundable", payment=owner.id, state=owner.state.value)
    provider = None if press.into_wallet else till.providers.get(source.provider)
    if provider is not None and not provider.capabilities.partial_refund and share.amount != source.amount:
        raise Refused("partial_unsupported", provider=source.provider)
    source = load_capture(uow.connection, source.id, lock=True)
    give_back(uow, till, source, share.amount, press.reason, approved_by=approver, into_wallet=press.into_wallet)
