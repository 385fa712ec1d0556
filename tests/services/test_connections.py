"""Connections between transactions: one for a whole block, nothing left open on it, and a look that opens nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, func, select, text
from sqlalchemy.pool import QueuePool

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tillgate.domain.errors import MoneyMoved, Unavailable
from tillgate.services.attempt_lease import claim, release
from tillgate.services.settle import check_now
from tillgate.services.till import Till
from tillgate.store import unit_of_work
from tillgate.store.engine import PING_AFTER_S, postgres_engine
from tillgate.store.models import audit, audit_head, payment_attempt
from tillgate.store.statements import update_rows
from tillgate.store.unit_of_work import UnitOfWork, refuse_inside_transaction

on_a_server = pytest.mark.parametrize("engine", ["postgres"], indirect=True)


@pytest.fixture
def taken(engine: Engine) -> Iterator[list[Any]]:
    """The drivers' connections that were taken of the pool, one after another."""
    seen: list[Any] = []

    def note(driver: Any, *_: object) -> None:
        seen.append(driver)

    event.listen(engine, "checkout", note)
    yield seen
    event.remove(engine, "checkout", note)


def note_down(till: Till, subject: str) -> None:
    till.db.transact(till.system, lambda uow: uow.record("noted", subject))


def out(engine: Engine) -> int:
    """How many connections somebody has now."""
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


def noted(till: Till) -> list[str]:
    with till.db.read() as connection:
        return list(connection.execute(select(audit.c.subject).order_by(audit.c.seq)).scalars())


def test_a_block_goes_by_one_connection(till: Till, taken: list[Any]) -> None:
    with till.db.together():
        note_down(till, "thing:1")
        with till.db.look() as connection:
            assert connection.execute(select(func.count()).select_from(audit)).scalar_one() == 1
        note_down(till, "thing:2")
        assert noted(till) == ["thing:1", "thing:2"]
    assert len(taken) == 1
    note_down(till, "thing:3")
    assert len(taken) == 2


def test_what_fails_in_a_block_is_undone_alone(till: Till) -> None:
    def fail(uow: UnitOfWork) -> None:
        uow.record("noted", "thing:2")
        update_rows(uow.connection, audit_head, {"till_id": "T1"}, {"seq": 99})
        raise ZeroDivisionError

    with till.db.together():
        note_down(till, "thing:1")
        with pytest.raises(ZeroDivisionError):
            till.db.transact(till.system, fail)
        note_down(till, "thing:3")
        assert noted(till) == ["thing:1", "thing:3"]
    with till.db.read() as connection:
        assert connection.execute(select(audit_head.c.seq)).scalar_one() == 2


def test_a_read_that_fails_leaves_nothing_open_in_a_block(till: Till) -> None:
    with till.db.together():
        with pytest.raises(ZeroDivisionError), till.db.read() as connection:
            connection.execute(select(audit.c.seq))
            raise ZeroDivisionError
        note_down(till, "thing:1")
    assert noted(till) == ["thing:1"]


def test_reads_within_each_other_have_a_connection_each(till: Till, taken: list[Any]) -> None:
    with till.db.together():
        with till.db.read() as outer, till.db.read() as inner:
            assert outer.connection.dbapi_connection is not inner.connection.dbapi_connection
        note_down(till, "thing:1")
    assert len(taken) == 2
    assert noted(till) == ["thing:1"]


def test_nobodys_connection_waits_for_something_slow(till: Till, engine: Engine, taken: list[Any]) -> None:
    with till.db.together():
        note_down(till, "thing:1")
        assert out(engine) == 1
        refuse_inside_transaction()
        assert out(engine) == 0
        note_down(till, "thing:2")
    assert len(taken) == 2


def test_a_block_in_a_block_is_the_outer_one(till: Till, engine: Engine, taken: list[Any]) -> None:
    with till.db.together():
        note_down(till, "thing:1")
        with till.db.together():
            note_down(till, "thing:2")
        assert out(engine) == 1
        note_down(till, "thing:3")
    assert (len(taken), out(engine)) == (1, 0)


def test_what_takes_and_checks_a_payment_goes_by_few_connections(desk: Desk, engine: Engine, taken: list[Any]) -> None:
    """One for what is asked and written before the provider's call, and one for what it answered."""
    taken.clear()
    begun = desk.start()
    assert len(taken) == 2
    taken.clear()
    check_now(desk.till, desk.cashier, begun.id)
    assert len(taken) == 2
    assert out(engine) == 0


