"""Documents from rows: what an invoice, a receipt and a mail say. Rows are final, so nothing rendered is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, func, select

from tillgate.domain.documents import (
    DevicePaid,
    InvoiceDocument,
    OrderLine,
    OrderSummary,
    PaidBy,
    Party,
    PromptPaid,
    ReceiptDocument,
)
from tillgate.domain.errors import NotFound
from tillgate.domain.money import Money
from tillgate.domain.payment import Purpose
from tillgate.domain.payment_invoice import add_fees
from tillgate.domain.settings import STORE_LANGUAGE, STORE_NAME
from tillgate.domain.staff import Action, Actor
from tillgate.ports import DocumentRenderer
from tillgate.services.access import authorize
from tillgate.services.credit_notes import list_note_lines, load_note
from tillgate.services.device_rows import invoice_paid_by, load_device, load_device_invoice
from tillgate.services.instalment_receipts import instalments_paid, left_in_wallet
from tillgate.services.invoice_rows import invoice_of_payment
from tillgate.services.invoice_rows import load_invoice as load_payment_invoice
from tillgate.services.invoices import list_lines, load_invoice
from tillgate.services.letterheads import BRANDING, branding_of, read_letterhead
from tillgate.services.payment_rows import find_main_capture, load_payment
from tillgate.services.records import PaymentRecord
from tillgate.services.till import Till
from tillgate.store.models import order_item, sales_invoice, sales_order, vendor


def render_invoice(till: Till, actor: Actor, renderer: DocumentRenderer, invoice_id: int) -> bytes:
    """The invoice's PDF, the same bytes whenever it is asked for. Raises NotAllowed, NotFound("invoice_unknown")."""
    authorize(till, actor, Action.VIEW_ORDERS)
    with till.db.read() as reading:
        document = invoice_document(reading, invoice_id)
    return renderer.invoice_pdf(document, document.language)


def render_credit_note(till: Till, actor: Actor, renderer: DocumentRenderer, note_id: int) -> bytes:
    """A sale's credit note as PDF, always the same bytes. Raises NotAllowed, NotFound("credit_note_unknown")."""
    authorize(till, actor, Action.VIEW_ORDERS)
    with till.db.read() as reading:
        document = credit_note_document(reading, note_id)
    return renderer.invoice_pdf(document, document.language)


def render_receipt(
    till: Till, actor: Actor, renderer: DocumentRenderer, payment_id: int, *, copy: bool = False
) -> bytes:
    """The receipt's PDF; `copy` marks a reprint. Raises as `receipt_document`, and NotAllowed."""
    authorize(till, actor, Action.VIEW_ORDERS)
    with till.db.read() as reading:
        document = receipt_document(till, reading, payment_id, copy=copy)
    return renderer.receipt_pdf(document, till.settings()[STORE_LANGUAGE])


def invoice_document(reading: Connection, invoice_id: int) -> InvoiceDocument:
    """Everything on the invoice. Raises NotFound("invoice_unknown")."""
    invoice = load_invoice(reading, invoice_id)
    owner = load_payment(reading, invoice.payment_id)
    query = select(sales_order.c.number, sales_order.c.created_at).where(sales_order.c.id == invoice.order_id)
    order = reading.execute(query).one()
    head = read_letterhead(invoice.letterhead)
    return InvoiceDocument(
        number=invoice.number,
        mode=owner.mode,
        language=head.language,
        issued_at=invoice.created_at,
        zone=ZoneInfo(head.zone),
        store_name=head.store,
        vendor=head.seller,
        customer=head.buyer,
        payment_id=owner.id,
        order_number=order.number,
        ordered_at=order.created_at,
        lines=list_lines(reading, invoice),
        total=invoice.total,
        paid=paid_by(reading, owner),
        prompt=prompt_paid(reading, owner),
    )


def credit_note_document(reading: Connection, note_id: int) -> InvoiceDocument:
    """A sale's credit note: its invoice, below zero. Raises NotFound("credit_note_unknown")."""
    note = load_note(reading, note_id)
    invoice = invoice_document(reading, note.invoice_id)
    return replace(
        invoice,
        number=note.number,
        issued_at=note.issued_at,
        lines=list_note_lines(reading, note),
        total=-note.amount,
        reverses=invoice.number,
        prompt=None,
    )


def receipt_document(till: Till, reading: Connection, payment_id: int, *, copy: bool = False) -> ReceiptDocument:
    """Everything on the receipt of a payment.

    Raises NotFound("payment_unknown"); for instalments and top-ups Refused("receipt_nothing_paid").
    """
    owner = load_payment(reading, payment_id)
    return ReceiptDocument(
        payment_id=owner.id,
        mode=owner.mode,
        zone=till.zone,
        store_name=till.settings()[STORE_NAME],
        till_id=owner.till_id,
        made_at=owner.captured_at or owner.created_at,
        customer=party_of(owner),
        orders=list_orders(reading, payment_id),
        total=came_on(reading, owner),
        paid=paid_by(reading, owner),
        copy=copy,
        device=_device_paid(reading, owner),
        prompt=prompt_paid(reading, owner),
        instalments=instalments_paid(reading, owner),
        wallet=left_in_wallet(reading, owner),
    )


