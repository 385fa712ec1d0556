"""The rules of the counter: carts are rung up and sold, in any order with all that may happen to their payments."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.stateful.life import METHOD, PICK, TILL, TWISTS, Life, lying, one_of
from tests.stateful.oracles import check, check_settled
from tests.stateful.world import TILLS, Promise, World
from tillgate.domain.checkout_facts import TryStatus
from tillgate.domain.errors import Refused
from tillgate.domain.money import Money
from tillgate.failpoints import NAMES
from tillgate.services import carts, catalogue_edits
from tillgate.services.cart_view import CartView
from tillgate.services.checkout import new_key, put_up_for_payment
from tillgate.services.refunds import request_refund
from tillgate.store.models import capture, payment, variant

# Consultations are not sold here; they are killed in the crash tests.
PLACES: Final = st.sampled_from(sorted(name for name in NAMES if not name.startswith("consultation.")))
CODES: Final = st.sampled_from(["CAM-1", "CHR-1", "GIT-1", "PHN-1", "VAR-001", "CRD-1"])


class PaymentLife(Life):
    """Two tills, any number of carts and payments."""

    world: World

    @initialize()
    def open(self) -> None:
        self.world = World.open()

    def _inspect(self) -> None:
        check(self.world)

    def _inspect_at_rest(self) -> None:
        check_settled(self.world)

    # --- at the till ---

    @rule(name=TILL, codes=st.lists(CODES, min_size=1, max_size=3), customer=st.booleans())
    def ring_up(self, name: str, codes: list[str], customer: bool) -> None:
        world, cashier = self.world, self.world.people[name].cashier

        def act() -> None:
            cart = world.cart(name)
            if customer and cart.customer is None:
                cart = carts.set_customer(world.tills[name], cashier, cart.id, world.customers[0])
            for code in codes:
                carts.scan(world.tills[name], cashier, cart.id, code)

        world.attempt(name, act)

    @rule(name=TILL, codes=st.lists(CODES, min_size=1, max_size=3), method=METHOD)
    def sell(self, name: str, codes: list[str], method: str) -> None:
        """Ring up and pay: most of what a till does."""
        self.ring_up(name, codes, customer=True)
        self.put_up(name, method)

    @rule(code=CODES)
    def both_sell_the_same(self, code: str) -> None:
        """Two tills ring up what may be the last, and both customers pay."""
        for name in TILLS:
            self.sell(name, [code], "link")
        for pick, name in enumerate(TILLS):
            if self.world.promised:
                self.pay_and_look(name, pick)

    @rule(name=TILL, code=CODES, method=METHOD)
    def second_try(self, name: str, code: str, method: str) -> None:
        """Given up and put up again; then the first customer's bank says yes after all."""
        before = set(self.world.bank.checkouts)
        self.sell(name, [code], method)
        if self.world.promised:
            self.give_up(name, 0)
        fresh = [each for each in self.world.bank.checkouts if each not in before]
        self.put_up(name, "link")
        for each in fresh:
            self.world.bank.press(each, self.world.bank.checkouts[each].amount, TryStatus.CAPTURED)
        self.wait(name, 60)

    @rule(name=TILL, method=METHOD)
    def put_up(self, name: str, method: str) -> None:
        cart = self.world.attempt(name, lambda: self.world.cart(name))
        if cart is not None:
            self._press(name, cart, new_key(), method)

    @precondition(lambda self: self.world.promised)
    @rule(name=TILL, pick=PICK)
    def press_again(self, name: str, pick: int) -> None:
        """The same key once more, at any time."""
        promise = one_of(list(self.world.promised.values()), pick)
        self._press(name, promise.cart, promise.key, promise.method)

    def _press(self, name: str, cart: CartView, key: str, method: str) -> None:
        world, till, cashier = self.world, self.world.tills[name], self.world.people[name].cashier
        before = {row.id for row in world.rows(payment)}
        started = world.attempt(
            name, lambda: put_up_for_payment(till, cashier, cart.id, key=key, provider=world.bank.name, method=method)
        )
        made = [row for row in world.rows(payment) if row.id not in before]
        assert len(made) <= 1
        if made:
            assert started is None or (started.payment.id == made[0].id and not started.existing)
            world.promised[made[0].id] = Promise(made[0].id, cart, key, method)

    @rule(name=TILL)
    def hold(self, name: str) -> None:
        world = self.world
        world.attempt(name, lambda: carts.hold(world.tills[name], world.people[name].cashier, world.cart(name).id))

    @rule(name=TILL)
    def undo(self, name: str) -> None:
        world = self.world
        world.attempt(name, lambda: carts.undo(world.tills[name], world.people[name].cashier, world.cart(name).id))

    @precondition(lambda self: self.world.rows(capture))
    @rule(name=TILL, pick=PICK, part=st.sampled_from([1, 2, 3]))
    def refund(self, name: str, pick: int, part: int) -> None:
        world = self.world
        money = one_of(world.rows(capture), pick)
        if money.payment_id is None:
            return
        amount = Money(max(1, money.amount_minor // part), money.currency)
        manager = world.manager(name)
        world.attempt(name, lambda: request_refund(world.tills[name], manager, money.payment_id, amount, "as wished"))

    @rule(code=CODES, pieces=st.sampled_from([-3, -1, 1, 4]))
    def count_stock(self, code: str, pieces: int) -> None:
        world = self.world
        found = world.rows(variant, code=code)[0]
        try:
            catalogue_edits.change_stock(world.tills["T1"], world.manager("T1"), found.id, pieces, "counted")
        except Refused:
            return
        world.most_units[found.id] = max(world.most_units[found.id], found.stock + pieces)

    # --- bad luck ---

    @rule(about=st.sampled_from(sorted(TWISTS)))
    def lie(self, about: str) -> None:
        """The next answers are about something else."""
        self.world.bank.twist = lying(about)

    @rule()
    def tell_the_truth(self) -> None:
        self.world.bank.twist = lambda facts: facts

    @rule(place=PLACES, nth=st.integers(1, 2))
    def die_at(self, place: str, nth: int) -> None:
        self.world.kill_at(place, nth)

    @rule(broken=st.booleans())
    def break_making(self, broken: bool) -> None:
        self.world.broken_making = broken

    @rule(name=TILL, place=PLACES, code=CODES, method=METHOD)
    def die_on_the_way(self, name: str, place: str, code: str, method: str) -> None:
        """A sale whose process dies at a place that a sale passes."""
        world = self.world
        if place.startswith("start."):
            world.kill_at(place, 1)
        self.sell(name, [code], method)
        world.kill_at(place, 1)
        if world.promised:
            # There is nothing to give up or pay where the sale itself was refused.
            (self.give_up if place.startswith("cancel.") else self.pay_and_look)(name, 0)
        if place.startswith("refund.") and world.rows(capture):
            self.refund(name, 0, 1)
        world.tick(name)
        world.clock.advance(6)
        world.tick(name)

    @rule(name=TILL, code=CODES, method=METHOD, pick=PICK)
    def sell_through_trouble(self, name: str, code: str, method: str, pick: int) -> None:
        """The create itself goes wrong, and the timer looks after it."""
        self.go_wrong(pick, "create")
        self.sell(name, [code], method)
        for seconds in (3, 4):
            self.world.clock.advance(seconds)
            self.world.tick(name)
