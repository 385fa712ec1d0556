"""What Pay says when something is wrong, each in its own words with nothing created; and what the first answer was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from typing import Final

import pytest

from tests.factories.clinic import FEE
from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.tills import make_till
from tests.ui.pages.consultations import FeePage
from tillgate import i18n
from tillgate.domain.checkout_facts import CheckoutStatus, TryStatus
from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.staff import Role
from tillgate.domain.tax_rules import TaxEffect, TaxRule
from tillgate.services import consultations
from tillgate.services.consultation_edits import cancel_consultation
from tillgate.services.exceptions import list_exceptions
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now
from tillgate.services.tax_rules import add_tax_rule
from tillgate.store.named_lock import NamedLock
from tillgate.ui.screens.checkout.desk import CheckoutDesk, Tender, tender_of
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.widgets.status_badge import StatusBadge


def stage(page: FeePage) -> Stage | None:
    now = page.screen.page.paying.situation
    return now.stage if now is not None else None


def seen_as(page: FeePage, consultation_id: int, patient_id: int) -> None:
    """The panel shows a fee with another number or patient than the books have: as a screen that lies would."""
    details = page.screen.page.bill.details
    assert details is not None
    here = replace(details.visit.consultation, id=consultation_id, patient_id=patient_id)
    page.screen.page.bill.details = replace(details, visit=replace(details.visit, consultation=here))


def raise_the_taxes(page: FeePage) -> None:
    today = page.clinic.till.store_day(page.clinic.till.clock.now())
    add_tax_rule(page.clinic.till, page.clinic.manager, TaxRule("GST", 100_000, TaxEffect.ADDED, "PH", today))


def spoil_the_key(page: FeePage) -> None:
    page.screen.page._key = "payment-1"


class Stale(CheckoutDesk):
    """Names a way to pay that the till has not."""

    def tender(self) -> Tender:
        return tender_of("paypal", "page")


def choose_another_provider(page: FeePage) -> None:
    desk = page.screen.page._desk
    page.screen.page._desk = Stale(**{each.name: getattr(desk, each.name) for each in fields(desk)})


def take_the_keys(page: FeePage) -> None:
    providers = page.clinic.till.providers
    assert isinstance(providers, dict)
    providers.clear()


def withdraw(page: FeePage) -> None:
    cancel_consultation(page.clinic.till, page.clinic.manager, 1, "not held")


BAD: Final[dict[str, tuple[Callable[[FeePage], object], str]]] = {
    "unknown": (lambda page: seen_as(page, 99, 1), "This consultation does not exist."),
    "another patient's": (lambda page: seen_as(page, 1, 2), "This consultation is another patient’s."),
    "another amount": (raise_the_taxes, "The fee is ₱5,500.00, not ₱5,000.00."),
    "withdrawn": (withdraw, "Nothing is owed for this consultation any more."),
    "malformed key": (spoil_the_key, "its key is not a valid one"),
    "unsupported": (choose_another_provider, "Consultations can’t be paid through Paypal."),
    "no keys": (take_the_keys, "Stripe has no keys at this till"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_with_a_press_is_said_in_its_own_words_and_creates_nothing(page: FeePage, what: str) -> None:
    spoil, said = BAD[what]
    page.open_fee()
    spoil(page)
    page.pay()
    notice = page.screen.page.ask.notice
    page.settled(lambda: said in notice.text)
    assert "No money moved." in notice.text
    assert sum(words in notice.text for _, words in BAD.values()) == 1
    assert page.clinic.counts() == (0, 0, 0)
    assert page.clinic.provider.sends("create") == 0
    assert page.opened == []


def test_an_amount_that_changed_under_the_panel_is_the_one_that_the_next_press_shows(page: FeePage) -> None:
    page.open_fee()
    raise_the_taxes(page)
    page.pay()
    ask = page.screen.page.ask
    page.settled(lambda: "The fee is ₱5,500.00, not ₱5,000.00." in ask.notice.text)
    page.settled(lambda: "To pay: ₱5,500.00" in page.texts)
    assert ask.amount.text == "₱5,500.00"
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    (made,) = page.payments
    assert (made.amount, page.screen.page.panel.amount.text) == (Money(550_000, "PHP"), "₱5,500.00")


def test_a_fee_that_is_not_owed_any_more_offers_no_pay(page: FeePage) -> None:
    page.open_fee()
    withdraw(page)
    page.pay()
    ask = page.screen.page.ask
    page.settled(ask.pay.isHidden)
    assert "Nothing is owed for this consultation any more." in ask.notice.text
    assert ask.back.hasFocus()


def test_a_lock_that_is_not_won_is_said_and_the_next_press_pays(page: FeePage, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the application the wait is 5 s."""
    monkeypatch.setattr(consultations, "LOCK_WAIT", timedelta(milliseconds=50))
    page.open_fee()
    other = make_till(page.clinic.till.db.engine, FakeClock(), till_id="T9")
    lock = NamedLock("consultation:1:1", 1.0)
    lock.begin()
    notice = page.screen.page.ask.notice
    with other.db.write_alone(other.system, lock):
        page.pay()
        page.settled(lambda: "Somebody else was busy with this consultation for more than" in notice.text)
    assert page.clinic.counts() == (0, 0, 0)
    monkeypatch.undo()
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    assert page.clinic.counts() == (1, 1, 2)


