"""One capture is used once: applied, refunded or credited; and whatever was not used leaves the suspense account."""

from __future__ import annotations

import pytest

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tillgate.domain.checkout_facts import CheckoutStatus, TryStatus
from tillgate.domain.errors import NotAllowed, Refused
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.ledger import UNAPPLIED, clearing
from tillgate.domain.money import Money
from tillgate.domain.payment import Fulfilment, PaymentState
from tillgate.services.cancel import cancel, switch
from tillgate.services.exceptions import ExceptionRecord, settle_exception
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now, settle_fulfilments
from tillgate.store.ledger import balance

_A = ExceptionAction


def _late(desk: Desk, clock: FakeClock) -> tuple[int, ExceptionRecord]:
    begun = desk.start()
    desk.provider.end(desk.reference(begun.id), CheckoutStatus.EXPIRED)
    check_now(desk.till, desk.cashier, begun.id)
    desk.provider.pay(desk.reference(begun.id))
    clock.advance(120)
    desk.settle()
    return begun.id, desk.exceptions()[0]


def _unapplied(desk: Desk) -> int:
    with desk.till.db.read() as connection:
        return balance(connection, UNAPPLIED, "INR").minor


@pytest.mark.parametrize(("minor", "code"), [(10_000, "exception_closed"), (3_000, "money_given_back")])
@pytest.mark.parametrize("sent", [True, False])
def test_late_money_that_went_back_is_not_applied_as_well(
    desk: Desk, clock: FakeClock, minor: int, code: str, sent: bool
) -> None:
    late, found = _late(desk, clock)
    request_refund(desk.till, desk.manager, late, Money(minor, "INR"), "asked at the counter")
    if sent:
        desk.settle()
    with pytest.raises(Refused, match=code):
        settle_exception(desk.till, desk.manager, found.id, _A.APPLY, "he is here")
    assert desk.made == []
    desk.settle()
    assert desk.provider.taken_minor() == 10_000 - minor


def test_money_for_a_checkout_that_was_left_is_applied_once_the_payment_is_over(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start()
    first = desk.reference(begun.id)
    switch(desk.till, desk.cashier, begun.id, "razorpay", "order")
    desk.provider.pay(first)
    clock.advance(120)
    desk.settle()
    found = desk.exceptions()[0]
    assert found.kind is ExceptionKind.LATE
    with pytest.raises(Refused, match="close_checkout_first"):
        settle_exception(desk.till, desk.manager, found.id, _A.APPLY, "he is here")
    cancel(desk.till, desk.cashier, begun.id)
    settle_exception(desk.till, desk.manager, found.id, _A.APPLY, "he is here")
    assert desk.made == [begun.id]
    done = desk.payment(begun.id)
    assert (done.state, done.fulfilment, done.late) == (PaymentState.CAPTURED, Fulfilment.DONE, 1)


def test_a_surplus_leaves_the_suspense_account(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id), minor=12_000)
    check_now(desk.till, desk.cashier, begun.id)
    settle_exception(desk.till, desk.manager, desk.exceptions()[0].id, _A.APPLY, "tip not wanted")
    desk.settle()
    # The desk's fulfilment books nothing: what was sold is all that is left.
    assert _unapplied(desk) == -10_000


def test_a_part_goes_back_only_once_the_orders_stand_or_fall(desk: Desk, clock: FakeClock) -> None:
    desk.break_making = True
    begun = desk.paid()
    assert begun.fulfilment is Fulfilment.PENDING
    with pytest.raises(Refused, match="payment_not_refundable"):
        request_refund(desk.till, desk.manager, begun.id, Money(3_000, "INR"), "broken")
    desk.break_making = False
    clock.advance(10)
    settle_fulfilments(desk.till)
    assert desk.payment(begun.id).fulfilment is Fulfilment.DONE


@pytest.mark.parametrize("action", [_A.APPLY, _A.REFUND, _A.CREDIT])
def test_moving_money_wants_a_fresh_proof(desk: Desk, clock: FakeClock, action: ExceptionAction) -> None:
    _, found = _late(desk, clock)
    clock.advance(600)
    with pytest.raises(NotAllowed, match="confirm_needed"):
        settle_exception(desk.till, desk.manager, found.id, action, "nobody looks")


def test_money_that_went_back_before_it_was_seen_is_held_by_nobody(desk: Desk) -> None:
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id), status=TryStatus.REFUNDED)
    check_now(desk.till, desk.cashier, begun.id)
    assert [each.kind for each in desk.exceptions()] == [ExceptionKind.CONFLICT]
    assert desk.made == []
    with desk.till.db.read() as connection:
        assert [balance(connection, name, "INR").minor for name in (UNAPPLIED, clearing("razorpay"))] == [0, 0]
    (money,) = desk.view(begun.id).captures
    assert money.left.minor == 0
