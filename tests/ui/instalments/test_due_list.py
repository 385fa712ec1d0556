"""What is due is collected: several orders of a customer with one press, through Razorpay or from the wallet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.factories.instalments import Bazaar, inr
from tests.ui.pages.access import nameless
from tests.ui.pages.instalment_lists import ListsPage
from tillgate.domain.payment import PaymentState
from tillgate.services.bulk_orders import Placed
from tillgate.services.daily_collections import Collect, CollectOrder, collect
from tillgate.services.payment_lists import PaymentQuery, list_payments
from tillgate.services.wallet_rows import balance_of
from tillgate.services.wallets import Withdrawal, new_wallet_key, withdraw
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.screens.instalments import collect_pane
from tillgate.ui.screens.instalments.customer_links import CustomerLinks
from tillgate.ui.screens.instalments.due_list import WHEN
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.data_table import Query

_DAY = 24 * 60 * 60
_PHONE, _MAC, _PODS = inr(800), inr(400), inr(100)


@pytest.fixture
def placed(shop: Bazaar) -> Placed:
    """The document's three orders, whose first day was yesterday."""
    made = shop.paid()
    shop.clock.advance(_DAY)
    shop.sign_in_again()
    return made


@pytest.fixture
def page(qtbot: QtBot, tasks: Tasks, shop: Bazaar, placed: Placed) -> Iterator[ListsPage]:
    del placed
    made = ListsPage(qtbot, tasks, shop)
    yield made
    made.settled()


def _paid_days(shop: Bazaar, placed: Placed) -> list[int]:
    return [shop.order(each.id).paid_count for each in placed.orders]


def _balance(shop: Bazaar) -> int:
    with shop.till.db.read() as connection:
        return balance_of(connection, shop.customer_id, "INR").minor


def test_what_is_due_is_collected_with_one_press(page: ListsPage, shop: Bazaar, placed: Placed) -> None:
    assert page.rows(4) == [
        ("John Doe", "Due today", "", "₹800.00"),
        ("John Doe", "Due today", "", "₹400.00"),
        ("John Doe", "Due today", "", "₹100.00"),
    ]
    assert not page.can("pay")
    pane = page.open_customer()
    assert pane.collect.text() == "Collect ₹1,300.00 for 3 orders"
    assert (pane.wallet.isEnabled(), pane.told.text()) == (False, "The wallet has ₹0.00: too little for this.")
    assert nameless(page.screen) == []

    page.key(Qt.Key.Key_F9)
    page.settled(lambda: page.stage is Stage.WAITING)
    assert page.screen.paying
    assert [(what, amount) for what, _about, amount in page.screen.page.bill.texts] == [
        ("iPhone 15 Pro", "₹800.00"),
        ("iPhone 15 Pro", "₹400.00"),
        ("AirPods Pro", "₹100.00"),
    ]
    assert page.opened, "its page was opened in the browser"
    # Back in the list its orders lead to the payment that is open, and to no other.
    page.command("leave")
    page.settled(lambda: all(card.row.paying is not None for card in pane.cards.values()))
    assert not page.can("pay")
    assert not pane.collect.isEnabled()
    page.card(1).open.click()
    page.settled(lambda: page.stage is Stage.WAITING)
    page.customer_pays()
    assert _paid_days(shop, placed) == [2, 2, 2]
    page.command("leave")
    page.settled(lambda: page.rows() == [])
    assert len(list_payments(shop.till, shop.manager, PaymentQuery())) == 2


def test_some_orders_and_days_ahead_are_taken_from_the_wallet_once(
    page: ListsPage, shop: Bazaar, placed: Placed
) -> None:
    shop.fill_wallet(inr(2_000))
    pane = page.open_customer()
    page.space(1)
    page.quoted()
    assert pane.collect.text() == "Collect ₹900.00 for 2 orders"
    page.card(2).stepper.line.setFocus()
    page.enter("5")
    page.quoted()
    assert page.card(2).amount.text() == "₹500.00"
    assert pane.wallet.text() == "Take ₹1,300.00 from the wallet"
    # A second press while the first is under way is none.
    assert page.shell.commands.hint("instalments.from_wallet") == "F8"
    taking = page.shell.commands.action("instalments.from_wallet")
    taking.trigger()
    taking.trigger()
    page.settled(lambda: "was taken" in page.said)
    assert [each.text() for each in page.screen.notice.buttons] == ["Print receipt", "Save receipt"]
    assert "₹1,300.00 was taken from the wallet of John Doe for 2 orders." in page.said
    assert _paid_days(shop, placed) == [2, 1, 6]
    assert _balance(shop) == inr(700).minor
    page.settled(lambda: page.rows(4) == [("John Doe", "Due today", "", "₹400.00")])

    # The receipt's code opens its order for the next day, though nothing of it is due.
    page.screen.scan(placed.orders[0].number)
    page.settled(lambda: page.rows(1) == [("John Doe",)] and page.due.pane is not None)
    page.quoted()
    assert page.pane.row.order_id == placed.orders[0].id
    assert page.pane.collect.text() == "Collect ₹1,200.00 for 2 orders"
    page.screen.go_back()
    page.due.table.set_query(Query())
    page.settled(lambda: page.rows(4) == [("John Doe", "Due today", "", "₹400.00")])

    # Nothing is chosen: nothing can be collected, and it says so.
    pane = page.open_customer()
    page.space([card.row.order_id for card in pane.cards.values()].index(placed.orders[1].id))
    page.settled(lambda: pane.quote is None and not pane.waits)
    assert (pane.collect.isEnabled(), pane.told.text()) == (False, "Choose the orders to collect for.")
    assert not page.can("pay")


