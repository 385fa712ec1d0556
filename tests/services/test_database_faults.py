"""A database that is busy, full, read-only, damaged or gone: a clear word, no money moved by it, the till goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as sqlite_driver
import pytest
from sqlalchemy import Engine, create_engine, event, func, select

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk, open_desk
from tests.factories.people import signed_in
from tests.factories.tills import make_till, new_sqlite
from tests.postgres import PostgresServer, PostgresUnavailable, running_postgres
from tillgate.domain.errors import MoneyMoved, Unavailable
from tillgate.domain.payment import Fulfilment, PaymentState, Purpose
from tillgate.domain.staff import Role
from tillgate.services.records import PaymentRecord
from tillgate.services.settle import check_now
from tillgate.services.till import Fulfilling
from tillgate.store.engine import postgres_engine, sqlite_engine
from tillgate.store.models import capture, payment, payment_attempt, staff
from tillgate.store.schema import upgrade
from tillgate.store.unit_of_work import Database, UnitOfWork

# Takes the write lock of a file and keeps it until its input ends.
HOLDER = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN IMMEDIATE'); "
    "print('held', flush=True); sys.stdin.read(); c.execute('ROLLBACK')"
)


@dataclass
class File:
    """A desk on a file of its own, whose engine can be changed for another."""

    path: Path
    desk: Desk
    engines: list[Engine]

    def use(self, engine: Engine) -> None:
        self.engines.append(engine)
        database = Database(engine, self.desk.till.clock, self.desk.till.db.audit_key)
        self.desk.till = replace(self.desk.till, db=database)

    def counts(self) -> tuple[int, int, int]:
        """Rows of payments, attempts and money, read past the till."""
        with sqlite_driver.connect(str(self.path)) as raw:
            tables = ("payment", "payment_attempt", "capture")
            found = [int(raw.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in tables]  # noqa: S608
        raw.close()
        return found[0], found[1], found[2]


@pytest.fixture
def file(tmp_path: Path, clock: FakeClock) -> Iterator[File]:
    path = new_sqlite(tmp_path)
    engine = sqlite_engine(path, busy_timeout_ms=20)
    till = make_till(engine, clock)
    desk = open_desk(till, signed_in(till, Role.CASHIER), signed_in(till, Role.MANAGER))
    made = File(path, desk, [engine])
    yield made
    for each in made.engines:
        each.dispose()


def refuse_all(code: str, *acts: Callable[[], object]) -> None:
    """Each says the same, and that no money moved by it."""
    for act in acts:
        with pytest.raises(Unavailable, match=code) as refused:
            act()
        assert refused.value.money_moved is MoneyMoved.NO


def held(path: Path) -> subprocess.Popen[str]:
    """Another process with the file's write lock."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def let_go(holder: subprocess.Popen[str]) -> None:
    holder.communicate("", timeout=30)


def test_a_database_that_stays_busy_leaves_nothing_half_done(file: File) -> None:
    desk = file.desk
    holder = held(file.path)
    with pytest.raises(Unavailable, match="database_busy") as refused:
        desk.start()
    assert refused.value.money_moved is MoneyMoved.NO
    let_go(holder)
    assert (file.counts(), desk.provider.sends("create")) == ((0, 0, 0), 0)
    assert desk.start().state is PaymentState.PENDING


def test_an_answer_that_could_not_be_kept_is_asked_for_again(file: File, clock: FakeClock) -> None:
    """The provider has acted; the database is busy for longer than anybody waits."""
    desk = file.desk
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id))
    holders: list[subprocess.Popen[str]] = []
    desk.provider.before = lambda verb: holders.append(held(file.path)) if verb == "fetch" and not holders else None
    with pytest.raises(Unavailable, match="database_busy"):
        check_now(desk.till, desk.cashier, begun.id)
    let_go(holders[0])
    assert file.counts() == (1, 1, 0)
    clock.advance(61)
    assert check_now(desk.till, desk.cashier, begun.id).state is PaymentState.CAPTURED
    assert (file.counts(), desk.made) == ((1, 1, 1), [begun.id])
    assert desk.ledger_is_even()


