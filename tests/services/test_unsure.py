"""What may have reached a provider is unsure until the provider is heard, whatever becomes of the looks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tillgate.domain.checkout_facts import CheckoutFacts, CheckoutStatus, TryStatus
from tillgate.domain.payment import Mode
from tillgate.services import settle
from tillgate.services.attempt_lease import claim, release
from tillgate.services.cancel import Ended, cancel, switch
from tillgate.services.payment_lists import PaymentQuery, list_payments
from tillgate.services.payment_rows import find_live_attempt
from tillgate.services.settle import check_now
from tillgate.store.models import payment_attempt
from tillgate.ui.screens.checkout.stages import HELD, Stage, stage_of

SILENT = ("not_sent", "rate_limited", "misconfigured", "unknown")


def unsure_in_the_list(desk: Desk) -> list[bool]:
    return [row.unsure for row in list_payments(desk.till, desk.cashier, PaymentQuery())]


def send_again(desk: Desk, clock: FakeClock) -> None:
    """Until every fault of a create was met."""
    for _ in range(10):
        if desk.provider.faults["create"]:
            clock.advance(4)
            desk.settle()
    assert desk.provider.faults["create"] == []


@pytest.mark.parametrize("look", SILENT)
@pytest.mark.parametrize("create", ["unknown", "+unknown"])
def test_a_create_that_may_have_arrived_stays_unsure(desk: Desk, clock: FakeClock, create: str, look: str) -> None:
    desk.provider.faults |= {"create": [create], "find": [look] * 3}
    begun = desk.start()
    clock.advance(10)
    desk.settle()
    view = desk.view(begun.id)
    assert (view.checking, view.unsent) == (True, False)
    assert stage_of(view) in HELD
    assert unsure_in_the_list(desk) == [True]


def test_a_second_try_that_did_not_leave_proves_nothing_of_the_first(desk: Desk, clock: FakeClock) -> None:
    desk.provider.faults |= {"create": ["unknown", "not_sent"]}
    begun = desk.start()
    send_again(desk, clock)
    view = desk.view(begun.id)
    assert (view.checking, view.unsent, stage_of(view)) == (True, False, Stage.CHECKING)
    assert unsure_in_the_list(desk) == [True]


def test_what_never_left_is_not_unsure(desk: Desk) -> None:
    desk.provider.faults["create"] = ["not_sent"]
    view = desk.view(desk.start().id)
    assert (view.checking, view.unsent, stage_of(view)) == (False, True, Stage.UNSENT)
    assert unsure_in_the_list(desk) == [False]


@pytest.mark.parametrize(
    ("look", "stage"),
    [
        ("not_sent", Stage.OFFLINE),
        ("rate_limited", Stage.WAITING),
        ("misconfigured", Stage.KEYS_REFUSED),
        ("unknown", Stage.CHECKING),
    ],
)
def test_an_open_checkout_that_is_not_heard_of(desk: Desk, clock: FakeClock, look: str, stage: Stage) -> None:
    begun = desk.start()
    desk.provider.faults["fetch"] = [look]
    clock.advance(10)
    desk.settle()
    assert stage_of(desk.view(begun.id)) is stage
    assert unsure_in_the_list(desk) == [stage in {Stage.KEYS_REFUSED, Stage.CHECKING}]
    clock.advance(10)
    desk.settle()
    assert stage_of(desk.view(begun.id)) is Stage.WAITING
    assert unsure_in_the_list(desk) == [False]


def test_a_cancel_that_could_not_ask_ends_nothing(
    desk: Desk, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else hears the provider just now, and is slow: what was heard before proves nothing."""
    begun = desk.start(method="order")
    check_now(desk.till, desk.cashier, begun.id)
    desk.provider.pay(desk.reference(begun.id), status=TryStatus.AUTHORIZED)
    monkeypatch.setattr(settle, "WAIT_FOR_LEASE_S", 0)
    with desk.till.db.read() as connection:
        attempt = find_live_attempt(connection, begun.id)
    assert attempt is not None
    assert claim(desk.till, payment_attempt, attempt.id)
    clock.advance(1)
    assert cancel(desk.till, desk.cashier, begun.id).ended is Ended.CHECKING
    assert stage_of(desk.view(begun.id)) is Stage.ENDING
    release(desk.till, payment_attempt, attempt.id)
    check_now(desk.till, desk.cashier, begun.id)
    assert stage_of(desk.view(begun.id)) is Stage.PAID


