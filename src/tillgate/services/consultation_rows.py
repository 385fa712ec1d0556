"""Consultations and their papers as frozen records, and the one place that reads and locks them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, or_, select

from tillgate.domain.consultation import CONSULTATION_THING, ConsultationInvoiceState, ConsultationState
from tillgate.domain.documents import Branding, CreditNote, Party
from tillgate.domain.errors import NotFound
from tillgate.domain.money import Money
from tillgate.domain.tax_rules import TaxLine, TaxRule
from tillgate.services.records import columns, record
from tillgate.store.models import (
    allocation,
    clinic,
    consultation,
    consultation_credit_note,
    consultation_invoice,
    customer,
    practitioner,
    tax_record,
    tax_rule,
)
from tillgate.store.statements import Statement


@dataclass(frozen=True, slots=True)
class ConsultationRecord:
    """A fee that a patient owes a clinic; a patient is a customer."""

    id: int
    code: str
    clinic_id: int
    practitioner_id: int
    patient_id: int
    fee_minor: int
    currency: str
    state: ConsultationState
    held_at: datetime
    created_by: int | None
    created_at: datetime
    ended_at: datetime | None
    payment_id: int | None
    note: str
    # The code of the fee that was written down in its place.
    replaced_by: str
    version: int

    @property
    def fee(self) -> Money:
        """What is owed, before taxes that are added or withheld."""
        return Money(self.fee_minor, self.currency)

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"consultation:{self.id}"


@dataclass(frozen=True, slots=True)
class Visit:
    """A consultation with everybody's name: what a panel, a list and an invoice say."""

    consultation: ConsultationRecord
    clinic: Branding
    country: str
    practitioner: str
    specialty: str
    patient: Party


@dataclass(frozen=True, slots=True)
class ConsultationInvoiceRecord:
    """A consultation's invoice."""

    id: int
    consultation_id: int
    payment_id: int
    number: str
    state: ConsultationInvoiceState
    currency: str
    fee_minor: int
    total_minor: int
    letterhead: str
    description: str
    issued_at: datetime
    finalized_at: datetime | None
    voided_at: datetime | None
    # Since when credit notes have taken back all of it.
    reversed_at: datetime | None

    @property
    def fee(self) -> Money:
        """The fee itself."""
        return Money(self.fee_minor, self.currency)

    @property
    def total(self) -> Money:
        """What the patient pays."""
        return Money(self.total_minor, self.currency)


_CONSULTATION: Final = columns(ConsultationRecord, consultation)
_CLINIC: Final = [
    clinic.c[name] for name in ("name", "address", "email", "phone", "tax_number", "brand_color", "brand_mark")
]
_NAMES: Final = [clinic.c.country, practitioner.c.name, practitioner.c.specialty]
_PATIENT: Final = [customer.c.name, customer.c.email, customer.c.phone]
_INVOICE: Final = columns(ConsultationInvoiceRecord, consultation_invoice)
_VISITS: Final = (
    select(*_CONSULTATION, *_CLINIC, *_NAMES, *_PATIENT)
    .join(clinic, clinic.c.id == consultation.c.clinic_id)
    .join(practitioner, practitioner.c.id == consultation.c.practitioner_id)
    .join(customer, customer.c.id == consultation.c.patient_id)
)
_VISIT: Final = Statement(_VISITS.where(consultation.c.id == bindparam("id")))
_LOCK_VISIT: Final = Statement(_VISITS.where(consultation.c.id == bindparam("id")).with_for_update(of=consultation))
_LOCK: Final = Statement(select(*_CONSULTATION).where(consultation.c.id == bindparam("id")).with_for_update())
_PAID_FOR: Final = Statement(
    select(allocation.c.thing_id).where(
        allocation.c.payment_id == bindparam("payment_id"), allocation.c.thing_kind == CONSULTATION_THING
    )
)
_RULE: Final = [tax_rule.c[each.name] for each in fields(TaxRule)]
_VALID: Final = (
    select(*_RULE)
    .where(
        tax_rule.c.country == bindparam("country"),
        tax_rule.c.valid_from <= bindparam("day", type_=tax_rule.c.valid_from.type),
        or_(
            tax_rule.c.valid_until.is_(None),
            tax_rule.c.valid_until >= bindparam("day", type_=tax_rule.c.valid_from.type),
        ),
    )
    .order_by(tax_rule.c.id)
)
_RULES: Final = Statement(_VALID)
# Presses share it; whoever ends or withdraws a rule waits for them, and they for that.
_LOCK_RULES: Final = Statement(_VALID.with_for_update(read=True, key_share=True))
_TAXES: Final = Statement(
    select(
        tax_record.c.name,
        tax_record.c.rate_ppm,
        tax_record.c.effect,
        tax_record.c.base_minor,
        tax_record.c.amount_minor,
        tax_record.c.currency,
        tax_record.c.rule_id,
    )
    .where(tax_record.c.payment_id == bindparam("payment_id"))
    .order_by(tax_record.c.id)
)
_INVOICES: Final = Statement(
    select(*_INVOICE)
    .where(consultation_invoice.c.payment_id == bindparam("payment_id"))
    .order_by(consultation_invoice.c.id)
)


