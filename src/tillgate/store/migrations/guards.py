"""What the database refuses by itself: rows that are never deleted, columns that never change, moves off the table.

Declared once as data and written as triggers for either database. A migration calls `install` with its own frozen
lists, so that a later change here never rewrites history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Guards:
    """`frozen` columns never change; `set_once` may go from NULL to a value only; `moves` is "FROM>TO"."""

    append_only: Sequence[str] = ()
    never_deleted: Sequence[str] = ()
    frozen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    set_once: Mapping[str, Sequence[str]] = field(default_factory=dict)
    moves: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # table -> (condition on OLD, columns) for rows that become final.
    frozen_when: Mapping[str, tuple[str, Sequence[str]]] = field(default_factory=dict)


def install(connection: Connection, guards: Guards) -> None:
    """Write the triggers."""
    writer = _Sqlite(connection) if connection.dialect.name == "sqlite" else _Postgres(connection)
    for table in guards.append_only:
        writer.refuse(table, "delete", "", "", f"{table}_append_only")
        writer.refuse(table, "update", "", "", f"{table}_append_only")
    for table in guards.never_deleted:
        writer.refuse(table, "delete", "", "", f"{table}_never_deleted")
    for table, columns in guards.frozen.items():
        changed = " OR ".join(writer.differs(column) for column in columns)
        writer.refuse(table, "update", "frozen", changed, f"{table}_frozen")
    for table, columns in guards.set_once.items():
        changed = " OR ".join(f"(OLD.{column} IS NOT NULL AND {writer.differs(column)})" for column in columns)
        writer.refuse(table, "update", "set_once", changed, f"{table}_set_once")
    for table, allowed in guards.moves.items():
        listed = ", ".join(f"'{move}'" for move in allowed)
        moved = f"{writer.differs('state')} AND (OLD.state || '>' || NEW.state) NOT IN ({listed})"
        writer.refuse(table, "update", "move", moved, f"{table}_move_not_allowed")
    for table, (condition, columns) in guards.frozen_when.items():
        changed = " OR ".join(writer.differs(column) for column in columns)
        writer.refuse(table, "update", "final", f"({condition}) AND ({changed})", f"{table}_final")


class _Sqlite:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def differs(self, column: str) -> str:
        return f"OLD.{column} IS NOT NEW.{column}"

    def refuse(self, table: str, verb: str, what: str, condition: str, message: str) -> None:
        when = f"WHEN {condition} " if condition else ""
        name = "_".join(filter(None, ("guard", table, verb, what)))
        self.connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON {table} {when}BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )


class _Postgres:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        connection.exec_driver_sql(
            "CREATE OR REPLACE FUNCTION tillgate_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$".replace("%", "%%")
        )

    def differs(self, column: str) -> str:
        return f"OLD.{column} IS DISTINCT FROM NEW.{column}"

    def refuse(self, table: str, verb: str, what: str, condition: str, message: str) -> None:
        when = f"WHEN ({condition}) " if condition else ""
        name = "_".join(filter(None, ("guard", table, verb, what)))
        self.connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON {table} FOR EACH ROW {when}"
            f"EXECUTE FUNCTION tillgate_refuse('{message}')"
        )
