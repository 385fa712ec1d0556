"""Statements on the driver's own cursor: values and rows as SQLAlchemy's column types have them, on either database."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from datetime import date

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError, IntegrityError, PendingRollbackError

from tests.factories.clock import START
from tillgate.services.till import Till
from tillgate.store.models import metric, number_series, outbox
from tillgate.store.statements import Statement, insert_row, insert_rows, update_rows
from tillgate.store.unit_of_work import UnitOfWork

DAY = date(2026, 11, 21)
_OF_DAY = Statement(
    select(metric.c.label.label("called"), metric.c.day, metric.c.count)
    .where(metric.c.day == bindparam("day"), metric.c.count >= 1)
    .order_by(metric.c.count)
)


def _metrics(count: int) -> list[dict[str, object]]:
    fixed = {"day": DAY, "name": "error", "sum_ms": 0, "max_ms": 0}
    return [{**fixed, "label": f"label {number}", "count": number} for number in range(1, count + 1)]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 16, 17])
def test_rows_are_inserted_however_many_they_are(till: Till, count: int) -> None:
    with till.db.write(till.system) as uow:
        insert_rows(uow.connection, metric, _metrics(count))
    with till.db.read() as connection:
        found = _OF_DAY.rows(connection, day=DAY)
    assert found == [(f"label {number}", DAY, number) for number in range(1, count + 1)]


def test_a_row_has_its_values_by_their_columns_names(till: Till) -> None:
    with till.db.write(till.system) as uow:
        insert_rows(uow.connection, metric, _metrics(2))
        first, second = _OF_DAY.named(uow.connection, day=DAY)
    assert (first.called, first.day, second.count) == ("label 1", DAY, 2)
    with till.db.read() as connection:
        assert _OF_DAY.named(connection, day=date(2026, 11, 22)) == []


def test_a_value_that_is_missing_is_an_error_and_not_null(till: Till) -> None:
    with till.db.read() as connection, pytest.raises(KeyError, match="day"):
        _OF_DAY.rows(connection)


def test_an_error_is_sqlalchemys_and_names_no_value(till: Till) -> None:
    with till.db.write(till.system) as uow:
        insert_row(uow.connection, outbox, _work("same"))
        with pytest.raises(IntegrityError) as refused, uow.savepoint():
            insert_rows(uow.connection, outbox, [_work("other"), _work("same")])
    assert "other" not in str(refused.value.params)
    assert refused.value.hide_parameters


def test_a_part_that_fails_leaves_nothing_and_the_rest_stays(till: Till) -> None:
    with till.db.write(till.system) as uow:
        insert_row(uow.connection, outbox, _work("before"))
        with pytest.raises(ZeroDivisionError), uow.savepoint():
            insert_row(uow.connection, outbox, _work("inside"))
            with pytest.raises(DBAPIError), uow.savepoint():
                insert_row(uow.connection, outbox, _work("before"))
            # What was refused within is gone, and this part goes on.
            insert_row(uow.connection, outbox, _work("inside too"))
            uow.record("told", "outbox:1")
            raise ZeroDivisionError
        assert uow.entries == []
        with uow.savepoint():
            insert_row(uow.connection, outbox, _work("kept"))
        insert_row(uow.connection, outbox, _work("after"))
    with till.db.read() as connection:
        keys = connection.execute(select(outbox.c.dedupe_key).order_by(outbox.c.id)).scalars().all()
    assert keys == ["before", "kept", "after"]


def test_a_write_that_raises_is_undone_whoever_sent_it(till: Till) -> None:
    """By the driver alone, by SQLAlchemy alone, and by both."""
    for ways in ({"driver"}, {"core"}, {"driver", "core"}):
        with pytest.raises(ZeroDivisionError), till.db.write(till.system) as uow:
            if "driver" in ways:
                insert_row(uow.connection, outbox, _work("driver"))
            if "core" in ways:
                uow.execute(number_series.insert().values(name="core", next=1))
            raise ZeroDivisionError
        with till.db.read() as connection:
            assert connection.execute(select(outbox.c.id)).first() is None
            assert (
                connection.execute(select(number_series.c.name).where(number_series.c.name == "core")).first() is None
            )
        with till.db.write(till.system) as uow:
            assert update_rows(uow.connection, outbox, {"dedupe_key": "driver"}, {"next_at": START}) == 0


def test_a_lost_connection_is_never_gone_on_with(till: Till) -> None:
    """SQLAlchemy gives another connection by itself, on which half of the work would be kept."""

    def by_driver(uow: UnitOfWork) -> None:
        insert_row(uow.connection, outbox, _work("second"))

    def by_core(uow: UnitOfWork) -> None:
        uow.execute(outbox.insert().values(_work("second")))

    def nothing(_uow: UnitOfWork) -> None:
        pass

    for go_on in (by_driver, by_core, nothing):
        with pytest.raises(PendingRollbackError), till.db.write(till.system) as uow:
            insert_row(uow.connection, outbox, _work("first"))
            uow.connection.invalidate()
            go_on(uow)
        with till.db.read() as connection:
            assert connection.execute(select(outbox.c.id)).first() is None


def test_what_a_server_undid_is_never_committed_as_if_it_were_kept(till: Till) -> None:
    """Somebody swallows a failed statement. A file keeps what came before it; a server answers the COMMIT without an
    error, and keeps nothing."""
    refused = nullcontext() if till.db.is_sqlite else pytest.raises(PendingRollbackError)
    with refused, till.db.write(till.system) as uow:
        insert_row(uow.connection, outbox, _work("first"))
        with suppress(IntegrityError):
            insert_row(uow.connection, outbox, _work("first"))
    with till.db.read() as connection:
        assert (connection.execute(select(outbox.c.id)).first() is not None) == till.db.is_sqlite


def _work(key: str) -> dict[str, object]:
    return {"kind": "mail", "dedupe_key": key, "payload": "{}", "created_at": START, "next_at": START}
