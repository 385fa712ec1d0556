"""What the sign-in screen shows, read by the bare driver: names are on screen before SQLAlchemy is even loaded.

Only reads, and only what people see before they sign in; everything that follows goes through the open till.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pysqlite3.dbapi2 as sqlite_driver

from tillgate.domain.errors import Invalid
from tillgate.domain.pins import waiting
from tillgate.domain.settings import OPTIONS, Settings
from tillgate.domain.staff import Person, Role

_TIMEOUT_S: Final = 0.2
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PEOPLE: Final = "SELECT id, name, role, locked_at, failed_tries, last_try_at FROM staff WHERE active = 1 ORDER BY name"


@dataclass(frozen=True, slots=True)
class FirstLook:
    """The store's options and everyone who can sign in, by name."""

    settings: Settings
    people: tuple[Person, ...]


def first_look(path: Path, now: datetime) -> FirstLook | None:
    """Look into a database file without changing it; None where that is not to be had, or shows nobody.

    Whether the file is sound, and of this version, is decided when the till opens it.
    """
    if not path.exists():
        return None
    try:
        where = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite_driver.connect(where, uri=True, timeout=_TIMEOUT_S)) as connection:
            settings = _settings(connection)
            people = tuple(_person(now, row) for row in connection.execute(_PEOPLE))
    except (sqlite_driver.Error, Invalid, ValueError, TypeError):
        return None
    return FirstLook(settings, people) if people else None


def _settings(connection: Any) -> Settings:
    """Raises Invalid for a stored text that this version can't read."""
    known = {option.name: option for option in OPTIONS}
    stored = {name: text for name, text in connection.execute("SELECT name, value FROM setting") if name in known}
    for name, text in stored.items():
        known[name].read(text)
    return Settings(stored)


def _person(now: datetime, row: tuple[int, str, str, int | None, int, int | None]) -> Person:
    number, name, role, locked_at, failed_tries, last_try_at = row
    last = None if last_try_at is None else _EPOCH + timedelta(microseconds=last_try_at)
    return Person(number, name, Role(role), locked_at is not None, waiting(failed_tries, last, now).seconds)