def came_on(reading: Connection, owner: PaymentRecord) -> Money:
    """What a payment brought. On a payment invoice it may be more than was asked for, or a little less."""
    main = find_main_capture(reading, owner.id) if owner.purpose is Purpose.PAYMENT_INVOICE else None
    return main.amount if main is not None else owner.amount


def prompt_paid(reading: Connection, owner: PaymentRecord) -> PromptPaid | None:
    """What came on a payment invoice beyond the orders that were made with it; None while there are none."""
    number = invoice_of_payment(reading, owner.id) if owner.purpose is Purpose.PAYMENT_INVOICE else None
    query = select(func.sum(sales_order.c.total_minor)).where(sales_order.c.payment_id == owner.id)
    minor = reading.execute(query).scalar_one() if number is not None else None
    if number is None or not minor:
        return None
    invoice, sold = load_payment_invoice(reading, number), Money(int(minor), owner.currency)
    fees = add_fees(sold, invoice.terms).total - sold
    return PromptPaid(invoice.number, fees, came_on(reading, owner) - sold - fees)


def _device_paid(reading: Connection, owner: PaymentRecord) -> DevicePaid | None:
    number = invoice_paid_by(reading, owner.id) if owner.purpose is Purpose.DEVICE_INVOICE else None
    if number is None:
        return None
    invoice = load_device_invoice(reading, number)
    name = load_device(reading, invoice.device_id).name
    return DevicePaid(invoice.number, name, invoice.day, invoice.amount)


def party_of(owner: PaymentRecord) -> Party:
    """Who pays, as written down with the payment."""
    return Party(owner.payer_name, owner.payer_email, owner.payer_phone)


def paid_by(reading: Connection, owner: PaymentRecord) -> PaidBy:
    """How the payment's own money came; empty before it did."""
    main = find_main_capture(reading, owner.id)
    if main is None:
        return PaidBy("", None, "", owner.captured_at)
    came_at = owner.captured_at or main.seen_at
    return PaidBy(main.provider, main.method, main.provider_ref, came_at, main.receipt or "")


def load_order(reading: Connection, order_id: int) -> OrderSummary:
    """One order with its lines. Raises NotFound("order_unknown")."""
    found = _orders(reading, sales_order.c.id == order_id)
    if not found:
        raise NotFound("order_unknown", order=order_id)
    return found[0]


def list_orders(reading: Connection, payment_id: int) -> tuple[OrderSummary, ...]:
    """The orders of a payment with their lines, in the order they were made."""
    return _orders(reading, sales_order.c.payment_id == payment_id)


def _orders(reading: Connection, which: Any) -> tuple[OrderSummary, ...]:
    query = (
        select(sales_order, sales_invoice.c.number.label("invoice_number"), *BRANDING)
        .join(vendor, vendor.c.id == sales_order.c.vendor_id)
        .join(sales_invoice, sales_invoice.c.order_id == sales_order.c.id, isouter=True)
        .where(which)
        .order_by(sales_order.c.id)
    )
    orders = reading.execute(query).all()
    lines = _lines(reading, {order.id: order.currency for order in orders})
    return tuple(_summary(order, lines[order.id]) for order in orders)


def _lines(reading: Connection, currencies: dict[int, str]) -> dict[int, list[OrderLine]]:
    query = select(order_item).where(order_item.c.order_id.in_(list(currencies)))
    found: dict[int, list[OrderLine]] = defaultdict(list)
    for row in reading.execute(query.order_by(order_item.c.order_id, order_item.c.position)):
        currency = currencies[row.order_id]
        price, deposit = Money(row.unit_price_minor, currency), Money(row.unit_deposit_minor, currency)
        line = OrderLine(row.description, row.quantity, price, deposit, row.start_on, row.end_on)
        found[row.order_id].append(line)
    return found


def _summary(row: Row[Any], lines: Sequence[OrderLine]) -> OrderSummary:
    return OrderSummary(
        id=row.id,
        number=row.number,
        state=row.state,
        ordered_at=row.created_at,
        vendor=branding_of(row),
        lines=tuple(lines),
        items=Money(row.items_minor, row.currency),
        deposit=Money(row.deposit_minor, row.currency),
        fee=Money(row.fee_minor, row.currency),
        tax=Money(row.tax_minor, row.currency),
        total=Money(row.total_minor, row.currency),
        invoice_number=row.invoice_number,
    )
