"""Durations and error counts, summed by day: what no other row tells (seed 004, Monitoring)."""

from __future__ import annotations

from sqlalchemy import case, insert, update

from tillgate.domain.errors import TillgateError
from tillgate.services.till import Till
from tillgate.store.models import metric
from tillgate.store.unit_of_work import UnitOfWork


def observe(uow: UnitOfWork, till: Till, name: str, label: str, ms: int) -> None:
    """Count one occurrence with its duration in milliseconds (0 for a mere count), on the store's day."""
    day = till.store_day(uow.now)
    key = (metric.c.day == day) & (metric.c.name == name) & (metric.c.label == label)
    changed = uow.execute(
        update(metric)
        .where(key)
        .values(
            count=metric.c.count + 1,
            sum_ms=metric.c.sum_ms + ms,
            max_ms=case((metric.c.max_ms < ms, ms), else_=metric.c.max_ms),
        )
    ).rowcount
    if not changed:
        uow.execute(insert(metric).values(day=day, name=name, label=label, count=1, sum_ms=ms, max_ms=ms))


def count_error(till: Till, error: BaseException) -> None:
    """Count an error by its type, in a transaction of its own."""
    label = error.code if isinstance(error, TillgateError) else type(error).__name__
    till.db.transact(till.system, lambda uow: observe(uow, till, "error", label, 0))
