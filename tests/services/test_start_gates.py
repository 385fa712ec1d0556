"""The gates before the first sale: each fault is found, said, and blocks exactly what it must."""

from __future__ import annotations

import dataclasses
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as sqlite_driver
import pytest
from sqlalchemy import Engine, create_engine, event, insert

from tests.factories.clock import FakeClock
from tests.factories.payments import open_desk
from tests.factories.people import signed_in
from tests.factories.tills import AUDIT_KEY, audit_rows, make_till, new_sqlite
from tillgate.domain.errors import Unavailable
from tillgate.domain.ledger import Entry
from tillgate.domain.money import Money
from tillgate.domain.staff import Action, Role
from tillgate.services import start_gates
from tillgate.services.access import authorize
from tillgate.services.start_gates import Finding, Findings, Gate, Severity
from tillgate.services.till import Till
from tillgate.store.audit import AuditKey
from tillgate.store.engine import sqlite_engine
from tillgate.store.ledger import post
from tillgate.store.models import ledger_entry, staff
from tillgate.store.unit_of_work import Database

ROOM = 10 * start_gates.LEAST_FREE_BYTES


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return new_sqlite(tmp_path)


@pytest.fixture
def shop(path: Path, clock: FakeClock) -> Iterator[Till]:
    """A till with a few thousand rows of its own in a file."""
    engine = sqlite_engine(path)
    till = make_till(engine, clock)
    with till.db.write(till.system) as uow:
        rows = [{"name": f"Person {n}", "role": Role.CASHIER, "pin_hash": "x" * 90} for n in range(2_000)]
        uow.execute(insert(staff), [row | {"created_at": uow.now} for row in rows])
        entries = [Entry("cash", Money(100, "INR")), Entry("sales", Money(-100, "INR"))]
        post(uow.connection, "sale", "sale:1", payment_id=None, now=uow.now, entries=entries)
        for number in range(5):
            uow.record("tested", f"row:{number}")
    yield till
    engine.dispose()


def all_gates(till: Till, folder: Path, free: int = ROOM) -> dict[Gate, Finding]:
    found = start_gates.check_before_selling(till, folder, free=lambda _folder: free)
    return {finding.gate: finding for finding in found}


def test_a_healthy_till_passes_every_gate(shop: Till, path: Path) -> None:
    before = audit_rows(shop)
    found = all_gates(shop, path.parent)
    assert set(found) == set(Gate) - {Gate.FILE, Gate.CONSULTATIONS, Gate.BOOKS}
    assert {finding.severity for finding in found.values()} == {Severity.OK}
    assert start_gates.check_file(shop) == start_gates.check_file(shop, thorough=True) == Finding(Gate.FILE)
    assert start_gates.check_consultations(shop) == Finding(Gate.CONSULTATIONS)
    assert start_gates.check_last_run(shop) == Finding(Gate.BOOKS)
    assert start_gates.free_bytes(path.parent) > 0
    assert audit_rows(shop) == before


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_server_passes_too(engine: Engine, clock: FakeClock) -> None:
    till = make_till(engine, clock)
    found = start_gates.check_before_selling(till, None)
    assert [finding for finding in found if finding.severity is not Severity.OK] == []
    assert start_gates.check_file(till).severity is Severity.OK


def test_a_full_disk_blocks_until_there_is_room(shop: Till, path: Path) -> None:
    found = all_gates(shop, path.parent, free=start_gates.LEAST_FREE_BYTES - 1)[Gate.SPACE]
    assert (found.severity, found.code, found.values) == (
        Severity.BLOCK,
        "disk_low",
        {"free_mb": 199, "needed_mb": 200},
    )
    health = Findings()
    till = dataclasses.replace(shop, blocked=health.blocked_by)
    cashier, manager = signed_in(till, Role.CASHIER), signed_in(till, Role.MANAGER)
    health.take([found])
    with pytest.raises(Unavailable) as refused:
        authorize(till, cashier, Action.TAKE_PAYMENT)
    assert (refused.value.code, refused.value.values) == ("till_blocked", {"because": "disk_low"})
    authorize(till, cashier, Action.VIEW_PAYMENTS)
    authorize(till, manager, Action.VIEW_AUDIT)
    health.take([start_gates.check_space(path.parent, free=lambda _folder: ROOM)])
    authorize(till, cashier, Action.TAKE_PAYMENT)
    assert health.shown == []


