"""One action per command; keys can be changed, never doubled, never plain; the palette finds by a few letters."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from tests.ui.pages.hands import press, type_text
from tests.ui.pages.shell import CASHIER, MANAGER, ShellPage
from tillgate.domain.errors import Bug, Invalid, Refused
from tillgate.domain.staff import Action, Role
from tillgate.i18n import mark
from tillgate.ui.commands import Command, Commands
from tillgate.ui.fuzzy import ranked, score
from tillgate.ui.tasks import Tasks


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def commands(qtbot: QtBot, done: list[str]) -> Commands:
    window = QMainWindow()
    qtbot.addWidget(window)
    made = Commands(window)
    made.add_all(
        (
            Command("sale.pay", mark("Pay"), lambda: done.append("pay"), "banknote", "F9", screen="checkout"),
            Command("list.refresh", mark("Refresh"), lambda: done.append("refresh"), shortcut="F9", screen="payments"),
            Command("till.lock", mark("Lock & leave"), lambda: done.append("lock"), shortcut="Ctrl+L"),
            Command("refund", mark("Refund"), lambda: done.append("refund"), needs=Action.REFUND),
        )
    )
    made.show_for(Role.CASHIER, "checkout")
    window.show()
    return made


def keys(commands: Commands) -> list[str]:
    return [command.key for command in commands.listed()]


def test_commands_are_for_a_screen_and_a_role(commands: Commands) -> None:
    assert keys(commands) == ["sale.pay", "till.lock"]
    commands.show_for(Role.MANAGER, "payments")
    assert keys(commands) == ["list.refresh", "till.lock", "refund"]
    commands.set_enabled("refund", False)
    assert "refund" not in keys(commands)
    commands.show_for(None, "")
    assert keys(commands) == []
    assert not commands.action("till.lock").isEnabled()


def test_a_button_follows_its_command(qtbot: QtBot, commands: Commands, done: list[str]) -> None:
    button = commands.button("sale.pay", big=True)
    qtbot.addWidget(button)
    button.click()
    assert done == ["pay"]
    commands.set_enabled("sale.pay", False)
    assert not button.isEnabled()
    commands.set_enabled("sale.pay", True)
    commands.remap({"sale.pay": "F11"})
    assert button.isEnabled()
    assert commands.hint("sale.pay") == "F11"


def test_keys_are_changed_all_or_none(commands: Commands) -> None:
    commands.remap({"sale.pay": "Ctrl+L", "till.lock": "F12"})
    assert (commands.shortcut("sale.pay"), commands.shortcut("till.lock")) == ("Ctrl+L", "F12")
    with pytest.raises(Refused) as refused:
        commands.remap({"refund": "F8", "list.refresh": "F12"})
    assert refused.value.code == "shortcut_taken"
    assert commands.shortcut("refund") == ""
    commands.reset_shortcuts()
    assert commands.shortcut("sale.pay") == commands.shortcut("list.refresh") == "F9"


def test_keys_of_screens_that_are_not_made_yet_count(commands: Commands) -> None:
    later = Command("orders.show", mark("Show the payment"), print, shortcut="Ctrl+P", screen="orders")
    commands.declare([later])
    assert "orders.show" in {command.key for command in commands.known()}
    with pytest.raises(Refused) as refused:
        commands.remap({"till.lock": "Ctrl+P"})
    assert refused.value.values["command"] == "Show the payment"
    commands.remap({"orders.show": "Ctrl+Shift+P", "till.lock": "Ctrl+P"})
    assert commands.chosen == {"orders.show": "Ctrl+Shift+P", "till.lock": "Ctrl+P"}
    commands.add(later)
    assert commands.shortcut("orders.show") == "Ctrl+Shift+P"
    commands.remove_screen("orders")
    assert commands.shortcut("orders.show") == "Ctrl+Shift+P"
    commands.remap({"till.lock": "Ctrl+L"})
    assert commands.chosen == {"orders.show": "Ctrl+Shift+P"}
    commands.reset_shortcuts()
    assert (commands.chosen, commands.shortcut("orders.show")) == ({}, "Ctrl+P")


def test_kept_keys_that_do_not_fit_any_more_leave_a_command_without(commands: Commands) -> None:
    commands.choose({"sale.pay": "Ctrl+L", "till.lock": "F12", "refund": "P", "gone": "F7"})
    assert (commands.shortcut("sale.pay"), commands.shortcut("till.lock")) == ("Ctrl+L", "F12")
    assert commands.shortcut("refund") == ""
    commands.add(Command("new", mark("Other"), print, shortcut="F12"))
    assert commands.shortcut("new") == "", "what was chosen goes before what is delivered"
    commands.choose({})
    assert commands.shortcut("till.lock") == "Ctrl+L"


@pytest.mark.parametrize("plain", ["P", "Shift+P", "5", "Return", "Space", "Ctrl+K, Ctrl+P"])
def test_what_a_scanner_types_is_no_key(commands: Commands, plain: str) -> None:
    with pytest.raises(Invalid) as refused:
        commands.remap({"sale.pay": plain})
    assert refused.value.code == "shortcut_plain"


@pytest.mark.parametrize("fine", ["Del", "Shift+F9", "Ctrl+Shift+P", "Alt+5", ""])
def test_the_rest_is(commands: Commands, fine: str) -> None:
    commands.remap({"sale.pay": fine})
    assert commands.shortcut("sale.pay") == fine


def test_a_key_used_twice_is_a_bug_and_a_screen_takes_its_commands_along(commands: Commands) -> None:
    with pytest.raises(Bug):
        commands.add(Command("sale.pay", mark("Pay"), print))
    with pytest.raises(Refused):
        commands.add(Command("other", mark("Other"), print, shortcut="Ctrl+L", screen="metrics"))
    commands.remove_screen("checkout")
    assert keys(commands) == ["till.lock"]
    commands.add(Command("sale.pay", mark("Pay"), print, shortcut="F9", screen="checkout"))


def test_a_few_letters_find_a_command() -> None:
    titles = ["Go to payments", "Refund payment", "Print the receipt again", "Find a product"]
    assert ranked("rp", titles, str)[0] == "Refund payment"
    assert ranked("rec", titles, str)[0] == "Print the receipt again"
    assert ranked("payments", titles, str) == ["Go to payments"]
    assert ranked("", titles, str) == titles
    assert score("xyz", "Refund") == 0
    assert score("RÉF", "réfund") > score("réf", "orxéxf")


def test_the_palette_does_what_is_found(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    palette = page.palette()
    assert "sale.hold" in palette.found
    assert "go.metrics" not in palette.found
    type_text(palette.line, "hol")
    assert palette.found[0] == "sale.hold"
    press(palette.line, Qt.Key.Key_Return)
    assert page.done == ["hold"]
    assert page.open_dialogs == []


def test_the_palette_says_that_nothing_is_called_that(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, CASHIER)
    palette = page.palette()
    assert not palette.nothing.isVisible()
    type_text(palette.line, "zzq")
    assert palette.found == []
    assert palette.nothing.isVisible()
    assert palette.nothing.text() == "No command is called that. Try another word."
    press(palette.line, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.line.clear()
    assert palette.found
    assert not palette.nothing.isVisible()
    press(palette.line, Qt.Key.Key_Escape)


def test_the_palette_is_walked_by_arrows_and_left_by_escape(qtbot: QtBot, tasks: Tasks) -> None:
    page = ShellPage(qtbot, tasks, MANAGER)
    palette = page.palette()
    first = palette.found[0]
    press(palette.line, Qt.Key.Key_Up)
    assert palette.results.currentRow() == len(palette.found) - 1
    press(palette.line, Qt.Key.Key_Down)
    assert palette.found[palette.results.currentRow()] == first
    press(palette.line, Qt.Key.Key_Escape)
    assert page.open_dialogs == []
    assert page.done == []
    assert QApplication.focusWidget() is page.screen("checkout").line
