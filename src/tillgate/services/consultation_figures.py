"""How presses of Pay went over a range of the store's days: replays, duplicates found, locks won and lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import func, select

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
class PressFigures:
    """Presses that were answered: first ones, replays of one key, and ones that found somebody else's payment.

    `lock_tries` counts the locks won by the try that wrote: {1: 40, 2: 1}; `lock_wait` is how long they were waited
    for, `replay` how long a replay took.
    """

    first: date
    last: date
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
    sums = (func.sum(metric.c.count), func.sum(metric.c.sum_ms), func.max(metric.c.max_ms))
    query = (
        select(metric.c.name, metric.c.label, *sums)
        .where(metric.c.day >= first, metric.c.day <= last, metric.c.name.in_(_NAMES))
        .group_by(metric.c.name, metric.c.label)
    )
    with till.db.read() as connection:
        found = {(row[0], row[1]): Duration(int(row[2]), int(row[3]), int(row[4])) for row in connection.execute(query)}
    won = {int(label): each for (name, label), each in found.items() if name == LOCK_WON}

    def whole(name: str) -> Duration:
        return found.get((name, ""), Duration())

    return PressFigures(
        first=first,
        last=last,
        created=whole(CREATED).count,
        replayed=whole(REPLAYED).count,
        found_active=whole(FOUND_ACTIVE).count,
        locks_lost=whole(LOCK_LOST).count,
        lock_tries={number: won[number].count for number in sorted(won)},
        lock_wait=sum(won.values(), Duration()),
        replay=whole(REPLAYED),
    )
