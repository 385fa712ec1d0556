"""Several computers open an empty shared database at the same moment: one makes the store, and all end well."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from tests.postgres import PostgresServer
from tillgate.store.engine import postgres_engine
from tillgate.store.schema import HEAD, current_revision

TILLS: Final = ("T1", "T2", "T3")
OPEN: Final = """
import sys
from pathlib import Path
from tillgate.app.books import open_books
from tillgate.app.profile import Profile
from tillgate.domain.errors import TillgateError
from tillgate.domain.payment import Mode
profile = Profile(Mode.TRAINING, Path(sys.argv[1]), sys.argv[3], sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
try:
    books = open_books(profile)
except TillgateError as error:
    print(error.code, flush=True)
    raise SystemExit(0)
books.till.db.transact(books.till.system, lambda uow: uow.record("till.started", "till:" + sys.argv[3]))
print("opened", flush=True)
books.till.db.close()
"""


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a new, empty database."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


def open_together(folder: Path, database: str) -> dict[str, str]:
    """What came of it at each till, once all of them stood at the start."""
    with ExitStack() as stack:
        running: dict[str, subprocess.Popen[str]] = {}
        for till in TILLS:
            command = [sys.executable, "-W", "ignore", "-c", OPEN, str(folder / till), database, till]
            running[till] = stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
        for each in running.values():
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in running.values():
            assert each.stdin is not None
            each.stdin.write("\n")
            each.stdin.flush()
        came = {till: each.communicate(timeout=100)[0].strip() for till, each in running.items()}
        assert {each.returncode for each in running.values()} == {0}
    return came


def secret_of(folder: Path, till: str) -> Path:
    return folder / till / "training" / "store.secret"


def give_secret(folder: Path, till: str, secret: bytes) -> None:
    path = secret_of(folder, till)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(secret)


@pytest.mark.timeout(500)  # several starts of the program, on a machine that may be busy
def test_one_computer_makes_the_store_and_the_others_are_told_to_join(tmp_path: Path, database: str) -> None:
    came = open_together(tmp_path, database)
    assert sorted(came.values()) == ["opened", "store_secret_wanted", "store_secret_wanted"]
    (first,) = [till for till, what in came.items() if what == "opened"]
    # Whoever was late made no secret of its own, which would keep it from joining.
    assert [till for till in TILLS if secret_of(tmp_path, till).exists()] == [first]
    secret = secret_of(tmp_path, first).read_bytes()
    for till in TILLS:
        give_secret(tmp_path, till, secret)
    assert set(open_together(tmp_path, database).values()) == {"opened"}


@pytest.mark.timeout(500)
def test_tills_of_one_store_bring_it_up_to_date_once(tmp_path: Path, database: str) -> None:
    """As after an update of the program: all of them have the secret, and each finds the schema to be old."""
    for till in TILLS:
        give_secret(tmp_path, till, b"5a" * 32)
    assert set(open_together(tmp_path, database).values()) == {"opened"}
    engine = postgres_engine(database)
    try:
        assert current_revision(engine) == HEAD
        with engine.connect() as connection:
            chains = connection.execute(text("SELECT till_id, seq FROM audit_head ORDER BY till_id")).all()
    finally:
        engine.dispose()
    assert [tuple(each) for each in chains] == [(till, 1) for till in TILLS]
