"""A bulk order is put together and paid by keyboard, in one first payment, once, whatever is pressed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableWidgetItem
from sqlalchemy import update

from tests.factories.instalments import ADDRESS, Bazaar, inr
from tests.ui.pages.access import nameless
from tests.ui.pages.instalments import InstalmentsPage
from tillgate.domain.errors import MoneyMoved, Unavailable
from tillgate.domain.instalments import BulkState, InstalmentOrderState, PayBy
from tillgate.domain.money import Money
from tillgate.services.bulk_ends import cancel_bulk_order
from tillgate.services.bulk_orders import Placed, load_placed, place_bulk_order
from tillgate.services.cancel import Ended
from tillgate.store.models import bulk_order, payment, variant
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.screens.instalments import product_finder
from tillgate.ui.screens.instalments.compare_dialog import CompareDialog
from tillgate.ui.screens.instalments.new_order_page import NewOrderPage
from tillgate.ui.screens.instalments.order_draft import first_payment

RETURN, TAB, F2, F3, F6, F7, F8, F9 = (
    Qt.Key.Key_Return,
    Qt.Key.Key_Tab,
    Qt.Key.Key_F2,
    Qt.Key.Key_F3,
    Qt.Key.Key_F6,
    Qt.Key.Key_F7,
    Qt.Key.Key_F8,
    Qt.Key.Key_F9,
)


def form(page: InstalmentsPage) -> NewOrderPage:
    found = page.screen.pages["order"]
    assert isinstance(found, NewOrderPage)
    return found


def choose_customer(page: InstalmentsPage, name: str = "John Doe") -> None:
    page.key(F3)
    page.enter(name)
    page.settled(lambda: form(page).side.customer.value is not None)
    page.settled(form(page).finder.search.hasFocus)


def choose_item(
    page: InstalmentsPage, words: str, days: int, *, variant: str = "", quantity: int = 1, coupon: str = ""
) -> None:
    """From the search on, by keys alone."""
    here = form(page)
    page.key(F2)
    page.enter(words)
    page.settled(lambda: here.planner.item is not None and not here.planner.looking)
    if not here.planner.variant.isHidden():
        codes = [here.planner.variant.combo.itemData(at) for at in range(here.planner.variant.combo.count())]
        for _ in range(codes.index(variant) if variant else 0):
            page.key(Qt.Key.Key_Down)
        page.key(TAB)
    page.settled(here.planner.quantity.line.hasFocus)
    page.enter(str(quantity))
    page.enter(coupon)
    page.settled(lambda: here.planner.plans.hasFocus() and not here.planner.looking)
    offered = [each.value.days for each in here.planner.plans.choices]
    page.key(Qt.Key.Key_Home)
    for _ in range(offered.index(days)):
        page.key(Qt.Key.Key_Down)
    page.key(RETURN)
    page.settled(lambda: here.items[-1].days == days)


def type_address(page: InstalmentsPage) -> None:
    """Field by field, by Enter."""
    here = form(page)
    page.key(F7)
    for name, field in here.address.fields.items():
        page.settled(field.line.hasFocus)
        page.write(getattr(ADDRESS, name))
        page.key(TAB)
    here.address.fields["landmark"].setFocus()
    page.key(RETURN)
    page.settled(here.side.place.hasFocus)


def choose_documents_items(page: InstalmentsPage) -> None:
    choose_item(page, "iPhone 15 Pro", 100, variant="VAR-001", quantity=2, coupon="SAVE10")
    choose_item(page, "iPhone 15 Pro", 200)
    choose_item(page, "AirPods Pro", 50)


def placed(shop: Bazaar) -> list[Placed]:
    return [load_placed(shop.till, row.id) for row in shop.rows(bulk_order)]


def test_the_documents_three_items_are_ordered_and_paid_by_keyboard_alone(page: InstalmentsPage, shop: Bazaar) -> None:
    here = form(page)
    page.settled(here.side.customer.search.hasFocus)
    choose_customer(page)
    choose_documents_items(page)
    assert here.side.place.text() == "Place the order ₹1,300.00"
    assert [choice.right for choice in here.side.items.choices] == ["₹800.00", "₹400.00", "₹100.00"]
    type_address(page)
    assert nameless(page.screen) == []
    page.key(F9)
    page.settled(lambda: page.stage is Stage.WAITING)
    [made] = placed(shop)
    assert [(each.total_days, each.quantity, each.daily) for each in made.orders] == [
        (100, 2, inr(800)),
        (200, 1, inr(400)),
        (50, 1, inr(100)),
    ]
    assert (made.bulk.first_total, made.bulk.address) == (inr(1300), ADDRESS)
    assert len(page.opened) == 1
    bill = page.screen.page.bill
    assert (bill.title.text(), [amount for _what, _about, amount in bill.texts]) == (
        made.bulk.number,
        ["₹800.00", "₹400.00", "₹100.00"],
    )
    page.customer_pays()
    assert "The instalments are paid, and the orders are active." in page.texts
    assert {each.state for each in shop.now(made).orders} == {InstalmentOrderState.ACTIVE}
    page.screen.page.end.receipt.click()
    page.settled(lambda: page.screen.page.end.notice.text.startswith("Saved as receipt-"))
    page.screen.page.end.print.click()
    page.settled(lambda: page.screen.page.end.notice.text == "The receipt was sent to the printer.")
    assert page.opened[1:] == [f"receipt-{shop.payment(made).id}", f"printed-{shop.payment(made).id}"]
    page.wake()
    page.key(RETURN)
    page.settled(lambda: not page.screen.paying)
    # The next order begins with nobody and nothing.
    assert (here.items, here.side.customer.value, here.address.untouched) == ((), None, True)


def fill(page: InstalmentsPage, *, documents: bool = True) -> NewOrderPage:
    """An order that is ready to be placed, without going through its keys again."""
    here = form(page)
    choose_customer(page)
    if documents:
        choose_documents_items(page)
    here.address.fill(ADDRESS)
    return here


def test_a_failing_item_is_named_with_its_reason_and_the_others_go_on(page: InstalmentsPage, shop: Bazaar) -> None:
    """Its last piece went to another till between the choice and the press; then none can be ordered at all."""
    here = fill(page)
    shop.restock(1)
    page.key(F9)
    page.settled(lambda: page.stage is Stage.WAITING)
    [made] = placed(shop)
    assert [each.total_days for each in made.orders] == [200, 50]
    assert made.bulk.first_total == inr(500)
    assert page.screen.page.bill.texts[-1] == ("Not ordered", "iPhone 15 Pro: Of iPhone 15 Pro only 1 are left.", "")
    page.key(Qt.Key.Key_Escape)
    page.settled(lambda: not page.screen.paying)

    fill(page, documents=False)
    choose_item(page, "iPhone 15 Pro", 100, variant="VAR-001")
    shop.restock(0)
    page.key(F9)
    page.settled(lambda: "None of the items can be ordered." in page.screen.notice.text)
    [choice] = here.side.items.choices
    assert (choice.note, choice.alarming) == ("Of iPhone 15 Pro only 0 are left.", True)
    assert len(placed(shop)) == 1


def test_nobody_pays_another_price_than_the_one_on_the_screen(page: InstalmentsPage, shop: Bazaar) -> None:
    """Dearer by a rupee between the choice and the press: that item is left out, whatever the wallet has."""
    shop.fill_wallet(inr(5_000))
    here = fill(page)
    here.side.tender.buttons[PayBy.WALLET].click()
    with shop.till.db.write(shop.till.system) as uow:
        uow.execute(update(variant).where(variant.c.price_minor == 5_000_00).values(price_minor=5_001_00))
    page.key(F9)
    page.settled(lambda: bool(placed(shop)))
    [made] = placed(shop)
    assert made.bulk.first_total == inr(1_200)
    reason = "AirPods Pro: AirPods Pro comes to ₹5,001.00 now, not ₹5,000.00."
    page.settled(lambda: reason in page.screen.notice.text)
    assert [each.reason for each in made.bulk.failed] == ["Item 3: Product 'AirPods Pro' comes to ₹5001 now, not ₹5000"]


def test_a_telephone_number_that_there_can_not_be_is_said_at_its_field(page: InstalmentsPage, shop: Bazaar) -> None:
    here = fill(page)
    here.address.fields["phone"].set_text("98765432101234")
    page.key(F9)
    page.settled(lambda: bool(here.address.fields["phone"].line.accessibleDescription()))
    page.settled(here.address.fields["phone"].line.hasFocus)
    assert placed(shop) == []


def test_a_wallet_pays_at_once_and_says_what_it_lacks(page: InstalmentsPage, shop: Bazaar) -> None:
    shop.fill_wallet(inr(1299))
    here = fill(page)
    for key, way in ((F8, PayBy.WALLET), (F6, PayBy.RAZORPAY), (F8, PayBy.WALLET)):
        page.key(key)
        assert here.side.tender.value is way
    page.settled(lambda: here.side.tender.said.text() == "The wallet has ₹1,299.00, and ₹1,300.00 is needed.")
    page.key(F9)
    page.settled(lambda: "The wallet has ₹1,299.00, and ₹1,300.00 is needed." in page.screen.notice.text)
    assert (placed(shop), len(here.items)) == ([], 3)

    shop.fill_wallet(inr(1))
    page.settled(lambda: here.side.tender.said.text() == "The wallet has ₹1,300.00.")
    page.key(F9)
    page.settled(lambda: bool(placed(shop)))
    [made] = placed(shop)
    assert (made.bulk.state, len(made.wallet_transactions)) == (BulkState.ACTIVE, 3)
    page.settled(lambda: page.screen.notice.text.startswith(f"{made.bulk.number} is paid: ₹1,300.00. 3 orders are"))
    assert (page.screen.paying, page.opened, here.items) == (False, [], ())
    assert here.side.tender.value is PayBy.RAZORPAY, "nobody's wallet pays because the one before did"
    page.settled(lambda: not page.news.waiting)
    printing = page.screen.notice.buttons[1]
    assert [each.text() for each in page.screen.notice.buttons] == ["Show the orders", "Print receipt", "Save receipt"]
    printing.click()
    page.settled(lambda: page.screen.notice.text == "The receipt was sent to the printer.")
    assert page.opened == [f"printed-{shop.payment(made).id}"]


def test_a_held_key_and_a_second_press_are_one_bulk_order(page: InstalmentsPage, shop: Bazaar) -> None:
    here = fill(page)
    for _ in range(4):
        here.pay()
    assert not here.side.place.isEnabled()
    page.settled(lambda: page.stage is Stage.WAITING)
    assert (len(placed(shop)), shop.count(payment)) == (1, 1)


def test_a_press_whose_end_nobody_heard_of_is_the_same_press_again(
    page: InstalmentsPage, shop: Bazaar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order was written down and its payment begun, but the answer was lost on the way to the screen."""
    here = fill(page)

    def lost(*args: Any) -> Placed:
        place_bulk_order(*args)
        raise Unavailable("database_busy", money_moved=MoneyMoved.UNKNOWN)

    monkeypatch.setattr("tillgate.ui.screens.instalments.order_draft.place_bulk_order", lost)
    page.key(F9)
    page.settled(lambda: bool(page.screen.notice.text))
    assert not page.screen.paying
    assert len(here.items) == 3
    monkeypatch.undo()
    page.key(F9)
    page.settled(lambda: page.stage is Stage.WAITING)
    assert (len(placed(shop)), shop.count(payment)) == (1, 1)


