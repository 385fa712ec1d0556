"""Sales invoices: one per order, numbered without gaps, final once made (product.md, ruling 3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Column, Connection, bindparam, select, update

from tillgate.domain.documents import Branding, InvoiceLine, Party
from tillgate.domain.errors import Bug, NotFound
from tillgate.domain.money import Money, total
from tillgate.domain.orders import InvoiceState, LineType
from tillgate.domain.payment import Mode
from tillgate.domain.settings import STORE_LANGUAGE
from tillgate.failpoints import fp
from tillgate.formats import written_day
from tillgate.i18n import Words, words_of
from tillgate.labels import tax_label
from tillgate.services.credit_notes import credit_due
from tillgate.services.letterheads import BRANDING, write_letterhead
from tillgate.services.metrics import observe
from tillgate.services.outbox import OutboxRecord
from tillgate.services.records import columns, record
from tillgate.services.till import Till
from tillgate.store.models import order_item, payment, sales_invoice, sales_invoice_line, sales_order, vendor
from tillgate.store.series import later_than, take_numbers
from tillgate.store.statements import Statement, insert_row, insert_rows
from tillgate.store.unit_of_work import UnitOfWork

_PREFIXES: Final = {Mode.LIVE: "INV", Mode.TEST: "TST", Mode.TRAINING: "TRN"}


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """A sales invoice without its lines."""

    id: int
    order_id: int
    payment_id: int
    vendor_id: int
    number: str
    state: InvoiceState
    currency: str
    total_minor: int
    letterhead: str
    created_at: datetime
    finalized_at: datetime | None

    @property
    def total(self) -> Money:
        """What it comes to."""
        return Money(self.total_minor, self.currency)


_INVOICE: Final = columns(InvoiceRecord, sales_invoice)


def load_invoice(connection: Connection, invoice_id: int) -> InvoiceRecord:
    """Raises NotFound("invoice_unknown")."""
    row = connection.execute(select(*_INVOICE).where(sales_invoice.c.id == invoice_id)).one_or_none()
    if row is None:
        raise NotFound("invoice_unknown", invoice=invoice_id)
    return record(InvoiceRecord, row)


def find_invoice(connection: Connection, order_id: int) -> InvoiceRecord | None:
    """The invoice of an order, once it is made."""
    row = connection.execute(select(*_INVOICE).where(sales_invoice.c.order_id == order_id)).one_or_none()
    return record(InvoiceRecord, row) if row else None


def list_invoices(connection: Connection, payment_id: int) -> list[InvoiceRecord]:
    """The invoices of a payment's orders, oldest first."""
    query = select(*_INVOICE).where(sales_invoice.c.payment_id == payment_id).order_by(sales_invoice.c.id)
    return [record(InvoiceRecord, row) for row in connection.execute(query)]


def list_lines(connection: Connection, invoice: InvoiceRecord) -> tuple[InvoiceLine, ...]:
    """The lines of an invoice in their order."""
    query = select(sales_invoice_line).where(sales_invoice_line.c.invoice_id == invoice.id)
    rows = connection.execute(query.order_by(sales_invoice_line.c.position))
    return tuple(
        InvoiceLine(
            row.type,
            row.description,
            row.quantity,
            Money(row.unit_price_minor, invoice.currency),
            Money(row.total_minor, invoice.currency),
        )
        for row in rows
    )


def make_invoice(till: Till, order_id: int) -> int:
    """Make the invoice of one order, unless it is there; its id. Raises NotFound("order_unknown")."""

    def work(uow: UnitOfWork) -> int:
        made = _make(uow, till, _BY_ORDER, order_id)
        if not made:
            raise NotFound("order_unknown", order=order_id)
        return made[0]

    invoice_id = till.db.transact(till.system, work)
    fp("invoice.after_commit")
    return invoice_id


def make_invoices(uow: UnitOfWork, till: Till, payment_id: int) -> tuple[int, ...]:
    """Make the invoices of all orders of a payment that have none; all their ids, in the order of the orders.

    Raises Bug("invoice_sum_mismatch") if an invoice's lines don't sum to its order to the minor unit.
    """
    return _make(uow, till, _BY_PAYMENT, payment_id)


def make_due(till: Till, row: OutboxRecord) -> str:
    """Outbox work of kind "invoice": {"payment_id"} for all orders of a payment, or {"order_id"} for one.

    One order whose invoice can't be made does not hold up the others; its error is raised at the end.
    """
    if "order_id" in row.payload:
        make_invoice(till, int(row.payload["order_id"]))
        return ""
    payment_id = int(row.payload["payment_id"])
    try:
        till.db.transact(till.system, lambda uow: make_invoices(uow, till, payment_id))
    except Bug:
        _make_each(till, payment_id)
    fp("invoice.after_commit")
    return ""


