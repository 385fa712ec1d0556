"""Whether the customer gets mails of a sale, and a search that finds nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.factories.shop import Counter
from tests.ui.pages.checkout import GITANJALI, CheckoutPage
from tests.ui.pages.hands import CTRL, press, type_text
from tillgate.services.customers import CustomerDraft, create_customer
from tillgate.store.models import payment
from tillgate.ui.screens.checkout.email_dialog import EmailDialog


def test_mail_is_wanted_or_not_and_an_address_is_asked_for_where_there_is_none(
    page: CheckoutPage, counter: Counter
) -> None:
    page.ring_up(GITANJALI)
    mail = page.screen.view.cart.mail
    assert not mail.isVisible()
    page.screen.ringing.set_customer(counter.customer_id)
    page.settled()
    assert mail.text() == "E-mail to asha@example.com"
    page.press(Qt.Key.Key_M, CTRL)
    page.settled()
    assert mail.text() == "No e-mail"
    nameless_mail = create_customer(counter.till, counter.cashier, CustomerDraft("Ravi Iyer"))
    page.screen.ringing.set_customer(nameless_mail.id)
    page.settled()
    assert mail.text() == "No e-mail"
    page.click(mail)
    dialog = page.dialog()
    assert isinstance(dialog, EmailDialog)
    type_text(dialog.email.line, "ravi@")
    press(dialog.email.line, Qt.Key.Key_Return)
    page.until(dialog.email._error.text)
    dialog.email.set_text("ravi@example.org")
    press(dialog.email.line, Qt.Key.Key_Return)
    page.until(lambda: mail.text() == "E-mail to ravi@example.org")
    page.settled()
    page.pay()
    assert [row.payer_email for row in counter.rows(payment)] == ["ravi@example.org"]


def test_nothing_found_is_said_once(page: CheckoutPage) -> None:
    page.type("xyzzy")
    page.until(lambda: page.screen.view.finder.texts == [])
    page.settled()
    assert page.screen.view.finder._count.text() == ""
