"""What money makes of instalments, and what giving it back takes: in the payment's own transaction (rulings 13 to 15).

The first payment activates every order of its bulk order, or is refused; later ones pay single days of any orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Final

from sqlalchemy import bindparam, func, select, update

from tillgate.domain.errors import Refused
from tillgate.domain.instalments import (
    BulkState,
    CancelReason,
    InstalmentOrderState,
    InstalmentState,
    due_on,
)
from tillgate.domain.ledger import INSTALMENTS, UNAPPLIED, pair
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.failpoints import fp
from tillgate.services.commissions import settle_commission
from tillgate.services.coupons import lock_coupons_of, release_coupon, use_coupon
from tillgate.services.credit_notes import GIVEN_BACK
from tillgate.services.instalment_rows import (
    InstalmentOrderRecord,
    InstalmentRecord,
    change_bulk,
    change_order,
    instalments_of_payment,
    list_orders_of,
    load_bulk,
    load_order,
    move_all,
    move_instalments,
    sum_paid,
)
from tillgate.services.instalment_stock import give_back_pieces, take_again
from tillgate.services.order_ends import goods_are_back
from tillgate.services.payment_rows import find_main_capture, load_payment
from tillgate.services.records import PaymentRecord, RefundRecord
from tillgate.services.setting_rows import store_day
from tillgate.services.till import Fulfilling
from tillgate.store.ledger import post
from tillgate.store.models import allocation, instalment, refund
from tillgate.store.outbox_rows import enqueue
from tillgate.store.unit_of_work import UnitOfWork

_S, _I = InstalmentOrderState, InstalmentState
_MOVE_DAY: Final = (
    update(instalment)
    .where(instalment.c.order_id == bindparam("of"), instalment.c.number == bindparam("nth"))
    .values(due_on=bindparam("day"))
)
_LIVING: Final = frozenset({_S.ACTIVE, _S.COMPLETED})


def settle_instalments(uow: UnitOfWork, payment: PaymentRecord) -> None:
    """The instalments are paid, their orders active or complete, the books and the commission say so; nothing if that
    is done already.

    Raises Refused("instalment_paid" | "instalment_order_over" | "bulk_incomplete" | "product_out_of_stock" |
    "coupon_used_up" | "coupon_used_by_customer") where they can't be paid any more: the money goes back.
    """
    mine = instalments_of_payment(uow.connection, payment.id)
    orders = _lock_orders(uow, mine)
    # As they are now that their orders are held.
    mine = instalments_of_payment(uow.connection, payment.id)
    if mine and all(each.payment_id == payment.id for each in mine):
        return
    begun = _begin_orders(uow, orders, mine)
    mine = instalments_of_payment(uow.connection, payment.id)
    _refuse_over(uow, mine)
    paid = {"payment_id": payment.id, "paid_at": uow.now}
    move_instalments(uow, (each.id for each in mine), _I.DUE, _I.PAID, **paid)
    fp("instalments.after_paid")
    entries = pair(UNAPPLIED, INSTALMENTS, payment.amount)
    post(
        uow.connection, "instalments", f"instalments:{payment.id}", payment_id=payment.id, now=uow.now, entries=entries
    )
    for order_id, days in groupby(mine, attrgetter("order_id")):
        _follow_paid(uow, payment, order_id, list(days), begun)
    for bulk_id in sorted({each.bulk_order_id for each in begun}):
        bulk = load_bulk(uow.connection, bulk_id, lock=True)
        change_bulk(uow, bulk, state=BulkState.ACTIVE, ended_at=uow.now, first_payment_id=payment.id)
        uow.record("bulk.activated", payment.subject, bulk=bulk.number, orders=len(begun))
    fp("instalments.after_orders")
    _announce(uow, payment, first=bool(begun))


def settling_refused(uow: UnitOfWork, payment: PaymentRecord, reason: str) -> None:
    """The money goes back: customer and administrator are told."""
    notices = {"instalments_refund_started": bool(payment.payer_email), "admin_instalments_refund_started": True}
    for template, wanted in notices.items():
        if wanted:
            payload = {"template": template, "payment_id": payment.id, "reason": reason}
            enqueue(uow, "mail", f"mail:{template}:{payment.id}", payload, payment_id=payment.id)


def apply_return(uow: UnitOfWork, payment: PaymentRecord, amount: Money, key: str) -> None:
    """Some of a payment's money went back, to where it came from or to the wallet; the caller holds the payment.

    Of a part the orders go first that are cancelled already, the last one before all: it is what is given back for it.
    Then the newest days: these stay paid, and the referrer earns nothing of it. Once all of it is back its days are due
    again where their order lives, and an order of which nothing is paid any more is cancelled. `key` names the return,
    for the books of the commission.
    """
    mine = [each for each in instalments_of_payment(uow.connection, payment.id) if each.payment_id == payment.id]
    orders = {each.id: each for each in _lock_orders(uow, mine)}
    if not mine:
        return
    left = _besides_surplus(uow, payment, amount)
    kept = sum(each.amount_minor - each.returned_minor for each in mine)
    whole = kept <= left or load_payment(uow.connection, payment.id).state is PaymentState.REFUNDED
    for each in _in_turn(uow, mine, orders):
        part = each.amount_minor - each.returned_minor if whole else min(left, each.amount_minor - each.returned_minor)
        left -= part
        if part:
            changed = update(instalment).where(instalment.c.id == each.id)
            uow.execute(changed.values(returned_minor=each.returned_minor + part))
    if whole:
        _free_ended(uow, payment, orders.values())
    for order_id, days in groupby(mine, attrgetter("order_id")):
        order = orders[order_id]
        if whole and order.state in _LIVING:
            _take_back(uow, payment, order, [each.id for each in days])
        else:
            change_order(uow, order, returned_minor=sum_paid(uow.connection, order_id)[2])
        settle_commission(uow, order_id, payment_id=payment.id, reference=key)
    uow.record("instalments.returned", payment.subject, amount=amount.minor, whole=whole)
    if whole:
        uow.execute(update(allocation).where(allocation.c.payment_id == payment.id).values(live=0))


def _in_turn(
    uow: UnitOfWork, mine: Iterable[InstalmentRecord], orders: Mapping[int, InstalmentOrderRecord]
) -> list[InstalmentRecord]:
    """Which days money that goes back is of, first of all."""

    def turn(day: InstalmentRecord) -> tuple[bool, timedelta, int]:
        order = orders[day.order_id]
        return order.state in _LIVING, uow.now - (order.cancelled_at or uow.now), -day.id

    return sorted(mine, key=turn)


def _gone_back(uow: UnitOfWork, payment: PaymentRecord, done: RefundRecord) -> None:
    apply_return(uow, payment, done.amount, f"refund:{done.id}")


def cancel_unpaid(uow: UnitOfWork, bulk_id: int, payment_id: int | None, reason: str) -> bool:
    """A bulk order that waits for its first payment ends without it: stock and coupons are free again.

    The caller holds that payment, if there is one. False if the bulk order waits for another one, or no more.
    """
    bulk = load_bulk(uow.connection, bulk_id, lock=True)
    if bulk.state is not BulkState.PENDING or bulk.first_payment_id != payment_id:
        return False
    orders = list_orders_of(uow.connection, bulk.id, lock=True)
    for each in orders:
        move_all(uow, each.id, _I.DUE, _I.CANCELLED)
        change_order(uow, each, state=_S.CANCELLED, cancelled_at=uow.now, cancel_reason=reason)
    give_back_pieces(uow, orders)
    lock_coupons_of(uow, orders)
    for each in orders:
        release_coupon(uow, each.id)
    change_bulk(uow, bulk, state=BulkState.CANCELLED, ended_at=uow.now)
    uow.record("bulk.cancelled", bulk.subject, bulk=bulk.number, reason=reason)
    return True


FULFILLING: Final = Fulfilling(
    settle_instalments,
    settling_refused,
    released=apply_return,
    gone_back=_gone_back,
    refund_mail="instalments_refunded",
)


def _lock_orders(uow: UnitOfWork, mine: Iterable[InstalmentRecord]) -> list[InstalmentOrderRecord]:
    """The orders of some instalments, locked after their bulk orders."""
    ids = sorted({each.order_id for each in mine})
    bulks = {load_order(uow.connection, order_id).bulk_order_id for order_id in ids}
    for bulk_id in sorted(bulks):
        load_bulk(uow.connection, bulk_id, lock=True)
    return [load_order(uow.connection, order_id, lock=True) for order_id in ids]


def _begin_orders(
    uow: UnitOfWork, orders: Sequence[InstalmentOrderRecord], mine: Sequence[InstalmentRecord]
) -> list[InstalmentOrderRecord]:
    """Orders that this payment makes active: all of their bulk order, or none. Those that had ended unpaid are taken up
    again, as a manager who applies late money wants."""
    begun = []
    for bulk_id in sorted({each.bulk_order_id for each in orders}):
        bulk = load_bulk(uow.connection, bulk_id)
        if bulk.state is BulkState.ACTIVE:
            continue
        every = list_orders_of(uow.connection, bulk_id, lock=True)
        firsts = {each.order_id for each in mine if each.number == 1}
        if {each.id for each in every} - firsts:
            raise Refused("bulk_incomplete", number=bulk.number)
        if bulk.state is BulkState.CANCELLED:
            take_again(uow, every)
            for each in every:
                move_all(uow, each.id, _I.CANCELLED, _I.DUE)
        lock_coupons_of(uow, every)
        for each in every:
            use_coupon(uow, each.id)
            _reschedule(uow, each, bulk.day)
        begun += every
    return begun


def _besides_surplus(uow: UnitOfWork, payment: PaymentRecord, amount: Money) -> int:
    """How much of a return is of what was asked for: what came beyond that goes back first."""
    source = find_main_capture(uow.connection, payment.id)
    surplus = source.amount_minor - payment.amount_minor if source is not None else 0
    if source is None or surplus <= 0:
        return amount.minor
    back = select(func.coalesce(func.sum(refund.c.amount_minor), 0)).select_from(refund)
    gone = int(uow.execute(back.where(refund.c.capture_id == source.id, GIVEN_BACK)).scalar_one())
    return max(0, gone - surplus) - max(0, gone - amount.minor - surplus)


def _reschedule(uow: UnitOfWork, order: InstalmentOrderRecord, ordered_on: date) -> None:
    """The first one is paid today; the others fall due from tomorrow on, whichever day it was ordered (ruling 15)."""
    today = store_day(uow.connection, uow.now)
    if today <= ordered_on:
        return
    days = [{"of": order.id, "nth": nth, "day": due_on(today, nth)} for nth in range(1, order.total_days + 1)]
    uow.execute(_MOVE_DAY, days)


def _refuse_over(uow: UnitOfWork, mine: Sequence[InstalmentRecord]) -> None:
    for each in mine:
        if each.state is _I.DUE:
            continue
        order = load_order(uow.connection, each.order_id)
        code = "instalment_paid" if each.state is _I.PAID else "instalment_order_over"
        raise Refused(code, number=order.number, state=order.state.value, day=each.due_on)


def _follow_paid(
    uow: UnitOfWork,
    payment: PaymentRecord,
    order_id: int,
    days: Sequence[InstalmentRecord],
    begun: Sequence[InstalmentOrderRecord],
) -> None:
    order = load_order(uow.connection, order_id)
    paid, count, returned = sum_paid(uow.connection, order_id)
    values: dict[str, object] = {"paid_minor": paid, "paid_count": count, "returned_minor": returned}
    if any(each.id == order_id for each in begun):
        values |= {"state": _S.ACTIVE, "activated_at": uow.now, "cancelled_at": None, "cancel_reason": None}
    order = change_order(uow, order, **values)
    uow.record("instalment_order.paid", payment.subject, order=order.number, days=len(days), paid=paid)
    if count == order.total_days:
        order = change_order(uow, order, state=_S.COMPLETED, completed_at=uow.now)
        uow.record("instalment_order.completed", payment.subject, order=order.number)
    settle_commission(uow, order_id, payment_id=payment.id, reference=f"payment:{payment.id}")


def _announce(uow: UnitOfWork, payment: PaymentRecord, *, first: bool) -> None:
    template = "instalment_orders" if first else "instalments_paid"
    letters = {template: bool(payment.payer_email), "admin_instalment_orders": first}
    for name, wanted in letters.items():
        if wanted:
            payload = {"template": name, "payment_id": payment.id}
            enqueue(uow, "mail", f"mail:{name}:{payment.id}", payload, payment_id=payment.id)


def _free_ended(uow: UnitOfWork, payment: PaymentRecord, orders: Iterable[InstalmentOrderRecord]) -> None:
    """What orders held that end with this payment, as it alone paid anything of them: pieces that are back, then
    coupons. The pieces of one that was cancelled before come back with its money, if they did not then."""
    paid_by_others = select(instalment.c.order_id).where(
        instalment.c.state == _I.PAID, instalment.c.payment_id != payment.id
    )
    mine = list(orders)
    living = [each for each in mine if each.state in _LIVING]
    over = [each for each in mine if each.state is _S.CANCELLED]
    lasting = paid_by_others.where(instalment.c.order_id.in_([each.id for each in living]))
    kept = set(uow.execute(lasting).scalars())
    ended = [each for each in living if each.id not in kept]
    if (ended or over) and goods_are_back(uow, payment.id):
        give_back_pieces(uow, [*ended, *over])
    lock_coupons_of(uow, ended)
    for each in ended:
        release_coupon(uow, each.id)


def _take_back(uow: UnitOfWork, payment: PaymentRecord, order: InstalmentOrderRecord, ids: Sequence[int]) -> None:
    """These days of a living order are not paid any more: due again, or over with it."""
    move_instalments(uow, ids, _I.PAID, _I.DUE, payment_id=None, paid_at=None, returned_minor=0)
    paid, count, returned = sum_paid(uow.connection, order.id)
    values: dict[str, object] = {"paid_minor": paid, "paid_count": count, "returned_minor": returned}
    if order.state is _S.COMPLETED:
        values["completed_at"] = None
    if count:
        change_order(uow, order, **values, state=_S.ACTIVE)
        return
    move_all(uow, order.id, _I.DUE, _I.CANCELLED)
    reason = CancelReason.REFUNDED.value
    change_order(uow, order, **values, state=_S.CANCELLED, cancelled_at=uow.now, cancel_reason=reason)
    uow.record("instalment_order.cancelled", payment.subject, order=order.number, reason=reason)
