"""The integrity check: silent on sound books of every kind, and each fault that somebody could make is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import NoReturn

import pytest
from sqlalchemy import Engine, text

from tests.factories.clinic import FEE, Clinic, break_the_books, open_clinic
from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.tills import AUDIT_KEY, audit_rows, make_till
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.errors import Unavailable
from tillgate.domain.money import Money
from tillgate.domain.staff import Actor, Role
from tillgate.domain.tax_rules import TaxEffect, TaxRule
from tillgate.services.book_checks import (
    BooksReport,
    LastCheck,
    Walk,
    check_books,
    check_lately,
    load_last_check,
)
from tillgate.services.consultation_edits import cancel_consultation
from tillgate.services.looks import Check
from tillgate.services.refunds import drive_refund, request_refund
from tillgate.services.settle import check_now
from tillgate.services.start_gates import Finding, Gate, Severity, check_consultations, check_last_run, of_report
from tillgate.services.tax_rules import add_tax_rule
from tillgate.services.till import Till
from tillgate.store.named_lock import NamedLock
from tillgate.store.unit_of_work import Database


@pytest.fixture
def clinic(till: Till) -> Clinic:
    return open_clinic(till)


@pytest.fixture
def here(sqlite_only: Engine, clock: FakeClock) -> Clinic:
    """In a file of the test's own, whose guards may go."""
    return open_clinic(make_till(sqlite_only, clock))


def a_day(clinic: Clinic, clock: FakeClock) -> None:
    """One fee of each kind: open, waiting, paid, given back in part and whole, ended, cancelled, late and twice."""
    effects = {TaxEffect.INCLUDED: 70_000, TaxEffect.ADDED: 88_750, TaxEffect.WITHHELD: 20_000}
    clinic.consultation()
    clinic.pay(clinic.press(clinic.consultation()))
    for minor in (100_000, FEE.minor):
        paid = clinic.paid(clinic.consultation())
        manager = signed_in(clinic.till, Role.MANAGER)
        made = request_refund(clinic.till, manager, paid.id, Money(minor, "PHP"), "as agreed")
        drive_refund(clinic.till, made.id)
    for pays_later in (False, True):
        number = clinic.consultation()
        ended = clinic.pay(clinic.press(number)).payment
        reference = clinic.reference(ended.id)
        clinic.provider.end(reference, CheckoutStatus.EXPIRED)
        check_now(clinic.till, clinic.cashier, ended.id)
        if pays_later:
            clinic.paid(number)
            clinic.provider.pay(reference)
    cancel_consultation(clinic.till, clinic.manager, clinic.consultation(), "not held")
    for effect, rate in effects.items():
        add_tax_rule(clinic.till, clinic.manager, TaxRule(effect.value, rate, effect, "PH", date(2026, 1, 1)))
    begun = clinic.pay(clinic.press(clinic.consultation(), amount=Money(534_375, "PHP"))).payment
    clinic.provider.pay(clinic.reference(begun.id))
    clock.advance(300)
    clinic.settle()


def test_sound_books_have_no_fault(clinic: Clinic, clock: FakeClock) -> None:
    a_day(clinic, clock)
    report = check_books(clinic.till, clinic.manager)
    assert report.ok, [each for each in report.results if each.faults]
    assert {each.check: each.compared > 0 for each in report.results} == dict.fromkeys(Check, True) | {
        Check.WALLETS: False,
        Check.INSTALMENTS: False,
        Check.STOCK: False,
    }
    assert report.at == clock.now()
    assert check_consultations(clinic.till) == Finding(Gate.CONSULTATIONS)
    lately = check_lately(clinic.till)
    assert lately.ok
    assert {each.check for each in lately.results} == {Check.PAYMENTS, Check.INVOICES, Check.TAXES, Check.DUPLICATES}
    assert ("books.checked", {"ok": True, "faults": {}}) in [(e, data) for _, e, _, data in audit_rows(clinic.till)]
    clock.advance(2 * 86_400)
    assert [each.compared for each in check_lately(clinic.till).results] == [0, 0, 0, 0]


