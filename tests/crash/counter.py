"""People at a till, the customers' browsers and the timer: what a killed process was doing, and its recovery."""

from __future__ import annotations

import random
import time
import urllib.error
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import select, update

from tests.crash import oracles
from tests.crash.batching import pay_a_new_device, resume
from tests.crash.consulting import press_again, press_for_a_new_fee
from tests.crash.importing import import_files
from tests.crash.ordering import place_a_bulk_order
from tests.crash.shop import Shop
from tillgate.app.lanes import Lanes
from tillgate.domain.errors import Refused, Unavailable
from tillgate.domain.exceptions import ExceptionAction
from tillgate.domain.money import Money
from tillgate.domain.payment import WAITING, Fulfilment
from tillgate.domain.staff import Actor
from tillgate.services import carts
from tillgate.services.bulk_ends import cancel_bulk_order, run_expiry
from tillgate.services.cancel import cancel, switch
from tillgate.services.checkout import new_key, put_up_for_payment
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.outbox import run_due
from tillgate.services.payment_views import read_view
from tillgate.services.records import PaymentRecord
from tillgate.services.refunds import drive_refund, request_refund, settle_refunds
from tillgate.services.returns import settle_returns, store_return
from tillgate.services.settle import check_now, settle_attempts, settle_fulfilments
from tillgate.services.sweep import sweep
from tillgate.store.models import (
    capture,
    money_exception,
    outbox,
    payment,
    payment_attempt,
    refund,
    staff_session,
    variant,
)

# What a customer, a link's end, a refund on its way and the sweep's patience need; till and bank jump together.
EARLY_JUMPS: Final = (0, 6, 7)
LATE_JUMPS: Final = (65, 130, 1_900, 4_000)


