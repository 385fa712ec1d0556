"""A fee is paid once, whoever presses, however often; and what each end says."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from tests.ui.pages.access import nameless
from tests.ui.pages.consultations import FeePage
from tests.ui.pages.hands import click
from tillgate.domain.changes import Kind
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.payment import PaymentState
from tillgate.domain.tax_rules import TaxEffect, TaxRule
from tillgate.ports import Outcome
from tillgate.services.payment_news import list_news
from tillgate.services.settle import check_now, settle_attempts
from tillgate.services.tax_rules import add_tax_rule
from tillgate.ui.screens.checkout import news
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.widgets.labels import KeyHint


def stage(page: FeePage) -> Stage | None:
    now = page.screen.page.paying.situation
    return now.stage if now is not None else None


def test_a_fee_is_paid_by_keyboard_alone(page: FeePage) -> None:
    page.open_fee()
    assert "VAT 12 % (for information): ₱600.00" in page.texts
    assert "PPh 15 % (for information): ₱750.00" in page.texts
    assert "To pay: ₱5,000.00" in page.texts
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    assert len(page.opened) == 1
    assert nameless(page.screen) == []
    [made] = page.payments
    page.clinic.provider.pay(page.clinic.reference(made.id))
    page.screen.page.paying.check()
    page.settled(lambda: stage(page) is Stage.PAID)
    page.settled(lambda: "The fee is paid, and its invoice is final." in page.texts)
    page.settled(
        lambda: page.screen.page.bill.details is not None and page.screen.page.bill.details.invoice is not None
    )
    page.screen.page.end.invoice.click()
    page.screen.page.end.receipt.click()
    page.settled(lambda: len(page.saved) == 2)
    assert page.saved == ["invoice-1", f"receipt-{made.id}"]
    page.wake()
    page.key(Qt.Key.Key_Return)
    page.settled(lambda: not page.screen.paying and page.screen.table.count.text().startswith("0"))
    page.settled(page.screen.table.pane.isHidden)


def test_the_key_of_the_list_goes_back_to_it_before_anything_is_paid_too(page: FeePage) -> None:
    leave = page.shell.commands.action("consultations.leave")
    assert not leave.isEnabled()
    for _ in range(2):
        page.open_fee()
        assert [each.text() for each in page.screen.page.ask.back.findChildren(KeyHint)] == ["F4"]
        page.settled()
        page.key(Qt.Key.Key_F4)
        page.settled(lambda: not page.screen.paying)
        assert not leave.isEnabled()
    assert page.payments == ()
    # On the payment it is as before, and what is under way goes on.
    page.open_fee()
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    page.key(Qt.Key.Key_F4)
    page.settled(lambda: not page.screen.paying)
    assert not leave.isEnabled()
    assert len(page.payments) == 1


def test_a_tax_whose_name_says_its_rate_is_shown_as_it_is(page: FeePage) -> None:
    today = page.clinic.till.store_day(page.clinic.till.clock.now())
    rule = TaxRule("Levy 2%", 20_000, TaxEffect.INFORMATIONAL, "PH", today)
    add_tax_rule(page.clinic.till, page.clinic.manager, rule)
    page.open_fee()
    assert "Levy 2% (for information): ₱100.00" in page.texts


def test_a_double_click_and_a_held_enter_are_one_payment(page: FeePage) -> None:
    page.open_fee()
    page.wake()
    pay = page.screen.page.ask.pay
    click(pay)
    assert not pay.isEnabled()
    assert "Processing" in pay.text()
    # Not whatever stands next to a button that is disabled, as the rail with its screens.
    assert page.shell.focusWidget() is page.screen.page.ask
    page.key(Qt.Key.Key_Space)
    click(pay)
    for _ in range(5):
        page.key(Qt.Key.Key_Return, pay)
    page.settled(lambda: stage(page) is Stage.WAITING)
    assert len(page.payments) == 1
    assert page.clinic.provider.sends("create") == 1
    assert page.screen.page.panel.hasFocus()


def test_what_ends_on_the_page_is_said_there_alone_and_what_ends_behind_it_as_the_fee_it_is(
    page: FeePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bar above the screens speaks of no cart where there is none, and shows the payment, not the checkout."""
    # However quick the machine is, what stood there has been seen.
    monkeypatch.setattr(news, "SEEN_MS", 0)
    bars: list[str] = []
    page.tasks.watch(page.shell, {Kind.PAYMENT}, lambda _changes: bars.append(page.news.bar.text))
    page.open_fee()
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    page.clinic.provider.pay(page.clinic.reference(page.payments[0].id))
    check_now(page.clinic.till, page.clinic.cashier, page.payments[0].id)
    page.settled(lambda: stage(page) is Stage.PAID)
    page.news.load()
    page.settled()
    assert [*bars, page.news.bar.text] == [""] * (len(bars) + 1)
    page.screen.page.leave()
    page.settled(lambda: list_news(page.clinic.till, page.clinic.cashier) == ())
    second = page.clinic.consultation()
    begun = page.clinic.paid(second)
    page.settled(lambda: page.news.bar.text != "")
    assert page.news.bar.text.splitlines() == [
        "Jose Dela Cruz paid ₱5,000.00 at 14:30.",
        "Consultation with Dr. Santos, General medicine",
    ]
    page.news.bar.show_button.click()
    page.settled(lambda: list_news(page.clinic.till, page.clinic.cashier) == ())
    assert (page.opened[-1], page.news.bar.text) == (f"payment-{begun.id}", "")


