"""The link sent to the customer from the panel; and keys of another account, found at the next start."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.factories.fake_provider import FakeProvider
from tests.factories.shop import Counter
from tests.ui.pages.access import nameless
from tests.ui.pages.checkout import GITANJALI, CheckoutPage
from tests.ui.pages.hands import CTRL
from tillgate.services import carts
from tillgate.services.link_notices import send_text
from tillgate.services.outbox import run_due
from tillgate.ui.screens.checkout.keys import Key
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.tasks import Tasks

SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_the_link_is_mailed_and_texted_while_it_can_be_paid(page: CheckoutPage, counter: Counter) -> None:
    cart = page.screen.ringing.cart
    assert cart is not None
    carts.set_customer(counter.till, counter.cashier, cart.id, counter.customer_id)
    page.screen.ringing.reload()
    page.ring_up(GITANJALI)
    page.pay()
    panel = page.screen.view.payment
    assert nameless(panel) == []
    assert panel.text.isVisible()
    page.press(Qt.Key.Key_M, CTRL | SHIFT)
    page.until(lambda: page.toast == "The link goes to asha@example.com.")
    page.settled()
    page.click(panel.text)
    page.until(lambda: page.toast.startswith("The link goes to +91"))
    page.settled()
    page.click(panel.text)
    page.until(lambda: panel.notice.text.startswith("The link was sent a moment ago."))
    run_due(counter.till, {"text": send_text})
    assert counter.provider.sends("text") == 1
    page.customer_pays()
    page.reached(Stage.PAID)
    for key in (Key.MAIL_LINK, Key.TEXT_LINK):
        assert not page.shell.commands.action(key).isEnabled()


def test_nobody_to_send_it_to_and_nothing_is_offered(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    panel = page.screen.view.payment
    assert panel.copy.isVisible()
    assert (panel.mail.isVisible(), panel.text.isVisible()) == (False, False)
    assert not page.shell.commands.action(Key.MAIL_LINK).isEnabled()


def test_keys_changed_between_two_starts_are_told_and_nothing_is_charged_again(
    qtbot: QtBot, tasks: Tasks, counter: Counter
) -> None:
    counter.provider.faults["create"] = ["+unknown"]
    counter.put_up(counter.ring_up("GIT-1"))
    # The manager typed in the keys of another account; then the till was started again.
    other = FakeProvider(account="rzp_test_other", before=counter.provider.before)
    providers = counter.till.providers
    assert isinstance(providers, dict)
    providers[other.name] = other
    page = CheckoutPage(qtbot, tasks, counter)
    for _ in range(3):
        page.later(5)
    page.reached(Stage.OTHER_KEYS)
    panel = page.screen.view.payment
    assert page.shows(panel)
    assert panel.title.text() == "Razorpay can’t be asked about it"
    assert "of another account now" in panel.what.text()
    assert "Do not charge again." in panel.money.text()
    assert panel.why.isVisible()
    assert [button.isEnabled() for button in panel.tenders.buttons] == [False]
    page.click(panel.check)
    page.settled()
    assert page.stage is Stage.OTHER_KEYS
    assert (other.sends("create"), counter.provider.sends("create")) == (0, 1)
    # The old keys are put back.
    providers[other.name] = counter.provider
    page.later(5)
    page.click(panel.check)
    page.reached(Stage.WAITING)
    page.customer_pays()
    page.reached(Stage.PAID)
    assert len(counter.provider.checkouts) == 1
