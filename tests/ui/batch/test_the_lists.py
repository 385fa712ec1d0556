"""Devices, their invoices and the batches in the window, as a manager has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.factories.depot import Depot
from tests.ui.pages.access import nameless
from tests.ui.pages.batch import BatchPage
from tests.ui.pages.desk import everything_shown
from tests.ui.pages.hands import type_text
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.devices import DeviceInvoiceState, DeviceStatus
from tillgate.domain.money import Money
from tillgate.services.batch_views import list_batches
from tillgate.services.refunds import drive_refund, request_refund
from tillgate.services.settle import check_now
from tillgate.store.models import device, device_invoice
from tillgate.ui.screens.batch.device_dialog import DeviceDialog, ReasonDialog
from tillgate.ui.screens.batch.import_dialog import ImportDialog
from tillgate.ui.screens.batch.words import standing
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Tone

KEY = Qt.Key
NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, depot: Depot, tmp_path: Path) -> Iterator[BatchPage]:
    """The manager's screen."""
    made = BatchPage(qtbot, tasks, depot, tmp_path, who=depot.manager)
    yield made
    made.settled()


def cells(page: BatchPage, key: str, column: int) -> list[str]:
    """A column of a list, as it is shown."""
    model = page.screen.lists[key].table.model
    return [str(model.data(model.index(row, column))) for row in range(model.rowCount())]


def shows(page: BatchPage, key: str, *first: str, column: int = 0) -> None:
    page.settled(lambda: cells(page, key, column) == list(first))


def test_a_device_is_added_and_changed(page: BatchPage, depot: Depot) -> None:
    page.command("devices")
    shows(page, "devices", "BIKE001")
    page.command("add")
    dialog = page.dialog(DeviceDialog)
    assert nameless(dialog) == []
    type_text(dialog.code.line, "bike 2")
    type_text(dialog.name.line, "Tandem")
    type_text(dialog.rate.line, "45000")
    # The search is done, before which nobody is chosen; and what was typed as fast as a scan is in its field.
    page.settled(lambda: [each.title for each in dialog.customer.list.choices] == ["Luz Mercado"])
    page.settled(lambda: dialog.code.text == "bike 2")
    dialog.customer.pick()
    dialog.go.click()
    page.settled(lambda: bool(dialog.code.error))
    dialog.code.set_text("bike002")
    dialog.go.click()
    shows(page, "devices", "BIKE001", "BIKE002")
    page.settled(lambda: page.screen.notice.text == "The device is added.")
    devices = page.screen.lists["devices"]
    devices.table.open_row(1)
    page.settled(lambda: "change" in devices.verbs)
    page.command("change")
    dialog = page.dialog(DeviceDialog)
    dialog.rate.set_amount(Money(5_000_000, "COP"))
    dialog.status.choose(DeviceStatus.PAUSED)
    dialog.go.click()
    page.settled(lambda: page.screen.notice.text == "BIKE002 is saved. It counts from tomorrow.")
    shows(page, "devices", "Paused", "Paused", column=4)
    (made,) = (each for each in depot.rows(device) if each.code == "BIKE002")
    assert (made.rate_minor, made.status, made.customer_id) == (5_000_000, DeviceStatus.PAUSED, depot.customer_id)
    # The day that it began on was owed at the old rate.
    assert [each.amount_minor for each in depot.rows(device_invoice) if each.device_id == made.id] == [4_500_000]


def test_an_invoice_is_cancelled_with_a_reason_and_a_refunded_one_asked_for_again(
    page: BatchPage, depot: Depot
) -> None:
    item = depot.pay(count=1).items[0]
    depot.customer_pays(item)
    assert item.payment_id is not None
    made = request_refund(depot.till, depot.manager, item.payment_id, item.amount, "brakes failed")
    drive_refund(depot.till, made.id)
    page.command("invoices")
    shows(page, "invoices", "To be paid", "To be paid", "Refunded", column=3)
    invoices = page.screen.lists["invoices"]
    invoices.table.open_row(0)
    page.settled(lambda: "cancel" in invoices.verbs)
    page.command("cancel")
    dialog = page.dialog(ReasonDialog)
    assert nameless(dialog) == []
    type_text(dialog.reason.line, "counted twice")
    dialog.go.click()
    shows(page, "invoices", "Cancelled", "To be paid", "Refunded", column=3)
    invoices.table.open_row(2)
    page.settled(lambda: "reopen" in invoices.verbs and not invoices.verbs["reopen"].isHidden())
    invoices.verbs["reopen"].click()
    dialog = page.dialog(ReasonDialog)
    type_text(dialog.reason.line, "paid back by mistake")
    dialog.go.click()
    shows(page, "invoices", "Cancelled", "To be paid", "To be paid", column=3)
    states = [each.state for each in depot.rows(device_invoice)]
    assert states == [DeviceInvoiceState.OPEN, DeviceInvoiceState.OPEN, DeviceInvoiceState.CANCELLED]


