"""Two tills of one shop on one database, a bank, and everything that people, time and bad luck do to them."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Final, Self, TypeVar

from sqlalchemy import Table, select, update

from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.shop import SHOP
from tests.factories.tills import make_till, new_sqlite
from tests.stateful.bank import Bank
from tillgate import failpoints
from tillgate.domain.errors import Refused, Unavailable
from tillgate.domain.payment import Purpose
from tillgate.domain.settings import Settings
from tillgate.domain.staff import Actor, Role
from tillgate.services import carts, orders
from tillgate.services.attempt_lease import release_left_behind
from tillgate.services.cart_view import CartView
from tillgate.services.customers import CustomerDraft, create_customer
from tillgate.services.invoices import make_due
from tillgate.services.outbox import OutboxRecord, Work, run_due
from tillgate.services.records import PaymentRecord
from tillgate.services.refunds import settle_refunds
from tillgate.services.returns import settle_returns, store_return
from tillgate.services.sample_shop import load_shop
from tillgate.services.settle import settle_attempts, settle_fulfilments
from tillgate.services.sweep import sweep
from tillgate.services.till import Fulfilling, Till
from tillgate.store.engine import sqlite_engine
from tillgate.store.models import outbox, payment_attempt, refund, staff_session, stock_move, variant
from tillgate.store.unit_of_work import UnitOfWork, refuse_inside_transaction

T = TypeVar("T")
TILLS: Final = ("T1", "T2")
FOR_YEARS: Final = timedelta(days=1000)
# Nothing here is about a disk: where there is a file system in memory, it is used.
IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a private folder is made in it


class Killed(BaseException):
    """The process is gone."""


class Broken(Exception):
    """Orders can't be written for a reason of ours, because the world says so."""


class Listener(logging.Handler):
    """Keeps the errors that the services catch and log."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, Broken):
            self.errors.append(f"{record.getMessage()}: {error!r}")


class TickingClock(FakeClock):
    """Waiting for another's lease takes no real time: each look at the monotonic clock is a second later."""

    def monotonic(self) -> float:
        self.ticks += 1.0
        return self.ticks


@dataclass(frozen=True)
class People:
    """Who is signed in at a till."""

    cashier: Actor
    manager: Actor


# What stands at every till of a new shop: a file's bytes, who is signed in for years, and the numbers of customers.
Template = tuple[bytes, dict[str, People], tuple[int, ...]]


def new_shop(stock_up: Callable[[Till, People], tuple[int, ...]]) -> Template:
    """A shop with two tills; `stock_up` brings what it sells and its customers, whose numbers it says."""
    with TemporaryDirectory() as folder:
        path = new_sqlite(Path(folder))
        engine = sqlite_engine(path)
        clock = FakeClock()
        people = {}
        for name in TILLS:
            till = make_till(engine, clock, till_id=name)
            both = (signed_in(till, role, f"{role.value} at {name}", lasts=FOR_YEARS) for role in Role)
            people[name] = People(*both)
        customers = stock_up(till, people["T2"])
        engine.dispose()
        return path.read_bytes(), people, customers


@cache
def _counter() -> Template:
    return new_shop(_stock_up)


def _stock_up(till: Till, people: People) -> tuple[int, ...]:
    with till.db.write(till.system) as uow:
        load_shop(uow, SHOP)
    draft = CustomerDraft("Asha Rao", "asha@example.com", "98450 12345")
    return (create_customer(till, people.cashier, draft).id,)


@dataclass
class Promise:
    """What was put up for payment: the cart as the cashier saw it."""

    payment_id: int
    cart: CartView
    key: str
    method: str