def test_what_changed_meanwhile_is_told_and_never_collected_twice(
    page: ListsPage, shop: Bazaar, placed: Placed
) -> None:
    shop.fill_wallet(inr(1_300))
    pane = page.open_customer()
    shop.till.db.on_committed = lambda _entries: None
    # Elsewhere the money goes out of the wallet, and a day of the first order is paid.
    withdraw(
        shop.till, shop.manager, Withdrawal(new_wallet_key(), shop.customer_id, inr(1_000), "cash over the counter")
    )
    pane.wallet.click()
    page.settled(lambda: bool(pane.notice.text))
    assert "₹300.00" in pane.notice.text
    page.quoted()
    assert not pane.wallet.isEnabled()
    first = placed.orders[0].id
    shop.fill_wallet(_PHONE)
    collect(shop.till, shop.cashier, Collect("collect-elsewhere", (CollectOrder(first),), _PHONE, "wallet"))
    open_elsewhere = collect(
        shop.till, shop.cashier, Collect("collect-open", (CollectOrder(placed.orders[1].id),), _MAC, "razorpay")
    )
    pane.collect.click()
    page.settled(lambda: "Open its payment" in [each.text() for each in pane.notice.buttons])
    (leads,) = (each for each in pane.notice.buttons if each.text() == "Open its payment")
    page.read_again()
    assert _paid_days(shop, placed) == [2, 1, 1]
    leads.click()
    page.settled(lambda: page.stage is Stage.WAITING)
    assert page.screen.page.paying.payment_id == open_elsewhere.payment.id
    waiting = [each for each in list_payments(shop.till, shop.manager, PaymentQuery())
               if each.state is not PaymentState.CAPTURED]  # fmt: skip
    assert len(waiting) == 1


def test_a_customers_orders_go_on_as_far_as_there_are_any(page: ListsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect_pane, "PAGE", 2)
    pane = page.open_customer()
    assert (list(page.texts_in(pane) & {"3 orders"}), len(pane.cards)) == (["3 orders"], 2)
    assert pane.more.text() == "Show 1 more order"
    shown = list(pane.cards.values())
    page.space(1)
    pane.more.setFocus()
    page.key(Qt.Key.Key_Return)
    page.settled(lambda: len(pane.cards) == 3)
    page.quoted()
    assert list(pane.cards.values())[:2] == shown, "what was shown and chosen stays"
    assert (shown[1].chosen, pane.more.isHidden()) == (False, True)
    assert page.shell.focusWidget() is page.card(2).check
    assert pane.collect.text() == "Collect ₹900.00 for 2 orders"


def test_a_scanned_number_opens_its_customer_and_days_ahead_are_found(
    page: ListsPage, shop: Bazaar, placed: Placed
) -> None:
    query = page.due.table.query
    page.due.table.set_query(query.with_filter(WHEN, "upcoming"))
    page.settled(lambda: [row[0] for row in page.rows()] == ["John Doe"] * 3)
    page.due.table.set_query(query.with_filter(WHEN, "overdue"))
    page.settled(lambda: page.rows() == [])
    page.screen.scan(placed.orders[2].number)
    page.quoted()
    assert [row[3] for row in page.rows(4)] == [page.pane.cards[placed.orders[2].id].amount.text()]
    assert page.pane.row.order_id == placed.orders[2].id
    page.screen.go_back()
    page.screen.scan(placed.bulk.number)
    page.quoted()
    page.settled(lambda: len(page.rows()) == 3)
    # From a customer's dues to their bulk orders, and back.
    (links,) = page.pane.findChildren(CustomerLinks)
    assert links.buttons["orders"].accessibleName() == "Bulk orders of John Doe"
    links.buttons["orders"].click()
    page.settled(lambda: page.screen.front == "orders" and page.orders.pane is not None and bool(page.bulk.cards))
    (links,) = page.bulk.findChildren(CustomerLinks)
    links.buttons["due"].click()
    page.quoted()
    assert (page.screen.front, page.pane.row.customer, set(links.buttons)) == ("due", "John Doe", {"due", "wallets"})

    # All that is left of all of them; then a day of the last one is paid elsewhere, unseen.
    for position, days in ((0, "99"), (1, "199"), (2, "49")):
        page.card(position).stepper.line.setFocus()
        page.enter(days)
    page.quoted()
    assert page.pane.collect.text() == "Collect ₹1,63,700.00 for 3 orders"
    shop.till.db.on_committed = lambda _entries: None
    shop.fill_wallet(_PODS)
    collect(shop.till, shop.cashier, Collect("collect-1", (CollectOrder(placed.orders[2].id),), _PODS, "wallet"))
    page.space(0)
    page.settled(lambda: "48 unpaid" in page.pane.notice.text and not page.pane.waits)
    assert not page.can("pay")
    page.card(2).stepper.line.setFocus()
    page.enter("48")
    page.quoted()
    assert page.pane.notice.text == ""
    page.card(0).open_order.click()
    page.settled(lambda: page.orders.pane is not None and page.orders.pane.details is not None)
    assert (page.screen.front, page.bulk.number) == ("orders", placed.bulk.number)
