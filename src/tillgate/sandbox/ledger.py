"""The sandbox's ledger: records of every provider in one SQLite file, and an append-only log of what happened.

A record is a dataclass of its provider; the columns that look-ups need are kept beside its JSON. Every save is
an event, so what a provider ever believed can be read back. Work that the provider does later (a delayed
approval, a refund on its way) is a row in `due`, so that a restart loses nothing.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pysqlite3 as sqlite3

from tillgate.domain.errors import Bug
from tillgate.sandbox.clock import SandboxClock

MEMORY = ":memory:"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    reference TEXT,
    parent_id TEXT,
    status TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (provider, kind, id)
) STRICT;
CREATE INDEX IF NOT EXISTS record_reference ON record (provider, kind, reference) WHERE reference IS NOT NULL;
CREATE INDEX IF NOT EXISTS record_parent ON record (provider, kind, parent_id) WHERE parent_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    provider TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    event TEXT NOT NULL,
    status TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS event_of ON event (provider, kind, event);
CREATE TRIGGER IF NOT EXISTS event_is_final BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS event_stays BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS record_stays BEFORE DELETE ON record
    BEGIN SELECT RAISE(ABORT, 'a record is never deleted'); END;
CREATE TABLE IF NOT EXISTS claim (
    provider TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (provider, scope, key)
) STRICT;
CREATE TABLE IF NOT EXISTS due (
    seq INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    action TEXT NOT NULL,
    id TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS due_at ON due (provider, at_ms);
CREATE TABLE IF NOT EXISTS setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
"""


@dataclass(kw_only=True)
class Record:
    """A thing at a provider: amounts in minor units, times in Unix seconds."""

    KIND: ClassVar[str]

    id: str
    status: str
    amount: int
    currency: str
    created_at: int
    reference: str | None = None
    parent_id: str | None = None


@dataclass(frozen=True)
class Claim:
    """A key that was used: for which record, with which content."""

    id: str
    fingerprint: str


@dataclass(frozen=True)
class Due:
    """Work that the provider does on its own at a time."""

    seq: int
    at_ms: int
    action: str
    id: str


@dataclass(frozen=True)
class Event:
    """One line of the log: what a record became."""

    seq: int
    at_ms: int
    provider: str
    kind: str
    id: str
    event: str
    status: str
    amount_minor: int
    currency: str
    body: dict[str, Any]


R = TypeVar("R", bound=Record)


