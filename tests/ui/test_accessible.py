"""Every control has a name that a screen reader can say, and the walk is able to find one that has none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.pages.access import controls, nameless
from tests.ui.pages.rows import Rows
from tests.ui.pages.shell import CASHIER, MANAGER, OUT, ShellPage
from tests.ui.pages.table import TablePage
from tillgate.domain.payment import PaymentState
from tillgate.ui.screen import Connection
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.date_range import DateRangeField
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.fields import MoneyField, SearchField, Stepper, TextField
from tillgate.ui.widgets.notices import EmptyState, InlineNotice, NoticeAction
from tillgate.ui.widgets.status_badge import StatusBadge, payment_status


def test_the_walk_finds_what_has_no_name(qtbot: QtBot) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    for widget in (QPushButton(), QLineEdit(), QPushButton("Pay")):
        column.addWidget(widget)
    qtbot.addWidget(page)
    page.show()
    assert sorted(nameless(page)) == ["Button", "EditableText"]


def test_the_kit_has_names(qtbot: QtBot) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    notice = InlineNotice(closable=True)
    fields: list[QWidget] = [
        TextField("Name"),
        MoneyField("Amount", "INR"),
        SearchField("Search products"),
        Stepper("Silk saree"),
        DateRangeField(date(2026, 11, 1), date(2026, 11, 21)),
        Button("Pay", icon="banknote", hint="F9"),
        Button(tone=ButtonTone.ICON, icon="copy", name="Copy the link"),
        EmptyState("package", "No orders", "Sell something.", NoticeAction("Start a sale", print)),
        notice,
    ]
    for widget in fields:
        column.addWidget(widget)
    notice.say(Tone.ACCENT, "Saved.", actions=[NoticeAction("Undo", print)])
    qtbot.addWidget(page)
    page.show()
    assert nameless(page) == []
    names = {name for _, name in controls(page)}
    assert {"Name", "Amount (INR)", "One more of Silk saree", "First day", "Pay", "Copy the link"} <= names


def test_a_badge_says_its_word(qtbot: QtBot) -> None:
    badge = StatusBadge(payment_status(PaymentState.CAPTURED))
    qtbot.addWidget(badge)
    assert QAccessible.queryAccessibleInterface(badge).text(QAccessible.Text.Name) == "Paid"
    badge.show_status(payment_status(PaymentState.PENDING, unsure=True))
    assert QAccessible.queryAccessibleInterface(badge).text(QAccessible.Text.Name) == "Checking"


def test_the_list_has_names_and_its_cells_speak(qtbot: QtBot, tasks: Tasks) -> None:
    page = TablePage(qtbot, tasks, Rows(50))
    page.table.open_row(3)
    assert nameless(page.table) == []
    model = page.table.model
    assert model.data(model.index(3, 3), Qt.ItemDataRole.AccessibleTextRole) == "Paid"


def test_the_window_and_its_dialogs_have_names(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, MANAGER)
    page.show(replace(MANAGER, pending=2, connection=Connection.ONLINE, badges={"payments": 3}))
    page.shell.toast.show_text("Saved", print)
    assert nameless(page.shell) == []
    assert ("Button", "Payments, 3 waiting") in controls(page.shell)
    palette = page.palette()
    assert nameless(palette) == []
    palette.reject()
    page.shell.open_help()
    assert nameless(page.open_dialogs[0]) == []
    page.show(OUT)
    assert nameless(page.shell) == []


def test_a_dialog_has_a_name(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    dialog = Dialog(page.shell, "New customer", verb="Save the customer")
    dialog.open()
    assert ("Dialog", "New customer") in controls(dialog)
    assert nameless(dialog) == []
