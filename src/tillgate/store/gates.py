"""What a database can say about its own health: settings read back, writable, intact."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import pysqlite3.dbapi2 as sqlite_driver
from sqlalchemy import Connection, Engine, func, select

from tillgate.domain.payment import Mode
from tillgate.store.engine import pragmas, wal_is_safe
from tillgate.store.ledger import unbalanced
from tillgate.store.models import audit_head, ledger_tx, payment

_MOST_PROBLEMS: Final = 20


def sqlite_version(engine: Engine) -> tuple[str, bool] | None:
    """The SQLite in use and whether WAL is safe with it; None for a server."""
    if engine.dialect.name != "sqlite":
        return None
    return str(sqlite_driver.sqlite_version), wal_is_safe()


def differing_pragmas(connection: Connection) -> dict[str, tuple[object, object]]:
    """Settings that did not take: name -> (wanted, found)."""
    if connection.dialect.name != "sqlite":
        return {}
    found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas()}
    return {name: (wanted, found[name]) for name, wanted in pragmas().items() if found[name] != wanted}


def try_writing(engine: Engine) -> None:
    """Begin a write and take it back. Raises what the database raises."""
    with engine.execution_options(writing=True).connect() as connection:
        if connection.dialect.name == "sqlite":
            # Taking the write lock alone proves little: a page has to be written, then forgotten.
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            connection.exec_driver_sql(f"PRAGMA user_version={int(version)}")
        connection.rollback()


def problems(connection: Connection, *, thorough: bool = False) -> list[str]:
    """What SQLite's own check finds; `thorough` also compares every index with its table. A server checks itself."""
    if connection.dialect.name != "sqlite":
        return []
    check = "integrity_check" if thorough else "quick_check"
    rows = connection.exec_driver_sql(f"PRAGMA {check}({_MOST_PROBLEMS})").scalars().all()
    # The whole file passed through the connection's cache: what nobody asks for again need not stay.
    connection.exec_driver_sql("PRAGMA shrink_memory")
    return [str(row) for row in rows if row != "ok"]


def unbalanced_lately(connection: Connection, now: datetime) -> list[int]:
    """Ledger transactions of the last day, by the clock or by the ledger itself, that do not sum to zero."""
    last = connection.execute(select(func.max(ledger_tx.c.created_at))).scalar_one()
    if last is None:
        return []
    return unbalanced(connection, since=min(now, last) - timedelta(days=1))


def last_audit_at(connection: Connection, till_id: str) -> datetime | None:
    """When a till last wrote to its chain."""
    return connection.execute(select(audit_head.c.at).where(audit_head.c.till_id == till_id)).scalar_one_or_none()


def mode_of(engine: Engine) -> Mode | None:
    """Whose money is in the database: the mode of its first payment, None before there is one."""
    with engine.connect() as connection:
        found: Mode | None = connection.execute(select(payment.c.mode).order_by(payment.c.id).limit(1)).scalar()
    return found
