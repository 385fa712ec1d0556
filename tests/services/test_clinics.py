"""A store's own clinic, made without any file: clinics, practitioners, patients, tax rules, and a fee that is paid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from tests.factories.clinic import new_bank
from tests.factories.people import signed_in
from tests.factories.tills import audit_rows
from tillgate.domain.consultation import new_key
from tillgate.domain.errors import Invalid, NotFound, Refused, Stale, TillgateError
from tillgate.domain.money import Money
from tillgate.domain.payment import Purpose
from tillgate.domain.staff import Actor, Role
from tillgate.domain.tax_rules import TaxEffect, TaxRule
from tillgate.services import consultation_settling
from tillgate.services.clinics import (
    ClinicDraft,
    PractitionerDraft,
    list_clinics,
    list_practitioners,
    save_clinic,
    save_practitioner,
)
from tillgate.services.consultation_edits import ConsultationDraft, record_consultation
from tillgate.services.consultation_lists import load_consultation
from tillgate.services.consultations import PayConsultation, PressKind, pay
from tillgate.services.customers import CustomerDraft, create_customer
from tillgate.services.tax_rules import add_tax_rule
from tillgate.services.till import Till

CLINIC = ClinicDraft(
    "bayani", "Bayani  Clinic", "ph", "PHP", "1 Street", "clinic@example.com", "+63285550101", "009", "#0f766e", "BC"
)
FEE = Money(500_000, "PHP")


@pytest.fixture
def store(till: Till) -> Till:
    bank = new_bank()
    return replace(
        till, providers={bank.name: bank}, fulfilling={Purpose.CONSULTATION: consultation_settling.FULFILLING}
    )


@pytest.fixture
def manager(store: Till) -> Actor:
    return signed_in(store, Role.MANAGER)


def refused(work: Callable[[], object]) -> TillgateError:
    with pytest.raises(TillgateError) as caught:
        work()
    return caught.value


def test_a_store_without_a_file_sets_up_a_clinic_and_takes_a_fee(store: Till, manager: Actor) -> None:
    made = save_clinic(store, manager, CLINIC)
    (found,) = list_clinics(store, manager)
    assert (found.id, found.code, found.name, found.country) == (made, "BAYANI", "Bayani Clinic", "PH")
    assert (found.currency, found.brand_color, found.version) == ("PHP", "#0F766E", 1)
    doctor = save_practitioner(store, manager, PractitionerDraft(made, "dr-a", "Dr. Santos", "General medicine"))
    add_tax_rule(store, manager, TaxRule("VAT", 120_000, TaxEffect.INFORMATIONAL, "PH", date(2024, 1, 1)))
    cashier = signed_in(store, Role.CASHIER)
    patient = create_customer(store, manager, CustomerDraft("Jose Dela Cruz", "jose@example.com")).id
    held_at = store.clock.now() - timedelta(hours=1)
    fee = record_consultation(store, cashier, ConsultationDraft(doctor, patient, FEE, held_at))
    press = PayConsultation(new_key(store.clock.now()), fee.id, patient, FEE)
    assert pay(store, cashier, press).kind is PressKind.NEW
    details = load_consultation(store, cashier, fee.id)
    assert (details.visit.clinic.name, details.visit.practitioner) == ("Bayani Clinic", "Dr. Santos")
    assert [line.amount.minor for line in details.assessed.lines] == [60_000]
    events = {event: data for _, event, _, data in audit_rows(store)}
    assert {"clinic.saved", "practitioner.saved"} <= events.keys()
    assert "clinic@example.com" not in str(events["clinic.saved"])


def test_a_change_is_of_what_was_seen_and_leaves_what_hangs_on_it(store: Till, manager: Actor) -> None:
    made = save_clinic(store, manager, CLINIC)
    doctor = save_practitioner(store, manager, PractitionerDraft(made, "DR-A", "Dr. Santos"))
    moved = replace(CLINIC, name="Bayani North", address="2 Street")
    assert save_clinic(store, manager, moved, clinic_id=made, version=1) == made
    (found,) = list_clinics(store, manager)
    assert (found.name, found.address, found.version) == ("Bayani North", "2 Street", 2)
    stale = refused(lambda: save_clinic(store, manager, CLINIC, clinic_id=made, version=1))
    assert (type(stale), stale.code) == (Stale, "clinic_changed")
    for field, draft in (
        ("currency", replace(CLINIC, currency="INR")),
        ("country", replace(CLINIC, country="IN")),
        ("code", replace(CLINIC, code="OTHER")),
    ):
        fixed = refused(partial(save_clinic, store, manager, draft, clinic_id=made, version=2))
        assert (fixed.code, fixed.values["field"]) == ("clinic_fixed", field)
    other = save_clinic(store, manager, replace(CLINIC, code="OTHER"))
    away = PractitionerDraft(other, "DR-A", "Dr. Santos")
    fixed = refused(lambda: save_practitioner(store, manager, away, practitioner_id=doctor, version=1))
    assert (fixed.code, fixed.values["field"]) == ("practitioner_fixed", "clinic_id")
    renamed = PractitionerDraft(made, "DR-A", "Dr. Santos-Cruz", "Cardiology")
    save_practitioner(store, manager, renamed, practitioner_id=doctor, version=1)
    assert [each.specialty for each in list_practitioners(store, manager, made)] == ["Cardiology"]
    late = refused(lambda: save_practitioner(store, manager, renamed, practitioner_id=doctor, version=1))
    assert late.code == "practitioner_changed"


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"code": "no spaces"}, "code_malformed", "code"),
        ({"name": " "}, "text_missing", "name"),
        ({"country": "PHL"}, "tax_country", "country"),
        ({"currency": "pesos"}, "currency_malformed", "currency"),
        ({"email": "nobody"}, "email_malformed", "email"),
        ({"phone": "12"}, "phone_malformed", "phone"),
        ({"brand_color": "green"}, "colour_malformed", "brand_color"),
        ({"brand_mark": "LONG"}, "text_unreadable", "brand_mark"),
    ],
)
def test_bad_input_names_its_field_and_changes_nothing(
    store: Till, manager: Actor, change: dict[str, Any], code: str, field: str
) -> None:
    bad = refused(lambda: save_clinic(store, manager, replace(CLINIC, **change)))
    assert (type(bad), bad.code, bad.values["field"]) == (Invalid, code, field)
    assert list_clinics(store, manager, out_of_use=True) == ()


def test_codes_are_unique_and_links_lead_somewhere(store: Till, manager: Actor) -> None:
    made = save_clinic(store, manager, CLINIC)
    save_practitioner(store, manager, PractitionerDraft(made, "DR-A", "Dr. Santos"))
    for taken in (
        refused(lambda: save_clinic(store, manager, CLINIC)),
        refused(lambda: save_practitioner(store, manager, PractitionerDraft(made, "dr-a", "Dr. Reyes"))),
    ):
        assert (type(taken), taken.code, taken.values["field"]) == (Refused, "code_taken", "code")
    for lost, code in (
        (refused(lambda: save_practitioner(store, manager, PractitionerDraft(99, "DR-B", "X"))), "clinic_unknown"),
        (refused(lambda: save_clinic(store, manager, CLINIC, clinic_id=99, version=1)), "clinic_unknown"),
    ):
        assert (type(lost), lost.code) == (NotFound, code)


def test_whoever_is_out_of_use_gets_no_new_fees(store: Till, manager: Actor) -> None:
    made = save_clinic(store, manager, CLINIC)
    doctor = PractitionerDraft(made, "DR-A", "Dr. Santos")
    number = save_practitioner(store, manager, doctor)
    patient = create_customer(store, manager, CustomerDraft("Jose Dela Cruz")).id
    draft = ConsultationDraft(number, patient, FEE, store.clock.now())
    save_practitioner(store, manager, replace(doctor, active=False), practitioner_id=number, version=1)
    assert list_practitioners(store, manager) == ()
    assert [each.active for each in list_practitioners(store, manager, out_of_use=True)] == [0]
    assert refused(lambda: record_consultation(store, manager, draft)).code == "practitioner_unknown"
    save_practitioner(store, manager, doctor, practitioner_id=number, version=2)
    save_clinic(store, manager, replace(CLINIC, active=False), clinic_id=made, version=1)
    assert list_clinics(store, manager) == ()
    assert list_practitioners(store, manager) == ()
    assert refused(lambda: record_consultation(store, manager, draft)).code == "practitioner_unknown"
    save_clinic(store, manager, CLINIC, clinic_id=made, version=2)
    assert record_consultation(store, manager, draft).fee == FEE
