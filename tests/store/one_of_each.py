"""A row in every table, made from the models alone: whatever is added later gets one too."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, Column, Connection, Table, insert, select

from tillgate.domain.payment import PaymentState
from tillgate.store.columns import Day, Instant, Words
from tillgate.store.models import metadata

_numbers = itertools.count(1)
# An order of one piece in instalments, nothing of it paid.
_PLANNED: dict[str, dict[str, Any]] = {
    "instalment_order": {
        "quantity": 1,
        "total_days": 10,
        "discount_minor": 0,
        "paid_minor": 0,
        "paid_count": 0,
        "returned_minor": 0,
    },
    "instalment": {"returned_minor": 0},
}
AT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def fill(connection: Connection) -> dict[str, dict[str, Any]]:
    """One row in each table, parents first; every nullable column stays NULL. The rows, by table."""
    rows: dict[str, dict[str, Any]] = {}
    for table in metadata.sorted_tables:
        given: dict[str, Any] = {}
        if table.name == "payment":
            given["state"] = PaymentState.CAPTURED
        if table.name == "sales_credit_note_line":
            given["total_minor"] = -10_000
        if table.name == "payment_batch":
            given["wanted"] = 3
        given |= _PLANNED.get(table.name, {})
        if table.name == "approval":
            given["approved_by"] = add(connection, metadata.tables["staff"], rows)["id"]
        if table.name == "referral":
            given["referrer_id"] = add(connection, metadata.tables["customer"], rows)["id"]
        rows[table.name] = add(connection, table, rows, **given)
    return rows


def add(connection: Connection, table: Table, parents: dict[str, dict[str, Any]], **values: Any) -> dict[str, Any]:
    """One more row of a table; the row as the database has it."""
    given = {column.name: _value(column, parents) for column in table.c if not column.nullable and not _counted(column)}
    made = connection.execute(insert(table).values({**given, **values})).inserted_primary_key
    key = {column.name: value for column, value in zip(table.primary_key, made or (), strict=True)}
    found = connection.execute(select(table).where(*(table.c[name] == value for name, value in key.items()))).one()
    return dict(found._mapping)


def other_value(column: Column[Any], value: Any) -> Any:
    """A value that the column may hold, and that is not this one."""
    kind = column.type
    if isinstance(kind, Words):
        return next((word for word in kind.words if word != value), None)
    if isinstance(kind, Instant):
        return (value or AT) + timedelta(days=1)
    if isinstance(kind, Day):
        return (value or AT.date()) + timedelta(days=1)
    if kind.python_type is int:
        return 1 - value if value in (0, 1) else (value or 0) + 1
    return b"other" if kind.python_type is bytes else f"{value or ''}~"


def _counted(column: Column[Any]) -> bool:
    return column.primary_key and column.name == "id" and not column.foreign_keys


def _value(column: Column[Any], parents: dict[str, dict[str, Any]]) -> Any:
    for key in column.foreign_keys:
        return parents[key.column.table.name][key.column.name]
    kind = column.type
    if isinstance(kind, Words):
        return next(word for word in kind.words)
    if isinstance(kind, (Instant, Day)):
        return AT if isinstance(kind, Instant) else AT.date()
    if kind.python_type is int:
        if column.primary_key:
            return next(_numbers)
        return 0 if _is_flag(column) else 10_000
    text = "INR" if column.name == "currency" else f"{column.name} {next(_numbers)}"
    return text.encode() if kind.python_type is bytes else text


def _is_flag(column: Column[Any]) -> bool:
    checks = (str(each.sqltext) for each in column.table.constraints if isinstance(each, CheckConstraint))
    return any(re.fullmatch(rf"{column.name} IN \(0, 1\)", text) for text in checks)