def _make_each(till: Till, payment_id: int) -> None:
    with till.db.read() as reading:
        orders = reading.execute(select(sales_order.c.id).where(sales_order.c.payment_id == payment_id))
        order_ids = [int(row.id) for row in orders]
    failures = []
    for order_id in order_ids:
        try:
            make_invoice(till, order_id)
        except Bug as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


@dataclass(frozen=True, slots=True)
class _Order:
    id: int
    number: str
    payment_id: int
    vendor_id: int
    currency: str
    fee_minor: int
    total_minor: int
    seller: Branding
    buyer: Party


@dataclass(frozen=True, slots=True)
class _Item:
    order_id: int
    description: str
    quantity: int
    unit_price_minor: int
    unit_deposit_minor: int
    tax_bp: int
    tax_name: str
    tax_minor: int
    start_on: date | None
    end_on: date | None


class _Reads:
    """What is read to make the invoices of a payment or of one order, compiled once."""

    def __init__(self, key: Column[int]) -> None:
        wanted = key == bindparam("key")
        orders = (
            select(*(sales_order.c[name] for name in _ORDER), *BRANDING, *_BUYER)
            .join(vendor, vendor.c.id == sales_order.c.vendor_id)
            .join(payment, payment.c.id == sales_order.c.payment_id)
            .where(wanted)
            .order_by(sales_order.c.id)
        )
        # Before the orders, as a refund locks it: the refund either finds the invoices, or is found here.
        owner = select(payment.c.id).where(payment.c.id.in_(select(sales_order.c.payment_id).where(wanted)))
        self.owner = Statement(owner.with_for_update())
        # Locked first: of two tills that want the same order's invoice the second finds the first one's.
        self.orders = Statement(orders.with_for_update(of=sales_order))
        made = select(sales_invoice.c.order_id, sales_invoice.c.id)
        self.made = Statement(made.join(sales_order, sales_order.c.id == sales_invoice.c.order_id).where(wanted))
        items = select(*columns(_Item, order_item)).join(sales_order, sales_order.c.id == order_item.c.order_id)
        self.items = Statement(items.where(wanted).order_by(order_item.c.order_id, order_item.c.position))


_ORDER: Final = ("id", "number", "payment_id", "vendor_id", "currency", "fee_minor", "total_minor")
_BUYER: Final = (payment.c.payer_name, payment.c.payer_email, payment.c.payer_phone)
_BY_ORDER: Final = _Reads(sales_order.c.id)
_BY_PAYMENT: Final = _Reads(sales_order.c.payment_id)
_DATED: Final = Statement(select(sales_invoice.c.created_at).where(sales_invoice.c.number == bindparam("number")))
_FINALIZE: Final = Statement(
    update(sales_invoice)
    .where(sales_invoice.c.payment_id == bindparam("payment"), sales_invoice.c.state == bindparam("draft"))
    .values(state=bindparam("final"), finalized_at=bindparam("now"))
)


def _make(uow: UnitOfWork, till: Till, reads: _Reads, key: int) -> tuple[int, ...]:
    begun = till.clock.monotonic()
    reads.owner.first(uow.connection, key=key)
    orders = [_order(row) for row in reads.orders.rows(uow.connection, key=key)]
    made: dict[int, int] = dict(reads.made.rows(uow.connection, key=key))
    missing = [order for order in orders if order.id not in made]
    if missing:
        items: dict[int, list[_Item]] = defaultdict(list)
        for row in reads.items.rows(uow.connection, key=key):
            items[row[0]].append(_Item(*row))
        made |= _insert(uow, till, missing, items)
        credit_due(uow, orders[0].payment_id)
        observe(uow, till, "invoice", "sales", round((till.clock.monotonic() - begun) * 1000))
    return tuple(made[order.id] for order in orders)


def _order(row: tuple[Any, ...]) -> _Order:
    known, last = len(_ORDER), len(_ORDER) + len(BRANDING)
    fields: tuple[Any, ...] = (*row[:known], Branding(*row[known:last]), Party(*row[last:]))
    return _Order(*fields)


