"""What the integrity check compares of instalments: schedules with totals, what is paid with payments, states with
each other, stock that is held and coupons that are used. A sound till has no difference in any (product.md, Money:
splitting loses and invents nothing)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, Text, case, func, literal_column, select, type_coerce

from tillgate.domain.coupons import CouponUse
from tillgate.domain.instalments import INSTALMENT_THING, BulkState, InstalmentOrderState, InstalmentState
from tillgate.domain.money import Money
from tillgate.domain.payment import Fulfilment
from tillgate.store.models import (
    allocation,
    bulk_order,
    coupon,
    coupon_use,
    instalment,
    instalment_order,
    payment,
    stock_move,
)

# About what, what of it, and what fills the words.
Difference: TypeAlias = tuple[str, str, dict[str, Any]]
_O, _I, _U = instalment_order.c, instalment.c, coupon_use.c
_S: Final = InstalmentOrderState
_LIVING: Final = (_S.ACTIVE, _S.COMPLETED)


def compare_instalments(connection: Connection) -> tuple[int, list[Difference]]:
    """How many orders there are, and every difference."""
    count = int(connection.execute(select(func.count()).select_from(instalment_order)).scalar_one())
    looks = (_schedules, _days, _payments, _firsts, _stock, _states, _uses)
    return count, [each for look in looks for each in look(connection)]


def _schedules(connection: Connection) -> Iterator[Difference]:
    """A row for each day that sum to the total; what is paid of them is what the order says."""
    paid = _I.state == InstalmentState.PAID
    sums = (
        select(
            _I.order_id,
            func.count().label("days"),
            func.sum(_I.amount_minor).label("planned"),
            func.sum(case((paid, _I.amount_minor), else_=0)).label("paid"),
            func.sum(case((paid, 1), else_=0)).label("paid_days"),
            func.sum(case((paid, _I.returned_minor), else_=0)).label("returned"),
            func.sum(case((_I.state == InstalmentState.DUE, 1), else_=0)).label("due"),
            func.sum(case((_I.state == InstalmentState.CANCELLED, 1), else_=0)).label("over"),
        )
        .group_by(_I.order_id)
        .subquery()
    )
    query = select(instalment_order, sums).join(sums, sums.c.order_id == _O.id, isouter=True)
    uneven = (func.coalesce(sums.c.days, 0) != _O.total_days) | (sums.c.planned != _O.total_minor)
    other = (
        (sums.c.paid != _O.paid_minor) | (sums.c.paid_days != _O.paid_count) | (sums.c.returned != _O.returned_minor)
    )
    over = _O.state == _S.CANCELLED
    misfit = case((over, sums.c.due), else_=sums.c.over) > 0
    for row in connection.execute(query.where(uneven | other | misfit)):
        planned = Money(int(row.planned or 0), row.currency)
        if (row.due if row.state is _S.CANCELLED else row.over or 0) > 0:
            yield f"instalments:{row.number}", "days_state", {"due": int(row.due), "over": int(row.over)}
        elif row.days != row.total_days or planned.minor != row.total_minor:
            values = {"total": Money(row.total_minor, row.currency), "planned": planned, "days": int(row.days or 0)}
            yield f"instalments:{row.number}", "schedule_sum", values
        else:
            kept, summed = Money(row.paid_minor, row.currency), Money(int(row.paid), row.currency)
            yield f"instalments:{row.number}", "schedule_paid", {"kept": kept, "summed": summed}


# The day that a number comes to, counted from the first one's.
_DAY: Final = {
    "sqlite": "date(first.due_on, (instalment.number - 1) || ' days')",
    "postgresql": "to_char(CAST(first.due_on AS date) + CAST(instalment.number - 1 AS integer), 'YYYY-MM-DD')",
}


def _days(connection: Connection) -> Iterator[Difference]:
    """Its days follow one another."""
    first = instalment.alias("first")
    nth: ColumnElement[str] = literal_column(_DAY[connection.dialect.name])
    query = (
        select(_O.number, func.min(_I.number).label("nth"))
        .join(instalment, _I.order_id == _O.id)
        .join(first, (first.c.order_id == _O.id) & (first.c.number == 1))
        .where(type_coerce(_I.due_on, Text) != nth)
        .group_by(_O.number)
    )
    for row in connection.execute(query):
        yield f"instalments:{row.number}", "schedule_days", {"nth": int(row.nth)}


def _payments(connection: Connection) -> Iterator[Difference]:
    """Every paid day has a payment that was for it, and that made what it was for."""
    query = (
        select(_O.number, _I.due_on)
        .join(instalment_order, _O.id == _I.order_id)
        .join(payment, payment.c.id == _I.payment_id)
        .join(
            allocation,
            (allocation.c.payment_id == payment.c.id)
            & (allocation.c.thing_kind == INSTALMENT_THING)
            & (allocation.c.thing_id == _I.id)
            & (allocation.c.amount_minor == _I.amount_minor),
            isouter=True,
        )
        .where(_I.payment_id.is_not(None))
        .where(allocation.c.id.is_(None) | (payment.c.fulfilment != Fulfilment.DONE))
    )
    for row in connection.execute(query):
        yield f"instalments:{row.number}", "instalment_unpaid", {"day": row.due_on.isoformat()}


def _firsts(connection: Connection) -> Iterator[Difference]:
    """A bulk order's first payment is the sum of the first days of its orders."""
    first = (
        select(_O.bulk_order_id, func.sum(_I.amount_minor).label("summed"))
        .join(instalment, (_I.order_id == _O.id) & (_I.number == 1))
        .group_by(_O.bulk_order_id)
        .subquery()
    )
    query = select(bulk_order.c.number, bulk_order.c.first_total_minor, bulk_order.c.currency, first.c.summed).join(
        first, first.c.bulk_order_id == bulk_order.c.id, isouter=True
    )
    for row in connection.execute(query.where(func.coalesce(first.c.summed, 0) != bulk_order.c.first_total_minor)):
        kept, summed = Money(row.first_total_minor, row.currency), Money(int(row.summed or 0), row.currency)
        yield f"instalments:{row.number}", "schedule_first", {"kept": kept, "summed": summed}


