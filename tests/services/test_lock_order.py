"""Two tills that work on one payment's money take turns; neither waits for what the other will never let go."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.factories.instalments import open_bazaar
from tests.factories.payments import Desk
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState, RefundState
from tillgate.domain.wallet import WALLET
from tillgate.services.coupons import lock_coupons
from tillgate.services.daily_collections import (
    Collect,
    CollectOrder,
    collect,
    new_collection_key,
    quote_collection,
)
from tillgate.services.instalment_rows import InstalmentOrderRecord, load_order
from tillgate.services.payment_rows import load_capture
from tillgate.services.records import CaptureRecord
from tillgate.services.refunds import drive_refund, request_refund
from tillgate.services.till import Till
from tillgate.store.models import coupon
from tillgate.store.unit_of_work import UnitOfWork

_PART = Money(1_000, "INR")


def test_a_refund_that_ends_and_one_that_is_asked_for_do_not_lock_each_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    again: list[float] = []
    holds = threading.Event()

    def again_after() -> float:
        again.append(1.0)
        return 0.0

    def slowly(*given: Any, **named: Any) -> CaptureRecord:
        """The outcome is being written, and holds the money's row for a moment."""
        found = load_capture(*given, **named)
        if named.get("lock"):
            holds.set()
            threading.Event().wait(0.2)
        return found

    monkeypatch.setattr("tillgate.services.refund_rows.load_capture", slowly)
    # Asked for before a transaction is tried again: what a server does to one of two that lock each other.
    desk.till.db.jitter = again_after
    paid = desk.paid()
    first = request_refund(desk.till, desk.manager, paid.id, _PART, "broken")
    with ThreadPoolExecutor(2) as pool:
        driven = pool.submit(drive_refund, desk.till, first.id)
        assert holds.wait(10)
        second = request_refund(desk.till, desk.manager, paid.id, _PART, "this one too")
        assert driven.result().state is RefundState.DONE
    assert second.state is RefundState.PENDING
    assert again == []


def test_a_bulk_order_that_is_placed_and_one_that_goes_back_do_not_lock_each_other(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both want the same pieces and the same coupon."""
    again: list[float] = []
    holds = threading.Event()

    def again_after() -> float:
        again.append(1.0)
        return 0.0

    def slowly(uow: UnitOfWork, codes: Iterable[str]) -> None:
        """The pieces are held for a moment, and the coupon is not yet."""
        holds.set()
        threading.Event().wait(0.3)
        lock_coupons(uow, codes)

    shop = open_bazaar(till)
    placed = shop.paid()
    left = shop.stock()
    monkeypatch.setattr("tillgate.services.bulk_writing.lock_coupons", slowly)
    shop.till.db.jitter = again_after
    first = shop.payment(placed)
    with ThreadPoolExecutor(2) as pool:
        second = pool.submit(shop.place)
        assert holds.wait(10)
        request_refund(shop.till, shop.manager, first.id, first.amount, "all back", into_wallet=True, return_goods=True)
        assert len(second.result().orders) == 3
    assert (shop.stock(), [row.used_count for row in shop.rows(coupon)]) == (left, [1])
    assert again == []


def test_a_wallet_that_pays_a_day_and_a_refund_of_its_order_do_not_lock_each_other(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    again: list[float] = []
    holds = threading.Event()

    def again_after() -> float:
        again.append(1.0)
        return 0.0

    def slowly(*given: Any, **named: Any) -> InstalmentOrderRecord:
        """The order is held for a moment, while somebody else wants it."""
        found = load_order(*given, **named)
        if named.get("lock"):
            holds.set()
            threading.Event().wait(0.3)
        return found

    shop = open_bazaar(till)
    placed = shop.paid()
    shop.fill_wallet(Money(100_000, "INR"))
    wanted = (CollectOrder(placed.orders[0].id, 1),)
    amount = quote_collection(shop.till, shop.cashier, wanted).amount
    monkeypatch.setattr("tillgate.services.daily_collections.load_order", slowly)
    shop.till.db.jitter = again_after
    press = Collect(new_collection_key(), wanted, amount, WALLET)
    with ThreadPoolExecutor(2) as pool:
        collected = pool.submit(collect, shop.till, shop.cashier, press)
        assert holds.wait(10)
        first = shop.payment(placed).id
        back = request_refund(shop.till, shop.manager, first, _PART, "scratched", into_wallet=True)
        assert collected.result().payment.state is PaymentState.CAPTURED
    assert back.state is RefundState.DONE
    assert again == []
