"""A cart of the checkout is paid by a phone: carried over with its total, sold by one press, shown as sold."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt

from tests.ui.pages.hands import CTRL
from tests.ui.pages.payment_invoices import InvoicePage
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.domain.settings import STORE_CURRENCY, Settings
from tillgate.ports import CancelWay
from tillgate.services import carts
from tillgate.services.prompts import count_open_prompts
from tillgate.store.models import payment_invoice, sales_order
from tillgate.ui.screens.checkout.keys import Key
from tillgate.ui.screens.payment_invoices.keys import ASK
from tillgate.ui.screens.payment_invoices.screen import SOLD

KEY = Qt.Key
NBSP = "\N{NO-BREAK SPACE}"


def to_checkout(page: InvoicePage) -> None:
    """The checkout is in front, with its cart read."""
    page.shell.go("checkout")
    page.take_keys()
    page.checkout.ringing.reload()
    page.settled(lambda: page.checkout.ringing.cart is not None)


def carried(page: InvoicePage) -> None:
    page.settled(lambda: page.screen.ask.cart is not None and page.screen.ask.fees.fees is not None)
    page.take_keys()


def test_a_cart_is_carried_over_asked_for_and_sold_by_keyboard_alone(page: InvoicePage) -> None:
    cart_id = page.kiosk.cart(2)
    carts.set_customer(page.kiosk.till, page.actor, cart_id, page.kiosk.customer_id)
    to_checkout(page)
    page.press(KEY.Key_F9, CTRL)
    carried(page)
    ask = page.screen.ask
    assert page.screen.front == ASK
    assert (ask.phone.normal, ask.amount.text, ask.for_cart.text()) == (
        "254712345678",
        "2,000.00",
        "Cart: Wanjiru Kamau",
    )
    assert ask.amount.line.isReadOnly()
    page.press(KEY.Key_F9)
    page.settled(lambda: ask.paying.invoice is not None)
    page.answer()
    assert page.offers() == {"order", "payment", "leave"}
    page.awake()
    page.press(KEY.Key_F12)
    page.press(KEY.Key_F12)
    page.settled(lambda: page.screen.front == SOLD)
    assert page.screen.sold.amount.text == f"KSh{NBSP}2,062.00"
    (made,) = page.kiosk.rows(sales_order)
    (used,) = page.kiosk.rows(payment_invoice)
    assert (used.state, used.order_id) == (InvoiceStatus.USED, made.id)
    page.awake()
    page.press(KEY.Key_Return)
    page.settled(lambda: page.shell.page("checkout").isVisible())
    cart = page.checkout.ringing.cart
    assert cart is not None
    assert (cart.id == cart_id, cart.lines) == (False, ())


def test_a_cart_whose_phone_was_asked_is_shown_again_and_never_asked_twice(page: InvoicePage) -> None:
    page.kiosk.cart()
    to_checkout(page)
    page.checkout.ring_up.ask_phone()
    carried(page)
    page.screen.ask.phone.set_text("0712345678")
    page.screen.ask.press()
    page.settled(lambda: page.screen.ask.paying.invoice is not None)
    number = page.invoice.number
    to_checkout(page)
    page.checkout.ring_up.ask_phone()
    page.settled(lambda: page.screen.notice.text != "")
    page.settled(lambda: page.screen.ask.paying.invoice is not None)
    assert page.screen.notice.text.startswith("A phone was asked for this cart before.")
    assert page.invoice.number == number
    page.answer()
    # The till is started anew: the order is still to be made, once.
    page.open_again()
    page.settled(lambda: page.screen.ask.paying.invoice is not None)
    assert "order" in page.offers()
    page.awake()
    page.command("order")
    page.settled(lambda: page.screen.front == SOLD)
    assert len(page.kiosk.rows(sales_order)) == 1
    assert len(page.kiosk.rows(payment_invoice)) == 1


def test_another_prompt_for_a_cart_asks_for_what_it_comes_to_now(page: InvoicePage) -> None:
    page.kiosk.cart()
    to_checkout(page)
    page.checkout.ring_up.ask_phone()
    carried(page)
    ask = page.screen.ask
    ask.phone.set_text("0712345678")
    ask.press()
    page.settled(lambda: ask.paying.invoice is not None)
    page.open_again()
    page.screen.show_page(ASK)
    ask = page.screen.ask
    page.settled(lambda: ask.paying.invoice is not None)
    page.kiosk.cart()
    page.ends("wrong_pin")
    page.awake()
    page.command("again")
    carried(page)
    assert (ask.phone.normal, ask.amount.text) == ("254712345678", "2,000.00")
    ask.press()
    page.settled(lambda: ask.paying.invoice is not None)
    page.answer()
    page.awake()
    page.command("order")
    page.settled(lambda: page.screen.front == SOLD)


def test_an_invoice_scanned_at_the_checkout_is_verified_for_its_cart(page: InvoicePage) -> None:
    paid = page.kiosk.paid()
    cart_id = page.kiosk.cart()
    to_checkout(page)
    page.scan(paid.number.lower())
    verify = page.screen.verify
    page.settled(lambda: verify.panel.result is not None and verify.cart.value == cart_id)
    assert page.verdict.startswith("The invoice is good")
    assert page.offers() == {"order", "print_slip", "save_slip", "payment"}
    to_checkout(page)
    assert page.checkout.view.cart.lines.line_ids
    assert count_open_prompts(page.kiosk.till) == 0
    page.kiosk.ask()
    assert count_open_prompts(page.kiosk.till) == 1
    assert count_open_prompts(page.kiosk.till_of("T2").till) == 0


def test_it_is_offered_where_phones_are_asked_in_the_stores_currency(page: InvoicePage) -> None:
    page.kiosk.cart()
    to_checkout(page)
    button = page.checkout.view.cart.ask_phone
    assert button.isVisible()
    assert page.shell.commands.action(Key.ASK_PHONE).isEnabled()
    providers = page.kiosk.till.providers
    assert isinstance(providers, dict)
    bank = providers.pop("intasend")
    page.checkout._show_tender()
    page.checkout._show_commands()
    assert not button.isVisible()
    assert not page.shell.commands.action(Key.ASK_PHONE).isEnabled()
    providers["intasend"] = bank
    desk = page._desk()
    assert desk.prompt_way() == ("intasend", "stk")
    elsewhere = Settings({STORE_CURRENCY.name: "INR"})
    # A phone can be asked for shillings there, but not for a cart, which is in rupees.
    in_rupees = replace(desk, till=replace(page.kiosk.till, settings=lambda: elsewhere))
    assert (desk.asks_phones, in_rupees.asks_phones) == (True, False)
    assert in_rupees.prompt_way() == ("intasend", "stk")


def test_a_prompt_is_no_way_to_pay_a_cart_whatever_the_settings_say(page: InvoicePage) -> None:
    desk = page._desk()
    assert desk.provider() == ("intasend", "stk")
    assert (desk.tender(), desk.tenders()) == (None, ())
    bank = page.kiosk.provider
    both = {"checkout": CancelWay.LOCAL_ONLY, "stk": CancelWay.LOCAL_ONLY}
    bank.capabilities = replace(bank.capabilities, methods=both, default_method="checkout")
    assert [each.key for each in desk.tenders()] == ["intasend:checkout"]
    assert desk.tender() == desk.tenders()[0]
