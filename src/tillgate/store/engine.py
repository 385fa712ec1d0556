"""Connections: SQLite tuned so that an acknowledged commit survives a power cut, or PostgreSQL.

Facts: `synchronous=NORMAL` lost acknowledged commits in 1,549 of 2,000 power cuts, FULL none; SQLite 3.7.0 to 3.51.2
can corrupt a WAL database on reset (reliability.md, Decided).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import pysqlite3.dbapi2 as sqlite_driver
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, PendingRollbackError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from tillgate.domain.secret import Secret
from tillgate.store.statements import commit_driver, driver_of, run_text

SAFE_WAL_VERSION: Final = (3, 51, 3)
BUSY_TIMEOUT_MS: Final = 5_000
PING_AFTER_S: Final = 1.0
_RESTS_SINCE: Final = "rests_since"
# Said in full: what a server begins by itself is its own setting.
_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITING: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
# libpq's PGTransactionStatusType.
_IDLE: Final = 0
_INERROR: Final = 3


def wal_is_safe(version: tuple[int, ...] = sqlite_driver.sqlite_version_info) -> bool:
    """Whether this SQLite is past the WAL-reset bug; an older one runs in TRUNCATE mode."""
    return tuple(version) >= SAFE_WAL_VERSION


def pragmas(*, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> dict[str, str | int]:
    """What every connection is set to, and what the start-up gate reads back."""
    return {
        "journal_mode": "wal" if wal_is_safe() else "truncate",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "mmap_size": 0,
        "busy_timeout": busy_timeout_ms,
    }


def sqlite_engine(path: Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Engine:
    """An engine on a file that only its owner can read; the file and its folder are made if missing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made before SQLite sees it, so that -wal and -shm inherit the mode.
    path.touch(mode=0o600, exist_ok=True)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=sqlite_driver,
        # An error's text goes to the log; what was bound may be a person's name or a PIN's hash.
        hide_parameters=True,
        connect_args={"isolation_level": None, "timeout": busy_timeout_ms / 1000},
        pool_size=8,
        max_overflow=8,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        # The one used last has the pages at hand; the others stay small.
        pool_use_lifo=True,
        pool_reset_on_return=None,
    )
    settings = pragmas(busy_timeout_ms=busy_timeout_ms)

    @event.listens_for(engine, "connect")
    def _tune(connection: Any, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        # First, so that a connection racing another's switch to WAL waits instead of failing.
        for name in ("busy_timeout", *settings):
            cursor.execute(f"PRAGMA {name}={settings[name]}")
        cursor.close()

    event.listen(engine, "begin", _begin)
    event.listen(engine, "reset", _undo)
    return engine


def _undo(driver: Any, _entry: ConnectionPoolEntry, _state: object) -> None:
    """What was left open, or only read, is undone as the connection is given back; mostly nothing is."""
    if driver.in_transaction:
        driver.rollback()


def _begin(connection: Connection) -> None:
    """A transaction that SQLAlchemy begins: the drivers begin none by themselves."""
    if connection.get_execution_options().get("writing", False):
        begin_writing(connection)
    elif not _has_begun(connection):
        run_text(connection, "BEGIN" if connection.dialect.name == "sqlite" else _WRITING)


def begin_looking(connection: Connection) -> None:
    """Hold a file's one moment; on a server each query is of its own, which needs no transaction."""
    if connection.dialect.name == "sqlite":
        run_text(connection, "BEGIN")


def begin_reading(connection: Connection) -> None:
    """Hold one moment of the database from the first statement on, for less than SQLAlchemy's own begin costs."""
    run_text(connection, "BEGIN" if connection.dialect.name == "sqlite" else _READING)


def begin_writing(connection: Connection) -> Any:
    """Hold the file's one turn to write, or a server's transaction; the driver's connection, for `commit`. Closing
    without that undoes all of it.
    """
    run_text(connection, "BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else _WRITING)
    return driver_of(connection)


def commit(connection: Connection, begun: Any) -> None:
    """Keep what was written. What went by the driver alone, SQLAlchemy has no transaction of.

    Raises PendingRollbackError where the connection that it began on was lost, or a statement failed on a server and
    nobody undid its part: what was written there is gone, though a server would answer COMMIT without an error.
    """
    if driver_of(connection) is not begun:
        raise PendingRollbackError("the connection was lost")
    if connection.dialect.name != "sqlite" and begun.pgconn.transaction_status == _INERROR:
        raise PendingRollbackError("a statement failed")
    if connection.in_transaction():
        connection.commit()
    else:
        commit_driver(connection)


def end_reading(connection: Connection, *, again: bool) -> None:
    """Let go of the moment that was read, on a server by a commit: a rollback makes psycopg forget every statement it
    prepared. A file's is let go by the pool, unless the connection is used `again` before."""
    driver: Any = connection.connection.dbapi_connection
    try:
        if connection.in_transaction():
            connection.commit()
        elif connection.dialect.name == "sqlite":
            if again:
                driver.rollback()
        elif driver.pgconn.transaction_status != _IDLE:
            driver.commit()
    except (DBAPIError, connection.dialect.loaded_dbapi.Error):
        # Nothing was left to read: what was read stands, and only the connection is of no more use.
        connection.invalidate()


def _has_begun(connection: Connection) -> bool:
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        return bool(driver.in_transaction)
    return bool(driver.pgconn.transaction_status != _IDLE)


def postgres_engine(url: str, *, password: Secret | None = None, connect_timeout_s: int = 5) -> Engine:
    """An engine on a shared PostgreSQL; rows are locked by the queries that need it.

    Without a password libpq looks for one: PGPASSWORD, then a .pgpass file.
    """
    engine = create_engine(
        make_url(url),
        hide_parameters=True,
        pool_size=8,
        max_overflow=8,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        pool_reset_on_return=None,
        connect_args={
            "autocommit": True,
            "connect_timeout": connect_timeout_s,
            **({"password": password.reveal()} if password else {}),
            "options": "-c lock_timeout=5000 -c statement_timeout=60000 -c idle_in_transaction_session_timeout=60000",
        },
    )
    event.listen(engine, "begin", _begin)
    event.listen(engine, "reset", _lay_to_rest)
    event.listen(engine, "checkout", _look_after_rest)
    return engine


def _lay_to_rest(driver: Any, entry: ConnectionPoolEntry, _state: object) -> None:
    """What was left open is undone as the connection is given back: mostly nothing, for which the pool's own way of it
    asks the driver."""
    if driver.pgconn.transaction_status != _IDLE:
        driver.rollback()
    entry.info[_RESTS_SINCE] = time.monotonic()


def _look_after_rest(driver: Any, entry: ConnectionPoolEntry, _out: PoolProxiedConnection) -> None:
    """Ask whether a connection that rested is still there; before every use it would cost a journey to the server.

    Raises DisconnectionError, on which the pool takes another.
    """
    since = entry.info.get(_RESTS_SINCE)
    if since is None or time.monotonic() - since < PING_AFTER_S:
        return
    try:
        driver.execute("")
    except Exception as error:
        raise DisconnectionError from error