class Counter:
    """People at a till, the customers' browsers and the timer, one after another."""

    def __init__(self, shop: Shop, chance: random.Random) -> None:
        self.shop = shop
        self.till = shop.till
        self.chance = chance
        self.lanes: Lanes | None = None

    # --- what people do ---

    def ring_up(self, method: str = "") -> PaymentRecord:
        """Three vendors in a cart, put up for payment."""
        till, cashier = self.till, self.shop.cashier
        self.finish_before()
        cart = carts.open_cart(till, cashier)
        if cart.lines:
            cart = carts.clear(till, cashier, cart.id)
        carts.set_customer(till, cashier, cart.id, self.shop.customer_id)
        for each in self.shop.variants:
            carts.add_variant(till, cashier, cart.id, each)
        method = method or ("order" if self.chance.random() < 0.2 else "link")
        press = put_up_for_payment(till, cashier, cart.id, key=new_key(), provider="razorpay", method=method)
        return press.payment

    def finish_before(self) -> None:
        """The payment before this one is heard, or given up: a till has one open cart."""
        if self._waiting():
            self.shop.clock.jump(4)
            self.tick()
        for each in self._waiting():
            self.quietly(partial(cancel, self.till, self.shop.cashier, each))
        self.decide()

    def decide(self) -> None:
        """A manager uses late money for what it was meant for, or gives it back."""
        manager = self.manager()
        for each in list_exceptions(self.till, manager):
            ways = [way for way in (ExceptionAction.APPLY, ExceptionAction.REFUND) if way in each.actions]
            if ways:
                act = partial(settle_exception, self.till, manager, each.id, self.chance.choice(ways), "as they wished")
                self.quietly(act)

    def late_money(self) -> None:
        """An order is given up here, which closes nothing at the bank, and is paid all the same."""
        self.shop.bank.ask("razorpay/settings", auto_capture=True)
        made = self.ring_up("order")
        self.quietly(lambda: cancel(self.till, self.shop.cashier, made.id))
        with self.till.db.read() as connection:
            order_id = read_view(connection, made.id).attempts[-1].provider_id
        with suppress(urllib.error.HTTPError):
            self.shop.bank.ask("razorpay/pay", order_id=order_id or "none")
        self.shop.clock.jump(70)
        self.tick()
        self.decide()
        self.tick()

    def sale(self) -> None:
        """From the cart to the invoices and mails; the money is captured by the bank or by the till."""
        self.shop.bank.ask("razorpay/settings", auto_capture=self.chance.random() < 0.5)
        self.authorised_sale()

    def captured_by_till(self) -> None:
        """The bank only authorises: the till captures."""
        self.shop.bank.ask("razorpay/settings", auto_capture=False)
        self.authorised_sale()

    def authorised_sale(self) -> None:
        """A sale however the account captures."""
        made = self.ring_up()
        self.pay(made.id, come_back=self.chance.random() < 0.7)
        if self.chance.random() < 0.5:
            check_now(self.till, self.shop.cashier, made.id)
        self.tick()
        self.tick()

    def consultation(self) -> None:
        """A consultation's fee, pressed for three times and paid once."""
        self.shop.bank.ask("razorpay/settings", auto_capture=True)
        self.finish_before()
        made = press_for_a_new_fee(self.shop)
        self.pay(made, come_back=self.chance.random() < 0.5)
        if self.chance.random() < 0.5:
            check_now(self.till, self.shop.cashier, made)
        self.tick()

    def batch(self) -> None:
        """Three invoices of a device, one link after another; some of them are paid."""
        self.shop.bank.ask("razorpay/settings", auto_capture=True)
        self.finish_before()
        for each in pay_a_new_device(self.shop):
            if each.payment_id is not None and self.chance.random() < 0.7:
                self.pay(each.payment_id, come_back=self.chance.random() < 0.3)
                if self.chance.random() < 0.5:
                    check_now(self.till, self.shop.cashier, each.payment_id)
        self.shop.clock.jump(4)
        self.tick()

    def bulk(self) -> None:
        """Two bulk orders: one is paid, one is given up."""
        self.shop.bank.ask("razorpay/settings", auto_capture=True)
        self.finish_before()
        paid = place_a_bulk_order(self.shop).payment
        if paid is not None:
            self.pay(paid.id, come_back=self.chance.random() < 0.3)
            check_now(self.till, self.shop.cashier, paid.id)
        given_up = place_a_bulk_order(self.shop)
        self.quietly(lambda: cancel_bulk_order(self.till, self.shop.cashier, given_up.bulk.id))
        self.tick()

    def bring_in(self) -> None:
        """The owner imports files at the terminal."""
        import_files(self.shop)

    def come_back(self) -> None:
        """A sale whose news comes by the browser's return."""
        made = self.ring_up()
        self.pay(made.id, come_back=True)
        self.tick()

    def refund_in_part(self) -> None:
        """A manager gives part of a sale back; one is made first where there is none."""
        if not self.refundable():
            self.sale()
        for source in self.refundable()[-1:]:
            amount = Money(
                self.chance.randint(100, max(100, (source.amount_minor - source.refunded_minor) // 3)), "INR"
            )
            made = request_refund(self.till, self.manager(), source.payment_id, amount, "one piece came back broken")
            drive_refund(self.till, made.id)
        self.tick()

    def offer_again(self) -> None:
        """Everything is for sale, whatever a killed process left."""
        self._write(update(variant).values(active=1))

    def sold_out(self) -> None:
        """The stock goes between the press and the money: orders can't be made, the till gives the money back."""
        made = self.ring_up()
        self._write(update(variant).where(variant.c.id == self.shop.variants[1]).values(active=0))
        self.pay(made.id, come_back=False)
        check_now(self.till, self.shop.cashier, made.id)
        self.tick()
        self.offer_again()
        self.tick()

    def give_up(self) -> None:
        """The customer walks off; sometimes they press Pay at the same moment."""
        made = self.ring_up()
        if self.chance.random() < 0.25:
            self.pay(made.id, come_back=False)
        self.quietly(lambda: cancel(self.till, self.shop.cashier, made.id))
        self.tick()

    def change_over(self) -> None:
        """Another way of paying after all; the old link is closed first."""
        made = self.ring_up()
        method = "order" if self.chance.random() < 0.5 else "link"
        self.quietly(lambda: switch(self.till, self.shop.cashier, made.id, "razorpay", method))
        self.pay(made.id, come_back=True)
        self.tick()

    def pay(self, payment_id: int, *, come_back: bool) -> None:
        """The customer presses Pay on the hosted page, if there is one, and their browser may come back."""
        with self.till.db.read() as connection:
            attempt = read_view(connection, payment_id).attempt
        if attempt is None or attempt.provider_id is None or not attempt.live:
            return
        where = {"link": attempt.provider_id} if attempt.method == "link" else {"order_id": attempt.provider_id}
        try:
            paid = self.shop.bank.ask("razorpay/pay", **where)
        except urllib.error.HTTPError:
            return  # the page says that it is closed or paid
        fields = paid["response"] or dict(parse_qsl(urlsplit(paid["return_url"] or "").query))
        token = self.shop.tokens.get(attempt.method)
        if come_back and fields and token:
            store_return(self.till, token, fields)

    def tick(self) -> None:
        """What the timer does, once; with lanes, a moment of its work."""
        if self.lanes is not None:
            self.lanes.wake()
            time.sleep(0.03)
            return
        settle_fulfilments(self.till)
        settle_returns(self.till)
        settle_attempts(self.till)
        settle_refunds(self.till)
        run_expiry(self.till)
        run_due(self.till, self.shop.works, limit=50)

    # --- after the restart ---

    def settle(self) -> list[str]:
        """Until nothing is due; people and customers finish what was open. What was wrong on the way."""
        self.shop.bank.ask("faults/clear", all=True)
        for seconds in EARLY_JUMPS:
            self.shop.clock.jump(seconds)
            self.tick()
        press_again(self.shop)
        resume(self.shop)
        wrong = oracles.forgotten_links(self.shop)
        for each in self._waiting():
            self._finish(each)
        for seconds in LATE_JUMPS:
            self.shop.clock.jump(seconds)
            self.tick()
        for each in self._waiting():
            self.quietly(partial(cancel, self.till, self.shop.cashier, each))
        for _ in range(12):
            if not self._is_open():
                break
            self.shop.clock.jump(70)
            self.tick()
        exceptions = self._count(money_exception)
        assert sweep(self.till, self.till.providers["razorpay"]), "the bank was not heard"
        if self._count(money_exception) != exceptions:
            wrong.append("the sweep found what the till had not")
        return wrong

    def _finish(self, payment_id: int) -> None:
        way = self.chance.choice(("pay", "cancel", "switch", "wait"))
        if way == "pay":
            self.pay(payment_id, come_back=self.chance.random() < 0.5)
        elif way == "cancel":
            self.quietly(lambda: cancel(self.till, self.shop.cashier, payment_id))
        elif way == "switch":
            self.quietly(lambda: switch(self.till, self.shop.cashier, payment_id, "razorpay", "link"))
        self.tick()

    def _waiting(self) -> list[int]:
        with self.till.db.read() as connection:
            found = connection.execute(select(payment.c.id).where(payment.c.state.in_(WAITING)))
            return [int(row.id) for row in found]

    def _is_open(self) -> bool:
        with self.till.db.read() as connection:
            checks = (
                select(payment.c.id).where(payment.c.fulfilment == Fulfilment.PENDING),
                select(payment.c.id).where(payment.c.state.in_(WAITING)),
                select(refund.c.id).where(refund.c.next_at.is_not(None)),
                select(outbox.c.id).where(outbox.c.done_at.is_(None), outbox.c.parked_at.is_(None)),
                select(payment_attempt.c.id).where(payment_attempt.c.ending == 1, payment_attempt.c.live == 1),
            )
            return any(connection.execute(each).first() is not None for each in checks)

    def refundable(self) -> list[Any]:
        with self.till.db.read() as connection:
            done = select(capture).join(payment, payment.c.id == capture.c.payment_id)
            query = done.where(
                capture.c.main == 1,
                payment.c.fulfilment == Fulfilment.DONE,
                capture.c.amount_minor - capture.c.refunded_minor >= 1_000,
            )
            return list(connection.execute(query.order_by(capture.c.id)).all())

    def manager(self) -> Actor:
        """The manager, who has just proved who they are."""
        actor = self.shop.manager
        mine = update(staff_session).where(staff_session.c.key == actor.session)
        self._write(mine.values(confirmed_at=self.shop.clock.now()))
        return actor

    def _write(self, statement: Any) -> None:
        self.till.db.transact(self.till.system, lambda uow: uow.execute(statement))

    def _count(self, table: Any) -> int:
        with self.till.db.read() as connection:
            return len(connection.execute(select(table.c.id)).all())

    def quietly(self, act: Callable[[], object]) -> None:
        """What a cashier is refused is said on the screen and is no fault."""
        try:
            act()
        except (Refused, Unavailable):
            return


SCENES: Final[dict[str, Callable[[Counter], None]]] = {
    "sale": Counter.sale,
    "captured_by_till": Counter.captured_by_till,
    "come_back": Counter.come_back,
    "refund": Counter.refund_in_part,
    "sold_out": Counter.sold_out,
    "give_up": Counter.give_up,
    "late_money": Counter.late_money,
    "change_over": Counter.change_over,
    "consultation": Counter.consultation,
    "batch": Counter.batch,
    "bulk": Counter.bulk,
    "import": Counter.bring_in,
}
