"""Bring a database to this version's schema; refuse one that a newer version wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Engine, inspect, text

from tillgate.domain.errors import Refused

_HERE: Final = Path(__file__).parent / "migrations"
# The newest revision, so that an up-to-date database is told without loading Alembic.
HEAD: Final = "0015"
_KNOWN: Final = frozenset({*(f"{number:04d}" for number in range(1, int(HEAD))), HEAD})


def current_revision(engine: Engine) -> str | None:
    """The revision a database is at, or None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def upgrade(engine: Engine) -> bool:
    """Migrate to HEAD in one transaction; True if anything was done. Raises Refused("database_newer")."""
    found = current_revision(engine)
    if found == HEAD:
        return False
    if found is not None and found not in _KNOWN:
        raise Refused("database_newer", found=found, known=HEAD)
    from alembic import command  # noqa: PLC0415 - costs start-up time that only a migration should pay
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    with engine.execution_options(writing=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True
