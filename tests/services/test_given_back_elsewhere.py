"""Money that went back on the provider's own pages is not there to give: refunds, credits and books take it in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tests.services.test_money_twice_over import _late
from tillgate.domain.checkout_facts import CheckoutStatus, RefundFacts, RefundStatus
from tillgate.domain.errors import Refused
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.ledger import clearing
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState, RefundState
from tillgate.services.customers import CustomerDraft, create_customer
from tillgate.services.exception_lists import load_exception_details
from tillgate.services.exceptions import settle_exception
from tillgate.services.payments import start
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now
from tillgate.store.ledger import balance

_A, _K = ExceptionAction, ExceptionKind


def give_back_outside(desk: Desk, minor: int, *, status: RefundStatus = RefundStatus.DONE, name: str = "out") -> None:
    """A manager gives money back in the provider's dashboard."""
    ref = next(t.provider_ref for each in desk.provider.checkouts.values() for t in each.tries)
    desk.provider.refunds[name] = RefundFacts(f"rfnd_{name}", ref, status, Money(minor, "INR"), None)


def held(desk: Desk) -> int:
    with desk.till.db.read() as connection:
        return balance(connection, clearing("razorpay"), "INR").minor


def left(desk: Desk, payment_id: int) -> int:
    (money,) = desk.view(payment_id).captures
    return money.left.minor


def test_what_went_back_elsewhere_is_off_what_may_still_be_refunded(desk: Desk) -> None:
    paid = desk.paid()
    give_back_outside(desk, 7_000)
    desk.sweep()
    desk.sweep()
    assert (left(desk, paid.id), held(desk)) == (3_000, 3_000)
    assert desk.payment(paid.id).state is PaymentState.PARTIALLY_REFUNDED
    assert [each.kind for each in desk.exceptions()] == [_K.CONFLICT]
    with pytest.raises(Refused, match="refund_exceeds"):
        request_refund(desk.till, desk.manager, paid.id, Money(3_001, "INR"), "broken")
    request_refund(desk.till, desk.manager, paid.id, Money(3_000, "INR"), "broken")
    desk.settle()
    assert desk.payment(paid.id).state is PaymentState.REFUNDED
    assert (desk.provider.taken_minor(), held(desk)) == (0, 0)
    assert desk.ledger_is_even()


def test_late_money_that_went_back_elsewhere_is_neither_applied_nor_given_twice(desk: Desk, clock: FakeClock) -> None:
    late, found = _late(desk, clock)
    give_back_outside(desk, 10_000)
    desk.sweep()
    assert desk.payment(late).state is PaymentState.REFUNDED
    choices = load_exception_details(desk.till, desk.manager, found.id).choices
    assert {each.action: each.hindered for each in choices} == {
        _A.APPLY: "money_given_back",
        _A.REFUND: "nothing_left",
        _A.CREDIT: "customer_needed",
        _A.CLOSE: "",
    }
    for action, code in ((_A.APPLY, "money_given_back"), (_A.REFUND, "nothing_left")):
        with pytest.raises(Refused, match=code):
            settle_exception(desk.till, desk.manager, found.id, action, "he is here")
    settle_exception(desk.till, desk.manager, found.id, _A.CLOSE, "refunded by the owner")
    assert held(desk) == 0
    assert desk.ledger_is_even()


def test_a_refund_of_ours_that_is_refused_because_of_it_frees_only_what_is_there(desk: Desk) -> None:
    """Ours was planned first; the owner was quicker on the provider's pages, and the provider refuses ours."""
    paid = desk.paid()
    desk.provider.faults["refund"] = ["declined"]
    request_refund(desk.till, desk.manager, paid.id, Money(8_000, "INR"), "broken")
    give_back_outside(desk, 6_000)
    desk.settle()
    assert left(desk, paid.id) == 4_000
    kinds = {each.kind: each for each in desk.exceptions()}
    assert set(kinds) == {_K.CONFLICT, _K.REFUND_FAILED}
    with pytest.raises(Refused, match="refund_exceeds"):
        settle_exception(desk.till, desk.manager, kinds[_K.REFUND_FAILED].id, _A.RETRY, "once more")
    assert desk.payment(paid.id).state is PaymentState.PARTIALLY_REFUNDED
    assert held(desk) == 4_000


def test_one_heard_while_ours_is_still_on_its_way_comes_off_what_ours_frees(desk: Desk, clock: FakeClock) -> None:
    paid = desk.paid()
    desk.provider.faults["refund"] = ["unknown"]
    ours = request_refund(desk.till, desk.manager, paid.id, Money(8_000, "INR"), "broken")
    desk.settle()
    give_back_outside(desk, 6_000)
    desk.sweep()
    assert left(desk, paid.id) == 0
    desk.provider.faults["refund"] = ["declined"]
    clock.advance(60)
    desk.settle()
    (back, outside) = desk.view(paid.id).refunds
    assert (back.id, back.state, outside.state) == (ours.id, RefundState.FAILED, RefundState.DONE)
    assert (left(desk, paid.id), held(desk)) == (4_000, 4_000)
    assert desk.payment(paid.id).state is PaymentState.PARTIALLY_REFUNDED


