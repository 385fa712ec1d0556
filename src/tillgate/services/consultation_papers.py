"""What a consultation's payment has from its first moment: its tax records and its invoice."""

from __future__ import annotations

from tillgate.domain.consultation import ConsultationInvoiceState, invoice_number
from tillgate.domain.tax_rules import Assessed
from tillgate.i18n import tr
from tillgate.services.consultation_rows import Visit
from tillgate.services.letterheads import write_letterhead
from tillgate.services.records import PaymentRecord
from tillgate.services.till import Till
from tillgate.store.models import consultation_invoice, tax_record
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork


def describe(visit: Visit) -> str:
    """What the patient reads on the provider's page and on the invoice."""
    who, what = visit.practitioner, visit.specialty
    if not what:
        return tr("Consultation with {practitioner}", practitioner=who)
    return tr("Consultation with {practitioner}, {specialty}", practitioner=who, specialty=what)


def write_taxes(uow: UnitOfWork, made: PaymentRecord, assessed: Assessed) -> None:
    """The payment's tax records, one for each rule that is valid today."""
    for line in assessed.lines:
        row = {
            "payment_id": made.id,
            "rule_id": line.rule_id,
            "name": line.name,
            "rate_ppm": line.rate_ppm,
            "effect": line.effect,
            "base_minor": line.base.minor,
            "amount_minor": line.amount.minor,
            "currency": line.amount.currency,
        }
        insert_row(uow.connection, tax_record, row)


def write_invoice(uow: UnitOfWork, till: Till, made: PaymentRecord, visit: Visit, assessed: Assessed) -> str:
    """The payment's invoice, pending until the money is there; its number."""
    number = invoice_number(uow.now, made.id)
    row = {
        "consultation_id": visit.consultation.id,
        "payment_id": made.id,
        "number": number,
        "state": ConsultationInvoiceState.PENDING,
        "currency": made.currency,
        "fee_minor": assessed.fee.minor,
        "total_minor": made.amount_minor,
        "letterhead": write_letterhead(till, visit.clinic, visit.patient),
        "description": describe(visit),
        "issued_at": uow.now,
    }
    insert_row(uow.connection, consultation_invoice, row)
    taxes = [f"{line.name}:{line.amount.minor}" for line in assessed.lines]
    uow.record("consultation.invoiced", made.subject, invoice=number, consultation=visit.consultation.id, taxes=taxes)
    return number
