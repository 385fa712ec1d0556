"""Open the till: paint a window at once, load everything else in a thread, then show the shell in its place."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QMainWindow

from tillgate.app.crashes import Crashes
from tillgate.app.opening import OpeningWindow
from tillgate.app.profile import Profile, default_root
from tillgate.domain.errors import Bug, TillgateError
from tillgate.domain.payment import Mode
from tillgate.paths import resource
from tillgate.ui import theme
from tillgate.ui.garbage import Sweeper

if TYPE_CHECKING:
    from tillgate.app.bootstrap import Shop
    from tillgate.app.single_instance import SingleInstance
    from tillgate.app.window import TillWindow

APPLICATION: Final = "Tillgate"
Prepare = Callable[["Shop"], None]


class Opening(QObject):
    """Loads the till in a thread of its own and hands it to the Qt thread."""

    opened = Signal(object)
    failed = Signal(object)

    def __init__(self, profile: Profile, prepare: Prepare | None) -> None:
        super().__init__()
        self._profile, self._prepare = profile, prepare

    def start(self) -> None:
        """Begin; `opened` or `failed` follows."""
        threading.Thread(target=self._load, name="opening", daemon=True).start()

    def _load(self) -> None:
        try:
            # Imported here: SQLAlchemy and the rest cost more time than a first paint may.
            from tillgate.app import window  # noqa: F401, PLC0415
            from tillgate.app.bootstrap import open_shop  # noqa: PLC0415

            shop = open_shop(self._profile)
            if self._prepare is not None:
                self._prepare(shop)
        except Exception as error:  # noqa: BLE001 - shown to the person, who can't do without a window
            self.failed.emit(error)
        else:
            self.opened.emit(shop)


class Application(QObject):
    """The running application: the opening window, then the till's."""

    ready = Signal(object)

    def __init__(self, profile: Profile, prepare: Prepare | None = None) -> None:
        super().__init__()
        self.profile = profile
        self.shop: Shop | None = None
        self.till: TillWindow | None = None
        self.window: QMainWindow | None = None
        self._front = OpeningWindow(profile.mode)
        self._opening = Opening(profile, prepare)
        self._opening.opened.connect(self._show_till, Qt.ConnectionType.QueuedConnection)
        self._opening.failed.connect(self._show_failure, Qt.ConnectionType.QueuedConnection)
        self._front.painted.connect(self._opening.start)

    def start(self) -> None:
        """Show the first window."""
        self._front.show()

    @Slot(object)
    def _show_till(self, shop: Shop) -> None:
        from tillgate.app.window import open_window  # noqa: PLC0415

        self.shop = shop
        self.till = open_window(shop)
        self.window = self.till.shell
        self.window.resize(self._front.size())
        self.window.show()
        self._front.close()
        self.window.activateWindow()
        shop.start()
        # What is loaded now stays: collecting, on this thread, need not look at it again.
        gc.collect()
        gc.freeze()
        self.ready.emit(shop)

    @Slot(object)
    def _show_failure(self, error: Exception) -> None:
        from tillgate.app.log import log_failure  # noqa: PLC0415

        log_failure(error)
        self._front.show_failure(error if isinstance(error, TillgateError) else None)

    def stop(self) -> None:
        """After the last window: finish running work and close files."""
        if self.shop is not None:
            self.shop.close()

    def show_crash(self, error: BaseException) -> None:
        """From whatever thread: say that something went wrong that nobody foresaw."""
        if self.till is not None:
            self.till.tasks.failure.emit(error if isinstance(error, TillgateError) else Bug("unexpected"), "")

    def raise_window(self) -> None:
        """A second start came: show the window that is open."""
        front = self.window or self._front
        front.setWindowState(front.windowState() & ~Qt.WindowState.WindowMinimized)
        front.raise_()
        front.activateWindow()


def make_qt(arguments: list[str] | None = None) -> QApplication:
    """The QApplication with the theme on it; the one that runs, if there is one."""
    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running
    made = QApplication(arguments or sys.argv[:1])
    made.setApplicationName(APPLICATION)
    made.setDesktopFileName("tillgate")
    made.setWindowIcon(QIcon(str(resource("icons", "app.svg"))))
    theme.install(made, theme.Scheme.SYSTEM)
    return made


def run_application(
    mode: str | None, data: Path | None, database: str | None, till_id: str, *, prepare: Prepare | None = None
) -> int:
    """Run the till until its window closes; the exit status."""
    profile = Profile(Mode(mode) if mode else Mode.LIVE, data or default_root(), till_id, database)
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
    alone.raised.connect(application.raise_window)
    application.start()
    try:
        return qt.exec()
    finally:
        application.stop()
        sweeper.stop()
        crashes.give_back()
        alone.release()


def _claim(profile: Profile) -> SingleInstance | None:
    from tillgate.app.single_instance import SingleInstance  # noqa: PLC0415

    alone = SingleInstance(profile.folder)
    return alone if alone.claim() else None
