"""Ringing up: search, scan, quantities, undo, hold and recall, rentals, and what stands in the way of paying."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import QDate, Qt
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from tests.factories.clock import FakeClock
from tests.factories.shop import Counter
from tests.ui.pages.checkout import CAMERA, CARD, GITANJALI, PHONE, CheckoutPage
from tests.ui.pages.hands import CTRL, press, type_text
from tillgate.domain.cart_checks import FindingCode
from tillgate.domain.changes import Changes, Kind
from tillgate.services import carts
from tillgate.store.models import cart_line, product, variant
from tillgate.ui.screens.checkout.customer_dialog import CustomerDialog
from tillgate.ui.screens.checkout.held_dialog import HeldDialog, HoldDialog
from tillgate.ui.screens.checkout.ring_up_dialogs import RentalDialog, VariantDialog
from tillgate.ui.tasks import Tasks

ONE_BOOK = "1 × Gitanjali, ₹199.00"


def test_a_search_is_shown_as_it_is_typed_and_enter_rings_the_first_up(page: CheckoutPage) -> None:
    assert page.has_focus(page.screen.view.finder.search)
    page.type("gita")
    page.until(lambda: page.screen.view.finder.texts == ["Gitanjali"])
    page.press(Qt.Key.Key_Return)
    page.settled()
    assert page.lines == [ONE_BOOK]
    assert page.screen.view.finder.search.text() == ""
    page.until(lambda: len(page.screen.view.finder.texts) == 5)


def test_enter_is_not_lost_when_it_is_quicker_than_the_search(page: CheckoutPage) -> None:
    page.type("sd")
    page.press(Qt.Key.Key_Return)
    page.until(lambda: page.lines == ["1 × SD Card, ₹0.33"])


def test_a_search_without_results_says_what_to_do(page: CheckoutPage) -> None:
    page.type("zzz")
    page.until(page.screen.view.finder._empty.isVisible)
    page.press(Qt.Key.Key_Return)
    page.settled()
    assert page.lines == []
    page.press(Qt.Key.Key_Escape)
    page.until(lambda: len(page.screen.view.finder.texts) == 5)


def test_results_are_walked_with_the_arrow_keys_and_letters_go_on_searching(page: CheckoutPage) -> None:
    page.press(Qt.Key.Key_Down)
    results = page.screen.view.finder.results
    assert page.has_focus(results)
    page.press(Qt.Key.Key_Right)
    page.press(Qt.Key.Key_Right)
    marked = results.marked()
    assert marked is not None
    assert marked.name == "Gitanjali"
    page.press(Qt.Key.Key_Return)
    page.settled()
    assert page.lines == [ONE_BOOK]
    page.type("p")
    page.until(lambda: page.has_focus(page.screen.view.finder.search))
    page.until(lambda: page.screen.view.finder.texts == ["iPhone 15 Pro"])


@pytest.mark.parametrize("rows", [False, True])
def test_products_are_shown_as_tiles_or_rows(page: CheckoutPage, rows: bool) -> None:
    finder = page.screen.view.finder
    page.click(finder._rows if rows else finder._tiles)
    page.settled()
    assert finder.results._delegate.as_rows is rows
    assert not finder.grab().toImage().isNull()
    index = finder.results.model().index(2, 0)
    spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Gitanjali, ₹199.00, Book House, 10 left"


def test_a_scan_rings_up_from_wherever_the_focus_is(page: CheckoutPage) -> None:
    page.type("canon")
    page.scan(GITANJALI)
    page.until(lambda: page.lines == [ONE_BOOK])
    assert page.screen.view.finder.search.text() == "canon"
    page.screen.view.cart.lines.setFocus()
    page.scan(GITANJALI)
    page.until(lambda: page.lines == ["2 × Gitanjali, ₹398.00"])


def test_an_unknown_code_is_said_and_changes_nothing(page: CheckoutPage) -> None:
    page.scan("4711471147114")
    page.until(lambda: page.screen.view.cart.notice.text)
    assert "No product has the code “4711471147114”." in page.screen.view.cart.notice.text
    page.ring_up(GITANJALI)
    assert page.screen.view.cart.notice.text == ""


def test_the_marked_line_stays_in_sight_when_the_totals_grow(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI)
    page.scan(CARD)
    page.until(lambda: len(page.lines) == 2)
    page.settled()
    lines = page.screen.view.cart.lines
    row = lines.row(lines.line_ids[-1])
    assert row is not None
    lines.select(lines.line_ids[-1])
    lines.resize(lines.width(), row.geometry().bottom() - 20)
    row = next(each for each in lines.findChildren(type(row)) if each.isVisible() and each.line_id == lines.selected)
    assert row.geometry().bottom() <= lines.viewport().height()


def test_a_scan_ends_a_quantity_that_is_being_typed(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI)
    page.press(Qt.Key.Key_F6)
    page.type("2")
    page.scan(CARD)
    page.until(lambda: len(page.lines) == 2)
    page.settled()
    assert page.lines == ["2 × Gitanjali, ₹398.00", "1 × SD Card, ₹0.33"]
    assert page.has_focus(page.screen.view.finder.search)
    page.type("2")
    page.settled()
    assert page.lines == ["2 × Gitanjali, ₹398.00", "1 × SD Card, ₹0.33"]


def test_quantities_by_keys(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI, CARD)
    page.press(Qt.Key.Key_F6)
    page.type("7")
    page.press(Qt.Key.Key_Return)
    page.settled()
    assert page.lines == [ONE_BOOK, "7 × SD Card, ₹2.31"]
    assert page.has_focus(page.screen.view.finder.search)
    lines = page.screen.view.cart.lines
    lines.setFocus()
    page.press(Qt.Key.Key_Up)
    type_text(lines, "+")
    page.until(lambda: page.lines == ["2 × Gitanjali, ₹398.00", "7 × SD Card, ₹2.31"])
    page.press(Qt.Key.Key_Return)
    page.type("3")
    page.press(Qt.Key.Key_Down)
    page.type("5")
    page.press(Qt.Key.Key_Escape)
    page.settled()
    assert page.lines == ["3 × Gitanjali, ₹597.00", "7 × SD Card, ₹2.31"]


def test_many_presses_of_plus_count_all_and_never_step_back(page: CheckoutPage) -> None:
    page.ring_up(CARD)
    (line_id,) = page.screen.view.cart.lines.line_ids
    row = page.screen.view.cart.lines.row(line_id)
    assert row is not None
    seen: list[int] = []
    page.screen.ringing.shown.connect(lambda: seen.append(row.box.value))
    for _ in range(12):
        page.click(row.box.more)
    assert row.box.value == 13
    page.settled()
    assert page.lines == ["13 × SD Card, ₹4.29"]
    assert seen == sorted(seen)
    (stored,) = page.counter.rows(cart_line)
    assert stored.quantity == 13


def test_the_last_piece_is_taken_out_with_minus_and_comes_back_with_undo(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI, CARD)
    row = page.screen.view.cart.lines.row(page.screen.view.cart.lines.line_ids[0])
    assert row is not None
    page.click(row.box.less)
    page.settled()
    assert page.lines == ["1 × SD Card, ₹0.33"]
    assert page.toast == "Gitanjali was removed."
    page.click(page.screen.view.toast._undo)
    page.settled()
    assert page.lines == [ONE_BOOK, "1 × SD Card, ₹0.33"]


def test_del_and_undo_work_while_the_search_is_empty(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI, CARD)
    page.press(Qt.Key.Key_Delete)
    page.settled()
    assert page.lines == [ONE_BOOK]
    page.press(Qt.Key.Key_Z, CTRL)
    page.settled()
    assert page.lines == [ONE_BOOK, "1 × SD Card, ₹0.33"]
    page.type("gita")
    page.press(Qt.Key.Key_Home)
    page.press(Qt.Key.Key_Delete)
    assert page.screen.view.finder.search.text() == "ita"
    page.settled()
    assert len(page.lines) == 2


def test_clear_is_undone(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI, CARD)
    page.click(page.screen.view.cart.clear)
    page.settled()
    assert page.lines == []
    assert page.toast == "The cart was cleared."
    page.press(Qt.Key.Key_Z, CTRL)
    page.settled()
    assert len(page.lines) == 2


def test_totals_by_vendor_and_by_kind(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI, CARD, CAMERA)
    cart = page.screen.view.cart
    assert cart.totals.shown == {
        "Sold": "₹199.33",
        "Rented": "₹2,499.00",
        "Refundable deposits": "₹4,000.00",
        "Service fees": "₹59.98",
        "Tax": "₹449.86",
    }
    cart.lines.verticalScrollBar().setValue(0)
    heads = [head.accessibleName() for head in sorted(cart.lines._heads.values(), key=lambda head: head.y())]
    assert heads == ["Order of Book House: ₹209.00", "Order of Corner Shop: ₹0.37", "Order of Lens Rentals: ₹6,998.80"]
    assert cart.pay.text() == "Pay ₹7,208.17"


def test_hold_and_recall(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI)
    page.press(Qt.Key.Key_F4)
    dialog = page.dialog()
    assert isinstance(dialog, HoldDialog)
    assert dialog.label.text == "Gitanjali, 14:30"
    page.take_label("Blue sari")
    assert page.lines == []
    assert page.toast == "The cart is held."
    assert page.screen.view.cart.recall.text() == "Recall (1)"
    page.ring_up(CARD)
    page.press(Qt.Key.Key_F5)
    dialog = page.dialog()
    assert isinstance(dialog, HeldDialog)
    page.settled()
    assert [choice.title for choice in dialog.list.choices] == ["Blue sari"]
    press(dialog.list, Qt.Key.Key_Return)
    page.settled()
    assert page.lines == [ONE_BOOK]
    assert page.screen.view.cart.recall.text() == "Recall (1)"


def test_a_variant_is_asked_for_where_there_are_several(page: CheckoutPage) -> None:
    page.type("iphone")
    page.until(lambda: page.screen.view.finder.texts == ["iPhone 15 Pro"])
    page.press(Qt.Key.Key_Return)
    dialog = page.dialog()
    assert isinstance(dialog, VariantDialog)
    assert [choice.title for choice in dialog.list.choices] == ["256 GB", "Renewed"]
    press(dialog.list, Qt.Key.Key_Down)
    press(dialog.list, Qt.Key.Key_Return)
    page.settled()
    assert page.lines == ["1 × iPhone 15 Pro – Renewed, ₹45,000.00"]


def rental(page: CheckoutPage) -> RentalDialog:
    dialog = page.dialog()
    assert isinstance(dialog, RentalDialog)
    return dialog


def test_a_rental_asks_for_period_and_first_day_and_needs_a_customer(page: CheckoutPage, clock: FakeClock) -> None:
    page.type("canon")
    page.until(lambda: page.screen.view.finder.texts == ["Canon EOS R5 Camera"])
    page.press(Qt.Key.Key_Return)
    dialog = rental(page)
    press(dialog._group.button(0), Qt.Key.Key_Down)
    dialog.first.setDate(QDate(2026, 11, 20))
    assert dialog._until.text() == "22 Nov 2026"
    press(dialog, Qt.Key.Key_Return)
    page.settled()
    row = page.screen.view.cart.lines.row(page.screen.view.cart.lines.line_ids[0])
    assert row is not None
    assert row._dates.text() == "Weekend, 20–22 Nov 2026"
    assert "deposit ₹4,000.00 each" in row._note.text()
    (advice,) = page.screen.view.cart.advice.shown
    assert advice.code is FindingCode.CUSTOMER_MISSING
    page.press(Qt.Key.Key_F9)
    page.settled()
    assert page.payments == []
    assert page.has_focus(page.screen.view.cart.advice.buttons[0])
    page.press(Qt.Key.Key_Return)
    customer = page.dialog()
    assert isinstance(customer, CustomerDialog)
    type_text(customer.search, "asha")
    page.until(lambda: [choice.title for choice in customer.list.choices] == ["Asha Rao"])
    press(customer.search, Qt.Key.Key_Return)
    page.settled()
    assert page.screen.view.cart.customer.text() == "Asha Rao"
    assert page.screen.view.cart.advice.shown == ()


def test_rental_dates_are_changed_by_key(page: CheckoutPage) -> None:
    page.ring_up(CAMERA)
    page.press(Qt.Key.Key_D, CTRL)
    dialog = rental(page)
    assert dialog.go.text() == "Change the dates"
    dialog.pick_period(7)
    press(dialog, Qt.Key.Key_Return)
    page.settled()
    assert page.lines == ["1 × Canon EOS R5 Camera, ₹9,996.00"]


def test_a_new_customer_is_written_down_in_place(page: CheckoutPage) -> None:
    page.press(Qt.Key.Key_F3)
    dialog = page.dialog()
    assert isinstance(dialog, CustomerDialog)
    type_text(dialog.search, "Ravi Kumar")
    page.until(dialog._none.isVisible)
    page.click(dialog.new)
    assert dialog.name.text == "Ravi Kumar"
    dialog.email.set_text("nonsense")
    press(dialog.name.line, Qt.Key.Key_Return)
    page.until(lambda: dialog.email.error)
    assert "This is not an e-mail address." in dialog.email.error
    dialog.email.set_text("ravi@example.com")
    press(dialog.email.line, Qt.Key.Key_Return)
    page.until(lambda: page.screen.view.cart.customer.text() == "Ravi Kumar")
    page.press(Qt.Key.Key_F3)
    again = page.dialog()
    assert isinstance(again, CustomerDialog)
    page.settled()
    page.click(again.walk_in)
    page.until(lambda: page.screen.view.cart.customer.text() == "Walk-in customer")


def test_what_stands_in_the_way_is_said_at_its_line_with_the_press_that_helps(
    page: CheckoutPage, counter: Counter, clock: FakeClock
) -> None:
    page.ring_up(GITANJALI, PHONE)
    counter.change(variant, "GIT-1", price_minor=45_000)
    counter.change(variant, "PHN-1", stock=0)
    clock.advance(31)
    page.press(Qt.Key.Key_F9)
    page.until(lambda: page.toast)
    page.settled()
    assert page.toast == "2 things to settle before the payment."
    lines = page.screen.view.cart.lines
    book, phone = (lines.row(line_id) for line_id in lines.line_ids)
    assert book is not None
    assert phone is not None
    assert [(each.text, each.verb) for each in book.advice.shown] == [("Price is now ₹450.00.", "Update")]
    assert [(each.text, each.verb) for each in phone.advice.shown] == [("None left.", "Remove")]
    assert page.has_focus(book.advice.buttons[0])
    page.press(Qt.Key.Key_Return)
    page.settled()
    assert page.lines[0] == "1 × Gitanjali, ₹450.00"
    assert page.has_focus(phone.advice.buttons[0])
    page.press(Qt.Key.Key_Return)
    page.settled()
    assert page.lines == ["1 × Gitanjali, ₹450.00"]
    assert page.has_focus(page.screen.view.finder.search)
    assert page.payments == []
    page.pay()
    assert len(page.payments) == 1


def test_too_many_are_set_to_what_there_is(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    page.screen.ringing.set_quantity(page.screen.view.cart.lines.line_ids[0], 40)
    page.settled()
    row = page.screen.view.cart.lines.row(page.screen.view.cart.lines.line_ids[0])
    assert row is not None
    (advice,) = row.advice.shown
    assert (advice.text, advice.verb) == ("Only 10 left.", "Set to 10")
    row.advice.buttons[0].setFocus()
    page.press(Qt.Key.Key_Return)
    page.settled()
    assert page.lines == ["10 × Gitanjali, ₹1,990.00"]
    assert page.has_focus(page.screen.view.finder.search)


def test_edits_are_done_in_the_order_asked_however_slow_the_books(page: CheckoutPage, counter: Counter) -> None:
    ringing = page.screen.ringing
    ringing.scan(GITANJALI)
    ringing.scan(CARD)
    ringing.scan(GITANJALI)
    ringing.undo()
    ringing.scan("4711")
    ringing.set_customer(counter.customer_id)
    ringing.scan(CARD)
    page.settled()
    assert page.lines == [ONE_BOOK, "2 × SD Card, ₹0.66"]
    assert page.screen.view.cart.customer.text() == "Asha Rao"


def test_a_change_from_elsewhere_is_seen_and_not_overwritten(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    cart = page.screen.ringing.cart
    assert cart is not None
    elsewhere = carts.set_quantity(counter.till, counter.manager, cart.id, cart.lines[0].id, 5)
    page.screen.ringing.remove(cart.lines[0].id)
    page.settled()
    assert "The cart was changed at the same time." in page.screen.view.cart.notice.text
    assert page.lines == ["5 × Gitanjali, ₹995.00"]
    carts.set_quantity(counter.till, counter.manager, cart.id, elsewhere.lines[0].id, 6)
    page.tasks.broadcast(Changes.of(Kind.CART, origin="elsewhere"))
    page.until(lambda: page.lines == ["6 × Gitanjali, ₹1,194.00"])


def test_the_open_cart_is_there_again_after_a_restart(
    qtbot: QtBot, tasks: Tasks, counter: Counter, page: CheckoutPage
) -> None:
    page.ring_up(GITANJALI, CARD)
    page.shell.close()
    again = CheckoutPage(qtbot, tasks, counter)
    assert again.lines == [ONE_BOOK, "1 × SD Card, ₹0.33"]
    again.press(Qt.Key.Key_Z, CTRL)
    again.settled()
    assert again.lines == [ONE_BOOK]


def test_two_hundred_lines_cost_as_many_widgets_as_fit(page: CheckoutPage, counter: Counter) -> None:
    cart = carts.open_cart(counter.till, counter.cashier)
    book = counter.variant("CAM-1")
    for day in range(60):
        start = counter.till.store_day(counter.till.clock.now()) + timedelta(days=day)
        cart = carts.add_variant(counter.till, counter.cashier, cart.id, book, start_on=start)
    page.screen.ringing.reload()
    page.settled()
    lines = page.screen.view.cart.lines
    assert len(lines.line_ids) == 60
    lines.setFocus()
    for key in (Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Up):
        page.press(key)
    assert lines.selected == lines.line_ids[-2]
    assert len(lines._rows) + len(lines._spare_rows) < 12


def test_products_changed_by_a_manager_are_found_changed(page: CheckoutPage, counter: Counter) -> None:
    counter.change(product, "GIT", name="Gitanjali, illustrated")
    page.tasks.broadcast(Changes.of(Kind.CATALOGUE, origin="manager"))
    page.until(lambda: "Gitanjali, illustrated" in page.screen.view.finder.texts)


def test_a_dialog_goes_back_without_doing_anything(page: CheckoutPage) -> None:
    page.ring_up(CAMERA)
    page.press(Qt.Key.Key_D, CTRL)
    dialog: QDialog = page.dialog()
    press(dialog, Qt.Key.Key_Escape)
    page.until(lambda: not page.dialog_open)
    page.settled()
    assert page.lines == ["1 × Canon EOS R5 Camera, ₹2,499.00"]
