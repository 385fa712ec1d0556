"""Bring a database to this version's schema; refuse one that a newer version wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from tillgate.domain.errors import Refused
from tillgate.store.named_lock import NamedLock, begin_alone
from tillgate.store.statements import Statement

_HERE: Final = Path(__file__).parent / "migrations"
# The newest revision, so that an up-to-date database is told without loading Alembic.
HEAD: Final = "0023"
# How long the others wait for whoever migrates; below the server's own limit for a statement.
_PATIENCE_S: Final = 50
# Of the session, outside of any transaction.
_LIMIT: Final = Statement(text("SELECT set_config('lock_timeout', :limit, false)"))
_TAKE: Final = Statement(text("SELECT pg_advisory_lock(:number)"))
_KNOWN: Final = frozenset({*(f"{number:04d}" for number in range(1, int(HEAD))), HEAD})


def current_revision(engine: Engine) -> str | None:
    """The revision a database is at, or None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


@contextmanager
def beginning_alone(engine: Engine) -> Iterator[bool]:
    """Only one process at a time begins a shared database; whether it is still empty, once it is this one's turn.

    Held by a connection of its own, so that a process that dies lets go. A local file is one process's already.
    Raises Unavailable("lock_not_won").
    """
    if engine.dialect.name == "sqlite":
        yield current_revision(engine) is None
        return
    lock = NamedLock("begin", _PATIENCE_S)
    with engine.connect() as connection:
        try:
            try:
                _LIMIT.first(connection, limit=f"{_PATIENCE_S}s")
                _TAKE.first(connection, number=lock.number)
            except DBAPIError as error:
                raise lock.not_won() from error
            yield current_revision(engine) is None
        finally:
            # Closed rather than given back to the pool: lock and limit end with it.
            connection.invalidate()


def upgrade(engine: Engine) -> bool:
    """Migrate to HEAD in one transaction, one process at a time; True if anything was done.

    Raises Refused("database_newer"), Unavailable("lock_not_won").
    """
    found = current_revision(engine)
    if found == HEAD:
        return False
    if found is not None and found not in _KNOWN:
        raise Refused("database_newer", found=found, known=HEAD)
    from alembic import command  # noqa: PLC0415 - costs start-up time that only a migration should pay
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    lock = NamedLock("migrations", _PATIENCE_S)
    lock.begin()
    with engine.connect() as connection:
        begin_alone(connection, lock)
        # Alembic commits each step by itself, unless SQLAlchemy knows of a transaction.
        with connection.begin():
            # Whoever was quicker has done it: then nothing is left to do.
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return True
