"""The sandbox's clock: the caller's clock plus what was added to it, so that expiry needs no sleeping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tillgate.domain.errors import Invalid

_FARTHEST_S = 10 * 366 * 24 * 3600


class SandboxClock:
    """Unix time that can be moved forward, never back.

    `base` gives Unix seconds. The seconds added are handed to `on_advance`, so that a restart keeps them.
    """

    def __init__(self, base: Callable[[], float] = time.time) -> None:
        self._base = base
        self._lock = threading.Lock()
        self._added = 0.0
        self.on_advance: Callable[[float], None] = lambda _added: None

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        with self._lock:
            return int((self._base() + self._added) * 1000)

    def advance(self, seconds: float) -> None:
        """Add seconds: none below zero, ten years at most. Raises Invalid."""
        if not 0 <= seconds <= _FARTHEST_S:
            raise Invalid("sandbox_clock_back", field="seconds", seconds=seconds)
        with self._lock:
            self._added += seconds
            added = self._added
        self.on_advance(added)

    def restore(self, added: float) -> None:
        """Take up the seconds added in an earlier run."""
        with self._lock:
            self._added = added
