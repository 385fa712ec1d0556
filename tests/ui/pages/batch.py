"""The batch screen as its user has it, in the window."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.factories.depot import Depot
from tests.factories.people import quick_pins, signed_in
from tests.ui.pages.hands import NONE, press
from tillgate.app.news import changes_of
from tillgate.domain.payment import Mode
from tillgate.domain.payment_end import End
from tillgate.domain.staff import Action, Actor, Role
from tillgate.i18n import mark
from tillgate.services.batch_views import BatchView
from tillgate.services.sign_in import sign_out
from tillgate.store.audit import AuditEntry
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.screen import Screen, ScreenSpec, ShellState
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.batch import BatchDesk, BatchScreen
from tillgate.ui.screens.batch.item_row import ItemRow
from tillgate.ui.screens.batch.keys import SCREEN
from tillgate.ui.shell import Shell
from tillgate.ui.tasks import Tasks
from tillgate.ui.text import shown

D = TypeVar("D", bound=QWidget)


@dataclass
class BatchPage:
    """Opens the window on batch payment for the depot's cashier, or for `who`."""

    qtbot: QtBot
    tasks: Tasks
    depot: Depot
    folder: Path
    who: Actor | None = None
    language: str = "en"
    browser: bool = True
    # Where it is there, the browser shows a page and does not answer before it is set.
    closed: threading.Event | None = None
    opened: list[str] = field(default_factory=list)
    saved: list[int] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    settings_opened: int = 0
    fronts: list[dict[int, End | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.actor = self.who or self.depot.cashier
        self.depot.till.db.on_committed = self._tell
        spec = ScreenSpec(SCREEN, mark("Batch payment"), "list", self._make, Action.VIEW_PAYMENTS)
        self.shell = Shell([spec], Screen, self.tasks, idle_minutes=600)
        self.shell.resize(1024, 768)
        self.qtbot.addWidget(self.shell)
        self._sign_in("s1")
        self.shell.show()
        # Until then its shortcuts are nobody's.
        self.settled(self.shell.isActiveWindow)

    def _sign_in(self, session: str, *, locked: bool = False) -> None:
        self.shell.show_state(
            ShellState(
                "Pedal",
                "T1",
                Mode.TRAINING,
                session=session,
                staff_id=self.actor.staff_id,
                person=self.actor.name,
                role=None if locked else self.actor.role,
            )
        )

    def open_again(self) -> None:
        """As after a restart: the screen is another one."""
        self._sign_in("", locked=True)
        self._sign_in("s2")
        self.settled()

    def lock(self) -> None:
        """The till is locked, as by its key: the session ends at once, whatever is under way."""
        sign_out(self.depot.till, self.actor, "lock")
        self._sign_in("", locked=True)

    def come_back(self) -> None:
        """Signed in again: another session, another screen."""
        self.actor = signed_in(self.depot.till, Role.CASHIER, "Back again")
        self._sign_in("s3")
        self.settled()

    def _make(self) -> BatchScreen:
        till = self.depot.till
        office = BackOffice(
            door=Door(till, quick_pins(), self.actor, self.tasks),
            commands=self.shell.commands,
            zone=till.zone,
            language=self.language,
        )
        desk = BatchDesk(
            self._open,
            lambda: ("wompi", "link"),
            self._save,
            lambda number: self.saved.append(-number),
            self._show_settings,
            lambda fronts: self.fronts.append(dict(fronts)),
        )
        return BatchScreen(office, desk, pick_file=lambda _parent, then: then(self.files[-1]))

    def _tell(self, entries: list[AuditEntry]) -> None:
        changes = changes_of(entries)
        if changes is not None:
            self.tasks.broadcast(changes)

    def _open(self, url: str, hosts: frozenset[str]) -> bool:
        assert any(host in url for host in hosts)
        self.opened.append(url)
        return self.closed.wait(60) if self.closed is not None else self.browser

    def _show_settings(self) -> None:
        self.settings_opened += 1

    def _save(self, number: int) -> Path:
        self.saved.append(number)
        return self.folder / f"slip-{number}.pdf"

    # What it shows

    @property
    def screen(self) -> BatchScreen:
        page = self.shell.page(SCREEN)
        assert isinstance(page, BatchScreen)
        return page

    @property
    def view(self) -> BatchView | None:
        return self.screen.run.view

    @property
    def rows(self) -> list[ItemRow]:
        return self.screen.running.rows

    @property
    def states(self) -> list[str]:
        """The word of each row."""
        return [row.badge.status.text for row in self.rows]

    @property
    def chosen(self) -> list[str]:
        """The invoices that Start would take."""
        return [row.row.invoice.number for row in self.screen.start.rows.rows if row.chosen]

    @property
    def said(self) -> str:
        """What the batch's notice says."""
        return self.screen.running.notice.text

    def dialog(self, kind: type[D]) -> D:
        """The dialog that is open."""
        found = [each for each in self.shell.findChildren(kind) if each.isVisible()]
        assert len(found) == 1, found
        return found[0]

    # What a person does

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        """Press a key wherever the focus is."""
        focused: QWidget | None = self.shell.focusWidget()
        press(focused or self.shell, key, modifier)

    def command(self, verb: str) -> None:
        """Give a command, as its key or its entry in a menu does."""
        action = self.shell.commands.action(f"{SCREEN}.{verb}")
        assert action.isEnabled(), verb
        action.trigger()

    def choose(self, text: str = "BIKE001") -> None:
        """Type a device and Enter, as a scanner would."""
        self.screen.start.finder.take(text)
        self.settled(lambda: self.screen.start.details is not None)

    def begin(self, count: str = "3", email: str | None = None) -> None:
        """Fill the fields in and press Start."""
        self.screen.start.count.set_text(count)
        if email is not None:
            self.screen.start.email.set_text(email)
        self.screen.start.press()

    def run(self, count: str = "3") -> None:
        """Choose the device and pay so many of its invoices; until every row was tried."""
        self.choose()
        self.begin(count)
        self.settled(lambda: self.view is not None and not self.view.at_work and self.view.totals.waiting == 0)

    def settled(self, until: Callable[[], bool] = lambda: True) -> None:
        """Wait until nothing is under way, keys are taken, and something holds."""
        quiet = self.shell._quarantine
        self.qtbot.waitUntil(lambda: self.tasks.pending == 0 and not quiet.active and until(), timeout=30_000)


def plain(text: str) -> str:
    """As labels show it."""
    return shown(text)