def _insert(
    uow: UnitOfWork, till: Till, orders: Sequence[_Order], items: Mapping[int, Sequence[_Item]]
) -> dict[int, int]:
    """Draft, lines, final; the new ids by order. The lines are worked out first: a Bug takes no number."""
    words = words_of(till.settings()[STORE_LANGUAGE])
    lines = {order.id: _checked(order, _lines(order, items[order.id], words)) for order in orders}
    prefix = f"{_PREFIXES[till.mode]}-{till.id}"
    numbers = take_numbers(uow.connection, f"invoice:{till.mode.value}:{till.id}", len(orders))
    issued_at = later_than(_DATED.first(uow.connection, number=f"{prefix}-{numbers.start - 1:06d}"), uow.now)
    ids, rows = {}, []
    for order, number in zip(orders, numbers, strict=True):
        draft = _draft(till, order, f"{prefix}-{number:06d}", issued_at)
        ids[order.id] = insert_row(uow.connection, sales_invoice, draft)
        rows += [_line_row(ids[order.id], at, line) for at, line in enumerate(lines[order.id], 1)]
        uow.record(
            "invoice.created",
            f"payment:{order.payment_id}",
            invoice=draft["number"],
            order=order.number,
            total=order.total_minor,
            currency=order.currency,
        )
    insert_rows(uow.connection, sales_invoice_line, rows)
    fp("invoice.inside")
    _FINALIZE.count(
        uow.connection,
        payment=orders[0].payment_id,
        draft=InvoiceState.DRAFT,
        final=InvoiceState.FINALIZED,
        now=issued_at,
    )
    return ids


def _draft(till: Till, order: _Order, number: str, issued_at: datetime) -> dict[str, object]:
    return {
        "order_id": order.id,
        "payment_id": order.payment_id,
        "vendor_id": order.vendor_id,
        "number": number,
        "state": InvoiceState.DRAFT,
        "currency": order.currency,
        "total_minor": order.total_minor,
        "letterhead": write_letterhead(till, order.seller, order.buyer),
        "created_at": issued_at,
    }


def _line_row(invoice_id: int, position: int, line: InvoiceLine) -> dict[str, object]:
    return {
        "invoice_id": invoice_id,
        "position": position,
        "description": line.description,
        "quantity": line.quantity,
        "unit_price_minor": line.unit_price.minor,
        "total_minor": line.total.minor,
        "type": line.type,
    }


def _checked(order: _Order, lines: tuple[InvoiceLine, ...]) -> tuple[InvoiceLine, ...]:
    came_to = total((line.total for line in lines), order.currency)
    if came_to.minor != order.total_minor:
        raise Bug("invoice_sum_mismatch", order=order.id, lines=came_to.minor, total=order.total_minor)
    return lines


def _lines(order: _Order, items: Sequence[_Item], words: Words) -> tuple[InvoiceLine, ...]:
    """What the invoice lists: each item, deposits, the service fee, and tax by its name and rate.

    The texts are in the store's language of that moment and stay as they are.
    """
    currency = order.currency
    lines = [_item_line(item, currency, words) for item in items]
    for item in items:
        if item.unit_deposit_minor:
            text = words.tr("Deposit: {item}", item=item.description)
            lines.append(_line(LineType.DEPOSIT, text, item.quantity, Money(item.unit_deposit_minor, currency)))
    if order.fee_minor:
        lines.append(_line(LineType.FEE, words.tr("Service fee"), 1, Money(order.fee_minor, currency)))
    taxes: dict[tuple[str, int], int] = defaultdict(int)
    for item in items:
        taxes[item.tax_name, item.tax_bp] += item.tax_minor
    for (name, rate_bp), minor in taxes.items():
        if minor:
            lines.append(_line(LineType.TAX, _tax_text(name, rate_bp, currency, words), 1, Money(minor, currency)))
    return tuple(lines)


def _item_line(item: _Item, currency: str, words: Words) -> InvoiceLine:
    price = Money(item.unit_price_minor, currency)
    if item.start_on is None or item.end_on is None:
        return _line(LineType.SALE, item.description, item.quantity, price)
    text = _rental_text(item.description, item.start_on, item.end_on, currency, words)
    return _line(LineType.RENTAL, text, item.quantity, price)


def _line(kind: LineType, description: str, quantity: int, unit_price: Money) -> InvoiceLine:
    return InvoiceLine(kind, description, quantity, unit_price, unit_price * quantity)


def _rental_text(item: str, start_on: date, end_on: date, currency: str, words: Words) -> str:
    first = _day_text(start_on, currency, words.language)
    if start_on == end_on:
        return words.tr("{item}, {day}", item=item, day=first)
    return words.tr(
        "{item}, {first} to {last}", item=item, first=first, last=_day_text(end_on, currency, words.language)
    )


@lru_cache(512)
def _day_text(day: date, currency: str, language: str) -> str:
    return written_day(day, language, currency)


@lru_cache(64)
def _tax_text(name: str, rate_bp: int, currency: str, words: Words) -> str:
    return tax_label(words, name or words.tr("Tax"), rate_bp * 100, currency)
