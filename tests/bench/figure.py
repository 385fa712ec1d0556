"""One figure: what was measured, its floor in the same run, and the ratio to reach (performance.md)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from tests.bench.aside import TimedProvider


@dataclass(frozen=True)
class Figure:
    """`value` and `floor` in `unit`; `target` is the most that `ratio` may be, or the least where `least`."""

    name: str
    value: float
    unit: str
    floor: float
    target: float
    least: bool = False

    @property
    def ratio(self) -> float:
        return self.value / self.floor if self.floor else 0.0

    @property
    def met(self) -> bool:
        return self.ratio >= self.target if self.least else self.ratio <= self.target

    def as_json(self) -> dict[str, object]:
        row = asdict(self) | {"ratio": round(self.ratio, 3), "met": self.met}
        row.pop("least")
        return row | {"value": round(self.value, 4), "floor": round(self.floor, 4)}


def interleaved(rounds: int, *works: Callable[[int], object], aside: TimedProvider | None = None) -> list[float]:
    """The median milliseconds of each work, taken turn by turn, so that what slows one slows all; without what went
    `aside` in it."""
    taken: list[list[float]] = [[] for _ in works]
    for number in range(1, rounds + 1):
        for work, times in zip(works, taken, strict=True):
            left_out = aside.seconds if aside else 0.0
            begun = time.perf_counter()
            work(number)
            taken_s = time.perf_counter() - begun
            times.append((taken_s - (aside.seconds - left_out if aside else 0.0)) * 1000)
    # The first rounds pay for compiling statements and filling caches.
    return [statistics.median(times[rounds // 10 :]) for times in taken]


def percentile(times: list[float], share: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
