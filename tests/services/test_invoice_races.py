"""One invoice and many who want it: tills that are processes, and threads of one till. One order, and the rest told."""

from __future__ import annotations

import os
import random
import string
import threading

import pytest
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.forked import forked_tills, run_race
from tests.factories.invoice_race import attempt, faults, rung_up
from tests.factories.prompting import Kiosk, open_kiosk
from tests.factories.tills import make_till
from tillgate.domain.invoice_checks import Reason
from tillgate.services.till import Till

CAMPAIGN = bool(os.environ.get("TILLGATE_CAMPAIGN"))
ROUNDS = 10_000 if CAMPAIGN else 4
HOSTILE = 10_000 if CAMPAIGN else 60
THREADS = 8
PATIENCE_S = 60.0
pytestmark = pytest.mark.timeout(14_400 if CAMPAIGN else 120)


def test_threads_that_want_one_invoice(till: Till) -> None:
    kiosk = open_kiosk(till)
    tills = [kiosk.till_of(f"T{number + 2}") for number in range(THREADS)]
    together, told = threading.Barrier(THREADS), []
    mine = [each.cart() for each in tills]
    for number in range(ROUNDS):
        found = kiosk.paid(phone=f"07{number:08d}")
        mine = [rung_up(each, cart) for each, cart in zip(tills, mine, strict=True)]
        answers: list[str] = []

        def run(here: Kiosk, cart: int, ref: str, said: list[str]) -> None:
            together.wait(PATIENCE_S)
            said.append(attempt(here, cart, ref))

        runners = [
            threading.Thread(target=run, args=(here, cart, found.number, answers))
            for here, cart in zip(tills, mine, strict=True)
        ]
        for each in runners:
            each.start()
        for each in runners:
            each.join(PATIENCE_S)
        assert len(answers) == THREADS
        told.append(answers)
    assert faults(kiosk, told) == []


@forked_tills
def test_processes_that_want_one_invoice(engine: Engine) -> None:
    run_race(engine, "invoice_race", "--rounds", ROUNDS)


def test_hostile_ids_find_nothing_and_break_nothing(sqlite_only: Engine) -> None:
    """Whatever is typed, pasted or scanned: an answer, and a row in the log."""
    kiosk = open_kiosk(make_till(sqlite_only, FakeClock()))
    found = kiosk.paid()
    chance = random.Random(2)
    # Punctuation of other languages, half of an id, an id with one letter changed.
    alphabet = string.printable + "'\"%_\\;\x00\x1b\u202e\u0130\u00df\ud800😀é٣"
    for number in range(HOSTILE):
        text = "".join(chance.choice(alphabet) for _ in range(chance.randrange(80)))
        near = found.number[: number % 13] + chance.choice(alphabet) + found.number[number % 13 + 1 :]
        for ref in (text, near):
            result = kiosk.verify(ref)
            assert result.success is (ref.strip().upper() == found.number)
            assert result.success or result.reason is Reason.NOT_FOUND
