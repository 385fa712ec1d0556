"""What a database error means to whoever waits: try again, read only, damaged, full, busy, or out of reach."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError

from tillgate.domain.errors import MoneyMoved, Unavailable

# PostgreSQL: serialization failure, deadlock, lock not available.
_PG_AGAIN: Final = frozenset({"40001", "40P01", "55P03"})
# PostgreSQL: it is going down, was killed, or comes up; and every class of a broken connection.
_PG_GONE: Final = ("57P01", "57P02", "57P03", "08")


def may_try_again(error: DBAPIError) -> bool:
    """Whether the database was only busy."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _PG_AGAIN
    return isinstance(error, OperationalError) and "locked" in str(error.orig)


def broke_the_file(error: DBAPIError) -> bool:
    """Whether the disk itself failed: what the open connections think of the file is not to be trusted any more."""
    return "disk I/O" in str(error.orig)


def explained(error: DBAPIError, *, writing: bool) -> Exception:
    """The error as a screen can say it, or itself where it is nobody's but ours.

    Where a write broke on its way nobody knows whether it was kept: money may have moved, and is read again by its key.
    """
    if error.connection_invalidated:
        return _lost(writing)
    if _is_gone(error):
        # There was no connection, or none that took anything: nothing was written.
        return _lost(writing=False)
    reason = str(error.orig)
    if "disk I/O" in reason:
        return Unavailable("disk_failed", money_moved=MoneyMoved.UNKNOWN if writing else MoneyMoved.NO)
    for code, words in _MEANINGS.items():
        if any(word in reason for word in words):
            return Unavailable(code)
    return error


_MEANINGS: Final = {
    "disk_failed": ("disk is full", "No space left"),
    "database_read_only": ("readonly", "unable to open", "read-only transaction"),
    "database_damaged": ("malformed", "not a database"),
    "database_busy": ("locked",),
}


def _lost(writing: bool) -> Unavailable:
    if writing:
        return Unavailable("commit_unknown", money_moved=MoneyMoved.UNKNOWN)
    return Unavailable("database_lost")


def _is_gone(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_PG_GONE)
    # Without a state it is libpq's own: it never got as far as a statement.
    return isinstance(error, OperationalError) and type(error.orig).__module__.startswith("psycopg")
