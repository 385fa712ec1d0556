"""Two tills of their own on one device, and what a provider does to each position of a batch of ten."""

from __future__ import annotations

import os
import random

import pytest
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.depot import open_depot
from tests.factories.forked import forked_tills, run_race
from tests.factories.tills import make_till
from tillgate.domain.batch import ItemState, Shown
from tillgate.services.batch_payment import retry_item
from tillgate.store.models import payment

CAMPAIGN = bool(os.environ.get("TILLGATE_CAMPAIGN"))
ROUNDS = 300 if CAMPAIGN else 6
FAULTS = ("declined", "unknown", "+unknown", "not_sent", "rate_limited")
# Every fault at every position, ten times over; in CI a few of them at random.
PLAYS = 10 * len(FAULTS) * 10 if CAMPAIGN else 6
POSITIONS = 10


@forked_tills
@pytest.mark.timeout(3_600 if CAMPAIGN else 120)
def test_tills_that_are_processes_on_one_device(engine: Engine) -> None:
    run_race(engine, "batch_race", "--rounds", ROUNDS)


@pytest.mark.timeout(3_600 if CAMPAIGN else 120)
def test_faults_at_the_positions_of_a_batch_of_ten(sqlite_only: Engine, clock: FakeClock) -> None:
    """Some calls go wrong on the way out or back; in the end each invoice has one link that lives, or says why not."""
    depot = open_depot(make_till(sqlite_only, clock))
    chance = random.Random(1)
    for play in range(PLAYS):
        code = f"PLAY{play}"
        depot.device(code)
        depot.owe(*(5_000_000 + n for n in range(POSITIONS)), code=code)
        known = len(depot.provider.checkouts)
        wrong = {play % POSITIONS: FAULTS[play // POSITIONS % len(FAULTS)]}
        wrong |= {chance.randrange(POSITIONS): chance.choice(FAULTS) for _ in range(chance.randrange(3))}
        depot.provider.faults["create"] = [wrong.get(position, "") for position in range(POSITIONS)]
        view = depot.pay(device=code, count=POSITIONS)
        told = {each.position - 1: each.shown for each in view.items if not each.succeeded}
        assert told == {
            position: Shown.FAILED if fault == "declined" else Shown.CHECKING for position, fault in wrong.items()
        }
        for each in view.items:
            if each.state is ItemState.FAILED:
                retry_item(depot.till, depot.cashier, each.id)
        depot.run(view.batch.id)
        for seconds in (6, 6, 6, 60):
            clock.advance(seconds)
            depot.settle()
        if play % 100 == 99:
            depot.sign_in_again()
        items = depot.view(view.batch.id).items
        assert [each.shown for each in items] == [Shown.LINK_OPEN] * POSITIONS
        opened = list(depot.provider.checkouts.values())[known:]
        assert sorted(each.reference for each in opened) == sorted(each.reference for each in items)
    assert len(depot.rows(payment)) >= PLAYS * POSITIONS