def test_a_file_with_a_bad_row_is_shown_and_nothing_of_it_comes_in(
    page: BatchPage, depot: Depot, tmp_path: Path
) -> None:
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    head = "device,number,date,amount\n"
    first = "BIKE001,INV-BIKE001-20260105-aaa111,2026-01-05,50000.00\n"
    bad.write_text(head + first + "BIKE001,INV-BIKE001-20260230-bbb,2026-02-30,1.500\n")
    good.write_text(head + first)
    page.command("invoices")
    page.settled()
    page.files.append(bad)
    page.command("import")
    page.settled(lambda: len(page.shell.findChildren(ImportDialog)) == 1)
    dialog = page.dialog(ImportDialog)
    assert nameless(dialog) == []
    assert [each.fate.value for each in dialog.check.rows] == ["new", "bad"]
    assert "1 row can’t be imported." in dialog.notice.text
    assert not dialog.go.isEnabled()
    assert len(depot.rows(device_invoice)) == 3
    dialog.reject()
    page.files.append(good)
    page.command("import")
    page.settled(lambda: page.dialog(ImportDialog) is not dialog)
    page.dialog(ImportDialog).go.click()
    page.settled(lambda: page.screen.notice.text.startswith("The file is imported"))
    assert len(depot.rows(device_invoice)) == 4


def test_a_device_is_found_by_its_customer_and_a_scan_pays_it_from_any_page(page: BatchPage) -> None:
    finder = page.screen.start.finder
    QTest.keyClicks(finder.search, "merc", delay=120)
    page.settled(lambda: finder.shown_for == "merc")
    page.key(KEY.Key_Return)
    page.settled(lambda: page.screen.start.details is not None)
    page.command("batches")
    page.settled()
    page.screen.scan("bike001")
    page.settled(lambda: page.screen.front == "pay" and page.screen.start.details is not None)
    page.screen.scan("NO-SUCH")
    page.settled(lambda: finder.notice.text.startswith("There is no device NO-SUCH."))
    page.command("invoices")
    page.screen.scan("BIKE001")
    page.settled(lambda: len(cells(page, "invoices", 0)) == 3)


def test_a_batch_is_opened_from_the_list(page: BatchPage, depot: Depot) -> None:
    depot.pay(count=2)
    page.command("batches")
    shows(page, "batches", "BIKE001", column=1)
    batches = page.screen.lists["batches"]
    batches.table.open_row(0)
    page.settled(lambda: "show" in batches.verbs)
    assert nameless(page.screen) == []
    page.command("show")
    page.settled(lambda: page.states == ["Link open", "Link open"])
    assert page.opened == []


def test_a_batch_is_settled_once_all_of_it_is_paid(page: BatchPage, depot: Depot) -> None:
    def stands(word: str, tone: Tone, paid: str) -> None:
        shows(page, "batches", word, column=2)
        shows(page, "batches", f"COP{NBSP}{paid}", column=4)
        (row,) = list_batches(depot.till, depot.manager)
        view = depot.view(row.id)
        assert standing(row) == standing(view)
        assert (standing(row).text, standing(row).tone) == (word, tone)
        sums = [(each.open_count, each.unpaid_count, each.paid) for each in (row, view)]
        assert sums[0] == sums[1]

    first, second = depot.pay(count=2).items
    page.command("batches")
    stands("Links open", Tone.WAITING, "0")
    depot.customer_pays(first)
    stands("Links open", Tone.WAITING, "60,000")
    batches = page.screen.lists["batches"]
    batches.table.open_row(0)
    page.settled(lambda: "show" in batches.verbs)
    assert f"COP{NBSP}60,000  ·  1/2" in everything_shown(batches)
    batches.table.set_query(batches.table.query.with_filter("state", "paid"))
    shows(page, "batches")
    depot.customer_pays(second)
    stands("All paid", Tone.SETTLED, "105,000")


def test_a_batch_of_which_not_all_came_is_not_settled(depot: Depot) -> None:
    first, second = depot.pay(count=2).items
    depot.customer_pays(first)
    depot.provider.end(depot.reference(second), CheckoutStatus.EXPIRED)
    assert second.payment_id is not None
    check_now(depot.till, depot.cashier, second.payment_id)
    (row,) = list_batches(depot.till, depot.manager)
    assert (standing(row).text, standing(row).tone) == ("Not all paid", Tone.DRAFT)
    assert standing(row) == standing(depot.view(row.id))
