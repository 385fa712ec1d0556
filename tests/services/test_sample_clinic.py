"""The sample clinic stands beside the sample shop, in a currency of its own, and is the document's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from tests.factories.clinic import new_bank
from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.tills import make_till
from tillgate.domain.consultation import new_key
from tillgate.domain.errors import Invalid, NotFound, Refused, TillgateError
from tillgate.domain.money import Money
from tillgate.domain.payment import Purpose
from tillgate.domain.staff import Role
from tillgate.services import consultation_settling
from tillgate.services.consultation_edits import ConsultationDraft, record_consultation
from tillgate.services.consultation_lists import (
    ConsultationQuery,
    list_consultations,
    load_consultation,
)
from tillgate.services.consultations import PayConsultation, PressKind, pay
from tillgate.services.open_fees import list_open_fees
from tillgate.services.sample_clinic import ClinicCounts, load_sample_clinic
from tillgate.services.sample_shop import load_sample_shop
from tillgate.services.till import Till
from tillgate.store.models import practitioner, product, vendor


@pytest.fixture
def till(sqlite_only: Engine, clock: FakeClock) -> Till:
    bank = new_bank()
    fulfilling = {Purpose.CONSULTATION: consultation_settling.FULFILLING}
    return make_till(sqlite_only, clock, providers={bank.name: bank}, fulfilling=fulfilling)


def test_it_stands_beside_the_shop_and_is_loaded_once(till: Till) -> None:
    load_sample_shop(till)
    assert load_sample_clinic(till) == ClinicCounts(practitioners=3, patients=4, consultations=6, tax_rules=2)
    assert load_sample_clinic(till) == ClinicCounts(0, 0, 0, 0)
    with till.db.read() as connection:
        count = {table.name: select(func.count()).select_from(table) for table in (vendor, product)}
        assert [connection.execute(each).scalar_one() for each in count.values()] == [7, 200]
        currencies = connection.execute(select(product.c.currency).distinct()).scalars().all()
    assert currencies == ["INR"]
    cashier = signed_in(till, Role.CASHIER)
    assert {total.currency for each in list_open_fees(till, cashier) for total in each.totals} == {"PHP"}


def test_consultation_five_is_the_documents(till: Till) -> None:
    load_sample_clinic(till)
    cashier = signed_in(till, Role.CASHIER)
    found = load_consultation(till, cashier, 5)
    assert found.visit.consultation.fee == found.assessed.due == Money(500_000, "PHP")
    amounts = [(line.name, line.amount) for line in found.assessed.lines]
    assert amounts == [("VAT", Money(60_000, "PHP")), ("PPh", Money(75_000, "PHP"))]
    patient = found.visit.consultation.patient_id
    press = PayConsultation(new_key(till.clock.now()), 5, patient, found.assessed.due)
    assert pay(till, cashier, press).kind is PressKind.NEW
    (row,) = list_consultations(till, cashier, ConsultationQuery(text="BH-1005"))
    assert row.being_paid


def test_a_fee_is_written_down_as_the_clinic_has_it(till: Till) -> None:
    load_sample_clinic(till)
    cashier = signed_in(till, Role.CASHIER)
    with till.db.read() as connection:
        who = connection.execute(select(func.min(practitioner.c.id))).scalar_one()
    right = ConsultationDraft(who, 1, Money(50_000, "PHP"), till.clock.now(), " BH-2001 ")
    made = record_consultation(till, cashier, right)
    assert (made.code, made.fee, made.created_by) == ("BH-2001", Money(50_000, "PHP"), cashier.staff_id)
    assert record_consultation(till, cashier, replace(right, code="")).code.startswith("CON-")
    bad: list[tuple[dict[str, Any], type[TillgateError], str]] = [
        ({"code": "BH-2001"}, Refused, "consultation_code_taken"),
        ({"code": "x" * 41}, Invalid, "consultation_code"),
        ({"fee": Money(50_000, "INR")}, Invalid, "currency_mismatch"),
        ({"fee": Money(0, "PHP")}, Invalid, "amount_zero"),
        ({"practitioner_id": 99}, NotFound, "practitioner_unknown"),
        ({"patient_id": 99}, NotFound, "customer_unknown"),
    ]
    for change, kind, code in bad:
        with pytest.raises(kind, match=code):
            record_consultation(till, cashier, replace(right, **{"code": "BH-3", **change}))
    assert len(list_consultations(till, cashier, ConsultationQuery())) == 8
