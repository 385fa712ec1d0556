"""The window as its user has it, over screens that only show what they were told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMenu, QVBoxLayout
from pytestqt.qtbot import QtBot

from tests.ui.pages.hands import NONE, press
from tillgate.domain.payment import Mode
from tillgate.domain.staff import Action, Role
from tillgate.i18n import mark
from tillgate.ui.commands import Command
from tillgate.ui.palette import Palette
from tillgate.ui.screen import Screen, ScreenSpec, ShellState
from tillgate.ui.shell import Shell
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.labels import plain_label

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OUT = ShellState("Rang Mahal", "2", Mode.TRAINING)
CASHIER = replace(OUT, staff_id=1, person="Asha Verma", role=Role.CASHIER)
MANAGER = replace(OUT, staff_id=2, person="Ravi Kumar", role=Role.MANAGER)


class PlainScreen(Screen):
    """A heading and a line to type in; remembers what the shell told it."""

    def __init__(self, title: str, *, scans: bool = False) -> None:
        super().__init__()
        self.told: list[str] = []
        self._scans = scans
        self.line = QLineEdit()
        self.line.setAccessibleName(title)
        column = QVBoxLayout(self)
        column.addWidget(plain_label(title, "heading"))
        column.addWidget(self.line)
        self.setFocusProxy(self.line)

    def entered(self) -> None:
        super().entered()
        self.told.append("entered")

    def left(self) -> None:
        self.told.append("left")

    def scan_begun(self) -> None:
        self.told.append("scan begun")

    def scan(self, code: str) -> bool:
        if self._scans:
            self.told.append(f"scan {code}")
        return self._scans

    def show_setup(self) -> None:
        self.told.append("setup")

    def go_back(self) -> bool:
        self.told.append("back")
        return True


class ShellPage:
    """Opens the window and works it by keys."""

    def __init__(self, qtbot: QtBot, tasks: Tasks, state: ShellState = OUT, *, idle_minutes: float = 5) -> None:
        self.qtbot = qtbot
        self.done: list[str] = []
        self.doors = 0
        self.shell = Shell(
            [
                ScreenSpec("checkout", mark("Checkout"), "shopping-cart", self._checkout),
                ScreenSpec("payments", mark("Payments"), "credit-card", lambda: PlainScreen("Payments")),
                ScreenSpec(
                    "metrics", mark("Metrics"), "chart-column", lambda: PlainScreen("Metrics"), Action.VIEW_METRICS
                ),
            ],
            self._door,
            tasks,
            idle_minutes=idle_minutes,
            scan_screen="checkout",
            pending_screen="payments",
            setup_screen="metrics",
            now=lambda: NOW,
        )
        qtbot.addWidget(self.shell)
        self.shell.show_state(state)
        self.shell.resize(1024, 768)
        with qtbot.waitActive(self.shell):
            self.shell.show()
        self.awake()

    def _checkout(self) -> Screen:
        made = PlainScreen("Checkout", scans=True)
        self.shell.commands.add_all(
            (
                Command(
                    "sale.hold",
                    mark("Hold the sale"),
                    lambda: self.done.append("hold"),
                    "pause",
                    "F4",
                    "sale",
                    "checkout",
                ),
                Command("sale.pay", mark("Pay"), lambda: self.done.append("pay"), "banknote", "F9", "sale", "checkout"),
            )
        )
        return made

    def _door(self) -> Screen:
        self.doors += 1
        return PlainScreen("Sign in")

    def screen(self, key: str) -> PlainScreen:
        found = self.shell.page(key)
        assert isinstance(found, PlainScreen)
        return found

    def awake(self) -> None:
        """Wait until keys are taken again after a change of screens."""
        self.qtbot.waitUntil(lambda: not self.shell._quarantine.active)

    def show(self, state: ShellState) -> None:
        self.shell.show_state(state)
        self.awake()

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
        press(QApplication.focusWidget() or self.shell, key, held)

    def palette(self) -> Palette:
        """The palette, opened by its key."""
        self.press(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        found = self.shell.findChild(Palette)
        assert found is not None
        return found

    @property
    def open_dialogs(self) -> list[QDialog]:
        return [dialog for dialog in self.shell.findChildren(QDialog) if dialog.isVisible()]

    @property
    def _menus(self) -> list[QMenu]:
        return [menu for menu in self.shell.menuBar().findChildren(QMenu) if menu.menuAction().isVisible()]

    @property
    def menu_titles(self) -> list[str]:
        """The menus that are shown."""
        return [menu.title() for menu in self._menus]

    @property
    def menu_texts(self) -> list[str]:
        """Every entry of every menu that is shown."""
        return [entry.text() for menu in self._menus for entry in menu.actions() if entry.isVisible()]

    def open_menu(self, title: str) -> list[str]:
        """What a menu shows when it is opened now."""
        [menu] = [menu for menu in self._menus if menu.title() == title]
        menu.aboutToShow.emit()
        return [entry.text() for entry in menu.actions() if entry.isVisible()]
