"""One process and thread at a time asks a provider about one attempt (reliability.md 1.3, rule 10)."""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, Table, or_, select, update

from tillgate.services.till import Till
from tillgate.store.unit_of_work import UnitOfWork

LEASE: Final = timedelta(seconds=60)
_LOOK_AGAIN_S: Final = 0.05


def claim(till: Till, table: Table, row_id: int, *, wait_s: float = 0.0) -> bool:
    """Take the lease of an attempt, a refund or an outbox row; waits up to `wait_s` for another to finish."""
    give_up = till.clock.monotonic() + wait_s
    while True:
        if till.db.transact(till.system, lambda uow: _take(uow, till, table, row_id)):
            return True
        if till.clock.monotonic() >= give_up:
            return False
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


def due_ids(till: Till, table: Table, due: ColumnElement[bool], limit: int) -> list[int]:
    """Rows that are due and that nobody holds, oldest first."""
    now = till.clock.now()
    free = or_(table.c.lease_until.is_(None), table.c.lease_until < now)
    with till.db.read() as connection:
        rows = connection.execute(select(table.c.id).where(due, free).order_by(table.c.id).limit(limit))
        return [int(row.id) for row in rows]


def _take(uow: UnitOfWork, till: Till, table: Table, row_id: int) -> bool:
    free = or_(table.c.lease_until.is_(None), table.c.lease_until < uow.now)
    owner = f"{till.worker}:{secrets.token_hex(4)}"
    taken = uow.execute(
        update(table).where(table.c.id == row_id, free).values(lease_owner=owner, lease_until=uow.now + LEASE)
    ).rowcount
    return bool(taken)
