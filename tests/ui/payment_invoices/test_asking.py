"""A phone is asked to pay: what is shown before, while it lasts, and however it ends."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from PySide6.QtCore import Qt

from tests.ui.pages.access import nameless
from tests.ui.pages.hands import CTRL, click
from tests.ui.pages.payment_invoices import InvoicePage
from tillgate.domain.money import Money
from tillgate.domain.payment_end import End
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.domain.settings import STORE_CURRENCY, Settings
from tillgate.services.settle import check_now
from tillgate.store.models import payment, payment_invoice
from tillgate.ui.screens.checkout.customer_dialog import CustomerDialog
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.screens.payment_invoices import prompt_panel
from tillgate.ui.screens.payment_invoices.keys import ASK, INVOICES, VERIFY
from tillgate.ui.widgets.fields import TextField

KEY = Qt.Key
NBSP = "\N{NO-BREAK SPACE}"


def test_a_phone_is_asked_by_keyboard_alone_and_the_fees_are_shown_before(page: InvoicePage) -> None:
    page.press(KEY.Key_2, CTRL)
    assert page.screen.front == ASK
    ask = page.screen.ask
    page.type("+254 712-345 678")
    assert ask.phone.shown.text() == "Asks +254 712 345 678"
    page.press(KEY.Key_Return)
    page.type("1000")
    page.settled(lambda: ask.fees.fees is not None)
    shown = [ask.fees.values[key].text() for key in ("amount", "service", "provider", "total")]
    assert shown == [f"KSh{NBSP}{each}" for each in ("1,000.00", "2.00", "30.00", "1,032.00")]
    assert ask.send.text() == f"Send the prompt KSh{NBSP}1,032.00"
    assert nameless(page.screen) == []
    page.press(KEY.Key_F9)
    page.settled(lambda: ask.paying.invoice is not None)
    assert page.prompt.startswith("The prompt is on the phone")
    assert (ask.panel.until.text(), ask.panel.left.text()) == ("on the phone for about", "1:00")
    assert page.offers() == {"check_now", "give_up", "payment", "leave"}
    assert not ask.send.isEnabled()
    assert nameless(page.screen) == []
    page.press(KEY.Key_R, CTRL)
    page.settled()
    assert page.kiosk.provider.sends("create") == 1
    page.answer()
    assert page.prompt.startswith("Paid")
    assert page.offers() == {"use", "payment", "leave"}
    assert page.fronts[-1] == {page.invoice.payment_id: End.PAID}
    page.awake()
    page.press(KEY.Key_Return)
    page.settled(lambda: page.screen.verify.panel.result is not None)
    assert page.verdict.startswith("The invoice is good")


def test_the_prompt_is_counted_down_and_then_how_long_the_till_listens(page: InvoicePage) -> None:
    page.ask()
    left = page.screen.ask.panel.left
    assert (page.screen.ask.panel.until.text(), left.text()) == ("on the phone for about", "1:00")
    for seconds, until, shown in (
        (61, "gone from the phone, listening for", "28:59"),
        (1_800, "gone from the phone, listening for", "0:00"),
    ):
        page.kiosk.clock.advance(seconds)
        left._timer.timeout.emit()
        assert (page.screen.ask.panel.until.text(), left.text()) == (until, shown)


def test_a_double_click_and_a_held_key_are_one_prompt(page: InvoicePage) -> None:
    page.screen.show_page(ASK)
    ask = page.screen.ask
    ask.phone.set_text("0712345678")
    ask.amount.set_text("1000")
    page.settled(lambda: ask.fees.fees is not None)
    click(ask.send)
    assert not ask.send.isEnabled()
    click(ask.send)
    for _ in range(5):
        page.press(KEY.Key_F9)
    page.settled(lambda: ask.paying.invoice is not None)
    assert len(page.kiosk.rows(payment_invoice)) == len(page.kiosk.rows(payment)) == 1
    assert page.kiosk.provider.sends("create") == 1


NONSENSE = [
    ("", "1000", "phone"),
    ("0812 345 678", "1000", "phone"),
    ("' OR 1=1 --", "1000", "phone"),
    ("<b>0712345678</b>", "1000", "phone"),
    ("0712345678", "", "amount"),
    ("0712345678", "0", "amount"),
    ("0712345678", "-5", "amount"),
    ("0712345678", "1e3", "amount"),
    ("0712345678", "999999999999999999999", "amount"),
]


def _is_wrong(field: TextField) -> bool:
    return field.error != ""


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_sent(page: InvoicePage) -> None:
    page.screen.show_page(ASK)
    ask = page.screen.ask
    fields = {"phone": ask.phone, "amount": ask.amount}
    for phone, amount, wrong in NONSENSE:
        ask.phone.set_text(phone)
        ask.amount.set_text(amount)
        page.settled()
        ask.press()
        page.settled(partial(_is_wrong, fields[wrong]))
    assert page.kiosk.rows(payment_invoice) == []
    # More than M-Pesa moves: written down, and over; the next press is another.
    for amount, done in (("300000", lambda: ask.amount.error != ""), ("1000", lambda: ask.paying.invoice is not None)):
        ask.amount.set_text(amount)
        page.settled(lambda: ask.fees.fees is not None)
        ask.press()
        page.settled(done)
    states = [row.state for row in page.kiosk.rows(payment_invoice)]
    assert states == [InvoiceStatus.FAILED, InvoiceStatus.PENDING]


ENDS = {
    "wrong_pin": "The customer typed a wrong M-Pesa PIN.",
    "cancelled_on_phone": "The customer cancelled the prompt on the phone.",
    "no_answer": "Nobody answered the prompt. Is the phone switched on and in reach?",
    "insufficient_funds": "There was not enough money in the customer’s M-Pesa account.",
}


def test_why_it_was_not_paid_and_another_prompt_is_another_invoice(page: InvoicePage) -> None:
    page.ask()
    ask = page.screen.ask
    for count, (reason, said) in enumerate(ENDS.items(), 1):
        page.ends(reason)
        assert ask.panel.what.text() == said
        assert "No money moved." in page.prompt
        assert page.offers() == {"again", "payment", "leave"}
        page.awake()
        page.press(KEY.Key_F6)
        page.settled(lambda: ask.fees.fees is not None)
        assert (ask.phone.normal, ask.amount.text) == ("254712345678", "1,000.00")
        page.press(KEY.Key_F9)
        page.settled(lambda: ask.paying.invoice is not None)
        states = [row.state for row in page.kiosk.rows(payment_invoice)]
        assert states == [*[InvoiceStatus.FAILED] * count, InvoiceStatus.PENDING]


def test_enter_that_was_meant_for_the_state_before_presses_nothing(
    page: InvoicePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.ask()
    monkeypatch.setattr(prompt_panel, "DEAF_MS", 10**9)
    page.ends("wrong_pin")
    again = page.screen.ask.panel.buttons["again"]
    assert again.hasFocus()
    page.press(KEY.Key_Return)
    assert page.screen.ask.paying.situation is not None
    monkeypatch.setattr(prompt_panel, "DEAF_MS", 0)
    page.press(KEY.Key_Return)
    assert page.screen.ask.paying.situation is None


def test_while_it_is_not_known_whether_it_went_out_nobody_charges_again(page: InvoicePage) -> None:
    page.kiosk.provider.faults["create"] = ["+unknown"]
    page.kiosk.provider.faults["find"] = ["unknown"]
    page.ask()
    ask = page.screen.ask
    assert ask.paying.situation is not None
    assert ask.paying.situation.stage is Stage.CHECKING
    assert "Do not charge again." in page.prompt
    assert "again" not in page.offers()
    # Another press for the same phone is told of the one that is open, and shown the way to it.
    page.command("leave")
    page.ask("254712345678", "700")
    assert ask.notice.text.startswith(f"This phone is being asked for KSh{NBSP}1,032.00 already")
    ask.notice.buttons[0].click()
    page.settled(lambda: ask.paying.invoice is not None)
    assert len(page.kiosk.rows(payment_invoice)) == 1
    page.command("give_up")
    page.settled(lambda: "Do not charge again." in ask.panel.notice.text)
    page.later(130)
    assert page.prompt.startswith("The prompt was given up")
    assert page.kiosk.provider.sends("create") == 1


def test_an_open_prompt_stands_there_again_after_a_restart_and_a_lock(page: InvoicePage) -> None:
    page.ask()
    number = page.invoice.number
    page.open_again()
    page.settled(lambda: page.screen.ask.paying.invoice is not None)
    assert (page.screen.front, page.invoice.number) == (ASK, number)
    assert page.prompt.startswith("The prompt is on the phone")
    page.come_back()
    page.settled(lambda: page.screen.ask.paying.invoice is not None)
    page.answer()
    assert page.invoice.state is InvoiceStatus.COMPLETE
    # What ended is not shown again by itself.
    page.open_again()
    assert page.screen.front == VERIFY
    page.kiosk.ask(50_000, "0722000001")
    page.kiosk.ask(50_000, "0722000002")
    page.open_again()
    page.settled(lambda: page.screen.notice.text != "")
    assert page.screen.notice.text.startswith("2 prompts are not finished.")
    page.screen.notice.buttons[0].click()
    page.settled(lambda: page.screen.invoices.table.count.text() == "2 rows")
    assert page.screen.front == INVOICES


def test_a_phone_is_asked_for_shillings_whatever_the_stores_currency_is(page: InvoicePage) -> None:
    elsewhere = Settings({STORE_CURRENCY.name: "INR"})
    page.kiosk.till = replace(page.kiosk.till, settings=lambda: elsewhere)
    page.open_again()
    page.ask()
    assert page.prompt.startswith("The prompt is on the phone")
    assert page.invoice.expected == Money(103_200, "KES")
    page.answer()
    assert page.prompt.startswith("Paid")


def test_without_a_provider_nothing_is_sent_and_the_way_to_its_keys_is_shown(page: InvoicePage) -> None:
    providers = page.kiosk.till.providers
    assert isinstance(providers, dict)
    bank = providers.pop("intasend")
    page.ask()
    notice = page.screen.ask.notice
    notice.buttons[0].click()
    assert page.shown == ["settings"]
    assert page.kiosk.rows(payment_invoice) == []
    providers["intasend"] = bank
    page.ask()
    assert page.prompt.startswith("The prompt is on the phone")


def test_a_phone_that_is_asked_already_is_shown_and_asked_no_second_time(page: InvoicePage) -> None:
    page.ask()
    first = page.invoice
    page.command("leave")
    page.ask("+254 712-345-678", "10.01")
    ask = page.screen.ask
    assert ask.fees.values["rounding"].text() == f"KSh{NBSP}0.69"
    assert first.number in ask.notice.text
    # Whatever the window's height, what went wrong and what to press stand there whole.
    for widget in (ask.notice, ask.notice.buttons[0], ask.send):
        assert widget.visibleRegion().boundingRect() == widget.rect(), widget.accessibleName()
    click(ask.notice.buttons[0])
    page.settled(lambda: ask.paying.invoice is not None)
    assert page.invoice.id == first.id
    assert [row.id for row in page.kiosk.rows(payment_invoice)] == [first.id]


def test_the_customer_may_be_named_and_brings_the_phone(page: InvoicePage) -> None:
    page.screen.show_page(ASK)
    page.press(KEY.Key_F3)
    dialog = page.dialog(CustomerDialog)
    page.settled(lambda: bool(dialog.list.choices))
    page.press(KEY.Key_Return)
    ask = page.screen.ask
    page.settled(lambda: ask.customer is not None)
    assert ask.phone.normal == "254712345678"
    ask.amount.set_text("1000")
    page.settled(lambda: ask.fees.fees is not None)
    ask.press()
    page.settled(lambda: ask.paying.invoice is not None)
    (paid,) = page.kiosk.rows(payment)
    assert (paid.customer_id, paid.payer_name) == (page.kiosk.customer_id, "Wanjiru Kamau")
    check_now(page.kiosk.till, page.actor, paid.id)
