"""The consultations screen as its user has it, in the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from tests.factories.clinic import Clinic
from tests.factories.people import quick_pins
from tests.ui.pages.hands import NONE, press, type_text
from tillgate.app.news import changes_of
from tillgate.domain.payment import Mode
from tillgate.domain.payment_end import End
from tillgate.domain.staff import Action, Actor
from tillgate.i18n import mark
from tillgate.services.consultation_lists import load_consultation
from tillgate.services.payment_lists import PaymentQuery, PaymentRow, list_payments
from tillgate.store.audit import AuditEntry
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.screen import Screen, ScreenSpec, ShellState
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout import CheckoutDesk
from tillgate.ui.screens.checkout.end_panel import DEAF_MS
from tillgate.ui.screens.checkout.news import News
from tillgate.ui.screens.consultations import ConsultationsScreen
from tillgate.ui.screens.consultations.details import OneConsultation
from tillgate.ui.screens.consultations.open_list import PatientFees
from tillgate.ui.shell import Shell
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.status_badge import StatusBadge

D = TypeVar("D", bound=QWidget)


@dataclass
class FeePage:
    """Opens the window on the consultations for the clinic's cashier."""

    qtbot: QtBot
    tasks: Tasks
    clinic: Clinic
    folder: Path
    who: Actor | None = None
    language: str = "en"
    opened: list[str] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)
    # What the settings say a fee is paid through.
    tender: tuple[str, str] = ("stripe", "link")

    def __post_init__(self) -> None:
        self.actor = self.who or self.clinic.cashier
        self.clinic.till.db.on_committed = self._tell
        spec = ScreenSpec("consultations", mark("Consultations"), "receipt-text", self._make, Action.VIEW_PAYMENTS)
        other = ScreenSpec("elsewhere", mark("Payments"), "credit-card", Screen, Action.VIEW_PAYMENTS)
        self.shell = Shell([spec, other], Screen, self.tasks, idle_minutes=600)
        self.shell.resize(1024, 768)
        self.qtbot.addWidget(self.shell)
        self.sign_in()
        self.shell.show()
        self.settled(lambda: self.screen.table.count.text() != "")

    def _make(self) -> ConsultationsScreen:
        till, actor = self.clinic.till, self.actor
        office = BackOffice(
            door=Door(till, quick_pins(), actor, self.tasks),
            commands=self.shell.commands,
            zone=till.zone,
            language=self.language,
            save_receipt=self._paper("receipt"),
            save_invoice=self._paper("invoice"),
        )
        desk = CheckoutDesk(
            till=till,
            actor=actor,
            tasks=self.tasks,
            commands=self.shell.commands,
            open_url=self._open,
            provider=lambda: self.tender,
            zone=till.zone,
            language=self.language,
            save_receipt=self._paper("receipt"),
            save_invoice=self._paper("invoice"),
            open_exceptions=lambda: self.opened.append("exceptions"),
            show_payment=lambda number: self.opened.append(f"payment-{number}"),
            in_front=self._in_front,
        )
        made = ConsultationsScreen(office, desk)
        self.news = News(desk, made)
        return made

    def _tell(self, entries: list[AuditEntry]) -> None:
        changes = changes_of(entries)
        if changes is not None:
            self.tasks.broadcast(changes)

    def _in_front(self, fronts: Mapping[int, End | None]) -> None:
        self.news.put_elsewhere(fronts)

    def _open(self, url: str) -> bool:
        self.opened.append(url)
        return True

    def _paper(self, kind: str) -> Callable[[int], Path]:
        def save(number: int) -> Path:
            self.saved.append(f"{kind}-{number}")
            return self.folder / f"{kind}-{number}.pdf"

        return save

    def _state(self, *, locked: bool) -> ShellState:
        actor = self.actor
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

    def open_patient(self, row: int = 0) -> PatientFees:
        """A patient's open fees, by keys alone."""
        self.screen.show_list("open")
        self.settled()
        self.screen.table.setFocus()
        view = self.screen.table.view
        view.selectRow(row)
        self.key(Qt.Key.Key_Return, view)
        self.settled(lambda: bool(self.patient.pays))
        return self.patient

    def open_fee(self) -> None:
        """The first fee's Pay, by keys alone."""
        self.open_patient()
        self.key(Qt.Key.Key_F9)
        self.settled(lambda: self.screen.paying)

    @property
    def patient(self) -> PatientFees:
        """The patient whose details are open."""
        return self.screen.open_fees.table.pane.findChildren(PatientFees)[-1]

    def visit(self, number: int) -> OneConsultation:
        """One consultation's details, in the list of all."""
        code = load_consultation(self.clinic.till, self.clinic.cashier, number).visit.consultation.code
        self.screen.show_visit(code, number)
        self.settled(lambda: any(pane.bill.details is not None for pane in self._visits))
        return self._visits[-1]

    @property
    def _visits(self) -> list[OneConsultation]:
        return self.screen.visits.table.pane.findChildren(OneConsultation)

    def command(self, verb: str) -> None:
        """As from the palette."""
        action = self.shell.commands.action(f"consultations.{verb}")
        assert action.isEnabled(), verb
        action.trigger()
        self.settled()

    def dialog(self, kind: type[D]) -> D:
        """The dialog of a kind, once it is open and takes keys."""
        self.settled(lambda: any(each.isVisible() for each in self.shell.findChildren(kind)))
        (found,) = (each for each in self.shell.findChildren(kind) if each.isVisible())
        found.activateWindow()
        self.qtbot.waitUntil(lambda: found.isActiveWindow() and found.focusWidget() is not None)
        self.settled()
        return found

    def closed(self, kind: type[QWidget]) -> None:
        """Wait until a dialog is gone."""
        self.settled(lambda: not any(each.isVisible() for each in self.shell.findChildren(kind)))

    def rows(self, columns: int = 3) -> list[tuple[str, ...]]:
        """What the list in front shows."""
        model = self.screen.table.model
        self.settled(lambda: not model.waiting)
        cells = [[model.data(model.index(row, at)) for at in range(columns)] for row in range(model.rowCount())]
        return [tuple(str(getattr(cell, "text", cell)) for cell in row) for row in cells]

    def pause(self) -> None:
        """As a person does between keys: what is typed is no scan."""
        self.shell.scanner.release()
        self.shell.scanner._last_ms = -(10**9)

    def tap(self, dialog: Dialog, key: Qt.Key) -> QWidget:
        """A key in a dialog; what has the focus then."""
        self.pause()
        held = dialog.focusWidget()
        QTest.keyPress(held, key)
        self.pause()
        if isValid(held):
            QTest.keyRelease(held, key)
        return dialog.focusWidget()

    def type_over(self, dialog: Dialog, text: str) -> None:
        """Typed over what stands where the focus is."""
        line = dialog.focusWidget()
        assert isinstance(line, QLineEdit)
        self.pause()
        line.selectAll()
        type_text(line, text)
        self.pause()

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
