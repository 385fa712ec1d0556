"""Killed anywhere, the till comes back with the bank's own books: nothing lost, doubled or left behind."""

from __future__ import annotations

import os
import random
import sys
from typing import Final

import pytest
from sqlalchemy import select

from tests.crash.counter import SCENES
from tests.crash.driver import STATEMENT, Job
from tests.crash.harness import PLACES, Cycle, House, Tally, job_at, job_at_statement, random_job, rivals
from tests.crash.shop import DATABASE
from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.payment import Fulfilment, PaymentState, RefundState
from tillgate.store.engine import sqlite_engine
from tillgate.store.models import money_exception, payment, payment_attempt, provider_call, refund, return_inbox

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="kills are tried where processes fork"),
    pytest.mark.skipif(sys.platform == "darwin", reason="macOS frameworks do not survive a fork"),
]
# Where every sale passes whose customer comes back.
IN_A_SALE: Final = (
    "start.after_intent",
    "start.after_answer",
    "apply.inside",
    "orders.after_order",
    "orders.after_cart",
)
SHARES: Final = 3
RANDOM_KILLS: Final = 20
STATEMENTS: Final = 7
# A cycle on a server takes a second; `dev.py campaign crash-server` plays hundreds.
ON_SERVER: Final = 1
# A place that the dice of one play did not lead to is tried with others.
TRIES: Final = 6


@pytest.mark.parametrize("share", range(SHARES))
def test_killed_at_every_place(house: House, share: int) -> None:
    places = PLACES[share::SHARES]
    tally = Tally()
    with house.shop() as folder:
        for number, place in enumerate(places):
            cycles = [house.cycle(job_at(folder, place, 1, 1_000 * number + share))]
            while cycles[-1].killed != place and not cycles[-1].faults and len(cycles) < TRIES:
                cycles.append(house.cycle(job_at(folder, place, 1, 1_000 * number + share + 10 * len(cycles))))
            for each in cycles:
                tally.take(each)
            assert not tally.failures, tally.failures
    assert set(places) <= tally.kills.keys(), set(places) - tally.kills.keys()


def test_unkilled_the_scenes_come_to_what_they_are_named_for(house: House) -> None:
    """A harness that plays nothing finds nothing."""
    with house.shop() as folder:
        assert house.cycle(Job(str(folder), 3, list(SCENES))).faults == []
        engine = sqlite_engine(folder / DATABASE)
        with engine.connect() as connection:
            states = {(row.state, row.fulfilment) for row in connection.execute(select(payment))}
            refunds = {(row.state, row.automatic) for row in connection.execute(select(refund))}
            reasons = {row.ended_reason for row in connection.execute(select(payment_attempt))}
            kinds = {row.kind for row in connection.execute(select(money_exception))}
            calls = {row.kind for row in connection.execute(select(provider_call)) if row.outcome == "success"}
            verdicts = {row.verdict for row in connection.execute(select(return_inbox))}
        engine.dispose()
    assert (PaymentState.PARTIALLY_REFUNDED, Fulfilment.DONE) in states
    assert (PaymentState.REFUNDED, Fulfilment.REFUSED) in states
    assert (PaymentState.CANCELLED, Fulfilment.NONE) in states
    assert {(RefundState.DONE, 0), (RefundState.DONE, 1)} <= refunds
    assert "switched" in reasons
    assert ExceptionKind.LATE in kinds
    assert {"create", "fetch", "capture", "cancel", "refund"} <= calls
    assert "signed" in verdicts


def test_killed_at_any_statement_of_an_import_or_a_refund(house: House) -> None:
    chance = random.Random()
    with house.shop() as folder:
        jobs = [Job(str(folder), chance.randrange(10**9), ["import"], STATEMENT, chance.randint(40, 150))]
        jobs += [job_at_statement(folder, chance.randrange(10**9)) for _ in range(STATEMENTS)]
        cycles = [house.cycle(job) for job in jobs]
    assert cycles[0].killed == STATEMENT
    assert [each for each in cycles if each.faults] == []


def test_killed_at_random_moments_and_again_while_recovering(house: House) -> None:
    chance = random.Random()
    tally = Tally()
    with house.shop() as folder:
        for _ in range(RANDOM_KILLS):
            job, moment = random_job(folder, chance.randrange(10**9))
            again = (chance.choice(PLACES), 1) if chance.random() < 0.25 else None
            tally.take(house.cycle(job, kill_after=moment, again=again))
            assert not tally.failures, tally.failures
    assert tally.kills["random"] >= RANDOM_KILLS // 3


@pytest.mark.postgres
def test_on_a_server_a_killed_till_and_a_killed_server_lose_nothing(house_on_server: House) -> None:
    chance = random.Random()
    with house_on_server.shop() as folder:
        for _ in range(ON_SERVER):
            place, other = chance.sample(IN_A_SALE, 2)
            found = house_on_server.cycle(Job(str(folder), chance.randrange(10**9), ["come_back"], place))
            assert (found.killed, found.faults) == (place, []), found
            job = Job(str(folder), chance.randrange(10**9), ["come_back"], other)
            found = house_on_server.cycle_without_server(job)
            assert (found.killed, found.faults) == (other, []), found


@pytest.mark.postgres
def test_two_tills_at_odds_over_a_deaf_bank_keep_one_set_of_books(house_on_server: House) -> None:
    chance = random.Random()
    with house_on_server.shop() as folder:
        for _ in range(ON_SERVER):
            found = house_on_server.cycle_of_rivals(*rivals(folder, chance.randrange(10**9)))
            assert not found.faults, found


@pytest.mark.parametrize(
    ("plant", "place", "tells"),
    [
        ("sent_before_committed", "start.after_answer", "nobody here waits"),
        ("created_again_under_another_name", "start.after_answer", "is nobody's"),
        ("sent_again_without_looking", "refund.after_answer", "the sweep found"),
        ("done_before_sent", "outbox.after_claim", "never delivered"),
    ],
)
def test_a_bug_planted_on_purpose_is_found(house: House, plant: str, place: str, tells: str) -> None:
    found = _cycle(house, plant, place)
    assert found.killed == place
    assert any(tells in fault for fault in found.faults), found.faults
    assert _cycle(house, None, place).faults == [], "found without the bug too"


def _cycle(house: House, plant: str | None, place: str) -> Cycle:
    with house.shop() as folder:
        scenes = ["refund"] if place.startswith("refund") else ["come_back"]
        # The first piece of work is the invoices; mails come after it.
        nth = 2 if place.startswith("outbox") else 1
        return house.cycle(Job(str(folder), 7, scenes, place, nth, plant))
