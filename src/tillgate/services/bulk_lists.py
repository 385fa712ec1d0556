"""Bulk orders as screens and the document show them: one with all of its sums, a customer's, the shop's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, false, func, or_, select

from tillgate.domain.catalogue import search_words
from tillgate.domain.errors import NotFound
from tillgate.domain.instalments import (
    CURRENCY,
    BulkState,
    InstalmentOrderState,
    InstalmentState,
    clean_bulk_number,
    clean_order_number,
)
from tillgate.domain.money import Money, total
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.bulk_orders import Placed, read_placed
from tillgate.services.customers import CustomerRecord, load_customer_in
from tillgate.services.instalment_rows import (
    BulkRecord,
    InstalmentOrderRecord,
    InstalmentRecord,
    find_bulk,
)
from tillgate.services.records import columns, record
from tillgate.services.till import Till
from tillgate.store.keyset import Key, page
from tillgate.store.models import bulk_order, customer, instalment, instalment_order, payment_attempt
from tillgate.store.search import matching

_B: Final = bulk_order.c
_BULK: Final = columns(BulkRecord, bulk_order)
_ORDERS: Final = columns(InstalmentOrderRecord, instalment_order)
_INSTALMENT: Final = columns(InstalmentRecord, instalment)
_ORDER: Final = (_B.created_at, _B.id)


@dataclass(frozen=True, slots=True)
class BulkSummary:
    """What all orders of a bulk order come to together (seed 001, 3); cancelled ones owe nothing any more.

    `returned` is what of `paid` went back while its instalments stay paid.
    """

    orders: int
    total: Money
    paid: Money
    returned: Money
    first_total: Money
    remaining: Money
    counts: Mapping[InstalmentOrderState, int]


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """An instalment that was paid or is the first one. `provider_id` is the checkout's, "" where there was none."""

    instalment: InstalmentRecord
    amount: Money
    provider_id: str


@dataclass(frozen=True, slots=True)
class BulkDetails:
    """A bulk order with everything that belongs to it."""

    placed: Placed
    customer: CustomerRecord
    summary: BulkSummary
    payments: tuple[PaymentLine, ...]


@dataclass(frozen=True, slots=True)
class BulkQuery:
    """What the list is narrowed to: `text` is a bulk order's or an order's number, or the beginning of a customer's
    name or number. `states` empty means any; days are the store's, both included."""

    text: str = ""
    states: frozenset[BulkState] = frozenset()
    customer_id: int | None = None
    first: date | None = None
    last: date | None = None
    descending: bool = True


@dataclass(frozen=True, slots=True)
class BulkRow:
    """A bulk order in a list, with its orders."""

    bulk: BulkRecord
    customer: str
    orders: tuple[InstalmentOrderRecord, ...]
    summary: BulkSummary


def load_bulk_details(till: Till, actor: Actor, number: str) -> BulkDetails:
    """By the bulk order's number, however it was typed. Raises NotFound("bulk_unknown")."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    clean = clean_bulk_number(number)
    with till.db.read() as connection:
        found = find_bulk(connection, clean) if clean is not None else None
        if found is None:
            raise NotFound("bulk_unknown", bulk=number.strip()[:40])
        placed = read_placed(connection, found.id)
        whose = load_customer_in(connection, found.customer_id)
        lines = _payment_lines(connection, placed)
    return BulkDetails(placed, whose, summarize(placed.bulk, placed.orders), lines)


def list_bulk_orders(
    till: Till, actor: Actor, query: BulkQuery, *, after: Key | None = None, skip: int = 0, limit: int = 100
) -> tuple[BulkRow, ...]:
    """A page of the list, by when they were placed."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        chosen = (
            select(*_BULK, customer.c.name.label("customer_name"))
            .join(customer, customer.c.id == _B.customer_id)
            .where(*_conditions(connection, query))
        )
        paged = page(chosen, _ORDER, descending=query.descending, after=after, skip=skip, limit=limit)
        return _rows(connection, connection.execute(paged).all())


def bulk_key(row: BulkRow) -> Key:
    """What the next page begins behind."""
    return (row.bulk.created_at, row.bulk.id)


