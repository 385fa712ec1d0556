"""Bulk orders: the document's request to the rupee, items left out, one press, one payment, all orders or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from tests.factories.instalments import ADDRESS, AIRPODS, IPHONE, ITEMS, Bazaar, inr, owed, sound
from tillgate.domain.errors import Invalid, NotFound, Refused, TillgateError, Unavailable
from tillgate.domain.instalments import BulkState, FailedItem, InstalmentOrderState, InstalmentState, ItemAsk, due_on
from tillgate.domain.ledger import INSTALMENTS, UNAPPLIED
from tillgate.domain.payment import PaymentState
from tillgate.services import bulk_writing, payments
from tillgate.services.bulk_ends import VerifyBulk, cancel_bulk_order, run_expiry, verify_bulk_order
from tillgate.services.bulk_lists import (
    BulkQuery,
    bulk_key,
    count_bulk_orders,
    list_bulk_orders,
    list_customers_bulks,
    load_bulk_details,
)
from tillgate.services.bulk_orders import PlaceBulk, Placed, load_placed, pay_bulk_order, place_bulk_order
from tillgate.services.cancel import Ended, cancel
from tillgate.services.instalment_documents import (
    bulks_document,
    details_document,
    error_document,
    placed_document,
    read_order_request,
    read_verification,
    verified_document,
    write_json,
)
from tillgate.store.ledger import balance
from tillgate.store.models import (
    allocation,
    bulk_order,
    coupon,
    coupon_use,
    customer,
    instalment,
    instalment_order,
    outbox,
    payment,
    product,
    stock_move,
    variant,
    wallet_transaction,
)

_B, _S, _I = BulkState, InstalmentOrderState, InstalmentState
LEFT = (bulk_order, instalment_order, instalment, coupon_use, payment, allocation, wallet_transaction)


def states(shop: Bazaar, placed: Placed) -> tuple[BulkState, list[InstalmentOrderState]]:
    now = shop.now(placed)
    return now.bulk.state, [each.state for each in now.orders]


def refusal(shop: Bazaar, *items: ItemAsk, **changes: Any) -> TillgateError:
    """Why a press is refused; nothing of it stays."""
    before = [shop.count(table) for table in LEFT], shop.stock(), [row.used_count for row in shop.rows(coupon)]
    with pytest.raises(TillgateError) as caught:
        shop.place(*items, **changes)
    after = [shop.count(table) for table in LEFT], shop.stock(), [row.used_count for row in shop.rows(coupon)]
    assert after == before
    return caught.value


def only(error: TillgateError) -> FailedItem:
    """The one item, which failed."""
    assert error.code == "bulk_all_failed"
    failed: Any = error.values["failed"]
    (found,) = failed
    assert isinstance(found, FailedItem)
    return found


def mails(shop: Bazaar) -> set[str]:
    return {json.loads(row.payload)["template"] for row in shop.rows(outbox) if row.kind == "mail"}


def verification(shop: Bazaar, placed: Placed, pay: str) -> VerifyBulk:
    attempt = shop.now(placed).attempt
    assert attempt is not None
    assert attempt.provider_id is not None
    return VerifyBulk(placed.bulk.number, attempt.provider_id, pay, shop.provider.sign(attempt.ref))


REQUEST = {
    "items": [
        {"productId": IPHONE, "variantId": "VAR-001", "quantity": 2, "totalDays": 100, "couponCode": "SAVE10"},
        {"productId": IPHONE, "quantity": 1, "totalDays": 200},
        {"productId": AIRPODS, "totalDays": 50},
    ],
    "paymentMethod": "RAZORPAY",
    "deliveryAddress": {
        "name": "John Doe",
        "phoneNumber": "9876543210",
        "addressLine1": "123 Main Street",
        "addressLine2": "Apt 4B",
        "city": "Mumbai",
        "state": "Maharashtra",
        "pincode": "400001",
        "country": "India",
        "landmark": "Near Central Mall",
    },
}


def test_the_documents_request_comes_out_to_the_rupee(bazaar: Bazaar) -> None:
    press = read_order_request(
        json.loads(json.dumps(REQUEST)), customer_id=bazaar.customer_id, key="key-of-the-request"
    )
    placed = place_bulk_order(bazaar.till, bazaar.cashier, press)
    said = json.loads(write_json(placed_document(placed)))
    data = said["data"]
    assert [each["dailyPaymentAmount"] for each in data["orders"]] == [800, 400, 100]
    assert [each["productPrice"] for each in data["orders"]] == [80_000, 80_000, 5_000]
    assert [each["status"] for each in data["orders"]] == ["PENDING"] * 3
    assert [each["amount"] for each in data["payments"]] == [800, 400, 100]
    assert data["summary"] == {
        "totalItems": 3, "successfulOrders": 3, "failedItems": 0, "totalFirstPayment": 1300,
        "paymentMethod": "RAZORPAY",
    }  # fmt: skip
    razorpay = data["razorpayOrder"]
    assert (razorpay["amount"], razorpay["currency"], razorpay["keyId"]) == (130_000, "INR", bazaar.provider.account)
    assert said["message"] == data["message"] == "Bulk order created. Please complete payment via Razorpay."
    assert bazaar.stock("VAR-001") == 38
    assert [row.used_count for row in bazaar.rows(coupon)] == [1]

    pay = bazaar.provider.pay(bazaar.reference(placed))
    body = {
        "bulkOrderId": data["bulkOrderId"],
        "razorpayOrderId": razorpay["id"],
        "razorpayPaymentId": pay,
        "razorpaySignature": verification(bazaar, placed, pay).razorpay_signature,
    }
    first = verified_document(verify_bulk_order(bazaar.till, bazaar.cashier, read_verification(body)))
    assert (first["data"]["ordersActivated"], first["data"]["totalOrdersInBulk"]) == (3, 3)
    assert {each["status"] for each in first["data"]["orders"]} == {"ACTIVE"}
    assert {each["status"] for each in first["data"]["payments"]} == {"COMPLETED"}
    assert first["message"] == "Payment verified. 3 orders are now ACTIVE."
    assert verified_document(verify_bulk_order(bazaar.till, bazaar.cashier, read_verification(body))) == first

    details = details_document(load_bulk_details(bazaar.till, bazaar.cashier, data["bulkOrderId"].lower()))["data"]
    assert details["summary"] == {
        "totalOrders": 3, "totalAmount": 165_000, "totalPaid": 1300, "totalFirstPayment": 1300,
        "remainingAmount": 163_700, "statusCounts": {"PENDING": 0, "ACTIVE": 3, "COMPLETED": 0, "CANCELLED": 0},
    }  # fmt: skip
    assert details["orders"][0]["remainingAmount"] == 79_200
    assert details["payments"][0]["razorpayOrderId"] == razorpay["id"]
    (mine,) = bulks_document(list_customers_bulks(bazaar.till, bazaar.cashier, bazaar.customer_id))["data"][
        "bulkOrders"
    ]
    assert (mine["totalFirstPayment"], mine["statuses"], mine["totalOrders"]) == (1300, {"ACTIVE": 3}, 3)
    assert owed(bazaar) == inr(130)
    assert {"instalment_orders", "admin_instalment_orders"} <= mails(bazaar)
    with bazaar.till.db.read() as connection:
        assert balance(connection, INSTALMENTS, "INR") == -inr(1300)
        assert not balance(connection, UNAPPLIED, "INR")
    sound(bazaar)


def test_schedules_are_whole_and_fall_due_daily(bazaar: Bazaar) -> None:
    bazaar.restock(5)
    placed = bazaar.place(ItemAsk(IPHONE, 179, 1, "VAR-001"), ItemAsk(AIRPODS, 1))
    long, short = placed.orders
    days = bazaar.schedule(long.id)
    assert sum(each.amount_minor for each in days) == 4_500_000
    assert [each.number for each in days] == list(range(1, 180))
    assert [each.due_on for each in days] == [due_on(placed.bulk.day, number) for number in range(1, 180)]
    assert [each.amount_minor for each in days][:1] == [long.daily.minor]
    assert [each.amount_minor for each in bazaar.schedule(short.id)] == [500_000]
    assert placed.bulk.first_total == long.daily + inr(5_000)
    bazaar.provider.pay(bazaar.reference(placed))
    now = bazaar.check(placed)
    assert [each.state for each in now.orders] == [_S.ACTIVE, _S.COMPLETED]
    sound(bazaar)


def test_a_press_that_is_repeated_is_the_same_bulk_order(bazaar: Bazaar) -> None:
    press = bazaar.press()
    made = [place_bulk_order(bazaar.till, bazaar.cashier, press) for _ in range(3)]
    assert {each.bulk.id for each in made} == {made[0].bulk.id}
    assert [each.existing for each in made] == [False, True, True]
    assert bazaar.provider.sends("create") == 1
    with pytest.raises(Refused, match="key_reused"):
        place_bulk_order(bazaar.till, bazaar.cashier, replace(press, items=ITEMS[:1]))
    assert bazaar.count(bulk_order) == 1


def test_a_press_cut_off_before_its_payment_goes_on(bazaar: Bazaar, monkeypatch: pytest.MonkeyPatch) -> None:
    press = bazaar.press()

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(payments, "start", die)
    with pytest.raises(KeyboardInterrupt):
        place_bulk_order(bazaar.till, bazaar.cashier, press)
    assert bazaar.count(payment) == 0
    monkeypatch.undo()
    placed = place_bulk_order(bazaar.till, bazaar.cashier, press)
    assert placed.existing
    assert placed.payment is not None
    sound(bazaar)


BAD_ITEMS = {
    "quantity_out_of_range": [replace(ITEMS[2], quantity=each) for each in (0, 11, 1.5, "2", -1, True)],
    "days_malformed": [replace(ITEMS[2], total_days=each) for each in (0, None, "50", 1.5, -3)],
    "days_too_many": [ItemAsk(AIRPODS, 101), ItemAsk(IPHONE, 366), ItemAsk(IPHONE, 181, 1, "VAR-001")],
    "product_not_found": [ItemAsk(each, 50) for each in ("xyz123", "", "0", "999999", "x" * 500, "\x00", "आइफोन")],
    "variant_not_found": [ItemAsk(IPHONE, 100, 1, each) for each in ("VAR-002", "AIRPODS-PRO", "\ud800", "9" * 30)],
    "coupon_unknown": [ItemAsk(IPHONE, 100, 1, "", each) for each in ("SAVE11", "x", "\x00", "S" * 90)],
    "coupon_minimum": [ItemAsk(AIRPODS, 50, 1, "", "SAVE10")],
}


def test_every_bad_item_is_named_with_its_reason_and_leaves_nothing(stall: Bazaar) -> None:
    for code, items in BAD_ITEMS.items():
        for item in items:
            error = refusal(stall, item)
            failed = only(error)
            assert (failed.index, failed.code) == (0, code), item
            assert failed.reason.startswith("Item 1: ")


def test_what_is_left_out_does_not_hold_up_the_others(bazaar: Bazaar) -> None:
    placed = bazaar.place(ItemAsk("xyz123", 10), ITEMS[1], replace(ITEMS[2], quantity=11), ITEMS[0])
    assert [each.position for each in placed.orders] == [1, 3]
    assert [each.reason for each in placed.bulk.failed] == [
        "Item 1: Product 'xyz123' not found",
        "Item 3: Quantity must be a whole number from 1 to 10",
    ]
    said = placed_document(placed)["data"]
    assert said["summary"]["totalItems"] == 4
    assert (said["summary"]["failedItems"], said["summary"]["totalFirstPayment"]) == (2, 1200)
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


REQUEST_ERRORS: list[tuple[Callable[[Bazaar], PlaceBulk], str, str]] = [
    (lambda shop: shop.press(items=()), "items_missing", "VALIDATION_ERROR"),
    (lambda shop: shop.press(*(ITEMS[2],) * 11), "items_too_many", "VALIDATION_ERROR"),
    (lambda shop: shop.press(pay_by="CASH"), "method_unknown", "VALIDATION_ERROR"),
    (lambda shop: shop.press(address=replace(ADDRESS, city=" ")), "address_missing", "VALIDATION_ERROR"),
    (lambda shop: shop.press(address=replace(ADDRESS, pincode="12")), "address_malformed", "VALIDATION_ERROR"),
    (
        lambda shop: shop.press(address=replace(ADDRESS, phone="000000000000000")),
        "address_malformed",
        "VALIDATION_ERROR",
    ),
    (lambda shop: shop.press(address=replace(ADDRESS, name="x" * 61)), "address_too_long", "VALIDATION_ERROR"),
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
    with pytest.raises(Invalid, match="address_malformed"):
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


def test_without_razorpay_nothing_is_written(stall: Bazaar) -> None:
    stall.till = replace(stall.till, providers={})
    assert refusal(stall).code == "provider_off"
    stall.fill_wallet(inr(1300))
    assert stall.place_from_wallet().bulk.state is _B.ACTIVE


def test_what_can_not_be_started_is_cancelled_and_holds_nothing(bazaar: Bazaar) -> None:
    stock = bazaar.stock()
    with pytest.raises(Invalid, match="method_unsupported"):
        bazaar.place(method="telex")
    (bulk,) = bazaar.rows(bulk_order)
    assert bulk.state is _B.CANCELLED
    assert bazaar.stock() == stock
    assert [row.used_count for row in bazaar.rows(coupon)] == [0]
    sound(bazaar)


def test_a_wallet_pays_at_once_with_one_transaction_for_each_order(bazaar: Bazaar) -> None:
    bazaar.fill_wallet(inr(1300))
    placed = bazaar.place_from_wallet()
    assert states(bazaar, placed) == (_B.ACTIVE, [_S.ACTIVE] * 3)
    said = placed_document(placed)["data"]
    assert len(said["walletTransactionIds"]) == 3
    assert "razorpayOrder" not in said
    assert said["message"] == "Bulk order created and paid successfully via wallet."
    assert {each["status"] for each in said["orders"]} == {"ACTIVE"}
    assert owed(bazaar) == inr(130)
    assert bazaar.provider.sends("create") == 0
    assert refusal(bazaar, pay_by="WALLET").code == "insufficient_balance"
    sound(bazaar)


def test_a_bad_signature_is_refused_and_a_foreign_order_is_not_ours(bazaar: Bazaar) -> None:
    placed = bazaar.place()
    pay = bazaar.provider.pay(bazaar.reference(placed))
    good = verification(bazaar, placed, pay)
    with pytest.raises(Refused, match="return_not_ours"):
        verify_bulk_order(bazaar.till, bazaar.cashier, replace(good, razorpay_order_id="order_of_another"))
    assert states(bazaar, placed)[0] is _B.PENDING
    with pytest.raises(Refused, match="signature_bad"):
        verify_bulk_order(bazaar.till, bazaar.cashier, replace(good, razorpay_signature="0" * 64))
    # What the provider itself says counts, whatever came back.
    assert states(bazaar, placed)[0] is _B.ACTIVE
    assert verify_bulk_order(bazaar.till, bazaar.cashier, good).bulk.state is _B.ACTIVE
    with pytest.raises(NotFound, match="bulk_unknown"):
        verify_bulk_order(bazaar.till, bazaar.cashier, replace(good, number="BULK-20260102-A1B2"))
    sound(bazaar)


def test_nothing_is_active_without_money(bazaar: Bazaar) -> None:
    placed = bazaar.place()
    with pytest.raises(Unavailable, match="payment_checking"):
        verify_bulk_order(bazaar.till, bazaar.cashier, verification(bazaar, placed, "pay_invented"))
    assert states(bazaar, placed) == (_B.PENDING, [_S.PENDING] * 3)
    bad = replace(verification(bazaar, placed, "pay_invented"), razorpay_signature="forged")
    with pytest.raises(Refused, match="signature_bad"):
        verify_bulk_order(bazaar.till, bazaar.cashier, bad)
    assert bazaar.payment(placed).state is PaymentState.FAILED
    again = pay_bulk_order(bazaar.till, bazaar.cashier, placed.bulk.id, key="another-key-for-it")
    assert again.payment is not None
    assert again.payment.id != bazaar.rows(payment)[0].id
    bazaar.provider.pay(bazaar.reference(again))
    bazaar.check(again)
    assert states(bazaar, placed) == (_B.ACTIVE, [_S.ACTIVE] * 3)
    with pytest.raises(Refused, match="bulk_over"):
        pay_bulk_order(bazaar.till, bazaar.cashier, placed.bulk.id, key="a-third-key-for-it")
    sound(bazaar)


def test_unpaid_in_time_it_is_cancelled_and_holds_nothing(bazaar: Bazaar) -> None:
    stock = bazaar.stock()
    placed = bazaar.place()
    assert run_expiry(bazaar.till) == 0
    bazaar.clock.advance(31 * 60)
    assert run_expiry(bazaar.till) == 1
    assert run_expiry(bazaar.till) == 0
    now = bazaar.now(placed)
    assert states(bazaar, placed) == (_B.CANCELLED, [_S.CANCELLED] * 3)
    assert {each.cancel_reason for each in now.orders} == {"unpaid"}
    assert {row.state for row in bazaar.rows(instalment)} == {_I.CANCELLED}
    assert bazaar.stock() == stock
    assert [row.used_count for row in bazaar.rows(coupon)] == [0]
    assert sum(row.quantity for row in bazaar.rows(stock_move) if row.instalment_order_id) == 0
    sound(bazaar)


def test_a_provider_that_is_silent_or_paid_a_moment_before_keeps_it_from_being_cancelled(bazaar: Bazaar) -> None:
    silent, paid = bazaar.place(method="link"), bazaar.place()
    bazaar.provider.pay(bazaar.reference(paid))
    bazaar.provider.faults["fetch"] = ["unknown", "unknown"]
    bazaar.provider.faults["cancel"] = ["unknown"]
    bazaar.clock.advance(31 * 60)
    run_expiry(bazaar.till)
    bazaar.settle_later(60)
    run_expiry(bazaar.till)
    assert states(bazaar, paid)[0] is _B.ACTIVE
    assert states(bazaar, silent)[0] is _B.CANCELLED
    sound(bazaar)


def test_a_cashier_gives_a_bulk_order_up(bazaar: Bazaar) -> None:
    placed = bazaar.place(method="link")
    assert cancel_bulk_order(bazaar.till, bazaar.cashier, placed.bulk.id) is Ended.CANCELLED
    assert cancel_bulk_order(bazaar.till, bazaar.cashier, placed.bulk.id) is Ended.CANCELLED
    assert states(bazaar, placed)[0] is _B.CANCELLED
    paid = bazaar.paid()
    assert cancel_bulk_order(bazaar.till, bazaar.cashier, paid.bulk.id) is Ended.PAID
    ended = bazaar.place(method="link")
    cancel(bazaar.till, bazaar.cashier, bazaar.payment(ended).id)
    assert states(bazaar, ended)[0] is _B.PENDING
    assert cancel_bulk_order(bazaar.till, bazaar.cashier, ended.bulk.id) is Ended.CANCELLED
    sound(bazaar)


def test_numbers_are_unique_by_retry(bazaar: Bazaar, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bazaar.place(ITEMS[2])
    numbers = iter([first.bulk.number, first.bulk.number, "BULK-20261116-ZZZZ"])
    monkeypatch.setattr(bulk_writing, "new_bulk_number", lambda _day: next(numbers))
    second = bazaar.place(ITEMS[2])
    assert second.bulk.number == "BULK-20261116-ZZZZ"
    assert len({row.number for row in bazaar.rows(instalment_order)}) == 2
    sound(bazaar)


def test_paid_on_the_next_day_the_schedule_begins_on_that_day(bazaar: Bazaar) -> None:
    """Ordered at 23:55 of the store, paid at 00:05: the second day is tomorrow, not today."""
    bazaar.clock.advance((9 * 60 + 25) * 60)
    bazaar.sign_in_again()
    placed = bazaar.place()
    bazaar.clock.advance(600)
    bazaar.provider.pay(bazaar.reference(placed))
    now = bazaar.check(placed)
    days = bazaar.schedule(now.orders[0].id)
    assert placed.bulk.day + timedelta(days=1) == days[0].due_on
    assert [each.due_on - days[0].due_on for each in days[:3]] == [timedelta(days=each) for each in range(3)]
    sound(bazaar)


def test_lists_are_found_by_numbers_and_by_the_customer(stall: Bazaar) -> None:
    placed = [stall.place(ITEMS[2], method="link") for _ in range(3)]
    number = placed[1].bulk.number

    def found(**query: Any) -> list[str]:
        rows = list_bulk_orders(stall.till, stall.cashier, BulkQuery(**query))
        assert count_bulk_orders(stall.till, stall.cashier, BulkQuery(**query)) == len(rows)
        return [row.bulk.number for row in rows]

    newest = [each.bulk.number for each in reversed(placed)]
    assert found() == found(text="john") == found(customer_id=stall.customer_id) == newest
    assert found(text=number.lower()) == found(text=placed[1].orders[0].number) == [number]
    assert found(text="nobody") == found(text="!!") == found(states=frozenset({_B.ACTIVE})) == []
    assert found(first=placed[0].bulk.day, last=placed[0].bulk.day) == newest
    assert found(last=placed[0].bulk.day - timedelta(days=1)) == []
    (head,) = list_bulk_orders(stall.till, stall.cashier, BulkQuery(), limit=1)
    rest = list_bulk_orders(stall.till, stall.cashier, BulkQuery(), after=bulk_key(head))
    assert [row.bulk.number for row in rest] == newest[1:]
    with pytest.raises(NotFound, match="customer_unknown"):
        list_customers_bulks(stall.till, stall.cashier, 999_999)
    with pytest.raises(NotFound, match="bulk_unknown"):
        load_bulk_details(stall.till, stall.cashier, "nonsense\x00")
