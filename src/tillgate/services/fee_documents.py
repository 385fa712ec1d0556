"""A consultation's papers from rows: its invoice in whatever state it is, and the receipt of what was paid."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from tillgate.domain.consultation import ConsultationInvoiceState
from tillgate.domain.documents import FeeInvoice, ReceiptDocument
from tillgate.domain.errors import NotFound, Refused
from tillgate.domain.settings import STORE_LANGUAGE, STORE_NAME
from tillgate.domain.staff import Action, Actor
from tillgate.ports import DocumentRenderer
from tillgate.services.access import authorize
from tillgate.services.consultation_rows import (
    ConsultationInvoiceRecord,
    find_invoice_of,
    list_notes,
    list_taxes,
    load_consultation_invoice,
    load_visit,
)
from tillgate.services.letterheads import read_letterhead
from tillgate.services.papers import paid_by, party_of
from tillgate.services.payment_rows import load_payment
from tillgate.services.till import Till


def render_fee_invoice(till: Till, actor: Actor, renderer: DocumentRenderer, invoice_id: int) -> bytes:
    """A consultation's invoice as PDF, with a mark across it where it is void. `invoice_id` is that of
    `ConsultationDetails.invoice` or of one of its `void_invoices`. Raises NotAllowed, NotFound("invoice_unknown").
    """
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as reading:
        document = fee_invoice(reading, load_consultation_invoice(reading, invoice_id))
    return renderer.fee_invoice_pdf(document, document.language)


def render_fee_receipt(
    till: Till, actor: Actor, renderer: DocumentRenderer, payment_id: int, *, copy: bool = False
) -> bytes:
    """The receipt of a paid fee as PDF; `copy` marks a reprint.

    Raises NotAllowed, NotFound("payment_unknown" | "invoice_unknown"), Refused("receipt_not_paid").
    """
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as reading:
        document = fee_receipt(till, reading, payment_id, copy=copy)
    return renderer.receipt_pdf(document, till.settings()[STORE_LANGUAGE])


def fee_invoice(reading: Connection, invoice: ConsultationInvoiceRecord) -> FeeInvoice:
    """Everything on the invoice, as it was written down; where it stands and what was given back as it is now."""
    owner = load_payment(reading, invoice.payment_id)
    visit = load_visit(reading, invoice.consultation_id).consultation
    head = read_letterhead(invoice.letterhead)
    return FeeInvoice(
        number=invoice.number,
        state=invoice.state,
        mode=owner.mode,
        language=head.language,
        issued_at=invoice.issued_at,
        zone=ZoneInfo(head.zone),
        store_name=head.store,
        clinic=head.seller,
        patient=head.buyer,
        visit=visit.code,
        held_at=visit.held_at,
        description=invoice.description,
        payment_id=owner.id,
        fee=invoice.fee,
        taxes=list_taxes(reading, owner.id),
        total=invoice.total,
        paid=paid_by(reading, owner),
        notes=list_notes(reading, [invoice.id]),
    )


def fee_receipt(till: Till, reading: Connection, payment_id: int, *, copy: bool = False) -> ReceiptDocument:
    """Everything on the receipt of a paid fee. Raises as `render_fee_receipt`."""
    owner = load_payment(reading, payment_id)
    invoice = find_invoice_of(reading, owner.id)
    if invoice is None:
        raise NotFound("invoice_unknown", payment=payment_id)
    if invoice.state is not ConsultationInvoiceState.FINAL:
        raise Refused("receipt_not_paid", payment=payment_id)
    return ReceiptDocument(
        payment_id=owner.id,
        mode=owner.mode,
        zone=till.zone,
        store_name=till.settings()[STORE_NAME],
        till_id=owner.till_id,
        made_at=owner.captured_at or owner.created_at,
        customer=party_of(owner),
        orders=(),
        total=owner.amount,
        paid=paid_by(reading, owner),
        copy=copy,
        fee=fee_invoice(reading, invoice),
    )
