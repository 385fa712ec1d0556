"""Bulk orders: the document's request to the rupee, items left out, one press, one payment, all orders or none."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.factories.instalments import AIRPODS, IPHONE, ITEMS, REQUEST, Bazaar, inr, owed, refusal, sound
from tests.factories.tills import audit_rows
from tillgate.domain.errors import Invalid, NotFound, Refused, Unavailable
from tillgate.domain.instalments import BulkState, InstalmentOrderState, InstalmentState, ItemAsk, due_on
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
from tillgate.services.bulk_orders import Placed, pay_bulk_order, place_bulk_order
from tillgate.services.cancel import Ended, cancel
from tillgate.services.instalment_documents import (
    bulks_document,
    details_document,
    placed_document,
    read_order_request,
    read_verification,
    verified_document,
    write_json,
)
from tillgate.services.wallets import TopUp, top_up
from tillgate.store.ledger import balance
from tillgate.store.models import (
    bulk_order,
    coupon,
    instalment,
    instalment_order,
    outbox,
    payment,
    provider_call,
    stock_move,
)

_B, _S, _I = BulkState, InstalmentOrderState, InstalmentState


def states(shop: Bazaar, placed: Placed) -> tuple[BulkState, list[InstalmentOrderState]]:
    now = shop.now(placed)
    return now.bulk.state, [each.state for each in now.orders]


def mails(shop: Bazaar) -> set[str]:
    return {json.loads(row.payload)["template"] for row in shop.rows(outbox) if row.kind == "mail"}


def verification(shop: Bazaar, placed: Placed, pay: str) -> VerifyBulk:
    attempt = shop.now(placed).attempt
    assert attempt is not None
    assert attempt.provider_id is not None
    return VerifyBulk(placed.bulk.number, attempt.provider_id, pay, shop.provider.sign(attempt.ref))


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
    assert [each.amount_minor for each in days] == [amount.minor for amount in long.plan.amounts]
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


def test_the_key_of_another_payment_places_nothing(stall: Bazaar) -> None:
    stall.fill_wallet(inr(1300))
    press = TopUp("key-of-a-top-up", stall.customer_id, inr(5), "razorpay", "link")
    topped_up = top_up(stall.till, stall.cashier, press)
    refused = refusal(stall, pay_by="WALLET", key=press.key)
    assert (refused.code, refused.values["payment"]) == ("key_reused", topped_up.payment.id)


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
    bazaar.settle_later(15 * 60)
    run_expiry(bazaar.till)
    assert states(bazaar, paid)[0] is _B.ACTIVE
    assert states(bazaar, silent)[0] is _B.CANCELLED
    sound(bazaar)


def test_a_provider_that_is_silent_for_long_is_not_asked_each_minute(bazaar: Bazaar) -> None:
    silent, unpaid = bazaar.place(method="link"), bazaar.place(method="link")
    cancel(bazaar.till, bazaar.cashier, bazaar.payment(unpaid).id)
    bazaar.provider.faults = {"fetch": ["unknown"], "cancel": ["unknown"]}
    bazaar.clock.advance(31 * 60)
    for _minute in range(4):
        run_expiry(bazaar.till, limit=1)
        bazaar.clock.advance(60)
    # Whom nobody waits for is not held up by it.
    assert [states(bazaar, each)[0] for each in (silent, unpaid)] == [_B.PENDING, _B.CANCELLED]
    asked = [event for _, event, *_ in audit_rows(bazaar.till) if event == "payment.cancel_asked"]
    assert (len(asked), [row.kind for row in bazaar.rows(provider_call)].count("cancel")) == (2, 2)
    bazaar.settle_later(15 * 60)
    run_expiry(bazaar.till)
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
