"""Devices and what they owe: the daily run once however often, files whole or not at all, money that came and went."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from tests.factories.depot import Depot
from tests.factories.postman import Postman
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.devices import DeviceInvoiceState, DeviceStatus
from tillgate.domain.errors import Invalid, Refused, Stale, TillgateError
from tillgate.domain.exceptions import ExceptionAction
from tillgate.domain.ledger import DEVICES, REFUNDS
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.domain.settings import Settings
from tillgate.services.book_checks import inspect_books
from tillgate.services.cancel import cancel
from tillgate.services.catalogue_import import Fate
from tillgate.services.device_files import check_invoices, import_invoices
from tillgate.services.device_invoices import cancel_invoice, reopen_invoice
from tillgate.services.device_lists import (
    DeviceQuery,
    InvoiceQuery,
    count_device_invoices,
    count_devices,
    find_device,
    invoice_key,
    list_device_invoices,
    list_devices,
)
from tillgate.services.devices import save_device
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.notices import MailWork
from tillgate.services.outbox import run_due
from tillgate.services.papers import receipt_document
from tillgate.services.payment_lists import PaymentQuery, list_payments
from tillgate.services.refunds import drive_refund, request_refund
from tillgate.services.sample_devices import load_sample_devices
from tillgate.services.settle import check_now
from tillgate.store.ledger import unbalanced
from tillgate.store.models import device_invoice, ledger_entry, staff_session
from tillgate.store.outbox_rows import enqueue


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"rate": Money(0, "COP")}, Invalid, "device_rate"),
        ({"rate": Money(10**12, "COP")}, Invalid, "device_rate"),
        ({"code": "no space"}, Invalid, "code_malformed"),
        ({"name": ""}, Invalid, "text_missing"),
        ({"code": "BIKE001"}, Refused, "code_taken"),
        ({"starts_on": date(2024, 1, 1)}, Invalid, "device_start"),
    ],
)
def test_a_bad_device_is_refused(here: Depot, changes: dict[str, Any], error: type[TillgateError], code: str) -> None:
    wanted = here.draft(**changes)
    with pytest.raises(error) as refused:
        save_device(here.till, here.manager, wanted)
    assert refused.value.code == code
    with pytest.raises(Refused, match="device_fixed"):
        save_device(here.till, here.manager, here.draft("BIKE002"), device_id=here.devices["BIKE001"], version=1)
    with pytest.raises(Stale, match="device_changed"):
        save_device(here.till, here.manager, here.draft("BIKE001"), device_id=here.devices["BIKE001"], version=9)


# Files

HEAD = "device,number,date,amount,currency\n"
GOOD = "BIKE001,INV-BIKE001-20260105-imp001,2026-01-05,50000.00,COP\n"


def test_a_file_comes_in_whole_and_once(depot: Depot) -> None:
    content = (HEAD + GOOD + "bike001,INV-BIKE001-20260106-imp002,2026-01-06,45000,\n").encode()
    check = check_invoices(depot.till, depot.manager, content)
    assert [(row.number, row.fate, str(row.amount)) for row in check.rows] == [
        (2, Fate.NEW, "COP 50000"),
        (3, Fate.NEW, "COP 45000"),
    ]
    import_invoices(depot.till, depot.manager, check)
    with pytest.raises(Stale, match="file_outdated"):
        import_invoices(depot.till, depot.manager, check)
    again = check_invoices(depot.till, depot.manager, content)
    assert {row.fate for row in again.rows} == {Fate.KEPT}
    import_invoices(depot.till, depot.manager, again)
    assert len(depot.rows(device_invoice)) == 5


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("BIKE009,INV-BIKE009-20260105-imp001,2026-01-05,50000,COP", "device_unknown"),
        ("BIKE001,INV-BIKE002-20260105-imp001,2026-01-05,50000,COP", "device_invoice_other"),
        ("BIKE001,INV-BIKE001-20260106-imp001,2026-01-05,50000,COP", "device_invoice_other"),
        ("BIKE001,INVOICE 7,2026-01-05,50000,COP", "device_invoice_number"),
        ("BIKE001,INV-BIKE001-20260105-imp002,05/01/2026,50000,COP", "field_malformed"),
        ("BIKE001,INV-BIKE001-20991231-imp002,2099-12-31,50000,COP", "device_invoice_day"),
        ("BIKE001,INV-BIKE001-20260105-imp002,2026-01-05,0,COP", "device_rate"),
        ("BIKE001,INV-BIKE001-20260105-imp002,2026-01-05,-5,COP", "amount_malformed"),
        ("BIKE001,INV-BIKE001-20260105-imp002,2026-01-05,5e4,COP", "amount_malformed"),
        ("BIKE001,INV-BIKE001-20260105-imp002,2026-01-05,1.500,COP", "amount_ambiguous"),
        ('BIKE001,INV-BIKE001-20260105-imp002,2026-01-05,"50,000",COP', "amount_ambiguous"),
        ("BIKE001,INV-BIKE001-20260105-imp002,2026-01-05,50000,USD", "currency_mismatch"),
        ("BIKE001,INV-BIKE001-20260105-imp002,2026-01-05,50000,COP,more", "field_unknown"),
        ("BIKE001,,2026-01-05,50000,COP", "field_missing"),
        ("BIKE001,INV-BIKE001-20260105-imp001,2026-01-05,50000,COP", "code_twice"),
        ("BIKE001,INV-BIKE001-20260105-imp002,2026-01-05,50000,COP", "device_invoice_twice"),
        ("BIKE001,INV-BIKE001-20260102-imp002,2026-01-02,60000,COP", "device_invoice_twice"),
        ("BIKE001,INV-BIKE001-20260105-<b>,2026-01-05,1,COP", "device_invoice_number"),
    ],
)
def test_one_bad_row_keeps_the_whole_file_out(here: Depot, row: str, code: str) -> None:
    check = check_invoices(here.till, here.manager, (HEAD + GOOD + row + "\n").encode())
    assert [each.fate for each in check.rows] == [Fate.NEW, Fate.BAD]
    problem = check.rows[1].problem
    assert problem is not None
    assert problem.code == code
    with pytest.raises(Refused, match="file_has_errors"):
        import_invoices(here.till, here.manager, check)
    assert len(here.rows(device_invoice)) == 3


@given(
    st.one_of(st.binary(max_size=400), st.text(max_size=300).map(lambda rows: (HEAD + rows).encode("utf-8", "replace")))
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_hostile_file_is_refused_in_words(here: Depot, content: bytes) -> None:
    try:
        check = check_invoices(here.till, here.manager, content)
    except Invalid:
        return
    assert all(row.problem is not None for row in check.rows)


# Money


def test_a_paid_invoice_is_in_the_books_and_its_payer_is_told(depot: Depot) -> None:
    view = depot.pay()
    depot.customer_pays(view.items[0])
    paid = depot.view(view.batch.id).items[0]
    row = depot.invoice(paid.invoice_id)
    assert (row.state, row.payment_id) == (DeviceInvoiceState.PAID, paid.payment_id)
    postman = Postman()
    run_due(depot.till, {"mail": MailWork(postman, postman)})
    letter = postman.to("payer@example.com")
    assert paid.invoice_number in letter.subject
    assert paid.invoice_number in letter.text and "Bicycle BIKE001" in letter.text
    with depot.till.db.read() as connection:
        assert not unbalanced(connection)
        receipt = receipt_document(depot.till, connection, paid.payment_id or 0)
    assert (receipt.lookup, receipt.device and receipt.device.day) == (paid.invoice_number, date(2026, 1, 2))
    assert [each.amount_minor for each in depot.rows(ledger_entry) if each.account == DEVICES] == [-6_000_000]
    found = list_payments(depot.till, depot.cashier, PaymentQuery(text=paid.invoice_number.lower()))
    assert [each.id for each in found] == [paid.payment_id]


def test_the_integrity_check_misses_what_the_books_have_not(here: Depot) -> None:
    view = here.pay(count=1)
    here.customer_pays(view.items[0])
    assert inspect_books(here.till).ok
    # As somebody with a tool of their own could: what the ledger used for it is gone.
    with here.till.db.write(here.till.system) as uow:
        for guard in ("guard_ledger_tx_update", "guard_ledger_tx_delete"):
            uow.execute(text(f"DROP TRIGGER {guard}"))
        uow.execute(text("UPDATE ledger_tx SET kind = 'other' WHERE kind = 'device_invoice'"))
    wrong = [fault.what for each in inspect_books(here.till).results for fault in each.faults]
    assert "consultation_sum" in wrong


def test_what_went_back_in_full_is_owed_again_only_if_a_manager_says_so(depot: Depot) -> None:
    view = depot.pay(count=1)
    depot.customer_pays(view.items[0])
    item = depot.view(view.batch.id).items[0]
    assert item.payment_id is not None
    _confirm(depot)
    made = request_refund(depot.till, depot.manager, item.payment_id, item.amount, "the bicycle was broken")
    drive_refund(depot.till, made.id)
    assert depot.view(view.batch.id).items[0].shown.value == "given_back"
    assert depot.invoice(item.invoice_id).state is DeviceInvoiceState.REFUNDED
    postman = Postman()
    run_due(depot.till, {"mail": MailWork(postman, postman)})
    (told,) = [each for each in postman.sent if "refund" in each.subject]
    assert item.invoice_number in told.text
    second = depot.pay(count=1)
    assert second.items[0].invoice_id != item.invoice_id
    with pytest.raises(Refused, match="device_invoice_not_refunded"):
        reopen_invoice(depot.till, depot.manager, second.items[0].invoice_id, "asked for again")
    reopen_invoice(depot.till, depot.manager, item.invoice_id, "it was not broken after all")
    third = depot.pay(count=1)
    assert third.items[0].invoice_id == item.invoice_id
    depot.customer_pays(third.items[0])
    assert depot.invoice(item.invoice_id).payment_id == third.items[0].payment_id
    assert [each.amount_minor for each in depot.rows(ledger_entry) if each.account == REFUNDS] == [6_000_000]


def test_late_money_pays_an_invoice_that_is_open_and_else_goes_back(depot: Depot) -> None:
    first = depot.pay(count=2)
    for item in first.items:
        depot.provider.faults["cancel"] = ["+unknown"]
        assert item.payment_id is not None
        depot.provider.end(depot.reference(item), CheckoutStatus.EXPIRED)
        check_now(depot.till, depot.cashier, item.payment_id)
        depot.provider.pay(depot.reference(item))
    depot.clock.advance(61)
    # The second one was paid anew before its late money was heard of.
    again = depot.pay(count=2)
    depot.customer_pays(again.items[1])
    depot.settle()
    # Late money holds its invoice where no other payment does.
    late = list_exceptions(depot.till, depot.manager)
    assert len(late) == 2
    _confirm(depot)
    for each in late:
        settle_exception(depot.till, depot.manager, each.id, ExceptionAction.REFUND, "paid with the second link")
    depot.settle()
    with depot.till.db.read() as connection:
        assert not unbalanced(connection)
    assert depot.provider.taken_minor() == 4_500_000


def test_what_is_paid_or_being_paid_can_not_be_cancelled(here: Depot) -> None:
    view = here.pay(count=1)
    (item,) = view.items
    with pytest.raises(Refused, match="already_being_paid"):
        cancel_invoice(here.till, here.manager, item.invoice_id, "not owed")
    here.customer_pays(item)
    with pytest.raises(Refused, match="device_invoice_paid"):
        cancel_invoice(here.till, here.manager, item.invoice_id, "not owed")


def test_late_money_for_a_cancelled_invoice_can_only_go_back(here: Depot) -> None:
    (item,) = here.pay(count=1).items
    assert item.payment_id is not None
    assert cancel(here.till, here.cashier, item.payment_id).payment.state is PaymentState.CANCELLED
    cancel_invoice(here.till, here.manager, item.invoice_id, "not owed after all")
    here.provider.pay(here.reference(item))
    here.clock.advance(61)
    here.settle()
    (late,) = list_exceptions(here.till, here.manager)
    _confirm(here)
    with pytest.raises(Refused, match="device_invoice_closed"):
        settle_exception(here.till, here.manager, late.id, ExceptionAction.APPLY, "take it for the invoice")
    settle_exception(here.till, here.manager, late.id, ExceptionAction.REFUND, "it is not owed")
    here.settle()
    assert here.invoice(item.invoice_id).state is DeviceInvoiceState.CANCELLED
    assert here.provider.taken_minor() == 0


@pytest.mark.parametrize("language", ["en", "es", "id"])
def test_every_letter_about_an_invoice_names_it(here: Depot, language: str) -> None:
    (item,) = here.pay(count=1).items
    here.customer_pays(item)
    words = {"store.admin_email": "owner@example.com", "store.language": language}
    till = replace(here.till, settings=lambda: Settings(words))
    for template in ("device_refund_started", "device_refunded", "admin_device_refund_started"):
        payload = {"template": template, "payment_id": item.payment_id, "reason": "device_invoice_closed"}
        with till.db.write(till.system) as uow:
            enqueue(uow, "mail", f"mail:{template}:{item.payment_id}", payload, payment_id=item.payment_id)
    postman = Postman()
    run_due(till, {"mail": MailWork(postman, postman)}, limit=50)
    assert len(postman.sent) == 4
    assert {each.to for each in postman.sent} == {"payer@example.com", "owner@example.com"}
    for each in postman.sent:
        assert item.invoice_number in each.text and item.invoice_number in each.html
        assert "{" not in each.text + each.subject


def _confirm(depot: Depot) -> None:
    mine = update(staff_session).where(staff_session.c.key == depot.manager.session)
    depot.till.db.transact(depot.till.system, lambda uow: uow.execute(mine.values(confirmed_at=uow.now)))


# Lists


def test_lists_find_devices_and_invoices_by_what_is_known_of_them(depot: Depot) -> None:
    load_sample_devices(depot.till)
    till, cashier = depot.till, depot.cashier
    assert [each.device.code for each in list_devices(till, cashier, DeviceQuery(text="cargo"))] == [
        "CARGO01",
        "CARGO02",
    ]
    by_customer = list_devices(till, cashier, DeviceQuery(text="camila", owing=False))
    assert [each.device.code for each in by_customer] == ["BIKE000"]
    paused = DeviceQuery(statuses=frozenset({DeviceStatus.PAUSED}), owing=True)
    assert [(each.device.code, each.open_count) for each in list_devices(till, cashier, paused)] == [
        ("BIKE001", 3),
        ("SCOOT01", 2),
    ]
    assert count_devices(till, cashier, DeviceQuery()) == 8
    details = find_device(till, cashier, " bike001 ")
    assert details.due(2) == Money(10_500_000, "COP")
    assert [each.age_days for each in details.chosen(1)] == [318]
    query = InvoiceQuery(text="inv-cargo", descending=False)
    first = list_device_invoices(till, cashier, query, limit=15)
    rest = list_device_invoices(till, cashier, query, after=invoice_key(first[-1]), limit=15)
    assert len(first) + len(rest) == count_device_invoices(till, cashier, query) == 20
    assert [invoice_key(each) for each in (*first, *rest)] == sorted(invoice_key(each) for each in (*first, *rest))
    depot.pay(count=1)
    (held,) = [each for each in list_device_invoices(till, cashier, InvoiceQuery(text="BIKE001")) if each.being_paid]
    assert held.payment_state is PaymentState.PENDING
