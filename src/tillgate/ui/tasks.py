"""The one file that joins threads and Qt: work goes down to a lane, its answer comes back by one queued signal."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from shiboken6 import isValid

from tillgate.domain.changes import Changes, Kind
from tillgate.domain.errors import Bug, MoneyMoved, TillgateError

T = TypeVar("T")

BUSY_AFTER_MS: Final = 300
# Qt makes a frame 5 ms after something changed (QPlatformWindow.requestUpdate).
_PAINTED_MS: Final = 6


@dataclass(slots=True)
class _Job:
    owner: QObject
    work: Callable[[], Any]
    done: Callable[[Any], None] | None
    failed: Callable[[TillgateError], None] | None
    label: str
    moves_money: bool
    value: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Watch:
    owner: QObject
    kinds: frozenset[Kind]
    heard: Callable[[Changes], None]
    within_ms: int
    but_by: str
    # What is heard when the time is over.
    waiting: Changes | None = None

    def hear(self, changes: Changes) -> None:
        if not changes.touches(*self.kinds) or (self.but_by and changes.origin == self.but_by):
            return
        if not self.within_ms:
            self.heard(changes)
        elif self.waiting is not None:
            self.waiting |= changes
        else:
            self.waiting = changes
            QTimer.singleShot(self.within_ms, self.owner, self._hear_waiting)

    def _hear_waiting(self) -> None:
        changes, self.waiting = self.waiting, None
        if changes is not None and isValid(self.owner):
            self.heard(changes)


class Tasks(QObject):
    """Runs work off the Qt thread and brings answers back to owners that still exist.

    One lives as long as the application. Signals, all on the Qt thread: `changed(Changes)`, `pending_changed(int)`,
    `busy_changed(bool)` once something has taken 300 ms, `failure(TillgateError, str)` for a failure whose caller
    gave no `failed`, with the label of the work.
    """

    changed = Signal(object)
    pending_changed = Signal(int)
    busy_changed = Signal(bool)
    failure = Signal(object, str)
    _finished = Signal(int)
    _said = Signal(object)

    def __init__(self, lane: Executor, parent: QObject | None = None, *, long_lane: Executor | None = None) -> None:
        super().__init__(parent)
        self._lane, self._long_lane = lane, long_lane or lane
        self._keys = itertools.count(1)
        self._jobs: dict[int, _Job] = {}
        self._running: set[Future[None]] = set()
        self._watches: list[_Watch] = []
        self._closed = False
        self._busy = False
        self._busy_timer = QTimer(self)
        self._busy_timer.setSingleShot(True)
        self._busy_timer.setInterval(BUSY_AFTER_MS)
        self._busy_timer.timeout.connect(self._show_busy)
        self._finished.connect(self._answer, Qt.ConnectionType.QueuedConnection)
        self._said.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        owner: QObject,
        work: Callable[[], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[TillgateError], None] | None = None,
        *,
        label: str = "",
        moves_money: bool = False,
        takes_long: bool = False,
        after_paint: bool = False,
    ) -> None:
        """Do `work` on the lane, then `done(answer)` or `failed(error)` on the Qt thread, unless `owner` is gone.

        A TillgateError goes to `failed`, or to the `failure` signal where there is none. Any other exception also
        goes to `sys.excepthook` and arrives as Bug("unexpected"); with `moves_money` it says that the money is unsure.
        What `takes_long` goes on the other lane, where nothing short waits behind it. With `after_paint` it begins once
        the window has painted what the press changed: the two would take turns, and the press be answered late. After
        `shutdown` nothing starts.
        """
        if self._closed:
            return
        key = next(self._keys)
        self._jobs[key] = _Job(owner, work, done, failed, label, moves_money)
        lane = self._long_lane if takes_long else self._lane
        if after_paint:
            QTimer.singleShot(_PAINTED_MS, self, partial(self._submit, lane, key))
        else:
            self._submit(lane, key)
        self._count()

    def _submit(self, lane: Executor, key: int) -> None:
        if self._closed:
            return
        future = lane.submit(self._work, key)
        self._running.add(future)
        future.add_done_callback(self._running.discard)

    def broadcast(self, changes: Changes) -> None:
        """Tell every screen what changed; may be called from any thread."""
        self._said.emit(changes)

    def watch(
        self,
        owner: QObject,
        kinds: frozenset[Kind] | set[Kind],
        heard: Callable[[Changes], None],
        *,
        within_ms: int = 0,
        but_by: str = "",
    ) -> None:
        """Call `heard` when any of `kinds` changed by another than `but_by`, for as long as `owner` exists.

        With `within_ms` only then, once for all that changed meanwhile: one payment changes several times in a row, and
        whatever everybody reads at each of them slows the payment itself.
        """
        self._watches.append(_Watch(owner, frozenset(kinds), heard, within_ms, but_by))

    @property
    def pending(self) -> int:
        """How many pieces of work have not answered yet."""
        return len(self._jobs)

    def shutdown(self, timeout_s: float | None = None) -> bool:
        """Start nothing more and wait for what was given to the lane; False if some of it still runs."""
        self._closed = True
        return not wait(set(self._running), timeout_s).not_done

    def _work(self, key: int) -> None:
        # Only the dictionary, on the Qt thread, may hold the owner and the answer: the last reference to a widget
        # must not die on a lane. So nothing of the job is left in this frame when the signal is sent.
        self._do(key)
        self._finished.emit(key)

    def _do(self, key: int) -> None:
        job = self._jobs[key]
        try:
            job.value = job.work()
        except BaseException as error:  # noqa: BLE001 - told apart on the Qt thread
            job.error = error

    @Slot(int)
    def _answer(self, key: int) -> None:
        job = self._jobs.pop(key)
        self._count()
        error = job.error
        if error is not None and not isinstance(error, TillgateError):
            sys.excepthook(type(error), error, error.__traceback__)
            moved = MoneyMoved.UNKNOWN if job.moves_money else MoneyMoved.NO
            error = Bug("unexpected", money_moved=moved)
        if error is not None:
            self._fail(job, error)
        elif job.done is not None and isValid(job.owner):
            job.done(job.value)

    def _fail(self, job: _Job, error: TillgateError) -> None:
        if not isValid(job.owner):
            return
        if job.failed is not None:
            job.failed(error)
        else:
            self.failure.emit(error, job.label)

    @Slot(object)
    def _tell(self, changes: Changes) -> None:
        self.changed.emit(changes)
        self._watches = [watch for watch in self._watches if isValid(watch.owner)]
        for watch in self._watches:
            if isValid(watch.owner):
                watch.hear(changes)

    def _count(self) -> None:
        pending = len(self._jobs)
        self.pending_changed.emit(pending)
        if pending and not self._busy and not self._busy_timer.isActive():
            self._busy_timer.start()
        if not pending:
            self._busy_timer.stop()
            self._set_busy(False)

    @Slot()
    def _show_busy(self) -> None:
        self._set_busy(bool(self._jobs))

    def _set_busy(self, busy: bool) -> None:
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)
