"""Any sequence of edits, with restarts and price changes between them, against an oracle that keeps plain lists."""

from __future__ import annotations

import copy
import tempfile
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.factories.clock import FakeClock
from tests.factories.shop import open_counter
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tillgate.domain.cart import HIGHEST_QUANTITY
from tillgate.domain.errors import Invalid, Refused
from tillgate.services import carts
from tillgate.services.cart_view import CartView
from tillgate.store.models import variant

TODAY: Final = date(2026, 11, 16)
# code: (product's code, vendor, price a piece or a day, deposit, tax in basis points, smallest quantity, rented)
GOODS: Final = {
    "CAM-1": ("CAM", "LENS", 249_900, 400_000, 1800, 1, True),
    "CHR-1": ("CHR", "LENS", 4_500, 10_000, 1800, 4, True),
    "GIT-1": ("GIT", "BOOK", 19_900, 0, 0, 1, False),
    "VAR-001": ("PHN", "SHOP", 4_500_000, 0, 1800, 1, False),
    "CRD-1": ("CRD", "SHOP", 33, 0, 1200, 1, False),
}
FACTOR: Final = {1: 1, 3: 2, 7: 4}
FEES: Final = {"LENS": (0, 200), "BOOK": (1_000, 0), "SHOP": (0, 0)}


@dataclass
class Entry:
    """A line as the oracle knows it."""

    code: str
    quantity: int
    price: int
    days: int = 0
    start_on: date | None = None


@dataclass
class Model:
    """A cart as the oracle knows it, with what it was before each edit."""

    lines: list[Entry] = field(default_factory=list)
    customer: bool = False
    before: list[tuple[list[Entry], bool]] = field(default_factory=list)

    def remember(self) -> None:
        self.before.append((copy.deepcopy(self.lines), self.customer))

    def total(self) -> int:
        whole = 0
        for seller, (flat, rate) in FEES.items():
            mine = [line for line in self.lines if GOODS[line.code][1] == seller]
            if not mine:
                continue
            items = sum(line.price * line.quantity for line in mine)
            whole += items + flat + half_up(items * rate)
            for line in mine:
                _, _, _, deposit, tax, _, _ = GOODS[line.code]
                whole += deposit * line.quantity + half_up(line.price * line.quantity * tax)
        return whole


def half_up(ten_thousandths: int) -> int:
    return (ten_thousandths + 5_000) // 10_000


