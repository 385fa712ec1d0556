"""The one clock that all computers on a database share."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, select


def database_now(connection: Connection, local: datetime) -> datetime:
    """The server's own time, whatever this computer's clock says; `local` for a file, which one computer has alone."""
    if connection.dialect.name == "sqlite":
        return local
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)
