"""Tills that are processes of their own want the last piece, the last use of a coupon, and press the same press."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

ROOT = Path(__file__).resolve().parents[2]
CAMPAIGN = bool(os.environ.get("TILLGATE_CAMPAIGN"))
ROUNDS = 1_000 if CAMPAIGN else 3
pytestmark = pytest.mark.timeout(14_400 if CAMPAIGN else 120)


@pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="tills are forked from one process")
def test_processes_that_want_the_last_piece(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False) if engine.name == "postgresql" else str(engine.url.database)
    command = [sys.executable, "-W", "error", "-m", "tests.factories.bulk_race", url, "--rounds", str(ROUNDS)]
    raced = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (raced.returncode, raced.stdout, raced.stderr) == (0, "", "")
