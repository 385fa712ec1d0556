"""One invoice and many who want it: tills that are processes, and threads of one till. One order, and the rest told."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import string
import sys
import threading
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from tests.factories.clock import START, FakeClock
from tests.factories.pay_race import engine_of
from tests.factories.people import signed_in
from tests.factories.prompting import Kiosk, new_bank, open_kiosk
from tests.factories.tills import make_till
from tillgate.domain.errors import Refused
from tillgate.domain.invoice_checks import Reason
from tillgate.domain.orders import CartState
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.domain.staff import Role
from tillgate.services import carts
from tillgate.services.invoice_figures import differences
from tillgate.services.till import Till
from tillgate.store.ledger import unbalanced
from tillgate.store.models import payment_invoice, sales_order

CAMPAIGN = bool(os.environ.get("TILLGATE_CAMPAIGN"))
ROUNDS = 10_000 if CAMPAIGN else 4
HOSTILE = 10_000 if CAMPAIGN else 60
THREADS = 8
PROCESSES = 2
PATIENCE_S = 60.0
pytestmark = pytest.mark.timeout(7_200 if CAMPAIGN else 120)


def attempt(kiosk: Kiosk, cart: int, number: str) -> str:
    """What a till is told that wants an invoice for its cart: "sold", or by which order it was taken."""
    try:
        return "existing" if kiosk.sell(cart, number).existing else "sold"
    except Refused as refused:
        return f"{refused.code} {refused.values.get('reason', '')} {refused.values.get('orders', '')}"


def clear(kiosk: Kiosk, cart_id: int) -> None:
    """The loser's cart is empty again, so that the next one is worth one radio."""
    if carts.view_cart(kiosk.till, kiosk.cashier, cart_id).state is CartState.OPEN:
        carts.clear(kiosk.till, kiosk.cashier, cart_id)


def holds(kiosk: Kiosk, told: list[list[str]]) -> None:
    """One of each round sold, the others were told which order has it; and the books are even."""
    orders = [row.number for row in kiosk.rows(sales_order)]
    for answers in told:
        losers = [each for each in answers if each != "sold"]
        assert len(answers) - len(losers) == 1, answers
        assert all(each.startswith("invoice_not_good already_used ORD-") for each in losers), answers
        assert all(each.split()[-1] in orders for each in losers)
    assert len(orders) == len(told)
    assert all(row.state is InvoiceStatus.USED and row.order_id for row in kiosk.rows(payment_invoice))
    with kiosk.till.db.read() as connection:
        assert not unbalanced(connection)
        assert differences(connection) == []


def test_threads_that_want_one_invoice(till: Till) -> None:
    kiosk = open_kiosk(till)
    tills = [kiosk.till_of(f"T{number + 2}") for number in range(THREADS)]
    together, told = threading.Barrier(THREADS), []
    for number in range(ROUNDS):
        found = kiosk.paid(phone=f"07{number:08d}")
        mine = [each.cart() for each in tills]
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
        for here, cart in zip(tills, mine, strict=True):
            clear(here, cart)
        told.append(answers)
    holds(kiosk, told)


@pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="tills are forked from one process")
def test_processes_that_want_one_invoice(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False) if engine.name == "postgresql" else str(engine.url.database)
    kiosk = open_kiosk(make_till(engine, FakeClock(), till_id="T0"))
    numbers = [kiosk.paid(phone=f"07{number:08d}").number for number in range(ROUNDS)]
    engine.dispose()
    context = multiprocessing.get_context("fork")
    together, results = context.Barrier(PROCESSES), context.SimpleQueue()

    def run(mine: int) -> None:
        own_engine, till_id = engine_of(url), f"T{mine + 1}"
        own = make_till(own_engine, FakeClock(START), till_id=till_id, fulfilling=kiosk.till.fulfilling)
        own = replace(own, providers={"intasend": new_bank()}, settings=kiosk.till.settings)
        here = replace(kiosk, till=own, cashier=signed_in(own, Role.CASHIER, f"Cashier of {till_id}"))
        said = []
        for number in numbers:
            cart = here.cart()
            together.wait(PATIENCE_S)
            said.append(attempt(here, cart, number))
            clear(here, cart)
        own_engine.dispose()
        results.put(json.dumps(said))

    runners = [context.Process(target=run, args=(mine,)) for mine in range(PROCESSES)]
    for each in runners:
        each.start()
    answers = [json.loads(results.get()) for _ in runners]
    for each in runners:
        each.join(PATIENCE_S)
    holds(kiosk, [list(each) for each in zip(*answers, strict=True)])


def test_hostile_ids_find_nothing_and_break_nothing(sqlite_only: Engine) -> None:
    """Whatever is typed, pasted or scanned: an answer, and a row in the log."""
    kiosk = open_kiosk(make_till(sqlite_only, FakeClock()))
    found = kiosk.paid()
    chance = random.Random(2)
    # Enough of every kind: punctuation of other languages, half of an id, an id with one letter changed.
    alphabet = string.printable + "'\"%_\\;\x00\x1b\u202e\u0130\u00df\ud800😀é٣"
    for number in range(HOSTILE):
        text = "".join(chance.choice(alphabet) for _ in range(chance.randrange(80)))
        near = found.number[: number % 13] + chance.choice(alphabet) + found.number[number % 13 + 1 :]
        for ref in (text, near):
            result = kiosk.verify(ref.replace("\ud800", "?"))
            assert result.success is (ref.strip().upper() == found.number)
            assert result.success or result.reason is Reason.NOT_FOUND
