"""The desk of a clinic: fees written down, corrected and withdrawn, found by patient, and taxes that are mistakes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.factories.clinic import FEE, Clinic, open_clinic
from tests.factories.clock import FakeClock
from tests.factories.tills import audit_rows, make_till
from tillgate import failpoints
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.consultation import ConsultationState
from tillgate.domain.errors import Invalid, NotAllowed, Refused, Stale, TillgateError
from tillgate.domain.money import Money
from tillgate.domain.tax_rules import TaxEffect, TaxRule
from tillgate.ports import PaymentProvider
from tillgate.services.consultation_edits import (
    ConsultationDraft,
    cancel_consultation,
    correct_consultation,
    record_consultation,
)
from tillgate.services.consultation_lists import (
    ConsultationQuery,
    count_consultations,
    list_consultations,
    load_consultation,
)
from tillgate.services.consultation_rows import ConsultationRecord
from tillgate.services.consultations import pay
from tillgate.services.customers import CustomerDraft, cleaned, create_customer
from tillgate.services.open_fees import Known, find_known, list_open_fees, open_fees_key, sum_open_fees
from tillgate.services.payment_lists import PaymentQuery, list_payments
from tillgate.services.settle import check_now
from tillgate.services.tax_rules import (
    add_tax_rule,
    change_tax_rule,
    end_tax_rule,
    list_tax_rules,
    withdraw_tax_rule,
)
from tillgate.services.till import Till
from tillgate.store.models import consultation, tax_record

LESS = Money(400_000, "PHP")


@pytest.fixture
def clinic(till: Till) -> Clinic:
    return open_clinic(till)


@pytest.fixture
def here(sqlite_only: Engine, clock: FakeClock) -> Clinic:
    """On SQLite alone, for what is decided above the database."""
    return open_clinic(make_till(sqlite_only, clock))


def draft_of(record: ConsultationRecord, **changes: Any) -> ConsultationDraft:
    right = ConsultationDraft(record.practitioner_id, record.patient_id, record.fee, record.held_at, record.code)
    return replace(right, **changes)


def recorded(clinic: Clinic, **changes: Any) -> ConsultationRecord:
    held_at = clinic.till.clock.now() - timedelta(hours=1)
    right = ConsultationDraft(clinic.practitioners[0], clinic.patients[0], FEE, held_at, "BH-7")
    return record_consultation(clinic.till, clinic.cashier, replace(right, **changes))


def states(clinic: Clinic) -> dict[str, tuple[str, str]]:
    return {row.code: (row.state.value, row.replaced_by) for row in clinic.rows(consultation)}


def test_a_corrected_fee_takes_the_place_of_the_wrong_one(clinic: Clinic) -> None:
    wrong = recorded(clinic)
    right = draft_of(wrong, fee=LESS, practitioner_id=clinic.practitioners[1], note=" told by phone ")
    made = correct_consultation(clinic.till, clinic.manager, wrong.id, right, wrong.version)
    assert (made.code, made.fee, made.practitioner_id) == ("BH-7-2", LESS, clinic.practitioners[1])
    assert (made.state, made.note) == (ConsultationState.OPEN, "told by phone")
    assert states(clinic) == {"BH-7": ("cancelled", "BH-7-2"), "BH-7-2": ("open", "")}
    again = correct_consultation(clinic.till, clinic.manager, made.id, draft_of(made, fee=FEE), made.version)
    assert again.code == "BH-7-3"
    other = recorded(clinic, code="BH-2")
    changed = correct_consultation(clinic.till, clinic.manager, other.id, draft_of(other, fee=LESS), other.version)
    assert changed.code == "BH-2-2"
    assert [each.count for each in list_open_fees(clinic.till, clinic.cashier)] == [2]
    events = [event for _, event, _, _ in audit_rows(clinic.till)]
    assert events.count("consultation.corrected") == 3
    assert clinic.pay(clinic.press(again.id)).payment.amount == FEE


def test_another_note_alone_is_only_noted(here: Clinic) -> None:
    fee = recorded(here)
    noted = correct_consultation(here.till, here.manager, fee.id, draft_of(fee, note="comes on Friday"), fee.version)
    assert (noted.id, noted.note, noted.version) == (fee.id, "comes on Friday", 2)
    assert states(here) == {"BH-7": ("open", "")}
    same = correct_consultation(here.till, here.manager, fee.id, draft_of(noted, note=noted.note, code=""), 2)
    assert same == noted
    assert "Friday" not in str(audit_rows(here.till))
    with pytest.raises(Stale, match="consultation_changed"):
        correct_consultation(here.till, here.manager, fee.id, draft_of(fee, fee=LESS), fee.version)


def test_a_fee_with_a_live_or_finished_payment_is_neither_corrected_nor_withdrawn(clinic: Clinic) -> None:
    fee = recorded(clinic)
    wanted = draft_of(fee, fee=LESS)

    def both_refused(code: str) -> None:
        with pytest.raises(Refused, match=code):
            correct_consultation(clinic.till, clinic.manager, fee.id, wanted, fee.version)
        with pytest.raises(Refused, match=code):
            cancel_consultation(clinic.till, clinic.manager, fee.id, "a mistake")

    first = clinic.pay(clinic.press(fee.id)).payment
    both_refused("already_being_paid")
    clinic.provider.pay(clinic.reference(first.id))
    check_now(clinic.till, clinic.cashier, first.id)
    both_refused("consultation_paid")
    assert states(clinic) == {"BH-7": ("paid", "")}


def test_a_fee_whose_payment_expired_is_corrected_and_its_void_invoice_stays(clinic: Clinic) -> None:
    fee = recorded(clinic)
    first = clinic.pay(clinic.press(fee.id)).payment
    clinic.provider.end(clinic.reference(first.id), CheckoutStatus.EXPIRED)
    check_now(clinic.till, clinic.cashier, first.id)
    made = correct_consultation(clinic.till, clinic.manager, fee.id, draft_of(fee, fee=LESS), fee.version)
    old = load_consultation(clinic.till, clinic.cashier, fee.id)
    assert [invoice.total for invoice in old.void_invoices] == [FEE]
    assert not old.may_pay
    assert clinic.pay(clinic.press(made.id)).payment.amount == LESS


def test_what_is_wrong_with_a_correction_changes_nothing(here: Clinic) -> None:
    fee = recorded(here)
    recorded(here, code="BH-8")
    before = states(here)
    bad: list[tuple[dict[str, Any], str]] = [
        ({"fee": Money(0, "PHP")}, "amount_zero"),
        ({"fee": Money(1, "INR")}, "currency_mismatch"),
        ({"practitioner_id": 99}, "practitioner_unknown"),
        ({"patient_id": 99}, "customer_unknown"),
        ({"code": "BH-8", "fee": LESS}, "consultation_code_taken"),
        ({"note": "card 4242 4242 4242 4242"}, "note_card_number"),
    ]
    for change, code in bad:
        with pytest.raises(TillgateError, match=code):
            correct_consultation(here.till, here.manager, fee.id, draft_of(fee, **change), fee.version)
    with pytest.raises(NotAllowed):
        correct_consultation(here.till, here.cashier, fee.id, draft_of(fee, fee=LESS), fee.version)
    with pytest.raises(Invalid, match="note_unreadable"):
        recorded(here, code="BH-9", note="x" * 201)
    assert states(here) == before


def test_open_fees_are_paged_summed_and_found_by_name_phone_and_number(clinic: Clinic, clock: FakeClock) -> None:
    jose, ana = clinic.patients
    luz = create_customer(clinic.till, clinic.cashier, CustomerDraft("Luz Mercado", "", "+639175550144")).id
    clinic.patients.append(luz)
    for patient in (1, 2, 0, 1):
        clinic.consultation(patient=patient)
        clock.advance(60)
    clinic.paid(clinic.consultation(patient=0))

    def who(text: str = "", **page: Any) -> list[int]:
        return [row.patient_id for row in list_open_fees(clinic.till, clinic.cashier, text, **page)]

    assert who() == [ana, luz, jose]
    first = list_open_fees(clinic.till, clinic.cashier, limit=1)[0]
    assert (first.name, first.count, first.totals) == ("Ana Villanueva", 2, (Money(1_000_000, "PHP"),))
    assert who(after=open_fees_key(first), limit=1) == [luz]
    assert who(skip=2) == [jose]
    found = {text: who(text) for text in ("cruz", "villa ana", "0917 555 01", str(luz), "+63922", "nobody", "%", "  ")}
    assert found == {"cruz": [jose], "villa ana": [ana], "0917 555 01": [luz], str(luz): [luz], "+63922": [ana],
                     "nobody": [], "%": [], "  ": [ana, luz, jose]}  # fmt: skip
    everybody = sum_open_fees(clinic.till, clinic.cashier)
    assert (everybody.patients, everybody.totals) == (3, (Money(2_000_000, "PHP"),))
    nobody = sum_open_fees(clinic.till, clinic.cashier, "nobody")
    assert (nobody.patients, nobody.totals) == (0, ())


def test_a_scanned_number_names_a_visit_an_invoice_or_a_patient(clinic: Clinic) -> None:
    jose, ana = clinic.patients
    fee = recorded(clinic, patient_id=ana)
    number = clinic.pay(clinic.press(fee.id)).payment.invoice_number

    def known(text: str) -> Known | None:
        return find_known(clinic.till, clinic.cashier, text)

    assert known(" bh-7 ") == known(number.lower()) == Known(ana, fee.id, "BH-7")
    assert known("+63911") == known(str(jose)) == Known(jose)
    assert [known(text) for text in ("", "BH-", "999", "+639", "²")] == [None] * 5


@pytest.mark.parametrize("text", ["BH-7\x00", "\x00", "BH\ud800", "\u202eBH-7", "BH-7\n", "B" * 10_000])
def test_a_text_that_no_database_takes_is_searched_for_without_what_nobody_sees(clinic: Clinic, text: str) -> None:
    """As a scanner or a clipboard gives it."""
    fee, seen = recorded(clinic), cleaned(text).strip()
    query = ConsultationQuery(text)
    found = list_consultations(clinic.till, clinic.cashier, query)
    assert [each.code for each in found] == ([fee.code] if fee.code.startswith(seen) else [])
    assert count_consultations(clinic.till, clinic.cashier, query) == len(found)
    assert len(list_open_fees(clinic.till, clinic.cashier, text)) == (not seen)
    known = Known(fee.patient_id, fee.id, fee.code) if seen == fee.code else None
    assert find_known(clinic.till, clinic.cashier, text) == known
    assert list_payments(clinic.till, clinic.cashier, PaymentQuery(text)) == ()


def test_a_rule_that_is_a_mistake_is_withdrawn_and_one_that_taxed_is_not(clinic: Clinic, clock: FakeClock) -> None:
    today = clinic.till.store_day(clock.now())
    wrong = add_tax_rule(clinic.till, clinic.manager, TaxRule("GST", 210_000, TaxEffect.ADDED, "PH", today))
    assert wrong.id is not None
    number = clinic.consultation()
    assert load_consultation(clinic.till, clinic.cashier, number).assessed.due == Money(605_000, "PHP")
    gone = withdraw_tax_rule(clinic.till, clinic.manager, wrong.id)
    assert gone.withdrawn
    assert load_consultation(clinic.till, clinic.cashier, number).assessed.due == FEE
    with pytest.raises(Refused, match="tax_withdrawn"):
        withdraw_tax_rule(clinic.till, clinic.manager, wrong.id)
    with pytest.raises(Refused, match="tax_withdrawn"):
        end_tax_rule(clinic.till, clinic.manager, wrong.id, today)
    right = TaxRule("GST", 120_000, TaxEffect.ADDED, "PH", today)
    with pytest.raises(Refused, match="tax_day_taken"):
        add_tax_rule(clinic.till, clinic.manager, right)
    made = add_tax_rule(clinic.till, clinic.manager, replace(right, valid_from=today - timedelta(days=1)))
    due = load_consultation(clinic.till, clinic.cashier, number).assessed.due
    assert due == Money(560_000, "PHP")
    clinic.pay(clinic.press(number, amount=due))
    assert made.id is not None
    with pytest.raises(Refused, match="tax_used"):
        withdraw_tax_rule(clinic.till, clinic.manager, made.id)
    assert end_tax_rule(clinic.till, clinic.manager, made.id, today).valid_until == today
    assert sum(rule.name == "GST" for rule in list_tax_rules(clinic.till, clinic.manager, "PH")) == 2
    assert not any(rule.applies_on(date(2030, 1, 1)) for rule in list_tax_rules(clinic.till, clinic.manager)
                   if rule.name == "GST")  # fmt: skip


class Meanwhile(dict[str, PaymentProvider]):
    """A till's providers; once told to, something happens as a press looks for its own: after it has read the taxes."""

    def __init__(self, clinic: Clinic, happens: Callable[[], None]) -> None:
        super().__init__(clinic.till.providers)
        self._happens: Callable[[], None] | None = None
        failpoints.arm(lambda place: setattr(self, "_happens", happens) if place == "consultation.under_lock" else None)

    def get(self, name: str, default: Any = None) -> Any:
        happens, self._happens = self._happens, None
        if happens is not None:
            happens()
        return super().get(name, default)


