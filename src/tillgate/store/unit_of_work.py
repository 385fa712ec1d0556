"""One transaction: what it wrote, the audit entries that go with it, and nothing else.

A unit of work commits when its block ends and rolls back when it raises. Writers of one process take turns, which is
what keeps SQLite from answering "database is locked"; on PostgreSQL rows are locked instead.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NoReturn, TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from tillgate.domain.errors import Bug, Unavailable
from tillgate.domain.staff import Actor
from tillgate.ports import Clock
from tillgate.store.audit import AuditEntry, AuditKey, append_entries
from tillgate.store.engine import begin_looking, begin_reading, begin_writing, commit, end_reading
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
    """Called before anything slow or outside: nobody's connection waits for that. Raises Bug if a transaction is open
    (reliability.md 1.3, rule 2)."""
    if in_transaction():
        raise Bug("call_inside_transaction")
    let_go()


def let_go() -> None:
    """Give back the connection that a block of this thread keeps between its transactions."""
    hold: _Hold | None = getattr(_inside, "hold", None)
    if hold is not None:
        hold.let_go()


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

    @property
    def is_sqlite(self) -> bool:
        """A local file rather than a shared server."""
        return self.engine.dialect.name == "sqlite"

    def write(self, actor: Actor) -> AbstractContextManager[UnitOfWork]:
        """One write transaction, committed when the block ends. Raises Bug inside another one."""
        return _Writing(self, actor, None)

    def write_alone(self, actor: Actor, lock: NamedLock) -> AbstractContextManager[UnitOfWork]:
        """The same, alone with what the lock names from its first statement to its commit (store/named_lock.py).

        Raises Unavailable("lock_not_won") where the lock's wait is over.
        """
        return _Writing(self, actor, lock)

    def together(self) -> AbstractContextManager[object]:
        """What this thread asks and writes here, one transaction after another, goes by one connection; it is given
        back before anything slow or outside, and before a wait for the turn to write."""
        return _Hold(self.engine)

    def take(self) -> tuple[Connection, _Hold | None]:
        """A connection for one transaction, and the block of this thread that holds it in between."""
        hold: _Hold | None = getattr(_inside, "hold", None)
        if hold is None or hold.engine is not self.engine:
            return self.engine.connect(), None
        return hold.take(), hold

    def take_turn(self, lock: NamedLock | None) -> threading.Lock | None:
        """A file's one turn to write, among this process's threads. Raises Unavailable("lock_not_won")."""
        if not self.is_sqlite:
            return None
        if not self._writing.acquire(blocking=False):
            # Whoever has the turn may need a connection.
            let_go()
            if not self._writing.acquire(timeout=-1 if lock is None else lock.left_s) and lock is not None:
                raise lock.not_won()
        return self._writing

    def transact(self, actor: Actor, work: Callable[[UnitOfWork], T], *, alone: NamedLock | None = None) -> T:
        """Run `work` in a write transaction, up to three times while the database is busy: it must be idempotent.

        With `alone` each try first wins the lock, all within the one wait of the lock.
        Raises Unavailable("database_busy") when it stays busy and nothing was written, Unavailable("lock_not_won"),
        and Unavailable("commit_unknown") when the connection broke, so that the caller reads again by its key.
        """
        if alone is not None:
            alone.begin()
        for number in range(1, TRIES + 1):
            writing = _Writing(self, actor, alone)
            try:
                with writing as uow:
                    return work(uow)
            except DBAPIError as error:
                lost_before = error.connection_invalidated and not writing.begun
                if not (may_try_again(error) or lost_before):
                    self.explain(error, writing=writing.begun)
                if number == TRIES:
                    raise Unavailable("database_busy") from error
            time.sleep(0.02 * number * (1 + self.jitter()))
        raise Bug("unreachable")

    def explain(self, error: DBAPIError, *, writing: bool) -> NoReturn:
        """Raise it as a screen can say it."""
        if broke_the_file(error):
            self.engine.dispose()
        said = explained(error, writing=writing)
        if said is error:
            raise error
        raise said from error

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent view; nothing may be written through it. Raises Unavailable as `store.faults` says."""
        return _Reading(self, begin_reading)

    def look(self) -> AbstractContextManager[Connection]:
        """As `read`, but on a server each query is of its own moment: two journeys less."""
        return _Reading(self, begin_looking)

    def give_back(self) -> None:
        """Close all but one of the connections to a file that nobody uses just now: each keeps the whole schema, most
        of a megabyte. A server's take longer to open than they are worth."""
        pool = self.engine.pool
        if not self.is_sqlite or not isinstance(pool, QueuePool):
            return
        # Taken out all at once: the pool gives the same one again and again.
        resting = [self.engine.connect() for _ in range(pool.checkedin())]
        for connection in resting[1:]:
            connection.invalidate()
        # The open one last, so that it is the next to be taken. Without it the whole WAL would be folded into the file.
        for connection in reversed(resting):
            connection.close()

    def close(self) -> None:
        """Drop the connections; on SQLite the last one folds the WAL into the file."""
        self.engine.dispose()