class CartMachine(RuleBasedStateMachine):
    """`models` has every cart of the till by id; `prices` are the catalogue's as they are now."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.engine = quick_sqlite(new_sqlite(Path(self.folder.name)))
        self.counter = open_counter(make_till(self.engine, FakeClock()))
        self.till, self.cashier = self.counter.till, self.counter.cashier
        self.prices = {code: goods[2] for code, goods in GOODS.items()}
        self.periods = {
            (code, days): self.counter.period(code, days) for code in GOODS if GOODS[code][6] for days in FACTOR
        }
        self.variants = {code: self.counter.variant(code) for code in GOODS}
        self.models: dict[int, Model] = {}
        self.held: list[int] = []

    @initialize()
    def begin(self) -> None:
        self.view = carts.open_cart(self.till, self.cashier)
        self.models[self.view.id] = Model()

    @property
    def model(self) -> Model:
        return self.models[self.view.id]

    @rule(code=st.sampled_from(sorted(GOODS)), scanned=st.booleans())
    def ring_up(self, code: str, scanned: bool) -> None:
        self.add(
            code, 1 if GOODS[code][6] else 0, TODAY, None, lambda: self.scan(code) if scanned else self.plain(code)
        )

    @rule(
        code=st.sampled_from(sorted(GOODS)),
        quantity=st.integers(-1, HIGHEST_QUANTITY + 1),
        days=st.sampled_from(sorted(FACTOR)),
        ahead=st.integers(0, 3),
    )
    def ring_up_many(self, code: str, quantity: int, days: int, ahead: int) -> None:
        rented, start = GOODS[code][6], TODAY + timedelta(days=ahead)
        period = self.periods[code, days] if rented else None
        self.add(
            code,
            days if rented else 0,
            start,
            quantity,
            lambda: carts.add_variant(
                self.till, self.cashier, self.view.id, self.variants[code],
                quantity=quantity, period_id=period, start_on=start if rented else None,
            ),
        )  # fmt: skip

    def add(self, code: str, days: int, start: date, quantity: int | None, act: object) -> None:
        price = self.prices[code] * FACTOR.get(days, 1)
        new = Entry(code, 0, price, days, start if days else None)
        grown = next((each for each in self.model.lines if replace(each, quantity=0) == new), None)
        wanted = (1 if grown else GOODS[code][5]) if quantity is None else quantity
        assert callable(act)
        if not wanted >= 1 or (grown.quantity if grown else 0) + wanted > HIGHEST_QUANTITY:
            self.refused(act, Invalid)
            return
        self.view = act()
        self.model.remember()
        if grown:
            grown.quantity += wanted
        else:
            self.model.lines.append(replace(new, quantity=wanted))

    def scan(self, code: str) -> CartView:
        return carts.scan(self.till, self.cashier, self.view.id, code.lower())

    def plain(self, code: str) -> CartView:
        return carts.add_variant(self.till, self.cashier, self.view.id, self.variants[code])

    def refused(self, act: object, kind: type[Exception]) -> None:
        assert callable(act)
        try:
            act()
        except kind:
            return
        raise AssertionError("it was let through")

    @precondition(lambda self: self.model.lines)
    @rule(data=st.data(), quantity=st.integers(1, HIGHEST_QUANTITY))
    def count(self, data: st.DataObject, quantity: int) -> None:
        at = data.draw(st.integers(0, len(self.model.lines) - 1))
        changes = self.model.lines[at].quantity != quantity
        self.view = carts.set_quantity(self.till, self.cashier, self.view.id, self.view.lines[at].id, quantity)
        if changes:
            self.model.remember()
            self.model.lines[at].quantity = quantity

    @precondition(lambda self: any(line.days for line in self.model.lines))
    @rule(data=st.data(), days=st.sampled_from(sorted(FACTOR)), ahead=st.integers(0, 9))
    def move_rental(self, data: st.DataObject, days: int, ahead: int) -> None:
        at = data.draw(st.sampled_from([n for n, line in enumerate(self.model.lines) if line.days]))
        line, start = self.model.lines[at], TODAY + timedelta(days=ahead)
        moved = replace(line, days=days, start_on=start, price=self.prices[line.code] * FACTOR[days])
        self.view = carts.set_rental(
            self.till, self.cashier, self.view.id, self.view.lines[at].id,
            period_id=self.periods[line.code, days], start_on=start,
        )  # fmt: skip
        if moved != line:
            self.model.remember()
            self.model.lines[at] = moved

    @precondition(lambda self: self.model.lines)
    @rule(data=st.data())
    def take_out(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(self.model.lines) - 1))
        self.view = carts.remove_line(self.till, self.cashier, self.view.id, self.view.lines[at].id)
        self.model.remember()
        del self.model.lines[at]

    @rule(there=st.booleans())
    def name_customer(self, there: bool) -> None:
        chosen = self.counter.customer_id if there else None
        self.view = carts.set_customer(self.till, self.cashier, self.view.id, chosen)
        if self.model.customer != there:
            self.model.remember()
            self.model.customer = there

    @rule()
    def clear(self) -> None:
        self.view = carts.clear(self.till, self.cashier, self.view.id)
        if self.model.lines or self.model.customer:
            self.model.remember()
            self.model.lines, self.model.customer = [], False

    @rule()
    def undo(self) -> None:
        if not self.model.before:
            self.refused(lambda: carts.undo(self.till, self.cashier, self.view.id), Refused)
            return
        self.view = carts.undo(self.till, self.cashier, self.view.id)
        self.model.lines, self.model.customer = self.model.before.pop()

    @rule(code=st.sampled_from(["GIT-1", "VAR-001", "CRD-1"]), price=st.integers(0, 10**7))
    def price_changes(self, code: str, price: int) -> None:
        self.counter.change(variant, code, price_minor=price)
        self.prices[code] = price

    @rule()
    def take_todays_prices(self) -> None:
        self.view = carts.reprice(self.till, self.cashier, self.view.id)
        priced = [replace(line, price=self.prices[line.code] * FACTOR.get(line.days, 1)) for line in self.model.lines]
        if priced != self.model.lines:
            self.model.remember()
            self.model.lines = priced

    @precondition(lambda self: self.model.lines and len(self.held) < 3)
    @rule()
    def hold(self) -> None:
        self.held.append(self.view.id)
        self.view = carts.hold(self.till, self.cashier, self.view.id)
        self.models.setdefault(self.view.id, Model())

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def recall(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(self.held))
        self.held.remove(chosen)
        if self.model.lines or self.model.customer:
            self.held.append(self.view.id)
        self.view = carts.recall(self.till, self.cashier, chosen)

    @rule()
    def start_again(self) -> None:
        """The process dies and another opens the till: what was committed is all there is."""
        self.till = replace(self.till, worker="another process")
        self.view = carts.open_cart(self.till, self.cashier)

    @invariant()
    def the_cart_is_as_the_oracle_says(self) -> None:
        if not self.models:
            return
        shown = [
            (line.code, line.quantity, line.unit_price.minor, line.days or 0, line.start_on) for line in self.view.lines
        ]
        assert shown == [
            (GOODS[line.code][0], line.quantity, line.price, line.days, line.start_on) for line in self.model.lines
        ]
        assert (self.view.customer is not None) == self.model.customer
        assert self.view.totals.total.minor == self.model.total()
        assert (self.view.undo is not None) == bool(self.model.before)
        assert {each.id for each in carts.list_held(self.till, self.cashier)} == set(self.held)

    def teardown(self) -> None:
        self.engine.dispose()
        self.folder.cleanup()


TestCartMachine = CartMachine.TestCase
TestCartMachine.settings = settings(max_examples=min(settings().max_examples // 4, 250), stateful_step_count=25)
