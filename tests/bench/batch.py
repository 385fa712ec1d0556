"""A batch of ten invoices at a provider that takes 200 ms for each: what it costs over the waiting itself."""

from __future__ import annotations

import gc
import secrets
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tests.bench.figure import Figure
from tests.bench.floors import open_bare
from tests.factories.clock import FakeClock
from tests.factories.depot import Depot, open_depot
from tests.factories.fake_provider import FakeProvider
from tests.factories.tills import make_till, new_sqlite
from tillgate.domain.batch import BatchState
from tillgate.domain.checkout_facts import CheckoutFacts
from tillgate.store.engine import sqlite_engine
from tillgate.store.unit_of_work import refuse_inside_transaction

ROUNDS: Final = 5
INVOICES: Final = 10
LATENCY_S: Final = 0.2
# Its turn and its payment with what was answered for the one before, and that it is sent: each durable before the next.
COMMITS: Final = 2
# At most so much of the latency may come on top.
TARGET: Final = 1.03


def batch() -> list[Figure]:
    """The whole batch, from the press to its end, by turns with ten bare waits, and with waits and bare commits."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sqlite_engine(new_sqlite(Path(folder)))
        depot = open_depot(make_till(engine, FakeClock()))
        _slow_down(depot.provider)
        for number in range(ROUNDS + 1):
            depot.device(f"BENCH{number}")
            depot.owe(*(5_000_000 + n for n in range(INVOICES)), code=f"BENCH{number}")
        # The first batch pays for compiling statements and filling caches.
        _paid(depot, 0)
        bare = open_bare(Path(folder) / "bare.db")
        # As in a till, where lanes collect no garbage (ui/garbage.py).
        gc.disable()
        taken = [(_paid(depot, number), _waited(), _waited(bare)) for number in range(1, ROUNDS + 1)]
        gc.enable()
        engine.dispose()
    whole, waiting, durable = (statistics.median(times) for times in zip(*taken, strict=True))
    return [
        Figure("batch-overhead", whole, "ms", waiting, TARGET),
        Figure("batch-over-durable-waits", whole, "ms", durable, TARGET),
    ]


def _slow_down(provider: FakeProvider) -> None:
    """Each call takes that long from its beginning to its answer, what the fake itself does included."""
    due = 0.0

    def begin(_verb: str) -> None:
        nonlocal due
        refuse_inside_transaction()
        due = time.perf_counter() + LATENCY_S

    def wait(facts: CheckoutFacts) -> CheckoutFacts:
        time.sleep(max(0.0, due - time.perf_counter()))
        return facts

    provider.before, provider.twist = begin, wait


def _paid(depot: Depot, number: int) -> float:
    begun = time.perf_counter()
    view = depot.pay(device=f"BENCH{number}", count=INVOICES)
    taken_ms = (time.perf_counter() - begun) * 1000
    assert (view.batch.state, view.totals.success_count) == (BatchState.DONE, INVOICES)
    return taken_ms


def _waited(bare: Any = None) -> float:
    """Ten waits; with a connection, the commits that each invoice needs around its call as well."""
    begun = time.perf_counter()
    for _ in range(INVOICES):
        time.sleep(LATENCY_S)
        for _ in range(COMMITS if bare is not None else 0):
            bare.execute("BEGIN IMMEDIATE")
            bare.execute("INSERT INTO audit(at, event, data) VALUES (1, 'step', ?)", (secrets.token_hex(200),))
            bare.execute("COMMIT")
    return (time.perf_counter() - begun) * 1000
