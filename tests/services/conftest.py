"""A till on a database of its own, on SQLite and again on PostgreSQL, and people signed in at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.people import quick_pins, signed_in
from tests.factories.tills import make_till, new_postgres, new_sqlite
from tests.postgres import PostgresServer
from tillgate.domain.staff import Actor, Role
from tillgate.services.pin_hash import Pins
from tillgate.services.till import Till
from tillgate.store.engine import postgres_engine, sqlite_engine


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on a new database. A test for one kind only takes `sqlite_only` instead."""
    if request.param == "sqlite":
        yield from _sqlite(request.getfixturevalue("tmp_path"))
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    url = new_postgres(server)
    engine = postgres_engine(url)
    yield engine
    engine.dispose()
    server.drop_database(url)


@pytest.fixture
def sqlite_only(tmp_path: Path) -> Iterator[Engine]:
    """An engine on a new file, for what is about files or needs no second database."""
    yield from _sqlite(tmp_path)


def _sqlite(folder: Path) -> Iterator[Engine]:
    engine = sqlite_engine(new_sqlite(folder))
    yield engine
    engine.dispose()


@pytest.fixture
def till(engine: Engine, clock: FakeClock) -> Till:
    return make_till(engine, clock)


@pytest.fixture
def cashier(till: Till) -> Actor:
    return signed_in(till, Role.CASHIER)


@pytest.fixture
def manager(till: Till) -> Actor:
    return signed_in(till, Role.MANAGER)


@pytest.fixture
def pins() -> Pins:
    return quick_pins()
