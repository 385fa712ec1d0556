"""One transaction: what it wrote, the audit entries that go with it, and nothing else.

A unit of work commits when its block ends and rolls back when it raises. Writers of one process take turns, which is
what keeps SQLite from answering "database is locked"; on PostgreSQL rows are locked instead.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NoReturn, TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from tillgate.domain.errors import Bug, Unavailable
from tillgate.domain.staff import Actor
from tillgate.ports import Clock
from tillgate.store.audit import AuditEntry, AuditKey, append_entries
from tillgate.store.engine import begin_reading, begin_writing, commit, end_reading
from tillgate.store.faults import broke_the_file, explained, may_try_again
from tillgate.store.named_lock import NamedLock, begin_alone
from tillgate.store.statements import Statement, run_text

T = TypeVar("T")
TRIES: Final = 3
_BRIEFLY: Final = Statement(text("SELECT set_config('lock_timeout', '100ms', true)"))
_inside = threading.local()


def in_transaction() -> bool:
    """Whether this thread holds a transaction open."""
    return getattr(_inside, "depth", 0) > 0


def refuse_inside_transaction() -> None:
    """Called before anything slow or outside. Raises Bug if a transaction is open (reliability.md 1.3, rule 2)."""
    if in_transaction():
        raise Bug("call_inside_transaction")


@dataclass(slots=True)
class UnitOfWork:
    """An open write transaction."""

    connection: Connection
    actor: Actor
    now: datetime
    entries: list[AuditEntry] = field(default_factory=list)
    _depth: int = field(default=0, init=False)

    def execute(self, statement: Any, parameters: Any = None) -> Any:
        """Run one statement in this transaction."""
        return self.connection.execute(statement, parameters)

    def record(self, event: str, subject: str, **data: object) -> None:
        """Audit what happened; written with the transaction, logged after it."""
        self.entries.append(AuditEntry(event, subject, self.actor.label, data))

    def wait_briefly(self) -> None:
        """Wait for rows of others no longer than a moment: something in this transaction should be durable soon. A file
        has one lock, and this transaction holds it."""
        if self.connection.dialect.name != "sqlite":
            _BRIEFLY.first(self.connection)

    @contextmanager
    def acting(self, actor: Actor) -> Iterator[None]:
        """A part that somebody else does, such as the till itself: it is recorded as theirs."""
        before, self.actor = self.actor, actor
        try:
            yield
        finally:
            self.actor = before

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part that may fail alone: nothing of it stays, audit entries included."""
        kept, name = len(self.entries), f"part_{self._depth}"
        run_text(self.connection, f"SAVEPOINT {name}")
        self._depth += 1
        try:
            yield
        except BaseException as error:
            del self.entries[kept:]
            self._undo(name, error)
            raise
        finally:
            self._depth -= 1
        run_text(self.connection, f"RELEASE SAVEPOINT {name}")

    def _undo(self, name: str, error: BaseException) -> None:
        if self.connection.invalidated:
            return
        try:
            run_text(self.connection, f"ROLLBACK TO SAVEPOINT {name}")
        except DBAPIError:
            # A full disk undoes the whole transaction: that is what is told, and not that its part is gone with it.
            if not isinstance(error, DBAPIError):
                raise


@dataclass(slots=True)
class Database:
    """The one door to the database. `on_committed` is told the audit entries of each commit, for the log."""

    engine: Engine
    clock: Clock
    audit_key: AuditKey
    on_committed: Callable[[list[AuditEntry]], None] = lambda _entries: None
    jitter: Callable[[], float] = random.random
    _writing: threading.Lock = field(default_factory=threading.Lock)
    _reader: Engine = field(init=False)
    _looker: Engine = field(init=False)

    def __post_init__(self) -> None:
        # SQLite's reads are of one moment by themselves.
        moment = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._reader = moment
        self._looker = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def is_sqlite(self) -> bool:
        """A local file rather than a shared server."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self, actor: Actor) -> Iterator[UnitOfWork]:
        """One write transaction, committed when the block ends. Raises Bug inside another one."""
        refuse_inside_transaction()
        turn = self._writing if self.is_sqlite else nullcontext()
        with turn, self._written(actor, begin_writing) as uow:
            yield uow
        self._tell(uow)

    @contextmanager
    def write_alone(self, actor: Actor, lock: NamedLock) -> Iterator[UnitOfWork]:
        """The same, alone with what the lock names from its first statement to its commit (store/named_lock.py).

        Raises Unavailable("lock_not_won") where the lock's wait is over.
        """
        refuse_inside_transaction()
        turn = self._writing if self.is_sqlite else None
        if turn is not None and not turn.acquire(timeout=lock.left_s):
            raise lock.not_won()
        try:
            with self._written(actor, lambda connection: begin_alone(connection, lock)) as uow:
                yield uow
        finally:
            if turn is not None:
                turn.release()
        self._tell(uow)

    @contextmanager
    def _written(self, actor: Actor, begin: Callable[[Connection], Any]) -> Iterator[UnitOfWork]:
        with _marked(), self.engine.connect() as connection:
            begun = begin(connection)
            uow = UnitOfWork(connection, actor, self.clock.now())
            yield uow
            if uow.entries:
                append_entries(connection, self.audit_key, uow.actor.till_id, uow.now, uow.entries)
            commit(connection, begun)

    def _tell(self, uow: UnitOfWork) -> None:
        if uow.entries:
            self.on_committed(uow.entries)

    def transact(self, actor: Actor, work: Callable[[UnitOfWork], T], *, alone: NamedLock | None = None) -> T:
        """Run `work` in a write transaction, up to three times while the database is busy: it must be idempotent.

        With `alone` each try first wins the lock, all within the one wait of the lock.
        Raises Unavailable("database_busy") when it stays busy and nothing was written, Unavailable("lock_not_won"),
        and Unavailable("commit_unknown") when the connection broke, so that the caller reads again by its key.
        """
        if alone is not None:
            alone.begin()
        for number in range(1, TRIES + 1):
            try:
                with self.write(actor) if alone is None else self.write_alone(actor, alone) as uow:
                    return work(uow)
            except DBAPIError as error:
                if not may_try_again(error):
                    self._raise(error, writing=True)
                if number == TRIES:
                    raise Unavailable("database_busy") from error
            time.sleep(0.02 * number * (1 + self.jitter()))
        raise Bug("unreachable")

    def _raise(self, error: DBAPIError, *, writing: bool) -> NoReturn:
        if broke_the_file(error):
            self.engine.dispose()
        said = explained(error, writing=writing)
        if said is error:
            raise error
        raise said from error

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent view; nothing may be written through it. Raises Unavailable as `store.faults` says."""
        return self._reading(self._reader)

    def look(self) -> AbstractContextManager[Connection]:
        """As `read`, but on a server each query is of its own moment: two journeys less."""
        return self._reading(self._looker)

    @contextmanager
    def _reading(self, engine: Engine) -> Iterator[Connection]:
        # Written out: this is passed more often than anything else here.
        _inside.depth = getattr(_inside, "depth", 0) + 1
        try:
            with engine.connect() as connection:
                begin_reading(connection)
                yield connection
                end_reading(connection)
        except DBAPIError as error:
            self._raise(error, writing=False)
        finally:
            _inside.depth -= 1

    def close(self) -> None:
        """Drop the connections; on SQLite the last one folds the WAL into the file."""
        self.engine.dispose()


@contextmanager
def _marked() -> Iterator[None]:
    _inside.depth = getattr(_inside, "depth", 0) + 1
    try:
        yield
    finally:
        _inside.depth -= 1
