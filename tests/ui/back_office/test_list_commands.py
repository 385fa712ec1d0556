"""The verbs of a list as commands: in palette and menu with their keys, on only while they apply."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from tests.factories.history import Shop
from tests.ui.back_office.conftest import OpenOffice
from tests.ui.pages.back_office import OfficeWindow
from tests.ui.pages.back_office_panes import ExceptionPage, PaymentPage, open_order
from tests.ui.pages.hands import CTRL
from tillgate.services.cancel import cancel
from tillgate.services.sweep import sweep
from tillgate.ui.palette import Palette
from tillgate.ui.screens.exceptions import ExceptionsScreen
from tillgate.ui.screens.exceptions.settle_dialog import SettleDialog
from tillgate.ui.screens.orders import OrdersScreen
from tillgate.ui.screens.payments import PaymentsScreen
from tillgate.ui.screens.payments.refund_dialog import RefundDialog


def offered(window: OfficeWindow, screen: str) -> set[str]:
    """The verbs of a screen that the palette offers now, without those of every list."""
    listed = {command.key for command in window.shell.commands.listed() if command.screen == screen}
    return {key.removeprefix(f"{screen}.") for key in listed} - {"search", "export"}


def test_a_payments_verbs_are_commands_while_they_apply(office: OpenOffice, shop: Shop) -> None:
    paid, waiting = shop.sell(), shop.begin()
    window = office(shop.cashier)
    window.payments(go=True)
    window.settle()
    assert offered(window, "payments") == set()
    page = PaymentPage(window, waiting.id)
    window.until(lambda: offered(window, "payments") == {"check", "cancel"})
    page = PaymentPage(window, paid.id)
    window.until(lambda: offered(window, "payments") == {"print_receipt", "receipt", "refund"})
    palette = Palette(window.shell, window.shell.commands)
    palette.line.setText("refund")
    assert palette.found[0] == "payments.refund"
    assert window.shell.commands.hint("payments.refund") == "F8"
    palette.reject()
    window.press(window.payments().table.view, Qt.Key.Key_F8)
    dialog = page.dialog(RefundDialog)
    dialog.reject()
    window.payments().go_back()
    assert offered(window, "payments") == set()
    window.shell.commands.action("payments.refund").trigger()
    assert not [each for each in window.shell.findChildren(RefundDialog) if each.isVisible()]


def test_a_command_under_way_is_off_with_its_button(office: OpenOffice, shop: Shop) -> None:
    waiting = shop.begin()
    window = office(shop.cashier)
    page = PaymentPage(window, waiting.id)
    window.until(lambda: "check" in offered(window, "payments"))
    page.one.pane.check.setEnabled(False)
    assert "check" not in offered(window, "payments")
    page.one.pane.check.setEnabled(True)
    window.shell.commands.action("payments.check").trigger()
    window.until(lambda: page.notice == "Razorpay has no money for it yet.")


def test_an_orders_verbs_are_commands(office: OpenOffice, shop: Shop) -> None:
    paid = shop.sell()
    shop.work()
    window = office(shop.cashier)
    open_order(window)
    window.until(lambda: offered(window, "orders") == {"payment", "invoice"})
    window.press(window.orders().table.view, Qt.Key.Key_P, CTRL)
    window.settle()
    assert window.shell.current_key == "payments"
    assert offered(window, "orders") == set()
    window.until(lambda: PaymentPage(window, paid.id).state == "Paid")


def test_an_exceptions_choices_are_commands_by_what_hinders_them(office: OpenOffice, shop: Shop) -> None:
    begun = shop.begin()
    cancel(shop.till, shop.cashier, begun.id)
    shop.provider.pay(shop.reference(begun))
    assert sweep(shop.till, shop.provider)
    window = office(shop.manager)
    page = ExceptionPage(window)
    allowed = {action.value for action, button in page.one.pane.buttons.items() if button.isEnabled()}
    assert {"refund", "close"} <= allowed
    assert offered(window, "exceptions") == allowed | {"payment"}
    window.shell.commands.action("exceptions.refund").trigger()
    dialog = window.dialog()
    assert isinstance(dialog, SettleDialog)
    dialog.reject()


def test_the_list_menu_holds_what_the_screen_can_do(office: OpenOffice, shop: Shop) -> None:
    window = office(shop.manager)
    window.orders(go=True)
    [menu] = [each for each in window.shell.menuBar().findChildren(QMenu) if each.title() == "List"]
    expected = ["Show the payment", "Save the invoice", "Search the list", "Export the list as CSV"]
    window.until(lambda: [each.text() for each in menu.actions()] == expected)
    assert [each.isEnabled() for each in menu.actions()] == [False, False, True, True]


@pytest.mark.parametrize("screen", ["payments", "orders", "exceptions"])
def test_search_and_export_by_key(office: OpenOffice, shop: Shop, screen: str) -> None:
    window = office(shop.manager)
    assert window.shell.go(screen)
    window.settle()
    page = window.shell.page(screen)
    assert isinstance(page, PaymentsScreen | OrdersScreen | ExceptionsScreen)
    table = page.table
    window.press(table.view, Qt.Key.Key_F, CTRL)
    assert table.bar.search.hasFocus()
    cashier = office(shop.cashier)
    assert f"{screen}.export" not in {command.key for command in cashier.shell.commands.listed()}
