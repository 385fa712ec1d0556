"""A till in a process of its own that races others for what is left.

    python -m tests.factories.racing_till URL TILL_ID NUMBER

Reads a line of variants to sell ("PHN-1 GIT-1"), puts the cart up, says "ready", waits for another line, takes the
money and says what became of the payment: "<id> <state> <fulfilment>". Ends with its input.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.shop import open_counter
from tests.factories.tills import make_till
from tillgate.services import carts
from tillgate.services.refunds import settle_refunds
from tillgate.store.engine import postgres_engine, sqlite_engine


def engine_of(url: str) -> Engine:
    """SQLite by a file's path, PostgreSQL by its URL."""
    return postgres_engine(url) if "://" in url else sqlite_engine(Path(url))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(url: str, till_id: str, number: str) -> None:
    engine = engine_of(url)
    counter = open_counter(make_till(engine, FakeClock(), till_id=till_id), number=int(number))
    say("open")
    for line in sys.stdin:
        cart = carts.open_cart(counter.till, counter.cashier)
        carts.clear(counter.till, counter.cashier, cart.id)
        begun = counter.put_up(counter.ring_up(*line.split()))
        say("ready")
        sys.stdin.readline()
        done = counter.pay(begun)
        say(f"{done.id} {done.state.value} {done.fulfilment.value}")
        settle_refunds(counter.till)
    engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
