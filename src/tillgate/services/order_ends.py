"""What a refund does to a sale: its credit notes; and one that went back whole lets go its orders, rented days not
begun, and its pieces if they are back.

Runs in the transaction that settles the refund.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from sqlalchemy import delete, func, insert, select, update

from tillgate.domain.orders import OrderState
from tillgate.domain.payment import Fulfilment
from tillgate.services.credit_notes import GIVEN_BACK, credit_due
from tillgate.services.order_mails import withdraw_orders
from tillgate.services.records import PaymentRecord, RefundRecord
from tillgate.services.setting_rows import store_day
from tillgate.store.models import capture, order_item, refund, rental_day, sales_order, stock_move, variant
from tillgate.store.unit_of_work import UnitOfWork

REFUNDED: Final = "refunded"
RETURNED: Final = "returned"


def credit_sale(uow: UnitOfWork, payment: PaymentRecord, _refund: RefundRecord) -> None:
    """A refund of a sale arrived: the credit notes that are due now. Money that made no orders has none."""
    if payment.fulfilment is Fulfilment.DONE:
        credit_due(uow, payment.id)


def cancel_orders(uow: UnitOfWork, payment: PaymentRecord) -> None:
    """Cancel the orders of a payment that the caller holds and that was refunded; nothing where that is done already.

    A day that has begun in the store's zone stays taken. Pieces go into stock only if a refund said they are back.
    """
    which = (sales_order.c.payment_id == payment.id, sales_order.c.state != OrderState.CANCELLED)
    query = select(sales_order.c.id, sales_order.c.number).where(*which).order_by(sales_order.c.id).with_for_update()
    orders = {int(row.id): row.number for row in uow.execute(query)}
    if not orders:
        return
    values = {"state": OrderState.CANCELLED, "cancelled_at": uow.now, "cancel_reason": REFUNDED}
    uow.execute(
        update(sales_order).where(sales_order.c.id.in_(orders)).values(version=sales_order.c.version + 1, **values)
    )
    freed = _free_days(uow, list(orders))
    pieces = _put_back(uow, list(orders)) if goods_are_back(uow, payment.id) else {}
    withdraw_orders(uow, payment, orders)
    for order_id, number in orders.items():
        what = {"days": freed.get(order_id, []), "pieces": pieces.get(order_id, 0)}
        uow.record("order.cancelled", payment.subject, order=order_id, number=number, reason=REFUNDED, **what)


def goods_are_back(uow: UnitOfWork, payment_id: int) -> bool:
    """Whether a refund that went through said that what was sold is back."""
    said = select(func.count()).select_from(refund).join(capture, capture.c.id == refund.c.capture_id)
    done = GIVEN_BACK & (refund.c.return_goods == 1) & (capture.c.main == 1)
    return bool(uow.execute(said.where(refund.c.payment_id == payment_id, done)).scalar_one())


def _free_days(uow: UnitOfWork, order_ids: list[int]) -> dict[int, list[str]]:
    """Days to come are free again; what was freed, by order, as "variant/unit day"."""
    items = select(order_item.c.id).where(order_item.c.order_id.in_(order_ids))
    today = store_day(uow.connection, uow.now)
    freed: dict[int, list[str]] = defaultdict(list)
    query = (
        select(order_item.c.order_id, rental_day.c.variant_id, rental_day.c.unit, rental_day.c.day)
        .join(order_item, order_item.c.id == rental_day.c.order_item_id)
        .where(order_item.c.order_id.in_(order_ids), rental_day.c.day > today)
        .order_by(rental_day.c.variant_id, rental_day.c.unit, rental_day.c.day)
    )
    for row in uow.execute(query):
        freed[row.order_id].append(f"{row.variant_id}/{row.unit} {row.day.isoformat()}")
    uow.execute(delete(rental_day).where(rental_day.c.order_item_id.in_(items), rental_day.c.day > today))
    return freed


def _put_back(uow: UnitOfWork, order_ids: list[int]) -> dict[int, int]:
    """Pieces sold are in stock again; how many, by order. In the order of the variants' ids, as sales take them."""
    query = (
        select(order_item.c.id, order_item.c.order_id, order_item.c.variant_id, order_item.c.quantity)
        .where(order_item.c.order_id.in_(order_ids), order_item.c.start_on.is_(None))
        .order_by(order_item.c.variant_id, order_item.c.id)
    )
    pieces: dict[int, int] = defaultdict(int)
    moves = []
    for row in uow.execute(query).all():
        stock = {"stock": variant.c.stock + row.quantity}
        uow.execute(update(variant).where(variant.c.id == row.variant_id).values(stock))
        move = {"variant_id": row.variant_id, "quantity": row.quantity, "reason": RETURNED, "order_item_id": row.id}
        moves.append(move)
        pieces[row.order_id] += row.quantity
    if moves:
        uow.execute(insert(stock_move), moves)
    return pieces
