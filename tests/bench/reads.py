"""How the money path grows with the books."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy import text

from tests.bench.figure import Figure, interleaved
from tests.bench.fill import fill_sales
from tests.bench.money import waiting_payment, with_invoices
from tests.factories.clock import FakeClock
from tests.factories.shop import Counter, open_counter
from tests.factories.tills import make_till, new_sqlite
from tillgate.services.settle import check_now
from tillgate.store.engine import sqlite_engine

ROUNDS = 80


def growth() -> list[Figure]:
    """A verified payment to its orders at 1,000,000 orders, against itself at 10,000."""
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        small, large = _shop(Path(few), 10_000 // 3), _shop(Path(many), 1_000_000 // 3)
        ready: dict[tuple[int, int], int] = {}

        def prepare(number: int) -> None:
            for index, counter in enumerate((small, large)):
                ready[index, number] = waiting_payment(counter, number)

        _, at_small, at_large = interleaved(
            ROUNDS,
            prepare,
            lambda number: check_now(small.till, small.cashier, ready[0, number]),
            lambda number: check_now(large.till, large.cashier, ready[1, number]),
        )
        for counter in (small, large):
            counter.till.db.close()
    return [Figure("growth", at_large, "ms", at_small, 1.25)]


def _shop(folder: Path, payments: int) -> Counter:
    counter = open_counter(make_till(sqlite_engine(new_sqlite(folder)), FakeClock()))
    counter.till = with_invoices(counter.till)
    with counter.till.db.write(counter.till.system) as uow:
        uow.execute(text("UPDATE variant SET stock = 1000000"))
        fill_sales(uow.connection, payments)
    return counter
