"""Items and requests that can't be ordered: each named with the document's code and reason, and nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
from sqlalchemy import update

from tests.factories.instalments import (
    ADDRESS,
    AIRPODS,
    IPHONE,
    ITEMS,
    LEFT,
    REQUEST,
    Bazaar,
    inr,
    only,
    refusal,
    sound,
)
from tillgate.domain.errors import Invalid, NotFound, Refused, TillgateError, Unavailable
from tillgate.domain.instalments import BulkState, InstalmentOrderState, InstalmentState, ItemAsk
from tillgate.domain.money import LARGEST_MINOR
from tillgate.services.bulk_orders import PlaceBulk, load_placed, place_bulk_order
from tillgate.services.instalment_documents import (
    error_document,
    placed_document,
    read_order_request,
)
from tillgate.store.models import (
    coupon,
    customer,
    product,
    variant,
)

_B, _S, _I = BulkState, InstalmentOrderState, InstalmentState

BAD_ITEMS = {
    "item_quantity_out_of_range": [replace(ITEMS[2], quantity=each) for each in (0, 11, 1.5, "2", -1, True)],
    "days_malformed": [replace(ITEMS[2], total_days=each) for each in (0, None, "50", 1.5, -3)],
    "plan_too_long": [ItemAsk(AIRPODS, 101), ItemAsk(IPHONE, 366), ItemAsk(IPHONE, 181, 1, "VAR-001")],
    "product_not_found": [ItemAsk(each, 50) for each in ("xyz123", "", "0", "999999", "x" * 500, "\x00", "आइफोन")],
    "variant_not_found": [ItemAsk(IPHONE, 100, 1, each) for each in ("VAR-002", "AIRPODS-PRO", "\ud800", "9" * 30)],
    "coupon_unknown": [ItemAsk(IPHONE, 100, 1, "", each) for each in ("SAVE11", "x", "\x00", "\u202eS", "S" * 90)],
    "coupon_minimum": [ItemAsk(AIRPODS, 50, 1, "", "SAVE10")],
}

NO_TEXT: list[object] = [5, 0, False, ["x"], {}]


def test_every_bad_item_is_named_with_its_reason_and_leaves_nothing(stall: Bazaar) -> None:
    for code, items in BAD_ITEMS.items():
        for item in items:
            error = refusal(stall, item)
            failed = only(error)
            assert (failed.index, failed.code) == (0, code), item
            assert failed.reason.startswith("Item 1: ") and failed.reason.isprintable()
    for field, code in (("productId", "product"), ("variantId", "variant"), ("couponCode", "coupon")):
        for value in NO_TEXT:
            # What is no text is not taken for nothing, which is the first variant, or no coupon.
            body = REQUEST | {"items": [{"productId": AIRPODS, "totalDays": 50, field: value}]}
            press = read_order_request(body, customer_id=stall.customer_id, key="key-of-nothing")
            assert only(refusal(stall, *press.items)).code in (f"{code}_not_found", f"{code}_unknown")


def test_what_is_left_out_does_not_hold_up_the_others(bazaar: Bazaar) -> None:
    nonsense = [replace(ITEMS[2], coupon=each) for each in ("S\x00VE10", "\ud800", "S" * 10_000)]
    placed = bazaar.place(ItemAsk("xyz123", 10), ITEMS[1], replace(ITEMS[2], quantity=11), ITEMS[0], *nonsense)
    assert [each.position for each in placed.orders] == [1, 3]
    assert [each.reason for each in placed.bulk.failed] == [
        "Item 1: Product 'xyz123' not found",
        "Item 3: Quantity must be a whole number from 1 to 10",
        "Item 5: Coupon 'SVE10' not found",
        "Item 6: Coupon '' not found",
        f"Item 7: Coupon '{'S' * 30}' not found",
    ]
    said = placed_document(placed)["data"]
    assert said["summary"]["totalItems"] == 7
    assert (said["summary"]["failedItems"], said["summary"]["totalFirstPayment"]) == (5, 1200)
    assert said["failedItems"][0] == {"index": 0, "error": "Item 1: Product 'xyz123' not found"}
    again = load_placed(bazaar.till, placed.bulk.id)
    assert placed_document(again)["data"]["failedItems"] == said["failedItems"]
    sound(bazaar)


def test_the_last_piece_and_the_last_use_go_to_one_item_of_a_bulk_order(bazaar: Bazaar) -> None:
    bazaar.restock(2)
    with bazaar.till.db.write(bazaar.till.system) as uow:
        uow.execute(update(coupon).values(total_limit=1))
    placed = bazaar.place(ITEMS[0], ITEMS[0], ItemAsk(IPHONE, 100, 1, "", "SAVE10"), ITEMS[2])
    assert [(each.index, each.code) for each in placed.bulk.failed] == [
        (1, "product_out_of_stock"),
        (2, "coupon_used_up"),
    ]
    assert [each.position for each in placed.orders] == [0, 3]
    assert bazaar.stock() == 0
    assert [row.used_count for row in bazaar.rows(coupon)] == [1]
    assert placed.bulk.first_total == inr(900)
    sound(bazaar)


def test_what_is_not_sold_any_more_or_let_or_priced_otherwise(stall: Bazaar) -> None:
    def failing(**values: Any) -> str:
        with stall.till.db.write(stall.till.system) as uow:
            uow.execute(update(product).where(product.c.code == AIRPODS.upper()).values(**values))
        failed = only(refusal(stall, ITEMS[2]))
        return str(failed.code)

    assert failing(active=0) == "product_not_offered"
    assert failing(active=1, kind="rental") == "product_not_offered"
    assert failing(kind="sale", currency="USD") == "instalment_currency"
    with stall.till.db.write(stall.till.system) as uow:
        uow.execute(update(product).where(product.c.code == AIRPODS.upper()).values(currency="INR"))
        uow.execute(
            update(variant).where(variant.c.code == "AIRPODS-PRO").values(smallest_quantity=3, price_minor=2_000_00)
        )
    failed = only(refusal(stall, ITEMS[2]))
    assert failed.code == "quantity_below_least"
    stall.restock(2, "AIRPODS-PRO")
    failed = only(refusal(stall, replace(ITEMS[2], quantity=3, total_days=10)))
    assert failed.reason == "Item 1: Product 'AirPods Pro' is out of stock. Available: 2"
    stall.restock(3, "AIRPODS-PRO")
    with stall.till.db.write(stall.till.system) as uow:
        uow.execute(update(variant).where(variant.c.code == "AIRPODS-PRO").values(price_minor=LARGEST_MINOR))
    failed = only(refusal(stall, replace(ITEMS[2], quantity=3)))
    assert failed.reason == "Item 1: The amount is too large"


REQUEST_ERRORS: list[tuple[Callable[[Bazaar], PlaceBulk], str, str]] = [
    (lambda shop: shop.press(items=()), "items_missing", "VALIDATION_ERROR"),
    (lambda shop: shop.press(*(ITEMS[2],) * 11), "items_too_many", "VALIDATION_ERROR"),
    (lambda shop: shop.press(pay_by="CASH"), "pay_by_unknown", "VALIDATION_ERROR"),
    (lambda shop: shop.press(address=replace(ADDRESS, city=" ")), "delivery_missing", "VALIDATION_ERROR"),
    (lambda shop: shop.press(address=replace(ADDRESS, pincode="12")), "delivery_malformed", "VALIDATION_ERROR"),
    (
        lambda shop: shop.press(address=replace(ADDRESS, phone="000000000000000")),
        "delivery_malformed",
        "VALIDATION_ERROR",
    ),
    (lambda shop: shop.press(address=replace(ADDRESS, name="x" * 61)), "delivery_too_long", "VALIDATION_ERROR"),
    (lambda shop: shop.press(customer_id=999_999), "customer_unknown", "USER_NOT_FOUND"),
    (lambda shop: shop.press(key="short"), "key_malformed", "VALIDATION_ERROR"),
]


def test_every_bad_request_has_the_documents_code_and_leaves_nothing(stall: Bazaar) -> None:
    for make, code, said in REQUEST_ERRORS:
        press = make(stall)
        before = [stall.count(table) for table in LEFT]
        with pytest.raises(TillgateError) as caught:
            place_bulk_order(stall.till, stall.cashier, press)
        assert caught.value.code == code
        assert error_document(caught.value).body["error"]["code"] == said
        assert [stall.count(table) for table in LEFT] == before
    with stall.till.db.write(stall.till.system) as uow:
        uow.execute(update(customer).where(customer.c.id == stall.customer_id).values(active=0))
    assert refusal(stall).code == "customer_unknown"
    bodies: list[object] = [None, [], "text", {}, {"items": {}}, {"items": None}]
    for body in bodies:
        with pytest.raises(Invalid):
            read_order_request(body, customer_id=1, key="key-of-nothing")
    with pytest.raises(Invalid, match="delivery_malformed"):
        read_order_request(
            REQUEST | {"deliveryAddress": {**asdict(ADDRESS), "pincode": 400001}}, customer_id=1, key="key-of-nothing"
        )


def test_errors_in_the_documents_words(stall: Bazaar) -> None:
    all_failed = error_document(refusal(stall, ItemAsk("a", 1), ItemAsk(AIRPODS, 50, 0)))
    assert (all_failed.status, all_failed.body["error"]["message"]) == (400, "All items failed validation")
    details = all_failed.body["error"]["details"]
    assert (details["successfulOrders"], details["successCount"], details["failedCount"]) == ([], 0, 2)
    assert details["failedItems"][0] == {"index": 0, "error": "Item 1: Product 'a' not found"}
    stall.fill_wallet(inr(500))
    short = error_document(refusal(stall, pay_by="WALLET"))
    assert short.body["error"] == {
        "code": "BULK_ORDER_ERROR",
        "message": "Insufficient wallet balance. Required: ₹1300, Available: ₹500",
        "details": {"failedItems": [{"error": "INSUFFICIENT_BALANCE", "required": 1300, "available": 500}]},
    }
    unknown = error_document(NotFound("bulk_unknown", bulk="BULK-1"))
    assert (unknown.status, unknown.body["error"]["code"]) == (404, "BULK_ORDER_NOT_FOUND")
    assert error_document(NotFound("product_not_found", product="x")).status == 404
    gone = error_document(Refused("product_out_of_stock", name="AirPods Pro", left=0))
    assert (gone.body["error"]["code"], gone.status) == ("PRODUCT_OUT_OF_STOCK", 400)
    assert error_document(Unavailable("provider_off", provider="razorpay")).status == 503


def test_a_daily_amount_below_fifty_rupees_is_refused_with_a_coupon_too(stall: Bazaar) -> None:
    with stall.till.db.write(stall.till.system) as uow:
        uow.execute(update(variant).where(variant.c.code == "AIRPODS-PRO").values(price_minor=4_999_99))
        uow.execute(update(coupon).values(minimum_minor=0))
    failed = only(refusal(stall, ItemAsk(AIRPODS, 100)))
    assert failed.reason == "Item 1: Daily amount below minimum ₹50"
    failed = only(refusal(stall, ItemAsk(AIRPODS, 100, 3, "", "SAVE10")))
    assert failed.reason == "Item 1: Daily amount below minimum ₹50"
