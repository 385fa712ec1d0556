"""What may have reached a provider is unsure until the provider is heard, whatever becomes of the looks for it."""

from __future__ import annotations

import pytest

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tillgate.services.payment_lists import PaymentQuery, list_payments
from tillgate.ui.screens.checkout.stages import HELD, Stage, stage_of

SILENT = ("not_sent", "rate_limited", "misconfigured", "unknown")


def unsure_in_the_list(desk: Desk) -> list[bool]:
    return [row.unsure for row in list_payments(desk.till, desk.cashier, PaymentQuery())]


@pytest.mark.parametrize("look", SILENT)
@pytest.mark.parametrize("create", ["unknown", "+unknown"])
def test_a_create_that_may_have_arrived_stays_unsure(desk: Desk, clock: FakeClock, create: str, look: str) -> None:
    desk.provider.faults |= {"create": [create], "find": [look] * 3}
    begun = desk.start()
    clock.advance(10)
    desk.settle()
    view = desk.view(begun.id)
    assert (view.checking, view.unsent, view.unheard) == (True, False, True)
    assert stage_of(view) in HELD
    assert unsure_in_the_list(desk) == [True]


def test_a_second_try_that_did_not_leave_proves_nothing_of_the_first(desk: Desk, clock: FakeClock) -> None:
    desk.provider.faults |= {"create": ["unknown", "not_sent"]}
    begun = desk.start()
    for _ in range(10):
        if desk.provider.faults["create"]:
            clock.advance(4)
            desk.settle()
    assert desk.provider.faults["create"] == []
    view = desk.view(begun.id)
    assert (view.checking, view.unsent, stage_of(view)) == (True, False, Stage.CHECKING)
    assert unsure_in_the_list(desk) == [True]


def test_what_never_left_is_not_unsure(desk: Desk) -> None:
    desk.provider.faults["create"] = ["not_sent"]
    view = desk.view(desk.start().id)
    assert (view.checking, view.unsent, view.unheard, stage_of(view)) == (False, True, False, Stage.UNSENT)
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
    view = desk.view(begun.id)
    assert (view.unheard, stage_of(view)) == (True, stage)
    assert unsure_in_the_list(desk) == [stage in {Stage.KEYS_REFUSED, Stage.CHECKING}]
    clock.advance(10)
    desk.settle()
    heard = desk.view(begun.id)
    assert (heard.unheard, stage_of(heard)) == (False, Stage.WAITING)
    assert unsure_in_the_list(desk) == [False]
