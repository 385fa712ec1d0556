"""Bulk orders and their orders: sums, the calendar by keys, the first payment, and cancelling by rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.factories.instalments import SETTINGS, Bazaar, inr
from tests.ui.pages.access import nameless
from tests.ui.pages.hands import press
from tests.ui.pages.instalment_lists import ListsPage
from tillgate.domain.instalments import BulkState, InstalmentOrderState
from tillgate.domain.settings import INSTALMENT_KEEP_PERCENT, Settings
from tillgate.services.bulk_orders import Placed
from tillgate.services.wallet_rows import balance_of
from tillgate.ui.dialogs.approval import ApprovalDialog
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.screens.instalments.cancel_dialog import CancelDialog
from tillgate.ui.screens.instalments.schedule_view import ScheduleView
from tillgate.ui.screens.instalments.words import DAY_STATUS, DayMark
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.dialog import Confirm
from tillgate.ui.widgets.facts import Facts

_DAY = 24 * 60 * 60


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, shop: Bazaar) -> Iterator[ListsPage]:
    made = ListsPage(qtbot, tasks, shop)
    yield made
    made.settled()


def _facts(page: ListsPage) -> dict[str, str]:
    return dict(row for facts in page.bulk.findChildren(Facts)[:1] for row in facts.rows)


def _calendar(page: ListsPage, position: int) -> ScheduleView:
    page.bulk.cards[position].calendar.toggle()
    page.settled(lambda: bool(page.bulk.cards[position].findChildren(ScheduleView)))
    (found,) = page.bulk.cards[position].findChildren(ScheduleView)
    page.settled(lambda: found.chosen is not None)
    return found


def test_a_bulk_order_shows_its_sums_and_each_order_its_calendar(qtbot: QtBot, tasks: Tasks, shop: Bazaar) -> None:
    placed = shop.paid()
    shop.clock.advance(2 * _DAY)
    shop.sign_in_again()
    page = ListsPage(qtbot, tasks, shop)
    page.open_bulk()
    facts = _facts(page)
    assert (facts["Total"], facts["Paid so far"], facts["Remaining"], facts["First payments"]) == (
        "₹1,65,000.00",
        "₹1,300.00",
        "₹1,63,700.00",
        "₹1,300.00",
    )
    assert facts["Orders"] == "Being paid off: 3"
    assert page.bulk.pay.isHidden()
    assert page.bulk.cancel.isHidden()

    calendar = _calendar(page, 2)
    day = [each.due_on for each in shop.schedule(placed.orders[2].id)]
    assert [calendar.text_of(each).rsplit(". ", 1)[-1] for each in day[:4]] == [
        "Paid",
        "Overdue",
        "Due today",
        "To come",
    ]
    assert len({DAY_STATUS[each].icon for each in (DayMark.PAID, DayMark.OVERDUE, DayMark.TODAY, DayMark.TO_COME)}) == 4
    # It opens on the first day that is owed; a key goes to the one before, which leads to its payment.
    assert calendar.chosen is not None
    assert calendar.chosen.due_on == day[1]
    calendar.grid.setFocus()
    press(calendar.grid, Qt.Key.Key_Left)
    assert "instalment 1, ₹100.00. Paid" in calendar.told.text()
    calendar.open.click()
    assert page.opened == [f"payment-{shop.payment(placed).id}"]
    assert not calendar.back.isEnabled()
    while calendar.on.isEnabled():
        calendar.on.click()
    assert calendar.chosen is not None
    assert calendar.chosen.due_on.month == day[-1].month
    assert nameless(page.screen) == []
    page.settled()


def test_a_first_payment_is_gone_on_with_paid_again_and_given_up(page: ListsPage, shop: Bazaar) -> None:
    placed = shop.place()
    page.open_bulk()
    assert page.bulk.pay.text() == "Open its payment"
    page.key(Qt.Key.Key_F9)
    page.settled(lambda: page.stage is Stage.WAITING)
    assert page.screen.page.paying.payment_id == shop.payment(placed).id
    page.command("cancel_payment")
    page.settled(lambda: page.stage is Stage.CANCELLED)
    page.command("leave")
    page.settled(lambda: page.bulk.pay.text() == "Pay ₹1,300.00 now")
    page.key(Qt.Key.Key_F9)
    page.settled(lambda: page.stage is Stage.WAITING)
    again = shop.payment(placed)
    assert page.screen.page.paying.payment_id == again.id
    page.command("leave")
    page.settled(lambda: page.bulk.pay.text() == "Open its payment")

    page.bulk.cancel.click()
    confirm = page.dialog(Confirm)
    assert confirm.focusWidget() is confirm.back
    confirm.go.click()
    page.settled(lambda: "The bulk order is cancelled." in page.bulk.notice.text)
    assert shop.now(placed).bulk.state is BulkState.CANCELLED
    page.settled(lambda: page.bulk.pay.isHidden() and page.bulk.cancel.isHidden())
    assert not page.can("pay")
    page.settled(lambda: page.rows(2) == [("John Doe", "Cancelled")])


def _keeping(shop: Bazaar, percent: int) -> None:
    """The store keeps a part of what was paid."""
    kept = Settings({**SETTINGS.stored, INSTALMENT_KEEP_PERCENT.name: str(percent)})
    shop.till = replace(shop.till, settings=lambda: kept)


def _cancel(page: ListsPage, placed: Placed) -> CancelDialog:
    page.open_bulk()
    card = next(each for each in page.bulk.cards if each.order.id == placed.orders[0].id)
    # Of three orders none is meant until one is open.
    assert not page.can("cancel_one")
    card.calendar.button.setFocus()
    page.key(Qt.Key.Key_Return)
    assert page.can("cancel_one")
    page.key(Qt.Key.Key_F11)
    dialog = page.dialog(CancelDialog)
    page.settled(lambda: dialog.quote is not None)
    return dialog


def test_a_manager_cancels_an_order_by_rule(qtbot: QtBot, tasks: Tasks, shop: Bazaar) -> None:
    placed = shop.paid()
    _keeping(shop, 25)
    pieces = shop.stock()
    page = ListsPage(qtbot, tasks, shop, shop.manager)
    dialog = _cancel(page, placed)
    (facts,) = dialog.findChildren(Facts)
    assert dict(facts.rows) == {
        "Paid so far": "₹800.00",
        "The store keeps": "₹200.00",
        "Goes back": "₹600.00",
        "Days not paid": "99 days fall away",
    }
    assert dialog.go.text() == "Cancel and give back ₹600.00"
    dialog.go.click()
    assert shop.order(placed.orders[0].id).state is InstalmentOrderState.ACTIVE, "a reason is needed"
    dialog.reason.set_text("Customer moved away")
    dialog.goods.setChecked(True)
    dialog.go.click()
    dialog.go.click()
    page.closed(CancelDialog)
    page.settled(lambda: "is cancelled; ₹600.00 is in the wallet" in page.bulk.notice.text)
    order = shop.order(placed.orders[0].id)
    assert (order.state, order.cancel_reason) == (InstalmentOrderState.CANCELLED, "Customer moved away")
    assert shop.stock() == pieces + 2
    with shop.till.db.read() as connection:
        assert balance_of(connection, shop.customer_id, "INR") == inr(600)
    page.settled(lambda: _facts(page)["Orders"] == "Being paid off: 2, Cancelled: 1")
    assert (_facts(page)["Paid so far"], _facts(page)["Given back"]) == ("₹1,300.00", "₹600.00")
    (told,) = page.bulk.cards[0].findChildren(Facts)[:1]
    assert (dict(told.rows)["Given back"], dict(told.rows)["Remaining"]) == ("₹600.00", "₹0.00")


def test_a_cashier_asks_a_manager(page: ListsPage, shop: Bazaar) -> None:
    placed = shop.paid()
    dialog = _cancel(page, placed)
    assert dialog.go.text() == "Ask a manager: cancel, ₹800.00 goes back"
    dialog.to_source.setChecked(True)
    dialog.reason.set_text("Customer moved away")
    dialog.go.click()
    asked = page.dialog(ApprovalDialog)
    assert placed.orders[0].number in " ".join((asked.windowTitle(), *page.texts_in(asked)))
    asked.reject()
    page.closed(ApprovalDialog)
    dialog.reject()
    assert shop.order(placed.orders[0].id).state is InstalmentOrderState.ACTIVE
