"""The counter as a demo finds it: whatever a run that was killed left in the cart is put aside, none of it is lost."""

from __future__ import annotations

from tillgate.app.bootstrap import Shop
from tillgate.app.demo_people import CASHIER
from tillgate.app.sample import prepare_training
from tillgate.services import carts
from tillgate.services.sign_in import sign_in, sign_out


def prepare_play(shop: Shop) -> None:
    """What training starts with, and an empty cart at this till."""
    prepare_training(shop)
    session = sign_in(shop.till, shop.pins, CASHIER.name, CASHIER.pin)
    try:
        left = carts.open_cart(shop.till, session.actor)
        if left.lines:
            # Also one that is being paid: its payment goes on, and the cart is with the held ones.
            carts.hold(shop.till, session.actor, left.id)
        elif left.customer is not None:
            carts.clear(shop.till, session.actor, left.id)
    finally:
        sign_out(shop.till, session.actor)