def test_an_order_that_could_not_be_begun_is_placed_anew_by_the_next_press(page: InstalmentsPage, shop: Bazaar) -> None:
    """The provider refuses the amount: the first bulk order is cancelled; what is changed then is another one."""
    here = fill(page)
    assert shop.bank is not None
    whole = shop.bank.capabilities
    shop.bank.capabilities = replace(whole, smallest_minor={"INR": inr(2000).minor})
    page.key(F9)
    page.settled(lambda: bool(page.screen.notice.text))
    assert [each.bulk.state for each in placed(shop)] == [BulkState.CANCELLED]
    shop.bank.capabilities = whole
    here.remove_item(here.items[-1].number)
    page.settled()
    page.key(F9)
    page.settled(lambda: page.stage is Stage.WAITING)
    assert [(each.bulk.state, each.bulk.first_total) for each in placed(shop)] == [
        (BulkState.CANCELLED, inr(1300)),
        (BulkState.PENDING, inr(1200)),
    ]


def test_a_first_payment_that_ended_is_begun_again_and_a_restart_finds_it(page: InstalmentsPage, shop: Bazaar) -> None:
    fill(page)
    page.key(F9)
    page.settled(lambda: page.stage is Stage.WAITING)
    page.command("cancel_payment")
    page.settled(lambda: page.stage is Stage.CANCELLED)
    page.wake()
    page.key(RETURN)
    page.settled(lambda: page.stage is Stage.WAITING)
    [made] = placed(shop)
    assert shop.count(payment) == 2
    page.open_again()
    page.settled(lambda: page.screen.notice.text.startswith("1 bulk order waits for its first payment."))
    opened = len(page.opened)
    page.screen.notice.buttons[0].click()
    page.settled(lambda: page.stage is Stage.WAITING)
    assert (page.screen.page.bill.title.text(), len(page.opened)) == (made.bulk.number, opened)
    page.customer_pays()
    assert shop.now(made).bulk.state is BulkState.ACTIVE


