"""An invoice is verified: every rule as a row, what the customer is told, and the order that is made with it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from tests.factories.people import PIN
from tests.ui.pages.access import nameless
from tests.ui.pages.hands import CTRL, SHIFT
from tests.ui.pages.payment_invoices import InvoicePage, verdicts
from tillgate.domain.invoice_checks import Reason
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.domain.staff import Role
from tillgate.services import carts
from tillgate.services.invoice_verification import sell_with_invoice
from tillgate.services.settle import check_now
from tillgate.store.models import invoice_verification, sales_order
from tillgate.ui.dialogs.approval import ApprovalDialog
from tillgate.ui.screens.payment_invoices.keys import VERIFY
from tillgate.ui.screens.payment_invoices.screen import SOLD
from tillgate.ui.screens.payment_invoices.surplus_dialog import SurplusDialog

KEY = Qt.Key
NBSP = "\N{NO-BREAK SPACE}"


def test_a_scanned_invoice_is_verified_and_sold_by_keyboard_alone(page: InvoicePage) -> None:
    paid = page.kiosk.paid()
    page.kiosk.cart()
    page.screen.verify.read_carts()
    page.settled()
    page.screen.show_page("invoices")
    page.scan(paid.number)
    verify = page.screen.verify
    page.settled(lambda: verify.ref.text == paid.number)
    assert page.screen.front == VERIFY
    page.type("1000")
    page.press(KEY.Key_Return)
    page.settled(lambda: verify.panel.result is not None)
    assert page.verdict.startswith("The invoice is good")
    assert "Payment verified successfully." in page.verdict
    assert verdicts(page.rules) == ["passed"] * 7
    rules = {check: (expected, found) for check, _verdict, expected, found in page.rules}
    assert rules["amount"] == (f"KSh{NBSP}1,032.00", f"KSh{NBSP}1,032.00")
    assert rules["completed"] == ("Complete", "Complete")
    assert nameless(page.screen) == []
    page.press(KEY.Key_S, CTRL)
    page.settled(lambda: bool(page.slips))
    assert page.slips[0].success
    page.press(KEY.Key_P, CTRL | SHIFT)
    page.settled(lambda: verify.panel.notice.text == "The slip was sent to the printer.")
    assert page.slips[1:] == page.slips[:1]
    assert not page.can("order")
    page.press(KEY.Key_F5)
    page.press(KEY.Key_Down)
    assert verify.cart.combo.currentText() == f"Open cart: KSh{NBSP}1,000.00, 1 line"
    page.awake()
    page.press(KEY.Key_F12)
    page.settled(lambda: page.screen.front == SOLD)
    assert page.screen.sold.what.text() == f"1 order was made with invoice {paid.number}."
    assert page.screen.sold.orders.texts[0].startswith("Duka: order ORD-T1-000001")
    assert nameless(page.screen) == []
    page.awake()
    page.press(KEY.Key_D, CTRL)
    page.settled(lambda: "receipt-" in page.screen.sold.notice.text)
    page.press(KEY.Key_Return)
    page.settled(lambda: page.shell.page("checkout").isVisible())
    assert page.kiosk.invoice(paid.id).state is InvoiceStatus.USED


def test_a_used_one_names_its_order_and_two_presses_make_one(page: InvoicePage) -> None:
    paid = page.kiosk.paid()
    cart_id = page.kiosk.cart()
    page.verify(paid.provider_id or "")
    verify = page.screen.verify
    page.settled(lambda: verify.cart.combo.count() == 2)
    verify.cart.choose(cart_id)
    page.awake()
    order = verify.panel.buttons["order"]
    order.click()
    assert not order.isEnabled()
    order.click()
    verify.do("order")
    page.settled(lambda: page.screen.front == SOLD)
    assert len(page.kiosk.rows(sales_order)) == 1
    page.verify(paid.number)
    assert page.verdict.startswith("The invoice was already used")
    assert "It paid for order ORD-T1-000001." in page.verdict
    assert verdicts(page.rules) == ["passed", "failed", "passed", "passed", *["not_checked"] * 3]
    assert page.offers() == {"print_slip", "save_slip", "payment", "orders"}
    page.press(KEY.Key_O, CTRL)
    assert [getattr(each, "text", "") for each in page.shown] == ["ORD-T1-000001"]


def test_another_till_was_quicker_and_the_cart_changed_meanwhile(page: InvoicePage) -> None:
    paid = page.kiosk.paid()
    cart_id = page.kiosk.cart()
    other = page.kiosk.till_of("T2")
    page.verify(paid.number)
    verify = page.screen.verify
    page.settled(lambda: verify.cart.combo.count() == 2)
    verify.cart.choose(cart_id)
    page.kiosk.cart()
    page.awake()
    page.command("order")
    notice = verify.panel.notice
    page.settled(lambda: notice.text != "")
    assert "The cart’s total and its fees are not what was paid on it." in notice.text
    sell_with_invoice(other.till, other.cashier, other.cart(), paid.number)
    page.command("order")
    page.settled(lambda: "It was used for order" in notice.text)
    notice.buttons[0].click()
    page.settled(lambda: page.verdict.startswith("The invoice was already used"))
    assert page.kiosk.invoice(paid.id).till_id == "T1"


def test_a_held_cart_is_sold_too_and_what_stood_open_is_held(page: InvoicePage) -> None:
    cart_id = page.kiosk.cart()
    carts.hold(page.kiosk.till, page.actor, cart_id, "Blue jacket")
    paid = page.kiosk.paid()
    page.verify(paid.number)
    verify = page.screen.verify
    page.settled(lambda: verify.cart.combo.count() == 2)
    assert verify.cart.combo.itemText(1) == f"Blue jacket: KSh{NBSP}1,000.00, 1 line"
    verify.cart.choose(cart_id)
    page.awake()
    page.command("order")
    page.settled(lambda: page.screen.front == SOLD)
    assert page.kiosk.invoice(paid.id).state is InvoiceStatus.USED


def test_what_expired_failed_or_waits_is_refused_in_words(page: InvoicePage) -> None:
    kiosk = page.kiosk
    paid, waiting = kiosk.paid(), kiosk.ask(phone="0722000001")
    page.verify(waiting.invoice.number)
    assert page.verdict.startswith("The payment is not completed")
    assert "Do not charge again." in page.verdict
    assert verdicts(page.rules)[4:] == ["failed", "not_checked", "not_checked"]
    kiosk.clock.advance(1)
    kiosk.provider.faults["fetch"] = ["unknown"]
    page.verify(waiting.invoice.number)
    assert page.verdict.startswith("The provider did not answer")
    assert "Do not charge again." in page.verdict
    assert verdicts(page.rules) == [*["passed"] * 4, *["not_checked"] * 3]
    kiosk.clock.advance(31 * 60)
    page.verify(paid.number)
    assert page.verdict.startswith("The invoice has expired")
    assert "Its money waits on Exceptions" in page.verdict
    # A cashier has no such screen.
    assert not page.can("exceptions")
    for nonsense in ("PI-2222222222", "'; DROP TABLE payment_invoice; --", "x" * 90, "<b>PI</b>", "\N{SNOWMAN}"):
        page.verify(nonsense)
        assert page.verdict.startswith("There is no such invoice")
        assert "<b>" not in page.screen.verify.panel.title.text()
    assert page.offers() == {"print_slip", "save_slip"}
    reasons = [row.reason for row in kiosk.rows(invoice_verification)]
    assert reasons == [*[Reason.NOT_COMPLETED] * 2, Reason.EXPIRED, *[Reason.NOT_FOUND] * 5]


def test_a_missing_id_or_amount_is_said_at_its_field(page: InvoicePage) -> None:
    verify = page.screen.verify
    QGuiApplication.clipboard().setText("  PI-2222222222 ")
    verify.press()
    assert verify.ref.error
    verify.ref.line.clear()
    verify.ref.line.paste()
    for amount in ("", "0", "abc"):
        verify.amount.set_text(amount)
        verify.press()
        assert verify.amount.error
    page.settled()
    assert page.kiosk.rows(invoice_verification) == []
    page.verify("  PI-2222222222 ")
    assert page.verdict.startswith("There is no such invoice")


def test_a_surplus_is_for_a_manager_and_a_shortfall_for_nobody(page: InvoicePage) -> None:
    paid = page.kiosk.paid()
    page.verify(paid.number, "1100")
    assert f"Paid is KSh{NBSP}103.00 less than expected. Nobody can accept that." in page.verdict
    assert "surplus" not in page.offers()
    page.verify(paid.number, "900")
    assert f"Paid is KSh{NBSP}103.00 more than expected." in page.verdict
    page.awake()
    page.press(KEY.Key_F8)
    dialog = page.dialog(SurplusDialog)
    dialog.go.click()
    assert dialog.reason.error
    dialog.reason.set_text("the price was marked down")
    dialog.go.click()
    approval = page.dialog(ApprovalDialog)
    page.settled(lambda: approval.credential.who.count() == 1)
    approval.credential.entry.line.setText(PIN[Role.MANAGER])
    approval.go.click()
    page.settled(lambda: page.verdict.startswith("The invoice is good"))
    assert page.kiosk.invoice(paid.id).surplus_minor == 10_300


def test_what_the_provider_took_too_much_is_settled_on_exceptions(page: InvoicePage) -> None:
    asked = page.kiosk.ask()
    page.kiosk.answer(asked, minor=110_000)
    check_now(page.kiosk.till, page.actor, asked.payment.id)
    page.verify(asked.invoice.number)
    assert "Its money waits on Exceptions" in page.verdict
    assert page.offers() == {"print_slip", "save_slip", "payment"}
    page.who = page.actor = page.kiosk.manager
    page.open_again()
    page.verify(asked.invoice.number)
    assert page.offers() == {"print_slip", "save_slip", "payment", "exceptions"}
    page.press(KEY.Key_F11)
    assert page.shown == ["exceptions"]
