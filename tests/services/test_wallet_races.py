"""One wallet and many who spend it: threads of tills, and tills that are processes; never below nothing."""

from __future__ import annotations

import os
import threading

import pytest
from sqlalchemy import Engine

from tests.factories.forked import forked_tills, run_race
from tests.factories.purse import Purse, open_purse
from tests.factories.wallet_race import Round, attempt, faults, rounds_of
from tillgate.services.till import Till

CAMPAIGN = bool(os.environ.get("TILLGATE_CAMPAIGN"))
ROUNDS = 10_000 if CAMPAIGN else 4
TILLS = 5
PATIENCE_S = 60.0
pytestmark = pytest.mark.timeout(14_400 if CAMPAIGN else 120)


def test_threads_that_spend_one_wallet(till: Till) -> None:
    purse = open_purse(till)
    tills = [purse.till_of(f"T{number + 2}") for number in range(TILLS)]
    together, told = threading.Barrier(TILLS), []
    for number, this in enumerate(rounds_of(purse, ROUNDS)):
        purse.paid(purse.view(this.top_up).payment)
        answers: list[str] = []

        def run(here: Purse, which: int, this: Round, said: list[str]) -> None:
            together.wait(PATIENCE_S)
            said.append(attempt(here, which, this))

        runners = [
            threading.Thread(target=run, args=(here, mine + number, this, answers)) for mine, here in enumerate(tills)
        ]
        for each in runners:
            each.start()
        for each in runners:
            each.join(PATIENCE_S)
        assert len(answers) == TILLS
        told.append(answers)
    assert faults(purse, told) == []


@forked_tills
def test_processes_that_spend_one_wallet(engine: Engine) -> None:
    run_race(engine, "wallet_race", "--rounds", ROUNDS)
