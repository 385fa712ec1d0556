"""Orders of a captured payment: one per vendor, all or none, exactly once."""

from __future__ import annotations

import json
from collections import Counter as Tally
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from tests.factories.clock import FakeClock
from tests.factories.shop import Counter
from tillgate import failpoints
from tillgate.domain.ledger import DEPOSITS, FEES, RENTALS, SALES, TAX, UNAPPLIED
from tillgate.domain.orders import CartState, OrderState
from tillgate.domain.payment import Fulfilment, PaymentState
from tillgate.services import carts
from tillgate.services.cart_view import CartView
from tillgate.services.orders import make_orders, orders_refused
from tillgate.services.records import PaymentRecord
from tillgate.services.refunds import settle_refunds
from tillgate.services.settle import settle_fulfilments
from tillgate.store.audit import verify_chain
from tillgate.store.ledger import balance, unbalanced
from tillgate.store.models import (
    audit,
    cart,
    cart_line,
    number_series,
    order_item,
    outbox,
    product,
    rental_day,
    sales_order,
    stock_move,
    variant,
    vendor,
)

CODES = ("CAM-1", "CHR-1", "GIT-1", "CRD-1", "VAR-001")
WRITTEN = (sales_order, order_item, rental_day)


def mails(counter: Counter) -> Tally[str]:
    return Tally(json.loads(row.payload)["template"] for row in counter.rows(outbox) if row.kind == "mail")


def books(counter: Counter) -> dict[str, int]:
    accounts = (UNAPPLIED, SALES, RENTALS, DEPOSITS, FEES, TAX)
    with counter.till.db.read() as connection:
        assert not unbalanced(connection)
        assert verify_chain(connection, counter.till.db.audit_key) is None
        return {account: balance(connection, account, "INR").minor for account in accounts}


def check_orders(counter: Counter, view: CartView, paid: PaymentRecord) -> None:
    """Property 19 on the rows: items partition the cart by vendor, orders sum to the payment."""
    orders = [row for row in counter.rows(sales_order) if row.payment_id == paid.id]
    assert [row.vendor_id for row in orders] == [part.vendor_id for part in view.vendors]
    assert sum(row.total_minor for row in orders) == paid.amount_minor == view.totals.total.minor
    items = {order.id: [row for row in counter.rows(order_item) if row.order_id == order.id] for order in orders}
    for order, part in zip(orders, view.vendors, strict=True):
        mine = [line for line in view.lines if line.vendor_id == order.vendor_id]
        assert [(row.variant_id, row.quantity, row.start_on, row.end_on) for row in items[order.id]] == [
            (line.variant_id, line.quantity, line.start_on, line.end_on) for line in mine
        ]
        sums = (order.items_minor, order.deposit_minor, order.fee_minor, order.tax_minor, order.total_minor)
        totals = part.totals
        assert sums == tuple(
            each.minor for each in (totals.items, totals.deposit, totals.fee, totals.tax, totals.total)
        )
        assert order.state is (OrderState.AUTO_APPROVED if part.auto_approve else OrderState.PENDING_VENDOR_APPROVAL)
    for row in (row for rows in items.values() for row in rows if row.start_on):
        days = [(each.unit, each.day) for each in counter.rows(rental_day) if each.order_item_id == row.id]
        assert len({unit for unit, _ in days}) == row.quantity
        assert len(set(days)) == row.quantity * ((row.end_on - row.start_on).days + 1)


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(codes=st.lists(st.sampled_from(CODES), min_size=1, max_size=6), ahead=st.integers(0, 300))
def test_any_cart_becomes_one_order_per_vendor_to_the_paisa(corner: Counter, codes: list[str], ahead: int) -> None:
    for code in CODES:
        corner.change(variant, code, stock=20)
    view = corner.ring_up("GIT-1", *codes)
    start = corner.till.store_day(corner.till.clock.now()) + timedelta(days=ahead)
    for line in view.lines:
        if line.start_on:
            view = carts.set_rental(corner.till, corner.cashier, view.id, line.id, start_on=start)
    before = {code: corner.stock(code) for code in CODES}
    with corner.till.db.write(corner.till.system) as uow:
        uow.execute(delete(rental_day))  # earlier examples give theirs back
    paid = corner.pay(corner.put_up(view))
    assert (paid.state, paid.fulfilment) == (PaymentState.CAPTURED, Fulfilment.DONE)
    check_orders(corner, view, paid)
    sold = {line.variant_id: line.quantity for line in view.lines if not line.start_on}
    assert {code: before[code] - corner.stock(code) for code in CODES} == {
        code: sold.get(corner.variant(code), 0) for code in CODES
    }
    assert books(corner)[UNAPPLIED] == 0


