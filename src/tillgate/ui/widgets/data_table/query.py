"""What a list is asked for: search text, sort and filters; a value, so that it can be compared and saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tillgate.ui.widgets.days import DayRange, Preset, preset_range


@dataclass(frozen=True, slots=True)
class Sort:
    """A column's key and the direction."""

    key: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """All of it; `filters` holds (filter key, choice or days) in the order of the keys."""

    text: str = ""
    sort: Sort | None = None
    filters: tuple[tuple[str, str | DayRange], ...] = ()

    def choice(self, key: str) -> str | None:
        """The value chosen in a choice filter, None for any."""
        found = dict(self.filters).get(key)
        return found if isinstance(found, str) else None

    def days(self, key: str) -> DayRange | None:
        """The days chosen in a day filter, None for any."""
        found = dict(self.filters).get(key)
        return found if isinstance(found, DayRange) else None

    def with_filter(self, key: str, value: str | DayRange | None) -> Query:
        """The same with one filter set, or taken away by None, "" or an open range."""
        kept = dict(self.filters)
        kept.pop(key, None)
        if value:
            kept[key] = value
        return replace(self, filters=tuple(sorted(kept.items(), key=lambda item: item[0])))

    @property
    def narrowed(self) -> bool:
        """Whether it asks for less than everything."""
        return bool(self.text or self.filters)


def query_to_json(query: Query) -> str:
    """A query as text to keep."""
    filters: dict[str, Any] = {}
    for key, value in query.filters:
        if isinstance(value, DayRange):
            days = {"first": value.first, "last": value.last, "preset": value.preset}
            filters[key] = {name: str(part) for name, part in days.items() if part is not None}
        else:
            filters[key] = value
    sort = [query.sort.key, query.sort.descending] if query.sort else None
    return json.dumps({"text": query.text, "sort": sort, "filters": filters}, sort_keys=True)


def query_from_json(text: str, today: Callable[[], date]) -> Query:
    """A kept query, its presets meaning today's days; raises ValueError if it is not one."""
    try:
        read = json.loads(text)
        query = Query(text=str(read["text"]), sort=Sort(*read["sort"]) if read["sort"] else None)
        for key, value in read["filters"].items():
            query = query.with_filter(key, value if isinstance(value, str) else _range(value, today))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a saved view") from error
    return query


def _range(read: dict[str, str], today: Callable[[], date]) -> DayRange:
    if "preset" in read:
        return preset_range(Preset(read["preset"]), today())
    ends = {name: date.fromisoformat(read[name]) for name in ("first", "last") if name in read}
    return DayRange(ends.get("first"), ends.get("last"))
