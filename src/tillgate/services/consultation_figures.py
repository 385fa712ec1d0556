"""How presses of Pay went over a range of the store's days: replays, duplicates found, locks won and lost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select

from tillgate.domain.errors import Invalid
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.consultations import CREATED, FOUND_ACTIVE, LOCK_LOST, LOCK_WON, REPLAYED
from tillgate.services.metric_reads import MOST_DAYS, Duration
from tillgate.services.metrics import write_tallies
from tillgate.services.till import Till
from tillgate.store.models import metric

_NAMES: Final = (REPLAYED, FOUND_ACTIVE, CREATED, LOCK_WON, LOCK_LOST)


@dataclass(frozen=True, slots=True)
class Presses:
    """Presses that were answered: first ones, replays of one key, and ones that found somebody else's payment."""

    created: int = 0
    replayed: int = 0
    found_active: int = 0

    @property
    def pressed(self) -> int:
        """All presses that were answered."""
        return self.created + self.replayed + self.found_active


@dataclass(frozen=True, slots=True)
class PressFigures:
    """The presses of some days, and of each of them.

    `lock_tries` counts the locks won by the try that wrote: {1: 40, 2: 1}; `lock_wait` is how long they were waited
    for, `replay` how long a replay took.
    """

    first: date
    last: date
    days: Mapping[date, Presses]
    created: int
    replayed: int
    found_active: int
    locks_lost: int
    lock_tries: Mapping[int, int]
    lock_wait: Duration
    replay: Duration

    @property
    def pressed(self) -> int:
        """All presses that were answered."""
        return self.created + self.replayed + self.found_active

    @property
    def replay_percent(self) -> int | None:
        """The share of presses that were answered from a kept reply, rounded; None without presses."""
        return (self.replayed * 200 + self.pressed) // (2 * self.pressed) if self.pressed else None


def load_press_figures(till: Till, actor: Actor, first: date, last: date) -> PressFigures:
    """The figures of the days from `first` to `last`, this till's latest presses included.

    Raises Invalid("days_reversed" | "days_too_many").
    """
    authorize(till, actor, Action.VIEW_METRICS)
    if first > last:
        raise Invalid("days_reversed", field="days")
    if (last - first).days >= MOST_DAYS:
        raise Invalid("days_too_many", field="days", most=MOST_DAYS)
    write_tallies(till)
    columns = (metric.c.day, metric.c.name, metric.c.label, metric.c.count.label("number"), metric.c.sum_ms)
    query = select(*columns, metric.c.max_ms).where(
        metric.c.day >= first, metric.c.day <= last, metric.c.name.in_(_NAMES)
    )
    found: dict[tuple[str, str], Duration] = {}
    days: dict[date, Counter[str]] = defaultdict(Counter)
    with till.db.read() as connection:
        for row in connection.execute(query):
            here = Duration(row.number, row.sum_ms, row.max_ms)
            found[row.name, row.label] = found.get((row.name, row.label), Duration()) + here
            days[row.day][row.name] += row.number
    won = {int(label): each for (name, label), each in found.items() if name == LOCK_WON}

    def whole(name: str) -> Duration:
        return found.get((name, ""), Duration())

    return PressFigures(
        first=first,
        last=last,
        days={day: Presses(one[CREATED], one[REPLAYED], one[FOUND_ACTIVE]) for day, one in sorted(days.items())},
        created=whole(CREATED).count,
        replayed=whole(REPLAYED).count,
        found_active=whole(FOUND_ACTIVE).count,
        locks_lost=whole(LOCK_LOST).count,
        lock_tries={number: won[number].count for number in sorted(won)},
        lock_wait=sum(won.values(), Duration()),
        replay=whole(REPLAYED),
    )
