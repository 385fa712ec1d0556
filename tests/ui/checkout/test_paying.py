"""Taking the payment: one payment however often Pay is pressed, every state in words, and a way on from each."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.factories.clock import FakeClock
from tests.factories.shop import Counter
from tests.ui.pages.checkout import CARD, GITANJALI, CheckoutPage, awake
from tests.ui.pages.hands import NONE, click, press
from tillgate.domain.changes import Changes, Kind
from tillgate.domain.checkout_facts import CheckoutStatus, TryStatus
from tillgate.domain.exceptions import ExceptionAction
from tillgate.domain.payment import PaymentState
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.returns import store_return
from tillgate.services.till import ReturnAddress
from tillgate.ui.screens.checkout.held_dialog import HeldDialog
from tillgate.ui.screens.checkout.keys import Key
from tillgate.ui.screens.checkout.stages import ENDED_WITHOUT_MONEY, HELD, Stage
from tillgate.ui.tasks import Tasks

LINK = "https://pay.example/1"
OWN_PAGE = "http://127.0.0.1:4711/pay"


def test_a_whole_sale_without_the_mouse(page: CheckoutPage, counter: Counter) -> None:
    page.scan(GITANJALI)
    page.until(lambda: page.lines)
    page.press(Qt.Key.Key_F9)
    page.reached(Stage.WAITING)
    panel = page.screen.view.payment
    assert page.opened == [LINK]
    assert panel.amount.text == "₹209.00"
    assert panel.title.text() == "Waiting for the customer"
    assert panel.qr.view.modules
    assert panel.link.text() == LINK
    assert page.has_focus(panel)
    page.until(lambda: not page.screen.view.finder.isEnabled())
    page.customer_pays()
    page.reached(Stage.PAID)
    outcome = page.screen.view.outcome
    assert page.shows(outcome)
    assert outcome.title.text() == "Paid"
    assert outcome.amount.text == "₹209.00"
    assert outcome.through.text() == "Paid with Razorpay · UPI"
    (order,) = outcome.orders.texts
    assert order == "Book House: order ORD-T1-000001, ₹209.00, Waits for the vendor. The invoice is being made."
    assert page.has_focus(outcome.next)
    awake(page)
    page.press(Qt.Key.Key_Return)
    page.settled()
    assert page.shows(page.screen.view.cart)
    assert page.lines == []
    assert page.has_focus(page.screen.view.finder.search)
    assert counter.stock("GIT-1") == 9


@pytest.mark.parametrize("way", ["keys", "mouse"])
def test_pressing_again_and_again_makes_one_payment(page: CheckoutPage, counter: Counter, way: str) -> None:
    page.ring_up(GITANJALI)
    held = threading.Event()
    counter.provider.before = lambda verb: (held.wait(60), None)[1] if verb == "create" else None
    for _ in range(5):
        if way == "keys":
            page.press(Qt.Key.Key_F9)
        else:
            page.screen.view.cart.pay.click()
    page.until(lambda: page.shows(page.screen.view.payment))
    page.press(Qt.Key.Key_F9)
    page.press(Qt.Key.Key_Return)
    held.set()
    page.reached(Stage.WAITING)
    assert page.payments == [PaymentState.PENDING]
    assert counter.provider.sends("create") == 1
    assert page.opened == [LINK]


def test_a_key_that_is_held_down_and_a_double_click_on_pay_make_one_payment(
    page: CheckoutPage, counter: Counter
) -> None:
    page.ring_up(GITANJALI)
    pay = page.screen.view.cart.pay
    held = threading.Event()
    counter.provider.before = lambda verb: (held.wait(60), None)[1] if verb == "create" else None
    click(pay)
    click(pay)
    for _ in range(20):
        for key in (Qt.Key.Key_F9, Qt.Key.Key_Return, Qt.Key.Key_Space):
            target = QApplication.focusWidget() or page.shell
            QApplication.sendEvent(target, QKeyEvent(QEvent.Type.KeyPress, key, NONE, "", True))
        click(pay)
        click(pay)
    held.set()
    page.reached(Stage.WAITING)
    assert page.payments == [PaymentState.PENDING]
    assert counter.provider.sends("create") == 1
    assert counter.provider.sends("cancel") == 0
    page.customer_pays()
    page.reached(Stage.PAID)
    awake(page)
    for _ in range(20):
        press(QApplication.focusWidget() or page.shell, Qt.Key.Key_Return)
        press(page.shell, Qt.Key.Key_F9)
    page.settled()
    assert page.payments == [PaymentState.CAPTURED]


def test_the_window_lives_while_the_provider_is_silent(page: CheckoutPage, counter: Counter, clock: FakeClock) -> None:
    held = threading.Event()
    counter.provider.before = lambda verb: (held.wait(60), None)[1] if verb == "create" else None
    page.ring_up(GITANJALI)
    page.press(Qt.Key.Key_F9)
    page.until(lambda: page.stage is Stage.CREATING and page.payments)
    panel = page.screen.view.payment
    assert panel.title.text() == "Preparing the payment"
    assert panel.amount.text == "₹209.00"
    assert not panel.cancel.isEnabled()
    assert panel.hold.isEnabled()
    clock.advance(65)
    page.screen.paying.look()
    page.until(lambda: page.screen.paying.payment_id)
    assert page.stage is Stage.CREATING
    panel.elapsed._show()
    assert panel.elapsed.text() == "1:05"
    assert page.screen.scan(CARD)
    assert page.toast == "This cart is being paid. Hold the cart (F4) to ring up for the next customer."
    held.set()
    page.reached(Stage.WAITING)


def test_the_panel_follows_the_payment_by_its_own_looks(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    page.screen.paying._timer.setInterval(20)
    page.pay()
    assert page.stage is Stage.WAITING
    counter.pay(page.screen.paying.situation.view.payment)  # type: ignore[union-attr]
    page.until(lambda: page.stage is Stage.PAID)


STATES = [
    ("fetch", ["unknown"], Stage.CHECKING, "Checking with Razorpay"),
    ("fetch", ["not_sent"], Stage.OFFLINE, "No connection to Razorpay"),
    ("create", ["not_sent"], Stage.UNSENT, "Razorpay can’t be reached"),
    ("create", ["+unknown"], Stage.CHECKING, "Checking with Razorpay"),
    ("fetch", ["misconfigured"], Stage.KEYS_REFUSED, "Razorpay can’t be asked about it"),
]


@pytest.mark.parametrize(("verb", "faults", "stage", "title"), STATES)
def test_an_unclear_state_is_told_and_ends_by_itself(
    page: CheckoutPage, verb: str, faults: list[str], stage: Stage, title: str
) -> None:
    counter = page.counter
    counter.provider.faults[verb] = list(faults)
    page.ring_up(GITANJALI)
    page.pay()
    panel = page.screen.view.payment
    if verb == "fetch":
        page.click(panel.check)
    page.reached(stage)
    assert page.focus_in(panel)
    assert panel.title.text() == title
    assert ("Do not charge again." in panel.money.text()) is (stage in HELD)
    assert panel.why.isVisible() is (stage in HELD)
    assert [button.isEnabled() for button in panel.tenders.buttons] == [stage not in HELD]
    for _ in range(3):
        page.later(5)
    page.reached(Stage.WAITING)
    assert len(counter.provider.checkouts) == 1
    assert not panel.why.isVisible()
    page.customer_pays()
    page.reached(Stage.PAID)


def test_a_try_that_is_under_way_is_told(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    page.customer_pays(status=TryStatus.CREATED)
    page.reached(Stage.PROCESSING)
    assert page.screen.view.payment.title.text() == "The customer is paying"
    page.customer_pays(status=TryStatus.AUTHORIZED)
    page.reached(Stage.PAID)
    assert counter.provider.sends("capture") == 1


@pytest.mark.parametrize("money", [{"minor": 100}, {"minor": 99_999}, {"currency": "USD"}])
def test_money_that_does_not_match_is_a_managers_and_nothing_is_charged_again(
    page: CheckoutPage, money: dict[str, object]
) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    page.customer_pays(**money)
    page.reached(Stage.MISMATCHED)
    panel = page.screen.view.payment
    assert panel.money.text() == "Money has moved. Do not charge again."
    assert "Exceptions" in panel.what.text()
    assert not panel.qr.isVisible()
    page.click(panel.hold)
    page.take_label()
    assert page.shows(page.screen.view.cart)
    assert page.lines == []


def test_a_payment_that_ended_after_strange_money_was_settled_never_says_that_no_money_moved(
    page: CheckoutPage, counter: Counter
) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    page.customer_pays(minor=100)
    page.reached(Stage.MISMATCHED)
    (found,) = list_exceptions(counter.till, counter.manager)
    settle_exception(counter.till, counter.manager, found.id, ExceptionAction.REFUND, "too little")
    counter.provider.end(page.reference, CheckoutStatus.EXPIRED)
    page.later(60)
    page.until(lambda: page.stage in ENDED_WITHOUT_MONEY)
    outcome = page.screen.view.outcome
    assert "Money came" in outcome.what.text()
    assert "Payments" in outcome.money.text()
    assert "No money moved" not in outcome.spoken


def test_a_browser_that_does_not_open_leaves_code_and_link(page: CheckoutPage) -> None:
    page.opens = False
    page.ring_up(GITANJALI)
    page.pay()
    panel = page.screen.view.payment
    assert "The browser could not be opened." in panel.notice.text
    assert panel.qr.isVisible()
    page.do(Key.COPY_LINK)
    assert QGuiApplication.clipboard().text() == LINK
    assert page.toast == "The link is copied."
    page.opens = True
    page.click(panel.open)
    page.settled()
    assert page.opened == [LINK, LINK]
    assert panel.notice.text == ""
    page.customer_pays()
    page.reached(Stage.PAID)


def test_a_cancelled_payment_gives_the_cart_back_and_the_next_press_is_a_new_payment(
    page: CheckoutPage, counter: Counter
) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    page.click(page.screen.view.payment.cancel)
    page.until(lambda: page.shows(page.screen.view.cart))
    page.settled()
    assert page.toast == "The payment was cancelled. No money moved."
    page.ring_up(CARD)
    assert len(page.lines) == 2
    page.pay()
    assert page.payments == [PaymentState.CANCELLED, PaymentState.PENDING]
    assert page.opened == [LINK, "https://pay.example/2"]


def test_a_cancel_that_comes_too_late_is_a_sale(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    counter.provider.pay(page.reference)
    page.do(Key.CANCEL_PAYMENT)
    page.reached(Stage.PAID)


def test_a_cancel_that_is_not_heard_waits_and_nothing_is_charged_again(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    counter.provider.faults |= {"cancel": ["unknown"], "fetch": ["unknown"]}
    page.do(Key.CANCEL_PAYMENT)
    page.reached(Stage.ENDING)
    panel = page.screen.view.payment
    assert panel.title.text() == "Cancelling the payment"
    assert not panel.cancel.isEnabled()
    assert not panel.qr.isVisible()
    page.later(30)
    page.reached(Stage.CANCELLED)
    assert page.screen.view.outcome.money.text() == "No money moved."


def test_another_way_to_pay_closes_the_first(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    (other,) = page.screen.view.payment.tenders.buttons
    assert other.text() == "Pay on a page"
    page.click(other)
    page.until(lambda: len(page.opened) == 2)
    page.settled()
    assert page.stage is Stage.WAITING
    assert page.screen.view.payment._tender.text() == "Payment page"
    states = [checkout.status for checkout in counter.provider.checkouts.values()]
    assert states == [CheckoutStatus.CANCELLED, CheckoutStatus.OPEN]
    page.customer_pays()
    page.reached(Stage.PAID)


def test_another_way_is_held_back_while_the_first_is_not_heard(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    counter.provider.faults |= {"cancel": ["unknown"], "fetch": ["unknown"]}
    page.click(page.screen.view.payment.tenders.buttons[0])
    page.until(lambda: page.screen.view.payment.notice.text)
    page.settled()
    assert "Do not charge again." in page.screen.view.payment.notice.text
    assert counter.provider.sends("create") == 1
    assert page.stage is Stage.CHECKING


def test_the_focus_is_not_lost_in_what_is_switched_off(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI)
    page.press(Qt.Key.Key_F9)
    panel, finder = page.screen.view.payment, page.screen.view.finder
    page.until(lambda: page.has_focus(panel))
    assert finder.isEnabled()
    finder.search.setFocus()
    page.until(lambda: not finder.isEnabled())
    assert page.has_focus(panel)


def paid_on_the_tills_own_page(qtbot: QtBot, tasks: Tasks, counter: Counter) -> tuple[CheckoutPage, list[str]]:
    """A sale put up on the loopback page, and the token of each page that was made."""
    tokens: list[str] = []

    def address(_method: str, token: str) -> ReturnAddress:
        tokens.append(token)
        return ReturnAddress(token, None, f"{OWN_PAGE}/{token}")

    counter.till = replace(counter.till, new_return=address)
    counter.provider.twist = lambda facts: replace(facts, url=None)
    page = CheckoutPage(qtbot, tasks, counter)
    page.way = ("razorpay", "order")
    page.ring_up(GITANJALI)
    page.pay()
    return page, tokens


def test_the_tills_own_page_has_no_code_for_phones(qtbot: QtBot, tasks: Tasks, counter: Counter) -> None:
    page, (token,) = paid_on_the_tills_own_page(qtbot, tasks, counter)
    assert page.opened == [f"{OWN_PAGE}/{token}"]
    assert not page.screen.view.payment.qr.isVisible()
    assert page.screen.view.payment.link.text() == f"{OWN_PAGE}/{token}"


def test_a_page_that_was_left_is_said_until_it_is_opened_again(qtbot: QtBot, tasks: Tasks, counter: Counter) -> None:
    page, (token,) = paid_on_the_tills_own_page(qtbot, tasks, counter)
    panel = page.screen.view.payment
    assert panel.declined.text == ""
    assert store_return(counter.till, token, {"dismissed": "1"})
    page.later(4)
    assert panel.declined.text.splitlines() == [
        "The page was left without paying.",
        "No money has arrived. Open the page again, take another way to pay, or cancel.",
    ]
    assert page.stage is Stage.WAITING
    page.click(panel.open)
    page.settled()
    assert panel.declined.text == ""
    page.customer_pays()
    page.reached(Stage.PAID)


def test_what_to_do_without_a_browser_is_said_anew_for_another_way(page: CheckoutPage) -> None:
    page.opens = False
    page.ring_up(GITANJALI)
    page.pay()
    panel = page.screen.view.payment
    assert "by the code or the link" in panel.notice.text
    (other,) = panel.tenders.buttons
    page.click(other)
    page.until(lambda: not page.screen.paying.busy and "Copy the address" in panel.notice.text)


def test_the_training_sandboxs_link_has_its_code_too(qtbot: QtBot, tasks: Tasks, counter: Counter) -> None:
    counter.provider.twist = lambda facts: replace(facts, url="http://127.0.0.1:4711/razorpay/rzp/abc")
    page = CheckoutPage(qtbot, tasks, counter)
    page.ring_up(GITANJALI)
    page.pay()
    assert page.screen.view.payment.qr.isVisible()


def test_a_live_payment_is_on_the_screen_again_after_a_restart(
    qtbot: QtBot, tasks: Tasks, counter: Counter, page: CheckoutPage
) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    page.shell.close()
    again = CheckoutPage(qtbot, tasks, counter)
    again.reached(Stage.WAITING)
    assert again.opened == []
    assert again.screen.view.payment.link.text() == LINK
    again.customer_pays()
    again.reached(Stage.PAID)


def test_a_payment_goes_on_while_the_next_customer_is_served(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    first = page.reference
    page.hold()
    assert page.shows(page.screen.view.cart)
    page.ring_up(CARD, CARD, CARD, CARD)
    page.pay()
    page.customer_pays()
    page.reached(Stage.PAID)
    awake(page)
    page.press(Qt.Key.Key_F12)
    page.settled()
    page.press(Qt.Key.Key_F5)
    dialog = page.dialog()
    assert isinstance(dialog, HeldDialog)
    page.settled()
    assert [choice.right_note for choice in dialog.list.choices] == ["being paid"]
    press(dialog.list, Qt.Key.Key_Return)
    page.reached(Stage.WAITING)
    assert page.reference == first
    page.customer_pays()
    page.reached(Stage.PAID)


def test_without_a_provider_pay_says_why(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI)
    page.way = None
    page.tasks.broadcast(Changes.of(Kind.SETTING, origin="settings"))
    page.until(lambda: page.screen.view.cart.off.text)
    assert "No way to pay is switched on." in page.screen.view.cart.off.text
    assert not page.screen.view.cart.pay.isEnabled()
    page.press(Qt.Key.Key_F9)
    page.settled()
    assert page.payments == []
    page.way = ("razorpay", "link")
    page.tasks.broadcast(Changes.of(Kind.SETTING, origin="settings"))
    page.until(page.screen.view.cart.pay.isEnabled)
    assert page.screen.view.cart.off.text == ""


def test_the_amount_asked_is_below_the_least(page: CheckoutPage) -> None:
    page.ring_up(CARD)
    (advice,) = page.screen.view.cart.advice.shown
    assert advice.text == "The smallest amount that can be paid this way is ₹1.00."
    page.press(Qt.Key.Key_F9)
    page.settled()
    assert page.payments == []
