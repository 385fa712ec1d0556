"""A verification that says yes is one that an order can be made with, whatever clocks, answers and people do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.prompting import Kiosk, open_kiosk
from tests.factories.tills import make_till
from tillgate.domain.checkout_facts import CheckoutFacts, RefundStatus
from tillgate.domain.errors import Refused
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.invoice_checks import Check, Reason, Verdict
from tillgate.domain.ledger import PREPAID
from tillgate.domain.money import Money
from tillgate.domain.payment_invoice import InvoiceStatus, is_number
from tillgate.services import payments
from tillgate.services.exception_rows import open_exception
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.invoice_cleanup import CleanUp, run_cleanup
from tillgate.services.payment_rows import load_capture
from tillgate.services.refunds import request_refund
from tillgate.services.returned_refunds import take_returned
from tillgate.services.settle import check_now
from tillgate.store.models import capture, ledger_entry


@pytest.fixture
def kiosk(sqlite_only: Engine, clock: FakeClock) -> Kiosk:
    return open_kiosk(make_till(sqlite_only, clock))


def of_another_account(facts: CheckoutFacts) -> CheckoutFacts:
    return replace(facts, account="somebody else's")


def of_another_reference(facts: CheckoutFacts) -> CheckoutFacts:
    return replace(facts, reference="somebody else's")


@pytest.mark.parametrize("lie", [of_another_account, of_another_reference])
def test_money_of_an_answer_that_disagrees_is_never_told_as_verified(
    kiosk: Kiosk, lie: Callable[[CheckoutFacts], CheckoutFacts]
) -> None:
    """The amount is right and so is the currency, but whose money it is a manager finds out (product.md, Verified)."""
    asked = kiosk.ask()
    kiosk.answer(asked)
    kiosk.provider.twist = lie
    for _ in range(2):
        told = kiosk.verify(asked.invoice.number)
        assert (told.success, told.reason, told.surplus) == (False, Reason.NOT_COMPLETED, None)
        row = told.checked.row(Check.COMPLETED)
        assert (row.found, row.verdict) == ("on_exceptions", Verdict.FAILED)
    with pytest.raises(Refused, match="invoice_not_good"):
        kiosk.sell(kiosk.cart(), asked.invoice.number)
    # Once a manager applies it, it is as good as any.
    kiosk.provider.twist = lambda facts: facts
    kiosk.clock.advance(60)
    kiosk.settle()
    (listed,) = list_exceptions(kiosk.till, kiosk.manager)
    assert listed.kind is ExceptionKind.MISMATCH
    settle_exception(kiosk.till, kiosk.manager, listed.id, ExceptionAction.APPLY, "the bank says it is ours")
    assert kiosk.verify(asked.invoice.number).success
    assert kiosk.sell(kiosk.cart(0), asked.invoice.number).invoice.state is InvoiceStatus.USED


def test_a_shilling_given_back_is_told_before_anybody_hands_goods_over(kiosk: Kiosk) -> None:
    found = kiosk.paid()
    assert found.payment_id is not None
    request_refund(kiosk.till, kiosk.manager, found.payment_id, Money(100, "KES"), "within the tolerance")
    for _ in range(2):
        told = kiosk.verify(found.number)
        assert (told.success, told.reason) == (False, Reason.NOT_COMPLETED)
        assert told.checked.row(Check.COMPLETED).found == "given_back"
        kiosk.settle()


def test_a_clock_set_back_brings_no_new_time_to_what_was_referred(kiosk: Kiosk, clock: FakeClock) -> None:
    """Two tills' clocks, or one that jumps: while a manager may be giving the money back nobody sells with it."""
    found, cart = kiosk.paid(), kiosk.cart()
    clock.advance(30 * 60 + 1)
    assert run_cleanup(kiosk.till) == CleanUp(referred=1)
    for step in (-1, -1_000, 1_000, 1, -1):
        clock.advance(step)
        assert kiosk.verify(found.number).reason is Reason.EXPIRED
        with pytest.raises(Refused, match="invoice_not_good"):
            kiosk.sell(cart, found.number)
    kiosk.sign_in_again()
    (listed,) = list_exceptions(kiosk.till, kiosk.manager)
    settle_exception(kiosk.till, kiosk.manager, listed.id, ExceptionAction.APPLY, "the clock was wrong")
    assert kiosk.sell(cart, found.number).invoice.state is InvoiceStatus.USED
    assert not list_exceptions(kiosk.till, kiosk.manager)


@pytest.mark.parametrize("minor", [103_200, 100])
def test_a_refund_that_failed_is_answered_before_its_money_buys_anything(kiosk: Kiosk, minor: int) -> None:
    """A manager wanted the money back and is to be asked again: sold with meanwhile, it would go back beside the
    goods."""
    found, cart = kiosk.paid(), kiosk.cart()
    assert found.payment_id is not None
    kiosk.provider.refund_status = RefundStatus.FAILED
    request_refund(kiosk.till, kiosk.manager, found.payment_id, Money(minor, "KES"), "they left")
    kiosk.settle()
    (listed,) = list_exceptions(kiosk.till, kiosk.manager)
    assert listed.kind is ExceptionKind.REFUND_FAILED
    told = kiosk.verify(found.number)
    assert (told.success, told.reason) == (False, Reason.NOT_COMPLETED)
    with pytest.raises(Refused, match="invoice_not_good"):
        kiosk.sell(cart, found.number)
    settle_exception(kiosk.till, kiosk.manager, listed.id, ExceptionAction.CLOSE, "they came back")
    assert kiosk.verify(found.number).success
    assert kiosk.sell(cart, found.number).invoice.state is InvoiceStatus.USED


