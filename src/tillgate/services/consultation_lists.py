"""Consultations as a screen shows them: the list, and one with its taxes, papers and every payment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, or_, select

from tillgate.domain.consultation import CONSULTATION_THING, PAYABLE, ConsultationInvoiceState, ConsultationState
from tillgate.domain.documents import CreditNote
from tillgate.domain.money import Money
from tillgate.domain.payment import WAITING, PaymentState
from tillgate.domain.staff import Action, Actor
from tillgate.domain.tax_rules import Assessed
from tillgate.services.access import authorize
from tillgate.services.consultation_replies import ActivePayment, find_active
from tillgate.services.consultation_rows import (
    ConsultationInvoiceRecord,
    Visit,
    list_invoices_of,
    list_notes,
    list_taxes,
    list_visits,
    load_visit,
    visits_query,
)
from tillgate.services.consultations import assess_today
from tillgate.services.customers import cleaned
from tillgate.services.open_fees import is_patient
from tillgate.services.payment_rows import find_live_payment
from tillgate.services.till import Till
from tillgate.store.keyset import Key, page
from tillgate.store.models import (
    allocation,
    capture,
    consultation,
    consultation_invoice,
    payment,
    practitioner,
    staff,
)

_ORDER: Final = (consultation.c.held_at, consultation.c.id)


@dataclass(frozen=True, slots=True)
class ConsultationQuery:
    """What the list is narrowed to: a text finds the beginning of a visit's number or of a practitioner's name, or a
    patient as `open_fees.is_patient` does. `states` empty means any."""

    text: str = ""
    states: frozenset[ConsultationState] = frozenset()
    patient_id: int | None = None
    descending: bool = True


@dataclass(frozen=True, slots=True)
class ConsultationRow:
    """A consultation in a list. `payment_id` and `payment_state` are of the payment that holds it, if one does: a fee
    can be open while somebody is paying it. `invoice_number` is empty while there is no invoice that counts."""

    id: int
    code: str
    state: ConsultationState
    held_at: datetime
    patient_id: int
    patient: str
    practitioner: str
    specialty: str
    clinic: str
    fee: Money
    payment_id: int | None
    payment_state: PaymentState | None
    invoice_number: str

    @property
    def being_paid(self) -> bool:
        """Whether its fee is open, or went back, and somebody has put it up for payment."""
        return self.state in PAYABLE and self.payment_id is not None

    @property
    def paid_late(self) -> bool:
        """Whether money came for it after its payment had ended, and waits on Exceptions for a person."""
        return self.being_paid and self.payment_state not in WAITING


@dataclass(frozen=True, slots=True)
class PastPayment:
    """One payment of a consultation, whatever became of it."""

    id: int
    amount: Money
    state: PaymentState
    late: bool
    created_at: datetime
    captured_at: datetime | None
    ended_reason: str | None
    taken_by: str
    provider: str
    refunded: Money


@dataclass(frozen=True, slots=True)
class ConsultationDetails:
    """One consultation, read at one moment.

    `assessed` has the fee with its taxes: as written down with the payment that holds it, else as they are today, which
    is what Pay would ask for. `active` is the payment that holds it; `invoice` the newest one that is not void, and
    `void_invoices` those of payments that ended.
    """

    visit: Visit
    assessed: Assessed
    active: ActivePayment | None
    invoice: ConsultationInvoiceRecord | None
    void_invoices: tuple[ConsultationInvoiceRecord, ...]
    credit_notes: tuple[CreditNote, ...]
    payments: tuple[PastPayment, ...]

    @property
    def payable(self) -> bool:
        """Whether its fee can be paid: by a payment that is there already, or by one that Pay begins."""
        return self.visit.consultation.state in PAYABLE

    @property
    def may_pay(self) -> bool:
        """Whether Pay would begin a payment."""
        return self.payable and self.active is None


def list_consultations(
    till: Till, actor: Actor, query: ConsultationQuery, *, after: Key | None = None, skip: int = 0, limit: int = 100
) -> tuple[ConsultationRow, ...]:
    """A page of the list behind a consultation's `consultation_key`, by when they were held."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        chosen = visits_query().where(*_conditions(connection, query))
        wanted = page(chosen, _ORDER, descending=query.descending, after=after, skip=skip, limit=limit)
        return _dressed(connection, list_visits(connection, wanted))


def consultation_key(row: ConsultationRow) -> Key:
    """Where a row stands in the list."""
    return (row.held_at, row.id)


