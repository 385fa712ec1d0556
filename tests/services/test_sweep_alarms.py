"""The sweep is believed only if it is right: no alarm for what is in order, none missed for what was done elsewhere."""

from __future__ import annotations

from dataclasses import replace

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tillgate.domain.checkout_facts import RefundFacts, RefundStatus
from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.money import Money
from tillgate.services.refunds import request_refund

_INR = "INR"


def test_money_paid_before_the_window_and_heard_inside_it_is_not_missing(desk: Desk, clock: FakeClock) -> None:
    paid = desk.paid()
    clock.advance(3600)
    # The list of the last days leaves out what was paid on the day before; its checkout still shows it.
    everything = desk.provider.checkouts
    desk.provider.before = lambda verb: setattr(desk.provider, "checkouts", {} if verb == "list_recent" else everything)
    desk.sweep()
    assert desk.exceptions() == []
    gone = {name: replace(each, tries=()) for name, each in everything.items()}
    desk.provider.before = lambda verb: setattr(desk.provider, "checkouts", {} if verb == "list_recent" else gone)
    desk.sweep()
    assert [(each.kind, each.payment_id) for each in desk.exceptions()] == [(ExceptionKind.MISSING_MONEY, paid.id)]


def test_a_refund_made_on_the_providers_own_pages_is_reported_once(desk: Desk, clock: FakeClock) -> None:
    paid = desk.paid()
    own = request_refund(desk.till, desk.manager, paid.id, Money(3_000, _INR), "broken")
    clock.advance(1)
    desk.settle()
    desk.sweep()
    assert desk.exceptions() == []
    ref = next(t.provider_ref for each in desk.provider.checkouts.values() for t in each.tries)
    secret = RefundFacts("rfnd_secret", ref, RefundStatus.DONE, Money(7_000, _INR), None)
    desk.provider.refunds["elsewhere"] = secret
    desk.sweep()
    desk.sweep()
    found = desk.exceptions()
    assert [(each.kind, each.payment_id) for each in found] == [(ExceptionKind.CONFLICT, paid.id)]
    assert found[0].evidence["refund_ref"] == "rfnd_secret"
    assert own.amount == Money(3_000, _INR)
