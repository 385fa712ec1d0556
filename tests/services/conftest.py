"""A till on a database of its own, on SQLite and again on PostgreSQL, and people signed in at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.depot import Depot, open_depot
from tests.factories.fake_provider import FakeProvider
from tests.factories.instalments import Bazaar, open_bazaar
from tests.factories.kept import KeptConnections
from tests.factories.payments import Desk, open_desk
from tests.factories.people import quick_pins, signed_in
from tests.factories.purse import Purse, open_purse
from tests.factories.shop import Counter, open_counter
from tests.factories.tills import make_till, new_postgres, new_sqlite, quick_sqlite
from tests.postgres import PostgresServer
from tillgate.domain.staff import Actor, Role
from tillgate.services.pin_hash import Pins
from tillgate.services.till import Till


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> Iterator[KeptConnections]:
    """One migrated database for the run; emptied for each test, which is quicker than a new one."""
    kept = KeptConnections(new_postgres(postgres_server))
    yield kept
    kept.close()


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on an empty database, on each kind. A test about files takes `sqlite_only` instead."""
    if request.param == "sqlite":
        yield from _sqlite(request.getfixturevalue("tmp_path"))
        return
    kept: KeptConnections = request.getfixturevalue("postgres_database")
    with kept.empty_engine() as engine:
        yield engine


@pytest.fixture
def sqlite_only(tmp_path: Path) -> Iterator[Engine]:
    """An engine on a new file, for what is about files or needs no second database."""
    yield from _sqlite(tmp_path)


def _sqlite(folder: Path) -> Iterator[Engine]:
    engine = quick_sqlite(new_sqlite(folder))
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


@pytest.fixture
def desk(till: Till, cashier: Actor, manager: Actor) -> Desk:
    return open_desk(till, cashier, manager)


@pytest.fixture
def provider(desk: Desk) -> FakeProvider:
    return desk.provider


@pytest.fixture
def counter(till: Till) -> Counter:
    """The small shop, on both databases."""
    return open_counter(till)


@pytest.fixture
def purse(till: Till) -> Purse:
    """The shop whose customers have wallets, on both databases."""
    return open_purse(till)


@pytest.fixture
def pocket(sqlite_only: Engine, clock: FakeClock) -> Purse:
    """The same on SQLite alone, for what is decided above the database."""
    return open_purse(make_till(sqlite_only, clock))


@pytest.fixture
def corner(sqlite_only: Engine, clock: FakeClock) -> Counter:
    """The small shop on SQLite alone, for what is decided above the database."""
    return open_counter(make_till(sqlite_only, clock))


@pytest.fixture
def bazaar(till: Till) -> Bazaar:
    """The document's shop that sells in instalments, on both databases."""
    return open_bazaar(till)


@pytest.fixture
def stall(sqlite_only: Engine, clock: FakeClock) -> Bazaar:
    """The same on SQLite alone, for what is decided above the database."""
    return open_bazaar(make_till(sqlite_only, clock))


@pytest.fixture
def depot(till: Till) -> Depot:
    """Devices and their invoices."""
    return open_depot(till)


@pytest.fixture
def here(sqlite_only: Engine, clock: FakeClock) -> Depot:
    """The same on SQLite alone, for what is decided above the database; tests of a clinic have one of theirs."""
    return open_depot(make_till(sqlite_only, clock))
