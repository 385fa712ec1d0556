"""The figures of payment invoices over real services: each number is that of the rows it opens."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.prompting import Kiosk, open_kiosk
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tests.ui.pages.access import nameless
from tests.ui.pages.back_office import OfficeWindow
from tests.ui.pages.hands import click, press
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.staff import Role
from tillgate.services.invoice_cleanup import run_cleanup
from tillgate.services.invoice_radar import Signal
from tillgate.services.settle import check_now
from tillgate.ui.screens.metrics.cards import FigureCard
from tillgate.ui.screens.metrics.invoices_page import InvoicesPage
from tillgate.ui.screens.metrics.screen import INVOICES, PAYMENTS, MetricsScreen
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.data_table import DataTable, Preset
from tillgate.ui.widgets.facts import Facts

# A spreadsheet would take it for a formula.
CASHIER = "=1+1 Amina"


@pytest.fixture
def kiosk(tmp_path: Path, clock: FakeClock) -> Iterator[Kiosk]:
    """Yesterday one was used. Today one was used and its code shown twice more, one is paid and waits, one failed, one
    is asked, and one was paid after it had expired."""
    engine = quick_sqlite(new_sqlite(tmp_path))
    kiosk = open_kiosk(make_till(engine, clock))
    kiosk.sell(kiosk.cart(), kiosk.paid().number)
    clock.advance(24 * 3_600)
    kiosk.sign_in_again()
    late = kiosk.ask(phone="0700000001")
    clock.advance(31 * 60)
    run_cleanup(kiosk.till)
    kiosk.answer(late)
    clock.advance(3_600)
    kiosk.settle()
    kiosk.cashier = signed_in(kiosk.till, Role.CASHIER, CASHIER)
    asked = [kiosk.ask(phone=f"071111111{number}") for number in range(4)]
    clock.advance(7)
    kiosk.answer(asked[0])
    kiosk.provider.end(kiosk.reference(asked[1].payment.id), CheckoutStatus.FAILED)
    for each in asked[:2]:
        check_now(kiosk.till, kiosk.cashier, each.payment.id)
    kiosk.sell(kiosk.cart(), asked[0].invoice.number)
    for _ in range(2):
        kiosk.verify(asked[0].invoice.number)
    clock.advance(2)
    kiosk.answer(asked[2])
    check_now(kiosk.till, kiosk.cashier, asked[2].payment.id)
    # An export asks who is there, unless somebody proved it a moment ago.
    kiosk.manager = signed_in(kiosk.till, Role.MANAGER)
    yield kiosk
    engine.dispose()


@pytest.fixture
def window(qtbot: QtBot, kiosk: Kiosk, tasks: Tasks, tmp_path: Path) -> Iterator[OfficeWindow]:
    """The window of a manager, with the figures of payment invoices in front."""
    window = OfficeWindow(kiosk.till, kiosk.manager, tasks, folder=tmp_path)
    qtbot.addWidget(window.shell)
    window.shell.show()
    window.metrics(go=True).show_page(INVOICES)
    window.settle()
    yield window
    window.settle()


def page_of(window: OfficeWindow) -> InvoicesPage:
    return window.metrics().invoices


def opened(window: OfficeWindow) -> tuple[str, int]:
    """What the rows in front are called and how many they are; then back to the figures."""
    window.settle()
    screen = window.metrics()
    assert screen.rows is not None
    assert screen.in_rows
    found = screen.rows.title.text(), screen.rows.table.model.rowCount()
    assert screen.go_back()
    window.settle()
    return found


def rows_of(window: OfficeWindow, card: FigureCard, link: str) -> int:
    card.links[link].click()
    return opened(window)[1]


def room_of(window: OfficeWindow) -> int:
    """How much higher the page is than its content needs."""
    area = page_of(window).view.findChild(QScrollArea)
    assert isinstance(area, QScrollArea)
    ground = area.widget()
    assert ground is not None
    layout = ground.layout()
    assert layout is not None
    return ground.height() - layout.totalMinimumSize().height()


def emptiness(window: OfficeWindow) -> bool:
    return page_of(window).view.is_empty


def facts_of(table: DataTable) -> list[tuple[str, str]]:
    """The details of the first row."""
    table.open_row(0)
    assert table.pane.body is not None
    found = table.pane.body.findChild(Facts)
    assert isinstance(found, Facts)
    return found.rows


def test_each_number_opens_its_rows(window: OfficeWindow) -> None:
    view = page_of(window).view
    assert [card.figure.text for card in view.cards] == ["6", "KSh\xa04,128.00", "66.7%", "7\xa0s", "2", "2", "1", "1"]
    assert rows_of(window, view.made, "Show all") == 6
    assert rows_of(window, view.made, "1 being asked") == 1
    assert rows_of(window, view.paid, "4 paid") == 4
    assert rows_of(window, view.conversion, "4 of 6 paid") == 4
    assert rows_of(window, view.wait, "median of 4 paid") == 4
    assert rows_of(window, view.used, "KSh\xa02,064.00") == 2
    assert rows_of(window, view.unused, "KSh\xa02,064.00") == 2
    assert rows_of(window, view.unpaid, "1 failed") == 1
    assert rows_of(window, view.late, "KSh\xa01,032.00") == 1
    # None expired for good, so there is nothing to open.
    assert "0 expired" not in view.unpaid.links
    window.metrics().head.chips[Preset.YESTERDAY].click()
    window.settle()
    assert [card.figure.text for card in view.cards[:3]] == ["1", "KSh\xa01,032.00", "100.0%"]
    assert nameless(window.shell) == []


def test_tables_open_their_rows_by_name_and_by_number(window: OfficeWindow) -> None:
    view = page_of(window).view
    assert view.cashiers.rows[-1] == (CASHIER, "4", "2", "50.0%", "7\xa0s", "KSh\xa02,064.00")
    view.cashiers.openers[CASHIER].click()
    assert opened(window) == (f"{CASHIER}, 11 Nov 2026 to 17 Nov 2026", 4)
    view.cashiers.links[CASHIER, "Paid"].click()
    assert opened(window)[1] == 2
    assert view.providers.rows == [("IntaSend", "6", "4", "66.7%", "7\xa0s", "KSh\xa04,128.00")]
    view.providers.links["IntaSend", "Invoices"].click()
    assert opened(window)[1] == 6
    assert view.statuses.rows[-1] == ("Used", "2", "KSh\xa02,000.00", "KSh\xa02,064.00")
    view.statuses.links["Used", "Invoices"].click()
    assert opened(window)[1] == 2
    # The chart, with the keys alone.
    window.awake()
    press(view.by_day, Qt.Key.Key_Left)
    press(view.by_day, Qt.Key.Key_Left)
    press(view.by_day, Qt.Key.Key_Return)
    assert opened(window) == ("16 Nov 2026", 1)


def test_what_stands_out_opens_its_rows(window: OfficeWindow) -> None:
    page = page_of(window)
    signals = [finding.signal for finding in page.findings]
    assert set(signals) == {Signal.USED_AGAIN, Signal.EXPIRED_PAID}
    page.view.radar.openers[signals.index(Signal.USED_AGAIN)].click()
    window.settle()
    screen = window.metrics()
    assert screen.rows is not None
    table = screen.rows.table
    assert (screen.rows.title.text(), table.model.rowCount()) == ("Used code shown again", 2)
    assert ("Verified by", CASHIER) in facts_of(table)
    # Esc closes the details first, then goes back to the figures.
    assert screen.go_back()
    assert screen.in_rows
    # Rows that were filtered further are the finding's no more.
    click(table.bar.clear)
    window.settle()
    assert screen.rows.title.text() == "Verifications of payment invoices"
    assert opened(window)[1] == 2
    page.view.radar.openers[signals.index(Signal.EXPIRED_PAID)].click()
    window.settle()
    assert screen.rows.table.model.rowCount() == 1
    assert ("Phone", "2547••••0001") in facts_of(screen.rows.table)
    assert nameless(window.shell) == []


def test_why_there_is_none_and_the_page_is_as_high_as_it_needs(window: OfficeWindow) -> None:
    screen, view = window.metrics(), page_of(window).view
    screen.head.chips[Preset.LAST_MONTH].click()
    window.settle()
    assert emptiness(window) is True
    assert view.empty.title == "No phone was asked to pay in these days"
    # Filled while it is out of sight, it asks for its height once it is seen.
    screen.show_page(PAYMENTS)
    window.settle()
    screen.head.chips[Preset.LAST_30].click()
    screen.show_page(INVOICES)
    window.settle()
    assert emptiness(window) is False
    window.until(lambda: room_of(window) >= 0)


def test_figures_and_rows_are_exported_and_no_text_is_a_formula(
    qtbot: QtBot, tasks: Tasks, kiosk: Kiosk, tmp_path: Path
) -> None:
    names = iter(("figures.csv", "figures.xlsx", "rows.csv"))
    screen = MetricsScreen(
        OfficeWindow(kiosk.till, kiosk.manager, tasks).office,
        ask_path=lambda _parent, _name, then: then(tmp_path / next(names)),
    )
    qtbot.addWidget(screen)
    screen.show()
    screen.entered()
    screen.show_page(INVOICES)
    qtbot.waitUntil(lambda: screen.invoices.is_read)
    for name in ("figures.csv", "figures.xlsx"):
        screen.head.export.click()
        qtbot.waitUntil((tmp_path / name).exists)
        qtbot.waitUntil(lambda: tasks.pending == 0)
    lines = list(csv.DictReader((tmp_path / "figures.csv").read_text("utf-8-sig").splitlines()))
    whole = lines[0]
    assert (whole["Payment invoices"], whole["Used"], whole["Paid late"], whole["Paid"]) == ("6", "2", "1", "4128.00")
    assert (whole["Time to pay, median s"], whole["Asked that paid"]) == ("7", "66.7%")
    days = {line["Name"]: line["Time to pay, median s"] for line in lines if line["Part"] == "Day"}
    assert days == {"2026-11-16": "0", "2026-11-17": "9"}
    assert {line["Name"] for line in lines if line["Part"] == "Cashier"} >= {f"'{CASHIER}"}
    document = {line["Name"]: line["Value"] for line in lines if line["Part"] == "getInvoiceStats"}
    assert (document["total"], document["byStatus.USED.count"], document["byStatus.USED.amount"]) == (
        "6",
        "2",
        "200000",
    )
    assert (document["conversion"], document["medianSecondsToPay"], document["late"]) == ("2/3", "7", "1")
    assert sum(line["Part"] == "Worth a look" for line in lines) == len(screen.invoices.findings) == 2
    with ZipFile(tmp_path / "figures.xlsx") as workbook:
        sheet = workbook.read("xl/worksheets/sheet1.xml").decode()
    assert CASHIER in sheet
    assert "<f>" not in sheet
    screen.invoices.view.made.links["Show all"].click()
    assert screen.rows is not None
    table = screen.rows.table
    qtbot.waitUntil(lambda: not table.model.waiting and tasks.pending == 0)
    table.start_export()
    qtbot.waitUntil((tmp_path / "rows.csv").exists)
    qtbot.waitUntil(lambda: tasks.pending == 0)
    rows = list(csv.DictReader((tmp_path / "rows.csv").read_text("utf-8-sig").splitlines()))
    assert [row["State"] for row in rows if row["Asked by"] == f"'{CASHIER}"] == [
        "Waiting for the phone",
        "Complete",
        "Failed",
        "Used",
    ]
