"""Some days of a shop's life: sales of every kind of end, at the till of the sample shop."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import select

from tests.factories.clock import FakeClock
from tests.factories.fake_provider import FakeProvider
from tests.factories.people import session_of, signed_in
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.errors import Refused
from tillgate.domain.money import Money
from tillgate.domain.payment import Purpose
from tillgate.domain.staff import Actor, Role
from tillgate.services import carts
from tillgate.services.cancel import cancel
from tillgate.services.checkout import new_key, put_up_for_payment
from tillgate.services.invoices import make_due
from tillgate.services.orders import FULFILLING
from tillgate.services.outbox import OutboxRecord, run_due
from tillgate.services.payment_views import read_view
from tillgate.services.records import PaymentRecord
from tillgate.services.refunds import request_refund, settle_refunds
from tillgate.services.sample_shop import load_sample_shop
from tillgate.services.settle import check_now, settle_attempts
from tillgate.services.sweep import sweep
from tillgate.services.till import Till
from tillgate.store.models import customer, product, variant
from tillgate.store.unit_of_work import refuse_inside_transaction


def _mailed(_till: Till, _row: OutboxRecord) -> str:
    return "sent"


@dataclass(slots=True)
class Shop:
    """The sample shop at a till with a fake provider; `ids` names the payments that came out in a special way."""

    till: Till
    clock: FakeClock
    provider: FakeProvider
    cashier: Actor
    manager: Actor
    chance: random.Random
    customers: list[int] = field(default_factory=list)
    variants: list[int] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)

    def new_shift(self) -> None:
        """Sessions last twelve hours."""
        self.cashier = self._signed_in(self.cashier, Role.CASHIER, "Priya Nair")
        self.manager = self._signed_in(self.manager, Role.MANAGER, "Ravi Kumar")

    def _signed_in(self, before: Actor, role: Role, name: str) -> Actor:
        if before.staff_id is None:
            return signed_in(self.till, role, name)
        return session_of(self.till, before.staff_id, name, role)

    def begin(self, *, lines: int = 2, known: bool = True) -> PaymentRecord:
        """A cart of a customer or of a walk-in, put up for payment."""
        cart = carts.open_cart(self.till, self.cashier)
        if known:
            cart = carts.set_customer(self.till, self.cashier, cart.id, self.chance.choice(self.customers))
        for variant_id in self.chance.sample(self.variants, lines):
            cart = carts.add_variant(self.till, self.cashier, cart.id, variant_id)
        press = put_up_for_payment(
            self.till, self.cashier, cart.id, key=new_key(), provider=self.provider.name, method="link"
        )
        return press.payment

    def reference(self, begun: PaymentRecord) -> str:
        with self.till.db.read() as connection:
            attempt = read_view(connection, begun.id).attempt
        assert attempt is not None
        return attempt.reference

    def pay(self, begun: PaymentRecord, *, minor: int | None = None) -> PaymentRecord:
        self.clock.advance(self.chance.randint(4, 40))
        self.provider.pay(self.reference(begun), minor=minor)
        return self.look(begun)

    def look(self, begun: PaymentRecord) -> PaymentRecord:
        return check_now(self.till, self.cashier, begun.id)

    def sell(self) -> PaymentRecord:
        return self.pay(self.begin(lines=self.chance.randint(1, 4)))

    def end(self, begun: PaymentRecord, status: CheckoutStatus) -> None:
        self.provider.end(self.reference(begun), status)
        self.look(begun)

    def free_cart(self) -> None:
        """Put what stands in the cart aside, so that the next sale begins anew."""
        carts.hold(self.till, self.cashier, carts.open_cart(self.till, self.cashier).id)

    def refund(self, paid: PaymentRecord, minor: int, reason: str) -> None:
        # The proof of who it is lasts five minutes.
        self.manager = self._signed_in(self.manager, Role.MANAGER, self.manager.name)
        request_refund(self.till, self.manager, paid.id, Money(minor, paid.currency), reason)

    def work(self) -> None:
        """What the timer does."""
        settle_attempts(self.till)
        settle_refunds(self.till)
        run_due(self.till, {"invoice": make_due, "mail": _mailed}, limit=500)


def open_sample_shop(till: Till, clock: FakeClock, *, seed: int = 7) -> Shop:
    """The sample shop, with nothing sold yet."""
    provider = FakeProvider(before=lambda _verb: refuse_inside_transaction())
    till = replace(till, providers={provider.name: provider}, fulfilling={Purpose.CHECKOUT: FULFILLING})
    load_sample_shop(till)
    nobody = till.system
    shop = Shop(till, clock, provider, nobody, nobody, random.Random(seed))
    with till.db.read() as connection:
        shop.customers = list(connection.execute(select(customer.c.id)).scalars())
        sold = select(variant.c.id).join(product, product.c.id == variant.c.product_id)
        shop.variants = list(connection.execute(sold.where(product.c.kind == "sale", variant.c.stock > 3)).scalars())
    return shop


def live_through(shop: Shop, days: int, *, sales: int = 12) -> None:
    """Days of usual business, the last one with something of everything."""
    for _ in range(days):
        _usual_day(shop, sales)
        shop.clock.advance(timedelta(hours=24).total_seconds() - shop.clock.now().hour * 3600 + 3 * 3600)
    shop.new_shift()
    _special_day(shop)


def _usual_day(shop: Shop, sales: int) -> None:
    shop.new_shift()
    for _ in range(shop.chance.randint(sales // 2, sales)):
        shop.clock.advance(shop.chance.randint(300, 2_400))
        try:
            fate = shop.chance.random()
            begun = shop.begin(lines=shop.chance.randint(1, 4))
        except Refused:
            shop.free_cart()
            continue
        if fate < 0.86:
            shop.pay(begun)
        else:
            ends = (CheckoutStatus.FAILED, CheckoutStatus.EXPIRED, CheckoutStatus.CANCELLED)
            shop.end(begun, shop.chance.choice(ends))
            shop.free_cart()
    shop.work()


def _special_day(shop: Shop) -> None:
    part = shop.sell()
    shop.refund(part, part.amount_minor // 3, "One of them was broken")
    full = shop.sell()
    shop.refund(full, full.amount_minor, "Charged by mistake")
    shop.work()
    shop.clock.advance(900)
    refused = shop.sell()
    shop.refund(refused, 5_000, "Returned")
    shop.provider.faults["refund"] = ["declined"]
    shop.work()
    slow = shop.sell()
    shop.refund(slow, slow.amount_minor, "Order changed")
    shop.provider.faults["refund"] = ["unknown"]
    shop.work()
    late = shop.begin()
    cancel(shop.till, shop.cashier, late.id)
    shop.free_cart()
    shop.provider.pay(shop.reference(late))
    assert sweep(shop.till, shop.provider)
    shop.clock.advance(600)
    over = shop.begin()
    shop.pay(over, minor=over.amount_minor + 2_500)
    shop.free_cart()
    unsure = _unheard(shop)
    waiting = shop.begin()
    shop.ids = {
        "part": part.id,
        "full": full.id,
        "refused": refused.id,
        "slow": slow.id,
        "late": late.id,
        "over": over.id,
        "unsure": unsure.id,
        "waiting": waiting.id,
    }


def _unheard(shop: Shop) -> PaymentRecord:
    shop.provider.faults["create"] = ["+unknown"]
    unsure = shop.begin()
    shop.free_cart()
    return unsure
