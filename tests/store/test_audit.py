"""The audit chain: a changed, removed, added or reordered entry, a cut end and a moved head are all found."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pysqlite3.dbapi2 as sqlite_driver
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.factories.clock import FakeClock
from tests.factories.tills import AUDIT_KEY, make_till, new_sqlite
from tillgate.services.till import Till
from tillgate.store.audit import AuditKey, ChainFault, verify_chain
from tillgate.store.engine import sqlite_engine
from tillgate.store.models import audit, audit_head

ENTRIES: Final = 40
TAMPERINGS: Final = int(os.environ.get("TILLGATE_TAMPERINGS", "60"))


def fault(till: Till, *, last: int | None = None, key: AuditKey = AUDIT_KEY) -> ChainFault | None:
    with till.db.read() as connection:
        return verify_chain(connection, key, last=last)


def write(till: Till, count: int, **data: object) -> None:
    for number in range(count):
        with till.db.write(till.system) as uow:
            uow.record("test.event", f"thing:{number}", number=number, **data)
            uow.record("test.other", f"thing:{number}")


def test_an_untouched_chain_holds(till: Till) -> None:
    write(till, 10, text='"quoted" नमस्ते \u2028')
    assert fault(till) is None
    assert fault(till, last=3) is None
    with till.db.read() as connection:
        assert connection.execute(select(audit_head.c.seq)).scalar_one() == 20


def test_another_secret_does_not_fit(till: Till) -> None:
    write(till, 1)
    found = fault(till, key=AuditKey(b"another"))
    assert found == ChainFault(till.id, 1, "row_changed")


def test_a_rolled_back_transaction_leaves_no_entry_and_no_gap(till: Till) -> None:
    write(till, 1)
    with pytest.raises(RuntimeError), till.db.write(till.system) as uow:
        uow.record("test.lost", "thing:1")
        raise RuntimeError
    with till.db.write(till.system) as uow:
        with pytest.raises(RuntimeError), uow.savepoint():
            uow.record("test.lost", "thing:1")
            raise RuntimeError
        uow.record("test.kept", "thing:1")
    assert fault(till) is None
    with till.db.read() as connection:
        events = list(connection.execute(select(audit.c.event).order_by(audit.c.seq)).scalars())
    assert events == ["test.event", "test.other", "test.kept"]


def test_a_clock_that_went_back_never_dates_an_entry_before_the_last(till: Till, clock: FakeClock) -> None:
    write(till, 1)
    clock.set_back(86_400)
    write(till, 1)
    with till.db.read() as connection:
        times = list(connection.execute(select(audit.c.at).order_by(audit.c.seq)).scalars())
    assert times == sorted(times)
    assert fault(till) is None


def test_tills_keep_chains_of_their_own(till: Till, clock: FakeClock) -> None:
    other = make_till(till.db.engine, clock, till_id="T2")
    for _ in range(5):
        write(till, 1)
        write(other, 1)
    assert fault(till) is None
    with till.db.read() as connection:
        ends = {row.till_id: row.seq for row in connection.execute(select(audit_head))}
    assert ends == {"T1": 10, "T2": 10}


# --- somebody with the file, and without the secret ---

Tampering = Callable[[Any, random.Random], None]
_COLUMNS: Final = ("at", "actor", "event", "subject", "data", "prev", "mac")


def _edit(file: Any, chance: random.Random) -> None:
    column, seq, till = chance.choice(_COLUMNS), chance.randint(1, ENTRIES), chance.choice(("T1", "T2"))
    where = (till, seq)
    (value,) = file.execute(f"SELECT {column} FROM audit WHERE till_id = ? AND seq = ?", where).fetchone()  # noqa: S608
    changed: object = value + chance.choice((-1, 1)) if isinstance(value, int) else _other(str(value), chance)
    file.execute(f"UPDATE audit SET {column} = ? WHERE till_id = ? AND seq = ?", (changed, *where))  # noqa: S608


def _other(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    ways = [text[:at] + text[at + 1 :], text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :], text + " ", text.upper()]
    return chance.choice([way for way in ways if way != text])


def _delete(file: Any, chance: random.Random) -> None:
    file.execute("DELETE FROM audit WHERE till_id = 'T1' AND seq = ?", (chance.randint(1, ENTRIES),))


def _delete_and_close_up(file: Any, chance: random.Random) -> None:
    gone = chance.randint(1, ENTRIES - 1)
    file.execute("DELETE FROM audit WHERE till_id = 'T1' AND seq = ?", (gone,))
    for seq in range(gone + 1, ENTRIES + 1):
        file.execute("UPDATE audit SET seq = ? WHERE till_id = 'T1' AND seq = ?", (seq - 1, seq))
    file.execute("UPDATE audit_head SET seq = seq - 1 WHERE till_id = 'T1'")


def _insert(file: Any, chance: random.Random) -> None:
    """A copy of an entry behind the end, with the head moved on to it."""
    (at, event, mac) = file.execute(
        "SELECT at, event, mac FROM audit WHERE till_id = 'T1' AND seq = ?", (chance.randint(1, ENTRIES),)
    ).fetchone()
    (last,) = file.execute("SELECT mac FROM audit WHERE till_id = 'T1' AND seq = ?", (ENTRIES,)).fetchone()
    row = ("T1", ENTRIES + 1, at, "system", event, "thing:1", "{}", last, mac)
    file.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    file.execute("UPDATE audit_head SET seq = seq + 1, mac = ? WHERE till_id = 'T1'", (mac,))


def _swap(file: Any, chance: random.Random) -> None:
    one, other = chance.sample(range(1, ENTRIES + 1), 2)
    for source, target in ((one, -1), (other, one), (-1, other)):
        file.execute("UPDATE audit SET seq = ? WHERE till_id = 'T1' AND seq = ?", (target, source))


def _cut(file: Any, chance: random.Random) -> None:
    file.execute("DELETE FROM audit WHERE till_id = 'T1' AND seq > ?", (chance.randint(0, ENTRIES - 1),))


def _cut_and_move_the_head(file: Any, chance: random.Random) -> None:
    """As somebody would who knows the tables: the entry before the cut becomes the last one."""
    seq = chance.randint(1, ENTRIES - 1)
    at, mac = file.execute("SELECT at, mac FROM audit WHERE till_id = 'T1' AND seq = ?", (seq,)).fetchone()
    file.execute("DELETE FROM audit WHERE till_id = 'T1' AND seq > ?", (seq,))
    file.execute("UPDATE audit_head SET seq = ?, at = ?, mac = ? WHERE till_id = 'T1'", (seq, at, mac))


def _behead(file: Any, chance: random.Random) -> None:
    file.execute("DELETE FROM audit_head WHERE till_id = ?", (chance.choice(("T1", "T2")),))


def _rename_the_till(file: Any, chance: random.Random) -> None:
    file.execute("UPDATE audit SET till_id = 'T3' WHERE till_id = 'T1'")
    file.execute("UPDATE audit_head SET till_id = 'T3' WHERE till_id = 'T1'")


def _move_to_the_other_till(file: Any, chance: random.Random) -> None:
    seq = chance.randint(1, ENTRIES)
    file.execute("DELETE FROM audit WHERE till_id = 'T2' AND seq = ?", (seq,))
    file.execute("UPDATE audit SET till_id = 'T2' WHERE till_id = 'T1' AND seq = ?", (seq,))


TAMPERING: Final[tuple[Tampering, ...]] = (
    _edit, _edit, _edit, _delete, _delete_and_close_up, _insert, _swap, _cut, _cut_and_move_the_head, _behead,
    _rename_the_till, _move_to_the_other_till,
)  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tills' chains in a file, as one finds it on a disk: closed, and with the triggers taken out."""
    path = new_sqlite(tmp_path_factory.mktemp("chain"))
    engine = sqlite_engine(path)
    clock = FakeClock()
    for till_id in ("T1", "T2"):
        till = make_till(engine, clock, till_id=till_id)
        for _ in range(ENTRIES // 2):
            clock.advance(1)
            write(till, 1, note="paid and written down")
    assert fault(till) is None
    with engine.execution_options(writing=True).begin() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        for name in names:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    engine.dispose()
    return path


@pytest.mark.parametrize("tampering", dict.fromkeys(TAMPERING), ids=lambda way: way.__name__.strip("_"))
@settings(max_examples=max(3, TAMPERINGS // len(TAMPERING)), database=None)
@given(seed=st.integers(0, 2**32))
def test_every_tampering_is_found(written: Path, tampering: Tampering, seed: int) -> None:
    path = Path(shutil.copy2(written, written.with_name("tampered.db")))
    file = sqlite_driver.connect(str(path))
    tampering(file, random.Random(seed))
    file.commit()
    file.close()
    engine = sqlite_engine(path)
    assert fault(make_till(engine, FakeClock())) is not None
    engine.dispose()


def test_entries_are_dated_and_named(till: Till, clock: FakeClock) -> None:
    clock.advance(1.5)
    write(till, 1)
    with till.db.read() as connection:
        first = connection.execute(select(audit).order_by(audit.c.seq)).first()
    assert first is not None
    assert (first.actor, first.event, first.subject) == (till.system.label, "test.event", "thing:0")
    assert first.at == clock.now()
