"""On PostgreSQL a batch's till, or the server, is killed at every place that it passes: once resumed, each of its
invoices has one payment, and the books are the bank's."""

from __future__ import annotations

import itertools
import os
import random
import sys
from typing import Final

import pytest

from tests.crash.driver import Job
from tests.crash.harness import PLACES, Cycle, House

pytestmark = [
    pytest.mark.crash,
    pytest.mark.postgres,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="kills are tried where processes fork"),
    pytest.mark.skipif(sys.platform == "darwin", reason="macOS frameworks do not survive a fork"),
]
CAMPAIGN: Final = bool(os.environ.get("TILLGATE_CAMPAIGN"))
# A batch of three has its links, is paid, and its payer is told. Captures by the till, refunds and sales have scenes of
# their own (test_kills).
_PASSED: Final = ("start.", "settle.", "apply.", "batch.", "daily.", "outbox.")
# Its intents and its answers are written with its steps, and come through no transaction of their own.
_ALONE: Final = ("start.before_intent", "start.after_outcome")
HERE: Final = sorted(place for place in PLACES if place.startswith(_PASSED) and place not in _ALONE)
# Who dies at the first pass of a place, the second or the third; a till also dies again on its way back.
TILL, TILL_TWICE, SERVER = "till", "till, twice", "server"
KILLS: Final = list(itertools.product(HERE, (1, 2, 3), (TILL, TILL_TWICE, SERVER)))
IN_CI: Final = len(KILLS) // 50
# The dice decide which invoices are paid and asked about; a place that they did not lead to is tried with others.
TRIES: Final = 8
KILLS_A_SHOP: Final = 12


@pytest.mark.timeout(7_200 if CAMPAIGN else 240)
def test_killed_at_every_place_of_a_batch_on_a_server(house_on_server: House) -> None:
    chance = random.Random()
    left = KILLS if CAMPAIGN else chance.sample(KILLS, IN_CI)
    while left:
        with house_on_server.shop() as folder:
            for place, nth, who in left[:KILLS_A_SHOP]:
                for _ in range(TRIES):
                    job = Job(str(folder), chance.randrange(10**9), ["batch"] * nth, place, nth)
                    found = _kill(house_on_server, job, who, chance)
                    if found.killed or found.faults:
                        break
                assert (found.killed, found.faults) == (place, []), found
        left = left[KILLS_A_SHOP:]


def _kill(house: House, job: Job, who: str, chance: random.Random) -> Cycle:
    if who == SERVER:
        return house.cycle_without_server(job)
    again = (chance.choice(HERE), chance.randint(1, 3)) if who == TILL_TWICE else None
    return house.cycle(job, again=again)
