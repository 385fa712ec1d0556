"""The window with the screens of the back office, wired to each other as the application does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QWidget

from tests.factories.people import quick_pins
from tests.ui.pages.hands import NONE, press
from tillgate.domain.payment import Mode
from tillgate.domain.staff import Action, Actor, Role
from tillgate.i18n import mark
from tillgate.services.exceptions import count_exceptions
from tillgate.services.payment_views import count_waiting
from tillgate.services.till import Till
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.screen import Connection, Screen, ScreenSpec, ShellState
from tillgate.ui.screens.back_office import BackOffice, Permit
from tillgate.ui.screens.exceptions import ExceptionsScreen
from tillgate.ui.screens.metrics import MetricsScreen
from tillgate.ui.screens.orders import OrdersScreen
from tillgate.ui.screens.payments import PaymentsScreen
from tillgate.ui.shell import Shell
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.data_table import Query


class OfficeWindow:
    """Opens the window for somebody who is signed in."""

    def __init__(
        self, till: Till, actor: Actor, tasks: Tasks, *, folder: Path | None = None, permit: Permit | None = None
    ) -> None:
        self.till, self.actor, self.tasks = till, actor, tasks
        self.folder = folder
        self.opened: list[Path] = []
        self.printed: list[int] = []
        self._permit = permit
        specs = [
            ScreenSpec("payments", mark("Payments"), "credit-card", lambda: PaymentsScreen(self.office)),
            ScreenSpec("orders", mark("Orders"), "package", lambda: OrdersScreen(self.office), Action.VIEW_ORDERS),
            ScreenSpec(
                "exceptions",
                mark("Exceptions"),
                "triangle-alert",
                lambda: ExceptionsScreen(self.office),
                Action.VIEW_EXCEPTIONS,
            ),
            ScreenSpec(
                "metrics", mark("Figures"), "chart-column", lambda: MetricsScreen(self.office), Action.VIEW_METRICS
            ),
        ]
        self.shell = Shell(specs, Screen, tasks, pending_screen="payments", idle_minutes=600)
        self.shell.resize(1280, 800)
        self.show_state()

    @property
    def office(self) -> BackOffice:
        """What a screen is given."""
        return BackOffice(
            door=Door(self.till, quick_pins(), self.actor, self.tasks),
            commands=self.shell.commands,
            zone=self.till.zone,
            language="en",
            save_receipt=lambda number: self._save(f"receipt-{number}.pdf"),
            print_receipt=self.printed.append,
            save_invoice=lambda number: self._save(f"invoice-{number}.pdf"),
            save_credit_note=lambda number: self._save(f"credit-note-{number}.pdf"),
            open_file=self._open,
            show_payment=lambda number: self.payments(go=True).show_payment(number),
            show_payments=lambda query: self.payments(go=True).show_query(query),
            show_orders=lambda query: self.orders(go=True).show_query(query),
            show_exceptions=lambda query: self.exceptions(go=True).show_query(query),
            permit=self._permit,
        )

    def _save(self, name: str) -> Path:
        path = (self.folder or Path()) / name
        path.write_bytes(b"%PDF-1.7")
        return path

    def _open(self, path: Path) -> bool:
        self.opened.append(path)
        return True

    def show_state(self) -> None:
        """What the strip and the rail say now."""
        assert self.actor.role is not None
        state = ShellState(
            store="Rang Mahal Rentals",
            till=self.till.id,
            mode=Mode.TRAINING,
            staff_id=self.actor.staff_id,
            person=self.actor.name,
            role=self.actor.role,
            shift_opened_at=self.till.clock.now(),
            connection=Connection.ONLINE,
            pending=count_waiting(self.till),
            badges={"exceptions": count_exceptions(self.till)} if self.actor.role is Role.MANAGER else {},
        )
        self.shell.show_state(state)

    def payments(self, *, go: bool = False) -> PaymentsScreen:
        found = self._screen("payments", go=go)
        assert isinstance(found, PaymentsScreen)
        return found

    def orders(self, *, go: bool = False) -> OrdersScreen:
        found = self._screen("orders", go=go)
        assert isinstance(found, OrdersScreen)
        return found

    def exceptions(self, *, go: bool = False) -> ExceptionsScreen:
        found = self._screen("exceptions", go=go)
        assert isinstance(found, ExceptionsScreen)
        return found

    def metrics(self, *, go: bool = False) -> MetricsScreen:
        found = self._screen("metrics", go=go)
        assert isinstance(found, MetricsScreen)
        return found

    def _screen(self, key: str, *, go: bool) -> Screen:
        if go:
            assert self.shell.go(key)
        return self.shell.page(key)

    def dialog(self) -> QDialog:
        """The dialog in front."""
        shown = [each for each in self.shell.findChildren(QDialog) if each.isVisible()]
        assert shown, "no dialog is open"
        return shown[-1]

    def settle(self, ms: int = 8) -> None:
        """Wait until nothing is on its way; `ms` longer where something is only about to start."""
        QTest.qWait(ms)
        while self.tasks.pending:
            QTest.qWait(2)
        QTest.qWait(8)

    def awake(self) -> None:
        """Wait until keys are taken again after a change of screens."""
        self.until(lambda: not self.shell._quarantine.active)

    def press(self, widget: QWidget, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
        """A key, once the window takes keys."""
        self.shell.activateWindow()
        self.until(self.shell.isActiveWindow)
        self.awake()
        press(widget, key, held)

    def until(self, true: Callable[[], bool]) -> None:
        """Wait until something comes true, at most a minute."""
        deadline = time.monotonic() + 60
        while not true():
            assert time.monotonic() < deadline, "it did not come true"
            QTest.qWait(5)
        self.settle()


__all__ = ["OfficeWindow", "Query"]