def load_visit(connection: Connection, consultation_id: int, *, lock: bool = False) -> Visit:
    """Raises NotFound("consultation_unknown")."""
    row = (_LOCK_VISIT if lock else _VISIT).first(connection, id=consultation_id)
    if row is None:
        raise NotFound("consultation_unknown", consultation=consultation_id)
    return _visit(row)


def list_visits(connection: Connection, query: Any) -> list[Visit]:
    """The visits of a select of `visit_columns`."""
    return [_visit(tuple(row)) for row in connection.execute(query)]


def visits_query() -> Any:
    """What `list_visits` reads: add conditions, an order and a limit."""
    return _VISITS


def lock_consultation(connection: Connection, consultation_id: int) -> ConsultationRecord:
    """Raises NotFound("consultation_unknown")."""
    row = _LOCK.first(connection, id=consultation_id)
    if row is None:
        raise NotFound("consultation_unknown", consultation=consultation_id)
    return ConsultationRecord(*row)


def paid_for(connection: Connection, payment_id: int) -> int | None:
    """The consultation that a payment is for."""
    row = _PAID_FOR.first(connection, payment_id=payment_id)
    return int(row[0]) if row else None


def list_rules(connection: Connection, country: str, day: date, *, lock: bool = False) -> list[TaxRule]:
    """The tax rules of a country that are valid on a day, the oldest first; `lock` keeps them as they are meanwhile."""
    return [TaxRule(*row) for row in (_LOCK_RULES if lock else _RULES).rows(connection, country=country, day=day)]


def list_taxes(connection: Connection, payment_id: int) -> tuple[TaxLine, ...]:
    """The taxes as written down with a payment."""
    return tuple(
        TaxLine(name, rate_ppm, effect, Money(base_minor, currency), Money(amount_minor, currency), rule_id)
        for name, rate_ppm, effect, base_minor, amount_minor, currency, rule_id in _TAXES.rows(
            connection, payment_id=payment_id
        )
    )


def list_invoices_of(connection: Connection, payment_id: int) -> list[ConsultationInvoiceRecord]:
    """A payment's consultation invoices, oldest first: one, and another only where money came late."""
    return [ConsultationInvoiceRecord(*row) for row in _INVOICES.rows(connection, payment_id=payment_id)]


def find_invoice_of(connection: Connection, payment_id: int) -> ConsultationInvoiceRecord | None:
    """The invoice that counts: the newest."""
    found = list_invoices_of(connection, payment_id)
    return found[-1] if found else None


def load_consultation_invoice(connection: Connection, invoice_id: int) -> ConsultationInvoiceRecord:
    """Raises NotFound("invoice_unknown")."""
    row = connection.execute(select(*_INVOICE).where(consultation_invoice.c.id == invoice_id)).one_or_none()
    if row is None:
        raise NotFound("invoice_unknown", invoice=invoice_id)
    return record(ConsultationInvoiceRecord, row)


def list_notes(connection: Connection, invoice_ids: Sequence[int]) -> tuple[CreditNote, ...]:
    """The credit notes of invoices, oldest first."""
    note = consultation_credit_note
    query = select(note).where(note.c.invoice_id.in_(invoice_ids)).order_by(note.c.id)
    rows = connection.execute(query)
    return tuple(
        CreditNote(row.number, Money(row.amount_minor, row.currency), row.issued_at, row.refund_id) for row in rows
    )


def _visit(row: tuple[Any, ...]) -> Visit:
    names, seller = len(_CONSULTATION) + len(_CLINIC), row[len(_CONSULTATION) :]
    country, who, specialty = row[names : names + len(_NAMES)]
    return Visit(
        consultation=ConsultationRecord(*row[: len(_CONSULTATION)]),
        clinic=Branding(*seller[: len(_CLINIC)]),
        country=country,
        practitioner=who,
        specialty=specialty,
        patient=Party(*row[names + len(_NAMES) :]),
    )
