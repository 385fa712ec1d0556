"""A till on a database of its own, on SQLite and again on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.kept import KeptConnections
from tests.factories.tills import make_till, new_postgres, new_sqlite, quick_sqlite
from tests.postgres import PostgresServer
from tillgate.services.till import Till
from tillgate.store.engine import sqlite_engine


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> Iterator[KeptConnections]:
    """One migrated database for the run; emptied for each test."""
    kept = KeptConnections(new_postgres(postgres_server))
    yield kept
    kept.close()


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine on an empty database, on each kind."""
    if request.param == "sqlite":
        made = quick_sqlite(new_sqlite(tmp_path))
        yield made
        made.dispose()
        return
    kept: KeptConnections = request.getfixturevalue("postgres_database")
    with kept.empty_engine() as found:
        yield found


@pytest.fixture
def file_till(tmp_path: Path, clock: FakeClock) -> Iterator[Till]:
    """A till on a file, for what is about files."""
    made = sqlite_engine(new_sqlite(tmp_path), busy_timeout_ms=50)
    yield make_till(made, clock)
    made.dispose()


@pytest.fixture
def till(engine: Engine, clock: FakeClock) -> Till:
    return make_till(engine, clock)