class Books:
    """One provider's side of the ledger inside one transaction."""

    def __init__(self, connection: Any, provider: str, now_ms: int) -> None:
        self._connection = connection
        self._provider = provider
        self.now_ms = now_ms

    @property
    def now(self) -> int:
        """Unix seconds."""
        return self.now_ms // 1000

    def add(self, record: Record, event: str = "created") -> None:
        """Store a new record."""
        body = json.dumps(asdict(record))
        self._connection.execute(
            "INSERT INTO record (provider, kind, id, reference, parent_id, status, amount, currency, created_at,"
            " body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._provider,
                record.KIND,
                record.id,
                record.reference,
                record.parent_id,
                record.status,
                record.amount,
                record.currency,
                record.created_at,
                body,
            ),
        )
        self._log(record, event, body)

    def save(self, record: Record, event: str) -> None:
        """Store what a record became."""
        body = json.dumps(asdict(record))
        changed = self._connection.execute(
            "UPDATE record SET reference = ?, parent_id = ?, status = ?, body = ?"
            " WHERE provider = ? AND kind = ? AND id = ? AND amount = ? AND currency = ?",
            (
                record.reference,
                record.parent_id,
                record.status,
                body,
                self._provider,
                record.KIND,
                record.id,
                record.amount,
                record.currency,
            ),
        ).rowcount
        if changed != 1:
            raise Bug("sandbox_record_money_changed", kind=record.KIND, id=record.id)
        self._log(record, event, body)

    def _log(self, record: Record, event: str, body: str) -> None:
        self._connection.execute(
            "INSERT INTO event (at_ms, provider, kind, id, event, status, amount, currency, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.now_ms,
                self._provider,
                record.KIND,
                record.id,
                event,
                record.status,
                record.amount,
                record.currency,
                body,
            ),
        )

    def find(self, record_type: type[R], record_id: str) -> R | None:
        """The record of that id, or None."""
        row = self._connection.execute(
            "SELECT body FROM record WHERE provider = ? AND kind = ? AND id = ?",
            (self._provider, record_type.KIND, record_id),
        ).fetchone()
        return None if row is None else record_type(**json.loads(row[0]))

    def load(self, record_type: type[R], record_id: str) -> R:
        """The record of that id, which must exist."""
        record = self.find(record_type, record_id)
        if record is None:
            raise Bug("sandbox_record_missing", kind=record_type.KIND, id=record_id)
        return record

    def list_all(
        self,
        record_type: type[R],
        *,
        reference: str | None = None,
        parent_id: str | None = None,
        status: str | None = None,
        from_: int = 0,
        to: int = 2**62,
        count: int = -1,
        skip: int = 0,
    ) -> list[R]:
        """Records newest first, filtered; `from_` and `to` are Unix seconds, both included."""
        filters = {"reference": reference, "parent_id": parent_id, "status": status}
        given = {name: value for name, value in filters.items() if value is not None}
        query = [
            "SELECT body FROM record WHERE provider = ? AND kind = ? AND created_at BETWEEN ? AND ?",
            *(f"AND {name} = ?" for name in given),
            "ORDER BY seq DESC LIMIT ? OFFSET ?",
        ]
        rows = self._connection.execute(
            " ".join(query),
            (self._provider, record_type.KIND, from_, to, *given.values(), count, skip),
        ).fetchall()
        return [record_type(**json.loads(row[0])) for row in rows]

    def claim(self, scope: str, key: str, record_id: str, fingerprint: str = "") -> Claim | None:
        """Take a key for a record; the claim that already holds it, or None when it is now ours."""
        held = self.find_claim(scope, key)
        if held is None:
            self._connection.execute(
                "INSERT INTO claim (provider, scope, key, id, fingerprint) VALUES (?, ?, ?, ?, ?)",
                (self._provider, scope, key, record_id, fingerprint),
            )
        return held

    def find_claim(self, scope: str, key: str) -> Claim | None:
        """Who holds a key."""
        row = self._connection.execute(
            "SELECT id, fingerprint FROM claim WHERE provider = ? AND scope = ? AND key = ?",
            (self._provider, scope, key),
        ).fetchone()
        return None if row is None else Claim(*row)

    def plan(self, at_ms: int, action: str, record_id: str) -> None:
        """Have an action done to a record at a time."""
        self._connection.execute(
            "INSERT INTO due (provider, at_ms, action, id) VALUES (?, ?, ?, ?)",
            (self._provider, at_ms, action, record_id),
        )

    def take_due(self) -> Due | None:
        """The earliest planned work whose time has come, removed from the plan."""
        row = self._connection.execute(
            "DELETE FROM due WHERE seq = (SELECT seq FROM due WHERE provider = ? AND at_ms <= ?"
            " ORDER BY at_ms, seq LIMIT 1) RETURNING seq, at_ms, action, id",
            (self._provider, self.now_ms),
        ).fetchone()
        return None if row is None else Due(*row)


class Ledger:
    """The file (or `:memory:`) behind the sandbox: WAL, fully synchronous, one writer at a time.

    Safe to use from any thread. One process a file.
    """

    def __init__(self, path: Path | str = MEMORY, clock: SandboxClock | None = None) -> None:
        self.path = str(path)
        self.clock = clock or SandboxClock()
        self._lock = threading.RLock()
        self._connection = _connect(self.path)
        self._connection.executescript(_SCHEMA)
        self.clock.restore(float(self.find_setting("clock_added") or 0.0))
        self.clock.on_advance = lambda added: self.set_setting("clock_added", repr(added))

    @contextmanager
    def transaction(self, provider: str) -> Iterator[Books]:
        """One provider's books in one immediate transaction, committed unless an error leaves it."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Books(self._connection, provider, self.clock.now_ms())
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def list_events(self, after: int = 0, limit: int = -1) -> list[Event]:
        """The log behind a sequence number, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT seq, at_ms, provider, kind, id, event, status, amount, currency, body FROM event"
                " WHERE seq > ? ORDER BY seq LIMIT ?",
                (after, limit),
            ).fetchall()
        return [_event(row) for row in rows]

    def find_setting(self, name: str) -> str | None:
        """A setting's stored text."""
        with self._lock:
            row = self._connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_setting(self, name: str, value: str) -> None:
        """Store a setting's text."""
        with self._lock:
            self._connection.execute(
                "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ?",
                (name, value, value),
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def _event(row: Sequence[Any]) -> Event:
    seq, at_ms, provider, kind, record_id, event, status, amount_minor, currency, body = row
    return Event(seq, at_ms, provider, kind, record_id, event, status, amount_minor, currency, json.loads(body))


def _connect(path: str) -> Any:
    if path != MEMORY:
        # Created here first, so that SQLite gives the -wal and -shm files the same narrow mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection
