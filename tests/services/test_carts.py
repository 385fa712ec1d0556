"""Ringing up, undo, hold and recall, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.shop import Counter
from tests.factories.tills import make_till
from tillgate.domain.errors import Invalid, NotFound, Refused, Stale
from tillgate.domain.orders import CartState
from tillgate.domain.staff import Role
from tillgate.services import carts
from tillgate.services.cart_view import CartView
from tillgate.store.models import cart, cart_undo, customer, product, variant, vendor

TODAY = date(2026, 11, 16)


def named(view: CartView) -> list[tuple[str, int]]:
    return [(line.code, line.quantity) for line in view.lines]


def test_a_cart_of_three_vendors_comes_to_the_paisa(corner: Counter) -> None:
    view = corner.ring_up("CAM-1", "GIT-1", "GIT-1", "CRD-1")
    camera, book, card = view.lines
    assert (camera.period_name, camera.days, camera.start_on, camera.end_on) == ("Day", 1, TODAY, TODAY)
    assert (camera.amounts.items.minor, camera.amounts.deposit.minor, camera.amounts.tax.minor) == (
        249_900, 400_000, 44_982,
    )  # fmt: skip
    assert (book.quantity, book.amounts.total.minor) == (2, 39_800)
    # 12% of 0.33 is 0.0396, which is 4 paise.
    assert card.amounts.tax.minor == 4
    fees = {each.name: each.totals.fee.minor for each in view.vendors}
    assert fees == {"Lens Rentals": 4_998, "Book House": 1_000, "Corner Shop": 0}
    assert [each.totals.total.minor for each in view.vendors] == [699_880, 40_800, 37]
    assert view.totals.total.minor == 740_717
    assert view.vendors[0].auto_approve


def test_an_edit_is_there_for_whoever_opens_the_till_next(counter: Counter) -> None:
    view = counter.ring_up("GIT-1", "CRD-1")
    again = carts.open_cart(replace(counter.till, worker="after a crash"), counter.cashier)
    assert again == view
    assert named(carts.undo(counter.till, counter.cashier, view.id)) == [("GIT", 1)]


def test_a_smallest_quantity_is_where_a_line_starts(corner: Counter) -> None:
    view = corner.ring_up("CHR-1", "CHR-1")
    assert named(view) == [("CHR", 5)]


def test_a_rental_moves_to_another_period_and_day(counter: Counter) -> None:
    till, cashier = counter.till, counter.cashier
    view = counter.ring_up("CAM-1")
    start = TODAY + timedelta(days=4)
    week = counter.period("CAM-1", 7)
    moved = carts.set_rental(till, cashier, view.id, view.lines[0].id, period_id=week, start_on=start).lines[0]
    assert (moved.start_on, moved.end_on, moved.unit_price.minor) == (start, start + timedelta(days=6), 999_600)
    with pytest.raises(Invalid, match="start_in_past"):
        carts.set_rental(till, cashier, view.id, moved.id, start_on=TODAY - timedelta(days=1))
    with pytest.raises(Invalid, match="start_too_far"):
        carts.set_rental(till, cashier, view.id, moved.id, start_on=TODAY + timedelta(days=400))
    with pytest.raises(NotFound, match="period_unknown"):
        carts.set_rental(till, cashier, view.id, moved.id, period_id=counter.period("CHR-1", 1))
    sold = counter.ring_up("GIT-1").lines[-1]
    with pytest.raises(Refused, match="line_not_rental"):
        carts.set_rental(till, cashier, view.id, sold.id, start_on=TODAY)


def test_undo_goes_back_step_by_step_and_keeps_line_numbers(counter: Counter) -> None:
    till, cashier = counter.till, counter.cashier
    views = [counter.ring_up("GIT-1")]
    line = views[0].lines[0].id
    views.append(counter.ring_up("CAM-1"))
    views.append(carts.set_quantity(till, cashier, views[0].id, line, 7))
    views.append(carts.remove_line(till, cashier, views[0].id, line))
    views.append(carts.clear(till, cashier, views[0].id))
    assert (views[-1].lines, views[-1].customer, views[-1].undo) == ((), None, "clear")
    for expected in reversed(views[:-1]):
        back = carts.undo(till, cashier, views[0].id)
        assert (back.lines, back.totals, back.customer) == (expected.lines, expected.totals, expected.customer)
    for _ in range(2):
        back = carts.undo(till, cashier, views[0].id)
    assert (back.lines, back.customer, back.undo) == ((), None, None)
    with pytest.raises(Refused, match="nothing_to_undo"):
        carts.undo(till, cashier, views[0].id)


def test_undo_remembers_so_many_edits_and_forgets_what_was_sold(corner: Counter) -> None:
    view = corner.ring_up("GIT-1", customer=False)
    for quantity in range(2, carts.UNDO_KEPT + 20):
        view = carts.set_quantity(corner.till, corner.cashier, view.id, view.lines[0].id, quantity)
    assert len(corner.rows(cart_undo)) == carts.UNDO_KEPT
    corner_sold = carts.set_quantity(corner.till, corner.cashier, view.id, view.lines[0].id, 1)
    corner.pay(corner.put_up(corner_sold))
    assert carts.open_cart(corner.till, corner.cashier).id != view.id
    assert corner.rows(cart_undo) == []


def test_what_changes_nothing_is_no_edit(corner: Counter) -> None:
    view = corner.ring_up("GIT-1")
    assert carts.set_quantity(corner.till, corner.cashier, view.id, view.lines[0].id, 1) == view
    assert carts.reprice(corner.till, corner.cashier, view.id) == view


def test_prices_stand_as_rung_up_until_they_are_taken_anew(corner: Counter) -> None:
    till, cashier = corner.till, corner.cashier
    view = corner.ring_up("GIT-1", "CAM-1")
    corner.change(variant, "GIT-1", price_minor=25_000)
    corner.change(product, "CAM", tax_bp=2800, tax_name="GST 28%")
    corner.change(vendor, "BOOK", fee_flat_minor=5_000)
    assert carts.view_cart(till, cashier, view.id).totals == view.totals
    mixed = corner.ring_up("GIT-1")
    assert [(line.code, line.unit_price.minor) for line in mixed.lines] == [
        ("GIT", 19_900), ("CAM", 249_900), ("GIT", 25_000),
    ]  # fmt: skip
    now = carts.reprice(till, cashier, view.id)
    assert [line.unit_price.minor for line in now.lines] == [25_000, 249_900, 25_000]
    assert (now.lines[1].tax_name, now.totals.fee.minor) == ("GST 28%", 4_998 + 5_000)
    assert carts.undo(till, cashier, view.id).totals == mixed.totals


def test_scans_find_codes_and_barcodes(counter: Counter) -> None:
    view = carts.open_cart(counter.till, counter.cashier)
    carts.scan(counter.till, counter.cashier, view.id, "036000291452")
    assert named(carts.scan(counter.till, counter.cashier, view.id, " git-1 ")) == [("GIT", 2)]
    with pytest.raises(NotFound, match="scan_unknown"):
        carts.scan(counter.till, counter.cashier, view.id, "0000000000000")
    assert named(carts.open_cart(counter.till, counter.cashier)) == [("GIT", 2)]


def test_what_is_not_offered_is_not_rung_up(corner: Counter) -> None:
    view = carts.open_cart(corner.till, corner.cashier)
    ring = [("CRD-1", variant, "CRD-1"), ("GIT-1", product, "GIT"), ("CAM-1", vendor, "LENS")]
    for code, table, row in ring:
        variant_id = corner.variant(code)
        corner.change(table, row, active=0)
        with pytest.raises(Refused, match="product_inactive"):
            carts.add_variant(corner.till, corner.cashier, view.id, variant_id)
    with pytest.raises(NotFound, match="variant_unknown"):
        carts.add_variant(corner.till, corner.cashier, view.id, 99_999)


def test_two_hands_on_one_cart_are_told(counter: Counter) -> None:
    view = counter.ring_up("GIT-1")
    counter.ring_up("CRD-1")
    with pytest.raises(Stale, match="cart_changed"):
        carts.remove_line(counter.till, counter.cashier, view.id, view.lines[0].id, expected_version=view.version)
    assert named(carts.open_cart(counter.till, counter.cashier)) == [("GIT", 1), ("CRD", 1)]


def test_carts_are_held_and_recalled_and_none_is_lost(counter: Counter) -> None:
    till, cashier = counter.till, counter.cashier
    first = counter.ring_up("GIT-1")
    second = carts.hold(till, cashier, first.id, "Asha, back at 5")
    assert (second.lines, second.customer) == ((), None)
    second = counter.ring_up("CRD-1", customer=False)
    (waiting,) = carts.list_held(till, cashier)
    assert (waiting.id, waiting.label, waiting.customer_name) == (first.id, "Asha, back at 5", "Asha Rao")
    assert (waiting.lines, waiting.total, waiting.in_payment) == (1, first.totals.total, False)
    back = carts.recall(till, cashier, first.id)
    assert (named(back), back.state) == ([("GIT", 1)], CartState.OPEN)
    assert [each.id for each in carts.list_held(till, cashier)] == [second.id]
    assert named(carts.undo(till, cashier, first.id)) == []
    with pytest.raises(Refused, match="cart_not_held"):
        carts.recall(till, cashier, first.id)
    with pytest.raises(Refused, match="cart_not_open"):
        carts.clear(till, cashier, second.id)


def test_an_empty_cart_is_not_held_and_makes_room_for_a_recalled_one(corner: Counter) -> None:
    first = corner.ring_up("GIT-1")
    empty = carts.hold(corner.till, corner.cashier, first.id)
    with pytest.raises(Refused, match="cart_empty"):
        carts.hold(corner.till, corner.cashier, empty.id)
    carts.recall(corner.till, corner.cashier, first.id)
    assert carts.list_held(corner.till, corner.cashier) == ()
    assert carts.view_cart(corner.till, corner.cashier, empty.id).state is CartState.CLEARED


def test_another_till_recalls_what_this_one_held(counter: Counter, clock: FakeClock) -> None:
    first = counter.ring_up("GIT-1")
    carts.hold(counter.till, counter.cashier, first.id)
    other = make_till(counter.till.db.engine, clock, till_id="T2")
    neighbour = signed_in(other, Role.CASHIER)
    taken = carts.recall(other, neighbour, first.id)
    assert (taken.state, named(taken)) == (CartState.OPEN, [("GIT", 1)])
    with pytest.raises(Refused, match="cart_not_open"):
        carts.clear(counter.till, counter.cashier, first.id)


def test_a_till_has_one_open_cart(counter: Counter) -> None:
    first, second = (carts.open_cart(counter.till, counter.cashier) for _ in range(2))
    assert first.id == second.id
    with counter.till.db.read() as connection:
        assert connection.execute(select(func.count()).select_from(cart)).scalar_one() == 1


def test_while_it_is_being_paid_nothing_in_it_changes(counter: Counter) -> None:
    till, cashier = counter.till, counter.cashier
    view = counter.ring_up("GIT-1")
    begun = counter.put_up(view)
    locked = carts.view_cart(till, cashier, view.id)
    assert (locked.payment_id, locked.locked) == (begun.id, True)
    line = view.lines[0].id
    tries: list[Callable[[], CartView]] = [
        lambda: carts.add_variant(till, cashier, view.id, counter.variant("GIT-1")),
        lambda: carts.set_quantity(till, cashier, view.id, line, 2),
        lambda: carts.remove_line(till, cashier, view.id, line),
        lambda: carts.set_customer(till, cashier, view.id, None),
        lambda: carts.clear(till, cashier, view.id),
        lambda: carts.reprice(till, cashier, view.id),
        lambda: carts.undo(till, cashier, view.id),
    ]
    for change in tries:
        with pytest.raises(Refused, match="cart_in_payment") as refusal:
            change()
        assert refusal.value.values["payment"] == begun.id
    assert carts.view_cart(till, cashier, view.id) == locked
    carts.hold(till, cashier, view.id)
    assert carts.list_held(till, cashier)[0].in_payment
    assert carts.recall(till, cashier, view.id).locked


def test_customers_are_checked(corner: Counter) -> None:
    view = carts.open_cart(corner.till, corner.cashier)
    with pytest.raises(NotFound, match="customer_unknown"):
        carts.set_customer(corner.till, corner.cashier, view.id, 99)
    with corner.till.db.write(corner.till.system) as uow:
        uow.execute(update(customer).values(active=0))
    with pytest.raises(Refused, match="customer_inactive"):
        carts.set_customer(corner.till, corner.cashier, view.id, corner.customer_id)
