"""The figures over real services: each number is that of the rows it opens."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea
from pytestqt.qtbot import QtBot

from tests.factories.history import Shop
from tests.ui.back_office.conftest import OpenOffice
from tests.ui.pages.access import nameless
from tests.ui.pages.back_office import OfficeWindow
from tests.ui.pages.hands import press
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.errors import Unavailable
from tillgate.services.consultations import CREATED, FOUND_ACTIVE, LOCK_LOST, REPLAYED
from tillgate.services.metrics import count_error, tally
from tillgate.ui.screens.metrics.cards import CardGrid, FigureCard
from tillgate.ui.screens.metrics.error_dialog import ErrorDialog
from tillgate.ui.screens.metrics.screen import MetricsScreen
from tillgate.ui.screens.metrics.words import error_words
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.data_table import DayRange, Preset
from tillgate.ui.widgets.date_range import DateRangeField
from tillgate.ui.widgets.dialog import Dialog


def busy(shop: Shop) -> None:
    """Four paid, one of them with money back; one failed, one waiting; yesterday one more."""
    shop.sell()
    shop.clock.advance(24 * 3600)
    shop.new_shift()
    for _ in range(3):
        shop.sell()
    paid = shop.sell()
    shop.refund(paid, 1_000, "Returned")
    shop.work()
    shop.end(shop.begin(), CheckoutStatus.FAILED)
    shop.free_cart()
    shop.begin()


def rows_of(window: OfficeWindow, card: FigureCard, link: str) -> int:
    """How many rows a link of a figure opens."""
    card.links[link].click()
    window.settle()
    found = window.payments() if window.shell.current_key == "payments" else window.orders()
    count = found.table.model.rowCount()
    window.metrics(go=True)
    window.settle()
    return count


def test_each_number_opens_its_rows(office: OpenOffice, shop: Shop) -> None:
    busy(shop)
    window = office(shop.manager)
    screen = window.metrics(go=True)
    window.settle()
    screen.head.chips[Preset.TODAY].click()
    window.settle()
    view = screen.payments.view
    assert view.success.figure.text == "80.0%"
    assert view.refunds.figure.text == "25.0%"
    assert view.started.figure.text == "6"
    assert rows_of(window, view.success, "4 paid") == 4
    assert rows_of(window, view.success, "1 not paid") == 1
    assert rows_of(window, view.refunds, "1 of 4 paid") == 1
    assert rows_of(window, view.started, "1 still waiting") == 1
    assert rows_of(window, view.started, "Show all") == 6
    assert rows_of(window, view.money, "₹10.00 given back") == 1
    assert rows_of(window, view.verification, "4 measured") == 4
    assert view.providers.rows[0][:3] == ("Razorpay", "6", "80.0%")
    view.providers.openers["Razorpay"].click()
    window.settle()
    assert window.payments().table.model.rowCount() == 6


def test_a_bar_opens_its_day_by_key_too(office: OpenOffice, shop: Shop) -> None:
    busy(shop)
    window = office(shop.manager)
    screen = window.metrics(go=True)
    window.settle()
    bars = screen.payments.view.by_day
    assert [bar.height for bar in bars.bars][-2:] == [1, 6]
    window.awake()
    press(bars, Qt.Key.Key_Left)
    press(bars, Qt.Key.Key_Left)
    press(bars, Qt.Key.Key_Return)
    window.settle()
    assert window.shell.current_key == "payments"
    assert window.payments().table.model.rowCount() == 1
    assert nameless(window.shell) == []


def test_the_share_of_repeated_presses_is_shown(office: OpenOffice, shop: Shop) -> None:
    window = office(shop.manager)
    card = window.metrics(go=True).payments.view.presses
    window.settle()
    assert card.figure.text == "–"
    for name, times in ((CREATED, 1), (REPLAYED, 7), (FOUND_ACTIVE, 2), (LOCK_LOST, 1)):
        for _ in range(times):
            tally(shop.till, name, "")
    window.metrics().refresh()
    window.settle()
    assert card.figure.text == "70.0%"
    texts = {label.text() for label in card.findChildren(QLabel)}
    assert {"of 10 presses", "2 found another’s payment", "1 waited in vain"} <= texts


def test_errors_say_what_they_mean_and_open_their_days(office: OpenOffice, shop: Shop) -> None:
    shop.sell()
    for _ in range(3):
        count_error(shop.till, Unavailable("provider_not_sent"))
    count_error(shop.till, ZeroDivisionError())
    window = office(shop.manager)
    screen = window.metrics(go=True)
    window.settle()
    table = screen.payments.view.error_types
    assert table.rows == [("Provider not reached", "3", "75.0%"), ("Error ZeroDivisionError", "1", "25.0%")]
    assert screen.payments.view.errors.figure.text == "4"
    table.openers["Provider not reached"].click()
    dialog = window.dialog()
    assert isinstance(dialog, ErrorDialog)
    [day] = dialog.days.values()
    day.click()
    window.settle()
    assert window.shell.current_key == "payments"
    assert window.payments().table.model.rowCount() == 1


def test_days_are_chosen_and_too_many_refused(office: OpenOffice, shop: Shop) -> None:
    busy(shop)
    window = office(shop.manager)
    screen = window.metrics(go=True)
    window.settle()
    assert [chip.isChecked() for chip in screen.head.chips.values()] == [False, False, True, False, False, False]
    today = screen.payments.view.by_day.bars
    screen.head.custom.click()
    dialog = window.dialog()
    assert isinstance(dialog, Dialog)
    field = dialog.findChild(DateRangeField)
    assert field is not None
    field.first.setDate(field.last.date().addDays(-400))
    dialog.go.click()
    assert "366 days" in dialog.notice.text
    field.first.setDate(field.last.date())
    dialog.go.click()
    window.settle()
    assert len(screen.payments.view.by_day.bars) == 1
    assert screen.payments.view.by_day.bars[0] == today[-1]
    assert screen.head.custom.isChecked()


def test_it_reads_while_it_is_in_front_and_the_last_answer_counts(office: OpenOffice, shop: Shop) -> None:
    window = office(shop.manager)
    screen = window.metrics(go=True)
    window.settle()
    screen._timer.setInterval(20)
    assert screen.payments.view.started.figure.text == "0"
    shop.begin()
    window.until(lambda: screen.payments.view.started.figure.text == "1")
    window.payments(go=True)
    shop.free_cart()
    shop.begin()
    window.settle(80)
    assert screen.payments.view.started.figure.text == "1"
    window.metrics(go=True)
    day = window.office.today()
    screen.show_days(DayRange(day - timedelta(days=5), day - timedelta(days=5)))
    screen.show_days(DayRange(day, day))
    window.until(lambda: screen.payments.view.started.figure.text == "2")
    assert screen.payments.figures is not None
    assert screen.payments.figures.first == day


def test_the_days_are_exported(qtbot: QtBot, tasks: Tasks, shop: Shop, tmp_path: Path) -> None:
    busy(shop)
    tally(shop.till, CREATED, "")
    tally(shop.till, REPLAYED, "")
    path = tmp_path / "figures.csv"

    def ask_path(_parent: object, _name: str, then: Callable[[Path], object]) -> None:
        then(path)

    screen = MetricsScreen(OfficeWindow(shop.till, shop.manager, tasks).office, ask_path=ask_path)
    qtbot.addWidget(screen)
    screen.show()
    screen.entered()
    qtbot.waitUntil(lambda: screen.payments.figures is not None)
    screen.head.export.click()
    qtbot.waitUntil(path.exists)
    qtbot.waitUntil(lambda: tasks.pending == 0)
    [*_, yesterday, today] = csv.DictReader(path.read_text("utf-8-sig").splitlines())
    assert (today["Payments started"], today["Paid"], today["Not paid"], today["Waiting"]) == ("6", "4", "1", "1")
    assert (today["Money given back"], today["Money given back, currency"]) == ("10.00", "INR")
    assert (yesterday["Paid"], yesterday["Money given back"]) == ("1", "0.00")
    assert today["Verification, measured"] == "4"
    assert (today["Presses of Pay"], today["Repeated presses of Pay"]) == ("2", "1")


def test_every_label_of_the_services_has_words() -> None:
    for label in ("provider_unknown", "outbox:mail_refused", "fulfil:KeyError", "amount_zero", "SomethingElse", "x:"):
        title, means = error_words(label)
        assert title
        assert "{" not in title + means


def beside_each_other(cards: list[QFrame], columns: int) -> bool:
    return len({card.x() for card in cards}) == columns


def test_cards_that_need_more_room_go_below_each_other_and_nothing_is_cut(qtbot: QtBot) -> None:
    """As charts with long words do in Indonesian on the smallest window."""
    cards = [QFrame(), QFrame()]
    for card in cards:
        card.setMinimumWidth(300)
    grid, area = CardGrid(cards, least=100, most=2), QScrollArea()
    qtbot.addWidget(area)
    area.setWidgetResizable(True)
    area.setWidget(grid)
    for width, columns in ((700, 2), (500, 1), (700, 2)):
        area.resize(width, 400)
        area.show()
        qtbot.waitUntil(partial(beside_each_other, cards, columns))
        assert grid.width() <= area.viewport().width()
