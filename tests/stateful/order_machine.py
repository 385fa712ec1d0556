"""The rules of instalments: orders are placed, paid, missed, paid ahead, cancelled and given back, in any order."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.factories.instalments import ADDRESS
from tests.stateful.life import METHOD, PICK, TILL, TWISTS, Life, lying, one_of
from tests.stateful.order_oracles import check_orders, check_orders_at_rest
from tests.stateful.order_world import COUPONS, KETTLE, LAMP, PHONE, PRICES, Ending, OrderWorld
from tests.stateful.world import TILLS
from tillgate.domain.checkout_facts import TryStatus
from tillgate.domain.instalments import BulkState, InstalmentOrderState, InstalmentState, ItemAsk, PayBy
from tillgate.domain.money import Money
from tillgate.domain.wallet import WALLET
from tillgate.failpoints import NAMES
from tillgate.services.bulk_ends import cancel_bulk_order, run_expiry
from tillgate.services.bulk_orders import PlaceBulk, new_bulk_key, pay_bulk_order, place_bulk_order
from tillgate.services.commissions import PayOut, pay_commission
from tillgate.services.daily_collections import Collect, CollectOrder, collect, new_collection_key, quote_collection
from tillgate.services.instalment_cancelling import CancelOrder, cancel_order, quote_cancellation
from tillgate.services.refunds import request_refund
from tillgate.services.wallets import TopUp, Withdrawal, new_wallet_key, top_up, withdraw
from tillgate.store.models import (
    bulk_order,
    capture,
    instalment,
    instalment_order,
    money_exception,
    payment,
    wallet_balance,
)

_S = InstalmentOrderState
DAY_S: Final = 86_400
WHO: Final = st.sampled_from([1, 1, 1, 2, 0])
# Mostly plans that end within a life; some that no rule allows.
ITEM: Final = st.builds(
    lambda variant, days, quantity, coupon: ItemAsk(PRICES[variant][0], days, quantity, variant, coupon),
    st.sampled_from([KETTLE, LAMP, LAMP, PHONE]),
    st.sampled_from([1, 2, 2, 3, 3, 4, 5, 40]),
    st.sampled_from([1, 1, 1, 2]),
    st.sampled_from(["", "", *COUPONS]),
)
ITEMS: Final = st.lists(ITEM, min_size=1, max_size=3).map(tuple)
PAY_BY: Final = st.sampled_from([PayBy.RAZORPAY.value, PayBy.RAZORPAY.value, PayBy.WALLET.value])
# What is due; so many days ahead.
COUNT: Final = st.sampled_from([None, None, 1, 2, 400])
PERCENT: Final = st.sampled_from([0, 0, 10, 33, 100])
_PREFIXES: Final = ("bulk.", "instalments.", "start.", "apply.", "settle.", "refund.")
PLACES: Final = st.sampled_from(sorted(name for name in NAMES if name.startswith(_PREFIXES)))


class OrderLife(Life):
    """Two tills, three customers with wallets, any number of orders."""

    world: OrderWorld

    @initialize(bought=ITEMS, asked=ITEMS, rupees=st.sampled_from([500, 1_000, 3_000]), percent=PERCENT)
    def open(self, bought: tuple[ItemAsk, ...], asked: tuple[ItemAsk, ...], rupees: int, percent: int) -> None:
        """A life begins with money in a wallet, with an order that is paid, and with one that the wallet may pay."""
        self.world = OrderWorld.open()
        self.world.keep(percent)
        self.fill_wallet("T1", 1, rupees, "link", 1)
        self.place_and_pay("T1", 1, bought, "link")
        self.place("T2", 1, asked, PayBy.WALLET.value, "link")

    def _inspect(self) -> None:
        check_orders(self.world)

    def _inspect_at_rest(self) -> None:
        check_orders_at_rest(self.world)

    def come_to_rest(self) -> None:
        self.world.put_right()
        super().come_to_rest()

    # --- orders ---

    @rule(name=TILL, who=WHO, items=ITEMS, pay_by=PAY_BY, method=METHOD)
    def place(self, name: str, who: int, items: tuple[ItemAsk, ...], pay_by: str, method: str) -> None:
        press = PlaceBulk(new_bulk_key(), self.world.customers[who], items, ADDRESS, pay_by, method)
        self.world.presses[press.key] = press
        self._press(name, press)

    @rule(name=TILL, who=WHO, items=ITEMS, method=METHOD)
    def place_and_pay(self, name: str, who: int, items: tuple[ItemAsk, ...], method: str) -> None:
        """What nearly always happens."""
        before = set(self.world.promised)
        self.place(name, who, items, PayBy.RAZORPAY.value, method)
        if set(self.world.promised) - before:
            self.pay_and_look(name, 0)

    @precondition(lambda self: self.world.presses)
    @rule(name=TILL, pick=PICK)
    def place_again(self, name: str, pick: int) -> None:
        """The same key once more, at any time: never a second bulk order, and mostly nothing at all."""
        press = one_of(list(self.world.presses.values()), pick)
        here = self.world.rows(bulk_order, key=press.key)
        before = len(self.world.rows(bulk_order))
        self._press(name, press)
        assert not here or len(self.world.rows(bulk_order)) == before

    def _press(self, name: str, press: PlaceBulk) -> None:
        world = self.world
        world.attempt(name, lambda: place_bulk_order(world.tills[name], world.people[name].cashier, press))
        self._remember()

    @precondition(lambda self: self.world.rows(bulk_order, state=BulkState.PENDING))
    @rule(name=TILL, pick=PICK, method=METHOD)
    def begin_again(self, name: str, pick: int, method: str) -> None:
        world, key = self.world, new_bulk_key()
        found = one_of(world.rows(bulk_order, state=BulkState.PENDING), pick)
        world.attempt(
            name,
            lambda: pay_bulk_order(world.tills[name], world.people[name].cashier, found.id, key=key, method=method),
        )
        self._remember()

    @precondition(lambda self: self.world.rows(bulk_order, state=BulkState.PENDING))
    @rule(name=TILL, pick=PICK)
    def give_up_bulk(self, name: str, pick: int) -> None:
        world = self.world
        found = one_of(world.rows(bulk_order, state=BulkState.PENDING), pick)
        world.attempt(name, lambda: cancel_bulk_order(world.tills[name], world.people[name].cashier, found.id))

    @rule(
        name=TILL,
        items=ITEMS,
        method=METHOD,
        pays=st.sampled_from(["in time", "late", "late", "never"]),
        seconds=st.sampled_from([31 * 60, 31 * 60, DAY_S]),
    )
    def lapse(self, name: str, items: tuple[ItemAsk, ...], method: str, pays: str, seconds: int) -> None:
        """Nobody pays within half an hour; or somebody does in the very moment that it is over, or after it."""
        world, before = self.world, set(self.world.bank.checkouts)
        self.place(name, 1, items, PayBy.RAZORPAY.value, method)
        fresh = [each for number, each in world.bank.checkouts.items() if number not in before]
        world.clock.advance(seconds)
        if pays == "late":
            world.attempt(name, lambda: run_expiry(world.tills[name]))
        for each in fresh:
            if pays != "never":
                world.bank.press(each.provider_id, each.amount, TryStatus.CAPTURED)
        world.attempt(name, lambda: run_expiry(world.tills[name]))
        self.wait(name, 600)

    @rule(name=TILL, items=ITEMS, how=st.sampled_from([0, 1, 2, 3, 3]))
    def lapse_and_decide(self, name: str, items: tuple[ItemAsk, ...], how: int) -> None:
        """Late money, and what the manager says of it."""
        self.lapse(name, items, "link", "late", 31 * 60)
        if self.world.rows(money_exception, closed_at=None):
            self.settle(name, 0, how)

    # --- day by day ---

    @precondition(lambda self: self._living())
    @rule(name=TILL, pick=PICK, together=st.booleans(), count=COUNT, how=st.sampled_from(["link", "order", WALLET]))
    def pay_days(self, name: str, pick: int, together: bool, count: int | None, how: str) -> None:
        """Of one order, or of all that its customer has."""
        press = self._quoted(name, pick, together, count, how)
        if press is not None:
            self.world.collected.append(press)
            self._collect(name, press)

    @precondition(lambda self: self._living())
    @rule(name=TILL, pick=PICK, together=st.booleans(), count=COUNT)
    def pay_days_at_once(self, name: str, pick: int, together: bool, count: int | None) -> None:
        """What nearly always happens."""
        before = set(self.world.promised)
        self.pay_days(name, pick, together, count, "link")
        if set(self.world.promised) - before:
            self.pay_and_look(name, 0)

    @precondition(lambda self: self._living())
    @rule(pick=PICK, count=COUNT, both=st.sampled_from([("link", "link"), (WALLET, "link"), (WALLET, WALLET)]))
    def both_tills_collect(self, pick: int, count: int | None, both: tuple[str, str]) -> None:
        """Two people have the same days on their screens, and press."""
        pairs = list(zip(TILLS, both, strict=True))
        presses = [(name, self._quoted(name, pick, together=True, count=count, how=how)) for name, how in pairs]
        for name, press in presses:
            if press is not None:
                self.world.collected.append(press)
                self._collect(name, press)

    @precondition(lambda self: self.world.collected)
    @rule(name=TILL, pick=PICK)
    def collect_again(self, name: str, pick: int) -> None:
        """The same key once more: never a second payment."""
        press = one_of(self.world.collected, pick)
        here = self.world.rows(payment, idem_key=press.key)
        before = len(self.world.rows(payment))
        self._collect(name, press)
        assert not here or len(self.world.rows(payment)) == before

    @precondition(lambda self: self._living())
    @rule(name=TILL, days=st.sampled_from([1, 1, 2, 5]))
    def days_pass(self, name: str, days: int) -> None:
        """Nobody comes; or somebody does the day after."""
        self.world.clock.advance(days * DAY_S)
        self.world.tick(name)

    def _quoted(self, name: str, pick: int, together: bool, count: int | None, how: str) -> Collect | None:
        """What a cashier sees, which is what the days say."""
        world = self.world
        chosen = one_of(self._living(), pick)
        mine = [each for each in self._living() if together and each.customer_id == chosen.customer_id] or [chosen]
        wanted: dict[int, list[Any]] = {}
        for order in mine:
            days = self._days_to_pay(order.id, count)
            if days:
                wanted[order.id] = days
        asked = tuple(CollectOrder(order, None if count is None else len(days)) for order, days in wanted.items())
        if not asked:
            return None
        quote = quote_collection(world.tills[name], world.people[name].cashier, asked)
        assert quote.instalment_ids == tuple(day.id for days in wanted.values() for day in days)
        assert quote.amount.minor == sum(day.amount_minor for days in wanted.values() for day in days)
        provider, method = (WALLET, None) if how == WALLET else (world.bank.name, how)
        return Collect(new_collection_key(), asked, quote.amount, provider, method)

    def _days_to_pay(self, order_id: int, count: int | None) -> list[Any]:
        till = self.world.tills["T1"]
        unpaid = self.world.rows(instalment, order_id=order_id, state=InstalmentState.DUE)
        if count is not None:
            return unpaid[:count]
        today = till.store_day(till.clock.now())
        return [each for each in unpaid if each.due_on <= today]

    def _collect(self, name: str, press: Collect) -> None:
        world = self.world
        started = world.attempt(name, lambda: collect(world.tills[name], world.people[name].cashier, press))
        assert started is None or started.payment.amount == press.amount
        self._remember()

    # --- the manager ---

    @precondition(lambda self: self._living())
    @rule(name=TILL, pick=PICK, into_wallet=st.booleans(), goods=st.booleans())
    def cancel_order(self, name: str, pick: int, into_wallet: bool, goods: bool) -> None:
        world, found = self.world, one_of(self._living(), pick)
        till, manager = world.tills[name], world.manager(name)
        quote = world.attempt(name, lambda: quote_cancellation(till, manager, found.id))
        if quote is None:
            return
        world.endings[found.id] = Ending(quote.kept.minor, goods)
        press = CancelOrder(found.id, quote.back, "as wished", into_wallet=into_wallet, goods_are_back=goods)
        ended = world.attempt(name, lambda: cancel_order(till, manager, press))
        assert ended is None or ended.state is _S.CANCELLED

    @rule(percent=PERCENT)
    def keep(self, percent: int) -> None:
        self.world.keep(percent)

    @precondition(lambda self: self.world.rows(capture))
    @rule(name=TILL, pick=PICK, part=st.sampled_from([1, 1, 2, 3]), into_wallet=st.booleans(), goods=st.booleans())
    def refund(self, name: str, pick: int, part: int, into_wallet: bool, goods: bool) -> None:
        world = self.world
        money = one_of(world.rows(capture), pick)
        if money.payment_id is None:
            return
        left = money.amount_minor - money.refunded_minor
        amount, manager = Money(max(1, left // part), money.currency), world.manager(name)
        world.attempt(
            name,
            lambda: request_refund(
                world.tills[name],
                manager,
                money.payment_id,
                amount,
                "as wished",
                return_goods=goods,
                into_wallet=into_wallet,
            ),
        )

    @precondition(lambda self: self.world.rows(capture))
    @rule(name=TILL, pick=PICK, part=st.sampled_from([1, 1, 2]), how=st.sampled_from([0, 1, 2]))
    def refund_that_fails(self, name: str, pick: int, part: int, how: int) -> None:
        """The bank takes it and says days later that it can't; somebody decides."""
        bank = self.world.bank
        bank.slow_refunds = True
        self.refund(name, pick, part, into_wallet=False, goods=False)
        self.wait(name, 6)
        bank.finish_refunds(well=False)
        bank.slow_refunds = False
        self.wait(name, 2 * DAY_S)
        if self.world.rows(money_exception, closed_at=None):
            self.settle(name, 0, how)

    # --- wallets ---

    @rule(name=TILL, who=WHO, rupees=st.sampled_from([60, 333, 2_000]), method=METHOD, pays=st.sampled_from([1, 1, 0]))
    def fill_wallet(self, name: str, who: int, rupees: int, method: str, pays: int) -> None:
        world = self.world
        amount = Money(rupees * 100 + 1, "INR")
        press = TopUp(new_wallet_key(), world.customers[who], amount, world.bank.name, method)
        before = set(world.promised)
        world.attempt(name, lambda: top_up(world.tills[name], world.people[name].cashier, press))
        self._remember()
        if pays and set(world.promised) - before:
            self.pay_and_look(name, 0)

    @precondition(lambda self: self.world.rows(wallet_balance))
    @rule(name=TILL, pick=PICK, part=st.sampled_from([1, 2, 3]))
    def pay_out(self, name: str, pick: int, part: int) -> None:
        world, found = self.world, one_of(self.world.rows(wallet_balance), pick)
        amount = Money(max(1, found.balance_minor // part), found.currency)
        manager, press = world.manager(name), Withdrawal(new_wallet_key(), found.customer_id, amount, "wants cash")
        world.attempt(name, lambda: withdraw(world.tills[name], manager, press))

    @rule(name=TILL, who=st.sampled_from([0, 1]))
    def pay_referrer(self, name: str, who: int) -> None:
        world, manager = self.world, self.world.manager(name)
        press = PayOut(new_wallet_key(), world.customers[who], "end of the month")
        world.attempt(name, lambda: pay_commission(world.tills[name], manager, press))

    # --- bad luck: not for the rest of a life, or there is none ---

    @precondition(lambda self: self.world.promised)
    @rule(about=st.sampled_from(sorted(TWISTS)), name=TILL, pick=PICK)
    def lie(self, about: str, name: str, pick: int) -> None:
        """The next answers are about something else."""
        bank, truthful = self.world.bank, self.world.bank.twist
        bank.twist = lying(about)
        self.pay_and_look(name, pick)
        bank.twist = truthful

    @precondition(lambda self: self.world.promised)
    @rule(name=TILL, pick=PICK)
    def break_making(self, name: str, pick: int) -> None:
        self.world.broken_making = True
        self.pay_and_look(name, pick)
        self.world.broken_making = False

    @rule(place=PLACES, nth=st.integers(1, 2))
    def die_at(self, place: str, nth: int) -> None:
        self.world.kill_at(place, nth)

    @rule(seconds=st.sampled_from([90, 7_200, DAY_S, 3 * DAY_S]))
    def set_clock_back(self, seconds: int) -> None:
        self.world.set_back(seconds)

    @rule(name=TILL, days=st.sampled_from([2, 30]))
    def set_clock_on(self, name: str, days: int) -> None:
        self.world.clock.jump(days * DAY_S)
        self.world.tick(name)

    @rule(name=TILL, place=PLACES, nth=st.integers(1, 2), items=ITEMS, pay_by=PAY_BY)
    def die_on_the_way(self, name: str, place: str, nth: int, items: tuple[ItemAsk, ...], pay_by: str) -> None:
        """An order whose process dies at a place that orders pass, and is pressed again."""
        world = self.world
        world.kill_at(place, nth)
        self.place(name, 1, items, pay_by, "link")
        self.place_again(name, 0)
        if world.promised:
            self.pay_and_look(name, 0)
        world.clock.advance(6)
        world.tick(name)

    def _living(self) -> list[Any]:
        return self.world.rows(instalment_order, state=_S.ACTIVE)

    def _remember(self) -> None:
        """Payments that customers can make."""
        self.world.promised = {row.id: None for row in self.world.rows(payment) if row.provider != WALLET}