# Classes rather than generators: everything passes here, and on a server each step is run anew after a wait.
class _Open:
    """A connection from the block's beginning to its end; what was not ended by then is undone."""

    __slots__ = ("_connection", "_database", "_hold")

    def __init__(self, database: Database) -> None:
        self._database = database

    def _take(self) -> Connection:
        try:
            self._connection, self._hold = self._database.take()
        except PoolTimeout as error:
            raise Unavailable("database_busy") from error
        _inside.depth = getattr(_inside, "depth", 0) + 1
        return self._connection

    def _leave(self, *, ended: bool) -> None:
        _inside.depth -= 1
        if not (ended and self._hold is not None and self._hold.keep(self._connection)):
            self._connection.close()


class _Reading(_Open):
    """A block that reads."""

    __slots__ = ("_begin",)

    def __init__(self, database: Database, begin: Callable[[Connection], None]) -> None:
        super().__init__(database)
        self._begin = begin

    def __enter__(self) -> Connection:
        try:
            connection = self._take()
            try:
                self._begin(connection)
            except BaseException:
                self._leave(ended=False)
                raise
        except DBAPIError as error:
            self._database.explain(error, writing=False)
        return connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        try:
            self._end(ended=kind is None)
        except DBAPIError as lost:
            self._database.explain(lost, writing=False)
        if isinstance(error, DBAPIError):
            self._database.explain(error, writing=False)

    def _end(self, *, ended: bool) -> None:
        try:
            if ended:
                end_reading(self._connection, again=self._hold is not None)
        finally:
            self._leave(ended=ended)


class _Writing(_Open):
    """A block that writes, and is committed with its audit entries. Before it has `begun`, nothing can be written."""

    __slots__ = ("_actor", "_lock", "_transaction", "_turn", "_uow", "begun")

    def __init__(self, database: Database, actor: Actor, lock: NamedLock | None) -> None:
        super().__init__(database)
        self._actor = actor
        self._lock = lock
        self.begun = False

    def __enter__(self) -> UnitOfWork:
        if in_transaction():
            raise Bug("call_inside_transaction")
        self._turn = self._database.take_turn(self._lock)
        try:
            connection = self._take()
            try:
                lock = self._lock
                self._transaction = begin_writing(connection) if lock is None else begin_alone(connection, lock)
                self._uow = UnitOfWork(connection, self._actor, self._database.clock.now())
                self.begun = True
            except BaseException:
                self._leave(ended=False)
                raise
        except BaseException:
            self._release()
            raise
        return self._uow

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        ended = False
        try:
            if kind is None:
                self._commit()
                ended = True
        finally:
            try:
                self._leave(ended=ended)
            finally:
                self._release()
        if ended and self._uow.entries:
            self._database.on_committed(self._uow.entries)

    def _commit(self) -> None:
        uow, key = self._uow, self._database.audit_key
        if uow.entries:
            append_entries(uow.connection, key, uow.actor.till_id, uow.now, uow.entries)
        commit(uow.connection, self._transaction)

    def _release(self) -> None:
        if self._turn is not None:
            self._turn.release()


class _Hold:
    """A block of one thread that keeps a connection between its transactions; within another one it is that one."""

    __slots__ = ("_connection", "_outer", "_pool", "engine")

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._connection: Connection | None = None

    def __enter__(self) -> _Hold:
        self._outer: _Hold | None = getattr(_inside, "hold", None)
        if self._outer is None or self._outer.engine is not self.engine:
            _inside.hold = self
        return self

    def __exit__(self, *_error: object) -> None:
        if _inside.hold is self:
            _inside.hold = self._outer
            self.let_go()

    def take(self) -> Connection:
        """The connection that is kept, or another."""
        kept, self._connection = self._connection, None
        if kept is not None and self._pool is not self.engine.pool:
            # The file failed meanwhile: what its connections think of it is not to be trusted any more.
            kept.invalidate()
            kept.close()
            kept = None
        return self.engine.connect() if kept is None else kept

    def keep(self, connection: Connection) -> bool:
        """Whether it is kept; of two that were open within each other, one is."""
        if self._connection is not None or connection.invalidated:
            return False
        self._connection, self._pool = connection, self.engine.pool
        return True

    def let_go(self) -> None:
        """Give it back to the pool."""
        kept, self._connection = self._connection, None
        if kept is not None:
            kept.close()
