"""Column types that mean the same on SQLite STRICT tables and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Text,
    event,
)
from sqlalchemy import text as sql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# STRICT refuses a text in an integer column; AUTOINCREMENT never gives a deleted id again.
STRICT: Final[dict[str, Any]] = {"sqlite_strict": True}
NUMBERED: Final[dict[str, Any]] = {"sqlite_strict": True, "sqlite_autoincrement": True}

Int = BigInteger().with_variant(Integer(), "sqlite")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
E = TypeVar("E", bound=StrEnum)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """INTEGER on SQLite, BIGINT elsewhere."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())

    # The processors themselves rather than what a TypeDecorator wraps in two more calls: they run for every value.
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:
        """Raises TypeError for a naive datetime."""
        return lambda value: None if value is None else (value - _EPOCH) // _MICROSECOND

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[int | None], datetime | None]:
        """Aware, in UTC."""
        return lambda value: None if value is None else _EPOCH + timedelta(microseconds=value)


class Day(TypeDecorator[date]):
    """A calendar day, kept as ISO text so that it sorts."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        """ISO 8601."""
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        """The day."""
        return None if value is None else date.fromisoformat(value)


class _Members(dict[str | None, E | None]):
    """Words to members, None to None."""

    def __init__(self, words: type[E]) -> None:
        super().__init__({word.value: word for word in words})
        self._words = words
        self[None] = None

    def __missing__(self, value: str | None) -> E:
        raise ValueError(f"{value!r} is not a word of {self._words.__name__}")


class Words(TypeDecorator[E], Generic[E]):
    """A StrEnum, kept as its word."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[E]) -> None:
        super().__init__()
        self.words = words

    def bind_processor(self, dialect: Dialect) -> Callable[[E | str | None], str | None]:
        """Raises ValueError for a word that is not in the enum."""
        members = _Members(self.words)

        def bind(value: E | str | None) -> str | None:
            member = members[value]
            return None if member is None else member.value

        return bind

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], E | None]:
        """The member. Raises ValueError for a word that is not in the enum."""
        return _Members(self.words).__getitem__


def number() -> Column[int]:
    """The row's own number."""
    return Column("id", Int, primary_key=True)


def link(name: str, target: str, *, null: bool = False, index: bool = False) -> Column[int]:
    """A reference to another table's number."""
    return Column(name, Int, ForeignKey(f"{target}.id"), nullable=null, index=index)


def text(name: str, *, null: bool = False, unique: bool = False) -> Column[str]:
    """A text."""
    return Column(name, Text, nullable=null, unique=unique)


def integer(name: str, *, null: bool = False, default: int | None = None) -> Column[int]:
    """A whole number; amounts end in `_minor`."""
    shown = None if default is None else str(default)
    return Column(name, Int, nullable=null, server_default=shown)


def instant(name: str, *, null: bool = False, index: bool = False) -> Column[datetime]:
    """A UTC instant."""
    return Column(name, Instant, nullable=null, index=index)


def day(name: str, *, null: bool = False) -> Column[date]:
    """A calendar day of the store."""
    return Column(name, Day, nullable=null)


def words(name: str, kind: type[E], *, null: bool = False) -> Column[E]:
    """A word of an enum."""
    return Column(name, Words(kind), nullable=null)


def one_of(name: str, kind: type[StrEnum]) -> CheckConstraint:
    """The database knows the enum's words too."""
    listed = ", ".join(f"'{word.value}'" for word in kind)
    return CheckConstraint(f"{name} IN ({listed})", name=f"{name}_known")


def flag(name: str) -> CheckConstraint:
    """An integer that is 0 or 1."""
    return CheckConstraint(f"{name} IN (0, 1)", name=f"{name}_flag")


def not_negative(name: str) -> CheckConstraint:
    """An amount or a count that never goes below zero."""
    return CheckConstraint(f"{name} >= 0", name=f"{name}_not_negative")


def positive(name: str) -> CheckConstraint:
    """An amount or a count of at least one."""
    return CheckConstraint(f"{name} > 0", name=f"{name}_positive")


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the rows of a condition."""
    made = Index(name, *columns, unique=unique, sqlite_where=sql(where))

    @event.listens_for(made, "before_create")
    def _on_postgres(index: Index, connection: Connection, **_: Any) -> None:
        # Only here: to name one of its options is to load all of that dialect, in tills that never see a server.
        if connection.dialect.name == "postgresql":
            index.dialect_options["postgresql"]["where"] = sql(where)

    return made
