"""A lock with a name, held across threads, processes and tills, with the shop's own database as the judge.

Nothing but the database is asked, so there is no lock server to run, and no lease to outlive whoever took it:

- PostgreSQL: `pg_advisory_xact_lock` on a hash of the name, the first thing in the transaction. Waiters queue in the
  server in the order they came, within `lock_timeout`.
- SQLite has one writer at a time, so BEGIN IMMEDIATE is the lock, of this name and every other. Writers of one process
  take turns at a lock of that process, then the busy time-out waits for the other processes; both within the same wait.

The lock lives exactly as long as the transaction that it opens. What is kept for a replay is therefore committed with
the facts, never between them and the lock's release; and the death of the holder, or of its connection, frees it at
once. Rejected: a row with an owner and an expiry, which costs two more durable commits a press and leaves the next
press waiting for the expiry after a crash; session-level advisory locks, which need a second connection for each
press and can be left behind on a pooled one; a file lock, which two tills don't share.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from tillgate.domain.errors import Unavailable
from tillgate.store.engine import begin_writing
from tillgate.store.statements import Statement, driver_of, run_text

_TRY: Final = Statement(text("SELECT pg_try_advisory_xact_lock(:number)"))
_WAIT: Final = Statement(text("SELECT pg_advisory_xact_lock(:number)"))
_USUAL: Final = Statement(text("SHOW lock_timeout"))
_LIMIT: Final = Statement(text("SELECT set_config('lock_timeout', :limit, true)"))
_LOCK_NOT_AVAILABLE: Final = "55P03"


@dataclass(slots=True)
class NamedLock:
    """What to be alone with, and how long to wait for it, in all tries together."""

    name: str
    wait_s: float
    # When waiting ends; counted from the first try.
    _give_up: float = field(default=0.0)

    def begin(self) -> None:
        """The wait begins."""
        self._give_up = time.monotonic() + self.wait_s

    @property
    def left_s(self) -> float:
        """What is left of the wait."""
        return max(0.0, self._give_up - time.monotonic())

    @property
    def number(self) -> int:
        """The name as PostgreSQL takes it: 64 bits. Two names that share them wait for each other needlessly."""
        digest = hashlib.blake2b(self.name.encode(), digest_size=8).digest()
        return int.from_bytes(digest, signed=True)

    def not_won(self) -> Unavailable:
        """The error of a wait that was in vain; nothing was written."""
        return Unavailable("lock_not_won", seconds=f"{self.wait_s:g}")


def begin_alone(connection: Connection, lock: NamedLock) -> Any:
    """Begin a transaction with the lock, which ends with it. Raises Unavailable("lock_not_won")."""
    if connection.dialect.name == "sqlite":
        return _begin_immediate(connection, lock)
    begun = begin_writing(connection)
    _lock_advisory(connection, lock)
    return begun


def _begin_immediate(connection: Connection, lock: NamedLock) -> Any:
    usual = driver_of(connection).execute("PRAGMA busy_timeout").fetchone()[0]
    run_text(connection, f"PRAGMA busy_timeout={int(lock.left_s * 1000)}")
    try:
        return begin_writing(connection)
    except OperationalError as error:
        if "locked" in str(error.orig):
            raise lock.not_won() from error
        raise
    finally:
        run_text(connection, f"PRAGMA busy_timeout={int(usual)}")


def _lock_advisory(connection: Connection, lock: NamedLock) -> None:
    won = _TRY.first(connection, number=lock.number)
    if won is not None and won[0]:
        return
    usual = _USUAL.rows(connection)[0][0]
    # 0 would mean: for ever.
    _LIMIT.first(connection, limit=f"{max(1, int(lock.left_s * 1000))}ms")
    try:
        _WAIT.first(connection, number=lock.number)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise lock.not_won() from error
        raise
    # Rows are waited for as everywhere.
    _LIMIT.first(connection, limit=usual)