def count_bulk_orders(till: Till, actor: Actor, query: BulkQuery) -> int:
    """How many the list has."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        counted = select(func.count()).select_from(bulk_order).where(*_conditions(connection, query))
        return int(connection.execute(counted).scalar_one())


def list_customers_bulks(till: Till, actor: Actor, customer_id: int) -> tuple[BulkRow, ...]:
    """All of a customer's bulk orders, the newest first (seed 001, 4). Raises NotFound("customer_unknown")."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        load_customer_in(connection, customer_id)
        mine = select(*_BULK, customer.c.name.label("customer_name")).join(customer, customer.c.id == _B.customer_id)
        found = mine.where(_B.customer_id == customer_id).order_by(_B.created_at.desc(), _B.id.desc())
        return _rows(connection, connection.execute(found).all())


def summarize(bulk: BulkRecord, orders: Sequence[InstalmentOrderRecord]) -> BulkSummary:
    """Totals and counts of a bulk order's orders."""
    counted = Counter(each.state for each in orders)
    return BulkSummary(
        orders=len(orders),
        total=total((each.total for each in orders), CURRENCY),
        paid=total((each.paid for each in orders), CURRENCY),
        returned=total((each.returned for each in orders), CURRENCY),
        first_total=bulk.first_total,
        remaining=total((each.remaining for each in orders), CURRENCY),
        counts={state: counted[state] for state in InstalmentOrderState},
    )


def _payment_lines(connection: Connection, placed: Placed) -> tuple[PaymentLine, ...]:
    """By order, then day: what was paid, and the first ones whether paid or not."""
    mine = instalment.c.order_id.in_([each.id for each in placed.orders])
    shown = (instalment.c.state == InstalmentState.PAID) | (instalment.c.number == 1)
    query = select(*_INSTALMENT).where(mine, shown).order_by(instalment.c.order_id, instalment.c.number)
    rows = [record(InstalmentRecord, row) for row in connection.execute(query)]
    first = placed.bulk.first_payment_id
    wanted = {each.payment_id for each in rows if each.payment_id is not None} | ({first} if first else set())
    asked = select(payment_attempt.c.payment_id, payment_attempt.c.provider_id)
    asked = asked.where(payment_attempt.c.payment_id.in_(wanted), payment_attempt.c.provider_id.is_not(None))
    # Of several checkouts the last one is the one that counts.
    named = {row.payment_id: row.provider_id for row in connection.execute(asked.order_by(payment_attempt.c.id))}
    return tuple(
        PaymentLine(each, Money(each.amount_minor, CURRENCY), named.get(each.payment_id or first, "")) for each in rows
    )


def _rows(connection: Connection, found: Sequence[Any]) -> tuple[BulkRow, ...]:
    """With the orders of all of them in one look."""
    by_bulk: dict[int, list[InstalmentOrderRecord]] = {row.id: [] for row in found}
    mine = select(*_ORDERS).where(instalment_order.c.bulk_order_id.in_(by_bulk))
    for row in connection.execute(mine.order_by(instalment_order.c.bulk_order_id, instalment_order.c.position)):
        by_bulk[row.bulk_order_id].append(record(InstalmentOrderRecord, row))
    return tuple(_row(row, by_bulk[row.id]) for row in found)


def _row(row: Any, orders: Sequence[InstalmentOrderRecord]) -> BulkRow:
    found = record(BulkRecord, row)
    return BulkRow(found, row.customer_name, tuple(orders), summarize(found, orders))


def _conditions(connection: Connection, query: BulkQuery) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if query.text.strip():
        wanted.append(_matches(connection, query.text))
    if query.states:
        wanted.append(_B.state.in_(sorted(query.states)))
    if query.customer_id is not None:
        wanted.append(_B.customer_id == query.customer_id)
    if query.first is not None:
        wanted.append(_B.day >= query.first)
    if query.last is not None:
        wanted.append(_B.day <= query.last)
    return wanted


def _matches(connection: Connection, text: str) -> ColumnElement[bool]:
    bulk, order, words = clean_bulk_number(text), clean_order_number(text), search_words(text)
    if bulk is not None:
        return _B.number == bulk
    if order is not None:
        return _B.id.in_(select(instalment_order.c.bulk_order_id).where(instalment_order.c.number == order))
    if not words:
        return false()
    people = select(customer.c.id).where(matching(connection, customer, words))
    return or_(_B.customer_id.in_(people))
