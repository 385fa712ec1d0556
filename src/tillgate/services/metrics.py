"""Durations and error counts, summed by day: what no other row tells (seed 004, Monitoring)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, text

from tillgate.domain.errors import TillgateError
from tillgate.services.till import Till
from tillgate.store.models import metric
from tillgate.store.statements import Statement
from tillgate.store.unit_of_work import UnitOfWork

# One statement, so that two tills that count the day's first one at once don't undo each other's work.
_COUNT: Final = Statement(
    text(
        "INSERT INTO metric (day, name, label, count, sum_ms, max_ms) VALUES (:day, :name, :label, 1, :ms, :ms) "
        "ON CONFLICT (day, name, label) DO UPDATE SET count = metric.count + 1, "
        "sum_ms = metric.sum_ms + excluded.sum_ms, "
        "max_ms = CASE WHEN metric.max_ms < excluded.max_ms THEN excluded.max_ms ELSE metric.max_ms END"
    ).bindparams(bindparam("day", type_=metric.c.day.type))
)


def observe(uow: UnitOfWork, till: Till, name: str, label: str, ms: int) -> None:
    """Count one occurrence with its duration in milliseconds (0 for a mere count), on the store's day."""
    _COUNT.count(uow.connection, day=till.store_day(uow.now), name=name, label=label, ms=ms)


def count_error(till: Till, error: BaseException) -> None:
    """Count an error by its type, in a transaction of its own."""
    label = error.code if isinstance(error, TillgateError) else type(error).__name__
    till.db.transact(till.system, lambda uow: observe(uow, till, "error", label, 0))