@dataclass
class World:
    """`promised` is what the oracles know of each payment, `customers` are those of the shop, `deaths` counts processes
    that died, `options` are the store's settings."""

    folder: TemporaryDirectory[str]
    clock: TickingClock
    bank: Bank
    tills: dict[str, Till]
    people: dict[str, People]
    customers: tuple[int, ...]
    promised: dict[int, Any] = field(default_factory=dict)
    options: Settings = field(default_factory=Settings)
    returns: dict[int, str] = field(default_factory=dict)
    delivered: dict[int, int] = field(default_factory=dict)
    most_units: dict[int, int] = field(default_factory=dict)
    deaths: int = 0
    broken_making: bool = False
    broke_making: bool = False
    errors: list[str] = field(default_factory=list)
    _kill_at: tuple[str, int] | None = None
    _log: Listener | None = None

    # product.md: what ended is watched for three days.
    WATCHED: ClassVar[timedelta] = timedelta(days=3)
    # What is no fault of ours when a person's press ends with it.
    refusals: ClassVar[tuple[type[Exception], ...]] = (Refused, Unavailable)
    # A planted bug in the schema.
    robbed_of: ClassVar[str] = ""

    @classmethod
    def template(cls) -> Template:
        """The shop that a new world begins with."""
        return _counter()

    def fulfilling(self) -> dict[Purpose, Fulfilling]:
        """What is made of payments."""
        return {Purpose.CHECKOUT: orders.FULFILLING}

    @classmethod
    def open(cls) -> Self:
        """A new shop."""
        content, people, customers = cls.template()
        folder = TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None)
        path = Path(folder.name, "tillgate.db")
        path.write_bytes(content)
        clock = TickingClock()
        bank = Bank(before=lambda _verb: refuse_inside_transaction(), clock=clock)
        world = cls(folder, clock, bank, {}, people, customers)
        engine = sqlite_engine(path)
        if cls.robbed_of:
            with engine.execution_options(writing=True).begin() as connection:
                connection.exec_driver_sql(cls.robbed_of)
        for name in TILLS:
            world.tills[name] = replace(
                make_till(engine, clock, till_id=name),
                providers={bank.name: bank},
                fulfilling={purpose: world._breakable(how) for purpose, how in world.fulfilling().items()},
                settings=lambda: world.options,
            )
        for row in world.rows(variant):
            world.delivered[row.id] = world.most_units[row.id] = row.stock
        for row in world.rows(stock_move):
            world.delivered[row.variant_id] -= row.quantity
        failpoints.arm(world._passed)
        world._log = Listener(world.errors)
        logging.getLogger("tillgate").addHandler(world._log)
        return world

    def end(self) -> None:
        """Put everything away."""
        failpoints.arm(None)
        if self._log is not None:
            logging.getLogger("tillgate").removeHandler(self._log)
        self.tills["T1"].db.engine.dispose()
        self.folder.cleanup()

    # --- bad luck ---

    def kill_at(self, place: str, nth: int) -> None:
        """Let the process die the nth time that it passes a place."""
        self._kill_at = (place, nth)

    def _passed(self, place: str) -> None:
        if self._kill_at is None or self._kill_at[0] != place:
            return
        place, nth = self._kill_at
        self._kill_at = (place, nth - 1) if nth > 1 else None
        if nth <= 1:
            raise Killed(place)

    def attempt(self, name: str, act: Callable[[], T]) -> T | None:
        """Do something at a till. None if it was refused or could not be done, or if the till died and began anew."""
        try:
            return act()
        except self.refusals:
            return None
        except Killed:
            self.restart(name)
            return None

    def restart(self, name: str) -> None:
        """A new process at a till: what was in memory is gone, and what it held is given back."""
        self.deaths += 1
        self._kill_at = None
        till = replace(self.tills[name], worker=f"{name}:{self.deaths}")
        self.tills[name] = till
        release_left_behind(till, payment_attempt, refund, outbox)

    def _breakable(self, usual: Fulfilling) -> Fulfilling:
        """What is made fails at its end, while the world says so."""

        def make(uow: UnitOfWork, owner: PaymentRecord) -> None:
            usual.make(uow, owner)
            if self.broken_making:
                self.broke_making = True
                raise Broken

        return replace(usual, make=make)

    # --- time ---

    def latest(self) -> datetime:
        """The latest time that any clock has shown."""
        return self.clock.now()

    def rounds(self) -> tuple[Callable[[Till], object], ...]:
        """What the timer of a till does, one after the other."""
        return (settle_fulfilments, settle_returns, settle_attempts, settle_refunds, _work_off)

    def tick(self, name: str) -> None:
        """The timer of a till, once."""
        for work in self.rounds():
            self.attempt(name, partial(work, self.tills[name]))

    def sweep(self, name: str) -> None:
        """Once a day."""
        self.attempt(name, lambda: sweep(self.tills[name], self.bank))

    # --- people ---

    def manager(self, name: str) -> Actor:
        """The manager, who has just proved who they are."""
        actor = self.people[name].manager
        mine = update(staff_session).where(staff_session.c.key == actor.session)
        till = self.tills[name]
        with till.db.write(till.system) as uow:
            uow.execute(mine.values(confirmed_at=uow.now))
        return actor

    def cart(self, name: str) -> CartView:
        """The till's open cart."""
        return carts.open_cart(self.tills[name], self.people[name].cashier)

    def come_back(self, name: str, payment_id: int, *, genuine: bool) -> None:
        """A browser comes back from a checkout of a payment, signed by the provider or by somebody else."""
        attempts = self.rows(payment_attempt, payment_id=payment_id)
        if not attempts:
            return
        newest = attempts[-1]
        token = self.returns.setdefault(newest.id, secrets.token_urlsafe(32))
        hashed = hashlib.sha256(token.encode()).hexdigest()
        till = self.tills[name]
        mine = update(payment_attempt).where(payment_attempt.c.id == newest.id)
        with till.db.write(till.system) as uow:
            uow.execute(mine.values(return_token_sha256=hashed))
        signature = hashlib.sha256(newest.reference.encode()).hexdigest() if genuine else "forged"
        self.attempt(name, lambda: store_return(till, token, {"razorpay_signature": signature}))

    # --- looking ---

    def rows(self, table: Table, **where: Any) -> list[Any]:
        """Rows of a table in their order."""
        with self.tills["T1"].db.read() as connection:
            query = select(table).where(*(table.c[name] == value for name, value in where.items()))
            return list(connection.execute(query.order_by(*table.primary_key.columns)).all())


def _work_off(till: Till) -> object:
    works: Mapping[str, Work] = {"invoice": make_due, "mail": _mail}
    return run_due(till, works, limit=50)


def _mail(_till: Till, row: OutboxRecord) -> str:
    return f"sent {row.dedupe_key}"
