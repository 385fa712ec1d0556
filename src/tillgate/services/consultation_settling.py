"""What a captured payment makes of a consultation, and what a refund takes back: in the payment's own transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update

from tillgate.domain.consultation import (
    PAYABLE,
    ConsultationInvoiceState,
    ConsultationState,
    credit_note_number,
    invoice_number,
)
from tillgate.domain.errors import Bug, Refused
from tillgate.domain.ledger import CONSULTATIONS, TAX, UNAPPLIED, WITHHELD, Entry
from tillgate.domain.payment import PaymentState
from tillgate.domain.tax_rules import Assessed, TaxEffect
from tillgate.failpoints import fp
from tillgate.services.consultation_rows import (
    ConsultationInvoiceRecord,
    ConsultationRecord,
    find_invoice_of,
    list_taxes,
    lock_consultation,
    paid_for,
)
from tillgate.services.records import PaymentRecord, RefundRecord
from tillgate.services.till import Fulfilling
from tillgate.store.ledger import post
from tillgate.store.models import consultation, consultation_credit_note, consultation_invoice
from tillgate.store.outbox_rows import enqueue
from tillgate.store.statements import insert_row, update_rows
from tillgate.store.unit_of_work import UnitOfWork


def settle_consultation(uow: UnitOfWork, payment: PaymentRecord) -> None:
    """The consultation is paid, its invoice final, its fee in the books; nothing if that is done already.

    Raises Refused("consultation_paid" | "consultation_closed") where it can't be paid any more: the money goes back.
    """
    here = _lock(uow, payment)
    if here.payment_id == payment.id:
        return
    if here.state is ConsultationState.PAID:
        raise Refused("consultation_paid", consultation=here.id, payment=here.payment_id)
    if here.state not in PAYABLE:
        raise Refused("consultation_closed", consultation=here.id)
    invoice = _finalize(uow, payment)
    fp("consultation.after_final")
    values: dict[str, object] = {"state": ConsultationState.PAID, "payment_id": payment.id, "ended_at": uow.now}
    _change(uow, here, values)
    _post(uow, payment, Assessed(invoice.fee, list_taxes(uow.connection, payment.id)))
    uow.record("consultation.paid", payment.subject, consultation=here.id, invoice=invoice.number)
    if payment.payer_email:
        _tell(uow, payment, {"template": "fee_paid", "payment_id": payment.id})


def settling_refused(uow: UnitOfWork, payment: PaymentRecord, reason: str) -> None:
    """The money goes back: the invoice is void, patient and administrator are told."""
    pending = consultation_invoice.c.state == ConsultationInvoiceState.PENDING
    void = {"state": ConsultationInvoiceState.VOID, "voided_at": uow.now}
    uow.execute(
        update(consultation_invoice).where(consultation_invoice.c.payment_id == payment.id, pending).values(void)
    )
    notices = {"fee_refund_started": bool(payment.payer_email), "admin_fee_refund_started": True}
    for template, wanted in notices.items():
        if wanted:
            _tell(uow, payment, {"template": template, "payment_id": payment.id, "reason": reason})


def reverse(uow: UnitOfWork, payment: PaymentRecord, refund: RefundRecord) -> None:
    """A refund arrived: a credit note against the final invoice, and a fee that went back whole is refunded, its
    invoice reversed. From then on the fee may be asked for again (domain/consultation.py).

    Nothing where the payment never paid a consultation, as late money that is given back.
    """
    invoice = find_invoice_of(uow.connection, payment.id)
    if invoice is None or invoice.state is not ConsultationInvoiceState.FINAL:
        return
    noted = select(consultation_credit_note.c.id).where(consultation_credit_note.c.refund_id == refund.id)
    if uow.execute(noted).first() is None:
        number = credit_note_number(uow.now, refund.id)
        row = {"invoice_id": invoice.id, "refund_id": refund.id, "number": number, "issued_at": uow.now}
        row |= {"amount_minor": refund.amount_minor, "currency": refund.currency}
        insert_row(uow.connection, consultation_credit_note, row)
        uow.record("consultation.credited", payment.subject, invoice=invoice.number, note=number)
    here = _lock(uow, payment)
    if payment.state is PaymentState.REFUNDED and here.state is ConsultationState.PAID:
        update_rows(uow.connection, consultation_invoice, {"id": invoice.id}, {"reversed_at": uow.now})
        _change(uow, here, {"state": ConsultationState.REFUNDED})
        uow.record("consultation.refunded", payment.subject, consultation=here.id)


def _tell(uow: UnitOfWork, payment: PaymentRecord, payload: dict[str, object]) -> None:
    enqueue(uow, "mail", f"mail:{payload['template']}:{payment.id}", payload, payment_id=payment.id)


FULFILLING: Final = Fulfilling(settle_consultation, settling_refused, gone_back=reverse, refund_mail="fee_refunded")


def _lock(uow: UnitOfWork, payment: PaymentRecord) -> ConsultationRecord:
    number = paid_for(uow.connection, payment.id)
    if number is None:
        raise Bug("consultation_missing", payment=payment.id)
    return lock_consultation(uow.connection, number)


def _change(uow: UnitOfWork, here: ConsultationRecord, values: dict[str, object]) -> None:
    where = {"id": here.id, "version": here.version}
    if update_rows(uow.connection, consultation, where, {**values, "version": here.version + 1}) != 1:
        raise Bug("consultation_changed", consultation=here.id)


def _finalize(uow: UnitOfWork, payment: PaymentRecord) -> ConsultationInvoiceRecord:
    invoice = find_invoice_of(uow.connection, payment.id)
    if invoice is None:
        raise Bug("consultation_invoice_missing", payment=payment.id)
    if invoice.state is ConsultationInvoiceState.VOID:
        # Late money that a manager applies: what was void stays void, and this is paid with an invoice of its own.
        invoice = _issue_again(uow, invoice)
    final = {"state": ConsultationInvoiceState.FINAL, "finalized_at": uow.now}
    where = {"id": invoice.id, "state": ConsultationInvoiceState.PENDING}
    if update_rows(uow.connection, consultation_invoice, where, final) != 1:
        raise Bug("consultation_invoice_final", invoice=invoice.id)
    return invoice


def _issue_again(uow: UnitOfWork, void: ConsultationInvoiceRecord) -> ConsultationInvoiceRecord:
    # The number has whole seconds: of two in one second the later one takes the next.
    issued_at = max(uow.now, _next_second(void.issued_at))
    row = {
        "consultation_id": void.consultation_id,
        "payment_id": void.payment_id,
        "number": invoice_number(issued_at, void.payment_id),
        "state": ConsultationInvoiceState.PENDING,
        "currency": void.currency,
        "fee_minor": void.fee_minor,
        "total_minor": void.total_minor,
        "letterhead": void.letterhead,
        "description": void.description,
        "issued_at": issued_at,
    }
    insert_row(uow.connection, consultation_invoice, row)
    found = find_invoice_of(uow.connection, void.payment_id)
    if found is None:
        raise Bug("consultation_invoice_missing", payment=void.payment_id)
    return found


def _next_second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0) + timedelta(seconds=1)


def _post(uow: UnitOfWork, payment: PaymentRecord, taxed: Assessed) -> None:
    """What came, what is the clinic's own, what is the state's, and what the payer withheld for it."""
    taxes = taxed.of(TaxEffect.INCLUDED) + taxed.of(TaxEffect.ADDED)
    entries = (
        Entry(UNAPPLIED, payment.amount),
        Entry(WITHHELD, taxed.of(TaxEffect.WITHHELD)),
        Entry(CONSULTATIONS, -taxed.net),
        Entry(TAX, -taxes),
    )
    post(
        uow.connection,
        "consultation",
        f"consultation:{payment.id}",
        payment_id=payment.id,
        now=uow.now,
        entries=entries,
    )
