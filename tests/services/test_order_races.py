"""Two tills, each a process of its own, race for what is left: one has it, the other's customer has the money back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import Engine, insert, update

from tests.factories.clock import FakeClock
from tests.factories.shop import Counter, open_counter
from tests.factories.tills import make_till, new_postgres
from tests.postgres import PostgresServer
from tillgate import failpoints
from tillgate.domain.payment import Fulfilment, PaymentState
from tillgate.store.audit import verify_chain
from tillgate.store.engine import postgres_engine
from tillgate.store.ledger import unbalanced
from tillgate.store.models import order_item, payment, rental_day, sales_order, stock_move, variant

ROOT = Path(__file__).resolve().parents[2]
# What each till sells, and how much of it there is: a last piece, a last unit for the day, and three pieces of four.
ROUNDS = [("PHN-1", {"PHN-1": 1}), ("CAM-1", {"CAM-1": 1}), ("GIT-1 GIT-1 CRD-1", {"GIT-1": 3, "CRD-1": 50})]


class Racer:
    """A till in a process of its own."""

    def __init__(self, url: str, number: int) -> None:
        command = [sys.executable, "-m", "tests.factories.racing_till", url, f"T{number}", str(number)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, bufsize=1
        )

    def tell(self, text: str) -> None:
        self._stream(self.process.stdin).write(f"{text}\n")

    def hear(self) -> str:
        return self._stream(self.process.stdout).readline().strip()

    def end(self) -> int:
        self._stream(self.process.stdin).close()
        self._stream(self.process.stdout).close()
        return self.process.wait(timeout=20)

    def _stream(self, stream: IO[str] | None) -> IO[str]:
        assert stream is not None
        return stream


@pytest.fixture
def racers(engine: Engine, clock: FakeClock) -> Iterator[tuple[Counter, list[Racer]]]:
    counter = open_counter(make_till(engine, clock, till_id="T0"))
    url = engine.url.render_as_string(hide_password=False) if engine.name == "postgresql" else str(engine.url.database)
    found = [Racer(url, number) for number in (1, 2)]
    assert [racer.hear() for racer in found] == ["open", "open"]
    yield counter, found
    assert [racer.end() for racer in found] == [0, 0]


def test_of_two_tills_one_has_the_last(racers: tuple[Counter, list[Racer]]) -> None:
    counter, tills = racers
    for codes, there in ROUNDS:
        for code, stock in there.items():
            counter.change(variant, code, stock=stock)
        for racer in tills:
            racer.tell(codes)
        assert [racer.hear() for racer in tills] == ["ready", "ready"]
        for racer in tills:
            racer.tell("go")
        ended = sorted(racer.hear().split()[1:] for racer in tills)
        assert ended == [["CAPTURED", "done"], ["REFUND_PENDING", "refused"]], codes
    assert (counter.stock("PHN-1"), counter.stock("GIT-1"), counter.stock("CRD-1")) == (0, 1, 49)
    assert len(counter.rows(rental_day)) == 1
    assert sorted(row.quantity for row in counter.rows(stock_move) if row.reason == "sold") == [-2, -1, -1]
    paid = {row.id: row for row in counter.rows(payment)}
    orders = counter.rows(sales_order)
    for till_id in ("T1", "T2"):
        given = [row.number for row in orders if row.till_id == till_id]
        assert given == [f"ORD-{till_id}-{number:06d}" for number in range(1, len(given) + 1)]
    made = {row.payment_id: 0 for row in orders}
    for row in orders:
        made[row.payment_id] += row.total_minor
    assert made == {each.id: each.amount_minor for each in paid.values() if each.fulfilment is Fulfilment.DONE}
    for racer in tills:
        # The next line is read only when the refunds of the last round are through.
        racer.tell("CRD-1 VAR-001")
        assert racer.hear() == "ready"
        racer.tell("go")
        assert racer.hear().endswith("done")
    states = [row.state for row in counter.rows(payment)]
    assert (states.count(PaymentState.REFUNDED), states.count(PaymentState.CAPTURED)) == (3, 5)
    with counter.till.db.read() as connection:
        assert not unbalanced(connection)
        assert verify_chain(connection, counter.till.db.audit_key) is None


def test_the_database_itself_lets_a_unit_out_once(postgres_server: PostgresServer, clock: FakeClock) -> None:
    """A till that looked before the other wrote: the key of the days refuses, and the money goes back."""
    url = new_postgres(postgres_server)
    engine, other = postgres_engine(url), postgres_engine(url)
    counter = open_counter(make_till(engine, clock))
    counter.change(variant, "CAM-1", stock=1)
    counter.sell("VAR-001")
    item = counter.rows(order_item)[0].id
    begun = counter.put_up(counter.ring_up("CAM-1"))
    taken = {"variant_id": counter.variant("CAM-1"), "unit": 1, "day": counter.till.store_day(clock.now())}

    def meanwhile(place: str) -> None:
        if place == "orders.after_items":
            with other.begin() as connection:
                connection.execute(insert(rental_day), [taken | {"order_item_id": item}])

    failpoints.arm(meanwhile)
    try:
        refused = counter.pay(begun)
    finally:
        failpoints.arm(None)
    assert (refused.state, refused.fulfilment) == (PaymentState.REFUND_PENDING, Fulfilment.REFUSED)
    assert (refused.ended_reason or "").startswith("stock_conflict(")
    assert [row.order_item_id for row in counter.rows(rental_day)] == [item]
    assert len(counter.rows(sales_order)) == 1
    for each in (engine, other):
        each.dispose()
    postgres_server.drop_database(url)


def test_stock_never_goes_below_nothing(postgres_server: PostgresServer, clock: FakeClock) -> None:
    """What a till has looked at is held: a sale elsewhere waits for it, and then finds nothing left."""
    url = new_postgres(postgres_server)
    engine, other = postgres_engine(url), postgres_engine(url)
    counter = open_counter(make_till(engine, clock))
    begun = counter.put_up(counter.ring_up("PHN-1"))
    locked: list[bool] = []

    def meanwhile(place: str) -> None:
        if place == "orders.after_items":
            with other.connect() as connection:
                connection.exec_driver_sql("SET lock_timeout = '50ms'")
                try:
                    connection.execute(update(variant).where(variant.c.code == "PHN-1").values(stock=0))
                except Exception:  # noqa: BLE001 - whatever the driver calls a lock that is not given
                    locked.append(True)

    failpoints.arm(meanwhile)
    try:
        assert counter.pay(begun).fulfilment is Fulfilment.DONE
    finally:
        failpoints.arm(None)
    assert (locked, counter.stock("PHN-1")) == ([True], 0)
    for each in (engine, other):
        each.dispose()
    postgres_server.drop_database(url)
