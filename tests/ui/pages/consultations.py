"""The consultations screen as its user has it, in the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.factories.clinic import Clinic
from tests.factories.people import quick_pins
from tests.ui.pages.hands import NONE, press
from tillgate.domain.payment import Mode
from tillgate.domain.staff import Action
from tillgate.i18n import mark
from tillgate.services.payment_lists import PaymentQuery, PaymentRow, list_payments
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.screen import Screen, ScreenSpec, ShellState
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout import CheckoutDesk
from tillgate.ui.screens.consultations import ConsultationsScreen
from tillgate.ui.screens.consultations.details import OneConsultation
from tillgate.ui.screens.consultations.pay_panels import DEAF_MS
from tillgate.ui.shell import Shell
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.status_badge import StatusBadge


@dataclass
class FeePage:
    """Opens the window on the consultations for the clinic's cashier."""

    qtbot: QtBot
    tasks: Tasks
    clinic: Clinic
    folder: Path
    opened: list[str] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        spec = ScreenSpec("consultations", mark("Consultations"), "receipt-text", self._make, Action.VIEW_PAYMENTS)
        self.shell = Shell([spec], Screen, self.tasks, idle_minutes=600)
        self.shell.resize(1024, 768)
        self.qtbot.addWidget(self.shell)
        self.sign_in()
        self.shell.show()
        self.settled(lambda: self.screen.table.count.text() != "")

    def _make(self) -> ConsultationsScreen:
        till, actor = self.clinic.till, self.clinic.cashier
        office = BackOffice(
            door=Door(till, quick_pins(), actor, self.tasks),
            commands=self.shell.commands,
            zone=till.zone,
            language="en",
            save_receipt=self._paper("receipt"),
            save_invoice=self._paper("invoice"),
        )
        desk = CheckoutDesk(
            till=till,
            actor=actor,
            tasks=self.tasks,
            commands=self.shell.commands,
            open_url=self._open,
            provider=lambda: ("stripe", "link"),
            zone=till.zone,
            language="en",
            save_receipt=self._paper("receipt"),
            save_invoice=self._paper("invoice"),
        )
        return ConsultationsScreen(office, desk)

    def _open(self, url: str) -> bool:
        self.opened.append(url)
        return True

    def _paper(self, kind: str) -> Callable[[int], Path]:
        def save(number: int) -> Path:
            self.saved.append(f"{kind}-{number}")
            return self.folder / f"{kind}-{number}.pdf"

        return save

    def _state(self, *, locked: bool) -> ShellState:
        actor = self.clinic.cashier
        role = None if locked else actor.role
        till = self.clinic.till.id
        return ShellState("Clinic", till, Mode.TEST, staff_id=actor.staff_id, person=actor.name, role=role)

    def sign_in(self) -> None:
        self.shell.show_state(self._state(locked=False))

    def lock(self) -> None:
        self.shell.show_state(self._state(locked=True))

    @property
    def screen(self) -> ConsultationsScreen:
        found = self.shell.page("consultations")
        assert isinstance(found, ConsultationsScreen)
        return found

    def settled(self, also: Callable[[], bool] = lambda: True) -> None:
        """Wait until no work is under way and something more is true."""
        self.qtbot.waitUntil(lambda: self.tasks.pending == 0 and also())

    def key(self, key: Qt.Key, widget: QWidget | None = None) -> None:
        """A key on whatever has the focus, once the window takes keys."""
        self.shell.activateWindow()
        self.qtbot.waitUntil(self.shell.isActiveWindow)
        self.qtbot.waitUntil(lambda: not self.shell._quarantine.active)
        press(widget or self.shell.focusWidget(), key, NONE)

    def open_fee(self) -> None:
        """The first fee's Pay, by keys alone."""
        self.screen.table.setFocus()
        view = self.screen.table.view
        view.selectRow(0)
        self.key(Qt.Key.Key_Return, view)
        self.settled(lambda: self._pane is not None and self._pane.bill.details is not None)
        self.key(Qt.Key.Key_F9)
        self.settled(lambda: self.screen.paying)

    @property
    def _pane(self) -> OneConsultation | None:
        return self.screen.table.pane.findChild(OneConsultation)

    def wake(self) -> None:
        """Until what came to the front is no longer deaf."""
        QTest.qWait(DEAF_MS + 50)

    def pay(self) -> None:
        """Press Pay, by Enter."""
        self.wake()
        self.key(Qt.Key.Key_Return)
        self.settled(lambda: self.screen.page.ask.pay.isEnabled() or not self.screen.page.ask.isVisible())

    def look(self) -> None:
        """What the timer does, at once."""
        self.screen.page.paying.look()
        self.settled()

    @property
    def texts(self) -> set[str]:
        """What stands on the page of the payment."""
        page = self.screen.page
        texts = {label.text() for label in page.findChildren(QLabel) if label.isVisible()}
        for facts in page.findChildren(Facts):
            texts |= {": ".join(row) for row in facts.rows}
        return texts

    @property
    def badges(self) -> set[str]:
        """The states that stand on the bill."""
        return {badge.accessibleName() for badge in self.screen.page.bill.findChildren(StatusBadge)}

    @property
    def payments(self) -> tuple[PaymentRow, ...]:
        return list_payments(self.clinic.till, self.clinic.manager, PaymentQuery())


__all__ = ["FeePage"]
