"""Gapless numbers: counted in the transaction that uses them, so a rollback gives the number back."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select, text

from tillgate.domain.errors import Bug
from tillgate.store.models.books import number_series
from tillgate.store.statements import Statement

# One statement, so that two tills that begin a series at once both get numbers of it.
_TAKE: Final = Statement(
    text(
        "INSERT INTO number_series (name, next) VALUES (:name, :first) "
        "ON CONFLICT (name) DO UPDATE SET next = number_series.next + :count RETURNING next"
    )
)


def take_number(connection: Connection, name: str) -> int:
    """The next number of a series, from 1; the series' row stays locked until the transaction ends."""
    return take_numbers(connection, name, 1)[0]


def take_numbers(connection: Connection, name: str, count: int) -> range:
    """The next `count` numbers of a series."""
    row = _TAKE.first(connection, name=name, first=1 + count, count=count)
    if row is None:
        raise Bug("series_silent", series=name)
    return range(row[0] - count, row[0])


def later_than(before: tuple[datetime, ...] | None, now: datetime) -> datetime:
    """The date of a paper whose forerunner in the series has this one: a clock that went back turns no dates around."""
    return now if before is None else max(now, before[0])


def list_series(connection: Connection) -> dict[str, int]:
    """How many numbers each series has given."""
    return {row.name: row.next - 1 for row in connection.execute(select(number_series))}
