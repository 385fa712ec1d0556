"""Money of instalments that comes late, goes back, or can't be used: orders, stock, coupon and commission follow it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from tests.factories.clock import FakeClock
from tests.factories.instalments import AIRPODS, IPHONE, ITEMS, Bazaar, inr, open_bazaar, owed, sound
from tests.factories.postman import Postman
from tests.factories.tills import make_till, new_sqlite, quick_sqlite
from tillgate.domain.errors import Refused
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.instalments import BulkState, InstalmentOrderState, InstalmentState, ItemAsk
from tillgate.domain.ledger import INSTALMENTS, REFUNDS, UNAPPLIED
from tillgate.domain.money import Money
from tillgate.domain.payment import Fulfilment, PaymentState
from tillgate.domain.settings import ADMIN_EMAIL, STORE_LANGUAGE, Settings
from tillgate.services.book_checks import inspect_books
from tillgate.services.bulk_ends import run_expiry
from tillgate.services.bulk_orders import Placed, pay_bulk_order
from tillgate.services.cancel import cancel
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.instalment_looks import compare_instalments
from tillgate.services.looks import Check
from tillgate.services.notices import TEMPLATES, MailWork
from tillgate.services.outbox import run_due
from tillgate.services.refunds import request_refund, settle_refunds
from tillgate.services.wallet_rows import balance_of
from tillgate.store.ledger import balance, unbalanced
from tillgate.store.models import coupon, instalment, outbox
from tillgate.store.outbox_rows import enqueue

CAMPAIGN = bool(os.environ.get("TILLGATE_CAMPAIGN"))
_B, _S, _I = BulkState, InstalmentOrderState, InstalmentState


def wallet(shop: Bazaar) -> Money:
    with shop.till.db.read() as connection:
        return balance_of(connection, shop.customer_id, "INR")


def came_late(shop: Bazaar) -> Placed:
    """A bulk order that ended unpaid, whose money came all the same."""
    placed = shop.place()
    shop.clock.advance(31 * 60)
    reference = shop.reference(placed)
    assert run_expiry(shop.till) == 1
    shop.provider.pay(reference)
    shop.settle_later(300)
    assert shop.now(placed).bulk.state is _B.CANCELLED
    assert [each.kind for each in list_exceptions(shop.till, shop.manager)] == [ExceptionKind.LATE]
    return placed


def decide(shop: Bazaar, action: ExceptionAction) -> None:
    # Who moves money proves who they are a moment before.
    shop.sign_in_again()
    (found,) = list_exceptions(shop.till, shop.manager)
    settle_exception(shop.till, shop.manager, found.id, action, "as the customer wishes")
    shop.settle_later(10)


def give_back(shop: Bazaar, placed: Placed, amount: Money, **how: Any) -> None:
    request_refund(shop.till, shop.manager, shop.payment(placed).id, amount, "brought back", **how)
    settle_refunds(shop.till)


def test_late_money_that_a_manager_applies_takes_the_orders_up_again(bazaar: Bazaar) -> None:
    stock = bazaar.stock()
    placed = came_late(bazaar)
    assert bazaar.stock() == stock
    decide(bazaar, ExceptionAction.APPLY)
    now = bazaar.now(placed)
    assert (now.bulk.state, {each.state for each in now.orders}) == (_B.ACTIVE, {_S.ACTIVE})
    assert {each.cancel_reason for each in now.orders} == {None}
    assert [each.paid for each in now.orders] == [inr(800), inr(400), inr(100)]
    assert bazaar.stock() == stock - 2
    assert ([row.used_count for row in bazaar.rows(coupon)], owed(bazaar)) == ([1], inr(130))
    assert {each.state for each in bazaar.schedule(now.orders[0].id)[1:]} == {_I.DUE}
    sound(bazaar)


@pytest.mark.parametrize("gone", ["stock", "coupon"])
def test_late_money_whose_orders_can_not_be_made_any_more_is_given_back(bazaar: Bazaar, gone: str) -> None:
    placed = came_late(bazaar)
    if gone == "stock":
        bazaar.restock(1)
    else:
        with bazaar.till.db.write(bazaar.till.system) as uow:
            uow.execute(update(coupon).values(total_limit=1))
        bazaar.place(ITEMS[0], customer_id=bazaar.referrer_id)
    stock = bazaar.stock()
    with pytest.raises(Refused, match="product_out_of_stock" if gone == "stock" else "coupon_used_up"):
        decide(bazaar, ExceptionAction.APPLY)
    assert bazaar.stock() == stock
    assert bazaar.now(placed).bulk.state is _B.CANCELLED
    decide(bazaar, ExceptionAction.REFUND)
    assert bazaar.payment(placed).state is PaymentState.REFUNDED
    assert bazaar.provider.taken_minor() == 0
    days = [day for order in placed.orders for day in bazaar.schedule(order.id)]
    assert {each.state for each in days} == {_I.CANCELLED}
    sound(bazaar)


def test_late_money_does_not_use_a_coupon_that_its_customer_used_meanwhile(bazaar: Bazaar) -> None:
    placed = came_late(bazaar)
    with bazaar.till.db.write(bazaar.till.system) as uow:
        uow.execute(update(coupon).values(per_customer_limit=1))
    assert bazaar.paid(ITEMS[0]).bulk.state is _B.ACTIVE
    with pytest.raises(Refused, match="coupon_used_by_customer"):
        decide(bazaar, ExceptionAction.APPLY)
    decide(bazaar, ExceptionAction.CREDIT)
    assert bazaar.now(placed).bulk.state is _B.CANCELLED
    assert ([row.used_count for row in bazaar.rows(coupon)], wallet(bazaar)) == ([1], inr(1300))
    sound(bazaar)


def test_late_money_is_credited_to_the_wallet(bazaar: Bazaar) -> None:
    placed = came_late(bazaar)
    decide(bazaar, ExceptionAction.CREDIT)
    assert wallet(bazaar) == inr(1300)
    assert bazaar.now(placed).bulk.state is _B.CANCELLED
    again = bazaar.place_from_wallet()
    assert again.bulk.state is _B.ACTIVE
    sound(bazaar)


def test_a_bulk_order_names_the_payment_that_paid_it(bazaar: Bazaar) -> None:
    """Money of a checkout that was given up is applied, after a second one had ended as well."""
    placed = bazaar.place()
    first, reference = bazaar.payment(placed), bazaar.reference(placed)
    cancel(bazaar.till, bazaar.cashier, first.id)
    again = pay_bulk_order(bazaar.till, bazaar.cashier, placed.bulk.id, key="the-second-payment")
    cancel(bazaar.till, bazaar.cashier, bazaar.payment(again).id)
    bazaar.provider.pay(reference)
    bazaar.settle_later(300)
    decide(bazaar, ExceptionAction.APPLY)
    now = bazaar.now(placed)
    assert (now.bulk.state, bazaar.payment(placed).id) == (_B.ACTIVE, first.id)
    assert {each.payment_id for each in now.firsts} == {first.id}
    sound(bazaar)


def test_money_for_a_bulk_order_that_another_payment_paid_waits_for_a_person(bazaar: Bazaar) -> None:
    placed = bazaar.place()
    first = bazaar.reference(placed)
    cancel(bazaar.till, bazaar.cashier, bazaar.payment(placed).id)
    again = pay_bulk_order(bazaar.till, bazaar.cashier, placed.bulk.id, key="the-second-payment")
    bazaar.provider.pay(bazaar.reference(again))
    bazaar.check(again)
    bazaar.provider.pay(first)
    bazaar.settle_later(300)
    with pytest.raises(Refused, match="paid_otherwise"):
        decide(bazaar, ExceptionAction.APPLY)
    decide(bazaar, ExceptionAction.REFUND)
    assert bazaar.now(placed).bulk.state is _B.ACTIVE
    assert bazaar.provider.taken_minor() == 130_000
    assert owed(bazaar) == inr(130)
    sound(bazaar)


@pytest.mark.parametrize("back", [False, True])
def test_all_of_the_first_payment_goes_back(bazaar: Bazaar, *, back: bool) -> None:
    stock = bazaar.stock()
    placed = bazaar.paid()
    give_back(bazaar, placed, inr(1300), return_goods=back)
    now = bazaar.now(placed)
    assert {each.state for each in now.orders} == {_S.CANCELLED}
    assert {each.cancel_reason for each in now.orders} == {"refunded"}
    assert {row.state for row in bazaar.rows(instalment)} == {_I.CANCELLED}
    assert owed(bazaar) == inr(0)
    assert [row.used_count for row in bazaar.rows(coupon)] == [0]
    assert bazaar.stock() == (stock if back else stock - 2)
    assert "instalments_refunded" in {row.dedupe_key.split(":")[1] for row in bazaar.rows(outbox)}
    with bazaar.till.db.read() as connection:
        assert balance(connection, INSTALMENTS, "INR") + balance(connection, REFUNDS, "INR") == inr(0)
        assert balance(connection, UNAPPLIED, "INR") == inr(0)
    sound(bazaar)


def test_a_part_that_goes_back_leaves_the_days_paid_and_takes_commission_of_the_newest_first(bazaar: Bazaar) -> None:
    placed = bazaar.paid()
    give_back(bazaar, placed, inr(150))
    now = bazaar.now(placed)
    assert [each.returned_minor for each in now.orders] == [0, 5_000, 10_000]
    assert [each.commission_minor for each in now.orders] == [8_000, 3_500, 0]
    assert owed(bazaar) == inr(115)
    assert {each.state for each in now.orders} == {_S.ACTIVE}
    give_back(bazaar, placed, inr(350) + Money(1, "INR"))
    assert [each.returned_minor for each in bazaar.now(placed).orders] == [1, 40_000, 10_000]
    give_back(bazaar, placed, inr(800) - Money(1, "INR"))
    assert {each.state for each in bazaar.now(placed).orders} == {_S.CANCELLED}
    assert owed(bazaar) == inr(0)
    sound(bazaar)


def test_a_wallet_gets_its_money_back(bazaar: Bazaar) -> None:
    bazaar.fill_wallet(inr(1300))
    placed = bazaar.place_from_wallet()
    give_back(bazaar, placed, inr(1300))
    assert wallet(bazaar) == inr(1300)
    assert {each.state for each in bazaar.now(placed).orders} == {_S.CANCELLED}
    sound(bazaar)


def test_money_that_pays_only_some_of_the_orders_goes_back_by_itself(bazaar: Bazaar) -> None:
    """All orders of a bulk order, or none: a payment that would make only some active is refunded."""
    placed = bazaar.place()
    with bazaar.till.db.write(bazaar.till.system) as uow:
        # An order more than the payment is for, as only a fault of ours could make.
        uow.execute(
            text(
                "INSERT INTO instalment_order (number, bulk_order_id, position, customer_id, product_id, variant_id, "
                "product_name, picture, currency, unit_minor, quantity, total_days, total_minor, state, created_at) "
                "SELECT 'ORD-20261116-ZZZZ', bulk_order_id, 9, customer_id, product_id, variant_id, product_name, "
                "picture, currency, unit_minor, quantity, total_days, total_minor, state, created_at "
                "FROM instalment_order WHERE position = 1"
            )
        )
    bazaar.provider.pay(bazaar.reference(placed))
    bazaar.check(placed)
    bazaar.settle_later(10)
    payment = bazaar.payment(placed)
    assert (payment.state, payment.fulfilment) == (PaymentState.REFUNDED, Fulfilment.REFUSED)
    assert {each.state for each in bazaar.now(placed).orders} == {_S.PENDING}
    assert {row.state for row in bazaar.rows(instalment)} == {_I.DUE}
    assert owed(bazaar) == inr(0)
    assert "admin_instalments_refund_started" in {row.dedupe_key.split(":")[1] for row in bazaar.rows(outbox)}


@pytest.mark.parametrize("language", ["en", "es", "id"])
def test_every_letter_about_instalments_names_the_order(stall: Bazaar, language: str) -> None:
    placed = stall.paid()
    payment = stall.payment(placed)
    words = {ADMIN_EMAIL.name: "owner@example.com", STORE_LANGUAGE.name: language}
    till = replace(stall.till, settings=lambda: Settings(words))
    letters = [name for name in TEMPLATES if "instalment" in name and "due" not in name and "reminder" not in name]
    with till.db.write(till.system) as uow:
        for template in letters:
            payload = {"template": template, "payment_id": payment.id, "reason": "instalment_paid"}
            enqueue(uow, "mail", f"mail:{template}:{payment.id}", payload, payment_id=payment.id)
    postman = Postman()
    run_due(till, {"mail": MailWork(postman, postman)}, limit=50)
    assert len(postman.sent) == len(letters) == 6
    assert {each.to for each in postman.sent} == {"john@example.com", "owner@example.com"}
    door = "John Doe, 123 Main Street, Apt 4B, Near Central Mall, Mumbai, Maharashtra, 400001, India, 9876543210"
    assert sum(door in each.text and door in each.html for each in postman.sent) == 2
    for each in postman.sent:
        for order in placed.orders:
            assert order.number in each.text and order.number in each.html
        assert "{" not in each.text + each.subject
        assert "\n\n\n" not in each.text


# What only somebody at the database could do, and what the integrity check calls it.
FAULTS = {
    "schedule_sum": ("UPDATE instalment SET amount_minor = amount_minor + 1 WHERE number = 7", "instalment"),
    "schedule_days": ("UPDATE instalment SET due_on = '2031-01-01' WHERE number = 7", ""),
    "schedule_paid": ("UPDATE instalment_order SET paid_minor = paid_minor - 1 WHERE state = 'ACTIVE'", ""),
    "schedule_first": ("UPDATE bulk_order SET first_total_minor = first_total_minor + 1", "bulk_order"),
    "instalment_unpaid": ("UPDATE payment SET fulfilment = 'none'", ""),
    "stock_held": ("UPDATE stock_move SET quantity = -3 WHERE instalment_order_id = 1", "stock_move"),
    "days_state": ("UPDATE instalment SET state = 'CANCELLED' WHERE number = 7", ""),
    "bulk_state": ("UPDATE instalment_order SET state = 'CANCELLED', cancelled_at = 1 WHERE bulk_order_id = 2", ""),
    "coupon_count": ("UPDATE coupon SET used_count = 0", ""),
    "coupon_use": ("UPDATE coupon_use SET state = 'RELEASED'", ""),
}


@pytest.mark.parametrize("what", FAULTS)
def test_each_fault_of_the_books_is_named(stall: Bazaar, what: str) -> None:
    stall.paid()
    stall.place(ITEMS[2])
    sound(stall)
    statement, guarded = FAULTS[what]
    with stall.till.db.write(stall.till.system) as uow:
        guard = "guard_stock_move_update" if guarded == "stock_move" else f"guard_{guarded}_update_frozen"
        if guarded:
            uow.execute(text(f"DROP TRIGGER {guard}"))
        uow.execute(text(statement))
    (found,) = (each for each in inspect_books(stall.till).results if each.check is Check.INSTALMENTS)
    assert what in {fault.what for fault in found.faults}


ITEM = st.builds(
    ItemAsk,
    product=st.sampled_from([IPHONE, AIRPODS]),
    total_days=st.integers(1, 370),
    quantity=st.integers(0, 11),
    variant=st.sampled_from(["", "VAR-001"]),
    coupon=st.sampled_from(["", "SAVE10", "TENTH"]),
)


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Bazaar:
    """One shop for all the carts: what is true of each is true of all together."""
    shop = open_bazaar(make_till(quick_sqlite(new_sqlite(tmp_path_factory.mktemp("carts"))), FakeClock()))
    with shop.till.db.write(shop.till.system) as uow:
        uow.execute(
            text(
                "INSERT INTO coupon (code, kind, value, cap_minor, currency, valid_from, valid_until, created_at) "
                "VALUES ('TENTH', 'PERCENT', 1037, 777777, 'INR', '2026-01-01', '2036-12-31', 0)"
            )
        )
    return shop


@settings(max_examples=5_000 if CAMPAIGN else 25)
@given(
    items=st.lists(ITEM, min_size=1, max_size=6),
    prices=st.tuples(st.integers(1, 9_000_000), st.integers(1, 9_000_000), st.integers(1, 900_000)),
    by_wallet=st.booleans(),
    back=st.integers(0, 100),
)
def test_any_cart_sums_up(
    endless: Bazaar, items: list[ItemAsk], prices: tuple[int, int, int], back: int, *, by_wallet: bool
) -> None:
    """Schedules sum to totals, payments to orders, commission is a tenth and the ledger even, whatever is bought."""
    shop = endless
    with shop.till.db.write(shop.till.system) as uow:
        for code, price in zip(("IPHONE-15-PRO", "VAR-001", "AIRPODS-PRO"), prices, strict=True):
            uow.execute(
                text("UPDATE variant SET price_minor = :price WHERE code = :code"), {"price": price, "code": code}
            )
    for code in ("VAR-001", "AIRPODS-PRO"):
        shop.restock(30, code)
    shop.fill_wallet(Money(10**9, "INR"))
    before = owed(shop)
    try:
        placed = shop.place_from_wallet(*items) if by_wallet else shop.paid(*items)
    except Refused as refused:
        assert refused.code == "bulk_all_failed"
        return
    assert sorted([each.position for each in placed.orders] + [each.index for each in placed.bulk.failed]) == list(
        range(len(items))
    )
    for order in placed.orders:
        days = shop.schedule(order.id)
        assert sum(each.amount_minor for each in days) == order.total_minor
        assert order.total_minor == order.unit_minor * order.quantity - order.discount_minor
        assert min(each.amount_minor for each in days) >= 5_000
        assert order.commission_minor == order.paid_minor // 10
    payment = shop.payment(placed)
    assert payment.amount == placed.bulk.first_total == Money(sum(each.paid_minor for each in placed.orders), "INR")
    earned = owed(shop) - before
    assert earned.minor == sum(each.commission_minor for each in placed.orders)
    part = Money(payment.amount_minor * back // 100, "INR")
    if part:
        give_back(shop, placed, part)
        after = shop.now(placed).orders
        left = sum(each.paid_minor - each.returned_minor for each in after)
        assert left == payment.amount_minor - part.minor
        assert (owed(shop) - before).minor == sum((each.paid_minor - each.returned_minor) // 10 for each in after)
    with shop.till.db.read() as connection:
        assert compare_instalments(connection)[1] == []
        assert unbalanced(connection) == []
