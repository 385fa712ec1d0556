"""How a payment ended is told above every screen until somebody has seen it, and never again after that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.factories.people import session_of
from tests.factories.shop import Counter
from tests.ui.pages.access import nameless
from tests.ui.pages.checkout import CARD, GITANJALI, PHONE, CheckoutPage, awake
from tests.ui.pages.hands import press
from tillgate.domain.checkout_facts import CheckoutStatus, RefundStatus, TryStatus
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.domain.staff import Role
from tillgate.services.payment_news import list_news
from tillgate.services.refunds import request_refund
from tillgate.store.models import payment, variant
from tillgate.ui.screens.checkout.news_bar import NewsDialog
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.tasks import Tasks

PAID = "₹209.00 was paid at 14:30 for the cart of a walk-in customer.\n1 order made."


def told(page: CheckoutPage) -> str:
    page.screen.news.load()
    page.settled()
    return page.news


def hold_while_paying(page: CheckoutPage, *codes: str) -> str:
    """A cart whose customer pays while the next one is served; our name for its checkout."""
    page.ring_up(*codes)
    page.pay()
    reference = page.reference
    page.hold()
    return reference


def new_session(counter: Counter) -> None:
    """The same cashier signs in again."""
    assert counter.cashier.staff_id is not None
    counter.cashier = session_of(counter.till, counter.cashier.staff_id, counter.cashier.name, Role.CASHIER)


def test_a_payment_of_a_held_cart_is_told_and_shown_without_touching_the_sale_in_progress(
    page: CheckoutPage, counter: Counter
) -> None:
    reference = hold_while_paying(page, GITANJALI)
    page.ring_up(CARD)
    page.screen.view.finder.search.setFocus()
    counter.provider.pay(reference)
    page.later(4)
    assert told(page) == PAID.replace("a walk-in customer", "“Gitanjali, 14:30”")
    assert page.shell.focusWidget() is page.screen.view.finder.search
    assert page.shows(page.screen.view.cart)
    assert nameless(page.shell) == []
    page.press(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    page.until(lambda: page.stage is Stage.PAID)
    page.settled()
    outcome = page.screen.view.outcome
    assert page.shows(outcome)
    assert [order.split(":")[0] for order in outcome.orders.texts] == ["Book House"]
    assert (page.news, outcome.next.text()) == ("", "Back to the sale")
    assert not outcome.retry.isVisible()
    awake(page)
    page.press(Qt.Key.Key_Return)
    page.settled()
    assert page.lines == ["1 × SD Card, ₹0.33"]
    assert list_news(counter.till, counter.cashier) == ()
    assert told(page) == ""


def test_what_ends_behind_another_screen_is_told_there_and_show_comes_back(
    page: CheckoutPage, counter: Counter
) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    page.go("elsewhere")
    page.customer_pays()
    assert told(page) == PAID
    page.click(page.screen.news.bar.show_button)
    page.settled()
    assert page.shell.current_key == "checkout"
    assert page.shows(page.screen.view.outcome)
    assert page.news == ""


def test_a_scan_on_another_screen_takes_no_outcome_away_unseen(
    page: CheckoutPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is, the outcome is in front for a moment only.
    monkeypatch.setattr("tillgate.ui.screens.checkout.news.SEEN_MS", 10**9)
    page.ring_up(GITANJALI)
    page.pay()
    page.go("elsewhere")
    page.customer_pays()
    page.reached(Stage.PAID)
    page.scan(CARD)
    page.until(lambda: page.lines == ["1 × SD Card, ₹0.33"])
    page.settled()
    assert told(page) == PAID


def test_what_was_paid_while_the_till_was_locked_or_off_is_told_at_sign_in_until_it_is_put_away(
    qtbot: QtBot, tasks: Tasks, page: CheckoutPage, counter: Counter
) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    reference = page.reference
    page.lock()
    counter.provider.pay(reference)
    page.later(4)
    assert not page.screen.news.bar.isVisible()
    new_session(counter)
    page.sign_in()
    page.until(lambda: page.news == PAID)
    page.settled()
    page.shell.close()
    again = CheckoutPage(qtbot, tasks, counter)
    again.until(lambda: again.news == PAID)
    again.settled()
    assert again.lines == []
    again.click(again.screen.news.bar.dismiss)
    again.settled()
    assert again.news == ""
    again.shell.close()
    last = CheckoutPage(qtbot, tasks, counter)
    assert told(last) == ""


def test_what_is_on_the_screen_is_not_told_twice(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    page.customer_pays()
    page.reached(Stage.PAID)
    assert told(page) == ""
    awake(page)
    page.press(Qt.Key.Key_Return)
    page.settled()
    assert told(page) == ""


def test_a_payment_that_the_cashier_gives_up_is_no_news(page: CheckoutPage) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    page.click(page.screen.view.payment.cancel)
    page.until(lambda: page.shows(page.screen.view.cart))
    page.settled()
    assert told(page) == ""


def test_several_pile_up_in_one_sentence_and_a_list(page: CheckoutPage, counter: Counter) -> None:
    references = [hold_while_paying(page, GITANJALI) for _ in range(3)]
    counter.provider.pay(references[0])
    counter.provider.end(references[1], CheckoutStatus.EXPIRED)
    counter.provider.pay(references[2], minor=100)
    page.later(4)
    assert told(page) == "3 payments ended meanwhile: 1 paid, 1 not paid, 1 needs a manager."
    assert not page.screen.news.bar.dismiss.isVisible()
    page.click(page.screen.news.bar.show_button)
    dialog = page.dialog()
    assert isinstance(dialog, NewsDialog)
    notes = [(choice.note, choice.right_note) for choice in dialog.list.choices]
    assert sorted(notes) == [
        ("Does not match, 14:30", "needs a manager"),
        ("Paid, 14:30", ""),
        ("Time ran out, 14:30", ""),
    ]
    rows = [choice.note.partition(",")[0] for choice in dialog.list.choices]
    for _ in range(rows.index("Time ran out")):
        press(dialog.list, Qt.Key.Key_Down)
    press(dialog.list, Qt.Key.Key_Return)
    page.reached(Stage.EXPIRED)
    outcome = page.screen.view.outcome
    assert outcome.recall.isVisible()
    assert not outcome.retry.isVisible()
    awake(page)
    page.click(outcome.recall)
    page.settled()
    assert page.shows(page.screen.view.cart)
    assert len(page.lines) == 1
    assert told(page) == "2 payments ended meanwhile: 1 paid, 1 needs a manager."
    page.click(page.screen.news.bar.show_button)
    again = page.dialog()
    assert isinstance(again, NewsDialog)
    page.click(again.all_seen)
    page.settled()
    assert told(page) == ""


def test_late_money_after_a_failure_that_was_seen_forbids_to_charge_again(page: CheckoutPage, counter: Counter) -> None:
    reference = hold_while_paying(page, GITANJALI)
    counter.provider.end(reference, CheckoutStatus.EXPIRED)
    page.later(4)
    assert told(page).startswith("The time to pay ₹209.00 for the cart of")
    page.click(page.screen.news.bar.dismiss)
    page.settled()
    counter.provider.pay(reference)
    page.later(120)
    assert told(page).endswith("Do not charge again: a manager settles it on Exceptions.")


def test_money_that_goes_back_by_itself_is_told_to_its_end(page: CheckoutPage, counter: Counter) -> None:
    counter.provider.refund_status = RefundStatus.PENDING
    reference = hold_while_paying(page, PHONE)
    counter.change(variant, "PHN-1", stock=0)
    counter.provider.pay(reference)
    page.later(4)
    assert told(page).endswith("The money is going back by itself.")
    key, facts = next(iter(counter.provider.refunds.items()))
    counter.provider.refunds[key] = replace(facts, status=RefundStatus.DONE)
    page.later(600)
    assert "went back to the customer" in told(page)


@pytest.mark.parametrize(
    ("parts", "stage", "title"),
    [(1, Stage.RETURNED, "The sale was refunded"), (2, Stage.PARTLY_RETURNED, "A part was refunded")],
)
def test_the_outcome_on_the_screen_follows_a_refund(
    page: CheckoutPage, counter: Counter, parts: int, stage: Stage, title: str
) -> None:
    counter.provider.refund_status = RefundStatus.PENDING
    page.ring_up(GITANJALI)
    page.pay()
    page.customer_pays()
    page.reached(Stage.PAID)
    (row,) = counter.rows(payment)
    amount = Money(row.amount_minor // parts, row.currency)
    request_refund(counter.till, counter.manager, row.id, amount, "brought back")
    page.later(4)
    page.reached(Stage.RETURNING)
    outcome = page.screen.view.outcome
    assert outcome.title.text() == "Money is going back"
    key, facts = next(iter(counter.provider.refunds.items()))
    counter.provider.refunds[key] = replace(facts, status=RefundStatus.DONE)
    page.later(600)
    page.reached(stage)
    assert outcome.title.text() == title
    assert outcome.orders.isVisible()
    assert page.has_focus(outcome.next)
    assert told(page) == ""


def test_a_declined_try_is_said_on_the_panel_with_its_reason(page: CheckoutPage, counter: Counter) -> None:
    page.ring_up(GITANJALI)
    page.pay()
    found = next(iter(counter.provider.checkouts.values()))
    ref = counter.provider.pay(page.reference, status=TryStatus.FAILED)
    explained = counter.provider.checkouts[found.provider_id]
    tries = tuple(replace(each, reason="Not enough money on the account.") for each in explained.tries)
    counter.provider.checkouts[found.provider_id] = replace(explained, tries=tries)
    page.later(4)
    panel = page.screen.view.payment
    assert panel.declined.text.splitlines() == [
        "1 try to pay was declined.",
        "Razorpay says: Not enough money on the account.",
        "Nothing was taken. The customer can try again, in the same place.",
    ]
    assert page.stage is Stage.WAITING
    assert page.has_focus(panel)
    counter.provider._set_tries(counter.provider.checkouts[found.provider_id], ref, TryStatus.CAPTURED)
    page.later(4)
    page.reached(Stage.PAID)
    assert page.payments == [PaymentState.CAPTURED]
