"""What nobody caught: logged without local variables, shown where there is a window, never lost."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from tillgate.app.events import values

CRASH_FILE: Final = "crash.log"
Shown = Callable[[BaseException], None]

_LEVELS: Final = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class Crashes:
    """Takes over the process's hooks; `give_back` restores them. `shown` tells the user, on whatever thread it is."""

    def __init__(self, shown: Shown | None = None) -> None:
        self.shown = shown
        self._log = logging.getLogger("tillgate.crash")
        self._seen: Counter[tuple[str, str, int]] = Counter()
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        self._crash_file: IO[str] | None = None

    def take_over(self, folder: Path | None = None) -> None:
        """From now on; a crash of native code writes its stack to a file in `folder`. No core dump is left."""
        sys.excepthook = self.uncaught
        threading.excepthook = self._in_thread
        sys.unraisablehook = self._unraisable
        qInstallMessageHandler(self._qt_said)
        _no_core_dumps()
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = folder / CRASH_FILE
            path.touch(mode=0o600)
            self._crash_file = path.open("a", encoding="utf-8")
            faulthandler.enable(self._crash_file)

    def give_back(self) -> None:
        """Restore what was there."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
        qInstallMessageHandler(None)
        if self._crash_file is not None:
            faulthandler.disable()
            self._crash_file.close()
            self._crash_file = None

    def uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """`sys.excepthook`: also what `ui.guard` and `ui.tasks` report to."""
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self._report("uncaught", error, trace)

    def _in_thread(self, hooked: threading.ExceptHookArgs) -> None:
        if hooked.exc_value is not None and not isinstance(hooked.exc_value, SystemExit):
            self._report("uncaught_in_thread", hooked.exc_value, hooked.exc_traceback)

    def _unraisable(self, hooked: sys.UnraisableHookArgs) -> None:
        if hooked.exc_value is not None:
            self._report("unraisable", hooked.exc_value, hooked.exc_traceback)

    def _report(self, event: str, error: BaseException, trace: TracebackType | None) -> None:
        """A painter may fail sixty times a second: the same place is logged the 1st, 2nd, 4th, 8th … time."""
        place = _place(error, trace)
        self._seen[place] += 1
        times = self._seen[place]
        if times & (times - 1):
            return
        # The last resort: reporting a failure must not be one.
        with contextlib.suppress(Exception):
            self._log.error(event, exc_info=(type(error), error, trace), extra=values(times=times))
        if self.shown is not None:
            with contextlib.suppress(Exception):
                self.shown(error)

    def _qt_said(self, kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        level = _LEVELS.get(kind, logging.WARNING)
        with contextlib.suppress(Exception):
            logging.getLogger("tillgate.qt").log(level, message, extra=values(category=context.category or ""))


def _place(error: BaseException, trace: TracebackType | None) -> tuple[str, str, int]:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = (trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace else ("", 0)
    return type(error).__qualname__, *where


def _no_core_dumps() -> None:
    """Memory holds keys; a core file would keep them on the disk."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on Windows

        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