def test_one_sale_writes_everything_that_follows(counter: Counter) -> None:
    view = counter.ring_up("CAM-1", "CHR-1", "GIT-1", "VAR-001")
    paid = counter.pay(counter.put_up(view))
    check_orders(counter, view, paid)
    orders = counter.rows(sales_order)
    assert [row.number for row in orders] == ["ORD-T1-000001", "ORD-T1-000002", "ORD-T1-000003"]
    assert [row.cart_id for row in orders] == [view.id] * 3
    assert counter.rows(order_item)[0].description == "Canon EOS R5 Camera · Day"
    assert [row.state for row in counter.rows(cart)] == [CartState.SOLD]
    moves = [(row.variant_id, row.quantity) for row in counter.rows(stock_move) if row.reason == "sold"]
    assert sorted(moves) == sorted([(counter.variant("GIT-1"), -1), (counter.variant("VAR-001"), -1)])
    assert {row.unit for row in counter.rows(rental_day) if row.variant_id == counter.variant("CHR-1")} == {1, 2, 3, 4}
    totals = view.totals
    assert books(counter) == {
        UNAPPLIED: 0,
        SALES: -totals.sale.minor,
        RENTALS: -totals.rental.minor,
        DEPOSITS: -totals.deposit.minor,
        FEES: -totals.fee.minor,
        TAX: -totals.tax.minor,
    }
    assert mails(counter) == Tally(
        {"payment_success": 1, "order_confirmation": 3, "new_order": 3, "admin_new_orders": 1}
    )
    assert [row.dedupe_key for row in counter.rows(outbox) if row.kind == "invoice"] == [f"invoice:payment:{paid.id}"]
    events = [row.event for row in counter.rows(audit) if row.subject == paid.subject]
    assert events.count("order.created") == 3
    assert carts.open_cart(counter.till, counter.cashier).id != view.id


def test_who_has_no_address_gets_no_letter(corner: Counter) -> None:
    corner.change(vendor, "BOOK", email="")
    corner.pay(corner.put_up(corner.ring_up("GIT-1", "CRD-1", "VAR-001", customer=False)))
    assert mails(corner) == Tally({"new_order": 1, "admin_new_orders": 1})


def test_making_orders_twice_makes_them_once(counter: Counter) -> None:
    paid = counter.sell("GIT-1", "CAM-1")
    before = [counter.rows(table) for table in (*WRITTEN, stock_move, outbox, cart)]
    with counter.till.db.write(counter.till.system) as uow:
        make_orders(uow, paid)
    assert [counter.rows(table) for table in (*WRITTEN, stock_move, outbox, cart)] == before


def test_the_customer_pays_what_was_charged_whatever_the_catalogue_says_since(counter: Counter) -> None:
    view = counter.ring_up("GIT-1", "CAM-1")
    begun = counter.put_up(view)
    counter.change(variant, "GIT-1", price_minor=99_999)
    counter.change(variant, "CAM-1", deposit_minor=1)
    counter.change(product, "CAM", tax_bp=0, tax_name="")
    counter.change(vendor, "BOOK", fee_flat_minor=99_999)
    paid = counter.pay(begun)
    assert paid.fulfilment is Fulfilment.DONE
    check_orders(counter, view, paid)


def sell_out(counter: Counter) -> None:
    counter.change(variant, "GIT-1", stock=0)


def let_out(counter: Counter) -> None:
    """Both cameras go to somebody else; the days hang on an older order's item."""
    today = counter.till.store_day(counter.till.clock.now())
    item = counter.rows(order_item)[0].id
    rows = [
        {"variant_id": counter.variant("CAM-1"), "unit": unit, "day": today, "order_item_id": item} for unit in (1, 2)
    ]
    with counter.till.db.write(counter.till.system) as uow:
        uow.execute(insert(rental_day), rows)


def withdraw(counter: Counter) -> None:
    counter.change(product, "GIT", active=0)


def tamper(counter: Counter) -> None:
    with counter.till.db.write(counter.till.system) as uow:
        uow.execute(update(cart_line).values(unit_price_minor=1))


def run_late(counter: Counter) -> None:
    today = counter.till.store_day(counter.till.clock.now())
    with counter.till.db.write(counter.till.system) as uow:
        uow.execute(
            update(cart_line).where(cart_line.c.start_on.is_not(None)).values(start_on=today - timedelta(days=2))
        )


