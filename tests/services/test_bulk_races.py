"""Tills that are processes of their own want the last piece, the last use of a coupon, and press the same press."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import Engine

from tests.factories.forked import forked_tills, run_race

CAMPAIGN = bool(os.environ.get("TILLGATE_CAMPAIGN"))
ROUNDS = 1_000 if CAMPAIGN else 3
pytestmark = pytest.mark.timeout(14_400 if CAMPAIGN else 120)


@forked_tills
def test_processes_that_want_the_last_piece(engine: Engine) -> None:
    run_race(engine, "bulk_race", "--rounds", ROUNDS)