def test_a_rule_is_not_withdrawn_between_a_presss_look_at_it_and_its_tax_record(clinic: Clinic) -> None:
    vat = next(rule for rule in list_tax_rules(clinic.till, clinic.manager, "PH") if rule.name == "VAT")
    assert vat.id is not None
    told: list[str] = []

    def withdraw(number: int) -> None:
        try:
            withdraw_tax_rule(clinic.till, clinic.manager, number)
        except TillgateError as error:
            told.append(error.code)

    manager = threading.Thread(target=withdraw, args=(vat.id,))

    def happens() -> None:
        manager.start()
        # Where nothing holds it up it is done by then.
        manager.join(1.0)

    providers = Meanwhile(clinic, happens)
    try:
        pay(replace(clinic.till, providers=providers), clinic.cashier, clinic.press(clinic.consultation()))
    finally:
        failpoints.arm(None)
    manager.join()
    assert [row.name for row in clinic.rows(tax_record)] == ["VAT", "PPh"]
    assert told == ["tax_used"]


def test_a_new_rate_ends_the_old_rule_the_day_before_or_nothing_is_done(here: Clinic, clock: FakeClock) -> None:
    today = here.till.store_day(clock.now())
    vat = next(rule for rule in list_tax_rules(here.till, here.manager, "PH") if rule.name == "VAT")
    assert vat.id is not None
    begins = today + timedelta(days=10)
    wanted = replace(vat, rate_ppm=88_750, valid_from=begins)
    for change, code in (
        ({"name": "GST"}, "tax_fixed"),
        ({"country": "IN"}, "tax_fixed"),
        ({"valid_from": vat.valid_from}, "tax_follows"),
        ({"rate_ppm": 0}, "tax_rate"),
    ):
        with pytest.raises(Invalid, match=code):
            change_tax_rule(here.till, here.manager, vat.id, replace(wanted, **change))
    assert vat in list_tax_rules(here.till, here.manager)
    made = change_tax_rule(here.till, here.manager, vat.id, wanted)
    old = next(rule for rule in list_tax_rules(here.till, here.manager) if rule.id == vat.id)
    assert (old.valid_until, made.valid_from, made.rate_ppm) == (begins - timedelta(days=1), begins, 88_750)
    with pytest.raises(Refused, match="tax_ended"):
        change_tax_rule(here.till, here.manager, vat.id, replace(wanted, valid_from=begins + timedelta(days=9)))
