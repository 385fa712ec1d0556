"""Ranges of store days, and the presets that move with the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from tillgate.i18n import mark


class Preset(StrEnum):
    """Ranges of days that move with the calendar; a saved view keeps the preset, not the days."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    LAST_7 = "last_7"
    LAST_30 = "last_30"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"


PRESET_TITLES: Final[dict[Preset, str]] = {
    Preset.TODAY: mark("Today"),
    Preset.YESTERDAY: mark("Yesterday"),
    Preset.LAST_7: mark("Last 7 days"),
    Preset.LAST_30: mark("Last 30 days"),
    Preset.THIS_MONTH: mark("This month"),
    Preset.LAST_MONTH: mark("Last month"),
}


@dataclass(frozen=True, slots=True)
class DayRange:
    """Store days from `first` to `last`, both included; None is open-ended."""

    first: date | None = None
    last: date | None = None
    preset: Preset | None = None

    def __bool__(self) -> bool:
        return self.first is not None or self.last is not None


def preset_range(preset: Preset, today: date) -> DayRange:
    """The days that a preset means on a day."""
    day = timedelta(days=1)
    month = today.replace(day=1)
    spans = {
        Preset.TODAY: (today, today),
        Preset.YESTERDAY: (today - day, today - day),
        Preset.LAST_7: (today - 6 * day, today),
        Preset.LAST_30: (today - 29 * day, today),
        Preset.THIS_MONTH: (month, today),
        Preset.LAST_MONTH: ((month - day).replace(day=1), month - day),
    }
    first, last = spans[preset]
    return DayRange(first, last, preset)
