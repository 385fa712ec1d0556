"""What a till sent to PostgreSQL, sent again by the bare driver to a twin of the database: the same work's floor."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import Engine, event

COMMIT = "COMMIT"
# Rows of a payment's creation, as text; the twin's must be the same.
_WRITTEN = "SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {} t"
_COUNTED = "SELECT count(*) FROM {}"
_TABLES = ("payment", "allocation", "payment_attempt", "provider_call", "audit")


class Recorded:
    """Every statement that an engine sends from now on, with its values and its transactions' ends. One at a time."""

    def __init__(self, engine: Engine) -> None:
        self._steps: list[tuple[Any, Any]] = []
        steps = self._steps

        class Recording(psycopg.Cursor[Any]):
            """Writes down what goes through it."""

            def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
                steps.append((query, params))
                return super().execute(query, params, **more)

        @event.listens_for(engine, "connect")
        def _connected(driver: psycopg.Connection[Any], _entry: object) -> None:
            driver.cursor_factory = Recording
            commit = driver.commit

            def committed() -> None:
                if driver.pgconn.transaction_status:
                    steps.append((COMMIT, None))
                commit()

            driver.commit = committed  # type: ignore[method-assign]

    def take(self) -> list[tuple[Any, Any]]:
        """What was sent since the last time."""
        taken = list(self._steps)
        self._steps.clear()
        return taken


def send_again(bare: psycopg.Connection[Any], steps: list[tuple[Any, Any]]) -> None:
    """The same statements with the same values, in the same transactions, on a connection that commits by itself."""
    for query, params in steps:
        bare.execute(query, params)


def written(connection: psycopg.Connection[Any]) -> list[Any]:
    """A digest of every row that a payment's creation writes."""
    return [connection.execute(_WRITTEN.format(table)).fetchone() for table in _TABLES]


def counted(connection: psycopg.Connection[Any]) -> list[Any]:
    """How many rows each of those tables has."""
    return [connection.execute(_COUNTED.format(table)).fetchone() for table in _TABLES]
