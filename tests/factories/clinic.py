"""A small clinic: two practitioners, two patients, the document's taxes, and fees in PHP that nobody has paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Table, select, text

from tests.factories.fake_provider import CAPABILITIES, FakeProvider
from tests.factories.people import signed_in
from tillgate.domain.consultation import new_key
from tillgate.domain.money import Money
from tillgate.domain.payment import Purpose
from tillgate.domain.staff import Actor, Role
from tillgate.services import consultation_settling
from tillgate.services.consultation_edits import ConsultationDraft, record_consultation
from tillgate.services.consultations import PayConsultation, Pressed, pay
from tillgate.services.payment_views import PaymentView, read_view
from tillgate.services.records import PaymentRecord
from tillgate.services.refunds import settle_refunds
from tillgate.services.sample_clinic import load_clinic
from tillgate.services.settle import check_now, settle_attempts, settle_fulfilments
from tillgate.services.till import Till
from tillgate.store.models import consultation, consultation_invoice, customer, payment, practitioner, tax_record
from tillgate.store.unit_of_work import refuse_inside_transaction

FEE = Money(500_000, "PHP")
CLINIC: Mapping[str, Any] = {
    "clinic": {
        "code": "CLN",
        "name": "Bayani Clinic",
        "address": "1 Street",
        "email": "c@example.com",
        "phone": "+632",
        "tax_number": "009",
        "brand_color": "",
        "brand_mark": "BC",
        "country": "PH",
        "currency": "PHP",
    },
    "practitioners": [
        {"code": "DR-A", "name": "Dr. Santos", "specialty": "General medicine"},
        {"code": "DR-B", "name": "Dr. Reyes", "specialty": ""},
    ],
    "patients": [
        {"name": "Jose Dela Cruz", "email": "jose@example.com", "phone": "+63911"},
        {"name": "Ana Villanueva", "email": "", "phone": "+63922"},
    ],
    "tax_rules": [
        {"name": "VAT", "rate_ppm": 120_000, "effect": "informational", "valid_from": "2024-01-01"},
        {"name": "PPh", "rate_ppm": 150_000, "effect": "informational", "valid_from": "2024-01-01"},
    ],
    "consultations": [],
}


@dataclass(slots=True)
class Clinic:
    """A till of the clinic, with a provider in memory that takes PHP and is never called inside a transaction."""

    till: Till
    provider: FakeProvider
    cashier: Actor
    manager: Actor
    patients: list[int] = field(default_factory=list)
    practitioners: list[int] = field(default_factory=list)

    def consultation(self, fee: Money = FEE, *, patient: int = 0) -> int:
        """A new open fee; its number."""
        held_at = self.till.clock.now() - timedelta(hours=1)
        draft = ConsultationDraft(self.practitioners[0], self.patients[patient], fee, held_at)
        return record_consultation(self.till, self.cashier, draft).id

    def press(self, consultation_id: int, **changes: Any) -> PayConsultation:
        """A press that is right, but for the changes."""
        with self.till.db.read() as connection:
            query = select(consultation).where(consultation.c.id == consultation_id)
            row = connection.execute(query).one()
        key = new_key(self.till.clock.now())
        usual = PayConsultation(key, consultation_id, row.patient_id, Money(row.fee_minor, row.currency))
        return replace(usual, **changes)

    def pay(self, press: PayConsultation) -> Pressed:
        return pay(self.till, self.cashier, press)

    def paid(self, consultation_id: int) -> PaymentRecord:
        """A consultation that was pressed, paid and heard."""
        begun = self.pay(self.press(consultation_id)).payment
        self.provider.pay(self.reference(begun.id))
        return check_now(self.till, self.cashier, begun.id)

    def view(self, payment_id: int) -> PaymentView:
        with self.till.db.read() as connection:
            return read_view(connection, payment_id)

    def reference(self, payment_id: int) -> str:
        attempt = self.view(payment_id).attempt
        assert attempt is not None
        return attempt.reference

    def settle(self) -> None:
        settle_fulfilments(self.till)
        settle_attempts(self.till)
        settle_refunds(self.till)

    def rows(self, table: Table) -> list[Any]:
        with self.till.db.read() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key.columns)))

    def counts(self) -> tuple[int, int, int]:
        """Payments, invoices and tax records."""
        return len(self.rows(payment)), len(self.rows(consultation_invoice)), len(self.rows(tax_record))

    def till_of(self, till_id: str) -> Clinic:
        """Another till of the same clinic and bank, with a cashier of its own."""
        other = replace(self.till, id=till_id, worker=f"{till_id}:tests")
        return replace(self, till=other, cashier=signed_in(other, Role.CASHIER))


def open_clinic(till: Till, provider: FakeProvider | None = None) -> Clinic:
    """The clinic at this till; what is there already stays, so that several tills can open it."""
    bank = provider or new_bank()
    fulfilling = {Purpose.CONSULTATION: consultation_settling.FULFILLING}
    till = replace(till, providers={bank.name: bank}, fulfilling=fulfilling)
    with till.db.write(till.system) as uow:
        load_clinic(uow, CLINIC)
    with till.db.read() as connection:
        patients = [int(row.id) for row in connection.execute(select(customer.c.id).order_by(customer.c.id))]
        people = [int(row.id) for row in connection.execute(select(practitioner.c.id).order_by(practitioner.c.id))]
    cashier, manager = signed_in(till, Role.CASHIER), signed_in(till, Role.MANAGER)
    return Clinic(till, bank, cashier, manager, patients, people)


def new_bank() -> FakeProvider:
    """A provider that takes PHP."""
    capabilities = replace(CAPABILITIES, smallest_minor={"PHP": 2_500})
    return FakeProvider(name="stripe", capabilities=capabilities, before=lambda _verb: refuse_inside_transaction())


def break_the_books(clinic: Clinic, statement: str, guard: str) -> None:
    """Change what the database guards, as somebody with a tool of their own could: a guard is dropped first, if any.

    For a database file of the test's own.
    """
    with clinic.till.db.write(clinic.till.system) as uow:
        if guard:
            uow.execute(text(f"DROP TRIGGER {guard}"))
        uow.execute(text(statement))
