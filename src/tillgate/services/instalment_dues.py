"""What instalment orders owe: until today, overdue, in the days to come; for the shop, a customer or one order.

Days are the store's local ones (ruling 15). Only active orders owe: one that waits for its first payment does not yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, case, func, or_, select, true

from tillgate.domain.instalments import CURRENCY, INSTALMENT_THING, InstalmentOrderState, InstalmentState
from tillgate.domain.money import Money
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.customers import cleaned
from tillgate.services.open_fees import is_patient
from tillgate.services.till import Till
from tillgate.store.keyset import Key, page
from tillgate.store.models import allocation, bulk_order, customer, instalment, instalment_order

# How far "upcoming" looks ahead.
UPCOMING_DAYS: Final = 7
_I, _O = instalment.c, instalment_order.c
# Of an order that is paid further ahead than that.
_NOTHING: Final = (0, 0, 0, 0, 0)


class When(StrEnum):
    """Which orders are meant, by what they owe."""

    DUE = "due"
    OVERDUE = "overdue"
    TODAY = "today"
    UPCOMING = "upcoming"
    # Any unpaid day: what may be paid ahead too. Of a customer, since it is nearly everything of a shop.
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class DuesQuery:
    """`text` means a customer by name, phone or number, or an order or bulk order by its own number."""

    when: When = When.DUE
    customer_id: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class OrderDues:
    """One active order and what it owes until today and in the next UPCOMING_DAYS. `first` is its earliest unpaid day
    among those asked about; `paying` the payment that is open for some of its instalments, so that it is gone on with
    rather than asked for again."""

    order_id: int
    number: str
    bulk_number: str
    customer_id: int
    customer: str
    phone: str
    product_name: str
    first: date
    overdue: Money
    overdue_days: int
    today: Money
    upcoming: Money
    remaining: Money
    remaining_days: int
    paying: int | None

    @property
    def due(self) -> Money:
        """What is owed until today."""
        return self.overdue + self.today

    @property
    def due_days(self) -> int:
        """How many instalments that is."""
        return self.overdue_days + int(bool(self.today))


@dataclass(frozen=True, slots=True)
class DuesSum:
    """All of them together."""

    orders: int
    overdue: Money
    today: Money
    upcoming: Money

    @property
    def due(self) -> Money:
        """What is owed until today."""
        return self.overdue + self.today


@dataclass(frozen=True, slots=True)
class ScheduleDay:
    """One instalment in the calendar of an order; `paying` is the payment that is open for it."""

    instalment_id: int
    order_id: int
    number: int
    due_on: date
    amount: Money
    state: InstalmentState
    payment_id: int | None
    paying: int | None
    overdue: bool


def list_dues(
    till: Till, actor: Actor, query: DuesQuery, *, after: Key | None = None, skip: int = 0, limit: int = 200
) -> tuple[OrderDues, ...]:
    """Orders that owe something, the longest overdue first, behind the row of `dues_key`."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    today = till.store_day(till.clock.now())
    with till.db.read() as connection:
        chosen = (
            select(
                _I.order_id, _I.due_on, _O.number, bulk_order.c.number.label("bulk_number"), _O.customer_id,
                _O.product_name, customer.c.name, customer.c.phone, _O.total_minor, _O.paid_minor, _O.total_days,
                _O.paid_count,
            )
            .join(instalment_order, _O.id == _I.order_id)
            .join(bulk_order, bulk_order.c.id == _O.bulk_order_id)
            .join(customer, customer.c.id == _O.customer_id)
            .where(*_owed(connection, query, today), _is_first(query.when, today))
        )  # fmt: skip
        order = (_I.due_on, _I.order_id)
        rows = connection.execute(page(chosen, order, descending=False, after=after, skip=skip, limit=limit)).all()
        ids = [row.order_id for row in rows]
        sums = _sums(connection, ids, today)
        open_payments = list_open_payments(connection, ids)
    return tuple(_dues(row, sums.get(row.order_id, _NOTHING), open_payments.get(row.order_id)) for row in rows)


def dues_key(row: OrderDues) -> Key:
    """Where a row stands in the list."""
    return (row.first, row.order_id)


def sum_dues(till: Till, actor: Actor, query: DuesQuery) -> DuesSum:
    """How many orders owe, and how much, in the days that the query is about."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    today = till.store_day(till.clock.now())
    counted = select(func.count(_I.order_id.distinct()), *(func.coalesce(part, 0) for part in _parts(today)))
    with till.db.read() as connection:
        orders, *amounts = connection.execute(counted.where(*_owed(connection, query, today))).one()
    return DuesSum(int(orders), *(Money(int(minor), CURRENCY) for minor in amounts))


def list_schedule(till: Till, actor: Actor, order_ids: Sequence[int]) -> tuple[ScheduleDay, ...]:
    """The calendar of one or several orders, by day, then order."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    today = till.store_day(till.clock.now())
    paying = allocation.alias("paying")
    held = (paying.c.thing_kind == INSTALMENT_THING) & (paying.c.thing_id == _I.id) & (paying.c.live == 1)
    query = (
        select(
            _I.id, _I.order_id, _I.number, _I.due_on, _I.amount_minor, _O.currency, _I.state, _I.payment_id,
            paying.c.payment_id.label("paying"),
        )
        .join(instalment_order, _O.id == _I.order_id)
        .join(paying, held, isouter=True)
        .where(_I.order_id.in_(order_ids))
        .order_by(_I.due_on, _I.order_id)
    )  # fmt: skip
    with till.db.read() as connection:
        return tuple(_day(row, today) for row in connection.execute(query))


