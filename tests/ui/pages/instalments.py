"""The instalments screen as its user has it, in the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from tests.factories.instalments import Bazaar
from tests.factories.people import quick_pins
from tests.ui.pages.hands import NONE, press, type_text
from tillgate.app.news import changes_of
from tillgate.domain.payment import Mode
from tillgate.domain.payment_end import End
from tillgate.domain.staff import Action, Actor
from tillgate.i18n import mark
from tillgate.store.audit import AuditEntry
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.screen import Screen, ScreenSpec, ShellState
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout import CheckoutDesk
from tillgate.ui.screens.checkout.end_panel import DEAF_MS
from tillgate.ui.screens.checkout.news import News
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.screens.instalments import InstalmentsScreen
from tillgate.ui.screens.instalments.desk_list import DeskList
from tillgate.ui.screens.instalments.keys import SCREEN
from tillgate.ui.screens.instalments.pages import PAGES, PageSpec
from tillgate.ui.shell import Shell
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.dialog import Dialog

D = TypeVar("D", bound=QWidget)


@dataclass
class InstalmentsPage:
    """Opens the window on instalments for the bazaar's cashier, or for `who`; with some of the pages only, if given."""

    qtbot: QtBot
    tasks: Tasks
    shop: Bazaar
    who: Actor | None = None
    pages: Sequence[PageSpec] = PAGES
    language: str = "en"
    opened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.actor = self.who or self.shop.cashier
        self.shop.till.db.on_committed = self._tell
        spec = ScreenSpec(SCREEN, mark("Instalments"), "calendar-days", self._make, Action.VIEW_PAYMENTS)
        other = ScreenSpec("elsewhere", mark("Payments"), "credit-card", Screen, Action.VIEW_PAYMENTS)
        self.shell = Shell([spec, other], Screen, self.tasks, idle_minutes=600)
        self.shell.resize(1024, 768)
        self.qtbot.addWidget(self.shell)
        self._sign_in("s1")
        self.shell.show()
        self.settled(self.shell.isActiveWindow)

    def _make(self) -> InstalmentsScreen:
        till, actor = self.shop.till, self.actor
        office = BackOffice(
            door=Door(till, quick_pins(), actor, self.tasks),
            commands=self.shell.commands,
            zone=till.zone,
            language=self.language,
            show_payment=lambda number: self.opened.append(f"payment-{number}"),
        )
        desk = CheckoutDesk(
            till=till,
            actor=actor,
            tasks=self.tasks,
            commands=self.shell.commands,
            open_url=self._open,
            provider=lambda: ("razorpay", "order"),
            zone=till.zone,
            language=self.language,
            save_receipt=self._save_receipt,
            print_receipt=lambda number: self.opened.append(f"printed-{number}"),
            open_exceptions=lambda: self.opened.append("exceptions"),
            in_front=self._in_front,
        )
        made = InstalmentsScreen(office, desk, pages=self.pages)
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

    def _save_receipt(self, number: int) -> Path:
        self.opened.append(f"receipt-{number}")
        return Path(f"receipt-{number}.pdf")

    def _sign_in(self, session: str, *, locked: bool = False) -> None:
        actor = self.actor
        role = None if locked else actor.role
        state = ShellState(
            "Bazaar",
            self.shop.till.id,
            Mode.TEST,
            session=session,
            staff_id=actor.staff_id,
            person=actor.name,
            role=role,
        )
        self.shell.show_state(state)

    def open_again(self) -> None:
        """As after a restart: the screen is another one."""
        self._sign_in("", locked=True)
        self._sign_in("s2")
        self.settled()

    @property
    def screen(self) -> InstalmentsScreen:
        found = self.shell.page(SCREEN)
        assert isinstance(found, InstalmentsScreen)
        return found

    @property
    def stage(self) -> Stage | None:
        """Where the payment in front stands."""
        now = self.screen.page.paying.situation
        return now.stage if now is not None and now.view is not None else None

    # What is done

    def settled(self, also: Callable[[], object] = lambda: True) -> None:
        """Wait until no work is under way and something more is true."""
        self.qtbot.waitUntil(lambda: self.tasks.pending == 0 and bool(also()))

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
        """A key on whatever has the focus, once the window takes keys."""
        self.pause()
        self.shell.activateWindow()
        self.qtbot.waitUntil(self.shell.isActiveWindow)
        self.qtbot.waitUntil(lambda: not self.shell._quarantine.active)
        press(self.shell.focusWidget(), key, held)
        self.pause()
        self.settled()

    def write(self, text: str) -> None:
        """Typed over what stands where the focus is."""
        line = self.shell.focusWidget()
        assert isinstance(line, QLineEdit), line
        self.pause()
        line.selectAll()
        type_text(line, text)
        self.pause()
        self.settled()

    def enter(self, text: str) -> None:
        """Typed, then Enter."""
        self.write(text)
        self.key(Qt.Key.Key_Return)

    def pause(self) -> None:
        """As a person does between keys: what is typed is no scan."""
        self.shell.scanner.release()
        self.shell.scanner._last_ms = -(10**9)

    def wake(self) -> None:
        """Until what came to the front is no longer deaf."""
        QTest.qWait(DEAF_MS + 50)

    def command(self, verb: str) -> None:
        """As from the palette."""
        action = self.shell.commands.action(f"{SCREEN}.{verb}")
        assert action.isEnabled(), verb
        action.trigger()
        self.settled()

    def can(self, verb: str) -> bool:
        """Whether a command is offered."""
        return self.shell.commands.action(f"{SCREEN}.{verb}").isEnabled()

    def customer_pays(self) -> None:
        """The payment in front is paid at the provider, and looked at."""
        now = self.screen.page.paying.situation
        assert now is not None and now.view is not None and now.view.attempt is not None and self.shop.bank is not None
        self.shop.bank.pay(now.view.attempt.reference)
        self.screen.page.paying.check()
        self.settled(lambda: self.stage is Stage.PAID)

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

    def tap(self, dialog: Dialog, key: Qt.Key) -> QWidget:
        """A key in a dialog; what has the focus then."""
        self.pause()
        held = dialog.focusWidget()
        QTest.keyPress(held, key)
        self.pause()
        if isValid(held):
            QTest.keyRelease(held, key)
        return dialog.focusWidget()

    # What is shown

    @property
    def texts(self) -> set[str]:
        """Every label that is seen."""
        return {label.text() for label in self.screen.findChildren(QLabel) if label.isVisible()}

    def rows(self, columns: int = 3) -> list[tuple[str, ...]]:
        """What the list in front shows."""
        page = self.screen.pages[self.screen.front]
        assert isinstance(page, DeskList)
        model = page.table.model
        self.settled(lambda: not model.waiting)
        cells = [[model.data(model.index(row, at)) for at in range(columns)] for row in range(model.rowCount())]
        return [tuple(str(getattr(cell, "text", cell)) for cell in row) for row in cells]


__all__ = ["InstalmentsPage"]
