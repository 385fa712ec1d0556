"""A payment's life against a provider that misbehaves: money is never lost, never taken twice, never unexplained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.factories.clock import FakeClock
from tests.factories.fake_provider import FakeProvider
from tests.factories.payments import Desk
from tillgate.domain.checkout_facts import CheckoutFacts, CheckoutStatus, RefundStatus, TryStatus
from tillgate.domain.errors import Invalid, NotAllowed, Refused
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.payment import Fulfilment, Mode, PaymentState
from tillgate.services.cancel import Ended, cancel, switch
from tillgate.services.exceptions import list_exceptions, settle_exception
from tillgate.services.payments import start
from tillgate.services.refund_rows import list_refunds
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now

INR = "INR"


def test_a_paid_checkout_is_captured_and_fulfilled_once(desk: Desk) -> None:
    begun = desk.start()
    assert begun.state is PaymentState.PENDING
    desk.provider.pay(desk.reference(begun.id))
    done = check_now(desk.till, desk.cashier, begun.id)
    assert (done.state, done.fulfilment, done.late) == (PaymentState.CAPTURED, Fulfilment.DONE, 0)
    desk.settle()
    assert desk.made == [begun.id]
    assert desk.ledger_is_even()


def test_the_same_key_is_the_same_payment_and_other_content_is_refused(desk: Desk) -> None:
    command = desk.command()
    first = start(desk.till, desk.cashier, command)
    again = start(desk.till, desk.cashier, command)
    assert (again.payment.id, again.existing, first.existing) == (first.payment.id, True, False)
    assert desk.provider.sends("create") == 1
    with pytest.raises(Refused, match="key_reused"):
        start(desk.till, desk.cashier, replace(command, customer_id=99))


def test_a_second_key_for_the_same_thing_finds_the_live_payment(desk: Desk) -> None:
    begun = desk.start(thing=7)
    with pytest.raises(Refused, match="already_being_paid") as refusal:
        desk.start(thing=7)
    assert refusal.value.values["payment"] == begun.id
    assert desk.provider.sends("create") == 1


@pytest.mark.parametrize("fault", ["unknown", "+unknown"])
def test_an_unknown_create_is_looked_up_before_anything_is_sent_again(desk: Desk, clock: FakeClock, fault: str) -> None:
    desk.provider.faults["create"] = [fault]
    begun = desk.start()
    assert begun.state is PaymentState.CREATED
    assert desk.view(begun.id).checking
    for _ in range(12):
        clock.advance(4)
        desk.settle()
    assert desk.payment(begun.id).state is PaymentState.PENDING
    assert len(desk.provider.checkouts) == 1
    desk.provider.pay(desk.reference(begun.id))
    assert check_now(desk.till, desk.cashier, begun.id).state is PaymentState.CAPTURED


def test_a_create_that_was_never_sent_is_sent_again_by_itself(desk: Desk, clock: FakeClock) -> None:
    desk.provider.faults["create"] = ["not_sent"]
    begun = desk.start()
    assert desk.view(begun.id).unsent
    clock.advance(4)
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.PENDING


def test_a_declined_create_fails_the_payment_and_frees_the_thing(desk: Desk) -> None:
    desk.provider.faults["create"] = ["declined"]
    assert desk.start(thing=3).state is PaymentState.FAILED
    assert desk.start(thing=3).state is PaymentState.PENDING


def test_silence_never_ends_a_payment_and_becomes_an_exception_on_day_seven(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start()
    desk.provider.faults["fetch"] = ["unknown"] * 400
    for _ in range(9 * 24):
        clock.advance(3600)
        desk.settle()
    assert desk.payment(begun.id).state is PaymentState.PENDING
    desk.provider.faults.clear()
    clock.advance(86400)
    desk.settle()
    assert [each.kind for each in desk.exceptions()] == [ExceptionKind.UNANSWERED]


def test_a_declined_try_inside_an_open_checkout_leaves_it_open(desk: Desk) -> None:
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id), status=TryStatus.FAILED)
    assert check_now(desk.till, desk.cashier, begun.id).state is PaymentState.PENDING
    desk.provider.pay(desk.reference(begun.id))
    assert check_now(desk.till, desk.cashier, begun.id).state is PaymentState.CAPTURED


def test_authorised_money_is_captured(desk: Desk) -> None:
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id), status=TryStatus.AUTHORIZED)
    assert check_now(desk.till, desk.cashier, begun.id).state is PaymentState.CAPTURED
    assert desk.provider.sends("capture") == 1


@pytest.mark.parametrize(
    ("minor", "currency", "kind"),
    [
        (9_999, INR, ExceptionKind.UNDERPAID),
        (10_001, INR, ExceptionKind.OVERPAID),
        (10_000, "USD", ExceptionKind.MISMATCH),
    ],
)
def test_money_that_does_not_match_is_never_used(desk: Desk, minor: int, currency: str, kind: ExceptionKind) -> None:
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id), minor=minor, currency=currency)
    after = check_now(desk.till, desk.cashier, begun.id)
    assert after.state in (PaymentState.PENDING, PaymentState.PROCESSING)
    assert desk.made == []
    assert [each.kind for each in desk.exceptions()] == [kind]
    assert desk.ledger_is_even()


@pytest.mark.parametrize(
    "twist",
    [
        lambda facts: replace(facts, reference="TGOTHER"),
        lambda facts: replace(facts, mode=Mode.LIVE),
        lambda facts: replace(facts, account="rzp_test_other"),
        lambda facts: replace(facts, amount=Money(1, INR)),
    ],
    ids=["reference", "mode", "account", "amount"],
)
def test_an_answer_about_something_else_is_not_believed(
    desk: Desk, twist: Callable[[CheckoutFacts], CheckoutFacts]
) -> None:
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id))
    desk.provider.twist = twist
    after = check_now(desk.till, desk.cashier, begun.id)
    assert after.state is PaymentState.PENDING
    assert desk.made == []
    assert [each.kind for each in desk.exceptions()] == [ExceptionKind.MISMATCH]


def test_late_money_waits_for_a_person_and_can_be_applied(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start()
    desk.provider.end(desk.reference(begun.id), CheckoutStatus.EXPIRED)
    assert check_now(desk.till, desk.cashier, begun.id).state is PaymentState.EXPIRED
    desk.provider.pay(desk.reference(begun.id))
    clock.advance(120)
    desk.settle()
    late = desk.payment(begun.id)
    assert (late.state, late.late, late.fulfilment) == (PaymentState.CAPTURED, 1, Fulfilment.NONE)
    found = desk.exceptions()[0]
    assert found.kind is ExceptionKind.LATE
    with pytest.raises(NotAllowed):
        settle_exception(desk.till, desk.cashier, found.id, ExceptionAction.APPLY, "he is here")
    with pytest.raises(Invalid, match="reason_missing"):
        settle_exception(desk.till, desk.manager, found.id, ExceptionAction.APPLY, "  ")
    settle_exception(desk.till, desk.manager, found.id, ExceptionAction.APPLY, "he is here")
    assert desk.made == [begun.id]
    assert desk.exceptions() == []


def test_late_money_blocks_a_second_collection_until_it_is_settled(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start(thing=5)
    cancel(desk.till, desk.cashier, begun.id)
    assert desk.payment(begun.id).state is PaymentState.CANCELLED
    desk.provider.pay(desk.reference(begun.id))
    clock.advance(120)
    desk.settle()
    with pytest.raises(Refused, match="already_being_paid"):
        desk.start(thing=5)
    found = desk.exceptions()[0]
    settle_exception(desk.till, desk.manager, found.id, ExceptionAction.REFUND, "gone home")
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.REFUNDED
    assert desk.provider.taken_minor() == 0
    assert desk.start(thing=5).state is PaymentState.PENDING


def test_late_money_beside_a_new_payment_is_not_used(desk: Desk, clock: FakeClock) -> None:
    first = desk.start(thing=5)
    cancel(desk.till, desk.cashier, first.id)
    second = desk.start(thing=5)
    desk.provider.pay(desk.reference(first.id))
    clock.advance(120)
    desk.settle()
    desk.provider.pay(desk.reference(second.id))
    assert check_now(desk.till, desk.cashier, second.id).state is PaymentState.CAPTURED
    found = desk.exceptions()[0]
    with pytest.raises(Refused, match="paid_otherwise"):
        settle_exception(desk.till, desk.manager, found.id, ExceptionAction.APPLY, "please")
    assert desk.made == [second.id]


def test_a_second_capture_of_one_checkout_is_a_double(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start()
    reference = desk.reference(begun.id)
    desk.provider.pay(reference)
    check_now(desk.till, desk.cashier, begun.id)
    desk.provider.pay(reference)
    desk.sweep()
    found = desk.exceptions()[0]
    assert found.kind is ExceptionKind.DOUBLE
    settle_exception(desk.till, desk.manager, found.id, ExceptionAction.REFUND, "twice")
    clock.advance(10)
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.CAPTURED
    assert desk.provider.taken_minor() == 10_000
    assert desk.ledger_is_even()


def test_money_of_nobody_is_reported_by_the_sweep(desk: Desk, clock: FakeClock) -> None:
    desk.provider.create("link", '{"reference": "ELSEWHERE", "amount": 500}')
    desk.provider.pay("ELSEWHERE")
    desk.sweep()
    assert [each.kind for each in desk.exceptions()] == [ExceptionKind.UNKNOWN_MONEY]


def test_cancel_asks_the_provider_and_money_that_won_is_kept(desk: Desk) -> None:
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id))
    assert cancel(desk.till, desk.cashier, begun.id).ended is Ended.PAID
    assert desk.made == [begun.id]


def test_a_cancel_that_is_not_heard_says_checking_and_ends_when_it_is(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start()
    desk.provider.faults |= {"cancel": ["unknown"], "fetch": ["unknown"]}
    assert cancel(desk.till, desk.cashier, begun.id).ended is Ended.CHECKING
    clock.advance(30)
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.CANCELLED
    assert next(iter(desk.provider.checkouts.values())).status is CheckoutStatus.CANCELLED


def test_an_order_is_cancelled_locally_and_watched(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start(method="order")
    assert cancel(desk.till, desk.cashier, begun.id).ended is Ended.CANCELLED
    desk.provider.pay(desk.reference(begun.id))
    clock.advance(7200)
    desk.settle()
    assert [each.kind for each in desk.exceptions()] == [ExceptionKind.LATE]


def test_what_was_cancelled_before_it_was_sent_is_never_sent(desk: Desk, clock: FakeClock) -> None:
    desk.provider.faults["create"] = ["not_sent"]
    begun = desk.start()
    assert cancel(desk.till, desk.cashier, begun.id).ended is Ended.CANCELLED
    for _ in range(10):
        clock.advance(30)
        desk.settle()
    assert desk.provider.checkouts == {}


def test_a_checkout_that_turns_up_after_it_was_given_up_is_closed(desk: Desk, clock: FakeClock) -> None:
    desk.provider.faults |= {"create": ["+unknown"], "find": ["not_found"] * 3}
    begun = desk.start()
    assert cancel(desk.till, desk.cashier, begun.id).ended is Ended.CHECKING
    for _ in range(10):
        clock.advance(30)
        desk.settle()
    assert desk.payment(begun.id).state is PaymentState.CANCELLED
    assert [each.status for each in desk.provider.checkouts.values()] == [CheckoutStatus.CANCELLED]
    assert desk.provider.sends("create") == 1


def test_switching_closes_the_old_checkout_first(desk: Desk) -> None:
    begun = desk.start()
    switched = switch(desk.till, desk.cashier, begun.id, "razorpay", "order")
    assert switched.payment.state is PaymentState.PENDING
    view = desk.view(begun.id)
    assert [each.method for each in view.attempts] == ["link", "order"]
    assert [each.live for each in view.attempts] == [0, 1]
    desk.provider.pay(desk.reference(begun.id))
    assert check_now(desk.till, desk.cashier, begun.id).state is PaymentState.CAPTURED


def test_no_second_checkout_opens_while_the_first_is_silent(desk: Desk) -> None:
    begun = desk.start()
    desk.provider.faults |= {"cancel": ["unknown"], "fetch": ["unknown"]}
    assert switch(desk.till, desk.cashier, begun.id, "razorpay", "order").ended is Ended.CHECKING
    assert desk.provider.sends("create") == 1


def test_what_cannot_be_made_is_refunded_by_itself(desk: Desk, clock: FakeClock) -> None:
    desk.refuse = "stock_conflict"
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id))
    after = check_now(desk.till, desk.cashier, begun.id)
    assert (after.state, after.fulfilment) == (PaymentState.REFUND_PENDING, Fulfilment.REFUSED)
    assert desk.told == [begun.id]
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.REFUNDED
    assert desk.provider.taken_minor() == 0
    assert desk.ledger_is_even()


def test_a_failure_of_ours_is_tried_three_times_then_refunded(desk: Desk, clock: FakeClock) -> None:
    desk.break_making = True
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id))
    after = check_now(desk.till, desk.cashier, begun.id)
    assert (after.state, after.fulfilment) == (PaymentState.CAPTURED, Fulfilment.PENDING)
    for _ in range(4):
        clock.advance(15)
        desk.settle()
    assert desk.payment(begun.id).state is PaymentState.REFUNDED


def test_a_failure_that_passes_makes_the_orders_after_all(desk: Desk, clock: FakeClock) -> None:
    desk.break_making = True
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id))
    check_now(desk.till, desk.cashier, begun.id)
    desk.break_making = False
    clock.advance(15)
    desk.settle()
    assert desk.made == [begun.id]
    assert desk.payment(begun.id).fulfilment is Fulfilment.DONE


def test_refunds_in_parts_never_exceed_what_was_captured(desk: Desk) -> None:
    begun = desk.paid()
    with pytest.raises(NotAllowed, match="approval_needed"):
        request_refund(desk.till, desk.cashier, begun.id, Money(4_000, INR), "broken")
    request_refund(desk.till, desk.manager, begun.id, Money(4_000, INR), "broken")
    with pytest.raises(Refused, match="refund_exceeds"):
        request_refund(desk.till, desk.manager, begun.id, Money(6_001, INR), "more")
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.PARTIALLY_REFUNDED
    request_refund(desk.till, desk.manager, begun.id, Money(6_000, INR), "rest")
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.REFUNDED
    assert desk.provider.taken_minor() == 0
    assert desk.ledger_is_even()


@pytest.mark.parametrize("fault", ["unknown", "+unknown", "not_sent", "rate_limited"])
def test_a_refund_with_no_clear_answer_happens_exactly_once(desk: Desk, clock: FakeClock, fault: str) -> None:
    begun = desk.paid()
    desk.provider.faults["refund"] = [fault]
    request_refund(desk.till, desk.manager, begun.id, Money(10_000, INR), "broken")
    for _ in range(6):
        desk.settle()
        clock.advance(30)
    assert desk.payment(begun.id).state is PaymentState.REFUNDED
    assert len(desk.provider.refunds) == 1


def test_a_refused_refund_comes_back_to_a_person(desk: Desk) -> None:
    begun = desk.paid()
    desk.provider.faults["refund"] = ["declined"]
    request_refund(desk.till, desk.manager, begun.id, Money(10_000, INR), "broken")
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.CAPTURED
    found = desk.exceptions()[0]
    assert found.kind is ExceptionKind.REFUND_FAILED
    settle_exception(desk.till, desk.manager, found.id, ExceptionAction.RETRY, "again")
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.REFUNDED


def test_a_refund_that_is_pending_is_followed_to_its_end(desk: Desk, clock: FakeClock) -> None:
    begun = desk.paid()
    desk.provider.refund_status = RefundStatus.PENDING
    request_refund(desk.till, desk.manager, begun.id, Money(10_000, INR), "broken")
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.REFUND_PENDING
    taken_at = clock.now()
    key, facts = next(iter(desk.provider.refunds.items()))
    desk.provider.refunds[key] = replace(facts, status=RefundStatus.DONE)
    clock.advance(120)
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.REFUNDED
    with desk.till.db.read() as connection:
        [back] = list_refunds(connection, begun.id)
    assert (back.sent_at, back.ended_at) == (taken_at, clock.now())


def test_a_refund_that_never_ends_stands_on_the_list_on_day_seven(desk: Desk, clock: FakeClock) -> None:
    begun = desk.paid()
    desk.provider.refund_status = RefundStatus.PENDING
    request_refund(desk.till, desk.manager, begun.id, Money(10_000, INR), "broken")
    for _ in range(8 * 4 + 1):
        desk.settle()
        clock.advance(21600)
    assert [each.kind for each in desk.exceptions()] == [ExceptionKind.REFUND_STUCK]
    assert desk.payment(begun.id).state is PaymentState.REFUND_PENDING


def test_a_forged_return_fails_the_attempt_only_when_no_money_moved(desk: Desk) -> None:
    begun = desk.start(method="order")
    desk.come_back(begun.id, {"razorpay_signature": "forged"})
    desk.settle()
    assert (desk.payment(begun.id).state, desk.payment(begun.id).ended_reason) == (
        PaymentState.FAILED,
        "bad_signature",
    )
    paid = desk.start(thing=2)
    desk.provider.pay(desk.reference(paid.id))
    desk.come_back(paid.id, {"razorpay_signature": "forged"})
    desk.settle()
    assert desk.payment(paid.id).state is PaymentState.CAPTURED


def test_a_manager_can_accept_a_surplus_and_it_goes_back(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id), minor=12_000)
    check_now(desk.till, desk.cashier, begun.id)
    settle_exception(desk.till, desk.manager, desk.exceptions()[0].id, ExceptionAction.APPLY, "tip not wanted")
    assert desk.made == [begun.id]
    desk.settle()
    assert desk.provider.taken_minor() == 10_000
    assert desk.payment(begun.id).state is PaymentState.PARTIALLY_REFUNDED
    assert desk.ledger_is_even()


def test_exceptions_are_settled_once(desk: Desk) -> None:
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id), minor=9_000)
    check_now(desk.till, desk.cashier, begun.id)
    found = desk.exceptions()[0]
    settle_exception(desk.till, desk.manager, found.id, ExceptionAction.REFUND, "short")
    with pytest.raises(Refused, match="exception_closed"):
        settle_exception(desk.till, desk.manager, found.id, ExceptionAction.REFUND, "short")
    assert desk.payment(begun.id).state is PaymentState.FAILED
    assert len(list_exceptions(desk.till, desk.manager, closed=True)) == 1


def test_the_provider_is_never_called_inside_a_transaction(desk: Desk, provider: FakeProvider) -> None:
    begun = desk.paid()
    request_refund(desk.till, desk.manager, begun.id, Money(10_000, INR), "broken")
    desk.settle()
    assert {"create", "fetch", "refund"} <= {verb for verb, _ in provider.sent}
