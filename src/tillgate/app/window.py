"""The till's window: the shell with its screens, who is signed in, and what the strip below says.

It stands before the till is open, with who can sign in on it, and loads no service by itself: what needs one asks the
shop, on the work lane, which waits there until there is one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Slot

from tillgate.app import screens
from tillgate.app.demo_people import DEMO_PINS
from tillgate.app.profile import Profile
from tillgate.app.reach import connection_of, offer_sandbox
from tillgate.app.work_lane import WorkLane
from tillgate.domain.changes import Kind
from tillgate.domain.errors import TillgateError
from tillgate.domain.payment import Mode
from tillgate.domain.settings import APPEARANCE, IDLE_LOCK_MINUTES, STORE_LANGUAGE, STORE_NAME, Settings
from tillgate.domain.staff import GRANTS, Action
from tillgate.i18n import tr, use_language
from tillgate.store.first_look import FirstLook
from tillgate.ui import icons, theme
from tillgate.ui.screen import Connection, Screen, ShellState
from tillgate.ui.screens.sign_in import SignInDesk, SignInScreen
from tillgate.ui.shell import Shell
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Scheme
from tillgate.ui.widgets.notices import NoticeAction

if TYPE_CHECKING:
    from tillgate.app.bootstrap import Shop
    from tillgate.services.sign_in import Session

LOOK_AFTER_MS: Final = 5 * 60 * 1000
# What the strip counts may change by another till's hand too.
COUNT_MS: Final = 15_000
COUNTED_WITHIN_MS: Final = 200
ASK_MS: Final = 60_000
# What the integrity check has more to say about.
_OF_THE_BOOKS: Final = frozenset({"books_wrong", "consultations_wrong", "ledger_unbalanced", "audit_broken"})


class TillWindow(QObject):
    """Owns the shell of one till. `shell` is the window; `opened` becomes the till's parts, or why it can't open."""

    def __init__(
        self,
        profile: Profile,
        first: FirstLook,
        opened: Future[Shop],
        work: WorkLane,
        *,
        has_staff: bool = True,
    ) -> None:
        super().__init__()
        self.session: Session | None = None
        self._profile, self._first, self._opened = profile, first, opened
        self._has_staff = has_staff
        settings = self._settings()
        use_language(settings[STORE_LANGUAGE])
        self._choose_appearance(settings[APPEARANCE])
        self.tasks = Tasks(work, self, long_lane=work.long)
        # Whose PIN is asked for after a lock.
        self._last = ""
        self._expected = False
        self.shell = Shell(
            screens.specs(self),
            self._door,
            self.tasks,
            idle_minutes=settings[IDLE_LOCK_MINUTES],
            scan_screen="checkout",
            pending_screen="payments",
            setup_screen="settings",
        )
        self.shell.lock_asked.connect(self.lock)
        self.shell.closing.connect(self._closing)
        self.shell.show_state(self._locked_state())

    @property
    def shop(self) -> Shop:
        """The open till's parts; TimeoutError before it is open."""
        return self._opened.result(timeout=0)

    @property
    def is_open(self) -> bool:
        """Whether the till's parts are there, or why they can't be."""
        return self._opened.done()

    def attend(self) -> None:
        """The till is open: show what happens in it, and look after it."""
        shop = self.shop
        shop.on_changes(self.tasks.broadcast)
        if shop.sandbox is not None:
            offer_sandbox(self.shell, shop.sandbox.control_page_url)
        counted = {Kind.PAYMENT, Kind.REFUND, Kind.EXCEPTION}
        self.tasks.watch(self, counted, lambda _changes: self._count(), within_ms=COUNTED_WITHIN_MS)
        self._every(COUNT_MS, self._count)
        self._every(LOOK_AFTER_MS, self._look_after)
        self._every(ASK_MS, self._ask_connection)
        self._count()
        QTimer.singleShot(0, self._check_file)
        QTimer.singleShot(0, self._ask_connection)

    # Who is signed in

    @Slot()
    def expect(self) -> None:
        """Somebody will be in soon: load the screens, and wear the keys that the store chose. Once."""
        if not self._expected:
            self._expected = True
            self.tasks.run(self, self._load_screens, self._wear_keys, label="keys")

    def _load_screens(self) -> dict[str, str]:
        """On the work lane: the screens' modules and their icons, and the keys that the store chose."""
        # They need services, which this window does not, and a till where nobody is needs neither.
        from tillgate.app import screen_factories  # noqa: F401, PLC0415
        from tillgate.services.kept_keys import read_keys  # noqa: PLC0415

        icons.read_all()
        sandbox = self._opened.result().sandbox
        if sandbox is not None:
            # Before its first call, which would be answered late.
            sandbox.wake()
        return read_keys(self._opened.result().till)

    def _wear_keys(self, kept: dict[str, str]) -> None:
        from tillgate.app.key_choice import declared  # noqa: PLC0415 - loaded by now

        self.shell.commands.declare(declared())
        self.shell.commands.choose(kept)

    @Slot(object)
    def enter(self, session: Session) -> None:
        """Somebody proved who they are: their screens, made afresh for their session."""
        self.expect()
        self.session = session
        self._has_staff = True
        actor = session.actor
        self._last = actor.name
        state = replace(self.shell.state, staff_id=actor.staff_id, person=actor.name, role=actor.role)
        self.shell.show_state(replace(state, session=actor.session, store=self._store_name()))
        self.show_findings(again=True)
        # Whatever screen comes first: what was paid meanwhile is told by the one that sells.
        self.shell.page("checkout")

    @Slot(str)
    def lock(self, reason: str) -> None:
        """Leave, for `sign_out`'s reason: the session ends, and the sign-in screen is in front."""
        session, self.session = self.session, None
        if session is not None:
            self.tasks.run(self, partial(self.shop.sign_out, session.actor, reason))
        self.shell.show_state(self._locked_state())

    @Slot()
    def settings_changed(self) -> None:
        """Options were saved: what the window itself shows of them is shown anew."""
        settings = self._settings()
        use_language(settings[STORE_LANGUAGE])
        self._choose_appearance(settings[APPEARANCE])
        self.shell.speak()
        self.shell.lock_after(settings[IDLE_LOCK_MINUTES])
        self.shell.show_state(replace(self.shell.state, store=self._store_name()))
        self._ask_connection()

    def _door(self) -> Screen:
        if not self._has_staff:
            return self._wizard()
        pins = DEMO_PINS if self._profile.mode is Mode.TRAINING else None
        # After somebody was in, others may have been taken on.
        people = None if self._last else self._first.people
        door = SignInScreen(self._desk(), self.tasks, people=people, demo_pins=pins, last=self._last)
        door.view.pin.changed.connect(self.expect)
        door.signed_in.connect(self.enter)
        return door

    def _desk(self) -> SignInDesk:
        """What is asked on the work lane waits there until the till is open."""
        shop = self._opened.result
        return SignInDesk(
            store=self._store_name(),
            till_id=self._profile.till_id,
            mode=self._profile.mode,
            list_people=lambda: shop().list_people(),
            sign_in=lambda name, pin: shop().sign_in(name, pin),
            unlock=lambda manager, pin, locked: shop().unlock(manager, pin, locked),
        )

    def _wizard(self) -> Screen:
        """The first start for real use, of a till that is open."""
        from tillgate.app.screen_factories import wizard  # noqa: PLC0415 - it needs services, this window does not

        first = wizard(self)
        first.finished.connect(self.enter)
        first.catalogue_asked.connect(lambda: self.shell.go("catalogue"))
        return first

    def _locked_state(self) -> ShellState:
        return replace(
            self.shell.state,
            store=self._store_name(),
            till=self._profile.till_id,
            mode=self._profile.mode,
            staff_id=None,
            person="",
            role=None,
            session="",
        )

    def _store_name(self) -> str:
        return self._settings()[STORE_NAME] or "Tillgate"

    def _settings(self) -> Settings:
        return self.shop.till.settings() if self._opened.done() else self._first.settings

    # What the strip says

    def _count(self) -> None:
        self.tasks.run(self, self.shop.counts, self._show_counts)

    def _show_counts(self, counts: tuple[int, dict[str, int]]) -> None:
        pending, badges = counts
        state = self.shell.state
        shown = replace(state, pending=pending, badges=badges)
        if shown != state:
            self.shell.show_state(shown)

    def _ask_connection(self) -> None:
        self.tasks.run(self, partial(connection_of, self.shop.providers, self.shop.is_online), self._show_connection)

    def _show_connection(self, known: Connection) -> None:
        if known is not self.shell.state.connection:
            self.shell.show_state(replace(self.shell.state, connection=known))

    def _check_file(self) -> None:
        self.tasks.run(self, self.shop.check_thoroughly, lambda _none: self.show_findings())

    def _look_after(self) -> None:
        self.tasks.run(self, self.shop.look_after, lambda _none: self.show_findings())

    def show_findings(self, *, again: bool = False) -> None:
        """What the gates and the integrity check found stands above everything until it is gone."""
        self.shell.standing.show_errors(self.shop.troubles(), self._ways, again=again)

    def _ways(self, error: TillgateError) -> list[NoticeAction]:
        role = self.shell.state.role
        if error.code not in _OF_THE_BOOKS or role is None or Action.VIEW_AUDIT not in GRANTS[role]:
            return []
        return [NoticeAction(tr("Open the integrity check"), self._open_check, "shield-check")]

    def _open_check(self) -> None:
        from tillgate.app.screen_factories import show_integrity  # noqa: PLC0415 - it needs services

        show_integrity(self)

    # News, timers, the end

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
                self.shop.sign_out(session.actor)
            except Exception:  # noqa: BLE001 - the window closes whatever happens; a session ends by itself
                sys.excepthook(*sys.exc_info())
