"""A bulk order is put together and paid by keyboard, in one first payment, once, whatever is pressed."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.factories.instalments import ADDRESS, Bazaar, inr
from tests.ui.pages.access import nameless
from tests.ui.pages.instalments import InstalmentsPage
from tillgate.domain.instalments import InstalmentOrderState
from tillgate.services.bulk_orders import Placed, load_placed
from tillgate.store.models import bulk_order
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.screens.instalments.new_order_page import NewOrderPage

RETURN, TAB, F2, F3, F7, F9 = (
    Qt.Key.Key_Return,
    Qt.Key.Key_Tab,
    Qt.Key.Key_F2,
    Qt.Key.Key_F3,
    Qt.Key.Key_F7,
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
    page.wake()
    page.key(RETURN)
    page.settled(lambda: not page.screen.paying)
    # The next order begins with nobody and nothing.
    assert (here.items, here.side.customer.value, here.address.untouched) == ((), None, True)
