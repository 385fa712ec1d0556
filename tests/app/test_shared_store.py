"""`tillgate` on a shared database, as an owner runs it at a terminal: by process, with a real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.postgres import PostgresServer

MANAGER, PIN = "Meera Shah", "739164"
# Opens the first till of a store with its manager, and shows a code for the next.
FIRST: Final = """
import sys
from pathlib import Path
from tillgate.app.books import open_books
from tillgate.app.joining import offer_for_new_till
from tillgate.app.profile import Profile
from tillgate.domain.payment import Mode
from tillgate.services.pin_hash import Pins
from tillgate.services.staff import create_first_manager
books = open_books(Profile(Mode.TEST, Path(sys.argv[1]), "T1", sys.argv[2]))
create_first_manager(books.till, Pins(books.secret.pepper), sys.argv[3], sys.argv[4])
print(offer_for_new_till(books, sys.argv[3], sys.argv[4]).code.reveal(), books.secret.whole.reveal())
books.till.db.close()
"""
# Is a till until it is killed or its input ends; says so, or why not.
HOLD: Final = """
import sys
from pathlib import Path
from tillgate.app.books import open_books
from tillgate.app.holding import hold_till
from tillgate.app.profile import Profile
from tillgate.domain.errors import TillgateError
from tillgate.domain.payment import Mode
profile = Profile(Mode.TRAINING, Path(sys.argv[1]), sys.argv[3], sys.argv[2])
books = open_books(profile)
try:
    holding = hold_till(profile, books.till)
except TillgateError as error:
    print(error.code, flush=True)
    raise SystemExit(3)
print("held", flush=True)
sys.stdin.read()
holding.stop()
books.till.db.close()
"""


def run(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """A command of the installed application, with what is typed at its prompts."""
    return subprocess.run(
        [sys.executable, *arguments], input=typed, capture_output=True, text=True, check=False, timeout=100,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip


def tillgate(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return run("-m", "tillgate.app.cli", *arguments, typed=typed)


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a new, empty database."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


def sql(url: str, statement: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("postgresql://till@127.0.0.1:1/store", "database_unreachable"),
        ("postgresql://till:hunter22@127.0.0.1:1/store", "database_password_given"),
        ("postgresql://till@127.0.0.1:1/store?password=hunter22", "database_password_given"),
        ("mysql://till@127.0.0.1/store", "database_url_malformed"),
        ("the back room", "database_url_malformed"),
    ],
)
def test_what_cannot_be_opened_is_said_in_a_sentence(tmp_path: Path, address: str, code: str) -> None:
    done = tillgate("check", "--data", str(tmp_path), "--database", address)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.strip().endswith(f"[{code}]")
    assert "Traceback" not in done.stderr
    assert "hunter22" not in done.stderr
    logs = "".join(path.read_text("utf-8") for path in tmp_path.rglob("*") if path.is_file())
    assert "hunter22" not in logs


def test_a_database_that_is_not_there_is_named(tmp_path: Path, database: str) -> None:
    done = tillgate("check", "--data", str(tmp_path), "--database", re.sub(r"/\w+$", "/elsewhere", database))
    assert (done.returncode, done.stderr.strip()[-17:]) == (2, "[database_absent]")


@pytest.mark.timeout(500)  # several starts of the program, on a machine that may be busy
def test_a_new_till_joins_by_a_code_and_its_books_hold(tmp_path: Path, database: str) -> None:
    first = run("-c", FIRST, str(tmp_path / "first"), database, MANAGER, PIN)
    assert first.returncode == 0, first.stderr
    code, secret = first.stdout.split()
    second = ["--mode", "test", "--data", str(tmp_path / "second"), "--database", database, "--till", "T2"]
    stranger = tillgate("check", *second)
    assert (stranger.returncode, stranger.stderr.strip()[-21:]) == (2, "[store_secret_wanted]")
    wrong = tillgate("join", *second, typed="AAAAA-AAAAA-AAAAA-AAAAA-AAAAA\n")
    assert (wrong.returncode, wrong.stderr.strip()[-18:]) == (2, "[offer_code_wrong]")
    joined = tillgate("join", *second, typed=f"{code}\n")
    assert joined.returncode == 0, joined.stderr
    assert secret not in joined.stdout + joined.stderr
    checked = tillgate("check", *second)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert (tmp_path / "second" / "test" / "store.secret").read_text("ascii").strip() == secret
    again = tillgate("join", *second, typed=f"{code}\n")
    assert (again.returncode, again.stderr.strip()[-20:]) == (2, "[store_secret_there]")


@pytest.mark.timeout(500)  # several starts of the program, on a machine that may be busy
def test_two_computers_are_not_one_till_and_a_killed_one_lets_go(tmp_path: Path, database: str) -> None:
    """The second is refused while the first lives, and for as long as its lease lasts after it was killed."""
    opened = run("-c", FIRST.replace("Mode.TEST", "Mode.TRAINING"), str(tmp_path / "a"), database, MANAGER, PIN)
    assert opened.returncode == 0, opened.stderr
    # The same store's secret, on another computer.
    other = tmp_path / "b" / "training"
    other.mkdir(parents=True, mode=0o700)
    (other / "store.secret").touch(mode=0o600)
    (other / "store.secret").write_bytes((tmp_path / "a" / "training" / "store.secret").read_bytes())
    command = [sys.executable, "-c", HOLD, str(tmp_path / "a"), database, "T1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        refused = run("-c", HOLD, str(tmp_path / "b"), database, "T1")
        assert (refused.returncode, refused.stdout.strip()) == (3, "till_in_use")
        holder.kill()
    assert run("-c", HOLD, str(tmp_path / "b"), database, "T1").stdout.strip() == "till_in_use"
    sql(database, "UPDATE till_lease SET lease_until = lease_until - 61000000")
    taken = run("-c", HOLD, str(tmp_path / "b"), database, "T1")
    assert taken.stdout.strip() == "held", taken.stderr
    # It let go as it ended: the first computer may be the till again at once.
    assert run("-c", HOLD, str(tmp_path / "a"), database, "T1").stdout.strip() == "held"


# A first start that becomes a till of the store instead, as its window does it; then the books of its own are empty.
INSTEAD: Final = """
import sys
from pathlib import Path
from tillgate.app.books import open_books
from tillgate.app.joining import join_instead
from tillgate.app.profile import Profile
from tillgate.domain.errors import TillgateError
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.services.tills import JoinRequest
books = open_books(Profile(Mode.TEST, Path(sys.argv[1])))
for till in sys.argv[3:]:
    try:
        join_instead(books, JoinRequest(sys.argv[2].replace("+psycopg", ""), Secret(""), till, Secret(input())))
        print("joined", till)
    except TillgateError as error:
        print(error.code)
