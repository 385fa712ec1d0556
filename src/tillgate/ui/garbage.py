"""Cyclic garbage is collected on the Qt thread alone.

Python collects in whatever thread allocates; a widget that dies in a worker thread takes the process with it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Slot

EVERY_MS: Final = 1_000
# The oldest generation takes 30 to 60 ms to look through, which nobody should feel under their hands: it waits until
# nobody is signed in, or is overdue by so much.
_OVERDUE: Final = 10
_OLDEST: Final = 2


class Sweeper(QObject):
    """Takes over collecting while it lives: young garbage every second, older as Python's own thresholds say, the
    oldest while nobody is at work.

    `away` says whether nobody is; `stop` hands collecting back.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.away: Callable[[], bool] = lambda: False
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.sweep)
        self._timer.start(EVERY_MS)

    @Slot()
    def sweep(self) -> None:
        """Collect the oldest generation that is due."""
        for generation in (2, 1, 0):
            over = gc.get_count()[generation] / gc.get_threshold()[generation]
            if over > 1 and (generation != _OLDEST or over > _OVERDUE or self.away()):
                gc.collect(generation)
                return

    def stop(self) -> None:
        """Let Python collect by itself again."""
        self._timer.stop()
        if self._was_enabled:
            gc.enable()
