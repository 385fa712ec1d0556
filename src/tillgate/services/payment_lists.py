"""Payments as a list: searched, filtered, sorted and summed, as quick at a million rows as at a hundred."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, func, literal_column, select, true

from tillgate.domain.errors import Bug
from tillgate.domain.money import Money
from tillgate.domain.payment import ENDED_UNPAID, WAITING, PaymentState
from tillgate.domain.staff import Action, Actor
from tillgate.services import calls, payment_search
from tillgate.services.access import authorize
from tillgate.services.till import Till
from tillgate.store.keyset import Key, page
from tillgate.store.models import (
    capture,
    money_exception,
    payment,
    payment_attempt,
    provider_call,
    sales_order,
)


class Group(StrEnum):
    """States that belong together in a list: for figures and for what waits."""

    UNDER_WAY = "under_way"
    WAITING = "waiting"
    TAKEN = "taken"
    NOT_PAID = "not_paid"
    GIVEN_BACK = "given_back"


_P = PaymentState
GROUPS: Final[dict[Group, frozenset[PaymentState]]] = {
    # What the status bar counts: money that is not certain yet.
    Group.UNDER_WAY: WAITING | {_P.REFUND_PENDING},
    Group.WAITING: WAITING,
    # Reached through CAPTURED only, so that money came, whatever became of it.
    Group.TAKEN: frozenset({_P.CAPTURED, _P.REFUND_PENDING, _P.PARTIALLY_REFUNDED, _P.REFUNDED}),
    Group.NOT_PAID: ENDED_UNPAID,
    Group.GIVEN_BACK: frozenset({_P.REFUND_PENDING, _P.PARTIALLY_REFUNDED, _P.REFUNDED}),
}
# The numbers of a payment that has none.
_NONE: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class PaymentQuery:
    """What the list is narrowed to; days are the store's, both included. `states` empty means any.

    `sort` is "created" or "amount".
    """

    text: str = ""
    states: frozenset[PaymentState] = frozenset()
    late: bool = False
    provider: str = ""
    first_day: date | None = None
    last_day: date | None = None
    sort: str = "created"
    descending: bool = True


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment in a list. `amount` was asked; `captured` came, and `refunded` of it went back or is on its way.
    `reference` and `method` are those of its newest checkout; `unsure` means that a call's outcome is not known;
    `exceptions` counts the open ones.
    """

    id: int
    state: PaymentState
    amount: Money
    captured: Money
    refunded: Money
    created_at: datetime
    captured_at: datetime | None
    late: bool
    provider: str
    method: str
    reference: str
    payer_name: str
    orders: tuple[str, ...]
    exceptions: int
    unsure: bool


@dataclass(frozen=True, slots=True)
class PaymentSummary:
    """How many payments a list has, and by currency what was captured for them, less what was given back."""

    count: int
    totals: Mapping[str, Money]


_SORTS: Final[dict[str, tuple[ColumnElement[Any], ...]]] = {
    "created": (payment.c.created_at, payment.c.id),
    "amount": (payment.c.amount_minor, payment.c.id),
}
_SHOWN: Final = (
    payment.c.id,
    payment.c.state,
    payment.c.amount_minor,
    payment.c.currency,
    payment.c.created_at,
    payment.c.captured_at,
    payment.c.late,
    payment.c.provider,
    payment.c.payer_name,
)


def list_payments(
    till: Till, actor: Actor, query: PaymentQuery, *, after: Key | None = None, skip: int = 0, limit: int = 100
) -> tuple[PaymentRow, ...]:
    """A page of the list behind a payment's `payment_key`."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        chosen = select(*_SHOWN).where(*_conditions(connection, till, query))
        wanted = page(chosen, _SORTS[query.sort], descending=query.descending, after=after, skip=skip, limit=limit)
        return _dressed(connection, connection.execute(wanted).all())


def payment_key(query: PaymentQuery, row: PaymentRow) -> Key:
    """Where a row stands in the list."""
    return (row.created_at if query.sort == "created" else row.amount.minor, row.id)


def summarize_payments(till: Till, actor: Actor, query: PaymentQuery) -> PaymentSummary:
    """The count and the sums of the list."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        conditions = _conditions(connection, till, query)
        count = connection.execute(select(func.count()).select_from(payment).where(*conditions)).scalar_one()
        kept = func.sum(capture.c.amount_minor - capture.c.refunded_minor)
        summed = select(capture.c.currency, kept).group_by(capture.c.currency).order_by(capture.c.currency)
        if conditions:
            summed = summed.join(payment, payment.c.id == capture.c.payment_id).where(*conditions)
        else:
            summed = summed.where(capture.c.payment_id.is_not(None))
        totals = {row[0]: Money(int(row[1]), row[0]) for row in connection.execute(summed)}
    return PaymentSummary(count, totals)


