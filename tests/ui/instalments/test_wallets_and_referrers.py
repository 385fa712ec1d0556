"""Wallets topped up, paid out and read; commissions paid into them; who brought whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from tests.factories.instalments import Bazaar, inr, owed
from tests.factories.people import PIN
from tests.ui.pages.access import nameless
from tests.ui.pages.hands import CTRL
from tests.ui.pages.instalment_wallets import PursePage, press_button, rows_of
from tillgate.domain.money import Money
from tillgate.domain.staff import Actor, Role
from tillgate.services.commissions import referrer_of
from tillgate.services.wallet_rows import balance_of
from tillgate.store.models import payment, wallet_top_up, wallet_transaction
from tillgate.ui.dialogs.approval import ApprovalDialog
from tillgate.ui.screens.instalments.wallet_dialogs import CommissionDialog, PayOutDialog, ReferrerDialog, TopUpDialog
from tillgate.ui.screens.instalments.wallet_statement import CommissionStatement, WalletStatement
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.data_table import Query, Sort

RETURN, TAB = Qt.Key.Key_Return, Qt.Key.Key_Tab
Open = Callable[[Actor], PursePage]


@pytest.fixture
def window(qtbot: QtBot, tasks: Tasks, shop: Bazaar) -> Open:
    return lambda who: PursePage(qtbot, tasks, shop, who)


def balance(shop: Bazaar, customer: int | None = None) -> Money:
    with shop.till.db.read() as connection:
        return balance_of(connection, customer or shop.customer_id, "INR")


def write(page: PursePage, dialog: TopUpDialog | PayOutDialog | CommissionDialog | ReferrerDialog, text: str) -> None:
    """Typed into the line that has the focus."""
    line = dialog.focusWidget()
    assert isinstance(line, QLineEdit)
    page.pause()
    line.setText(text)
    page.settled()


def test_a_cashier_tops_up_a_wallet_by_keys_alone(window: Open, shop: Bazaar) -> None:
    page = window(shop.cashier)
    assert list(page.screen.pages) == ["wallets", "orders"]
    assert "No wallets yet" in page.texts
    # Whoever never had a wallet is found, and topped up from there too.
    page.front.table.set_query(Query("doe"))
    page.settled(lambda: page.rows(3) == [("John Doe", "", "")])
    page.open_row()
    page.key(Qt.Key.Key_T, CTRL)
    page.dialog(TopUpDialog).reject()
    page.closed(TopUpDialog)
    page.front.table.set_query(Query())
    page.settled(lambda: page.rows() == [])
    page.add()
    dialog = page.dialog(TopUpDialog)
    assert nameless(dialog) == []
    assert dialog.focusWidget() is dialog.customer.search
    write(page, dialog, "doe")
    page.tap(dialog, RETURN)
    page.settled(lambda: dialog.customer.value == shop.customer_id)
    assert dialog.focusWidget() is dialog.amount.line
    page.tap(dialog, RETURN)
    assert dialog.amount.error
    write(page, dialog, "0")
    page.tap(dialog, RETURN)
    assert dialog.amount.error
    assert shop.count(wallet_top_up) == 0
    # Refused by the provider's own least amount: what is typed next is another press.
    write(page, dialog, "0.50")
    page.tap(dialog, RETURN)
    page.settled(lambda: "₹1.00" in dialog.amount.line.accessibleDescription())
    write(page, dialog, "1,500")
    assert dialog.go.text() == "Top up ₹1,500.00"
    dialog.go.click()
    dialog.go.click()
    page.closed(TopUpDialog)
    assert page.screen.paying
    assert (shop.count(wallet_top_up), shop.count(payment)) == (2, 1)
    assert {"Top-up of a wallet", "Into the wallet"} <= page.texts
    page.customer_pays()
    assert balance(shop) == inr(1500)
    page.command("leave")
    page.settled(lambda: page.rows(2) == [("John Doe", "₹1,500.00")])
    page.open_row()
    assert {"₹1,500.00", "Latest moves", "Nobody"} & page.texts == {"₹1,500.00", "Latest moves"}
    assert nameless(page.screen) == []


def test_a_payout_goes_past_a_manager_and_never_below_nothing(window: Open, shop: Bazaar) -> None:
    shop.fill_wallet(inr(500))
    page = window(shop.cashier)
    page.open_row()
    page.key(Qt.Key.Key_P, CTRL)
    dialog = page.dialog(PayOutDialog)
    assert nameless(dialog) == []
    write(page, dialog, "200")
    assert dialog.go.text() == "Ask a manager: pay out ₹200.00"
    page.tap(dialog, RETURN)
    page.settled(lambda: bool(dialog.reason.error))
    dialog.reason.set_text("Asked for it")
    dialog.go.click()
    approval = page.dialog(ApprovalDialog)
    assert approval.reason.text == "Asked for it"
    assert balance(shop) == inr(500)
    approval.reject()
    page.closed(ApprovalDialog)
    dialog.amount.set_amount(inr(501))
    dialog.go.click()
    approve(page)
    page.settled(lambda: "The wallet has ₹500.00, and ₹501.00 is needed." in dialog.notice.text)
    dialog.amount.set_amount(inr(200))
    dialog.go.click()
    approve(page)
    page.closed(PayOutDialog)
    page.settled(lambda: page.said.startswith("₹200.00 is paid out."))
    assert balance(shop) == inr(300)
    page.settled(lambda: page.rows(2) == [("John Doe", "₹300.00")] and "₹300.00" in page.texts)
    assert {"Paid out in cash", "−₹200.00"} <= page.texts


def approve(page: PursePage) -> None:
    """The manager's own PIN."""
    approval = page.dialog(ApprovalDialog)
    page.settled()
    approval.credential.entry.line.setText(PIN[Role.MANAGER])
    approval.go.click()
    page.closed(ApprovalDialog)


