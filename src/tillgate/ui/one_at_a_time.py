"""The re-entry guard of money actions: a second press while the first is under way does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from tillgate.domain.errors import TillgateError
from tillgate.ui.tasks import Tasks

T = TypeVar("T")


class OneAtATime:
    """Runs one piece of work at a time for an owner; the buttons and actions given are disabled meanwhile."""

    def __init__(self, tasks: Tasks, owner: QObject, *controls: QWidget | QAction) -> None:
        self._tasks, self._owner, self._controls = tasks, owner, controls
        self._running = False

    @property
    def running(self) -> bool:
        """Whether the work is under way."""
        return self._running

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[TillgateError], None],
        *,
        label: str = "",
    ) -> bool:
        """Start the work, as money-moving; False, and nothing happens, while the last one is under way."""
        if self._running:
            return False
        self._set(True)

        def finish(value: T) -> None:
            self._set(False)
            done(value)

        def fail(error: TillgateError) -> None:
            self._set(False)
            failed(error)

        self._tasks.run(self._owner, work, finish, fail, label=label, moves_money=True, after_paint=True)
        return True

    def _set(self, running: bool) -> None:
        self._running = running
        for control in self._controls:
            if isValid(control):
                control.setEnabled(not running)
