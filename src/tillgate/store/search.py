"""Rows found by the beginnings of words, through the indexes that migration 0004 keeps.

Capped, because a list on a screen shows a few dozen rows: two common letters among 100,000 products would otherwise
cost 11 ms, and cost 0.3 ms capped.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, column, func, select, table


def find_ids(connection: Connection, searched: Table, words: Sequence[str], limit: int) -> list[int]:
    """Up to `limit` active rows that have, for every word, a word that begins with it, in no order.

    Where there are more, those whose name begins with the first word are preferred. `words` are those of
    `domain.catalogue.search_words`, at least one.
    """
    sqlite = connection.dialect.name == "sqlite"
    beginning, anywhere = (_fts5 if sqlite else _tsquery)(searched)
    every = _every_word(words, sqlite=sqlite)
    found = [int(row.id) for row in connection.execute(anywhere, {"every": every, "limit": limit})]
    if len(found) < limit:
        return found
    others = "".join(f' AND "{word}"*' for word in words[1:])
    first = f'(name : ^"{words[0]}"*){others}' if sqlite else f"{words[0]}%"
    named = connection.execute(beginning, {"first": first, "every": every, "limit": limit})
    return list(dict.fromkeys([*(int(row.id) for row in named), *found]))[:limit]


def matching(connection: Connection, searched: Table, words: Sequence[str]) -> ColumnElement[bool]:
    """The condition that a row has, for every word, a word that begins with it; for lists and counts."""
    sqlite = connection.dialect.name == "sqlite"
    every = _every_word(words, sqlite=sqlite)
    if sqlite:
        index = table(f"{searched.name}_search", column("rowid"), column(f"{searched.name}_search"))
        found = select(index.c.rowid).where(index.c[f"{searched.name}_search"].op("MATCH")(every))
        return searched.c.id.in_(found)
    index = table(f"{searched.name}_search", column("id"), column("words"))
    return searched.c.id.in_(select(index.c.id).where(index.c.words.op("@@")(func.to_tsquery("simple", every))))


def _every_word(words: Sequence[str], *, sqlite: bool) -> str:
    return " ".join(f'"{word}"*' for word in words) if sqlite else " & ".join(f"'{word}':*" for word in words)


@cache
def _fts5(searched: Table) -> tuple[Select[Any], Select[Any]]:
    index = table(f"{searched.name}_search", column("rowid"), column(f"{searched.name}_search"))
    row = index.c[f"{searched.name}_search"]
    base = (
        select(searched.c.id)
        .select_from(index.join(searched, searched.c.id == index.c.rowid))
        .where(searched.c.active == 1)
        .limit(bindparam("limit"))
    )
    return base.where(row.op("MATCH")(bindparam("first"))), base.where(row.op("MATCH")(bindparam("every")))


@cache
def _tsquery(searched: Table) -> tuple[Select[Any], Select[Any]]:
    # Made at its first use: SQLAlchemy must have loaded PostgreSQL's functions by then, as an engine there does.
    index = table(f"{searched.name}_search", column("id"), column("name"), column("words"))
    anywhere = (
        select(searched.c.id)
        .select_from(index.join(searched, searched.c.id == index.c.id))
        .where(searched.c.active == 1, index.c.words.op("@@")(func.to_tsquery("simple", bindparam("every"))))
        .limit(bindparam("limit"))
    )
    return anywhere.where(index.c.name.like(bindparam("first"))), anywhere
