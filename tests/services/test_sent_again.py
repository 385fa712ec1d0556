"""A create whose outcome is not known is looked for before it is sent again, and every send anew."""

from __future__ import annotations

from dataclasses import replace

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tillgate.domain.payment import PaymentState


def test_what_was_sent_again_is_looked_for_anew_before_it_is_sent_a_third_time(desk: Desk, clock: FakeClock) -> None:
    """The list lags: looks that found nothing before the second send say nothing about that one."""
    desk.provider.faults |= {"create": ["unknown", "+unknown"], "find": ["not_found"] * 3}
    begun = desk.start()
    for _ in range(3):
        clock.advance(3)
        desk.settle()
    assert len(desk.provider.bodies) == 2
    clock.advance(3)
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.PENDING
    assert len(desk.provider.bodies) == 2


def test_a_checkout_that_the_provider_said_it_made_is_not_sent_again_though_not_found(
    desk: Desk, clock: FakeClock
) -> None:
    """Its answer was not believed, so nothing of it is known here; another one would be a second."""
    desk.provider.twist = lambda facts: replace(facts, account="somebody_elses")
    desk.provider.faults["find"] = ["not_found"] * 5
    begun = desk.start()
    desk.provider.twist = lambda facts: facts
    for seconds in (3, 3, 3, 30, 60):
        clock.advance(seconds)
        desk.settle()
    assert (len(desk.provider.bodies), desk.view(begun.id).checking) == (1, True)
    clock.advance(300)
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.PENDING
