"""A till that is asked to end from outside closes in order: exit status 0, and its books closed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tillgate.store.schema import HEAD

PATIENCE_S = 60.0


def wait_for(what: str, holds: Callable[[], bool], program: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if holds():
            return
        assert program.poll() is None, f"the program ended before {what}"
        time.sleep(0.05)
    raise AssertionError(f"waited in vain for {what}")


def is_open(database: Path) -> bool:
    """Migrated, and in use: a till that is open has a write-ahead log."""
    if not database.exists() or not database.with_name(f"{database.name}-wal").exists():
        return False
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return bool(connection.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,))
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_closes_the_till_in_order(tmp_path: Path, number: signal.Signals) -> None:
    surroundings = os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [str(Path(sys.executable).parent / "tillgate"), "run", "--mode", "test", "--data", str(tmp_path / "till")]
    database = tmp_path / "till" / "test" / "tillgate.db"
    with (tmp_path / "out").open("wb") as out:
        program = subprocess.Popen(command, env=surroundings, stdout=out, stderr=out)
        try:
            wait_for("the till", lambda: is_open(database), program)
            program.send_signal(number)
            status = program.wait(PATIENCE_S)
        finally:
            if program.poll() is None:
                program.kill()
                program.wait()
    said = (tmp_path / "out").read_text()
    assert (status, "Traceback" in said) == (0, False), said
    # The last connection that closes takes the log with it: nothing is left to be recovered.
    assert not database.with_name("tillgate.db-wal").exists()