books.till.db.close()
"""


@pytest.mark.timeout(500)  # several starts of the program, on a machine that may be busy
def test_a_first_start_joins_instead_and_later_starts_know_it(tmp_path: Path, database: str) -> None:
    first = run("-c", FIRST, str(tmp_path / "first"), database, MANAGER, PIN)
    assert first.returncode == 0, first.stderr
    code, secret = first.stdout.split()
    folder = tmp_path / "second"
    typed = f"x\n{code}\nAAAAA-AAAAA-AAAAA-AAAAA-AAAAA\n{code}\n"
    done = run("-c", INSTEAD, str(folder), database, "t-2", "T1", "T2", "T2", typed=typed)
    said = ["till_name_malformed", "till_taken", "offer_code_wrong", "joined T2"]
    assert done.stdout.split("\n")[:-1] == said, done.stderr
    assert secret not in done.stdout + done.stderr
    kept = (folder / "test" / "store.json").read_text("utf-8")
    assert '"till": "T2"' in kept
    assert secret not in kept
    # Named nowhere, and yet the store's: its books, under the secret that came.
    check = tillgate("check", "--mode", "test", "--data", str(folder))
    assert check.returncode == 0, check.stdout + check.stderr
    unlocked = tillgate("unlock", MANAGER, "--mode", "test", "--data", str(folder))
    assert unlocked.stdout == f"{MANAGER} is not locked.\n", unlocked.stderr
    for command in (("check",), ("unlock", MANAGER)):
        nowhere = tillgate(*command, "--mode", "test", "--data", str(tmp_path / "typo"))
        assert (nowhere.returncode, nowhere.stderr.strip()[-15:]) == (2, "[store_missing]")
    assert not (tmp_path / "typo").exists()
    (folder / "test" / "store.json").write_text("{", "utf-8")
    damaged = tillgate("check", "--mode", "test", "--data", str(folder))
    assert (damaged.returncode, damaged.stderr.strip()[-15:]) == (2, "[place_damaged]")
