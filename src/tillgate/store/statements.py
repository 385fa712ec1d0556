"""Statements of the money path: written in SQLAlchemy Core, compiled once, run on the driver's own cursor.

Core costs 3.4 times the bare driver for the same work, this 1.8 (performance.md). Values and rows go through the same
column types; errors come out as SQLAlchemy's.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from sqlalchemy import Column, Connection, Delete, Insert, Select, Table, TextClause, Update, bindparam, insert, update
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.dml import ReturningInsert

# A row whose values have their columns' names.
Named: TypeAlias = Any
_Convert = Callable[[Any], Any]
# A text comes with its parameters' types, and gives its rows as the driver has them.
Written = Select[Any] | Insert | Update | Delete | TextClause
_CURSOR: Final = "cursor"
_MANY: Final = 1_000
# So many rows go to the database at once; each more is a journey less to a server.
_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class _Compiled:
    text: str
    # Values that the statement itself has.
    fixed: dict[str, Any]
    # Parameters in the order of their marks, where the driver counts them.
    marks: tuple[tuple[str, _Convert | None], ...] | None
    binds: tuple[tuple[str, _Convert], ...]
    results: tuple[tuple[int, _Convert], ...]
    columns: tuple[str, ...]

    def let_go(self, cursor: Any) -> None:
        """SQLite's cursor holds what it reads until it is closed; a server's has all of it, and is used again."""
        if self.marks is not None:
            cursor.close()


class Statement:
    """A select, insert or update with bound parameters, run many times."""

    def __init__(self, statement: Written) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, **values: Any) -> list[tuple[Any, ...]]:
        """All rows."""
        found, compiled = self._fetched(connection, values)
        return [_converted(row, compiled.results) for row in found]

    def named(self, connection: Connection, **values: Any) -> list[Named]:
        """All rows, their values by their columns' names."""
        found, compiled = self._fetched(connection, values)
        made = _row_of(compiled.columns)._make
        return [made(_converted(row, compiled.results)) for row in found]

    def first(self, connection: Connection, **values: Any) -> tuple[Any, ...] | None:
        """The first row, or None."""
        cursor, compiled = self._run(connection, values)
        try:
            row = cursor.fetchone()
        finally:
            compiled.let_go(cursor)
        return None if row is None else _converted(row, compiled.results)

    def count(self, connection: Connection, **values: Any) -> int:
        """How many rows were changed."""
        cursor, compiled = self._run(connection, values)
        try:
            return int(cursor.rowcount)
        finally:
            compiled.let_go(cursor)

    def number(self, connection: Connection, **values: Any) -> int:
        """The number of the row that was inserted."""
        cursor, compiled = self._run(connection, values)
        try:
            if connection.dialect.name == "sqlite":
                return int(cursor.lastrowid)
            return int(cursor.fetchone()[0])
        finally:
            compiled.let_go(cursor)

    def _fetched(self, connection: Connection, values: dict[str, Any]) -> tuple[list[Any], _Compiled]:
        cursor, compiled = self._run(connection, values)
        try:
            found = cursor.fetchall()
        finally:
            compiled.let_go(cursor)
        if len(found) > _MANY:
            # A cursor that is kept keeps what it read last.
            connection.connection.info.pop(_CURSOR, None)
        return found, compiled

    def _run(self, connection: Connection, values: dict[str, Any]) -> tuple[Any, _Compiled]:
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._statement, dialect)
        given = {**compiled.fixed, **values} if compiled.fixed else values
        parameters: Any = given
        if compiled.marks is not None:
            parameters = [given[name] if convert is None else convert(given[name]) for name, convert in compiled.marks]
        else:
            # In place: what was given by name is this call's own.
            for name, convert in compiled.binds:
                given[name] = convert(given[name])
        try:
            return _runner(connection).execute(compiled.text, parameters), compiled
        except Exception as error:
            raise _translated(error, compiled.text, connection) from error


def driver_of(connection: Connection) -> Any:
    """The driver's own connection. Raises PendingRollbackError where it was lost: SQLAlchemy would give another one, on
    which half of the work would be done."""
    return _alive(connection).dbapi_connection


def _alive(connection: Connection) -> PoolProxiedConnection:
    if connection.invalidated:
        raise PendingRollbackError("the connection was lost")
    return connection.connection


def _runner(connection: Connection) -> Any:
    """What runs statements. A server's connection has one cursor for all of them: psycopg takes longer to make one."""
    pooled = _alive(connection)
    if connection.dialect.name == "sqlite":
        return pooled.dbapi_connection
    kept = pooled.info.get(_CURSOR)
    if kept is None:
        kept = pooled.info[_CURSOR] = pooled.cursor()
    return kept


def run_text(connection: Connection, text: str) -> None:
    """Run a statement without parameters or rows, such as BEGIN."""
    try:
        _runner(connection).execute(text)
    except Exception as error:
        raise _translated(error, text, connection) from error


def commit_driver(connection: Connection) -> None:
    """Commit what the driver was given; for less than SQLAlchemy's own transaction costs."""
    driver = driver_of(connection)
    try:
        driver.commit()
    except Exception as error:
        raise _translated(error, "COMMIT", connection) from error


