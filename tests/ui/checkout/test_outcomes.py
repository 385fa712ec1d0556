"""How payments end on the screen: sales, failures, late money, refunds step by step, and the papers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.factories.shop import Counter
from tests.ui.pages.checkout import CARD, GITANJALI, PHONE, CheckoutPage, awake, receipts_in
from tillgate.domain.changes import Changes, Kind
from tillgate.domain.checkout_facts import CheckoutStatus, RefundStatus
from tillgate.domain.payment import PaymentState
from tillgate.services.invoices import make_invoice
from tillgate.store.models import sales_order, variant
from tillgate.ui.screens.checkout.keys import Key
from tillgate.ui.screens.checkout.refund_steps import Mark
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.buttons import Button


def test_a_declined_checkout_is_tried_again_with_the_cart_as_it_was(page: CheckoutPage, counter: Counter) -> None:
    counter.provider.faults["create"] = ["declined"]
    page.ring_up(GITANJALI)
    page.press(Qt.Key.Key_F9)
    page.reached(Stage.FAILED)
    outcome = page.screen.view.outcome
    assert outcome.title.text() == "The payment failed"
    assert outcome.what.text() == "Razorpay says: create declined"
    assert outcome.money.text() == "No money moved."
    assert page.has_focus(outcome.retry)
    awake(page)
    page.press(Qt.Key.Key_Return)
    page.reached(Stage.WAITING)
    assert page.payments == [PaymentState.FAILED, PaymentState.PENDING]


def test_a_key_meant_for_the_panel_before_does_not_answer_the_outcome(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    page.customer_pays()
    page.reached(Stage.PAID)
    page.screen.view.outcome._since.restart()
    page.press(Qt.Key.Key_Return)
    page.press(Qt.Key.Key_F12)
    assert page.shows(page.screen.view.outcome)
    awake(page)
    page.press(Qt.Key.Key_F12)
    page.settled()
    assert page.shows(page.screen.view.cart)


def test_a_link_that_runs_out_leaves_the_cart_and_esc_goes_back_to_it(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    counter.provider.end(page.reference, CheckoutStatus.EXPIRED)
    page.later(4)
    page.reached(Stage.EXPIRED)
    assert page.screen.view.outcome.title.text() == "The time to pay is over"
    page.press(Qt.Key.Key_Escape)
    page.settled()
    assert page.shows(page.screen.view.cart)
    assert len(page.lines) == 1
    assert page.shell.commands.action(Key.PAY).isEnabled()


def test_late_money_is_a_managers_and_the_cart_is_held_for_the_next_customer(
    page: CheckoutPage, counter: Counter
) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    counter.provider.end(page.reference, CheckoutStatus.EXPIRED)
    page.later(4)
    page.reached(Stage.EXPIRED)
    counter.provider.pay(page.reference)
    page.later(120)
    page.reached(Stage.LATE)
    outcome = page.screen.view.outcome
    assert outcome.title.text() == "The money came late"
    assert page.has_focus(outcome.hold)
    assert outcome.money.text() == "Money has moved. Do not charge again."
    assert not outcome.retry.isVisible()
    page.press(Qt.Key.Key_Escape)
    assert page.shows(outcome)
    page.click(outcome.hold)
    page.take_label()
    assert page.shows(page.screen.view.cart)


def test_money_that_comes_after_a_cancel_locks_the_cart_and_says_why(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    reference = page.reference
    page.do(Key.CANCEL_PAYMENT)
    page.until(lambda: page.shows(page.screen.view.cart))
    page.settled()
    counter.provider.pay(reference)
    page.later(120)
    page.reached(Stage.LATE)
    assert page.shows(page.screen.view.outcome)
    assert counter.provider.sends("create") == 1


def test_orders_that_cannot_be_made_give_the_money_back_step_by_step(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI, PHONE)
    page.pay()
    counter.change(variant, "PHN-1", stock=0)
    counter.provider.refund_status = RefundStatus.PENDING
    counter.provider.faults["refund"] = ["not_sent"]
    page.customer_pays()
    page.reached(Stage.REFUNDING)
    outcome = page.screen.view.outcome
    assert outcome.what.text() == "There is not enough of iPhone 15 Pro: 0 left, 1 wanted."
    assert outcome.money.text() == "₹94,609.00 is being refunded to the customer."
    assert [step.mark for step in outcome.steps.steps] == [Mark.DONE, Mark.DONE, Mark.NOW, Mark.LATER]
    page.later(30)
    assert [step.mark for step in outcome.steps.steps] == [Mark.DONE, Mark.DONE, Mark.DONE, Mark.NOW]
    key, facts = next(iter(counter.provider.refunds.items()))
    counter.provider.refunds[key] = replace(facts, status=RefundStatus.DONE)
    page.later(120)
    page.reached(Stage.REFUNDED)
    assert {step.mark for step in outcome.steps.steps} == {Mark.DONE}
    assert outcome.title.text() == "The money went back"
    awake(page)
    page.click(outcome.back)
    page.settled()
    phone = page.screen.view.cart.lines.row(page.screen.view.cart.lines.line_ids[1])
    assert phone is not None
    assert [each.text for each in phone.advice.shown] == ["None left."]
    page.click(phone.advice.buttons[0])
    page.settled()
    page.pay()
    assert page.payments == [PaymentState.REFUNDED, PaymentState.PENDING]


def test_a_refund_that_stops_names_the_manager(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(PHONE)
    page.pay()
    counter.change(variant, "PHN-1", stock=0)
    counter.provider.faults["refund"] = ["declined"]
    page.customer_pays()
    page.reached(Stage.REFUND_STUCK)
    outcome = page.screen.view.outcome
    assert outcome.title.text() == "The refund needs a manager"
    assert [step.mark for step in outcome.steps.steps][-2:] == [Mark.STOPPED, Mark.STOPPED]


def test_a_scan_after_the_sale_begins_the_next_one(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    page.customer_pays()
    page.reached(Stage.PAID)
    page.scan(CARD)
    page.until(lambda: page.lines == ["1 × SD Card, ₹0.33"])
    assert page.shows(page.screen.view.cart)


def test_papers_of_the_sale(qtbot: QtBot, tasks: Tasks, counter: Counter, tmp_path: Path) -> None:
    page = CheckoutPage(qtbot, tasks, counter, **receipts_in(tmp_path))
    page.ring_up(GITANJALI)
    page.pay()
    page.customer_pays()
    page.reached(Stage.PAID)
    outcome = page.screen.view.outcome
    page.click(outcome.save)
    page.until(lambda: outcome.notice.text)
    assert outcome.notice.text.startswith("Saved as receipt-1.pdf.")
    assert not outcome.print.isVisible()
    (order,) = counter.rows(sales_order)
    make_invoice(counter.till, order.id)
    page.tasks.broadcast(Changes.of(Kind.INVOICE, origin="timer"))
    page.until(lambda: "Invoice" in outcome.orders.texts[0])
    assert outcome.orders.texts[0].endswith("Invoice TRN-T1-000001")
    names = [each.accessibleName() for each in outcome.orders.findChildren(Button)]
    assert names == ["Save the invoice of order ORD-T1-000001"]