REFUSALS = {
    "out_of_stock": (sell_out, "GIT"),
    "rental_taken": (let_out, "CAM"),
    "not_offered": (withdraw, "GIT"),
    "amount_changed": (tamper, None),
    "rental_over": (run_late, "CAM"),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_orders_that_cant_be_made_leave_nothing_and_the_money_goes_back(corner: Counter, code: str) -> None:
    spoil, named = REFUSALS[code]
    corner.sell("VAR-001")
    earlier = [corner.rows(table) for table in (*WRITTEN, stock_move, number_series)]
    view = corner.ring_up("CRD-1", "GIT-1", "CAM-1", "VAR-001")
    begun = corner.put_up(view)
    spoil(corner)
    spoilt = corner.stock("GIT-1")
    kept = corner.rows(rental_day)
    given_up = corner.pay(begun)
    assert (given_up.state, given_up.fulfilment) == (PaymentState.REFUND_PENDING, Fulfilment.REFUSED)
    assert given_up.ended_reason is not None
    assert given_up.ended_reason.startswith(f"{code}(")
    if named:
        line = next(line for line in view.lines if line.code == named)
        assert f"line={line.id}" in given_up.ended_reason
        assert f"name={line.name}" in given_up.ended_reason
    earlier[WRITTEN.index(rental_day)] = kept
    assert [corner.rows(table) for table in (*WRITTEN, stock_move, number_series)] == earlier
    assert (corner.stock("GIT-1"), corner.stock("VAR-001")) == (spoilt, 4)
    letters = mails(corner)
    assert (letters["refund_started"], letters["admin_refund_started"], letters["payment_success"]) == (1, 1, 1)
    after = carts.open_cart(corner.till, corner.cashier)
    assert (after.id, len(after.lines), after.payment_id, after.locked) == (view.id, 4, begun.id, False)
    settle_refunds(corner.till)
    assert carts.open_cart(corner.till, corner.cashier).payment_id is None
    assert books(corner)[UNAPPLIED] == 0
    assert corner.provider.taken_minor() == sum(row.total_minor for row in corner.rows(sales_order))


def test_after_a_refusal_the_cart_is_mended_and_paid_again(counter: Counter) -> None:
    view = counter.ring_up("GIT-1", "VAR-001")
    begun = counter.put_up(view)
    sell_out(counter)
    counter.pay(begun)
    mended = carts.remove_line(counter.till, counter.cashier, view.id, view.lines[0].id)
    settle_refunds(counter.till)
    again = counter.pay(counter.put_up(mended))
    assert again.fulfilment is Fulfilment.DONE
    check_orders(counter, mended, again)
    assert [row.number for row in counter.rows(sales_order)] == ["ORD-T1-000001"]


@pytest.mark.parametrize("place", sorted(name for name in failpoints.NAMES if name.startswith("orders.")))
def test_a_failure_at_any_place_leaves_nothing_and_is_tried_again(
    corner: Counter, clock: FakeClock, place: str
) -> None:
    view = corner.ring_up("CAM-1", "GIT-1")
    begun = corner.put_up(view)
    before = [corner.rows(table) for table in (*WRITTEN, stock_move, number_series, cart)]

    def break_there(name: str) -> None:
        if name == place:
            raise OSError("the disk is gone")

    failpoints.arm(break_there)
    try:
        pending = corner.pay(begun)
    finally:
        failpoints.arm(None)
    assert (pending.state, pending.fulfilment) == (PaymentState.CAPTURED, Fulfilment.PENDING)
    assert [corner.rows(table) for table in (*WRITTEN, stock_move, number_series, cart)] == before
    clock.advance(3_600)
    settle_fulfilments(corner.till)
    check_orders(corner, view, pending)


def test_a_held_cart_is_sold_where_it_waits(corner: Counter) -> None:
    view = corner.ring_up("GIT-1")
    begun = corner.put_up(view)
    next_customer = carts.hold(corner.till, corner.cashier, view.id)
    corner.ring_up("CRD-1")
    assert corner.pay(begun).fulfilment is Fulfilment.DONE
    assert carts.view_cart(corner.till, corner.cashier, view.id).state is CartState.SOLD
    assert carts.list_held(corner.till, corner.cashier) == ()
    assert carts.open_cart(corner.till, corner.cashier).id == next_customer.id


def test_a_refusal_is_told_once(corner: Counter) -> None:
    paid = corner.sell("GIT-1")
    for _ in range(2):
        with corner.till.db.write(corner.till.system) as uow:
            orders_refused(uow, paid, "out_of_stock(line=1)")
    assert mails(corner)["refund_started"] == mails(corner)["admin_refund_started"] == 1
