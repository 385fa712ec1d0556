"""Two customers at once: what is under way for one is not touched by the other, and nothing sold reads as good."""

from __future__ import annotations

from dataclasses import replace

from tests.ui.pages.payment_invoices import InvoicePage
from tillgate.domain.money import Money
from tillgate.services.carts import view_cart
from tillgate.services.refunds import request_refund
from tillgate.ui.screens.payment_invoices.keys import ASK, VERIFY
from tillgate.ui.screens.payment_invoices.screen import SOLD


def test_an_order_for_one_leaves_the_phone_of_another_where_it_stands(page: InvoicePage) -> None:
    paid = page.kiosk.paid(phone="0799 000 111")
    page.ask("0712 345 678")
    asked = page.invoice
    cart_id = page.kiosk.cart()
    page.verify(paid.number)
    verify = page.screen.verify
    page.settled(lambda: verify.cart.combo.count() == 2)
    verify.cart.choose(cart_id)
    page.awake()
    page.command("order")
    page.settled(lambda: page.screen.front == SOLD)
    # What was sold is good for nothing more, so nothing on the screen says that it is.
    page.screen.show_page(VERIFY)
    assert (verify.panel.result, verify.ref.text, verify.amount.text) == (None, "", "")
    assert page.offers() == set()
    assert verify.panel.isHidden()
    page.screen.show_page(ASK)
    assert page.screen.ask.paying.invoice == asked
    page.answer()
    assert page.prompt.startswith("Paid")
    page.awake()
    page.command("use")
    page.settled(lambda: verify.panel.result is not None and verify.panel.result.success)


def test_a_cart_that_was_sold_is_asked_for_on_no_phone(page: InvoicePage) -> None:
    """It was carried over, and then paid with an invoice that its customer had already."""
    paid = page.kiosk.paid()
    cart_id = page.kiosk.cart()
    page.screen.carry(view_cart(page.kiosk.till, page.actor, cart_id))
    page.settled(lambda: page.screen.ask.cart is not None)
    page.verify(paid.number)
    verify = page.screen.verify
    page.settled(lambda: verify.cart.combo.count() == 2)
    verify.cart.choose(cart_id)
    page.awake()
    page.command("order")
    page.settled(lambda: page.screen.front == SOLD)
    assert (page.screen.ask.cart, page.screen.ask.amount.text) == (None, "")


def test_an_id_scanned_while_another_is_verified_is_verified_next(page: InvoicePage) -> None:
    first, second = page.kiosk.paid(), page.kiosk.paid(phone="0799 000 111")
    verify = page.screen.verify
    page.screen.show_page(VERIFY)
    verify.amount.set_text("1000")
    page.screen.scan(first.number)
    page.screen.scan("PI-2222222222")
    page.screen.scan(second.number)
    page.settled(lambda: verify.panel.result is not None and verify.panel.result.asked == second.number)
    assert verify.ref.text == second.number
    assert second.number in page.verdict


def test_what_a_verdict_says_next_is_what_became_of_the_money(page: InvoicePage) -> None:
    back, lying = page.kiosk.paid(), page.kiosk.ask(phone="0799 000 111")
    assert back.payment_id is not None
    request_refund(page.kiosk.till, page.kiosk.manager, back.payment_id, Money(103_200, "KES"), "they left")
    page.verify(back.number)
    assert "Its money went back, or is on its way back. Do not hand anything over." in page.verdict
    page.kiosk.answer(lying)
    page.kiosk.provider.twist = lambda facts: replace(facts, account="somebody else's")
    page.verify(lying.invoice.number)
    assert page.verdict.startswith("The payment is not completed")
    assert "Its money waits on Exceptions, where a manager decides." in page.verdict
    assert ("completed", "failed", "Complete", "On Exceptions") in page.rules
    assert "order" not in page.offers()


def test_nothing_is_done_with_the_verdict_of_another_id_than_stands_there(page: InvoicePage) -> None:
    paid, cart_id = page.kiosk.paid(), page.kiosk.cart()
    page.verify(paid.number)
    verify = page.screen.verify
    page.settled(lambda: verify.cart.combo.count() == 2)
    verify.cart.choose(cart_id)
    page.awake()
    assert page.can("order")
    verify.ref.set_text("PI-2222222222")
    assert not page.can("order")
    assert "order" not in page.offers()
    verify.do("order")
    assert not page.screen.selling.busy
    # Any of its own names is its name.
    for name in (paid.provider_id or "", f" {paid.number.lower()} "):
        verify.ref.set_text(name)
        assert page.can("order")
