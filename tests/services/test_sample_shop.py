"""The sample shop: complete, sellable, and loaded in a moment."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from collections import Counter as Tally
from dataclasses import replace

from sqlalchemy import Engine, func, select

from tests.factories.clock import FakeClock
from tests.factories.fake_provider import FakeProvider
from tests.factories.instalments import ITEMS, inr
from tests.factories.people import signed_in
from tests.factories.tills import make_till
from tillgate.domain.catalogue import ProductKind, check_barcode
from tillgate.domain.payment import Fulfilment, Purpose
from tillgate.domain.staff import Role
from tillgate.paths import resource
from tillgate.services import carts, catalogue
from tillgate.services.bulk_items import price_item
from tillgate.services.cart_validation import validate_for_checkout
from tillgate.services.catalogue import ProductQuery, list_products, list_vendors
from tillgate.services.checkout import new_key, put_up_for_payment
from tillgate.services.contacts import check_email, check_phone
from tillgate.services.customers import search_customers
from tillgate.services.orders import FULFILLING
from tillgate.services.sample_instalments import load_sample_instalments
from tillgate.services.sample_shop import SampleCounts, load_sample_shop
from tillgate.services.settle import check_now
from tillgate.services.till import Till
from tillgate.store.models import rental_period, stock_move, variant

NOTHING = SampleCounts(0, 0, 0, 0)


def test_it_is_loaded_once_and_quickly(till: Till) -> None:
    begun = time.process_time()
    added = load_sample_shop(till)
    assert time.process_time() - begun < 1
    assert (added.products, added.vendors >= 4, added.customers >= 15) == (200, True, True)
    assert load_sample_shop(till) == NOTHING


def test_everything_in_it_is_well_formed(sqlite_only: Engine, clock: FakeClock) -> None:
    till = make_till(sqlite_only, clock)
    load_sample_shop(till)
    cashier = signed_in(till, Role.CASHIER)
    vendors = list_vendors(till, cashier)
    assert {each.auto_approve for each in vendors} == {0, 1}
    for each in vendors:
        assert (check_email(each.email), check_phone(each.phone, "INR")) == (each.email, each.phone)
    products = list_products(till, cashier, ProductQuery(), limit=500)
    assert {each.tax_bp for each in products} == {0, 500, 1200, 1800}
    assert len({each.name for each in products}) == 200
    images = {each.image for each in products}
    assert {path.name for path in resource("sample", "images").glob("*.svg")} == images
    for name in images:
        assert ET.parse(resource("sample", "images", name)).getroot().get("viewBox") == "0 0 96 96"  # noqa: S314
    rented = {each.id for each in products if each.kind is ProductKind.RENTAL}
    with till.db.read() as connection:
        variants = connection.execute(select(variant)).all()
        periods = Tally(connection.execute(select(rental_period.c.variant_id)).scalars().all())
        moved = select(stock_move.c.variant_id, func.sum(stock_move.c.quantity)).group_by(stock_move.c.variant_id)
        stock = {row[0]: row[1] for row in connection.execute(moved)}
    assert all(row.barcode and check_barcode(row.barcode) == row.barcode for row in variants)
    assert {row.id: row.stock for row in variants} == stock
    for row in variants:
        assert (periods[row.id] >= 2, row.price_minor == 0) == (
            (True, True) if row.product_id in rented else (False, False)
        )
    people = search_customers(till, cashier, "")
    assert any("\u0900" <= letter <= "\u097f" for each in people for letter in each.name)
    assert all(each.email.endswith("@example.com") or not each.email for each in people)


def test_training_has_what_the_documents_request_names(sqlite_only: Engine, clock: FakeClock) -> None:
    """Ruling 10: its figures to the rupee, beside all else that training sells."""
    till = make_till(sqlite_only, clock)
    load_sample_shop(till)
    load_sample_instalments(till)
    cashier = signed_in(till, Role.CASHIER)
    (john,) = search_customers(till, cashier, "John Doe")
    with till.db.read() as connection:
        priced = [price_item(connection, each, john.id, clock.now().date()) for each in ITEMS]
    assert [(each.plan.total, each.plan.daily) for each in priced] == [
        (inr(80_000), inr(800)),
        (inr(80_000), inr(400)),
        (inr(5_000), inr(100)),
    ]


def test_one_of_everything_can_be_sold(sqlite_only: Engine, clock: FakeClock) -> None:
    till = make_till(sqlite_only, clock)
    load_sample_shop(till)
    provider = FakeProvider()
    till = replace(till, providers={provider.name: provider}, fulfilling={Purpose.CHECKOUT: FULFILLING})
    cashier = signed_in(till, Role.CASHIER)
    cart = carts.open_cart(till, cashier)
    carts.set_customer(till, cashier, cart.id, search_customers(till, cashier, "asha")[0].id)
    for row in list_products(till, cashier, ProductQuery(), limit=500)[::2]:
        product = catalogue.load_product(till, cashier, row.id)
        cart = carts.add_variant(till, cashier, cart.id, product.variants[0].id)
    assert (len(cart.lines), len(cart.vendors)) == (100, 7)
    assert validate_for_checkout(till, cashier, cart.id, provider=provider.name).findings == ()
    begun = put_up_for_payment(till, cashier, cart.id, key=new_key(), provider=provider.name, method="link").payment
    provider.pay(next(iter(provider.checkouts.values())).reference)
    assert check_now(till, cashier, begun.id).fulfilment is Fulfilment.DONE
