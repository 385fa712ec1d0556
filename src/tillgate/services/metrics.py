"""Durations and error counts, summed by day: what no other row tells (seed 004, Monitoring)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, text

from tillgate.domain.errors import TillgateError
from tillgate.services.tallies import Tally, TallyKey
from tillgate.services.till import Till
from tillgate.store.models import metric
from tillgate.store.statements import Statement
from tillgate.store.unit_of_work import UnitOfWork

# One statement, so that two tills that count the day's first one at once don't undo each other's work.
_COUNT: Final = Statement(
    text(
        "INSERT INTO metric (day, name, label, count, sum_ms, max_ms) "
        "VALUES (:day, :name, :label, :count, :sum_ms, :max_ms) "
        "ON CONFLICT (day, name, label) DO UPDATE SET count = metric.count + excluded.count, "
        "sum_ms = metric.sum_ms + excluded.sum_ms, "
        "max_ms = CASE WHEN metric.max_ms < excluded.max_ms THEN excluded.max_ms ELSE metric.max_ms END"
    ).bindparams(bindparam("day", type_=metric.c.day.type))
)


def observe(uow: UnitOfWork, till: Till, name: str, label: str, ms: int) -> None:
    """Count one occurrence with its duration in milliseconds (0 for a mere count), on the store's day."""
    _add(uow, (till.store_day(uow.now), name, label), Tally(1, ms, ms))


def tally(till: Till, name: str, label: str, ms: int = 0) -> None:
    """The same outside a transaction: counted in memory, written by `write_tallies`."""
    till.tallies.add((till.store_day(till.clock.now()), name, label), Tally(1, ms, ms))


def write_tallies(till: Till) -> None:
    """Write down what was counted in memory; nothing is lost where it fails."""
    taken = till.tallies.take()
    if not taken:
        return

    def work(uow: UnitOfWork) -> None:
        for key in sorted(taken):
            _add(uow, key, taken[key])

    try:
        till.db.transact(till.system, work)
    except BaseException:
        till.tallies.give_back(taken)
        raise


def count_error(till: Till, error: BaseException) -> None:
    """Count an error by its type, in a transaction of its own."""
    label = error.code if isinstance(error, TillgateError) else type(error).__name__
    till.db.transact(till.system, lambda uow: observe(uow, till, "error", label, 0))


def _add(uow: UnitOfWork, key: TallyKey, more: Tally) -> None:
    day, name, label = key
    values = {"count": more.count, "sum_ms": more.sum_ms, "max_ms": more.max_ms}
    _COUNT.count(uow.connection, day=day, name=name, label=label, **values)
