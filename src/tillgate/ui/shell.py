"""The window: menus, the rail of screens, the screen in front, the strip below. It knows screens, not services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.domain.payment import Mode
from tillgate.i18n import mark, tr
from tillgate.ui import theme
from tillgate.ui.commands import Command, Commands
from tillgate.ui.guard import guarded
from tillgate.ui.input_filter import FirstKey, IdleClock, InputFilter, KeyQuarantine
from tillgate.ui.menus import Menus, help_dialog
from tillgate.ui.navigation import Rail, may_see
from tillgate.ui.palette import Palette
from tillgate.ui.scanner import Scanner
from tillgate.ui.screen import Screen, ScreenSpec, ShellState
from tillgate.ui.standing_notices import StandingNotices
from tillgate.ui.status_strip import StatusStrip
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Scheme
from tillgate.ui.training_frame import TrainingFrame
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.notices import InlineNotice, Toast, announce

LEAST_SIZE: Final = QSize(960, 640)
_SCHEMES: Final = (
    (Scheme.SYSTEM, mark("Colours as the system"), "monitor"),
    (Scheme.LIGHT, mark("Light colours"), "sun"),
    (Scheme.DARK, mark("Dark colours"), "moon"),
)


class Shell(QMainWindow):
    """The window shows nothing until the first `show_state`, so screens may be made with the shell at hand.

    `lock_asked(reason)` when the person leaves: "lock" by key or press, "idle" after minutes without either; the
    application ends the session and answers with `show_state`. `screen_shown(key)`, `scheme_chosen(Scheme)`, `closing`
    before the window goes.
    """

    lock_asked = Signal(str)
    screen_shown = Signal(str)
    scheme_chosen = Signal(object)
    closing = Signal()

    def __init__(
        self,
        screens: Sequence[ScreenSpec],
        sign_in: Callable[[], Screen],
        tasks: Tasks,
        *,
        idle_minutes: float = 5,
        scan_screen: str = "",
        pending_screen: str = "",
        setup_screen: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        shortcuts: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.state = ShellState(store="", till="", mode=Mode.TRAINING)
        self._specs = {spec.key: spec for spec in screens}
        self._sign_in, self._tasks = sign_in, tasks
        self._scan_screen, self._pending_screen, self._setup_screen = scan_screen, pending_screen, setup_screen
        self._built: dict[str, Screen] = {}
        self._door: Screen | None = None
        self._current = ""
        self._on_news: Callable[[], object] | None = None
        self._session = ""
        self._staff_id: int | None = None
        self.setMinimumSize(LEAST_SIZE)
        self.commands = Commands(self)
        self.scanner = Scanner(self)
        self._quarantine = KeyQuarantine()
        self._idle = IdleClock(idle_minutes, self)
        self._filter: InputFilter | None = None
        self._add_commands(screens)
        if shortcuts:
            self.commands.remap(shortcuts)
        self._lay_out(screens, now)
        self._connect()

    def _lay_out(self, screens: Sequence[ScreenSpec], now: Callable[[], datetime]) -> None:
        hints = {spec.key: self.commands.hint(f"go.{spec.key}") for spec in screens}
        self.rail = Rail(screens, hints)
        self.standing = StandingNotices()
        self.notice = InlineNotice(closable=True)
        self._stack = QStackedWidget()
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.standing)
        column.addWidget(self.notice)
        self._above = QWidget()
        self._bars = QVBoxLayout(self._above)
        self._bars.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._above)
        column.addWidget(self._stack, 1)
        row.addLayout(column, 1)
        self.setCentralWidget(page)
        self.strip = StatusStrip(now)
        self.setStatusBar(self.strip)
        self._menus = Menus(self.menuBar(), self.commands)
        self.toast = Toast(page)
        self._frame = TrainingFrame(self)

    def _add_commands(self, screens: Sequence[ScreenSpec]) -> None:
        for number, spec in enumerate(screens, start=1):
            keys = f"Alt+{number}" if number <= 9 else ""
            go = Command(f"go.{spec.key}", spec.title, partial(self.go, spec.key), spec.icon, keys, "go")
            self.commands.add(replace(go, needs=spec.needs))
        self.commands.add_all(
            (
                Command("till.lock", mark("Lock the till"), self._leave, "lock", "Ctrl+L", "till"),
                Command("till.quit", mark("Close Tillgate"), self.close, "log-out", "Ctrl+Q", "till"),
                Command("help.palette", mark("Find a command"), self.open_palette, "command", "Ctrl+K", "help"),
                Command("help.keys", mark("Help with the keys"), self.open_help, "keyboard", "F1", "help"),
                Command("go.news", mark("Show what ended meanwhile"), self._act_on_news, "bell", "Ctrl+N", "go"),
                Command("view.back", mark("Go one level back"), self._go_back, "arrow-left", "Esc"),
            )
        )
        for scheme, title, icon in _SCHEMES:
            run = Command(f"view.{scheme.value}", title, partial(self._choose, scheme), icon, "", "view")
            self.commands.add(run)

    def _connect(self) -> None:
        self.rail.asked.connect(self.go)
        self.strip.person_pressed.connect(self._leave)
        self.strip.pending_pressed.connect(self._show_pending)
        self.strip.setup_pressed.connect(self._show_setup)
        self._idle.idle.connect(partial(self.lock_asked.emit, "idle"))
        self._tasks.busy_changed.connect(self.strip.show_busy)
        self._tasks.failure.connect(self._show_failure)
        self.scanner.begun.connect(self._scan_begun)
        self.scanner.scanned.connect(self._scanned)

    def speak(self) -> None:
        """Show the frame in the language of now; a screen has that of when it was made."""
        self.commands.speak()
        self._menus.speak()
        for button in self.rail.buttons.values():
            button.speak()

    def lock_after(self, minutes: float) -> None:
        """How long nobody may be there."""
        self._idle.set_minutes(minutes)

    # What is shown

    @property
    def locked(self) -> bool:
        """Whether the sign-in screen is in front."""
        return self.state.role is None

    @property
    def current_key(self) -> str:
        """The key of the screen in front, "" while locked."""
        return "" if self.locked else self._current

    def page(self, key: str) -> Screen:
        """A screen, made now if it was never shown; KeyError for an unknown key."""
        if key not in self._built:
            made = Screen.make_in(self._stack, self._specs[key].factory)
            self._built[key] = made
            self._stack.addWidget(made)
        return self._built[key]

    def show_state(self, state: ShellState) -> None:
        """Show another state. Signing in shows the screens, as they were if it is the same person; signing out hides
        everything behind the sign-in screen and closes dialogs."""
        was_locked = self._door is not None or self._current == ""
        self.state = state
        self._frame.show_frame(state.mode is Mode.TRAINING)
        self.setWindowTitle(tr("{store} – Tillgate", store=state.store))
        if self.locked:
            self._lock()
        elif was_locked:
            self._unlock()
        self._show_frame_parts()

    def put_above(self, bar: QWidget, on_asked: Callable[[], object]) -> None:
        """A bar above whatever screen is in front, hidden while the till is locked; its key calls `on_asked`."""
        self._on_news = on_asked
        self._bars.addWidget(bar)

    def go(self, key: str) -> bool:
        """Show a screen; False where the role may not see it. Keys pressed for the old screen are swallowed."""
        if self.locked or not may_see(self.state.role, self._specs[key]):
            return False
        if key != self._current and self._current in self._built:
            self._built[self._current].left()
        with self._listen().resting():
            shown = self.page(key)
            self._current = key
            self._stack.setCurrentWidget(shown)
            self._show_frame_parts()
        shown.entered()
        announce(self, tr(self._specs[key].title))
        self._quarantine.begin()
        self.screen_shown.emit(key)
        return True

    def _show_frame_parts(self) -> None:
        self.menuBar().setVisible(not self.locked)
        self.rail.setVisible(not self.locked)
        self._above.setVisible(not self.locked)
        self.commands.show_for(self.state.role, self.current_key)
        self._menus.show_titles()
        self.rail.show_state(self.state.role, self._current, self.state.badges)
        setup = self._specs.get(self._setup_screen)
        self.strip.show_state(self.state, may_set_up=setup is not None and may_see(self.state.role, setup))

    def _lock(self) -> None:
        while (menu := QApplication.activePopupWidget()) is not None and menu.close():
            pass
        for dialog in self.findChildren(QDialog):
            dialog.reject()
        self._idle.run(False)
        self.notice.clear()
        if self._door is None:
            self._door = self._sign_in()
            self._stack.addWidget(self._door)
            self._stack.setCurrentWidget(self._door)
            self.scanner.enabled = self.scanner.strict = self._door.asks_pin
            self._quarantine.begin()
            if self._filter is None and self._door.asks_pin:
                FirstKey(self._listen, self)
            self._door.entered()

    def _listen(self) -> InputFilter:
        """Hear every key from now on, if not done yet."""
        if self._filter is None:
            self._filter = InputFilter(self.scanner, self._quarantine, self._idle, self, self._lock_key)
        return self._filter

    def _unlock(self) -> None:
        before = self._current if self.state.staff_id == self._staff_id else ""
        if self.state.session != self._session or self.state.staff_id != self._staff_id:
            self._forget_screens()
        self._session, self._staff_id = self.state.session, self.state.staff_id
        door, self._door = self._door, None
        self._listen()
        self._idle.run(True)
        self.scanner.enabled, self.scanner.strict = True, False
        allowed = [key for key, spec in self._specs.items() if may_see(self.state.role, spec)]
        if allowed:
            self.go(before if before in allowed else allowed[0])
        if door is not None:
            self._stack.removeWidget(door)
            door.deleteLater()

    def _forget_screens(self) -> None:
        self._on_news = None
        for key, screen in self._built.items():
            self.commands.remove_screen(key)
            self._stack.removeWidget(screen)
            screen.deleteLater()
        self._built.clear()
        self._current = ""

    # What is asked

    @Slot()
    def open_palette(self) -> None:
        """Open the command palette."""
        Palette(self, self.commands).open()

    @Slot()
    def open_help(self) -> None:
        """List the keys of the screen in front."""
        help_dialog(self, self.commands, self._current, tr(self._specs[self._current].title)).open()

    def _lock_key(self, event: QKeyEvent) -> bool:
        if self.locked or QKeySequence(event.keyCombination()) != self.commands.action("till.lock").shortcut():
            return False
        self._leave()
        return True

    @Slot()
    def _leave(self) -> None:
        self.lock_asked.emit("lock")

    def _go_back(self) -> None:
        if self._current:
            self.page(self._current).go_back()

    def _choose(self, scheme: Scheme) -> None:
        theme.current().choose(scheme)
        self.scheme_chosen.emit(scheme)

    def _act_on_news(self) -> None:
        if not self.locked and self._on_news is not None:
            self._on_news()

    @Slot()
    def _show_pending(self) -> None:
        if self._pending_screen and self.go(self._pending_screen):
            self.page(self._pending_screen).show_pending()

    @Slot()
    def _show_setup(self) -> None:
        if self._setup_screen and self.go(self._setup_screen):
            self.page(self._setup_screen).show_setup()

    @Slot(object, str)
    def _show_failure(self, error: TillgateError, _label: str) -> None:
        if not self.locked:
            # Behind the sign-in screen nothing may be read: what a hidden screen was refused is no news to anybody.
            self.notice.show_error(error)

    @Slot()
    def _scan_begun(self) -> None:
        if self._current and not self.locked and QApplication.activeModalWidget() is None:
            self.page(self._current).scan_begun()

    @Slot(str)
    def _scanned(self, code: str) -> None:
        modal = QApplication.activeModalWidget()
        if modal is not None:
            if isinstance(modal, Dialog):
                modal.scan(code)
            return
        if self._door is not None:
            self._door.scan(code)
            return
        if not self._current or self.page(self._current).scan(code):
            return
        if self._scan_screen and self._scan_screen != self._current and self.go(self._scan_screen):
            self.page(self._scan_screen).scan(code)

    @guarded()
    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        event.accept()
