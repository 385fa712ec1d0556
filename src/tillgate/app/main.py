"""Open the till: paint a window at once, load everything else in a thread, then show the shell in its place."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

# `Qt` is not taken by its name: with the name PySide makes all of its enums, 15 ms that the first paint does without.
from PySide6 import QtCore
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QMainWindow

from tillgate.app.crashes import Crashes
from tillgate.app.ending import EndSignals
from tillgate.app.opening import OpeningWindow
from tillgate.app.profile import Profile, default_root, kept_profile
from tillgate.domain.errors import Bug, TillgateError
from tillgate.domain.payment import Mode
from tillgate.paths import resource
from tillgate.ui import theme
from tillgate.ui.first_paint import FirstPaint
from tillgate.ui.garbage import Sweeper

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tillgate.app.bootstrap import Shop
    from tillgate.app.single_instance import SingleInstance
    from tillgate.app.window import TillWindow
    from tillgate.store.first_look import FirstLook

APPLICATION: Final = "Tillgate"
PAINTED_WITHIN_S: Final = 2.0
# How long a thread keeps the interpreter from one that waits for it: a paint asks for it many times over.
_TURN_S: Final = 0.0005
# By then what opening the till needed is free again.
_TIDY_MS: Final = 1_500
Prepare = Callable[["Shop"], None]


class Opening(QObject):
    """Loads the till in a thread of its own and hands what it has to the Qt thread: first who can sign in, read by
    the bare driver, and once they are on screen the till itself."""

    looked = Signal(object)
    opened = Signal(object)
    failed = Signal(object)

    def __init__(self, profile: Profile, prepare: Prepare | None) -> None:
        super().__init__()
        # Made after the first paint, which does not wait for what this needs.
        from concurrent.futures import Future  # noqa: PLC0415

        from tillgate.app.work_lane import work_lane  # noqa: PLC0415

        self._profile, self._prepare = profile, prepare
        self.work = work_lane()
        # What the window waits for: set on the Qt thread, when the till is taken.
        self.taken: Future[Shop] = Future()
        self._shown = threading.Event()
        self._thread = threading.Thread(target=self._load, name="opening", daemon=True)
        # What was opened, also if nobody took it any more.
        self.shop: Shop | None = None

    def start(self) -> None:
        """Begin; `opened` or `failed` follows, and mostly `looked` before."""
        self._thread.start()

    def go_on(self) -> None:
        """The sign-in screen is painted: what comes now may take long."""
        self._shown.set()

    def stop(self) -> None:
        """Finish running work, wait for a start that is under way, and close files."""
        self.taken.cancel()
        self._shown.set()
        self._thread.join()
        if self.shop is not None:
            self.shop.close()
        self.work.shutdown(wait=True, cancel_futures=True)

    def _load(self) -> None:
        try:
            self._look()
            self.shop = self._open()
        except Exception as error:  # noqa: BLE001 - shown to the person, who can't do without a window
            self.failed.emit(error)
        else:
            self.opened.emit(self.shop)

    def _look(self) -> None:
        """A shared database is asked by the till alone: it may be far away."""
        if self._profile.database_url:
            return
        from tillgate.app import window  # noqa: F401, PLC0415 - off the Qt thread
        from tillgate.app.system_clock import SystemClock  # noqa: PLC0415
        from tillgate.store.first_look import first_look  # noqa: PLC0415

        first = first_look(self._profile.database, SystemClock().now())
        if first is not None:
            self.looked.emit(first)
            self._shown.wait(PAINTED_WITHIN_S)

    def _open(self) -> Shop:
        # Imported here: SQLAlchemy and the rest cost more time than a first paint may.
        from tillgate.app.bootstrap import open_shop  # noqa: PLC0415

        shop = open_shop(self._profile, work=self.work)
        try:
            if self._prepare is not None:
                self._prepare(shop)
            shop.till.settings()
            # Read from the system's files, and kept: not on the Qt thread.
            _ = shop.till.zone
            if not shop.has_staff():
                # The first start is a screen; those of somebody who signs in are loaded while the PIN is typed.
                from tillgate.app import screen_factories  # noqa: F401, PLC0415
        except BaseException:
            shop.close()
            raise
        return shop


class Application(QObject):
    """The running application: the opening window, then the till's."""

    ready = Signal(object)

    def __init__(self, profile: Profile, prepare: Prepare | None = None) -> None:
        super().__init__()
        self.profile = profile
        self.till: TillWindow | None = None
        self.window: QMainWindow | None = None
        self.front = OpeningWindow(profile.mode)
        self._prepare = prepare
        self._opening: Opening | None = None

    def start(self) -> None:
        """Show the first window; whoever is told of its paint too is told before the till is loaded."""
        self.front.painted.connect(self._begin)
        self.front.show()

    @Slot()
    def _begin(self) -> None:
        self._opening = Opening(self.profile, self._prepare)
        queued = QtCore.Qt.ConnectionType.QueuedConnection
        self._opening.looked.connect(self._show_sign_in, queued)
        self._opening.opened.connect(self._show_till, queued)
        self._opening.failed.connect(self._show_failure, queued)
        self._opening.start()

    @Slot(object)
    def _show_sign_in(self, first: FirstLook) -> None:
        """Before the till is open: a PIN that is typed now is proved as soon as it is."""
        opening = self._under_way()
        if opening is not None:
            FirstPaint(self._show_window(opening, first)).painted.connect(opening.go_on)

    def _show_window(self, opening: Opening, first: FirstLook, *, has_staff: bool = True) -> QMainWindow:
        from tillgate.app.window import TillWindow  # noqa: PLC0415

        self.till = TillWindow(self.profile, first, opening.taken, opening.work, has_staff=has_staff)
        self.window = shell = self.till.shell
        shell.resize(self.front.size())
        shell.show()
        self.front.close()
        # What was painted goes too; it is made again if it is shown again.
        self.front.destroy()
        shell.activateWindow()
        return shell

    @Slot(object)
    def _show_till(self, shop: Shop) -> None:
        opening = self._under_way()
        if opening is None:
            return
        opening.taken.set_result(shop)
        if self.till is None:
            self._show_window(opening, shop.first_look(), has_staff=shop.has_staff())
        if self.till is not None:
            self.till.attend()
            tidy = partial(self.till.tasks.run, self, shop.give_back)
            QtCore.QTimer.singleShot(_TIDY_MS, self, tidy)
        shop.start()
        # What is loaded now stays: collecting, on this thread, need not look at it again.
        gc.collect()
        gc.freeze()
        self.ready.emit(shop)

    @Slot(object)
    def _show_failure(self, error: Exception) -> None:
        from tillgate.app.log import log_failure  # noqa: PLC0415

        log_failure(error)
        opening = self._under_way()
        if opening is None:
            return
        self.front.show_failure(error if isinstance(error, TillgateError) else None)
        if self.window is not None:
            self.front.show()
            self.window.close()
            self.window = None
        opening.taken.set_exception(error)

    def _under_way(self) -> Opening | None:
        """The start, unless the application was stopped meanwhile."""
        return None if self._opening is None or self._opening.taken.cancelled() else self._opening

    @Slot()
    def close(self) -> None:
        """Asked from outside: as if the window had been closed, whatever dialog is open."""
        (self.window or self.front).close()
        QApplication.exit(0)

    def stop(self) -> None:
        """After the last window: finish running work and close files."""
        if self.till is not None:
            self.till.tasks.shutdown(0)
        if self._opening is not None:
            self._opening.stop()

    def show_crash(self, error: BaseException) -> None:
        """From whatever thread: say that something went wrong that nobody foresaw."""
        if self.till is not None:
            self.till.tasks.failure.emit(error if isinstance(error, TillgateError) else Bug("unexpected"), "")

    def raise_window(self) -> None:
        """A second start came: show the window that is open."""
        front = self.window or self.front
        front.setWindowState(front.windowState() & ~QtCore.Qt.WindowState.WindowMinimized)
        front.raise_()
        front.activateWindow()


