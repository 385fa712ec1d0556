"""Connections to a PostgreSQL database that outlive a test: each new one learns every table and plan from nothing,
which costs the server more than most tests do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event
from sqlalchemy.pool import QueuePool

from tests.factories.tills import empty_postgres
from tillgate.store.engine import postgres_engine

# What a session may have of its own, but for the statements that it prepared.
_FORGET: Final = "RESET ALL; SELECT pg_advisory_unlock_all(); UNLISTEN *"
_MOST: Final = 6


class KeptConnections:
    """One database and the connections to it that no test uses now."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._resting: list[psycopg.Connection[Any]] = []

    @contextmanager
    def empty_engine(self) -> Iterator[Engine]:
        """The application's engine on the emptied database; what it connected is kept for the next."""
        engine = postgres_engine(self.url)
        event.listen(engine, "do_connect", self._take)
        empty_postgres(engine)
        yield engine
        self._keep(engine)
        engine.dispose()

    def close(self) -> None:
        """Let go of them all."""
        while self._resting:
            self._resting.pop().close()

    def _take(self, *_: object) -> psycopg.Connection[Any] | None:
        """One that rests and is as new; None where there is none, and SQLAlchemy connects."""
        while self._resting:
            found = self._resting.pop()
            if _is_as_new(found):
                return found
        return None

    def _keep(self, engine: Engine) -> None:
        pool = engine.pool
        assert isinstance(pool, QueuePool)
        lent = [engine.raw_connection() for _ in range(pool.checkedin())]
        for each in lent:
            driver: Any = each.dbapi_connection
            each.detach()
            if _is_as_new(driver) and len(self._resting) < _MOST:
                self._resting.append(driver)
            else:
                driver.close()


def _is_as_new(connection: psycopg.Connection[Any]) -> bool:
    """Whether it is alive and between transactions, and has forgotten what the test before set. Closed if not."""
    if connection.info.transaction_status is TransactionStatus.IDLE and connection.autocommit:
        try:
            connection.execute(_FORGET)
        except psycopg.Error:
            pass
        else:
            return True
    connection.close()
    return False
