"""The window with the catalogue, the customers, the payments and the checkout, wired as the application does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.factories.people import quick_pins
from tests.ui.pages.checkout import off_qt_thread
from tests.ui.pages.hands import NONE, click, press, type_text
from tillgate.app.news import changes_of
from tillgate.domain.payment import Mode
from tillgate.domain.staff import Action, Actor
from tillgate.i18n import mark
from tillgate.services.till import Till
from tillgate.store.audit import AuditEntry
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.screen import Screen, ScreenSpec, ShellState
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.catalogue import CatalogueScreen
from tillgate.ui.screens.catalogue.product_list import OneProduct
from tillgate.ui.screens.checkout import CheckoutDesk, CheckoutScreen
from tillgate.ui.screens.customers import CustomersScreen
from tillgate.ui.screens.form_dialog import FormDialog
from tillgate.ui.screens.payments import PaymentsScreen
from tillgate.ui.shell import Shell
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.data_table import DataTable
from tillgate.ui.widgets.dialog import Dialog

W = TypeVar("W", bound=QWidget)


class CatalogueWindow:
    """Keys and presses, and what is seen of them."""

    def __init__(self, qtbot: QtBot, tasks: Tasks, till: Till, actor: Actor, folder: Path) -> None:
        self.qtbot, self.tasks, self.till, self.actor, self.folder = qtbot, tasks, till, actor, folder
        # What the file dialogs answer.
        self.file = folder / "catalogue.csv"
        till.db.on_committed = self._tell
        specs = [
            ScreenSpec("checkout", mark("Checkout"), "shopping-cart", self._checkout, Action.SELL),
            ScreenSpec("payments", mark("Payments"), "credit-card", lambda: PaymentsScreen(self.office)),
            ScreenSpec("catalogue", mark("Catalogue"), "layers", self._catalogue, Action.SELL),
            ScreenSpec("customers", mark("Customers"), "users", lambda: CustomersScreen(self.office), Action.SELL),
        ]
        self.shell = Shell(specs, Screen, tasks, idle_minutes=600, scan_screen="checkout")
        qtbot.addWidget(self.shell)
        self.shell.resize(1280, 800)
        state = ShellState("Rang Mahal", till.id, Mode.TRAINING, staff_id=actor.staff_id, session=actor.session)
        self.shell.show_state(replace(state, person=actor.name, role=actor.role))
        with qtbot.waitActive(self.shell):
            self.shell.show()
        self.settled()

    def _tell(self, entries: list[AuditEntry]) -> None:
        changes = changes_of(entries)
        if changes is not None:
            self.tasks.broadcast(changes)

    @property
    def office(self) -> BackOffice:
        """What a screen is given."""
        return BackOffice(
            door=Door(off_qt_thread(self.till), quick_pins(), self.actor, self.tasks),
            commands=self.shell.commands,
            zone=self.till.zone,
            language="en",
            show_payments=lambda query: self.go("payments", PaymentsScreen).show_query(query),
        )

    def _catalogue(self) -> Screen:
        return CatalogueScreen(
            self.office,
            pick_file=lambda _parent, then: then(self.file),
            ask_path=lambda _parent, name, then: then(self.folder / name),
        )

    def _checkout(self) -> Screen:
        return CheckoutScreen(
            CheckoutDesk(
                till=off_qt_thread(self.till),
                actor=self.actor,
                tasks=self.tasks,
                commands=self.shell.commands,
                open_url=lambda _url: True,
                provider=lambda: None,
                zone=self.till.zone,
                language="en",
                open_catalogue=lambda: self.shell.go("catalogue"),
            )
        )

    # Where

    def go(self, key: str, kind: type[W]) -> W:
        """Go to a screen."""
        assert self.shell.go(key)
        self.shell._quarantine._over()
        page = self.shell.page(key)
        assert isinstance(page, kind)
        self.settled()
        return page

    def catalogue(self) -> CatalogueScreen:
        """Go to the catalogue."""
        return self.go("catalogue", CatalogueScreen)

    def dialog(self, kind: type[W]) -> W:
        """The dialog of a kind that is open."""
        found = [each for each in self.shell.findChildren(kind) if each.isVisible()]
        assert len(found) == 1, [type(each).__name__ for each in self.shell.findChildren(Dialog) if each.isVisible()]
        return found[0]

    def opened(self, kind: type[W]) -> W:
        """Wait for a dialog."""
        self.until(lambda: [each for each in self.shell.findChildren(kind) if each.isVisible()])
        dialog = self.dialog(kind)
        dialog.activateWindow()
        self.until(lambda: dialog.isActiveWindow() and dialog.focusWidget() is not None)
        self.settled()
        return dialog

    def closed(self, kind: type[QWidget]) -> None:
        """Wait until a dialog is gone."""
        self.until(lambda: not [each for each in self.shell.findChildren(kind) if each.isVisible()])

    # Hands

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
        """As a person does: some time after the last key."""
        self._pause()
        press(self._under_the_keys(), key, held)
        self._pause()

    def type(self, text: str) -> None:
        """Over what stands in the line."""
        self._pause()
        focus = self._under_the_keys()
        if isinstance(focus, QLineEdit):
            focus.selectAll()
            press(focus, Qt.Key.Key_Delete)
        type_text(focus, text)
        self._pause()

    def fill(self, **texts: str) -> None:
        """Type into fields of the form that is open, by their names."""
        form = self.dialog(FormDialog)
        for name, text in texts.items():
            form.fields[name].setFocus()
            self.type(text)

    def save(self) -> None:
        """Press the verb of the form with Enter."""
        self.press(Qt.Key.Key_Return)
        self.settled()

    def click(self, button: QWidget) -> None:
        """With the mouse."""
        assert button.isEnabled()
        assert button.isVisible()
        click(button)
        self.settled()

    def command(self, key: str) -> None:
        """From the palette."""
        action = self.shell.commands.action(key)
        assert action.isEnabled(), key
        action.trigger()
        self.settled()

    def _under_the_keys(self) -> QWidget:
        if QApplication.activeWindow() is None:
            self.shell.activateWindow()
            self.until(self.shell.isActiveWindow)
        return QApplication.focusWidget() or self.shell

    def _pause(self) -> None:
        self.shell.scanner.release()
        self.shell.scanner._last_ms = -(10**9)

    # Eyes

    def rows(self, table: DataTable, columns: int = 4) -> list[tuple[str, ...]]:
        """What the list shows."""
        self.until(lambda: self.tasks.pending == 0 and not table.model.waiting)
        model = table.model
        cells = [[model.data(model.index(row, at)) for at in range(columns)] for row in range(model.rowCount())]
        return [tuple(str(getattr(cell, "text", cell)) for cell in row) for row in cells]

    def product(self, code: str) -> OneProduct:
        """Open the details of a product."""
        screen = self.catalogue()
        screen.products.show_code(code)
        table = screen.products.table
        self.until(lambda: not table.model.waiting and table.query.text == code and self.tasks.pending == 0)
        table.open_row(0)
        self.settled()
        pane = table.pane.findChildren(OneProduct)[-1]
        self.until(lambda: pane.pane.shown is not None)
        return pane

    # Waiting

    def until(self, holds: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(holds()))

    def settled(self) -> None:
        """Nothing is on its way."""
        self.until(lambda: self.tasks.pending == 0)
