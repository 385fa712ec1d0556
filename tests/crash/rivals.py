"""Two tills of one store get in each other's way, while the bank is slow, deaf or gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from sqlalchemy import select

from tests.crash.counter import Counter
from tillgate.domain.errors import Refused, Unavailable
from tillgate.domain.money import Money
from tillgate.services import carts
from tillgate.services.cancel import cancel, switch
from tillgate.services.checkout import new_key, put_up_for_payment
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now
from tillgate.store.models import cart, payment

# What the bank does to a call. A time-out is longer than a hasty till waits.
FAULTS: Final = (
    ("timeout", "before"),
    ("timeout", "after"),
    ("reset_before_answer", "before"),
    ("reset_before_answer", "after"),
    ("server_error_500", "before"),
    ("server_error_500", "after"),
    ("bad_gateway_502", "after"),
    ("unavailable_503", "before"),
    ("reset_mid_body", ""),
    ("html_200", ""),
    ("rate_limited_429", ""),
)
VERBS: Final = ("create", "fetch", "lookup", "cancel", "capture", "refund", "any")
_DEAF_S: Final = 0.5
_LOOK_AGAIN_S: Final = 0.02
_DATABASE_BACK_S: Final = 120.0


def survive(counter: Counter, scene: Callable[[Counter], None]) -> None:
    """Play a scene; who is refused, or told that something is out of reach, does the next thing once it can be."""
    try:
        scene(counter)
    except Refused:
        return
    except Unavailable:
        _wait_for_the_database(counter)


def _wait_for_the_database(counter: Counter) -> None:
    give_up = time.monotonic() + _DATABASE_BACK_S
    while True:
        try:
            with counter.till.db.read() as connection:
                connection.execute(select(payment.c.id).limit(1))
        except Unavailable:
            assert time.monotonic() < give_up, "the database is back, and the till does not see it"
            time.sleep(_LOOK_AGAIN_S)
        else:
            return


def spoil(counter: Counter) -> None:
    """The next call or two to the bank go wrong."""
    kind, when = counter.chance.choice(FAULTS)
    orders: dict[str, object] = {"kind": kind, "verb": counter.chance.choice(VERBS), "provider": "razorpay"}
    orders |= {"when": when, "count": counter.chance.choice((1, 1, 2)), "after": counter.chance.choice((0, 0, 1))}
    counter.shop.bank.ask("faults", **orders, **({"seconds": _DEAF_S} if kind == "timeout" else {}))


def meddle(counter: Counter) -> None:
    """Something is done to one of the newest payments of the store, whoever put it up."""
    if counter.chance.random() < 0.5:
        spoil(counter)
    with counter.till.db.read() as connection:
        newest = list(connection.execute(select(payment.c.id).order_by(payment.c.id.desc()).limit(3)).scalars())
    if newest:
        act = counter.chance.choice((*_WITH_MONEY, _press_pay, _take_over))
        counter.quietly(partial(act, counter, int(counter.chance.choice(newest))))
    counter.tick()


def _cancel(counter: Counter, number: int) -> None:
    cancel(counter.till, counter.shop.cashier, number)


def _switch(counter: Counter, number: int) -> None:
    switch(counter.till, counter.shop.cashier, number, "razorpay", counter.chance.choice(("link", "order")))


def _check(counter: Counter, number: int) -> None:
    check_now(counter.till, counter.shop.cashier, number)


def _customer_pays(counter: Counter, number: int) -> None:
    counter.pay(number, come_back=counter.chance.random() < 0.5)


def _give_back(counter: Counter, number: int) -> None:
    """Nearly all of it, so that two tills at once would give back more than came."""
    whole = next((each.amount_minor for each in counter.refundable() if each.payment_id == number), 0)
    request_refund(counter.till, counter.manager(), number, Money(whole * 9 // 10, "INR"), "did not fit")


def _use_or_give_back(counter: Counter, _number: int) -> None:
    counter.decide()


def _some_cart(counter: Counter) -> int:
    with counter.till.db.read() as connection:
        newest = list(connection.execute(select(cart.c.id).order_by(cart.c.id.desc()).limit(3)).scalars())
    return int(counter.chance.choice(newest))


def _press_pay(counter: Counter, _number: int) -> None:
    """On a cart of either till, which may be paid for just now."""
    method = counter.chance.choice(("link", "order"))
    number = _some_cart(counter)
    put_up_for_payment(counter.till, counter.shop.cashier, number, key=new_key(), provider="razorpay", method=method)


def _take_over(counter: Counter, _number: int) -> None:
    """A cart is laid aside, and one that lies aside goes on at this till."""
    counter.quietly(partial(carts.hold, counter.till, counter.shop.cashier, _some_cart(counter)))
    carts.recall(counter.till, counter.shop.cashier, _some_cart(counter))


_WITH_MONEY: Final = (_cancel, _switch, _check, _customer_pays, _give_back, _use_or_give_back)
MEDDLING: Final[dict[str, Callable[[Counter], None]]] = {"meddle": meddle}
