"""Databases at this version's schema, and tills on them."""

from __future__ import annotations

import dataclasses
import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, select

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


def _migrate(url: str) -> None:
    engine = postgres_engine(url)
    upgrade(engine)
    engine.dispose()


def new_postgres(server: PostgresServer) -> str:
    """The URL of a new, empty database of a server; the caller drops it."""
    return server.create_database(template=server.make_template("tillgate", _migrate))


def empty_postgres(engine: Engine) -> None:
    """Take every row out; no trigger sees it, and numbers begin again."""
    tables = ", ".join(metadata.tables)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


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
        return sqlite_engine(Path(str(engine.url.database)))
    return postgres_engine(engine.url.render_as_string(hide_password=False))


def audit_rows(till: Till) -> list[tuple[str, str, str, dict[str, Any]]]:
    """(actor, event, subject, data) of every audit entry, the oldest first."""
    with till.db.read() as connection:
        rows = connection.execute(select(audit).order_by(audit.c.till_id, audit.c.seq)).all()
    return [(row.actor, row.event, row.subject, json.loads(row.data)) for row in rows]
