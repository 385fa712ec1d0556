"""Threads of a till and tills of their own press Pay for one consultation at once: one payment, one invoice, one
checkout, and everybody else is told whose it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.factories.clinic import open_clinic
from tests.factories.clock import FakeClock
from tests.factories.pay_race import race_threads
from tests.factories.tills import make_till

ROOT = Path(__file__).resolve().parents[2]
CAMPAIGN = bool(os.environ.get("TILLGATE_CAMPAIGN"))
ROUNDS = 1_000 if CAMPAIGN else 20
# How close together presses are is asked where the machine has nothing else to do.
WITHIN_S = 0.01 if CAMPAIGN else None


@pytest.mark.timeout(3_600 if CAMPAIGN else 120)
def test_threads_of_one_till(engine: Engine, clock: FakeClock) -> None:
    assert race_threads(open_clinic(make_till(engine, clock)), ROUNDS, 8, WITHIN_S) == []


@pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="tills are forked from one process")
@pytest.mark.timeout(3_600 if CAMPAIGN else 120)
def test_tills_that_are_processes(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False) if engine.name == "postgresql" else str(engine.url.database)
    command = [sys.executable, "-W", "error", "-m", "tests.factories.pay_race", url, "--rounds", str(ROUNDS)]
    command += ["--within", str(WITHIN_S)] if WITHIN_S else []
    raced = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (raced.returncode, raced.stdout, raced.stderr) == (0, "", "")