def _stock(connection: Connection) -> Iterator[Difference]:
    """An order that waits or lives holds its pieces; one that never began holds none, any other that is over all
    of them or none."""
    held = (
        select(stock_move.c.instalment_order_id, (-func.sum(stock_move.c.quantity)).label("held"))
        .where(stock_move.c.instalment_order_id.is_not(None))
        .group_by(stock_move.c.instalment_order_id)
        .subquery()
    )
    over = _O.state == _S.CANCELLED
    came_back = func.coalesce(held.c.held, 0) <= 0
    wanted = case((over & (came_back | _O.activated_at.is_(None)), 0), else_=_O.quantity)
    query = select(_O.number, wanted.label("wanted"), func.coalesce(held.c.held, 0).label("held"))
    query = query.join(held, held.c.instalment_order_id == _O.id, isouter=True)
    for row in connection.execute(query.where(wanted != func.coalesce(held.c.held, 0))):
        yield f"instalments:{row.number}", "stock_held", {"wanted": int(row.wanted), "held": int(row.held)}


def _states(connection: Connection) -> Iterator[Difference]:
    """All orders of a bulk order wait, or have begun, or ended with it."""
    bulk = bulk_order.c
    fits = case(
        (_O.state == _S.PENDING, bulk.state == BulkState.PENDING),
        (_O.state.in_(_LIVING), bulk.state == BulkState.ACTIVE),
        else_=bulk.state != BulkState.PENDING,
    )
    query = select(_O.number, bulk.number.label("bulk")).join(bulk_order, bulk.id == _O.bulk_order_id)
    for row in connection.execute(query.where(~fits)):
        yield f"instalments:{row.number}", "bulk_state", {"bulk": row.bulk}


def _uses(connection: Connection) -> Iterator[Difference]:
    """A coupon's count is that of its uses; an order that waits holds its use, one that lives has used it."""
    counted = (
        select(_U.coupon_id, func.count().label("uses"))
        .where(_U.state.in_((CouponUse.HELD, CouponUse.USED)))
        .group_by(_U.coupon_id)
        .subquery()
    )
    uses = func.coalesce(counted.c.uses, 0)
    query = select(coupon.c.code, coupon.c.used_count, uses.label("uses"))
    query = query.join(counted, counted.c.coupon_id == coupon.c.id, isouter=True)
    for row in connection.execute(query.where(coupon.c.used_count != uses)):
        values = {"coupon": row.code, "kept": row.used_count, "counted": int(row.uses)}
        yield f"coupon:{row.code}", "coupon_count", values
    fits = case(
        (_O.state == _S.PENDING, _U.state == CouponUse.HELD),
        (_O.state.in_(_LIVING), _U.state == CouponUse.USED),
        else_=_U.state != CouponUse.HELD,
    )
    owing = select(_O.number).join(coupon_use, _U.order_id == _O.id, isouter=True).where(_O.coupon_id.is_not(None))
    for row in connection.execute(owing.where(_U.id.is_(None) | ~fits)):
        yield f"instalments:{row.number}", "coupon_use", {}