def list_providers(till: Till, actor: Actor) -> tuple[str, ...]:
    """The providers that any payment went through: what a list can be filtered by."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        return tuple(payment_search.providers_in_use(connection))


def day_begins(till: Till, day: date) -> datetime:
    """The instant at which a day of the store begins."""
    return datetime.combine(day, time(), till.zone)


def _conditions(connection: Connection, till: Till, query: PaymentQuery) -> list[ColumnElement[bool]]:
    if query.sort not in _SORTS:
        raise Bug("sort_unknown", sort=query.sort)
    conditions: list[ColumnElement[bool]] = []
    if query.first_day is not None:
        conditions.append(payment.c.created_at >= day_begins(till, query.first_day))
    if query.last_day is not None:
        conditions.append(payment.c.created_at < day_begins(till, query.last_day + timedelta(days=1)))
    text = query.text.strip()
    if text:
        conditions.append(payment_search.found_by(connection, text))
    if query.provider:
        conditions.append((payment.c.provider == query.provider).is_(true()))
    for narrowing in _narrowings(query):
        # Without statistics SQLite takes any index that fits a condition, and then sorts nearly everything. `IS TRUE`
        # keeps it on the order's index, unless the rows are few.
        drives = not text and payment_search.are_few(connection, select(payment.c.id).where(narrowing))
        conditions.append(narrowing if drives else narrowing.is_(true()))
    return conditions


def _narrowings(query: PaymentQuery) -> Iterator[ColumnElement[bool]]:
    if query.states:
        yield payment.c.state.in_(sorted(query.states))
    if query.late:
        # Written out, so that the partial index serves it.
        yield payment.c.late == literal_column("1")


def _dressed(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[PaymentRow, ...]:
    """With what stands in other tables: five look-ups for a page, whatever its length."""
    ids = [row.id for row in rows]
    newest = _newest_attempts(connection, ids)
    orders = _orders(connection, ids)
    came, went = func.sum(capture.c.amount_minor), func.sum(capture.c.refunded_minor)
    money = _of_each(connection, select(capture.c.payment_id, came, went), ids)
    opened = select(money_exception.c.payment_id, func.count()).where(money_exception.c.closed_at.is_(None))
    exceptions = _of_each(connection, opened, ids)
    unsure = _unsure(connection, [row.id for row in rows if row.state in WAITING])
    return tuple(
        PaymentRow(
            id=row.id,
            state=row.state,
            amount=Money(row.amount_minor, row.currency),
            captured=Money(money.get(row.id, _NONE)[0], row.currency),
            refunded=Money(money.get(row.id, _NONE)[1], row.currency),
            created_at=row.created_at,
            captured_at=row.captured_at,
            late=bool(row.late),
            provider=row.provider,
            method=newest.get(row.id, ("", ""))[0],
            reference=newest.get(row.id, ("", ""))[1],
            payer_name=row.payer_name,
            orders=tuple(orders[row.id]),
            exceptions=exceptions.get(row.id, _NONE)[0],
            unsure=row.id in unsure,
        )
        for row in rows
    )


def _newest_attempts(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    table = payment_attempt.c
    query = select(table.payment_id, table.method, table.reference).where(table.payment_id.in_(ids))
    found = connection.execute(query.order_by(table.id))
    return {payment_id: (method, reference) for payment_id, method, reference in found}


def _orders(connection: Connection, ids: Sequence[int]) -> Mapping[int, list[str]]:
    query = select(sales_order.c.payment_id, sales_order.c.number).where(sales_order.c.payment_id.in_(ids))
    found: dict[int, list[str]] = defaultdict(list)
    for payment_id, number in connection.execute(query.order_by(sales_order.c.id)):
        found[payment_id].append(number)
    return found


def _of_each(connection: Connection, query: Select[Any], ids: Sequence[int]) -> dict[int, list[int]]:
    """The numbers of a query by the payment that stands before them."""
    owner = query.selected_columns[0]
    rows = connection.execute(query.where(owner.in_(ids)).group_by(owner))
    return {payment_id: [int(number) for number in numbers] for payment_id, *numbers in rows}


def _unsure(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those among waiting payments of which it is not known what their provider has (`PaymentView.checking`)."""
    if not ids:
        return set()
    live = payment_attempt.c.payment_id.in_(ids) & (payment_attempt.c.live == 1)
    of = provider_call.c.attempt_id == payment_attempt.c.id
    last = select(func.max(provider_call.c.id)).where(of).correlate(payment_attempt).scalar_subquery()
    query = select(payment_attempt.c.payment_id).join(provider_call, provider_call.c.id == last)
    sent = payment_attempt.c.provider_id.is_(None) & calls.was_sent("create", of=payment_attempt.c.id)
    found = connection.execute(query.where(live, provider_call.c.outcome.in_(calls.UNSURE) | sent))
    return {row.payment_id for row in found}
