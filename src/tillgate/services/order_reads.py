"""Orders as lists and details show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from tillgate.domain.catalogue import search_words
from tillgate.domain.errors import NotFound
from tillgate.domain.money import Money
from tillgate.domain.orders import InvoiceState, OrderState
from tillgate.domain.payment import PaymentState
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.credit_notes import CreditNoteRecord, list_notes_of
from tillgate.services.customers import cleaned
from tillgate.services.records import record
from tillgate.services.till import Till
from tillgate.store.keyset import Key, page
from tillgate.store.models import customer, order_item, payment, rental_day, sales_invoice, sales_order, vendor
from tillgate.store.search import matching

# Far above any number a till has given.
_LAST: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order in a list; the customer's name is empty for a walk-in."""

    id: int
    number: str
    payment_id: int
    cart_id: int | None
    vendor_id: int
    vendor_name: str
    customer_id: int | None
    customer_name: str | None
    state: OrderState
    currency: str
    items_minor: int
    deposit_minor: int
    fee_minor: int
    tax_minor: int
    total_minor: int
    till_id: str
    created_at: datetime
    payment_state: PaymentState
    invoice_id: int | None
    invoice_number: str | None
    invoice_state: InvoiceState | None
    cancelled_at: datetime | None = None

    @property
    def total(self) -> Money:
        """What it comes to."""
        return Money(self.total_minor, self.currency)


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One item of an order; `units` are the rented units."""

    id: int
    position: int
    product_id: int
    variant_id: int
    description: str
    quantity: int
    unit_price: Money
    unit_deposit: Money
    tax: Money
    tax_name: str
    start_on: date | None
    end_on: date | None
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """An order with its items, and the credit notes that reverse its invoice."""

    order: OrderRecord
    items: tuple[ItemRecord, ...]
    credit_notes: tuple[CreditNoteRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderQuery:
    """What the list is narrowed to; days are the store's. `sort` is "created", "number" or "total"."""

    text: str = ""
    state: OrderState | None = None
    vendor_id: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    sort: str = "created"
    descending: bool = True


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """How many orders a list has, and what was ordered by currency: what was given back since is not taken off."""

    count: int
    totals: Mapping[str, Money]


_OWN: Final = (
    *(column for column in sales_order.c if column.name != "version"),
    vendor.c.name.label("vendor_name"),
    customer.c.name.label("customer_name"),
    payment.c.state.label("payment_state"),
    sales_invoice.c.id.label("invoice_id"),
    sales_invoice.c.number.label("invoice_number"),
    sales_invoice.c.state.label("invoice_state"),
)
_ORDERS: Final[Select[Any]] = (
    select(*_OWN)
    .join(vendor, vendor.c.id == sales_order.c.vendor_id)
    .join(payment, payment.c.id == sales_order.c.payment_id)
    .outerjoin(customer, customer.c.id == sales_order.c.customer_id)
    .outerjoin(sales_invoice, sales_invoice.c.order_id == sales_order.c.id)
)
_SORTS: Final[dict[str, tuple[ColumnElement[Any], ...]]] = {
    "created": (sales_order.c.id,),
    "number": (sales_order.c.number,),
    "total": (sales_order.c.total_minor, sales_order.c.id),
}


def list_orders(
    till: Till, actor: Actor, query: OrderQuery, *, after: Key | None = None, skip: int = 0, limit: int = 100
) -> tuple[OrderRecord, ...]:
    """A page of the list behind an order's `order_key`."""
    authorize(till, actor, Action.VIEW_ORDERS)
    with till.db.read() as connection:
        chosen = _ORDERS.where(*_conditions(connection, till, query))
        wanted = page(chosen, _SORTS[query.sort], descending=query.descending, after=after, skip=skip, limit=limit)
        return tuple(record(OrderRecord, row) for row in connection.execute(wanted))


def order_key(query: OrderQuery, row: OrderRecord) -> Key:
    """Where a row stands in the list."""
    keys: dict[str, Key] = {"created": (row.id,), "number": (row.number,), "total": (row.total_minor, row.id)}
    return keys[query.sort]


