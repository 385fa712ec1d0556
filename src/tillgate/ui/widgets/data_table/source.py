"""Where rows come from: windows of a list, by position, over keyset paging."""

from __future__ import annotations

import bisect
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

from tillgate.domain.money import Money
from tillgate.ui.widgets.data_table.query import Query

R = TypeVar("R")
K = TypeVar("K")
R_co = TypeVar("R_co", covariant=True)
Total: TypeAlias = "Money | int | str"

_QUERIES_KEPT: Final = 4


@dataclass(frozen=True, slots=True)
class Summary:
    """How many rows a query has, and totals by column key; `label` says what they are where it is not "Total"."""

    count: int
    totals: Mapping[str, Total] = field(default_factory=dict)
    label: str = ""


class TableSource(Protocol[R_co]):
    """Called on the work lane, by several threads at once; raises TillgateError where the rows can't be read."""

    def rows(self, query: Query, start: int, limit: int) -> Sequence[R_co]:
        """Up to `limit` rows from position `start`; fewer only at the end."""
        ...

    def summary(self, query: Query) -> Summary:
        """The count and the totals row."""
        ...

    def batches(self, query: Query, limit: int) -> Iterator[Sequence[R_co]]:
        """Every row once, `limit` at a time, for an export; undisturbed by `forget`."""
        ...

    def forget(self) -> None:
        """The rows may have moved: drop what was remembered about positions."""
        ...


class ListSource(Generic[R]):
    """A short list held in memory, for settings and small catalogues: `narrow(query)` filters and sorts it."""

    def __init__(self, narrow: Callable[[Query], Sequence[R]]) -> None:
        self._narrow = narrow

    def rows(self, query: Query, start: int, limit: int) -> Sequence[R]:
        """A slice of what `narrow` gives."""
        return self._narrow(query)[start : start + limit]

    def summary(self, query: Query) -> Summary:
        """The count alone."""
        return Summary(len(self._narrow(query)))

    def batches(self, query: Query, limit: int) -> Iterator[Sequence[R]]:
        """All rows."""
        rows = self._narrow(query)
        for start in range(0, len(rows), limit):
            yield rows[start : start + limit]

    def forget(self) -> None:
        """Nothing is remembered."""


class KeysetSource(Generic[R, K]):
    """Positions over a keyset: `fetch(query, after, skip, limit)` gives rows behind the key `after` (None: the first),
    leaving out `skip` of them; `key(query, row)` is the place of a row in the order of the query.

    The key of the last row of every window is remembered as an anchor, so scrolling fetches with `skip` 0, and only a
    jump of the scroll bar skips, on the lane, from the nearest anchor before it.
    """

    def __init__(
        self,
        fetch: Callable[[Query, K | None, int, int], Sequence[R]],
        summary: Callable[[Query], Summary],
        key: Callable[[Query, R], K],
    ) -> None:
        self._fetch, self._summary, self._key = fetch, summary, key
        self._lock = Lock()
        self._era = 0
        self._anchors: OrderedDict[Query, _Anchors[K]] = OrderedDict()

    def rows(self, query: Query, start: int, limit: int) -> Sequence[R]:
        """Rows by position."""
        with self._lock:
            era = self._era
            position, after = self._of(query).before(start)
        rows = self._fetch(query, after, start - position, limit)
        if rows:
            with self._lock:
                if era == self._era:
                    self._of(query).add(start + len(rows), self._key(query, rows[-1]))
        return rows

    def summary(self, query: Query) -> Summary:
        """The count and the totals."""
        return self._summary(query)

    def batches(self, query: Query, limit: int) -> Iterator[Sequence[R]]:
        """From key to key, so rows that come and go meanwhile shift nothing."""
        after: K | None = None
        while True:
            rows = self._fetch(query, after, 0, limit)
            if rows:
                yield rows
            if len(rows) < limit:
                return
            after = self._key(query, rows[-1])

    def forget(self) -> None:
        """Drop the anchors."""
        with self._lock:
            self._era += 1
            self._anchors.clear()

    def _of(self, query: Query) -> _Anchors[K]:
        found = self._anchors.setdefault(query, _Anchors())
        self._anchors.move_to_end(query)
        if len(self._anchors) > _QUERIES_KEPT:
            self._anchors.popitem(last=False)
        return found


class _Anchors(Generic[K]):
    """Sorted positions, and the key behind which each position starts."""

    def __init__(self) -> None:
        self._positions: list[int] = []
        self._keys: dict[int, K] = {}

    def before(self, start: int) -> tuple[int, K | None]:
        index = bisect.bisect_right(self._positions, start)
        if index == 0:
            return 0, None
        position = self._positions[index - 1]
        return position, self._keys[position]

    def add(self, position: int, key: K) -> None:
        if position not in self._keys:
            bisect.insort(self._positions, position)
        self._keys[position] = key
