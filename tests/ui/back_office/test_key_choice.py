"""What the page of keys knows of screens that were never opened is what they register once they are."""

from __future__ import annotations

from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from tests.factories.history import Shop
from tests.ui.back_office.conftest import OpenOffice
from tillgate.app.key_choice import declared
from tillgate.ui.commands import Commands
from tillgate.ui.screens.settings.keyboard_page import SCREENS


def test_screens_register_what_is_declared_of_them(office: OpenOffice, shop: Shop) -> None:
    window = office(shop.manager)
    for screen in ("payments", "orders", "exceptions", "metrics"):
        window.shell.go(screen)
    registered = {each.key: each.shortcut for each in window.shell.commands.known() if each.screen}
    known = {each.key: each.shortcut for each in declared()}
    assert registered
    assert registered.items() <= known.items()


def test_no_two_declared_commands_of_a_screen_have_one_key(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    commands = Commands(window)
    commands.declare(declared())
    commands.remap({})
    assert {each.screen for each in declared()} == set(SCREENS) - {""}
    assert len({each.key for each in declared()}) == len(declared())
