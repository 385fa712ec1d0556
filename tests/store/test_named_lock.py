"""A lock with the database as its judge: between threads, processes' connections and kinds of database."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.factories.clock import FakeClock
from tests.factories.tills import AUDIT_KEY, second_engine
from tillgate.domain.errors import Unavailable
from tillgate.domain.staff import system_actor
from tillgate.store.named_lock import NamedLock
from tillgate.store.unit_of_work import TRIES, Database, UnitOfWork

ACTOR = system_actor("T1")
NAME = "consultation:5:1"


@pytest.fixture
def database(engine: Engine) -> Database:
    return Database(engine, FakeClock(), AUDIT_KEY, jitter=lambda: 0.0)


@pytest.fixture
def elsewhere(engine: Engine) -> Iterator[Database]:
    """Another process's view of the same database."""
    other = second_engine(engine)
    yield Database(other, FakeClock(), AUDIT_KEY)
    other.dispose()


@contextmanager
def held(database: Database, name: str = NAME) -> Iterator[threading.Event]:
    """The lock in another thread's hands until the event is set, or the block ends."""
    has_it, may_end = threading.Event(), threading.Event()

    def hold(_uow: UnitOfWork) -> None:
        has_it.set()
        may_end.wait(30)

    holder = threading.Thread(target=lambda: database.transact(ACTOR, hold, alone=NamedLock(name, 5.0)))
    holder.start()
    assert has_it.wait(30)
    try:
        yield may_end
    finally:
        may_end.set()
        holder.join()


def nothing(_uow: UnitOfWork) -> str:
    return "done"


def test_a_wait_in_vain_ends_and_says_so(database: Database, elsewhere: Database) -> None:
    for other in (database, elsewhere):
        with held(other):
            begun = time.monotonic()
            with pytest.raises(Unavailable) as lost:
                database.transact(ACTOR, nothing, alone=NamedLock(NAME, 0.2))
            assert time.monotonic() - begun >= 0.2
        assert (lost.value.code, lost.value.values) == ("lock_not_won", {"seconds": "0.2"})
    assert database.transact(ACTOR, nothing, alone=NamedLock(NAME, 0.2)) == "done"


def test_who_waits_gets_it_when_the_holder_commits(database: Database, elsewhere: Database) -> None:
    order: list[str] = []
    with held(elsewhere) as may_end:
        waiting = threading.Thread(
            target=lambda: database.transact(ACTOR, lambda _uow: order.append("mine"), alone=NamedLock(NAME, 30.0))
        )
        waiting.start()
        order.append("theirs")
        may_end.set()
        waiting.join()
    assert order == ["theirs", "mine"]


def test_the_death_of_the_holder_frees_it(database: Database, engine: Engine, elsewhere: Database) -> None:
    """Its connection goes with it, and the transaction, and so the lock."""
    connection = elsewhere.engine.execution_options(writing=True).connect()
    connection.begin()
    if engine.dialect.name == "postgresql":
        number = NamedLock(NAME, 0).number
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
    with pytest.raises(Unavailable, match="lock_not_won"):
        database.transact(ACTOR, nothing, alone=NamedLock(NAME, 0.1))
    connection.invalidate()
    connection.close()
    assert database.transact(ACTOR, nothing, alone=NamedLock(NAME, 5.0)) == "done"


def test_another_name_waits_for_nobody_on_a_server_and_for_the_one_writer_in_a_file(database: Database) -> None:
    with held(database):
        other = NamedLock("consultation:6:1", 0.05)
        if database.is_sqlite:
            with pytest.raises(Unavailable, match="lock_not_won"):
                database.transact(ACTOR, nothing, alone=other)
        else:
            assert database.transact(ACTOR, nothing, alone=other) == "done"


def test_what_was_changed_for_the_wait_is_as_it_was(database: Database, engine: Engine) -> None:
    asked = "PRAGMA busy_timeout" if engine.dialect.name == "sqlite" else "SHOW lock_timeout"
    with held(database) as may_end:
        threading.Timer(0.1, may_end.set).start()
        lock = NamedLock(NAME, 30.0)
        inside = database.transact(ACTOR, lambda uow: uow.execute(text(asked)).scalar_one(), alone=lock)
    with engine.connect() as connection:
        assert inside == connection.execute(text(asked)).scalar_one()
    assert inside in (5_000, "5s")


@pytest.mark.parametrize("failures", range(TRIES + 1))
def test_one_transaction_is_tried_three_times(database: Database, failures: int) -> None:
    tries: list[int] = []

    def work(uow: UnitOfWork) -> str:
        tries.append(1)
        uow.record("tried", "test", number=len(tries))
        if len(tries) <= failures:
            raise serialization_failure()
        return "done"

    if failures < TRIES:
        assert database.transact(ACTOR, work, alone=NamedLock(NAME, 5.0)) == "done"
        assert len(tries) == failures + 1
    else:
        with pytest.raises(Unavailable, match="database_busy"):
            database.transact(ACTOR, work, alone=NamedLock(NAME, 5.0))
        assert len(tries) == TRIES
    with database.read() as connection:
        kept = connection.execute(text("SELECT count(*) FROM audit")).scalar_one()
    assert kept == int(failures < TRIES)


def test_all_tries_share_one_wait(database: Database) -> None:
    lock = NamedLock(NAME, 30.0)
    left: list[float] = []

    def work(_uow: UnitOfWork) -> None:
        left.append(lock.left_s)
        if len(left) < TRIES:
            raise serialization_failure()

    database.transact(ACTOR, work, alone=lock)
    assert left == sorted(left, reverse=True)
    assert len(set(left)) == TRIES


def test_it_is_not_taken_inside_another_transaction(database: Database) -> None:
    with database.write(ACTOR), pytest.raises(Exception, match="call_inside_transaction"):
        database.transact(ACTOR, nothing, alone=NamedLock(NAME, 0.1))


def serialization_failure() -> DBAPIError:
    """As PostgreSQL reports that somebody else was first; SQLite's words for it are no less."""
    original = OSError("database is locked")
    vars(original)["sqlstate"] = "40001"
    return OperationalError("SELECT 1", None, original)


def test_names_become_different_numbers() -> None:
    names = [f"consultation:{one}:{other}" for one in range(100) for other in range(100)]
    assert len({NamedLock(name, 1.0).number for name in names}) == len(names)
    assert all(-(2**63) <= NamedLock(name, 1.0).number < 2**63 for name in names)
    assert NamedLock("a", 1.0).number == NamedLock("a", 2.0).number