@pytest.mark.parametrize(
    ("behind_s", "severity", "code"),
    [
        (-3600, Severity.OK, ""),
        (4, Severity.OK, ""),
        (6, Severity.WARN, "clock_behind"),
        (3599, Severity.WARN, "clock_behind"),
        (3600, Severity.BLOCK, "clock_far_behind"),
    ],
)
def test_a_clock_behind_the_books(shop: Till, clock: FakeClock, behind_s: int, severity: Severity, code: str) -> None:
    clock.set_back(behind_s)
    found = start_gates.check_clock(shop)
    assert (found.severity, found.code) == (severity, code)
    jumps = [data for _, event, _, data in audit_rows(shop) if event == "clock_jump"]
    assert jumps == ([] if severity is Severity.OK else [{"behind_s": behind_s}])


def test_a_tampered_audit_blocks(shop: Till, path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.executescript("DROP TRIGGER guard_audit_update; UPDATE audit SET data = '{}' || ' ' WHERE seq = 3")
    raw.close()
    found = start_gates.check_chain(shop)
    assert (found.severity, found.code) == (Severity.BLOCK, "audit_broken")
    assert found.values == {"till": shop.id, "seq": 3, "reason": "row_changed"}


def sell(shop: Till) -> None:
    """What a day leaves in the books."""
    desk = open_desk(shop, signed_in(shop, Role.CASHIER), signed_in(shop, Role.MANAGER))
    desk.paid(thing=1)
    desk.paid(thing=2)


ALL_GUARDS_OFF = "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'guard_audit%'"
WIPED = "DELETE FROM audit; DELETE FROM audit_head;"
PUT_BACK = (
    "DELETE FROM audit WHERE seq > (SELECT seq FROM old.audit_head); DELETE FROM audit_head; "
    "INSERT INTO audit_head SELECT * FROM old.audit_head;"
)


@pytest.mark.parametrize("sold", [True, False], ids=["sold", "nobody has sold yet"])
def test_a_chain_taken_away_whole_blocks(shop: Till, path: Path, sold: bool) -> None:
    if sold:
        sell(shop)
    tamper(path, WIPED)
    found = start_gates.check_chain(shop)
    assert (found.severity, found.code, found.values["reason"]) == (Severity.BLOCK, "audit_broken", "head_missing")


def test_a_chain_put_back_to_an_earlier_end_blocks(shop: Till, path: Path, clock: FakeClock) -> None:
    """With the head and its seal from an old copy of the file: by itself the chain is whole."""
    old = copied(path)
    clock.advance(60)
    sell(shop)
    assert start_gates.check_chain(shop).code == ""
    tamper(path, PUT_BACK, old)
    found = start_gates.check_chain(shop)
    assert (found.severity, found.code, found.values["reason"]) == (Severity.BLOCK, "audit_broken", "end_cut")


def test_one_tills_chain_taken_away_blocks_the_other(shop: Till, path: Path, clock: FakeClock) -> None:
    other = make_till(shop.db.engine, clock, till_id="T2")
    sell(other)
    tamper(path, "DELETE FROM audit WHERE till_id = 'T2'; DELETE FROM audit_head WHERE till_id = 'T2';")
    assert start_gates.check_chain(shop).values == {"till": "T2", "seq": 0, "reason": "head_missing"}


def copied(path: Path) -> Path:
    to = path.with_name("old.db")
    with sqlite_driver.connect(str(path)) as raw, sqlite_driver.connect(str(to)) as copy:
        raw.backup(copy)
    raw.close()
    copy.close()
    return to


def tamper(path: Path, script: str, old: Path | None = None) -> None:
    """As somebody with a tool of their own does: past every trigger, perhaps with an old copy at hand."""
    raw = sqlite_driver.connect(str(path))
    raw.execute("ATTACH ? AS old", (str(old or ":memory:"),))
    for (drop,) in raw.execute(ALL_GUARDS_OFF).fetchall():
        raw.execute(drop)
    raw.executescript(script)
    raw.close()


def test_another_audit_key_blocks(shop: Till) -> None:
    database = Database(shop.db.engine, shop.clock, AuditKey(b"the key of another store........"))
    assert start_gates.check_chain(dataclasses.replace(shop, db=database)).code == "audit_broken"
    assert AUDIT_KEY.secret not in repr(AUDIT_KEY).encode()


def test_an_unbalanced_ledger_blocks(shop: Till) -> None:
    with shop.db.write(shop.system) as uow:
        uow.execute(insert(ledger_entry).values(tx_id=1, account="cash", amount_minor=1, currency="INR"))
    found = start_gates.check_ledger(shop)
    assert (found.severity, found.code, found.values) == (
        Severity.BLOCK,
        "ledger_unbalanced",
        {"count": 1, "first": 1},
    )


def test_a_setting_that_did_not_take_blocks(shop: Till) -> None:
    engine = create_engine(shop.db.engine.url, module=sqlite_driver)
    found = start_gates.check_settings(make_till(engine, FakeClock()))
    engine.dispose()
    assert (found.severity, found.code) == (Severity.BLOCK, "pragma_differs")


def test_an_old_sqlite_warns(shop: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tillgate.store.gates.wal_is_safe", lambda: False)
    found = start_gates.check_sqlite(shop)
    assert (found.severity, found.code) == (Severity.WARN, "sqlite_old")


def test_flipped_bits_are_found_and_the_file_is_left_alone(shop: Till, path: Path, clock: FakeClock) -> None:
    """Each damage lies in pages that hold rows; none is taken for health, none is repaired."""
    shop.db.close()
    whole = path.read_bytes()
    chance = random.Random(41)
    pages = len(whole) // 4096
    missed = []
    for _ in range(40):
        damaged = bytearray(whole)
        page = chance.randrange(1, pages)
        # The head of a page says how its cells lie.
        for place in range(page * 4096, page * 4096 + 12):
            damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        engine = sqlite_engine(path)
        till = make_till(engine, clock)
        found = [*all_gates(till, path.parent).values(), start_gates.check_file(till)]
        engine.dispose()
        if not any(finding.severity is Severity.BLOCK for finding in found):
            missed.append(page)
        assert path.read_bytes()[page * 4096 : page * 4096 + 12] == damaged[page * 4096 : page * 4096 + 12]
    assert not missed


@pytest.mark.parametrize(
    "content", [b"not a database, but a letter to the shop" * 100, b"SQLite format 3\0" + b"\0" * 99]
)
def test_what_is_no_database_blocks(path: Path, clock: FakeClock, content: bytes) -> None:
    path.write_bytes(content)
    engine = sqlite_engine(path)
    try:
        found = start_gates.check_database(engine)
    finally:
        engine.dispose()
    assert (found.severity, found.code) == (Severity.BLOCK, "database_damaged")


def test_a_cut_file_blocks(shop: Till, path: Path, clock: FakeClock) -> None:
    shop.db.close()
    path.write_bytes(path.read_bytes()[: 4096 * 30])
    engine = sqlite_engine(path)
    till = make_till(engine, clock)
    found = [*all_gates(till, path.parent).values(), start_gates.check_file(till)]
    engine.dispose()
    assert any(finding.severity is Severity.BLOCK for finding in found)


def test_a_file_that_cannot_be_written_blocks(shop: Till, path: Path) -> None:
    shop.db.close()
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    found = start_gates.check_database(engine)
    engine.dispose()
    assert (found.severity, found.code) == (Severity.BLOCK, "database_read_only")


def test_a_full_disk_that_nobody_saw_coming_blocks(shop: Till, clock: FakeClock) -> None:
    @event.listens_for(shop.db.engine, "checkout")
    def _full(connection: Any, *_rest: object) -> None:
        connection.execute("PRAGMA max_page_count=1").close()

    with pytest.raises(Unavailable, match="disk_failed"):
        for _ in range(500):
            shop.db.transact(shop.system, lambda uow: uow.record("clock_jump", "till:T1", behind_s=60))
    clock.set_back(60)
    found = start_gates.check_clock(shop)
    assert (found.severity, found.code) == (Severity.BLOCK, "disk_failed")
