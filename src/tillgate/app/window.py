"""The till's window: the shell with its screens, who is signed in, and what the strip below says.

It introduces screens to services and knows no rule of either.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Slot

from tillgate.app import screens
from tillgate.app.news import changes_of
from tillgate.app.sample import DEMO_PINS
from tillgate.domain.changes import Changes, Kind
from tillgate.domain.payment import Mode
from tillgate.domain.settings import APPEARANCE, IDLE_LOCK_MINUTES, STORE_LANGUAGE, STORE_NAME
from tillgate.i18n import use_language
from tillgate.services.exceptions import count_exceptions
from tillgate.services.payment_views import count_waiting
from tillgate.services.sign_in import Session, sign_out
from tillgate.services.staff import has_staff
from tillgate.services.start_gates import finding_error
from tillgate.ui import theme
from tillgate.ui.screen import Connection, Screen, ShellState
from tillgate.ui.screens.sign_in import SignInScreen
from tillgate.ui.shell import Shell
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Scheme

if TYPE_CHECKING:
    from tillgate.app.bootstrap import Shop
    from tillgate.store.audit import AuditEntry

LOOK_AFTER_MS: Final = 5 * 60 * 1000
# What the strip counts may change by another till's hand too.
COUNT_MS: Final = 15_000
ASK_MS: Final = 60_000


class TillWindow(QObject):
    """Owns the shell of one running till. `shell` is the window."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self.shop = shop
        self.session: Session | None = None
        settings = shop.till.settings()
        use_language(settings[STORE_LANGUAGE])
        self._choose_appearance(settings[APPEARANCE])
        self.tasks = Tasks(shop.lanes.work, self)
        shop.on_committed(self._tell)
        self._has_staff = has_staff(shop.till)
        # Whose PIN is asked for after a lock.
        self._last = ""
        self.shell = Shell(
            screens.specs(self),
            self._door,
            self.tasks,
            idle_minutes=settings[IDLE_LOCK_MINUTES],
            scan_screen="checkout",
            pending_screen="payments",
        )
        self.shell.lock_asked.connect(self.lock)
        self.shell.closing.connect(self._closing)
        self.shell.show_state(self._locked_state())
        self.tasks.watch(self, {Kind.PAYMENT, Kind.REFUND, Kind.EXCEPTION}, lambda _changes: self._count())
        self._every(COUNT_MS, self._count)
        self._every(LOOK_AFTER_MS, partial(self.tasks.run, self, shop.look_after))
        self._every(ASK_MS, self._ask_connection)
        self._count()
        QTimer.singleShot(0, self._check_file)
        QTimer.singleShot(0, self._ask_connection)

    # Who is signed in

    @Slot(object)
    def enter(self, session: Session) -> None:
        """Somebody proved who they are: their screens, made afresh for their session."""
        self.session = session
        self._has_staff = True
        actor = session.actor
        self._last = actor.name
        state = replace(self.shell.state, staff_id=actor.staff_id, person=actor.name, role=actor.role)
        self.shell.show_state(replace(state, session=actor.session, store=self._store_name()))

    @Slot()
    def lock(self) -> None:
        """Leave: the session ends, and the sign-in screen is in front."""
        session, self.session = self.session, None
        if session is not None:
            self.tasks.run(self, partial(sign_out, self.shop.till, session.actor, "lock"))
        self.shell.show_state(self._locked_state())

    @Slot()
    def settings_changed(self) -> None:
        """Options were saved: what the window itself shows of them is shown anew."""
        settings = self.shop.till.settings()
        use_language(settings[STORE_LANGUAGE])
        self._choose_appearance(settings[APPEARANCE])
        self.shell.show_state(replace(self.shell.state, store=self._store_name()))

    def _door(self) -> Screen:
        if not self._has_staff:
            first = screens.wizard(self)
            first.finished.connect(self.enter)
            return first
        shop = self.shop
        pins = DEMO_PINS if shop.till.mode is Mode.TRAINING else None
        door = SignInScreen(shop.till, shop.pins, self.tasks, store=self._store_name(), demo_pins=pins, last=self._last)
        door.signed_in.connect(self.enter)
        return door

    def _locked_state(self) -> ShellState:
        return replace(
            self.shell.state,
            store=self._store_name(),
            till=self.shop.till.id,
            mode=self.shop.till.mode,
            staff_id=None,
            person="",
            role=None,
            session="",
        )

    def _store_name(self) -> str:
        return self.shop.till.settings()[STORE_NAME] or "Tillgate"

    # What the strip says

    def _count(self) -> None:
        till = self.shop.till
        self.tasks.run(self, lambda: (count_waiting(till), count_exceptions(till)), self._show_counts)

    def _show_counts(self, counts: tuple[int, int]) -> None:
        pending, exceptions = counts
        state = self.shell.state
        shown = replace(state, pending=pending, badges={"exceptions": exceptions})
        if shown != state:
            self.shell.show_state(shown)

    def _ask_connection(self) -> None:
        self.tasks.run(self, self.shop.is_online, self._show_connection)

    def _show_connection(self, online: bool | None) -> None:
        known = {True: Connection.ONLINE, False: Connection.OFFLINE, None: Connection.UNKNOWN}[online]
        if known is not self.shell.state.connection:
            self.shell.show_state(replace(self.shell.state, connection=known))

    def _check_file(self) -> None:
        self.tasks.run(self, self.shop.check_thoroughly, lambda _none: self._show_findings())

    def _show_findings(self) -> None:
        shown = self.shop.books.findings.shown
        if shown:
            self.shell.notice.show_error(finding_error(shown[0]))

    # News, timers, the end

    def _tell(self, entries: list[AuditEntry]) -> None:
        changes: Changes | None = changes_of(entries)
        if changes is not None:
            self.tasks.broadcast(changes)

    def _every(self, interval_ms: int, run: Callable[[], object]) -> None:
        timer = QTimer(self)
        timer.timeout.connect(lambda: run() and None)
        timer.start(interval_ms)

    def _choose_appearance(self, appearance: str) -> None:
        theme.current().choose(Scheme(appearance))

    @Slot()
    def _closing(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            try:
                sign_out(self.shop.till, session.actor)
            except Exception:  # noqa: BLE001 - the window closes whatever happens; a session ends by itself
                sys.excepthook(*sys.exc_info())


def open_window(shop: Shop) -> TillWindow:
    """The window of an open till, not shown yet."""
    return TillWindow(shop)