def limit_pages(engine: Engine, most: Callable[[], int]) -> None:
    """The file may have so many pages and no more, on every connection, as on a disk that is full."""

    @event.listens_for(engine, "checkout")
    def _limit(connection: Any, *_rest: object) -> None:
        connection.execute(f"PRAGMA max_page_count={most()}").close()


def test_a_full_disk_stops_before_anything_is_charged_and_goes_on_when_there_is_room(
    file: File, clock: FakeClock
) -> None:
    desk = file.desk
    room = [file.path.stat().st_size // 4096 + 12]
    limit_pages(desk.till.db.engine, lambda: room[0])
    code, thing = "", 0
    while not code and thing < 400:
        thing += 1
        try:
            desk.start(thing=thing)
        except Unavailable as error:
            code = error.code
    assert code == "disk_failed"
    with pytest.raises(Unavailable, match="disk_failed"):
        for number in range(50):
            desk.start(thing=1000 + number)
    room[0] = 1_000_000
    for _ in range(3):
        clock.advance(61)
        desk.settle()
    with desk.till.db.read() as connection:
        attempts = connection.execute(select(payment_attempt.c.reference, payment_attempt.c.live)).all()
    ours = {row.reference for row in attempts}
    assert {each.reference for each in desk.provider.checkouts.values()} <= ours
    assert len(desk.provider.checkouts) == len({each.reference for each in desk.provider.checkouts.values()})
    again = desk.start(thing=5000)
    desk.provider.pay(desk.reference(again.id))
    assert check_now(desk.till, desk.cashier, again.id).state is PaymentState.CAPTURED
    with sqlite_driver.connect(str(file.path)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()


def test_a_file_that_may_only_be_read_is_read_and_charges_nobody(file: File) -> None:
    desk = file.desk
    begun = desk.start()
    before = file.counts()
    file.use(create_engine(f"sqlite:///file:{file.path}?mode=ro&uri=true", module=sqlite_driver))
    with pytest.raises(Unavailable, match="database_read_only"):
        desk.start(thing=2)
    assert desk.payment(begun.id).state is PaymentState.PENDING
    assert (desk.provider.sends("create"), file.counts()) == (1, before)
    file.use(sqlite_engine(file.path))
    assert desk.start(thing=2).state is PaymentState.PENDING


def test_a_folder_that_is_gone_is_said_and_the_till_goes_on_when_it_is_back(file: File) -> None:
    """As a network drive, or a disk that was pulled out."""
    desk = file.desk
    begun = desk.start()
    desk.till.db.engine.dispose()
    away = file.path.parent.with_name(f"{file.path.parent.name}-away")
    file.path.parent.rename(away)
    refuse_all("database_read_only", lambda: desk.start(thing=2), lambda: desk.payment(begun.id))
    away.rename(file.path.parent)
    assert desk.payment(begun.id).state is PaymentState.PENDING
    assert desk.start(thing=2).state is PaymentState.PENDING
    assert desk.provider.sends("create") == 2


def test_a_damaged_page_is_said_and_nothing_is_charged_or_repaired(file: File) -> None:
    desk = file.desk
    begun = desk.start()
    desk.till.db.engine.dispose()
    whole = file.path.read_bytes()
    damaged = bytearray(whole)
    for page in range(1, len(whole) // 4096):
        damaged[page * 4096 : page * 4096 + 12] = b"\xff" * 12
    file.path.write_bytes(damaged)
    refuse_all("database_damaged", lambda: desk.start(thing=2), lambda: desk.payment(begun.id))
    desk.till.db.engine.dispose()
    assert file.path.read_bytes() == damaged
    assert desk.provider.sends("create") == 1
    file.path.write_bytes(whole)
    assert desk.start(thing=2).state is PaymentState.PENDING


WRITER = """
import resource, signal, sys
from pathlib import Path
from tests.factories.clock import FakeClock
from tests.factories.tills import make_till
from tillgate.domain.errors import MoneyMoved, Unavailable
from tillgate.store.engine import sqlite_engine
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
till = make_till(sqlite_engine(Path(sys.argv[1])), FakeClock())
till.db.transact(till.system, lambda uow: uow.record("before", "till:T1"))
size = Path(sys.argv[1] + "-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20_000, resource.RLIM_INFINITY))
kept = 0
try:
    while kept < 500:
        till.db.transact(till.system, lambda uow: uow.record("written", "till:T1", text="x" * 900))
        kept += 1
except Unavailable as error:
    print(error.code, error.money_moved is MoneyMoved.UNKNOWN, kept)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
till.db.transact(till.system, lambda uow: uow.record("after", "till:T1"))
till.db.close()
"""


def test_a_disk_that_fails_in_mid_write_keeps_what_was_kept_and_no_more(tmp_path: Path) -> None:
    """A write that the system cuts off: nobody knows whether the last one was kept, so it is read again."""
    path = new_sqlite(tmp_path)
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(path)], cwd=root, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    code, unknown, kept = done.stdout.split()
    assert (code, unknown) == ("disk_failed", "True")
    with sqlite_driver.connect(str(path)) as raw:
        events = [row[0] for row in raw.execute("SELECT event FROM audit ORDER BY seq")]
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()
    written = events.count("written")
    assert written in (int(kept), int(kept) + 1)
    assert (events[0], events[-1]) == ("before", "after")


# PostgreSQL that dies and comes back


@pytest.fixture
def mortal() -> Iterator[PostgresServer]:
    """A server of this test's own, killed and started again on the same port and files."""
    if not sys.platform.startswith("linux"):
        pytest.skip("who is left of a killed server is read from /proc")
    try:
        with running_postgres(durable=True) as server:
            yield server
    except PostgresUnavailable as lacking:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(lacking))


def test_a_server_killed_in_mid_transaction_loses_nothing_and_doubles_nothing(
    mortal: PostgresServer, clock: FakeClock
) -> None:
    engine = postgres_engine(mortal.create_database())
    upgrade(engine)
    till = make_till(engine, clock)
    desk = open_desk(till, signed_in(till, Role.CASHIER), signed_in(till, Role.MANAGER))
    deaths = [1]

    def make(uow: UnitOfWork, owner: PaymentRecord) -> None:
        if deaths:
            deaths.pop()
            mortal.kill()
        uow.execute(select(func.count()).select_from(capture))
        desk.made.append(owner.id)

    fulfilling = {Purpose.CHECKOUT: Fulfilling(make, lambda *_: None)}
    desk.till = replace(desk.till, fulfilling=fulfilling)
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id))
    # Killed inside the transaction that captures: whether it was kept is not known to whoever waits.
    with pytest.raises(Unavailable, match="commit_unknown") as broken:
        check_now(desk.till, desk.cashier, begun.id)
    assert broken.value.money_moved is MoneyMoved.UNKNOWN
    refuse_all("database_lost", lambda: desk.start(thing=2), lambda: desk.payment(begun.id))
    assert desk.provider.sends("create") == 1
    mortal.start_again()
    assert desk.payment(begun.id).state is PaymentState.PENDING
    clock.advance(61)
    desk.settle()
    done = desk.payment(begun.id)
    assert (done.state, done.fulfilment, desk.made) == (PaymentState.CAPTURED, Fulfilment.DONE, [begun.id])
    with desk.till.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(capture)).scalar_one() == 1
        assert connection.execute(select(func.count()).select_from(payment)).scalar_one() == 1
    assert desk.ledger_is_even()
    assert desk.start(thing=2).state is PaymentState.PENDING
    engine.dispose()


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_what_was_read_before_the_server_went_away_is_read(engine: Engine, clock: FakeClock) -> None:
    """The connection breaks when nothing is left to read: nobody is told, and the next look has another one."""
    till = make_till(engine, clock)
    signed_in(till, Role.CASHIER)
    with till.db.read() as connection:
        backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        people = connection.execute(select(func.count()).select_from(staff)).scalar_one()
        with engine.connect() as other:
            other.exec_driver_sql("SELECT pg_terminate_backend(%s)", (backend,))
            gone = "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = %s"
            while not other.exec_driver_sql(gone, (backend,)).scalar_one():
                other.rollback()
    with till.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(staff)).scalar_one() == people == 1
