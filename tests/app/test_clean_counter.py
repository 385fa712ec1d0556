"""A demo begins with an empty cart, whatever a run that was killed left there; nothing of it is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tillgate.app.bootstrap import Shop, open_shop
from tillgate.app.clean_counter import prepare_play
from tillgate.app.demo_people import CASHIER
from tillgate.app.profile import Profile
from tillgate.domain.payment import Mode
from tillgate.domain.staff import Actor
from tillgate.services import carts
from tillgate.services.catalogue import load_product, search_products
from tillgate.services.checkout import new_key, put_up_for_payment
from tillgate.services.customers import search_customers
from tillgate.services.sign_in import sign_in


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = open_shop(Profile(Mode.TRAINING, tmp_path_factory.mktemp("demo")))
    prepare_play(opened)
    yield opened
    opened.close()


@pytest.fixture
def cashier(shop: Shop) -> Actor:
    return signed_in(shop)


def signed_in(shop: Shop) -> Actor:
    """At a till somebody who signs in ends whoever was signed in before."""
    return sign_in(shop.till, shop.pins, CASHIER.name, CASHIER.pin).actor


def ring_up(shop: Shop, cashier: Actor) -> int:
    cart = carts.open_cart(shop.till, cashier)
    [hit, *_] = search_products(shop.till, cashier, "Amul Ghee")
    piece = load_product(shop.till, cashier, hit.product.id).variants[0]
    carts.add_variant(shop.till, cashier, cart.id, piece.id)
    return cart.id


@pytest.mark.parametrize("paying", [False, True])
def test_a_cart_that_was_left_is_held(shop: Shop, cashier: Actor, paying: bool) -> None:
    left = ring_up(shop, cashier)
    if paying:
        method = shop.providers["razorpay"].capabilities.default_method
        put_up_for_payment(shop.till, cashier, left, key=new_key(), provider="razorpay", method=method)
    prepare_play(shop)
    cashier = signed_in(shop)
    begun = carts.open_cart(shop.till, cashier)
    assert (begun.id != left, begun.lines, begun.customer, begun.payment_id) == (True, (), None, None)
    [held] = [each for each in carts.list_held(shop.till, cashier) if each.id == left]
    assert (held.lines, held.in_payment) == (1, paying)


def test_a_customer_without_a_line_is_let_go(shop: Shop, cashier: Actor) -> None:
    cart = carts.open_cart(shop.till, cashier)
    [somebody, *_] = search_customers(shop.till, cashier, "Ananya")
    carts.set_customer(shop.till, cashier, cart.id, somebody.id)
    for _ in range(2):
        prepare_play(shop)
        begun = carts.open_cart(shop.till, signed_in(shop))
        assert (begun.id, begun.customer) == (cart.id, None)