def test_an_answer_by_a_clock_that_is_ahead_proves_nothing_later(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start(method="order")
    clock.advance(60)
    check_now(desk.till, desk.cashier, begun.id)
    clock.wall -= timedelta(seconds=50)
    desk.provider.pay(desk.reference(begun.id))
    desk.provider.faults["fetch"] = ["unknown"]
    assert cancel(desk.till, desk.cashier, begun.id).ended is Ended.CHECKING
    check_now(desk.till, desk.cashier, begun.id)
    assert stage_of(desk.view(begun.id)) is Stage.PAID


TWISTS: dict[str, Callable[[CheckoutFacts], CheckoutFacts]] = {
    "mode": lambda facts: replace(facts, mode=Mode.LIVE),
    "account": lambda facts: replace(facts, account="another"),
    "reference": lambda facts: replace(facts, reference="another"),
}


@pytest.mark.parametrize("twist", sorted(TWISTS))
def test_an_answer_that_is_not_believed_ends_nothing(desk: Desk, clock: FakeClock, twist: str) -> None:
    begun = desk.start(method="order")
    desk.provider.pay(desk.reference(begun.id), status=TryStatus.AUTHORIZED)
    honest, desk.provider.twist = desk.provider.twist, TWISTS[twist]
    clock.advance(1)
    assert cancel(desk.till, desk.cashier, begun.id).ended is Ended.CHECKING
    for _ in range(5):
        clock.advance(10)
        desk.settle()
        assert stage_of(desk.view(begun.id)) is Stage.ENDING
    desk.provider.twist = honest
    clock.advance(60)
    desk.settle()
    assert stage_of(desk.view(begun.id)) is Stage.PAID


def test_a_checkout_that_is_paid_is_not_given_up_though_its_payment_is_not_shown_yet(desk: Desk) -> None:
    begun = desk.start(method="order")
    desk.provider.twist = lambda facts: replace(facts, status=CheckoutStatus.PAID)
    assert cancel(desk.till, desk.cashier, begun.id).ended is Ended.CHECKING
    assert desk.view(begun.id).waiting


@pytest.mark.parametrize("cancelled", ["not_sent", "unknown", "misconfigured"])
def test_what_is_heard_after_a_failed_cancel_counts_though_it_was_heard_before(
    desk: Desk, clock: FakeClock, cancelled: str
) -> None:
    begun = desk.start()
    clock.advance(4)
    desk.settle()
    desk.provider.faults["cancel"] = [cancelled]
    assert switch(desk.till, desk.cashier, begun.id, desk.provider.name, "order").ended is Ended.CHECKING
    clock.advance(10)
    desk.settle()
    assert stage_of(desk.view(begun.id)) is Stage.WAITING
    assert unsure_in_the_list(desk) == [False]


def test_silence_after_a_cancel_counts_though_it_was_silent_before(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start()
    desk.provider.faults["fetch"] = ["unknown"] * 3
    clock.advance(4)
    desk.settle()
    switch(desk.till, desk.cashier, begun.id, desk.provider.name, "order")
    clock.advance(10)
    desk.settle()
    assert stage_of(desk.view(begun.id)) is Stage.CHECKING


def test_keys_refused_for_a_second_create_say_nothing_of_the_first(desk: Desk, clock: FakeClock) -> None:
    desk.provider.faults |= {"create": ["+unknown", "misconfigured"], "find": ["not_found"] * 2}
    begun = desk.start()
    send_again(desk, clock)
    assert stage_of(desk.view(begun.id)) is Stage.KEYS_REFUSED
    clock.advance(10)
    desk.settle()
    assert stage_of(desk.view(begun.id)) is Stage.WAITING
