"""Pages of a list behind the last row seen: as quick at row 999,000 as at the first (performance.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, literal, tuple_

# The values of a row's sort columns, the last one unique.
Key: TypeAlias = tuple[Any, ...]


def page(
    query: Select[Any],
    order: Sequence[ColumnElement[Any]],
    *,
    descending: bool,
    after: Key | None,
    skip: int,
    limit: int,
) -> Select[Any]:
    """Up to `limit` rows behind the key `after` (None: from the first), leaving out `skip`, sorted by `order`.

    `order` ends with a unique column and holds no NULL.
    """
    if after is not None:
        here = tuple_(*order)
        last = tuple_(*(literal(value, part.type) for part, value in zip(order, after, strict=True)))
        query = query.where(here < last if descending else here > last)
    query = query.order_by(*((part.desc() if descending else part.asc()) for part in order)).limit(limit)
    return query.offset(skip) if skip else query