def test_money_that_the_provider_knows_nothing_of_waits_for_a_word(kiosk: Kiosk) -> None:
    asked = kiosk.ask()
    kiosk.answer(asked)
    check_now(kiosk.till, kiosk.cashier, asked.payment.id)
    assert kiosk.verify(asked.invoice.number).success
    with kiosk.till.db.write(kiosk.till.system) as uow:
        source = load_capture(uow.connection, 1)
        open_exception(
            uow,
            ExceptionKind.MISSING_MONEY,
            f"missing:{source.id}",
            payment_id=source.payment_id,
            capture_id=source.id,
            evidence={"recorded": str(source.amount)},
        )
    assert kiosk.verify(asked.invoice.number).checked.row(Check.COMPLETED).found == "on_exceptions"
    with pytest.raises(Refused, match="invoice_not_good"):
        kiosk.sell(kiosk.cart(), asked.invoice.number)
    (listed,) = list_exceptions(kiosk.till, kiosk.manager)
    settle_exception(kiosk.till, kiosk.manager, listed.id, ExceptionAction.CLOSE, "it is there")
    assert kiosk.verify(asked.invoice.number).success


def test_one_invoice_of_the_provider_that_answers_for_two_pays_for_one(kiosk: Kiosk) -> None:
    """Nothing fails over it: the first keeps its name and its money, the second is looked for and then a person's."""
    first = kiosk.ask()
    theirs = first.invoice.provider_id or ""
    kiosk.provider.twist = lambda facts: replace(facts, provider_id=theirs)
    second = kiosk.ask(phone="0712 345 679")
    assert (second.invoice.state, second.invoice.provider_id) == (InvoiceStatus.CREATED, None)
    kiosk.answer(first)
    for _ in range(3):
        kiosk.clock.advance(60)
        kiosk.settle()
        assert kiosk.verify(second.invoice.number).reason is Reason.NOT_COMPLETED
    assert kiosk.verify(theirs).success
    kiosk.answer(second)
    kiosk.clock.advance(60)
    kiosk.settle()
    assert not kiosk.verify(second.invoice.number).success
    assert len(kiosk.rows(capture)) == 1
    assert len([sent for sent in kiosk.provider.sent if sent[0] == "create"]) == 2
    for _ in range(8):
        kiosk.clock.advance(86_400)
        kiosk.settle()
    kiosk.sign_in_again()
    listed = list_exceptions(kiosk.till, kiosk.manager)
    assert second.payment.id in {each.payment_id for each in listed}


def test_an_id_is_what_is_seen_of_it(kiosk: Kiosk) -> None:
    """Marks that nobody sees, and a messenger's hyphen, make no other id of it; nor do they reach a sentence."""
    number = kiosk.paid().number
    for typed in ("\ufeff" + number, number + "\u200b", "\u2068" + number.lower() + "\u2069\r\n"):
        assert is_number(typed)
        assert kiosk.verify(typed).success
    assert kiosk.verify(number.replace("-", "\u2011")).success
    cart = kiosk.cart()
    for typed in ("\u202e" + number[::-1], "\x00" + number, "\ud800", "x" * 1_000_000, number + "\n" + number):
        told = kiosk.verify(typed)
        assert told.reason is Reason.NOT_FOUND
        assert told.asked.isprintable()
        with pytest.raises(Refused, match="invoice_not_good") as refused:
            kiosk.sell(cart, typed)
        assert refused.value.values["number"] == told.asked


def test_a_press_that_was_cut_off_holds_no_phone_whatever_the_clock_does(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(*_args: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(payments, "start", power_cut)
        with pytest.raises(RuntimeError):
            kiosk.ask()
    with pytest.raises(Refused, match="prompt_open"):
        kiosk.ask()
    kiosk.clock.advance(-86_400)
    kiosk.sign_in_again()
    assert kiosk.ask().invoice.state is InvoiceStatus.PENDING


def test_what_the_books_keep_for_no_order_pays_for_none(kiosk: Kiosk) -> None:
    """A part was given back and came back from the bank: it is owed to the customer, and kept for no order."""
    found = kiosk.paid()
    assert found.payment_id is not None
    request_refund(kiosk.till, kiosk.manager, found.payment_id, Money(5_000, "KES"), "a part")
    kiosk.settle()
    (done,) = kiosk.provider.refunds.values()
    with kiosk.till.db.write(kiosk.till.system) as uow:
        take_returned(uow, kiosk.till, load_capture(uow.connection, 1), replace(done, status=RefundStatus.FAILED))
    (listed,) = list_exceptions(kiosk.till, kiosk.manager)
    settle_exception(kiosk.till, kiosk.manager, listed.id, ExceptionAction.CLOSE, "they did not want it")
    assert kiosk.verify(found.number).reason is Reason.NOT_COMPLETED
    with pytest.raises(Refused, match="invoice_not_good"):
        kiosk.sell(kiosk.cart(), found.number)
    kept = sum(row.amount_minor for row in kiosk.rows(ledger_entry) if row.account == PREPAID)
    assert kept == -98_200
