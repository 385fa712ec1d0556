"""Connections between transactions: one for a whole block, nothing left open on it, and a look that opens nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text

from tests.factories.clock import FakeClock
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tillgate.domain.errors import Unavailable
from tillgate.services.till import Till
from tillgate.store import unit_of_work
from tillgate.store.engine import postgres_engine
from tillgate.store.models import audit, audit_head
from tillgate.store.statements import update_rows
from tillgate.store.unit_of_work import UnitOfWork

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


def test_a_connection_that_rested_in_a_block_is_given_back_first(
    till: Till, taken: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_of_work, "PING_AFTER_S", 0)
    with till.db.together():
        note_down(till, "thing:1")
        note_down(till, "thing:2")
    assert len(taken) == 2


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


@on_a_server
def test_a_connection_lost_in_a_block_is_told_once(till: Till, engine: Engine) -> None:
    with till.db.together():
        with till.db.look() as connection:
            backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with engine.connect() as other:
            other.exec_driver_sql("SELECT pg_terminate_backend(%s, 5000)", (backend,))
        with pytest.raises(Unavailable, match="commit_unknown"):
            note_down(till, "thing:1")
        note_down(till, "thing:2")
    assert noted(till) == ["thing:2"]


@on_a_server
def test_a_connection_lost_as_a_read_ends_is_not_gone_on_with(till: Till, engine: Engine) -> None:
    with till.db.together():
        with till.db.read() as connection, engine.connect() as other:
            backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            other.exec_driver_sql("SELECT pg_terminate_backend(%s, 5000)", (backend,))
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