def test_presses_at_a_provider_that_is_slow_keep_nobody_from_writing(desk: Desk, engine: Engine) -> None:
    """More of them than there are connections."""
    entered, go_on = threading.Semaphore(0), threading.Event()
    before = desk.provider.before

    def wait(verb: str) -> None:
        before(verb)
        if verb == "create":
            entered.release()
            assert go_on.wait(30)

    desk.provider.before = wait
    presses = [threading.Thread(target=desk.start, kwargs={"thing": 100 + number}) for number in range(18)]
    for press in presses:
        press.start()
    for _ in presses:
        assert entered.acquire(timeout=30)
    assert out(engine) == 0
    note_down(desk.till, "thing:1")
    go_on.set()
    for press in presses:
        press.join(30)
    assert desk.provider.sends("create") == 18


def test_a_wait_for_somebody_elses_lease_holds_no_connection(
    desk: Desk, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = desk.start()
    attempt = desk.view(begun.id).attempt
    assert attempt is not None
    assert claim(desk.till, payment_attempt, attempt.id)
    held: list[int] = []

    def nap(_seconds: float) -> None:
        held.append(out(engine))
        release(desk.till, payment_attempt, attempt.id)

    monkeypatch.setattr("tillgate.services.attempt_lease.time.sleep", nap)
    check_now(desk.till, desk.cashier, begun.id)
    assert held == [0]


def test_a_wait_for_the_turn_holds_no_connection(sqlite_only: Engine, clock: FakeClock) -> None:
    till = make_till(sqlite_only, clock)

    def wait_in_a_block() -> None:
        with till.db.together():
            noted(till)
            note_down(till, "thing:1")

    waiting = threading.Thread(target=wait_in_a_block)
    with till.db.write(till.system):
        waiting.start()
        deadline = time.monotonic() + 10
        while till.db._writing.acquire(blocking=False) or out(sqlite_only) != 1:
            assert time.monotonic() < deadline
        time.sleep(0.1)
        assert out(sqlite_only) == 1
    waiting.join(10)
    assert noted(till) == ["thing:1"]


def test_more_than_there_are_connections_is_told_as_busy(till: Till, engine: Engine) -> None:
    assert isinstance(engine.pool, QueuePool)
    with ExitStack() as stack, pytest.MonkeyPatch.context() as impatient:
        impatient.setattr(engine.pool, "_timeout", 0.05)
        for _ in range(16):
            stack.enter_context(engine.connect())
        for ask in (partial(note_down, till, "thing:1"), partial(noted, till)):
            with pytest.raises(Unavailable, match="database_busy") as told:
                ask()
            assert told.value.money_moved is MoneyMoved.NO
    note_down(till, "thing:2")
    assert noted(till) == ["thing:2"]


def test_what_the_disk_failed_under_is_not_gone_on_with(till: Till, engine: Engine, taken: list[Any]) -> None:
    with till.db.together():
        note_down(till, "thing:1")
        engine.dispose()
        note_down(till, "thing:2")
    assert len(set(map(id, taken))) == 2
    assert noted(till) == ["thing:1", "thing:2"]


def test_a_transaction_that_cannot_begin_keeps_nothing(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_connection: object) -> None:
        raise ZeroDivisionError

    for name, ask in (("begin_writing", partial(note_down, till, "thing:1")), ("begin_reading", partial(noted, till))):
        with monkeypatch.context() as broken:
            broken.setattr(unit_of_work, name, fail)
            with pytest.raises(ZeroDivisionError):
                ask()
        assert not unit_of_work.in_transaction()
        assert not till.db._writing.locked()
        assert out(till.db.engine) == 0
    note_down(till, "thing:2")
    assert noted(till) == ["thing:2"]


def test_a_block_is_one_threads_and_one_databases(
    till: Till, taken: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = make_till(quick_sqlite(new_sqlite(tmp_path_factory.mktemp("other"))), FakeClock())
    with till.db.together():
        note_down(till, "thing:1")
        thread = threading.Thread(target=note_down, args=(till, "thing:2"))
        thread.start()
        thread.join()
        assert len(taken) == 2
        note_down(other, "thing:3")
        with other.db.together():
            note_down(other, "thing:4")
        note_down(till, "thing:5")
    assert len(taken) == 2
    assert noted(till) == ["thing:1", "thing:2", "thing:5"]
    assert noted(other) == ["thing:3", "thing:4"]
    other.db.close()


def end_backend(engine: Engine, backend: int) -> None:
    with engine.connect() as other:
        other.exec_driver_sql("SELECT pg_terminate_backend(%s, 5000)", (backend,))


def backend_of(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


@on_a_server
def test_a_connection_lost_before_anything_could_be_written_is_replaced(till: Till, engine: Engine) -> None:
    with till.db.together():
        with till.db.read() as connection:
            backend = backend_of(connection)
        end_backend(engine, backend)
        note_down(till, "thing:1")
    assert noted(till) == ["thing:1"]


@on_a_server
def test_a_connection_that_rested_is_asked_before_it_is_used(till: Till, engine: Engine) -> None:
    with till.db.read() as connection:
        backend = backend_of(connection)
    with engine.connect(), till.db.read() as other:
        assert backend_of(other) != backend
    end_backend(engine, backend)
    now = time.monotonic() + PING_AFTER_S
    with pytest.MonkeyPatch.context() as later:
        later.setattr("tillgate.store.engine.time.monotonic", lambda: now)
        # Reads are not tried again: each takes one of the pool that is there.
        for _ in range(3):
            assert noted(till) == []


@on_a_server
def test_a_read_that_is_lost_is_told_as_every_other(till: Till, engine: Engine) -> None:
    with pytest.raises(Unavailable, match="database_lost"), till.db.read() as connection:
        end_backend(engine, backend_of(connection))
        raise ZeroDivisionError


@on_a_server
def test_a_read_is_of_one_moment_and_a_write_of_its_own(till: Till) -> None:
    with till.db.read() as connection:
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar_one() == "repeatable read"
    with till.db.write(till.system) as uow:
        found = uow.execute(
            text("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
        )
        assert tuple(found.one()) == ("read committed", "off")


@on_a_server
def test_a_connection_lost_as_a_read_ends_is_not_gone_on_with(till: Till, engine: Engine) -> None:
    with till.db.together():
        with till.db.read() as connection:
            end_backend(engine, backend_of(connection))
        note_down(till, "thing:1")
    assert noted(till) == ["thing:1"]


@on_a_server
def test_nothing_is_written_through_a_read(till: Till) -> None:
    with pytest.raises(Unavailable, match="database_read_only"), till.db.read() as connection:
        connection.execute(text("UPDATE audit_head SET seq = seq + 1"))


@on_a_server
def test_a_look_holds_no_transaction(till: Till, engine: Engine) -> None:
    with till.db.look() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("SELECT 1")
        assert driver.info.transaction_status.name == "IDLE"


@on_a_server
def test_a_transaction_that_sqlalchemy_begins_is_one(engine: Engine) -> None:
    """Migrations and offers of secrets go past the services; the driver begins nothing by itself."""
    own = postgres_engine(engine.url.render_as_string(hide_password=False))
    change = text("INSERT INTO audit_head (till_id, seq, at, mac, seal) VALUES ('T9', 0, 0, '', '')")
    with pytest.raises(ZeroDivisionError), own.begin() as connection:
        connection.execute(change)
        raise ZeroDivisionError
    with own.connect() as connection:
        # Closed without a commit.
        connection.execute(change)
    with own.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit_head")).scalar_one() == 0
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar_one() == "read committed"
    own.dispose()


def test_connections_that_nobody_uses_are_closed_but_for_a_servers(till: Till, engine: Engine) -> None:
    opened, closed = [], []
    with till.db.read(), till.db.read(), till.db.read():
        pass
    event.listen(engine, "connect", lambda *_: opened.append(1))
    event.listen(engine, "close", lambda *_: closed.append(1))
    with till.db.read() as used:
        till.db.give_back()
        assert used.execute(select(func.count()).select_from(audit)).scalar_one() == 0
    with till.db.read() as used, till.db.read() as other:
        assert used.connection.dbapi_connection is not other.connection.dbapi_connection
    note_down(till, "thing:1")
    assert noted(till) == ["thing:1"]
    assert (len(closed), len(opened)) == ((1, 0) if till.db.is_sqlite else (0, 0))
    assert out(engine) == 0
