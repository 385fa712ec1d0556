"""What money makes of a consultation: paid, late, twice, given back; what the books and papers then say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from threading import Thread

import pytest
from sqlalchemy import Engine, update

from tests.factories.clinic import FEE, Clinic, open_clinic
from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.tills import make_till
from tillgate.domain.checkout_facts import CheckoutStatus, RefundStatus
from tillgate.domain.consultation import LOCK_WAIT, ConsultationState
from tillgate.domain.errors import Refused, Unavailable
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.ledger import CONSULTATIONS, REFUNDS, TAX, UNAPPLIED, WITHHELD, clearing
from tillgate.domain.money import Money
from tillgate.domain.payment import Fulfilment, PaymentState, RefundState
from tillgate.domain.staff import Role
from tillgate.domain.tax_rules import TaxEffect, TaxRule
from tillgate.services import consultations
from tillgate.services.book_checks import check_books
from tillgate.services.consultation_lists import (
    ConsultationDetails,
    ConsultationQuery,
    consultation_key,
    count_consultations,
    list_consultations,
    load_consultation,
)
from tillgate.services.consultations import PressKind
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.open_fees import list_open_fees
from tillgate.services.payment_lists import PaymentQuery, list_payments
from tillgate.services.refunds import drive_refund, request_refund, settle_refunds
from tillgate.services.settle import check_now
from tillgate.services.sweep import sweep
from tillgate.services.tax_rules import add_tax_rule, end_tax_rule, list_tax_rules
from tillgate.services.till import Till
from tillgate.store.ledger import balance, unbalanced
from tillgate.store.models import consultation, consultation_credit_note, consultation_invoice, refund, tax_record
from tillgate.store.named_lock import NamedLock


@pytest.fixture
def clinic(till: Till) -> Clinic:
    return open_clinic(till)


@pytest.fixture
def here(sqlite_only: Engine, clock: FakeClock) -> Clinic:
    """On SQLite alone, for what is decided above the database."""
    return open_clinic(make_till(sqlite_only, clock))


def books(clinic: Clinic, *accounts: str) -> list[int]:
    """The balances of accounts in PHP; the ledger as a whole is even."""
    with clinic.till.db.read() as connection:
        assert not unbalanced(connection)
        return [balance(connection, account, "PHP").minor for account in accounts]


def details(clinic: Clinic, number: int) -> ConsultationDetails:
    return load_consultation(clinic.till, clinic.cashier, number)


def give_back(clinic: Clinic, payment_id: int, amount: Money) -> None:
    manager = signed_in(clinic.till, Role.MANAGER)
    made = request_refund(clinic.till, manager, payment_id, amount, "the doctor was ill")
    drive_refund(clinic.till, made.id)


def decide(clinic: Clinic, action: ExceptionAction) -> None:
    manager = signed_in(clinic.till, Role.MANAGER)
    (found,) = list_exceptions(clinic.till, manager)
    assert found.kind is ExceptionKind.LATE
    settle_exception(clinic.till, manager, found.id, action, "decided at the desk")


def test_a_paid_fee_settles_everything_in_one_go(clinic: Clinic, clock: FakeClock) -> None:
    number = clinic.consultation()
    paid = clinic.paid(number)
    assert (paid.state, paid.fulfilment) == (PaymentState.CAPTURED, Fulfilment.DONE)
    found = details(clinic, number)
    assert found.visit.consultation.state is ConsultationState.PAID
    assert found.visit.consultation.payment_id == paid.id
    assert found.invoice is not None
    assert (found.invoice.state, found.invoice.finalized_at) == ("final", clock.now())
    assert not found.may_pay
    assert books(clinic, clearing("stripe"), UNAPPLIED, CONSULTATIONS, TAX) == [FEE.minor, 0, -FEE.minor, 0]
    assert list_open_fees(clinic.till, clinic.cashier) == ()
    by_paper = PaymentQuery(text=found.invoice.number.lower())
    assert [row.id for row in list_payments(clinic.till, clinic.cashier, by_paper)] == [paid.id]
    # Heard again, by whomever, it changes nothing.
    check_now(clinic.till, clinic.cashier, paid.id)
    clinic.settle()
    assert details(clinic, number) == found


@pytest.mark.parametrize(("action", "paid_in_the_end"), [("apply", True), ("refund", False), ("close", False)])
def test_late_money_of_an_ended_payment_is_a_persons_to_decide(
    clinic: Clinic, clock: FakeClock, action: str, paid_in_the_end: bool
) -> None:
    number = clinic.consultation()
    first = clinic.pay(clinic.press(number)).payment
    reference = clinic.reference(first.id)
    clinic.provider.end(reference, CheckoutStatus.EXPIRED)
    check_now(clinic.till, clinic.cashier, first.id)
    assert details(clinic, number).may_pay
    clinic.provider.pay(reference)
    clock.advance(120)
    clinic.settle()
    found = details(clinic, number)
    assert found.visit.consultation.state is ConsultationState.OPEN
    assert found.active is not None
    assert (found.active.id, found.active.late) == (first.id, True)
    # Nobody charges the patient again while that money lies there.
    assert clinic.pay(clinic.press(number)).kind is PressKind.EXISTING
    decide(clinic, ExceptionAction(action))
    clinic.settle()
    found = details(clinic, number)
    assert (found.visit.consultation.state is ConsultationState.PAID) is paid_in_the_end
    if paid_in_the_end:
        assert [each.number for each in found.void_invoices] == ["INV-20261116090000-000001"]
        assert found.invoice is not None
        assert (found.invoice.number, found.invoice.state) == ("INV-20261116090200-000001", "final")
        assert books(clinic, UNAPPLIED, CONSULTATIONS) == [0, -FEE.minor]
    else:
        assert found.may_pay
        assert clinic.pay(clinic.press(number)).kind is PressKind.NEW


def test_late_money_applied_within_the_second_gets_the_next_number(clinic: Clinic) -> None:
    number = clinic.consultation()
    first = clinic.pay(clinic.press(number)).payment
    clinic.provider.end(clinic.reference(first.id), CheckoutStatus.EXPIRED)
    check_now(clinic.till, clinic.cashier, first.id)
    clinic.provider.pay(clinic.reference(first.id))
    with clinic.till.db.write(clinic.till.system) as uow:
        uow.connection.exec_driver_sql("UPDATE payment_attempt SET next_check_at = 0")
    clinic.settle()
    decide(clinic, ExceptionAction.APPLY)
    numbers = [(row.number, row.state) for row in clinic.rows(consultation_invoice)]
    assert numbers == [("INV-20261116090000-000001", "void"), ("INV-20261116090001-000001", "final")]


def test_late_money_beside_a_new_payment_is_never_applied(clinic: Clinic, clock: FakeClock) -> None:
    number = clinic.consultation()
    first = clinic.pay(clinic.press(number)).payment
    clinic.provider.end(clinic.reference(first.id), CheckoutStatus.EXPIRED)
    check_now(clinic.till, clinic.cashier, first.id)
    late = clinic.reference(first.id)
    second = clinic.paid(number)
    clinic.provider.pay(late)
    clock.advance(120)
    clinic.settle()
    manager = signed_in(clinic.till, Role.MANAGER)
    (found,) = list_exceptions(clinic.till, manager)
    with pytest.raises(Refused, match="paid_otherwise"):
        settle_exception(clinic.till, manager, found.id, ExceptionAction.APPLY, "try it")
    settle_exception(clinic.till, manager, found.id, ExceptionAction.REFUND, "it came twice")
    clinic.settle()
    assert details(clinic, number).visit.consultation.payment_id == second.id
    assert clinic.provider.taken_minor() == FEE.minor
    assert books(clinic, clearing("stripe"), UNAPPLIED, CONSULTATIONS) == [FEE.minor, 0, -FEE.minor]
    assert clinic.rows(consultation_credit_note) == []


def test_a_refund_is_a_credit_note_and_all_of_it_ends_what_is_owed(clinic: Clinic, clock: FakeClock) -> None:
    number = clinic.consultation()
    paid = clinic.paid(number)
    give_back(clinic, paid.id, Money(200_000, "PHP"))
    found = details(clinic, number)
    assert found.visit.consultation.state is ConsultationState.PAID
    assert [note.amount.minor for note in found.credit_notes] == [200_000]
    clock.advance(5)
    give_back(clinic, paid.id, Money(300_000, "PHP"))
    found = details(clinic, number)
    assert found.visit.consultation.state is ConsultationState.REFUNDED
    notes = [("CRN-20261116090000-000001", 200_000), ("CRN-20261116090005-000002", 300_000)]
    assert [(note.number, note.amount.minor) for note in found.credit_notes] == notes
    assert found.invoice is not None
    assert found.invoice.state == "final"
    assert books(clinic, clearing("stripe"), REFUNDS, CONSULTATIONS) == [0, FEE.minor, -FEE.minor]
    assert found.invoice.reversed_at == clock.now()
    assert found.payments[0].refunded == FEE
    assert list_open_fees(clinic.till, clinic.cashier) == ()


def test_a_fee_that_went_back_whole_can_be_asked_for_again(clinic: Clinic, clock: FakeClock) -> None:
    """product.md, Payment: a REFUNDED payment is not live, so it holds nothing any more."""
    number = clinic.consultation()
    old = clinic.paid(number)
    give_back(clinic, old.id, FEE)
    clock.advance(60)
    assert details(clinic, number).may_pay
    # What is begun and given up leaves everything as it was.
    given_up = clinic.pay(clinic.press(number)).payment
    assert details(clinic, number).active is not None
    (row,) = list_consultations(clinic.till, clinic.cashier, ConsultationQuery())
    assert (row.being_paid, row.invoice_number) == (True, given_up.invoice_number)
    clinic.provider.end(clinic.reference(given_up.id), CheckoutStatus.EXPIRED)
    check_now(clinic.till, clinic.cashier, given_up.id)
    assert details(clinic, number).visit.consultation.state is ConsultationState.REFUNDED
    clock.advance(60)
    first, again = clinic.pay(clinic.press(number)), clinic.pay(clinic.press(number))
    assert (first.kind, again.kind) == (PressKind.NEW, PressKind.EXISTING)
    clinic.provider.pay(clinic.reference(first.payment.id))
    new = check_now(clinic.till, clinic.cashier, first.payment.id)
    assert (new.state, new.fulfilment) == (PaymentState.CAPTURED, Fulfilment.DONE)
    found = details(clinic, number)
    assert (found.visit.consultation.state, found.visit.consultation.payment_id) == (ConsultationState.PAID, new.id)
    numbers = [(invoice.number[-6:], invoice.state) for invoice in clinic.rows(consultation_invoice)]
    assert numbers == [("000001", "final"), ("000002", "void"), ("000003", "final")]
    assert [note.amount for note in found.credit_notes] == [FEE]
    with pytest.raises(Refused, match="consultation_paid"):
        clinic.pay(clinic.press(number))
    assert books(clinic, clearing("stripe"), REFUNDS, CONSULTATIONS) == [FEE.minor, FEE.minor, -2 * FEE.minor]
    assert check_books(clinic.till, clinic.manager).ok
    # And a second time.
    give_back(clinic, new.id, FEE)
    assert details(clinic, number).may_pay
    assert check_books(clinic.till, clinic.manager).ok


def test_a_fee_cancelled_while_the_patient_pays_goes_back_by_itself(here: Clinic) -> None:
    number = here.consultation()
    begun = here.pay(here.press(number)).payment
    with here.till.db.write(here.till.system) as uow:
        uow.execute(update(consultation).values(state=ConsultationState.CANCELLED))
    here.provider.pay(here.reference(begun.id))
    refused = check_now(here.till, here.cashier, begun.id)
    assert (refused.state, refused.fulfilment) == (PaymentState.REFUND_PENDING, Fulfilment.REFUSED)
    assert [row.state for row in here.rows(consultation_invoice)] == ["void"]
    here.settle()
    assert here.provider.taken_minor() == 0
    assert books(here, clearing("stripe"), UNAPPLIED, CONSULTATIONS) == [0, 0, 0]
    assert here.rows(consultation_credit_note) == []


def test_every_effect_of_a_tax_is_in_the_books(clinic: Clinic) -> None:
    begins = date(2024, 1, 1)
    rates = {TaxEffect.INCLUDED: 120_000, TaxEffect.ADDED: 50_000, TaxEffect.WITHHELD: 100_000}
    for effect, rate in rates.items():
        add_tax_rule(clinic.till, clinic.manager, TaxRule(effect.value, rate, effect, "PH", begins))
    number = clinic.consultation(Money(112_000, "PHP"))
    due = details(clinic, number).assessed.due
    assert due.minor == 112_000 + 5_600 - 11_200
    begun = clinic.pay(clinic.press(number, amount=due)).payment
    clinic.provider.pay(clinic.reference(begun.id))
    check_now(clinic.till, clinic.cashier, begun.id)
    amounts = {row.name: (row.base_minor, row.amount_minor) for row in clinic.rows(tax_record)}
    assert amounts["included"] == (100_000, 12_000)
    assert amounts["added"] == (112_000, 5_600)
    assert amounts["withheld"] == (112_000, 11_200)
    accounts = (clearing("stripe"), UNAPPLIED, WITHHELD, CONSULTATIONS, TAX)
    assert books(clinic, *accounts) == [106_400, 0, 11_200, -100_000, -17_600]


def test_a_new_rate_is_a_new_rule_and_what_was_put_up_keeps_the_old_one(clinic: Clinic, clock: FakeClock) -> None:
    old = clinic.consultation()
    clinic.paid(old)
    rules = {rule.name: rule for rule in list_tax_rules(clinic.till, clinic.manager, "PH")}
    today = clinic.till.store_day(clock.now())
    newer = replace(rules["VAT"], rate_ppm=100_000, valid_from=today + timedelta(days=1), id=None)
    with pytest.raises(Refused, match="tax_overlaps"):
        add_tax_rule(clinic.till, clinic.manager, newer)
    end_tax_rule(clinic.till, clinic.manager, rules["VAT"].id or 0, today)
    with pytest.raises(Refused, match="tax_ended"):
        end_tax_rule(clinic.till, clinic.manager, rules["VAT"].id or 0, today)
    added = add_tax_rule(clinic.till, clinic.manager, newer)
    assert list_tax_rules(clinic.till, clinic.manager)[1] == added
    young = clinic.consultation()
    assert details(clinic, young).assessed.lines[0].rate_ppm == 120_000
    clock.advance(86_400)
    clinic = replace(clinic, cashier=signed_in(clinic.till, Role.CASHIER))
    rates = [(line.name, line.rate_ppm) for line in details(clinic, young).assessed.lines]
    assert rates == [("PPh", 150_000), ("VAT", 100_000)]
    assert {line.name: line.rate_ppm for line in details(clinic, old).assessed.lines}["VAT"] == 120_000


def test_open_fees_by_patient_and_the_list(clinic: Clinic, clock: FakeClock) -> None:
    ana, jose = clinic.patients[1], clinic.patients[0]
    numbers = []
    for minor, patient in ((80_000, 1), (50_000, 0), (20_000, 1)):
        numbers.append(clinic.consultation(Money(minor, "PHP"), patient=patient))
        clock.advance(60)
    owed = list_open_fees(clinic.till, clinic.cashier)
    assert [(each.patient_id, each.count, each.totals) for each in owed] == [
        (ana, 2, (Money(100_000, "PHP"),)),
        (jose, 1, (Money(50_000, "PHP"),)),
    ]
    assert [each.name for each in list_open_fees(clinic.till, clinic.cashier, "jose")] == ["Jose Dela Cruz"]
    clinic.pay(clinic.press(numbers[0]))
    clinic.paid(numbers[1])
    query = ConsultationQuery()
    rows = list_consultations(clinic.till, clinic.cashier, query)
    assert [row.id for row in rows] == numbers[::-1]
    assert [row.being_paid for row in rows] == [False, False, True]
    assert [row.payment_state for row in rows] == [None, PaymentState.CAPTURED, PaymentState.PENDING]
    assert [bool(row.invoice_number) for row in rows] == [False, True, True]
    behind = list_consultations(clinic.till, clinic.cashier, query, after=consultation_key(rows[0]), limit=1)
    assert behind == rows[1:2]
    still = ConsultationQuery(text="ana", states=frozenset({ConsultationState.OPEN}), patient_id=ana)
    assert count_consultations(clinic.till, clinic.cashier, still) == 2
    assert count_consultations(clinic.till, clinic.cashier, replace(still, text="dr. s")) == 2
    assert count_consultations(clinic.till, clinic.cashier, replace(still, text="nobody")) == 0


def test_a_lock_that_is_not_won_in_time_is_said_and_nothing_is_created(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the application the wait is 5 s."""
    assert timedelta(seconds=5) == LOCK_WAIT
    monkeypatch.setattr(consultations, "LOCK_WAIT", timedelta(milliseconds=50))
    number = clinic.consultation()
    press = clinic.press(number)
    told: list[str] = []
    lock = NamedLock(f"consultation:{number}:{press.patient_id}", 1.0)
    lock.begin()
    other = make_till(clinic.till.db.engine, FakeClock(), till_id="T9")
    # Entered by hand: a press is refused inside a transaction, so it comes from another thread.
    with other.db.write_alone(other.system, lock):

        def run() -> None:
            try:
                clinic.pay(press)
            except Unavailable as error:
                told.append(error.code)

        waiting = Thread(target=run)
        waiting.start()
        waiting.join()
    assert told == ["lock_not_won"]
    assert clinic.counts() == (0, 0, 0)
    assert clinic.pay(press).kind is PressKind.NEW


def test_a_fee_whose_refund_came_back_is_credited_once(here: Clinic) -> None:
    """What makes good a refund that a bank sent back reverses nothing: the fee may be asked for again long since."""
    number = here.consultation()
    paid = here.paid(number)
    give_back(here, paid.id, paid.amount)
    (key,) = here.provider.refunds
    here.provider.refunds[key] = replace(here.provider.refunds[key], status=RefundStatus.FAILED)
    assert sweep(here.till, here.provider)
    manager = signed_in(here.till, Role.MANAGER)
    (found,) = list_exceptions(here.till, manager)
    settle_exception(here.till, manager, found.id, ExceptionAction.RETRY, "the account was closed")
    settle_refunds(here.till)
    assert [each.state for each in here.rows(refund)] == [RefundState.FAILED, RefundState.DONE]
    assert len(here.rows(consultation_credit_note)) == 1
    assert here.paid(number).state is PaymentState.CAPTURED
