"""The rules: what people, banks, time and crashes may do, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.stateful.bank import FAULTS
from tests.stateful.oracles import check, check_settled
from tests.stateful.world import TILLS, Promise, World
from tillgate.domain.checkout_facts import CheckoutFacts, CheckoutStatus, TryStatus
from tillgate.domain.errors import Refused
from tillgate.domain.exceptions import allowed
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.failpoints import NAMES
from tillgate.services import carts, catalogue_edits
from tillgate.services.cancel import cancel, switch
from tillgate.services.cart_view import CartView
from tillgate.services.checkout import new_key, put_up_for_payment
from tillgate.services.exceptions import settle_exception
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now
from tillgate.store.models import capture, money_exception, payment, payment_attempt, variant

T = TypeVar("T")
TILL: Final = st.sampled_from(TILLS)
# Which one of a list: mostly one of the last.
PICK: Final = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5])
METHOD: Final = st.sampled_from(["link", "link", "order"])
# Half-way, a moment, a poll, a minute, ten, two hours, a day.
PAUSES: Final = st.sampled_from([1, 3, 6, 60, 600, 7_200, 86_400])
# Consultations are not sold here; they are killed in the crash tests.
PLACES: Final = st.sampled_from(sorted(name for name in NAMES if not name.startswith("consultation.")))
CODES: Final = st.sampled_from(["CAM-1", "CHR-1", "GIT-1", "PHN-1", "VAR-001", "CRD-1"])
TWISTS: Final[dict[str, dict[str, Any]]] = {
    "reference": {"reference": "TGSOMEBODYELSE"},
    "amount": {"amount": Money(1, "INR")},
    "account": {"account": "rzp_test_other"},
    "mode": {"mode": Mode.LIVE},
}
# How long after all is well again everything must be settled: every step of the cadences, and then some.
AFTERWARDS: Final = (5, 10, 60, 300, 900, 3_600, 21_600, 86_400, 86_400, 86_400, 86_400)


class PaymentLife(RuleBasedStateMachine):
    """Two tills, any number of carts and payments."""

    world: World

    @initialize()
    def open(self) -> None:
        self.world = World.open()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.come_to_rest()
            finally:
                self.world.end()

    # --- at the till ---

    @rule(name=TILL, codes=st.lists(CODES, min_size=1, max_size=3), customer=st.booleans())
    def ring_up(self, name: str, codes: list[str], customer: bool) -> None:
        world, cashier = self.world, self.world.people[name].cashier

        def act() -> None:
            cart = world.cart(name)
            if customer and cart.customer is None:
                cart = carts.set_customer(world.tills[name], cashier, cart.id, world.customer_id)
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
        promise = _one(list(self.world.promised.values()), pick)
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

    @precondition(lambda self: self.world.promised)
    @rule(name=TILL, pick=PICK)
    def look(self, name: str, pick: int) -> None:
        world, payment_id = self.world, self._some_payment(pick)
        world.attempt(name, lambda: check_now(world.tills[name], world.people[name].cashier, payment_id))

    @precondition(lambda self: self.world.promised)
    @rule(name=TILL, pick=PICK)
    def give_up(self, name: str, pick: int) -> None:
        world, payment_id = self.world, self._some_payment(pick)
        world.attempt(name, lambda: cancel(world.tills[name], world.people[name].cashier, payment_id))

    @precondition(lambda self: self.world.promised)
    @rule(name=TILL, pick=PICK, method=METHOD)
    def change_over(self, name: str, pick: int, method: str) -> None:
        world, payment_id = self.world, self._some_payment(pick)
        cashier = world.people[name].cashier
        world.attempt(name, lambda: switch(world.tills[name], cashier, payment_id, world.bank.name, method))

    # --- the manager ---

    @precondition(lambda self: self.world.rows(capture))
    @rule(name=TILL, pick=PICK, part=st.sampled_from([1, 2, 3]))
    def refund(self, name: str, pick: int, part: int) -> None:
        world = self.world
        money = _one(world.rows(capture), pick)
        if money.payment_id is None:
            return
        amount = Money(max(1, money.amount_minor // part), money.currency)
        manager = world.manager(name)
        world.attempt(name, lambda: request_refund(world.tills[name], manager, money.payment_id, amount, "as wished"))

    @precondition(lambda self: self.world.rows(money_exception, closed_at=None))
    @rule(name=TILL, pick=PICK, how=PICK)
    def settle(self, name: str, pick: int, how: int) -> None:
        world = self.world
        found = _one(world.rows(money_exception, closed_at=None), pick)
        action = _one(allowed(found.kind, of_refund=found.refund_id is not None), how)
        manager = world.manager(name)
        world.attempt(name, lambda: settle_exception(world.tills[name], manager, found.id, action, "decided"))

    @rule(code=CODES, pieces=st.sampled_from([-3, -1, 1, 4]))
    def count_stock(self, code: str, pieces: int) -> None:
        world = self.world
        found = world.rows(variant, code=code)[0]
        try:
            catalogue_edits.change_stock(world.tills["T1"], world.manager("T1"), found.id, pieces, "counted")
        except Refused:
            return
        world.most_units[found.id] = max(world.most_units[found.id], found.stock + pieces)

    # --- the customer and the bank ---

    @precondition(lambda self: self.world.bank.checkouts)
    @rule(pick=PICK, status=st.sampled_from(list(TryStatus)[:3] + [TryStatus.CAPTURED] * 4 + [TryStatus.FAILED]))
    def pay(self, pick: int, status: TryStatus) -> None:
        found = _one(list(self.world.bank.checkouts.values()), pick)
        self.world.bank.press(found.provider_id, found.amount, status)

    @precondition(lambda self: self.world.promised)
    @rule(name=TILL, pick=PICK)
    def pay_and_look(self, name: str, pick: int) -> None:
        """What nearly always happens."""
        payment_id = self._some_payment(pick)
        mine = {each.reference for each in self.world.rows(payment_attempt, payment_id=payment_id)}
        for found in list(self.world.bank.checkouts.values()):
            if found.reference in mine and found.status is CheckoutStatus.OPEN:
                self.world.bank.press(found.provider_id, found.amount, TryStatus.CAPTURED)
        self.look(name, pick)

    @precondition(lambda self: self.world.bank.checkouts)
    @rule(pick=PICK, off=st.sampled_from([-1, 1, -5_000, 2_500]), currency=st.sampled_from(["INR", "INR", "USD"]))
    def pay_wrongly(self, pick: int, off: int, currency: str) -> None:
        found = _one(list(self.world.bank.checkouts.values()), pick)
        amount = Money(max(1, found.amount.minor + off), currency)
        self.world.bank.press(found.provider_id, amount, TryStatus.CAPTURED)

    @precondition(lambda self: self.world.bank.checkouts)
    @rule(pick=PICK, status=st.sampled_from(list(CheckoutStatus)[2:]))
    def end_checkout(self, pick: int, status: CheckoutStatus) -> None:
        found = _one(list(self.world.bank.checkouts.values()), pick)
        if found.status is CheckoutStatus.OPEN:
            self.world.bank.shut(found.provider_id, status)

    @rule(well=st.booleans(), slow=st.booleans())
    def refunds_arrive(self, well: bool, slow: bool) -> None:
        self.world.bank.finish_refunds(well=well)
        self.world.bank.slow_refunds = slow

    @precondition(lambda self: self.world.promised)
    @rule(name=TILL, pick=PICK, genuine=st.booleans())
    def come_back(self, name: str, pick: int, genuine: bool) -> None:
        self.world.come_back(name, self._some_payment(pick), genuine=genuine)

    # --- bad luck ---

    @rule(pick=PICK, verb=st.sampled_from(sorted(FAULTS)))
    def go_wrong(self, pick: int, verb: str) -> None:
        fault = _one(FAULTS[verb], pick)
        self.world.bank.faults.setdefault(verb, []).append(fault)

    @rule(about=st.sampled_from(sorted(TWISTS)))
    def lie(self, about: str) -> None:
        """The next answers are about something else."""
        values = TWISTS[about]

        def twist(facts: CheckoutFacts) -> CheckoutFacts:
            return replace(facts, **values)

        self.world.bank.twist = twist

    @rule()
    def tell_the_truth(self) -> None:
        self.world.bank.twist = lambda facts: facts

    @rule(place=PLACES, nth=st.integers(1, 2))
    def die_at(self, place: str, nth: int) -> None:
        self.world.kill_at(place, nth)

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

    @rule(name=TILL)
    def die_now(self, name: str) -> None:
        self.world.restart(name)

    @rule(broken=st.booleans())
    def break_making(self, broken: bool) -> None:
        self.world.broken_making = broken

    # --- time ---

    @rule(name=TILL, seconds=PAUSES)
    def wait(self, name: str, seconds: int) -> None:
        self.world.clock.advance(seconds)
        self.world.tick(name)

    @rule(name=TILL)
    def sweep(self, name: str) -> None:
        self.world.sweep(name)

    @invariant()
    def all_is_explained(self) -> None:
        if hasattr(self, "world"):
            check(self.world)

    def come_to_rest(self) -> None:
        """The bank is well, days pass, and every till's timer runs."""
        world = self.world
        world.bank.heal()
        world.broken_making = False
        for name in TILLS:
            world.restart(name)
        for seconds in AFTERWARDS:
            world.clock.advance(seconds)
            for name in TILLS:
                world.tick(name)
                world.tick(name)
            world.sweep("T1")
            check(world)
        check_settled(world)

    def _some_payment(self, pick: int) -> int:
        return _one(list(self.world.promised), pick)


def _one(found: Sequence[T], pick: int) -> T:
    """The last for 0, which is what mostly matters; another for another number."""
    return found[-1 - pick % len(found)]
