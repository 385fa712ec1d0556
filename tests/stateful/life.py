"""What customers, banks, managers, time and crashes may do to any payment; a machine adds what is sold."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.stateful.bank import FAULTS
from tests.stateful.world import TILLS, World
from tillgate.domain.checkout_facts import CheckoutFacts, CheckoutStatus, TryStatus
from tillgate.domain.exceptions import allowed
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.services.cancel import cancel, switch
from tillgate.services.exceptions import settle_exception
from tillgate.services.settle import check_now
from tillgate.store.models import money_exception, payment_attempt

T = TypeVar("T")
TILL: Final = st.sampled_from(TILLS)
# Which one of a list: mostly one of the last.
PICK: Final = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5])
METHOD: Final = st.sampled_from(["link", "link", "order"])
# Half-way, a moment, a poll, a minute, ten, two hours, a day.
PAUSES: Final = st.sampled_from([1, 3, 6, 60, 600, 7_200, 86_400])
TWISTS: Final[dict[str, dict[str, Any]]] = {
    "reference": {"reference": "TGSOMEBODYELSE"},
    "amount": {"amount": Money(1, "INR")},
    "account": {"account": "rzp_test_other"},
    "mode": {"mode": Mode.LIVE},
}
# How long after all is well again everything must be settled: every step of the cadences, and then some.
AFTERWARDS: Final = (5, 10, 60, 300, 900, 3_600, 21_600, 86_400, 86_400, 86_400, 86_400)


class Life(RuleBasedStateMachine):
    """Two tills, any number of payments."""

    world: World

    @abstractmethod
    def _inspect(self) -> None:
        """What must hold after every step."""

    @abstractmethod
    def _inspect_at_rest(self) -> None:
        """What must hold once all is well again and days have passed."""

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.come_to_rest()
            finally:
                self.world.end()

    # --- at the till ---

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

    @precondition(lambda self: self.world.rows(money_exception, closed_at=None))
    @rule(name=TILL, pick=PICK, how=PICK)
    def settle(self, name: str, pick: int, how: int) -> None:
        world = self.world
        found = one_of(world.rows(money_exception, closed_at=None), pick)
        action = one_of(allowed(found.kind, of_refund=found.refund_id is not None), how)
        manager = world.manager(name)
        world.attempt(name, lambda: settle_exception(world.tills[name], manager, found.id, action, "decided"))

    @precondition(lambda self: self.world.bank.checkouts)
    @rule(pick=PICK, status=st.sampled_from(list(TryStatus)[:3] + [TryStatus.CAPTURED] * 4 + [TryStatus.FAILED]))
    def pay(self, pick: int, status: TryStatus) -> None:
        found = one_of(list(self.world.bank.checkouts.values()), pick)
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
        found = one_of(list(self.world.bank.checkouts.values()), pick)
        amount = Money(max(1, found.amount.minor + off), currency)
        self.world.bank.press(found.provider_id, amount, TryStatus.CAPTURED)

    @precondition(lambda self: self.world.bank.checkouts)
    @rule(pick=PICK, status=st.sampled_from(list(CheckoutStatus)[2:]))
    def end_checkout(self, pick: int, status: CheckoutStatus) -> None:
        found = one_of(list(self.world.bank.checkouts.values()), pick)
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

    @rule(pick=PICK, verb=st.sampled_from(sorted(FAULTS)))
    def go_wrong(self, pick: int, verb: str) -> None:
        fault = one_of(FAULTS[verb], pick)
        self.world.bank.faults.setdefault(verb, []).append(fault)

    @rule(name=TILL)
    def die_now(self, name: str) -> None:
        self.world.restart(name)

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
            self._inspect()

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
            self._inspect()
        self._inspect_at_rest()

    def _some_payment(self, pick: int) -> int:
        return one_of(list(self.world.promised), pick)


def lying(about: str) -> Callable[[CheckoutFacts], CheckoutFacts]:
    """How a bank twists what it says: it is about something else."""
    values = TWISTS[about]

    def twist(facts: CheckoutFacts) -> CheckoutFacts:
        return replace(facts, **values)

    return twist


def one_of(found: Sequence[T], pick: int) -> T:
    """The last for 0, which is what mostly matters; another for another number."""
    return found[-1 - pick % len(found)]