def test_the_same_amount_given_back_elsewhere_after_ours_failed_is_owed_no_more(desk: Desk) -> None:
    paid = desk.paid()
    desk.provider.faults["refund"] = ["declined"]
    request_refund(desk.till, desk.manager, paid.id, Money(2_000, "INR"), "broken")
    desk.settle()
    assert [each.kind for each in desk.exceptions()] == [_K.REFUND_FAILED]
    give_back_outside(desk, 2_000)
    desk.sweep()
    assert [each.kind for each in desk.exceptions()] == [_K.CONFLICT]
    assert left(desk, paid.id) == 8_000


def test_one_that_is_on_its_way_is_followed_to_its_end_and_never_sent_by_us(desk: Desk, clock: FakeClock) -> None:
    paid = desk.paid()
    give_back_outside(desk, 6_000, status=RefundStatus.PENDING)
    desk.sweep()
    assert (left(desk, paid.id), held(desk)) == (4_000, 10_000)
    clock.advance(60)
    desk.settle()
    give_back_outside(desk, 6_000, status=RefundStatus.FAILED)
    clock.advance(60)
    desk.settle()
    assert (left(desk, paid.id), held(desk)) == (10_000, 10_000)
    assert desk.payment(paid.id).state is PaymentState.CAPTURED
    assert [each.kind for each in desk.exceptions()] == [_K.CONFLICT]
    assert desk.provider.sends("refund") == 0


@pytest.mark.parametrize("came_back", [False, True])
def test_what_was_owed_and_fails_elsewhere_too_is_owed_still(desk: Desk, clock: FakeClock, *, came_back: bool) -> None:
    """One of ours that failed, or that was done and came back; taken for answered while theirs was on its way."""
    paid = desk.paid()
    if not came_back:
        desk.provider.faults["refund"] = ["declined"]
    request_refund(desk.till, desk.manager, paid.id, Money(10_000, "INR"), "broken")
    desk.settle()
    for key, told in desk.provider.refunds.items():
        desk.provider.refunds[key] = replace(told, status=RefundStatus.FAILED)
    desk.sweep()
    assert [each.kind for each in desk.exceptions()] == [_K.REFUND_FAILED]
    clock.advance(60)
    give_back_outside(desk, 10_000, status=RefundStatus.PENDING)
    desk.sweep()
    assert [each.kind for each in desk.exceptions()] == [_K.CONFLICT]
    clock.advance(60)
    give_back_outside(desk, 10_000, status=RefundStatus.FAILED)
    desk.settle()
    (owed,) = (each for each in desk.exceptions() if each.kind is _K.REFUND_FAILED)
    settle_exception(desk.till, desk.manager, owed.id, _A.RETRY, "once more")
    desk.settle()
    assert (left(desk, paid.id), held(desk), desk.provider.taken_minor()) == (0, 0, 0)
    assert desk.ledger_is_even()


@pytest.mark.parametrize("decided", [_A.REFUND, _A.CREDIT])
def test_what_fails_elsewhere_of_money_that_all_was_to_go_is_decided_about_again(
    desk: Desk, clock: FakeClock, decided: ExceptionAction
) -> None:
    customer = create_customer(desk.till, desk.cashier, CustomerDraft("Anita Rao"))
    begun = start(desk.till, desk.cashier, replace(desk.command(), customer_id=customer.id)).payment
    reference = desk.reference(begun.id)
    desk.provider.end(reference, CheckoutStatus.EXPIRED)
    check_now(desk.till, desk.cashier, begun.id)
    desk.provider.pay(reference)
    clock.advance(120)
    desk.settle()
    (late,) = desk.exceptions()
    give_back_outside(desk, 6_000, status=RefundStatus.PENDING)
    desk.sweep()
    settle_exception(desk.till, desk.manager, late.id, decided, "the rest")
    desk.settle()
    assert left(desk, begun.id) == 0
    clock.advance(60)
    give_back_outside(desk, 6_000, status=RefundStatus.FAILED)
    desk.settle()
    (owed,) = (each for each in desk.exceptions() if each.kind is _K.REFUND_FAILED)
    settle_exception(desk.till, desk.manager, owed.id, _A.RETRY, "once more")
    desk.settle()
    assert (left(desk, begun.id), held(desk)) == (0, 0 if decided is _A.REFUND else 4_000)
    assert desk.ledger_is_even()
