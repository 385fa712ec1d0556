"""Threads of a till and tills of their own press Pay for one consultation at once: one payment, one invoice, one
checkout, and everybody else is told whose it is."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import Engine

from tests.factories.clinic import open_clinic
from tests.factories.clock import FakeClock
from tests.factories.forked import forked_tills, run_race
from tests.factories.pay_race import race_threads
from tests.factories.tills import make_till

CAMPAIGN = bool(os.environ.get("TILLGATE_CAMPAIGN"))
ROUNDS = 1_000 if CAMPAIGN else 20
# How close together presses are is asked where the machine has nothing else to do.
WITHIN_S = 0.01 if CAMPAIGN else None


@pytest.mark.timeout(3_600 if CAMPAIGN else 120)
def test_threads_of_one_till(engine: Engine, clock: FakeClock) -> None:
    assert race_threads(open_clinic(make_till(engine, clock)), ROUNDS, 8, WITHIN_S) == []


@forked_tills
@pytest.mark.timeout(3_600 if CAMPAIGN else 120)
def test_tills_that_are_processes(engine: Engine) -> None:
    run_race(engine, "pay_race", "--rounds", ROUNDS, *(("--within", WITHIN_S) if WITHIN_S else ()))
