"""The money path: creation, a duplicate press, and a verified payment to orders and invoices."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, make_url, text

from tests.bench.aside import timed
from tests.bench.figure import Figure, interleaved
from tests.bench.floors import bare_duplicate, bare_payment, open_bare
from tests.bench.replay import Recorded, counted, send_again, written
from tests.factories.clock import FakeClock
from tests.factories.fake_provider import FakeProvider
from tests.factories.payments import Desk, open_desk
from tests.factories.people import signed_in
from tests.factories.shop import Counter, open_counter
from tests.factories.tills import make_till, new_postgres, new_sqlite
from tests.postgres import running_postgres
from tillgate.domain.payment import Purpose
from tillgate.domain.staff import Role
from tillgate.services import carts
from tillgate.services.invoices import make_invoices
from tillgate.services.payment_views import read_view
from tillgate.services.payments import StartPayment, start
from tillgate.services.records import PaymentRecord
from tillgate.services.settle import check_now
from tillgate.services.till import Till
from tillgate.store.engine import postgres_engine, sqlite_engine
from tillgate.store.unit_of_work import UnitOfWork

ROUNDS = 300
PAIRS = 5


@contextmanager
def sqlite_desk() -> Iterator[tuple[Desk, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        engine = sqlite_engine(new_sqlite(Path(folder)))
        till = make_till(engine, FakeClock())
        yield open_desk(till, signed_in(till, Role.CASHIER), signed_in(till, Role.MANAGER)), Path(folder)
        engine.dispose()


def payment_creation() -> list[Figure]:
    """A press of Pay, provider excluded; and the same press again."""
    with sqlite_desk() as (desk, folder):
        bare = open_bare(folder / "bare.db")
        commands = commands_of(desk, ROUNDS)

        floor, look, created, again = interleaved(
            ROUNDS,
            lambda number: bare_payment(bare, number),
            lambda number: bare_duplicate(bare, number),
            lambda number: start(desk.till, desk.cashier, commands[number]),
            lambda number: start(desk.till, desk.cashier, commands[number]),
            aside=timed(desk),
        )
        return [
            Figure("payment-creation", created, "ms", floor, 6),
            Figure("duplicate-press", again, "ms", look, 12),
            Figure("duplicate-to-first", created, "ms", again, 8, least=True),
        ]


def verified_to_orders() -> list[Figure]:
    """A verified payment of three vendors: orders, items, stock, books, three invoices, outbox and audit."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sqlite_engine(new_sqlite(Path(folder)))
        bare = open_bare(Path(folder) / "bare.db")
        counter = open_counter(make_till(engine, FakeClock()))
        counter.till = with_invoices(counter.till)
        with counter.till.db.write(counter.till.system) as uow:
            uow.execute(text("UPDATE variant SET stock = 1000000"))
        ready: dict[int, int] = {}

        def prepare(number: int) -> None:
            ready[number] = waiting_payment(counter, number)

        floor, _, made_ms = interleaved(
            ROUNDS // 2,
            lambda number: bare_payment(bare, number),
            prepare,
            lambda number: check_now(counter.till, counter.cashier, ready[number]),
        )
        with counter.till.db.read() as connection:
            orders = connection.execute(text("SELECT count(*) FROM sales_invoice")).scalar_one()
        assert orders == 3 * (ROUNDS // 2), "every payment has three orders with their invoices"
        engine.dispose()
        return [Figure("verified-to-orders", made_ms, "ms", floor, 12)]


def waiting_payment(counter: Counter, number: int) -> int:
    """A cart of three vendors, one line of them rented, paid at the provider and not yet verified."""
    till, cashier = counter.till, counter.cashier
    cart = counter.ring_up("GIT-1", "VAR-001")
    tomorrow = till.store_day(till.clock.now()) + timedelta(days=1 + number)
    period = counter.period("CAM-1", 1)
    cart = carts.add_variant(till, cashier, cart.id, counter.variant("CAM-1"), period_id=period, start_on=tomorrow)
    begun = counter.put_up(cart)
    with till.db.read() as connection:
        attempt = read_view(connection, begun.id).attempt
    assert attempt is not None
    counter.provider.pay(attempt.reference)
    return begun.id


def with_invoices(till: Till) -> Till:
    """Invoices in the same transaction, so that the figure has them too; the till itself makes them right after."""
    usual = till.fulfilling[Purpose.CHECKOUT]

    def make(uow: UnitOfWork, owner: PaymentRecord) -> None:
        usual.make(uow, owner)
        make_invoices(uow, till, owner.id)

    return dataclasses.replace(till, fulfilling={Purpose.CHECKOUT: dataclasses.replace(usual, make=make)})


def postgres_creation() -> list[Figure]:
    """A press of Pay on PostgreSQL against bare psycopg, which sends the same statements to a twin of the database.

    What is sent is learned from a second till, on a twin of its own: nobody watches the one that is timed. Till and
    server have one processor: where they have two, whether a journey finds the server's one asleep counts for more than
    anything else, and falls differently for each connection. Of several pairs of connections the middle one is told:
    how two processes of the server share the caches makes up to a tenth, either way.
    """
    with one_processor(), running_postgres(durable=True) as server:
        url = new_postgres(server)
        engine = postgres_engine(url)
        till = make_till(engine, FakeClock())
        desk = open_desk(till, signed_in(till, Role.CASHIER), signed_in(till, Role.MANAGER))
        engine.dispose()
        watched_url, bare_url = (server.create_database(template=make_url(url).database) for _ in range(2))
        watched = on_another(desk, postgres_engine(watched_url))
        recorded = Recorded(watched.till.db.engine)
        pairs = []
        for pair in range(PAIRS):
            with bare_driver(bare_url) as bare:
                pairs.append(replayed(desk, watched, recorded, bare, pair))
            engine.dispose()
        watched.till.db.engine.dispose()
        with bare_driver(bare_url) as bare, bare_driver(watched_url) as theirs, bare_driver(url) as ours:
            assert written(bare) == written(theirs), "the bare driver wrote the same"
            assert counted(bare) == counted(ours), "the till that is timed wrote as much"
        for each in (bare_url, watched_url, url):
            server.drop_database(each)
    return [sorted(pairs, key=lambda figure: figure.ratio)[PAIRS // 2]]


def on_another(desk: Desk, engine: Engine) -> Desk:
    """The same desk on a twin of its database, with a provider of its own."""
    db = dataclasses.replace(desk.till.db, engine=engine)
    provider = FakeProvider()
    till = dataclasses.replace(desk.till, db=db, providers={provider.name: provider})
    return dataclasses.replace(desk, till=till, provider=provider)


def replayed(desk: Desk, watched: Desk, recorded: Recorded, bare: psycopg.Connection[Any], pair: int) -> Figure:
    """Presses of one connection, each sent again on another."""
    rounds = ROUNDS // PAIRS
    commands = commands_of(desk, rounds, pair * rounds)
    sent: list[tuple[Any, Any]] = []

    def learn(number: int) -> None:
        start(watched.till, watched.cashier, commands[number])
        sent[:] = recorded.take()

    # Each comes after what warms it least: the bare driver after a till, the till after the bare driver.
    _, floor, created = interleaved(
        rounds,
        learn,
        lambda _number: send_again(bare, sent),
        lambda number: start(desk.till, desk.cashier, commands[number]),
        aside=timed(desk),
    )
    return Figure("postgres-payment-creation", created, "ms", floor, 1.5)


def commands_of(desk: Desk, rounds: int, after: int = 0) -> dict[int, StartPayment]:
    """What each round's press asks for: the screen has it ready."""
    return {number: desk.command(thing=after + number) for number in range(1, rounds + 1)}


@contextmanager
def one_processor() -> Iterator[None]:
    """This process, and what it starts, where the system can say so."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usual)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)


def bare_driver(url: str) -> psycopg.Connection[Any]:
    """A connection of psycopg's own that commits every statement by itself."""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