def test_the_statement_says_what_moved_and_leads_to_it(window: Open, shop: Bazaar) -> None:
    shop.fill_wallet(inr(2000))
    placed = shop.place_from_wallet()
    page = window(shop.manager)
    page.open_row()
    page.command("statement")
    statement = page.dialog(WalletStatement)
    table = statement.table
    page.settled(lambda: table.model.rowCount() == 4 and not table.model.waiting)
    moves = [row[1:] for row in rows_of(table, 4)]
    assert [move[:2] for move in moves[::3]] == [("Payment", "−₹100.00"), ("Credit from Exceptions", "₹2,000.00")]
    assert moves[0][2] == "₹700.00"
    assert nameless(statement) == []
    table.set_query(Query(sort=Sort("created", descending=False)))
    page.settled(lambda: not table.model.waiting and rows_of(table, 2)[0][1] == "Credit from Exceptions")
    table.set_query(Query(placed.orders[1].number))
    page.settled(lambda: not table.model.waiting and [row[2] for row in rows_of(table)] == ["−₹400.00"])
    table.open_row(0)
    page.settled()
    press_button(statement, "Payment 1")
    page.closed(WalletStatement)
    assert page.opened == ["payment-1"]
    page.command("statement")
    statement = page.dialog(WalletStatement)
    statement.table.set_query(Query(placed.orders[1].number))
    page.settled(lambda: statement.table.model.rowCount() == 1 and not statement.table.model.waiting)
    statement.table.open_row(0)
    page.settled()
    press_button(statement, f"Order {placed.orders[1].number}")
    page.closed(WalletStatement)
    page.settled(lambda: page.front.table.query.text == placed.orders[1].number)
    assert page.screen.front == "orders"


def test_a_commission_is_paid_into_the_referrers_wallet_once(window: Open, shop: Bazaar) -> None:
    shop.fill_wallet(inr(2000))
    shop.place_from_wallet()
    assert owed(shop) == inr(130)
    page = window(shop.manager)
    page.show("referrers")
    page.settled(lambda: page.rows() == [("Meera Nair", "1", "₹130.00")])
    page.open_row()
    press_button(page.pane, "Pay ₹130.00 into the wallet")
    dialog = page.dialog(CommissionDialog)
    assert nameless(dialog) == []
    assert (dialog.amount.text, dialog.focusWidget()) == ("130.00", dialog.reason.line)
    dialog.amount.set_amount(inr(131))
    dialog.reason.set_text("November")
    dialog.go.click()
    page.settled(lambda: "Only ₹130.00 is owed to this referrer, not ₹131.00." in dialog.notice.text)
    dialog.amount.set_amount(inr(130))
    dialog.go.click()
    dialog.go.click()
    page.closed(CommissionDialog)
    page.settled(lambda: page.said == "₹130.00 of commission is in the wallet.")
    assert (owed(shop), balance(shop, shop.referrer_id)) == (inr(0), inr(130))
    page.settled(lambda: page.rows() == [("Meera Nair", "1", "₹0.00")] and "Nobody" in page.texts)
    press_button(page.pane, "Commission statement")
    statement = page.dialog(CommissionStatement)
    page.settled(lambda: statement.table.model.rowCount() == 4 and not statement.table.model.waiting)
    assert [row[1:] for row in rows_of(statement.table, 4)] == [
        ("Paid into the wallet", "−₹130.00", ""),
        ("Earned", "₹10.00", "John Doe"),
        ("Earned", "₹40.00", "John Doe"),
        ("Earned", "₹80.00", "John Doe"),
    ]
    statement.reject()
    page.closed(CommissionStatement)


def test_a_manager_says_who_brought_a_customer(window: Open, shop: Bazaar) -> None:
    shop.fill_wallet(inr(1))

    def referrer() -> int | None:
        with shop.till.db.read() as connection:
            return referrer_of(connection, shop.customer_id)

    page = window(shop.manager)
    page.open_row()
    assert "Meera Nair" in page.texts
    press_button(page.pane, "Change the referrer")
    dialog = page.dialog(ReferrerDialog)
    assert dialog.referrer.who.text().startswith("Meera Nair")
    dialog.nobody.setChecked(True)
    dialog.go.click()
    page.closed(ReferrerDialog)
    page.settled(lambda: "Nobody" in page.texts)
    assert referrer() is None
    page.show("referrers")
    page.settled(lambda: page.rows() == [])
    page.add()
    dialog = page.dialog(ReferrerDialog)
    assert nameless(dialog) == []
    for _ in range(2):
        write(page, dialog, "john")
        page.tap(dialog, RETURN)
        page.settled()
    page.settled(lambda: dialog.referrer.value == shop.customer_id)
    dialog.save()
    page.settled(lambda: "Nobody can be their own referrer." in dialog.notice.text)
    dialog.referrer.other.click()
    dialog.referrer.search.setText("meera")
    page.settled()
    dialog.save()
    dialog.save()
    page.closed(ReferrerDialog)
    page.settled(lambda: page.rows(2) == [("Meera Nair", "1")])
    assert referrer() == shop.referrer_id
    assert shop.count(wallet_transaction) == 1