def summarize_orders(till: Till, actor: Actor, query: OrderQuery) -> OrderSummary:
    """The count and the sums of the list."""
    authorize(till, actor, Action.VIEW_ORDERS)
    with till.db.read() as connection:
        summed = (
            select(sales_order.c.currency, func.count(), func.sum(sales_order.c.total_minor))
            .where(*_conditions(connection, till, query))
            .group_by(sales_order.c.currency)
        )
        rows = [(row[0], int(row[1]), int(row[2])) for row in connection.execute(summed)]
    return OrderSummary(sum(row[1] for row in rows), {row[0]: Money(row[2], row[0]) for row in rows})


def load_order(till: Till, actor: Actor, order_id: int) -> OrderDetail:
    """Raises NotFound("order_unknown")."""
    authorize(till, actor, Action.VIEW_ORDERS)
    with till.db.read() as connection:
        row = connection.execute(_ORDERS.where(sales_order.c.id == order_id)).one_or_none()
        if row is None:
            raise NotFound("order_unknown", order=order_id)
        found = record(OrderRecord, row)
        return _detail(connection, found)


def list_orders_of(till: Till, actor: Actor, payment_id: int) -> tuple[OrderDetail, ...]:
    """The orders that a payment made, by vendor."""
    authorize(till, actor, Action.VIEW_ORDERS)
    with till.db.read() as connection:
        rows = connection.execute(_ORDERS.where(sales_order.c.payment_id == payment_id).order_by(sales_order.c.id))
        found = [record(OrderRecord, row) for row in rows.all()]
        return tuple(_detail(connection, each) for each in found)


def _detail(connection: Connection, order: OrderRecord) -> OrderDetail:
    return OrderDetail(order, _items(connection, order), tuple(list_notes_of(connection, [order.id])))


def _items(connection: Connection, order: OrderRecord) -> tuple[ItemRecord, ...]:
    let_out: dict[int, set[int]] = {}
    units = (
        select(rental_day.c.order_item_id, rental_day.c.unit)
        .join(order_item, order_item.c.id == rental_day.c.order_item_id)
        .where(order_item.c.order_id == order.id)
        .distinct()
    )
    for row in connection.execute(units):
        let_out.setdefault(row.order_item_id, set()).add(row.unit)
    query = select(order_item).where(order_item.c.order_id == order.id).order_by(order_item.c.position)
    return tuple(
        ItemRecord(
            id=row.id,
            position=row.position,
            product_id=row.product_id,
            variant_id=row.variant_id,
            description=row.description,
            quantity=row.quantity,
            unit_price=Money(row.unit_price_minor, order.currency),
            unit_deposit=Money(row.unit_deposit_minor, order.currency),
            tax=Money(row.tax_minor, order.currency),
            tax_name=row.tax_name,
            start_on=row.start_on,
            end_on=row.end_on,
            units=tuple(sorted(let_out.get(row.id, ()))),
        )
        for row in connection.execute(query)
    )


def _conditions(connection: Connection, till: Till, query: OrderQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if words := cleaned(query.text).strip():
        conditions.append(_found_by(connection, till, words))
    if query.state is not None:
        conditions.append(sales_order.c.state == query.state)
    if query.vendor_id is not None:
        conditions.append(sales_order.c.vendor_id == query.vendor_id)
    if query.first_day is not None:
        conditions.append(sales_order.c.created_at >= _begins(till, query.first_day))
    if query.last_day is not None:
        conditions.append(sales_order.c.created_at < _begins(till, query.last_day + timedelta(days=1)))
    return conditions


def _begins(till: Till, day: date) -> datetime:
    return datetime.combine(day, time(), till.zone)


def _found_by(connection: Connection, till: Till, text: str) -> ColumnElement[bool]:
    """By number (its beginning, or this till's bare digits), by customer, or by the beginning of the vendor's name."""
    upper = text.upper()
    found: list[ColumnElement[bool]] = [sales_order.c.number.between(upper, upper + _LAST)]
    if text.isascii() and text.isdigit():
        found.append(sales_order.c.number == f"ORD-{till.id}-{int(text):06d}")
    words = search_words(text)
    if words:
        people = select(customer.c.id).where(matching(connection, customer, words))
        found.append(sales_order.c.customer_id.in_(people))
    named = func.lower(vendor.c.name).startswith(text.lower(), autoescape=True)
    found.append(sales_order.c.vendor_id.in_(select(vendor.c.id).where(named)))
    return or_(*found)