def list_open_payments(connection: Connection, order_ids: Iterable[int]) -> dict[int, int]:
    """The payment that is open for instalments of an order, the first one where there are several."""
    held = (allocation.c.thing_kind == INSTALMENT_THING) & (allocation.c.live == 1)
    query = (
        select(_I.order_id, func.min(allocation.c.payment_id).label("payment_id"))
        .join(allocation, held & (allocation.c.thing_id == _I.id))
        .where(_I.order_id.in_(list(order_ids)), _I.state == InstalmentState.DUE)
        .group_by(_I.order_id)
    )
    return {int(row.order_id): int(row.payment_id) for row in connection.execute(query)}


def _days(when: When, today: date) -> ColumnElement[bool]:
    """Which days a query is about."""
    if when is When.OPEN:
        return true()
    if when is When.UPCOMING:
        return (_I.due_on > today) & (_I.due_on <= today + timedelta(days=UPCOMING_DAYS))
    return {When.DUE: _I.due_on <= today, When.OVERDUE: _I.due_on < today, When.TODAY: _I.due_on == today}[when]


def _owed(connection: Connection, query: DuesQuery, today: date) -> Sequence[ColumnElement[bool]]:
    """Unpaid instalments of active orders; those of a cancelled order are cancelled with it, so that the few which wait
    for their first payment are all that is left out, and the index of what is due is read alone."""
    waiting = select(_O.id).where(_O.state == InstalmentOrderState.PENDING)
    return (
        _I.state == InstalmentState.DUE,
        _days(query.when, today),
        _I.order_id.not_in(waiting),
        *_those(connection, query),
    )


def _is_first(when: When, today: date) -> ColumnElement[bool]:
    """Whether no earlier instalment of the same order is among those that the query is about."""
    earlier = instalment.alias("earlier")
    before = (
        (earlier.c.order_id == _I.order_id) & (earlier.c.state == InstalmentState.DUE) & (earlier.c.number < _I.number)
    )
    later = {When.UPCOMING: earlier.c.due_on > today, When.TODAY: earlier.c.due_on == today}.get(when)
    return ~select(earlier.c.id).where(before if later is None else before & later).exists()


def _parts(today: date) -> tuple[ColumnElement[int], ...]:
    """What of the instalments is overdue, of today, and to come."""
    parts = (_I.due_on < today, _I.due_on == today, _I.due_on > today)
    return tuple(func.sum(case((part, _I.amount_minor), else_=0)) for part in parts)


def _sums(connection: Connection, order_ids: Sequence[int], today: date) -> dict[int, Row[Any]]:
    """What each of a few orders owes in all, the next days included."""
    until = _I.due_on <= today + timedelta(days=UPCOMING_DAYS)
    late = func.sum(case((_I.due_on < today, 1), else_=0))
    query = (
        select(_I.order_id, late, *_parts(today))
        .where(_I.order_id.in_(order_ids), _I.state == InstalmentState.DUE, until)
        .group_by(_I.order_id)
    )
    return {int(row[0]): row for row in connection.execute(query)}


def _those(connection: Connection, query: DuesQuery) -> Sequence[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if query.customer_id is not None:
        wanted.append(_O.customer_id == query.customer_id)
    seen = cleaned(query.text).strip()
    if seen:
        theirs = _O.customer_id.in_(select(customer.c.id).where(is_patient(connection, seen)))
        bulk = _O.bulk_order_id.in_(select(bulk_order.c.id).where(bulk_order.c.number == seen.upper()))
        wanted.append(or_(theirs, _O.number == seen.upper(), bulk))
    return (_I.order_id.in_(select(_O.id).where(*wanted)),) if wanted else ()


def _dues(row: Any, sums: Sequence[Any], paying: int | None) -> OrderDues:
    _, overdue_days, overdue, today, upcoming = (int(each) for each in sums)
    return OrderDues(
        order_id=row.order_id,
        number=row.number,
        bulk_number=row.bulk_number,
        customer_id=row.customer_id,
        customer=row.name,
        phone=row.phone,
        product_name=row.product_name,
        first=row.due_on,
        overdue=Money(overdue, CURRENCY),
        overdue_days=overdue_days,
        today=Money(today, CURRENCY),
        upcoming=Money(upcoming, CURRENCY),
        remaining=Money(row.total_minor - row.paid_minor, CURRENCY),
        remaining_days=row.total_days - row.paid_count,
        paying=paying,
    )


def _day(row: Any, today: date) -> ScheduleDay:
    due = row.state is InstalmentState.DUE
    return ScheduleDay(
        instalment_id=row.id,
        order_id=row.order_id,
        number=row.number,
        due_on=row.due_on,
        amount=Money(row.amount_minor, row.currency),
        state=row.state,
        payment_id=row.payment_id,
        paying=row.paying if due else None,
        overdue=due and row.due_on < today,
    )
