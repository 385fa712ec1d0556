"""Databases at this version's schema, and tills on them."""

from __future__ import annotations

import dataclasses
import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, event, select

from tests.factories.clock import FakeClock
from tests.postgres import PostgresServer
from tillgate.domain.payment import Mode
from tillgate.services.till import Till
from tillgate.store.audit import AuditKey
from tillgate.store.engine import postgres_engine, sqlite_engine
from tillgate.store.models import audit, metadata
from tillgate.store.schema import upgrade
from tillgate.store.unit_of_work import Database

AUDIT_KEY = AuditKey(b"an audit key that only tests know")
_FILLED = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in metadata.tables)  # noqa: S608
_NUMBERS_FROM_ONE = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL AND schemaname = 'public'
"""


@cache
def _migrated() -> bytes:
    """An empty database file; migrating once and copying is much quicker than migrating each time."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "template.db")
        engine = sqlite_engine(path)
        upgrade(engine)
        engine.dispose()
        return path.read_bytes()


def new_sqlite(folder: Path, name: str = "tillgate.db") -> Path:
    """A new, empty database file in a folder."""
    path = folder / name
    path.touch(mode=0o600)
    path.write_bytes(_migrated())
    return path


def quick_sqlite(path: Path, **settings: int) -> Engine:
    """The application's engine, except that a commit does not wait for the disk: no test cuts the power in here.

    Taking `settings` of `sqlite_engine`. What is about files or the start's gates takes `sqlite_engine` itself.
    """
    engine = sqlite_engine(path, **settings)

    @event.listens_for(engine, "connect")
    def _ease(connection: Any, _entry: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    return engine


def _migrate(url: str) -> None:
    engine = postgres_engine(url)
    upgrade(engine)
    engine.dispose()


def new_postgres(server: PostgresServer) -> str:
    """The URL of a new, empty database of a server; the caller drops it."""
    return server.create_database(template=server.make_template("tillgate", _migrate))


def empty_postgres(engine: Engine) -> None:
    """Take every row out; no trigger sees it, and numbers begin again.

    As TRUNCATE leaves it, for a third of its cost: most tables have no rows, and a new file for each of them and of
    their indexes takes longer than most tests. VACUUM gives the emptied files back, so that rows come in their order.
    """
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("SET session_replication_role = replica")
        driver.execute(_NUMBERS_FROM_ONE)
        filled = [name for (name,) in driver.execute(_FILLED)]
        if filled:
            driver.execute(";".join(f"DELETE FROM {name}" for name in filled))  # noqa: S608
            driver.execute(f"VACUUM (INDEX_CLEANUP ON) {', '.join(filled)}")
        driver.execute("RESET session_replication_role")


def copy_sqlite(path: Path, to: Path) -> Path:
    """The database as another till would restore it; nobody may have it open."""
    return Path(shutil.copy2(path, to))


def make_till(engine: Engine, clock: FakeClock, *, till_id: str = "T1", **changes: Any) -> Till:
    """A till in training mode, without providers; `changes` are fields of Till."""
    database = Database(engine, clock, AUDIT_KEY)
    till = Till(
        id=till_id,
        db=database,
        clock=clock,
        mode=Mode.TRAINING,
        worker=f"{till_id}:tests",
        providers={},
        fulfilling={},
    )
    return dataclasses.replace(till, **changes)


def second_engine(engine: Engine) -> Engine:
    """Another process's view of the same database; the caller disposes of it."""
    if engine.dialect.name == "sqlite":
        return quick_sqlite(Path(str(engine.url.database)))
    return postgres_engine(engine.url.render_as_string(hide_password=False))


def audit_rows(till: Till) -> list[tuple[str, str, str, dict[str, Any]]]:
    """(actor, event, subject, data) of every audit entry, the oldest first."""
    with till.db.read() as connection:
        rows = connection.execute(select(audit).order_by(audit.c.till_id, audit.c.seq)).all()
    return [(row.actor, row.event, row.subject, json.loads(row.data)) for row in rows]
