"""Statements are compiled once in a run: each test has an engine of its own, and what it asks is always the same."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

STATEMENTS: Final = 3_000


class Compiled(LRUCache[Any, Any]):
    """SQLAlchemy's cache of an engine, for every engine of a kind: its keys begin with the engine's own dialect."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key[1:])

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


_compiled: Final[dict[object, Compiled]] = {}


def share_compiled_statements() -> None:
    """From now on, every engine of this process uses what an earlier one of its kind compiled."""
    event.listen(Engine, "engine_connect", _use_what_is_compiled)


def _use_what_is_compiled(connection: Connection) -> None:
    dialect = connection.dialect
    kind = (type(dialect), dialect.loaded_dbapi, dialect.server_version_info)
    connection.execution_options(compiled_cache=_compiled.setdefault(kind, Compiled(STATEMENTS)))