def cell_text(cell: QTableWidgetItem | None) -> str:
    return cell.text() if cell is not None else ""


def test_all_items_are_compared_on_all_plans_before_anything_is_ordered(page: InstalmentsPage, shop: Bazaar) -> None:
    here = form(page)
    choose_customer(page)
    choose_item(page, "iPhone 15 Pro", 100, variant="VAR-001", quantity=2, coupon="SAVE10")
    choose_item(page, "AirPods Pro", 50)
    page.key(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    dialog = page.dialog(CompareDialog)
    page.settled(dialog.grid.hasFocus)
    heads = [cell_text(dialog.grid.horizontalHeaderItem(at)).splitlines() for at in range(2)]
    assert heads == [
        ["2 × iPhone 15 Pro", "Renewed, 128 GB", "₹80,000.00 in all", "coupon −₹10,000.00", "commission ₹8,000.00"],
        ["1 × AirPods Pro", "₹5,000.00 in all", "commission ₹500.00"],
    ]
    rows = {days: [cell_text(dialog.grid.item(row, at)) for at in range(2)] for row, days in enumerate(dialog.days)}
    assert (rows[50], rows[100], rows[200]) == (
        ["₹1,600.00", "✓ ₹100.00"], ["✓ ₹800.00", "₹50.00"], ["₹400.00", "–"]
    )  # fmt: skip
    row = dialog.days.index(100)
    assert cell_text(dialog.grid.verticalHeaderItem(row)) == "100 days\nlast on 23 Feb 2027"
    assert (dialog.grid.currentRow(), dialog.grid.currentColumn()) == (row, 0)
    page.tap(dialog, Qt.Key.Key_Right)
    page.tap(dialog, RETURN)
    assert (cell_text(dialog.grid.item(row, 1)), cell_text(dialog.grid.item(dialog.days.index(50), 1))) == (
        "✓ ₹50.00", "₹100.00"
    )  # fmt: skip
    dialog.grid.setCurrentCell(len(dialog.days) - 1, 1)
    assert not dialog.go.isEnabled(), "AirPods are not paid off in a year"
    assert nameless(dialog) == []
    page.tap(dialog, Qt.Key.Key_Escape)
    page.closed(CompareDialog)
    assert [each.days for each in here.items] == [100, 100]
    assert (first_payment(here.items), placed(shop)) == (inr(850), [])


def test_what_was_taken_out_is_put_back_and_what_waits_is_told_as_long_as_it_does(
    page: InstalmentsPage, shop: Bazaar
) -> None:
    here, undo = form(page), (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    choose_customer(page)
    choose_item(page, "AirPods Pro", 50)
    here.address.fill(ADDRESS)
    before = here.items
    here.side.items.setFocus()
    page.key(Qt.Key.Key_Delete)
    assert (here.items, page.screen.notice.text) == ((), "AirPods Pro is out of the order.")
    page.key(*undo)
    assert (here.items, page.screen.notice.text) == (before, "")
    page.command("clear")
    assert (here.items, here.side.customer.value, page.screen.notice.text) == ((), None, "The order is emptied.")
    page.key(*undo)
    assert (here.items, here.side.customer.value, here.address.address) == (before, shop.customer_id, ADDRESS)
    page.key(F9)
    page.settled(lambda: page.stage is Stage.WAITING)
    [made] = placed(shop)
    page.command("leave")
    page.command("undo")
    assert (here.items, here.side.customer.value) == ((), None), "what was placed is not an order again"
    page.open_again()
    page.settled(lambda: page.screen.notice.text.startswith("1 bulk order waits for its first payment."))
    assert cancel_bulk_order(shop.till, shop.cashier, made.bulk.id) is Ended.CANCELLED
    page.settled(lambda: page.screen.notice.text == "")


def test_an_item_without_a_plan_is_named_and_its_plans_are_gone_to(page: InstalmentsPage, shop: Bazaar) -> None:
    here = form(page)
    choose_customer(page)
    page.key(F2)
    page.enter("iPhone 15 Pro")
    page.settled(lambda: here.planner.item is not None and not here.planner.looking)
    assert here.planner.variant.hasFocus() or here.planner.variant.combo.hasFocus()
    page.key(F9)
    page.settled(lambda: not here.planner.looking)
    assert here.planner.trouble.text() == "Choose a plan for iPhone 15 Pro."
    assert here.planner.trouble.isVisible()
    assert here.planner.plans.hasFocus()
    page.key(RETURN)
    page.settled(lambda: here.items[-1].plan is not None)
    here.open_item(here.items[-1].number)
    page.settled(lambda: not here.planner.looking)
    assert here.planner.trouble.text() == ""


def test_what_is_missing_is_asked_for_and_what_was_typed_stays(
    page: InstalmentsPage, shop: Bazaar, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = form(page)
    found = here.finder.list
    page.settled(lambda: [each.right for each in found.choices] == ["₹5,000.00", "from ₹45,000.00"])
    monkeypatch.setattr(product_finder, "MOST", 1)
    here.finder.search.setText("pro")
    page.settled(lambda: here.finder.said.text() == "The first 1 products. Type to narrow them down.")
    monkeypatch.undo()
    here.finder.search.setText("")
    page.settled(lambda: here.finder.said.text() == "2 products in instalments")
    page.key(F9)
    assert (here.side.customer.error, here.side.customer.search.hasFocus()) == ("Choose the customer first.", True)
    choose_customer(page)
    page.key(F9)
    assert page.screen.notice.text.startswith("There is nothing to order.")
    assert here.side.whereto.text() == "The delivery address is not complete: Address."
    choose_item(page, "AirPods Pro", 50)
    page.key(F9)
    page.settled(here.address.fields["line1"].line.hasFocus)
    assert here.address.fields["line1"].error.startswith("The delivery address is not complete: Address.")
    page.write("123 Main Street")
    assert page.shell.go("elsewhere")
    assert page.shell.go("instalments")
    assert (here.address.fields["line1"].text, len(here.items)) == ("123 Main Street", 1)
    # A plan of days that nobody may have says why; one that may is among the others.
    here.open_item(here.items[0].number)
    page.settled(lambda: not here.planner.looking)
    here.planner.days.set_text("101")
    here.planner.days.setFocus()
    page.key(RETURN)
    page.settled(
        lambda: here.planner.trouble.text().startswith("An order of ₹5,000.00 may be paid in 100 days at most")
    )
    for typed, told in (("999", "An order of ₹5,000.00 may be paid in 100 days at most, not in 999."),
                        ("1.5", "The days of a plan are a whole number, 1 or more."),
                        ("0", "The days of a plan are a whole number, 1 or more.")):  # fmt: skip
        here.planner.days.setFocus()
        page.enter(typed)
        page.settled(lambda: not here.planner.looking)
        assert here.planner.trouble.text() == told
    for typed in ("0", "11"):
        here.planner.say("")
        here.planner.quantity.line.setFocus()
        page.enter(typed)
        assert here.planner.trouble.text() == "The quantity of an item is a whole number from 1 to 10."
        assert here.items[0].quantity == 1
    here.planner.days.setFocus()
    page.enter("45")
    page.settled(lambda: here.planner.plans.marked is not None and here.planner.plans.marked.value.days == 45)
    page.key(RETURN)
    assert here.items[0].daily == Money(111_12, "INR")
    page.key(Qt.Key.Key_Up)
    here.side.items.setFocus()
    page.key(Qt.Key.Key_Delete)
    assert (here.items, placed(shop)) == ((), [])
