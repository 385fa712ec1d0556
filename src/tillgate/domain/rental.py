"""Rental by the day: which days a period covers, and which units are free for all of them (product.md, ruling 2)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
# Typing slips, not plans: nobody books a camera two years ahead.
FURTHEST_AHEAD: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, both included."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=offset) for offset in range((self.last - self.first).days + 1))


def span_of(start_on: date, days: int) -> Span:
    """The days of a period that starts on a day."""
    return Span(start_on, start_on + timedelta(days=days - 1))


@dataclass(frozen=True, slots=True)
class Wanted(Generic[K]):
    """So many units of one variant for the same days."""

    key: K
    quantity: int
    span: Span


def allot_units(
    units: int, taken: Mapping[int, Collection[date]], wanted: Sequence[Wanted[K]]
) -> dict[K, tuple[int, ...]]:
    """For each wish in turn the lowest units, of 1 to `units`, that are free on all of its days.

    A wish that can't be met whole gets what there is: fewer than its quantity. `taken` is what is let out already.
    """
    busy = {unit: set(days) for unit, days in taken.items()}
    given: dict[K, tuple[int, ...]] = {}
    for wish in wanted:
        days = set(wish.span)
        free = (unit for unit in range(1, units + 1) if days.isdisjoint(busy.get(unit, ())))
        chosen = tuple(unit for unit, _ in zip(free, range(wish.quantity), strict=False))
        if len(chosen) == wish.quantity:
            for unit in chosen:
                busy.setdefault(unit, set()).update(days)
        given[wish.key] = chosen
    return given
