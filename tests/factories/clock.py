"""A clock that stands still until it is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

START: Final = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


@dataclass
class FakeClock:
    """`advance` moves both clocks as time does; `set_back` and `jump` move the wall clock alone, as a person does."""

    wall: datetime = START
    ticks: float = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    def advance(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.ticks += seconds

    def jump(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)

    def set_back(self, seconds: float) -> None:
        self.wall -= timedelta(seconds=seconds)