def _compile(statement: Written, dialect: Dialect) -> _Compiled:
    if isinstance(statement, Insert) and dialect.name != "sqlite" and "id" in statement.table.c:
        statement = statement if statement.exported_columns else statement.returning(statement.table.c.id)
    compiled = statement.compile(dialect=dialect)
    binds = {}
    for name, bind in compiled.binds.items():
        convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:
            binds[name] = convert
    columns = () if isinstance(statement, TextClause) else tuple(statement.exported_columns)
    results = []
    for index, column in enumerate(columns):
        convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if convert is not None:
            results.append((index, convert))
    order: Sequence[str] | None = compiled.positiontup if dialect.positional else None
    return _Compiled(
        str(compiled),
        {name: value for name, value in compiled.params.items() if not compiled.binds[name].required},
        None if order is None else tuple((name, binds.get(name)) for name in order),
        tuple(binds.items()),
        tuple(results),
        tuple(str(column.key) for column in columns),
    )


@cache
def _row_of(columns: tuple[str, ...]) -> Any:
    return namedtuple("Row", columns)


def _converted(row: tuple[Any, ...], results: tuple[tuple[int, _Convert], ...]) -> tuple[Any, ...]:
    if not results:
        return row
    values = list(row)
    for index, convert in results:
        values[index] = convert(values[index])
    return tuple(values)


def _translated(error: Exception, text: str, connection: Connection) -> Exception:
    dbapi: Any = connection.dialect.dbapi
    if not isinstance(error, dbapi.Error):
        return error
    gone = connection.dialect.is_disconnect(error, connection.connection, None)
    if gone:
        connection.invalidate(error)
    translated: Exception = DBAPIError.instance(
        text, None, error, dbapi.Error, hide_parameters=True, connection_invalidated=gone, dialect=connection.dialect
    )
    return translated


_INSERTS: Final[dict[tuple[str, tuple[str, ...]], Statement]] = {}
_RETURNING: Final[dict[tuple[str, tuple[str, ...], tuple[str, ...]], Statement]] = {}
# With its parameters' names, the new values first.
_UPDATES: Final[dict[tuple[str, tuple[str, ...], tuple[str, ...]], tuple[Statement, tuple[str, ...]]]] = {}


def insert_row(connection: Connection, table: Table, row: Mapping[str, object]) -> int:
    """Insert one row; its new number."""
    key = (table.name, tuple(row))
    statement = _INSERTS.get(key)
    if statement is None:
        statement = _INSERTS[key] = Statement(insert(table).values({name: bindparam(name) for name in row}))
    return statement.number(connection, **row)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows that all name the same columns."""
    for first in range(0, len(rows), _AT_ONCE):
        some = rows[first : first + _AT_ONCE]
        given = {f"{name}_{place}": value for place, row in enumerate(some) for name, value in row.items()}
        _insert_of(table, tuple(some[0]), len(some)).count(connection, **given)


@cache
def _insert_of(table: Table, names: tuple[str, ...], rows: int) -> Statement:
    values = [{name: bindparam(f"{name}_{place}", type_=table.c[name].type) for name in names} for place in range(rows)]
    return Statement(insert(table).values(values))


def insert_returning(
    connection: Connection, table: Table, row: Mapping[str, object], columns: Sequence[Column[Any]]
) -> tuple[Any, ...]:
    """Insert one row; these columns of it as it is kept."""
    key = (table.name, tuple(row), tuple(column.name for column in columns))
    statement = _RETURNING.get(key)
    if statement is None:
        made = insert(table).values({name: bindparam(name) for name in row}).returning(*columns)
        statement = _RETURNING[key] = Statement(made)
    (kept,) = statement.rows(connection, **row)
    return kept


def insert_unless_there(connection: Connection, table: Table, row: Mapping[str, object]) -> ReturningInsert[Any]:
    """An insert that leaves a row of the same key as it is; it gives the key of one that it made."""
    # Each dialect has its own, and a till with its own file does without PostgreSQL's.
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite  # noqa: PLC0415

        return sqlite.insert(table).values(row).on_conflict_do_nothing().returning(*table.primary_key)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415

    return postgresql.insert(table).values(row).on_conflict_do_nothing().returning(*table.primary_key)


def update_rows(connection: Connection, table: Table, where: Mapping[str, object], values: Mapping[str, object]) -> int:
    """Set columns of the rows whose columns equal `where`; how many there were."""
    key = (table.name, tuple(where), tuple(values))
    found = _UPDATES.get(key)
    if found is None:
        change = update(table).values({name: bindparam(f"v_{name}") for name in values})
        for name in where:
            change = change.where(table.c[name] == bindparam(f"w_{name}", type_=table.c[name].type))
        names = (*(f"v_{name}" for name in values), *(f"w_{name}" for name in where))
        found = _UPDATES[key] = (Statement(change), names)
    statement, names = found
    return statement.count(connection, **dict(zip(names, (*values.values(), *where.values()), strict=True)))