def count_consultations(till: Till, actor: Actor, query: ConsultationQuery) -> int:
    """How many the list has."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        chosen = visits_query().where(*_conditions(connection, query))
        counted = chosen.with_only_columns(func.count(), maintain_column_froms=True)
        return int(connection.execute(counted).scalar_one())


def load_consultation(till: Till, actor: Actor, consultation_id: int) -> ConsultationDetails:
    """One consultation with everything about it. Raises NotFound("consultation_unknown")."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        visit = load_visit(connection, consultation_id)
        held = find_live_payment(connection, CONSULTATION_THING, consultation_id)
        owner_id = held.id if held is not None else None
        if visit.consultation.state not in PAYABLE and owner_id is None:
            owner_id = visit.consultation.payment_id
        history = _payments(connection, consultation_id)
        invoices = [each for past in history for each in list_invoices_of(connection, past.id)]
        standing = [each for each in invoices if each.state is not ConsultationInvoiceState.VOID]
        if owner_id is None:
            assessed = assess_today(till, connection, visit)
        else:
            assessed = Assessed(visit.consultation.fee, list_taxes(connection, owner_id))
        return ConsultationDetails(
            visit=visit,
            assessed=assessed,
            active=find_active(connection, held.id) if held is not None else None,
            invoice=standing[-1] if standing else None,
            void_invoices=tuple(each for each in invoices if each.state is ConsultationInvoiceState.VOID),
            credit_notes=list_notes(connection, [each.id for each in standing]),
            payments=tuple(history),
        )


def _conditions(connection: Connection, query: ConsultationQuery) -> list[ColumnElement[bool]]:
    text = cleaned(query.text)
    words = text.strip().lower()
    begins = [
        func.lower(name).startswith(words, autoescape=True) for name in (consultation.c.code, practitioner.c.name)
    ]
    conditions = [or_(is_patient(connection, text), *begins)] if words else []
    if query.states:
        conditions.append(consultation.c.state.in_(sorted(query.states)))
    if query.patient_id is not None:
        conditions.append(consultation.c.patient_id == query.patient_id)
    return conditions


def _dressed(connection: Connection, visits: Sequence[Visit]) -> tuple[ConsultationRow, ...]:
    """With the payments that hold them and their invoices: two look-ups for a page."""
    ids = [visit.consultation.id for visit in visits]
    mine = (allocation.c.thing_kind == CONSULTATION_THING) & allocation.c.thing_id.in_(ids) & (allocation.c.live == 1)
    holding = select(allocation.c.thing_id, payment.c.id, payment.c.state).join(
        payment, payment.c.id == allocation.c.payment_id
    )
    held = {row[0]: (row[1], row[2]) for row in connection.execute(holding.where(mine))}
    invoices = select(consultation_invoice.c.consultation_id, consultation_invoice.c.number).where(
        consultation_invoice.c.consultation_id.in_(ids),
        consultation_invoice.c.state != ConsultationInvoiceState.VOID,
    )
    invoices = invoices.order_by(consultation_invoice.c.id)
    numbers = {row[0]: row[1] for row in connection.execute(invoices)}
    return tuple(_row(visit, held, numbers) for visit in visits)


def _row(visit: Visit, held: dict[int, tuple[int, PaymentState]], numbers: dict[int, str]) -> ConsultationRow:
    here = visit.consultation
    payment_id, payment_state = held.get(here.id, (None, None))
    return ConsultationRow(
        id=here.id,
        code=here.code,
        state=here.state,
        held_at=here.held_at,
        patient_id=here.patient_id,
        patient=visit.patient.name,
        practitioner=visit.practitioner,
        specialty=visit.specialty,
        clinic=visit.clinic.name,
        fee=here.fee,
        payment_id=payment_id,
        payment_state=payment_state,
        invoice_number=numbers.get(here.id, ""),
    )


def _payments(connection: Connection, consultation_id: int) -> list[PastPayment]:
    back = (
        select(func.coalesce(func.sum(capture.c.refunded_minor), 0))
        .where(capture.c.payment_id == payment.c.id)
        .scalar_subquery()
    )
    query = (
        select(payment, func.coalesce(staff.c.name, "").label("taken_by"), back.label("back_minor"))
        .join(allocation, allocation.c.payment_id == payment.c.id)
        .join(staff, staff.c.id == payment.c.created_by, isouter=True)
        .where(allocation.c.thing_kind == CONSULTATION_THING, allocation.c.thing_id == consultation_id)
        .order_by(payment.c.id)
    )
    return [
        PastPayment(
            id=row.id,
            amount=Money(row.amount_minor, row.currency),
            state=row.state,
            late=bool(row.late),
            created_at=row.created_at,
            captured_at=row.captured_at,
            ended_reason=row.ended_reason,
            taken_by=row.taken_by,
            provider=row.provider,
            refunded=Money(int(row.back_minor), row.currency),
        )
        for row in connection.execute(query)
    ]