def test_a_first_answer_that_was_lost_is_found_again_by_the_same_key(page: FeePage) -> None:
    """A press that was committed, but whose answer never came back to the screen."""
    page.open_fee()
    key = page.screen.page._key
    first = page.clinic.pay(page.clinic.press(1, key=key)).payment
    page.pay()
    notice = page.screen.page.ask.notice
    page.settled(lambda: f"(ID: {first.id})" in notice.text)
    assert "The payment was created before: ₱5,000.00" in notice.text
    assert page.screen.page.ask.pay.isHidden()
    assert page.clinic.counts() == (1, 1, 2)


def test_a_new_payment_is_told_and_the_word_goes_when_it_is_paid(page: FeePage) -> None:
    page.open_fee()
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    told = page.screen.page.told
    assert told.text() == "The payment was created. Going to Stripe…"
    page.look()
    assert told.isVisible()
    page.clinic.provider.pay(page.clinic.reference(page.payments[0].id))
    page.screen.page.paying.check()
    page.settled(lambda: stage(page) is Stage.PAID)
    assert told.isHidden()


def test_a_declined_try_is_said_and_the_same_checkout_is_then_paid(page: FeePage) -> None:
    page.open_fee()
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    (made,) = page.payments
    reference = page.clinic.reference(made.id)
    page.clinic.provider.pay(reference, status=TryStatus.FAILED)
    page.screen.page.paying.check()
    declined = page.screen.page.panel.declined
    page.settled(lambda: "1 try to pay was declined." in declined.text)
    assert stage(page) is Stage.WAITING
    assert page.clinic.counts() == (1, 1, 2)
    page.clinic.provider.pay(reference)
    page.screen.page.paying.check()
    page.settled(lambda: stage(page) is Stage.PAID)
    assert len(page.payments) == 1


def test_a_failed_payment_frees_the_fee_and_a_late_success_goes_to_exceptions(page: FeePage) -> None:
    page.open_fee()
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    (made,) = page.payments
    reference = page.clinic.reference(made.id)
    page.clinic.provider.end(reference, CheckoutStatus.FAILED)
    page.screen.page.paying.check()
    page.settled(lambda: stage(page) is Stage.FAILED)
    assert page.screen.page.end.again.isVisible()
    page.clinic.provider.pay(reference)
    clock = page.clinic.till.clock
    assert isinstance(clock, FakeClock)
    clock.advance(120)
    page.clinic.settle()
    page.look()
    page.settled(lambda: stage(page) is Stage.LATE)
    end = page.screen.page.end
    assert "It arrived after the payment had ended." in end.what.text()
    assert "Do not charge again." in end.then.text()
    assert end.again.isHidden()
    # A cashier has no such screen.
    assert end.exceptions.isHidden()
    (found,) = list_exceptions(page.clinic.till, page.clinic.manager)
    assert found.kind is ExceptionKind.LATE
    page.screen.page.leave()
    assert not page.visit(1).pay.isVisible()
    page.screen.show_list("open")
    page.settled()
    page.screen.table.open_row(0)
    page.settled(lambda: "Late" in {each.accessibleName() for each in page.patient.findChildren(StatusBadge)})
    assert page.patient.pays == []


