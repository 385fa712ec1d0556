"""Keys of another account say "no such thing" of everything that is ours: it is never believed, nothing is charged
twice, and a person hears of it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.factories.clock import FakeClock
from tests.factories.fake_provider import FakeProvider
from tests.factories.payments import Desk
from tillgate.domain.errors import Refused
from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState, RefundState
from tillgate.services.calls import OTHER_KEYS
from tillgate.services.cancel import Ended, cancel, switch
from tillgate.services.refunds import request_refund

DAY = 86_400


def change_keys(desk: Desk) -> FakeProvider:
    """The manager types in the keys of another account; what the old one has, the new one does not know."""
    other = FakeProvider(account="rzp_test_other", before=desk.provider.before)
    desk.till = replace(desk.till, providers={other.name: other})
    return other


def wait(desk: Desk, clock: FakeClock, seconds: float, *, steps: int = 20) -> None:
    for _ in range(steps):
        clock.advance(seconds / steps)
        desk.settle()


@pytest.mark.parametrize("after", [0, 30])
def test_a_create_in_doubt_is_neither_sent_again_nor_given_up(desk: Desk, clock: FakeClock, after: float) -> None:
    desk.provider.faults["create"] = ["+unknown"]
    begun = desk.start(thing=4)
    clock.advance(after)
    other = change_keys(desk)
    wait(desk, clock, 600)
    seen = desk.view(begun.id)
    assert (seen.payment.state, seen.checking, seen.last_message) == (PaymentState.CREATED, True, OTHER_KEYS)
    assert other.sends("create") == 0
    with pytest.raises(Refused, match="already_being_paid"):
        desk.start(thing=4)


def test_neither_a_cancel_nor_a_switch_ends_what_was_not_heard(desk: Desk, clock: FakeClock) -> None:
    desk.provider.faults["create"] = ["+unknown"]
    begun = desk.start()
    other = change_keys(desk)
    clock.advance(120)
    assert switch(desk.till, desk.cashier, begun.id, "razorpay", "order").ended is Ended.CHECKING
    assert cancel(desk.till, desk.cashier, begun.id).ended is Ended.CHECKING
    wait(desk, clock, 3600)
    assert desk.payment(begun.id).state is PaymentState.CREATED
    assert other.sends("create") == 0


def test_on_day_seven_a_person_hears_why_and_the_old_keys_settle_it(desk: Desk, clock: FakeClock) -> None:
    desk.provider.faults["create"] = ["+unknown"]
    begun = desk.start()
    old = desk.till.providers
    change_keys(desk)
    wait(desk, clock, 8 * DAY, steps=60)
    (found,) = desk.exceptions()
    assert (found.kind, found.evidence["provider_says"]) == (ExceptionKind.UNANSWERED, OTHER_KEYS)
    desk.till = replace(desk.till, providers=old)
    desk.provider.pay(next(each.reference for each in desk.provider.checkouts.values()))
    wait(desk, clock, 2 * DAY, steps=4)
    assert desk.payment(begun.id).state is PaymentState.CAPTURED


def test_silence_for_a_week_is_on_the_list_though_nobody_was_ever_heard(desk: Desk, clock: FakeClock) -> None:
    desk.start()
    desk.provider.faults["fetch"] = ["unknown"] * 400
    wait(desk, clock, 8 * DAY, steps=100)
    assert [each.kind for each in desk.exceptions()] == [ExceptionKind.UNANSWERED]


def test_what_never_left_the_till_is_not_sent_with_the_other_keys(desk: Desk, clock: FakeClock) -> None:
    desk.provider.faults["create"] = ["not_sent"]
    begun = desk.start(thing=6)
    other = change_keys(desk)
    clock.advance(10)
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.CANCELLED
    assert other.sends("create") == 0
    desk.provider = other
    assert desk.start(thing=6).state is PaymentState.PENDING


def test_wrong_keys_end_it_without_a_decline(desk: Desk) -> None:
    desk.provider.faults["create"] = ["misconfigured"]
    ended = desk.start()
    assert (ended.state, ended.ended_reason) == (PaymentState.CANCELLED, "misconfigured")


def test_the_same_keys_are_believed(desk: Desk, clock: FakeClock) -> None:
    desk.provider.faults["create"] = ["unknown"] * 40
    begun = desk.start()
    wait(desk, clock, 600, steps=60)
    assert desk.payment(begun.id).state is PaymentState.CANCELLED


def test_a_refund_waits_for_the_keys_that_took_the_money(desk: Desk, clock: FakeClock) -> None:
    paid = desk.paid()
    other = change_keys(desk)
    other.faults["refund"] = ["declined"] * 9
    back = request_refund(desk.till, desk.manager, paid.id, Money(2_000, "INR"), "broken")
    wait(desk, clock, 300)
    (mine,) = desk.view(paid.id).refunds
    assert (mine.id, mine.state) == (back.id, RefundState.PENDING)
    desk.till = replace(desk.till, providers={desk.provider.name: desk.provider})
    wait(desk, clock, 3600)
    assert desk.view(paid.id).refunds[0].state is RefundState.DONE
    assert desk.provider.taken_minor() == 8_000
