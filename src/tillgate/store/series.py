"""Gapless numbers: counted in the transaction that uses them, so a rollback gives the number back."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from tillgate.store.models.books import number_series


def take_number(connection: Connection, name: str) -> int:
    """The next number of a series, from 1; the series' row stays locked until the transaction ends."""
    return take_numbers(connection, name, 1)[0]


def take_numbers(connection: Connection, name: str, count: int) -> range:
    """The next `count` numbers of a series."""
    after = connection.execute(
        update(number_series)
        .where(number_series.c.name == name)
        .values(next=number_series.c.next + count)
        .returning(number_series.c.next)
    ).scalar_one_or_none()
    if after is None:
        connection.execute(insert(number_series).values(name=name, next=1 + count))
        after = 1 + count
    return range(after - count, after)


def list_series(connection: Connection) -> dict[str, int]:
    """How many numbers each series has given."""
    return {row.name: row.next - 1 for row in connection.execute(select(number_series))}
