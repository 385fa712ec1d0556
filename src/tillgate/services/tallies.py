"""Counts of what is too quick to be worth a transaction each, such as a press that was answered before.

They are kept in memory, written with the day's other figures within a second, and at the end of the application; a
kill loses those of the last moment and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

# The store's day, the figure's name, its label.
TallyKey: TypeAlias = tuple[date, str, str]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often, and how long in milliseconds: together, and the longest."""

    count: int
    sum_ms: int
    max_ms: int

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.count + other.count, self.sum_ms + other.sum_ms, max(self.max_ms, other.max_ms))


@dataclass(slots=True)
class Tallies:
    """What was counted and is not written yet; safe from any thread."""

    _waiting: dict[TallyKey, Tally] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, key: TallyKey, tally: Tally) -> None:
        """Count."""
        with self._lock:
            before = self._waiting.get(key)
            self._waiting[key] = tally if before is None else before + tally

    def take(self) -> Mapping[TallyKey, Tally]:
        """Everything that waits, which then waits no longer."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
        return taken

    def give_back(self, taken: Mapping[TallyKey, Tally]) -> None:
        """What could not be written after all."""
        for key, tally in taken.items():
            self.add(key, tally)