def test_money_that_came_twice_is_said_with_room_for_every_button_and_a_manager_may_go_on(desk_page: FeePage) -> None:
    """Indonesian is the longest, on the smallest window."""
    page = desk_page
    page.clinic.consultation()
    i18n.use_language("id")
    page.lock()
    page.actor, page.language = signed_in(page.clinic.till, Role.MANAGER), "id"
    page.sign_in()
    page.shell.go("consultations")
    page.open_fee()
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    (made,) = page.payments
    for _ in range(2):
        page.clinic.provider.pay(page.clinic.reference(made.id))
    check_now(page.clinic.till, page.clinic.cashier, made.id)
    page.settled(lambda: stage(page) is Stage.DOUBLE)
    end = page.screen.page.end
    for button in (end.receipt, end.invoice, end.exceptions, end.back):
        assert button.isVisible()
        assert button.width() >= button.sizeHint().width(), button.text()
    end.exceptions.click()
    assert page.opened[-1] == "exceptions"


def test_a_fee_that_went_back_whole_is_offered_again_with_a_payment_of_its_own(page: FeePage) -> None:
    paid = page.clinic.paid(1)
    request_refund(page.clinic.till, page.clinic.manager, paid.id, FEE, "the doctor was ill")
    page.clinic.settle()
    page.screen.show_list("open")
    page.settled(lambda: page.rows() == [])
    details = page.visit(1)
    page.settled(details.pay.isVisible)
    assert not details.change.isVisible()
    page.command("pay")
    assert page.screen.paying
    assert "Fee refunded" in page.badges
    page.pay()
    page.settled(lambda: stage(page) is Stage.WAITING)
    assert len(page.payments) == 2
    page.clinic.provider.pay(page.clinic.reference(page.payments[0].id))
    page.screen.page.paying.check()
    page.settled(lambda: stage(page) is Stage.PAID)
    page.settled(lambda: "Fee paid" in page.badges)
    assert page.clinic.counts() == (2, 2, 4)


INDONESIAN: Final = {
    "ready": {"Konfirmasi Pembayaran", "Biaya Konsultasi"},
    "working": {"Memproses pembayaran…"},
}


def test_the_documents_own_words_in_indonesian(page: FeePage) -> None:
    """Seed 003, steps 1 and 6: every text of its panel."""
    i18n.use_language("id")
    page.lock()
    page.actor, page.language = page.clinic.till_of(page.clinic.till.id).cashier, "id"
    page.sign_in()
    page.shell.go("consultations")
    page.settled()
    page.open_fee()
    assert page.texts >= INDONESIAN["ready"]
    ask = page.screen.page.ask
    assert ask.pay.text() == "BAYAR"
    page.wake()
    ask.pay.click()
    assert (ask.pay.text(), ask.pay.isEnabled()) == ("MEMPROSES…", False)
    assert page.texts >= INDONESIAN["working"]
    page.settled(lambda: stage(page) is Stage.WAITING)
    assert page.screen.page.told.text() == "Pembayaran berhasil dibuat. Mengarahkan ke Stripe…"
    (made,) = page.payments
    again = page.clinic.pay(page.clinic.press(1, key=page.screen.page._key)).payment
    for replayed, told in ((True, "Pembayaran sudah dibuat sebelumnya: "), (False, "₱5.000,00, dimulai ")):
        ask.warn(again, replayed=replayed)
        assert f"Pembayaran sudah diproses sebelumnya (ID: {made.id})." in ask.notice.text
        assert told in ask.notice.text
