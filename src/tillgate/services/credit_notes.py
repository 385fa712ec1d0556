"""Credit notes: what reverses a final sales invoice when its money goes back (product.md, Money).

One for each refund and invoice, in the transaction that settles the refund; where the invoices are still to be made, in
the one that makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Boolean, Connection, Row, bindparam, func, insert, literal_column, select

from tillgate.domain.documents import InvoiceLine
from tillgate.domain.errors import NotFound
from tillgate.domain.money import Money, split
from tillgate.domain.orders import InvoiceState, LineType
from tillgate.domain.payment import Mode
from tillgate.i18n import words_of
from tillgate.services.letterheads import read_letterhead
from tillgate.services.records import columns, record
from tillgate.store.models import (
    capture,
    payment,
    refund,
    sales_credit_note,
    sales_credit_note_line,
    sales_invoice,
    sales_invoice_line,
    sales_order,
)
from tillgate.store.series import later_than, take_number
from tillgate.store.statements import Statement, insert_row
from tillgate.store.unit_of_work import UnitOfWork

_PREFIXES: Final = {Mode.LIVE: "CRN", Mode.TEST: "TST-CRN", Mode.TRAINING: "TRN-CRN"}
_DATED: Final = Statement(
    select(sales_credit_note.c.issued_at).where(sales_credit_note.c.number == bindparam("number"))
)


@dataclass(frozen=True, slots=True)
class CreditNoteRecord:
    """A credit note without its lines; `amount` is what it takes back, above zero."""

    id: int
    invoice_id: int
    order_id: int
    payment_id: int
    refund_id: int
    number: str
    currency: str
    amount_minor: int
    letterhead: str
    issued_at: datetime

    @property
    def amount(self) -> Money:
        """What it takes back."""
        return Money(self.amount_minor, self.currency)


_NOTE: Final = columns(CreditNoteRecord, sales_credit_note)
# What a refund that failed was for went to the customer's wallet instead: the ledger has it by that key.
_CREDITED: Final = "credit:refund:"
_CREDITED_AT: Final = (
    "(SELECT ledger_tx.created_at FROM ledger_tx WHERE ledger_tx.dedupe_key = 'credit:refund:' || refund.id)"
)
# The money of a refund is not the store's any more: it went back, or to the wallet. Written out: see store/statements.
# One that came back had its credit notes, and what makes it good has none.
_CAME_BACK: Final = "EXISTS (SELECT 1 FROM ledger_tx WHERE ledger_tx.dedupe_key = 'refund_returned:' || refund.id)"
GIVEN_BACK: Final = literal_column(
    f"(refund.key = replace(refund.key, '-again-', '') AND (refund.state = 'DONE' "
    f"OR (refund.state = 'FAILED' AND ({_CREDITED_AT} IS NOT NULL OR {_CAME_BACK}))))",
    Boolean,
)
# Only money that paid the orders: what came twice was never on their invoices.
_DONE: Final = Statement(
    select(refund.c.id, refund.c.amount_minor, capture.c.amount_minor - payment.c.amount_minor)
    .join(capture, capture.c.id == refund.c.capture_id)
    .join(payment, payment.c.id == refund.c.payment_id)
    .where(refund.c.payment_id == bindparam("payment"), GIVEN_BACK, capture.c.main == 1)
    .order_by(literal_column(f"coalesce({_CREDITED_AT}, refund.ended_at)"), refund.c.id)
)


def credit_key(refund_id: int) -> str:
    """How the ledger names the credit that stands for a refund that failed."""
    return f"{_CREDITED}{refund_id}"


def load_note(connection: Connection, note_id: int) -> CreditNoteRecord:
    """Raises NotFound("credit_note_unknown")."""
    row = connection.execute(select(*_NOTE).where(sales_credit_note.c.id == note_id)).one_or_none()
    if row is None:
        raise NotFound("credit_note_unknown", note=note_id)
    return record(CreditNoteRecord, row)


def list_notes_of(connection: Connection, order_ids: Sequence[int]) -> list[CreditNoteRecord]:
    """The credit notes of orders, oldest first."""
    query = select(*_NOTE).where(sales_credit_note.c.order_id.in_(order_ids)).order_by(sales_credit_note.c.id)
    return [record(CreditNoteRecord, row) for row in connection.execute(query)]


def list_note_lines(connection: Connection, note: CreditNoteRecord) -> tuple[InvoiceLine, ...]:
    """The lines of a credit note in their order, each below zero."""
    table = sales_credit_note_line
    rows = connection.execute(select(table).where(table.c.note_id == note.id).order_by(table.c.position))
    return tuple(_line(row, note.currency) for row in rows)


def credit_due(uow: UnitOfWork, payment_id: int) -> None:
    """Write the credit notes that what was given back of a payment still lacks; the caller holds the payment.

    Given back is what a done refund took, or a credit in place of one that failed. Nothing until all of its orders have
    invoices: whoever makes the last one asks again. What came above the price goes back first, and is on no invoice.
    """
    refunds = _DONE.rows(uow.connection, payment=payment_id)
    if not refunds:
        return
    invoices = _invoices(uow, payment_id)
    if not invoices or any(row.state is not InvoiceState.FINALIZED for row in invoices):
        return
    whole = sum(row.total_minor for row in invoices)
    noted = _noted(uow, payment_id)
    gone = 0
    for refund_id, minor, surplus in refunds:
        before = _between(gone - max(surplus, 0), whole)
        gone += minor
        owed = _between(gone - max(surplus, 0), whole) - before
        if refund_id not in noted:
            _credit(uow, refund_id, owed, invoices)


def _between(minor: int, most: int) -> int:
    return min(max(minor, 0), most)


def _invoices(uow: UnitOfWork, payment_id: int) -> Sequence[Row[Any]]:
    query = (
        select(
            sales_order.c.id.label("order_id"),
            sales_order.c.number.label("order_number"),
            sales_invoice.c.id,
            *(sales_invoice.c[name] for name in ("state", "total_minor", "currency", "letterhead", "payment_id")),
            sales_invoice.c.number,
            payment.c.till_id,
            payment.c.mode,
        )
        .join(payment, payment.c.id == sales_order.c.payment_id)
        .join(sales_invoice, sales_invoice.c.order_id == sales_order.c.id, isouter=True)
        .where(sales_order.c.payment_id == payment_id)
        .order_by(sales_order.c.id)
    )
    found: Sequence[Row[Any]] = uow.execute(query).all()
    return found


def _noted(uow: UnitOfWork, payment_id: int) -> set[int]:
    query = select(sales_credit_note.c.refund_id).where(sales_credit_note.c.payment_id == payment_id).distinct()
    return {int(row.refund_id) for row in uow.execute(query)}


def _credit(uow: UnitOfWork, refund_id: int, owed: int, invoices: Sequence[Row[Any]]) -> None:
    """One refund, split over what is left of each invoice."""
    table = sales_credit_note
    credited = select(table.c.invoice_id, func.sum(table.c.amount_minor).label("minor")).group_by(table.c.invoice_id)
    rows = uow.execute(credited.where(table.c.payment_id == invoices[0].payment_id))
    already = {row.invoice_id: int(row.minor) for row in rows}
    left = [row.total_minor - already.get(row.id, 0) for row in invoices]
    amount = Money(min(owed, sum(left)), invoices[0].currency)
    if amount.minor <= 0:
        return
    for row, part in zip(invoices, split(amount, left), strict=True):
        if part.minor:
            _issue(uow, refund_id, row, part)


def _issue(uow: UnitOfWork, refund_id: int, invoice: Row[Any], amount: Money) -> None:
    count = take_number(uow.connection, f"credit:{invoice.mode.value}:{invoice.till_id}")
    prefix = f"{_PREFIXES[invoice.mode]}-{invoice.till_id}"
    number = f"{prefix}-{count:06d}"
    row = {
        "invoice_id": invoice.id,
        "order_id": invoice.order_id,
        "payment_id": invoice.payment_id,
        "refund_id": refund_id,
        "number": number,
        "currency": amount.currency,
        "amount_minor": amount.minor,
        "letterhead": invoice.letterhead,
        "issued_at": later_than(_DATED.first(uow.connection, number=f"{prefix}-{count - 1:06d}"), uow.now),
    }
    note_id = insert_row(uow.connection, sales_credit_note, row)
    rows = [
        {
            "note_id": note_id,
            "position": at,
            "description": line.description,
            "quantity": line.quantity,
            "unit_price_minor": line.unit_price.minor,
            "total_minor": line.total.minor,
            "type": line.type,
        }
        for at, line in enumerate(_lines(uow, invoice, amount), 1)
    ]
    uow.execute(insert(sales_credit_note_line), rows)
    uow.record(
        "invoice.credited",
        f"payment:{invoice.payment_id}",
        note=number,
        invoice=invoice.number,
        order=invoice.order_number,
        refund=refund_id,
        amount=amount.minor,
        currency=amount.currency,
    )


def _lines(uow: UnitOfWork, invoice: Row[Any], amount: Money) -> tuple[InvoiceLine, ...]:
    """The invoice's own lines below zero where all of it goes back at once; else one line for the part."""
    if amount.minor != invoice.total_minor:
        words = words_of(read_letterhead(invoice.letterhead).language)
        return (InvoiceLine(LineType.REFUND, words.tr("Refund"), 1, -amount, -amount),)
    table = sales_invoice_line
    rows = uow.execute(select(table).where(table.c.invoice_id == invoice.id).order_by(table.c.position))
    lines = (_line(row, invoice.currency) for row in rows)
    return tuple(
        InvoiceLine(each.type, each.description, each.quantity, -each.unit_price, -each.total) for each in lines
    )


def _line(row: Row[Any], currency: str) -> InvoiceLine:
    price, came_to = Money(row.unit_price_minor, currency), Money(row.total_minor, currency)
    return InvoiceLine(row.type, row.description, row.quantity, price, came_to)