FROZEN = "guard_{}_update_frozen"
FAULTS = {
    "amount_not_due": (
        Check.PAYMENTS,
        "UPDATE consultation SET fee_minor = fee_minor + 1 WHERE id = 1",
        FROZEN.format("consultation"),
    ),
    "other_patient_or_currency": (
        Check.PAYMENTS,
        "UPDATE consultation SET patient_id = 2 WHERE id = 1",
        FROZEN.format("consultation"),
    ),
    "consultation_missing": (
        Check.PAYMENTS,
        "DELETE FROM allocation WHERE thing_id = 1",
        "guard_allocation_delete",
    ),
    "invoice_missing": (
        Check.INVOICES,
        "DELETE FROM consultation_invoice WHERE payment_id = 2",
        "guard_consultation_invoice_delete",
    ),
    "invoice_state": (
        Check.INVOICES,
        "UPDATE consultation_invoice SET state = 'void' WHERE payment_id = 1",
        "guard_consultation_invoice_update_move",
    ),
    "invoice_amount": (
        Check.INVOICES,
        "UPDATE consultation_invoice SET total_minor = 1 WHERE payment_id = 1",
        FROZEN.format("consultation_invoice"),
    ),
    "invoice_not_void": (
        Check.INVOICES,
        "UPDATE payment SET state = 'FAILED' WHERE id = 2",
        "payment_voids_invoice",
    ),
    "tax_amount": (
        Check.TAXES,
        "UPDATE tax_record SET amount_minor = 60001 WHERE payment_id = 1 AND name = 'VAT'",
        "guard_tax_record_update",
    ),
    "tax_missing": (
        Check.TAXES,
        "DELETE FROM tax_record WHERE payment_id = 1 AND name = 'PPh'",
        "guard_tax_record_delete",
    ),
    "paid_more_than_once": (
        Check.DUPLICATES,
        "UPDATE allocation SET thing_id = 1, live = 0 WHERE payment_id = 2",
        FROZEN.format("allocation"),
    ),
    "ledger_uneven": (
        Check.LEDGER,
        "DELETE FROM ledger_entry WHERE id = 1",
        "guard_ledger_entry_delete",
    ),
    "allocation_sum": (
        Check.SUMS,
        "UPDATE allocation SET amount_minor = 1 WHERE payment_id = 1",
        FROZEN.format("allocation"),
    ),
    "capture_sum": (
        Check.SUMS,
        "UPDATE capture SET amount_minor = amount_minor + 1 WHERE payment_id = 1",
        FROZEN.format("capture"),
    ),
    "refund_sum": (
        Check.SUMS,
        "UPDATE refund SET amount_minor = 1",
        FROZEN.format("refund"),
    ),
    "money_missing": (
        Check.SUMS,
        "UPDATE payment SET state = 'CAPTURED', captured_at = created_at WHERE state = 'PENDING'",
        "",
    ),
    "consultation_sum": (
        Check.SUMS,
        "UPDATE ledger_tx SET kind = 'gone' WHERE kind = 'consultation'",
        "guard_ledger_tx_update",
    ),
    "forgotten_checkout": (
        Check.OWNERS,
        "UPDATE payment_attempt SET next_check_at = NULL WHERE payment_id = 2",
        "",
    ),
    "forgotten_money_left": (
        Check.OWNERS,
        "UPDATE capture SET disposition = 'refunding'",
        "",
    ),
    "row_changed": (Check.CHAIN, "UPDATE audit SET data = '{}' WHERE seq = 2", "guard_audit_update"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_each_fault_is_named(here: Clinic, clock: FakeClock, what: str) -> None:
    check, statement, guard = FAULTS[what]
    # The rules were there before, by more than the clocks of two tills are apart.
    clock.advance(240)
    paid = here.paid(here.consultation())
    made = request_refund(here.till, here.manager, paid.id, Money(100, "PHP"), "a little")
    drive_refund(here.till, made.id)
    here.pay(here.press(here.consultation()))
    assert check_books(here.till, here.manager).ok
    break_the_books(here, statement, guard)
    found = check_books(here.till, here.manager)
    assert what in codes(found, check), found
    assert not found.ok


def test_a_rule_added_at_a_till_whose_clock_is_behind_is_missing_in_no_earlier_payment(
    clinic: Clinic, clock: FakeClock
) -> None:
    clinic.pay(clinic.press(clinic.consultation()))
    behind = make_till(clinic.till.db.engine, FakeClock(clock.now() - timedelta(minutes=1)), till_id="T2")
    manager = signed_in(behind, Role.MANAGER)
    add_tax_rule(behind, manager, TaxRule("GST", 10_000, TaxEffect.INFORMATIONAL, "PH", date(2026, 1, 1)))
    assert check_books(clinic.till, clinic.manager).ok


def codes(report: BooksReport, check: Check) -> set[str]:
    """The faults of one check."""
    (result,) = (each for each in report.results if each.check is check)
    return {fault.what for fault in result.faults}


def test_what_the_last_check_found_is_told_at_every_start_until_one_is_sound(here: Clinic, clock: FakeClock) -> None:
    assert load_last_check(here.till, here.manager) is None
    assert check_last_run(here.till) == Finding(Gate.BOOKS)
    here.paid(here.consultation())
    break_the_books(here, *FAULTS["capture_sum"][1:])
    report = check_books(here.till, here.manager)
    clock.advance(60)
    last = load_last_check(here.till, here.manager)
    assert last == LastCheck(report.at, here.manager.name, {"sums": 1})
    wrong = Finding(Gate.BOOKS, Severity.WARN, "books_wrong", {"count": 1})
    assert check_last_run(here.till) == wrong
    assert of_report(report) == [wrong, Finding(Gate.CONSULTATIONS)]
    with here.till.db.write(here.till.system) as uow:
        uow.execute(text("UPDATE capture SET amount_minor = amount_minor - 1 WHERE payment_id = 1"))
    assert check_books(here.till, here.manager).ok
    assert check_last_run(here.till) == Finding(Gate.BOOKS)


def test_a_check_that_is_stopped_keeps_what_it_found_and_counts_as_none(here: Clinic) -> None:
    here.paid(here.consultation())
    assert check_books(here.till, here.manager).ok
    before = load_last_check(here.till, here.manager)

    class Stopped(Walk):
        """Stopped in the middle of the audit chain."""

        def walk_entry(self) -> None:
            if self.entries == 3:
                self.stop()
            super().walk_entry()

    walk = Stopped()
    report = check_books(here.till, here.manager, walk)
    assert report.stopped
    assert [each.check for each in report.results] == [each for each in Check if each is not Check.CHAIN]
    assert (walk.done, walk.whole, walk.now, walk.entries) == (10, 11, Check.CHAIN, 4)
    assert of_report(report) == []
    assert load_last_check(here.till, here.manager) == before
    assert audit_rows(here.till)[-1][1] == "books.check_stopped"


def test_books_that_cannot_be_written_to_are_looked_at_all_the_same(here: Clinic) -> None:
    here.paid(here.consultation())

    class ReadOnly(Database):
        """As on a disk that takes no more."""

        def transact(self, actor: Actor, work: object, *, alone: NamedLock | None = None) -> NoReturn:
            raise Unavailable("database_read_only")

    database = ReadOnly(here.till.db.engine, here.till.clock, AUDIT_KEY)
    assert check_books(replace(here.till, db=database), here.manager).ok
    assert load_last_check(here.till, here.manager) is None


def test_only_so_many_faults_are_listed_and_the_rest_is_counted(here: Clinic) -> None:
    for _ in range(53):
        here.pay(here.press(here.consultation()))
    break_the_books(here, "DELETE FROM consultation_invoice", "guard_consultation_invoice_delete")
    assert check_consultations(here.till).values == {"count": 53, "first": "payment:1"}
    (result,) = (each for each in check_lately(here.till).results if each.check is Check.INVOICES)
    assert (len(result.faults), result.more, result.compared) == (50, 3, 53)
