"""One process and thread at a time asks a provider about one attempt (reliability.md 1.3, rule 10)."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from sqlalchemy import ColumnElement, Table, bindparam, literal, or_, select, update

from tillgate.services.till import Till
from tillgate.store.columns import Instant
from tillgate.store.statements import Statement
from tillgate.store.unit_of_work import UnitOfWork, refuse_inside_transaction

LEASE: Final = timedelta(seconds=60)
# Tills' clocks differ a little. What lies further ahead than it can was written by a clock that was wrong.
CLOCKS_DIFFER: Final = timedelta(minutes=5)
LONGEST_WAIT: Final = timedelta(days=1)
_LOOK_AGAIN_S: Final = 0.05


def claim(till: Till, table: Table, row_id: int, *, wait_s: float = 0.0) -> bool:
    """Take the lease of an attempt, a refund or an outbox row; waits up to `wait_s` for another to finish."""
    give_up = till.clock.monotonic() + wait_s
    while True:
        if till.db.transact(till.system, lambda uow: _take(uow, till, table, row_id)):
            return True
        if till.clock.monotonic() >= give_up:
            return False
        refuse_inside_transaction()
        time.sleep(_LOOK_AGAIN_S)


def release(till: Till, table: Table, row_id: int) -> None:
    """Give the lease back early."""
    till.db.transact(
        till.system, lambda uow: uow.execute(update(table).where(table.c.id == row_id).values(lease_until=None))
    )


def release_left_behind(till: Till, *tables: Table) -> None:
    """At start: a lease of this till is one of a process that is gone, since a till runs once."""

    def work(uow: UnitOfWork) -> None:
        for table in tables:
            uow.execute(
                update(table)
                .where(table.c.lease_owner.startswith(f"{till.id}:", autoescape=True), table.c.lease_until.is_not(None))
                .values(lease_until=None)
            )

    till.db.transact(till.system, work)


def is_free(table: Table, now: datetime) -> ColumnElement[bool]:
    """Whether nobody holds a row: no lease, one that is over, or one of a time that can't have come yet."""
    return _is_free(table, literal(now, Instant), literal(now + LEASE + CLOCKS_DIFFER, Instant))


def _is_free(table: Table, now: ColumnElement[datetime], too_far: ColumnElement[datetime]) -> ColumnElement[bool]:
    until = table.c.lease_until
    return or_(until.is_(None), until <= now, until > too_far)


def is_due(due_at: ColumnElement[datetime | None], now: datetime) -> ColumnElement[bool]:
    """Whether a time has come, or lies further ahead than anything is ever put off."""
    return or_(due_at <= now, due_at > now + LONGEST_WAIT + CLOCKS_DIFFER)


def due_ids(till: Till, table: Table, due_at: ColumnElement[datetime | None], limit: int) -> list[int]:
    """Rows that are due and that nobody holds, the longest due first: in the order of the index over `due_at`."""
    now = till.clock.now()
    query = select(table.c.id).where(is_due(due_at, now), is_free(table, now)).order_by(due_at, table.c.id).limit(limit)
    with till.db.read() as connection:
        return [int(row.id) for row in connection.execute(query)]


def _take(uow: UnitOfWork, till: Till, table: Table, row_id: int) -> bool:
    owner = f"{till.worker}:{secrets.token_hex(4)}"
    until, too_far = uow.now + LEASE, uow.now + LEASE + CLOCKS_DIFFER
    given = {"row": row_id, "now": uow.now, "too_far": too_far, "owner": owner, "until": until}
    return _taking(table).count(uow.connection, **given) == 1


@cache
def _taking(table: Table) -> Statement:
    free = _is_free(table, bindparam("now", type_=Instant), bindparam("too_far", type_=Instant))
    held = update(table).where(table.c.id == bindparam("row"), free)
    return Statement(held.values(lease_owner=bindparam("owner"), lease_until=bindparam("until")))