def test_an_end_is_told_above_another_screen_whatever_page_it_happened_on(page: FeePage) -> None:
    page.open_fee()
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    page.shell.go("elsewhere")
    page.clinic.provider.end(page.clinic.reference(page.payments[0].id), CheckoutStatus.EXPIRED)
    check_now(page.clinic.till, page.clinic.cashier, page.payments[0].id)
    page.settled(lambda: page.news.bar.text.startswith("Jose Dela Cruz’s time to pay ₱5,000.00 ran out at"))
    page.shell.go("consultations")
    page.settled(lambda: page.news.bar.text == "")


def test_another_tills_payment_is_named_and_reopened_never_doubled(page: FeePage) -> None:
    page.open_fee()
    other = page.clinic.till_of("T2")
    first = other.pay(other.press(1)).payment
    page.pay()
    page.settled(lambda: f"(ID: {first.id})" in page.screen.page.ask.notice.text)
    told = page.screen.page.ask.notice.text
    assert "₱5,000.00" in told
    assert first.taken_by in told
    assert page.opened == []
    assert page.screen.page.ask.pay.isHidden()
    # A second Enter that was meant for Pay answers nothing that nobody has read.
    page.screen.page.ask.wake()
    page.screen.page.ask.notice.buttons[0].click()
    assert not page.screen.page.paying.busy
    assert page.opened == []
    page.wake()
    page.key(Qt.Key.Key_Return)
    page.settled(lambda: stage(page) is Stage.WAITING)
    assert page.screen.page.paying.payment_id == first.id
    page.settled(lambda: len(page.opened) == 1)
    assert len(page.payments) == 1


@pytest.mark.parametrize("end", [CheckoutStatus.EXPIRED, CheckoutStatus.CANCELLED])
def test_a_payment_that_ended_unpaid_frees_the_fee_for_another_try(page: FeePage, end: CheckoutStatus) -> None:
    page.open_fee()
    first_key = page.screen.page._key
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    [made] = page.payments
    page.clinic.provider.end(page.clinic.reference(made.id), end)
    page.screen.page.paying.check()
    page.settled(lambda: stage(page) in {Stage.EXPIRED, Stage.CANCELLED, Stage.FAILED})
    assert "No money moved." in page.texts
    page.wake()
    page.key(Qt.Key.Key_Return)
    page.settled(page.screen.page.ask.isVisible)
    assert page.screen.page._key != first_key
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    assert len(page.payments) == 2
    assert sum(each.state is PaymentState.PENDING for each in page.payments) == 1


def test_an_unknown_outcome_is_checked_and_never_charged_again(page: FeePage) -> None:
    page.clinic.provider.faults["create"] = ["+" + Outcome.UNKNOWN.value]
    page.open_fee()
    page.pay()
    page.settled(lambda: stage(page) is Stage.CHECKING)
    assert "It is not known yet whether money moved. Do not charge again." in page.texts
    settle_attempts(page.clinic.till)
    page.look()
    assert len(page.payments) == 1


def test_a_till_that_is_locked_while_a_fee_is_paid_shows_it_again(page: FeePage) -> None:
    page.open_fee()
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    page.lock()
    [made] = page.payments
    page.clinic.provider.pay(page.clinic.reference(made.id))
    check_now(page.clinic.till, page.clinic.cashier, made.id)
    page.sign_in()
    page.shell.go("consultations")
    page.settled(lambda: stage(page) is Stage.PAID)
    assert len(page.payments) == 1


def test_a_fee_that_was_paid_meanwhile_says_that_money_moved(page: FeePage) -> None:
    page.open_fee()
    page.clinic.paid(1)
    page.pay()
    page.settled(lambda: "paid already" in page.screen.page.ask.notice.text)
    assert len(page.payments) == 1
