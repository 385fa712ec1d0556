"""What instalment orders owe: until today, overdue, in the days to come; for the shop, a customer or one order.

Days are the store's local ones (ruling 15). Only active orders owe: one that waits for its first payment does not yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Subquery, case, func, or_, select

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


class When(StrEnum):
    """Which orders are meant, by what they owe."""

    DUE = "due"
    OVERDUE = "overdue"
    TODAY = "today"
    UPCOMING = "upcoming"


@dataclass(frozen=True, slots=True)
class DuesQuery:
    """`text` means a customer by name, phone or number, or an order or bulk order by its own number."""

    when: When = When.DUE
    customer_id: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class OrderDues:
    """One active order and what it owes. `oldest` is its earliest unpaid day among those asked about; `paying` the
    payment that is open for some of its instalments, so that it is gone on with rather than asked for again."""

    order_id: int
    number: str
    bulk_number: str
    customer_id: int
    customer: str
    product_name: str
    oldest: date
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
    customers: int
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
        owing = _owing(connection, query, today)
        chosen = (
            select(
                owing, _O.number, bulk_order.c.number.label("bulk_number"), _O.customer_id, _O.product_name,
                customer.c.name, _O.total_minor, _O.paid_minor, _O.total_days, _O.paid_count,
            )
            .join(instalment_order, _O.id == owing.c.order_id)
            .join(bulk_order, bulk_order.c.id == _O.bulk_order_id)
            .join(customer, customer.c.id == _O.customer_id)
        )  # fmt: skip
        order = (owing.c.oldest, owing.c.order_id)
        rows = connection.execute(page(chosen, order, descending=False, after=after, skip=skip, limit=limit)).all()
        open_payments = list_open_payments(connection, [row.order_id for row in rows])
    return tuple(_dues(row, open_payments.get(row.order_id)) for row in rows)


def dues_key(row: OrderDues) -> Key:
    """Where a row stands in the list."""
    return (row.oldest, row.order_id)


def sum_dues(till: Till, actor: Actor, query: DuesQuery) -> DuesSum:
    """How many orders of how many customers owe, and how much."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    today = till.store_day(till.clock.now())
    with till.db.read() as connection:
        owing = _owing(connection, query, today)
        sums = [func.coalesce(func.sum(owing.c[name]), 0) for name in ("overdue", "today", "upcoming")]
        counted = select(func.count(), func.count(_O.customer_id.distinct()), *sums)
        row = connection.execute(counted.join_from(owing, instalment_order, _O.id == owing.c.order_id)).one()
    orders, customers, *amounts = (int(each) for each in row)
    return DuesSum(orders, customers, *(Money(minor, CURRENCY) for minor in amounts))


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


def _owing(connection: Connection, query: DuesQuery, today: date) -> Subquery:
    """What each order owes in the days that the query is about: a read of the index of unpaid instalments alone,
    but for who is active."""
    last = today + timedelta(days=UPCOMING_DAYS) if query.when is When.UPCOMING else today
    late, now, later = _I.due_on < today, _I.due_on == today, _I.due_on > today
    sums = {"overdue": late, "today": now, "upcoming": later}
    chosen: Select[Any] = (
        select(
            _I.order_id,
            func.min(_I.due_on).label("oldest"),
            func.sum(case((late, 1), else_=0)).label("overdue_days"),
            *(func.sum(case((part, _I.amount_minor), else_=0)).label(name) for name, part in sums.items()),
        )
        .join(instalment_order, _O.id == _I.order_id)
        .where(_I.state == InstalmentState.DUE, _I.due_on <= last, _O.state == InstalmentOrderState.ACTIVE)
        .where(*_those(connection, query))
        .group_by(_I.order_id)
    )
    wanted = {When.OVERDUE: late, When.TODAY: now, When.UPCOMING: later}.get(query.when)
    if wanted is not None:
        chosen = chosen.having(func.sum(case((wanted, 1), else_=0)) > 0)
    return chosen.subquery()


def _those(connection: Connection, query: DuesQuery) -> Sequence[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if query.customer_id is not None:
        wanted.append(_O.customer_id == query.customer_id)
    seen = cleaned(query.text).strip()
    if seen:
        theirs = _O.customer_id.in_(select(customer.c.id).where(is_patient(connection, seen)))
        bulk = _O.bulk_order_id.in_(select(bulk_order.c.id).where(bulk_order.c.number == seen.upper()))
        wanted.append(or_(theirs, _O.number == seen.upper(), bulk))
    return wanted


def _dues(row: Any, paying: int | None) -> OrderDues:
    return OrderDues(
        order_id=row.order_id,
        number=row.number,
        bulk_number=row.bulk_number,
        customer_id=row.customer_id,
        customer=row.name,
        product_name=row.product_name,
        oldest=row.oldest,
        overdue=Money(int(row.overdue), CURRENCY),
        overdue_days=int(row.overdue_days),
        today=Money(int(row.today), CURRENCY),
        upcoming=Money(int(row.upcoming), CURRENCY),
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
