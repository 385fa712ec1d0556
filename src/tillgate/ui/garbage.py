"""Cyclic garbage is collected on the Qt thread alone.

Python collects in whatever thread allocates; a widget that dies in a worker thread takes the process with it.
"""

from __future__ import annotations

import gc
import time
from typing import Final

from PySide6.QtCore import QObject, QTimer, Slot

EVERY_MS: Final = 1_000
# The oldest generation takes 30 to 60 ms to look through, which nobody should feel: it waits until this thread has had
# next to nothing to do for so many sweeps, or is overdue by so much.
_RESTED: Final = 3
_AT_REST_S: Final = 0.02
_OVERDUE: Final = 10
_OLDEST: Final = 2


class Sweeper(QObject):
    """Takes over collecting while it lives: young garbage every second, older as Python's own thresholds say, the
    oldest while the thread rests.

    `stop` hands it back.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._worked = time.thread_time()
        self._rested = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.sweep)
        self._timer.start(EVERY_MS)

    @Slot()
    def sweep(self) -> None:
        """Collect the oldest generation that is due."""
        worked, self._worked = self._worked, time.thread_time()
        self._rested = self._rested + 1 if self._worked - worked < _AT_REST_S else 0
        for generation in (2, 1, 0):
            over = gc.get_count()[generation] / gc.get_threshold()[generation]
            if over > 1 and (generation != _OLDEST or self._rested >= _RESTED or over > _OVERDUE):
                gc.collect(generation)
                return

    def stop(self) -> None:
        """Let Python collect by itself again."""
        self._timer.stop()
        if self._was_enabled:
            gc.enable()