def make_qt(arguments: list[str] | None = None) -> QApplication:
    """The QApplication with the theme on it; the one that runs, if there is one."""
    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running
    made = QApplication([*(arguments or sys.argv[:1]), *theme.ARGUMENTS])
    made.setApplicationName(APPLICATION)
    made.setDesktopFileName("tillgate")
    sys.setswitchinterval(_TURN_S)
    made.setWindowIcon(QIcon(str(resource("icons", "app.svg"))))
    theme.install(made, theme.Scheme.SYSTEM)
    return made


def run_application(
    mode: str | None, data: Path | None, database: str | None, till_id: str | None, *, prepare: Prepare | None = None
) -> int:
    """Run the till until its window closes; the exit status."""
    profile = kept_profile(Mode(mode) if mode else Mode.LIVE, data or default_root(), till_id, database)
    qt = make_qt()
    profile.make()
    alone = _claim(profile)
    if alone is None:
        return 0
    crashes = Crashes()
    crashes.take_over(profile.logs)
    sweeper = Sweeper()
    application = Application(profile, prepare)
    crashes.shown = application.show_crash
    sweeper.away = lambda: application.till is None or application.till.shell.locked
    alone.raised.connect(application.raise_window)
    ends = EndSignals()
    ends.asked.connect(application.close)
    application.start()
    try:
        return qt.exec()
    finally:
        application.stop()
        ends.give_back()
        sweeper.stop()
        crashes.give_back()
        alone.release()


def _claim(profile: Profile) -> SingleInstance | None:
    from tillgate.app.single_instance import SingleInstance  # noqa: PLC0415

    alone = SingleInstance(profile.folder)
    return alone if alone.claim() else None
