"""What is due is found: by its index, and also where a clock was ahead and has been put right."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import Engine, event

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tests.factories.tills import audit_rows, make_till
from tillgate.app.lanes import Lanes
from tillgate.domain.payment import WAITING, Fulfilment, PaymentState
from tillgate.services.attempt_lease import claim
from tillgate.services.refunds import list_due_refunds
from tillgate.services.settle import check_now, list_due_attempts
from tillgate.services.start_gates import check_clock
from tillgate.store.models import payment_attempt

A_DAY_S: Final = 24 * 3600.0
A_YEAR_S: Final = 365 * A_DAY_S


def test_a_lease_of_a_time_that_never_came_is_nobodys(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start()
    attempt = desk.view(begun.id).attempt
    assert attempt is not None
    clock.wall += timedelta(days=365)
    assert claim(desk.till, payment_attempt, attempt.id)
    clock.wall -= timedelta(days=365)
    desk.provider.pay(attempt.reference)
    assert check_now(desk.till, desk.cashier, begun.id).state is PaymentState.CAPTURED


def test_a_check_put_off_by_a_clock_that_was_ahead_is_made_soon(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start()
    reference = desk.reference(begun.id)
    clock.wall += timedelta(days=3)
    desk.settle()
    clock.wall -= timedelta(days=3)
    desk.provider.pay(reference)
    clock.advance(3600)
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.CAPTURED


def test_nothing_is_read_through_to_find_that_nothing_is_due(sqlite_only: Engine, clock: FakeClock) -> None:
    till = make_till(sqlite_only, clock)
    asked: list[tuple[str, Any]] = []
    event.listen(
        sqlite_only, "before_cursor_execute", lambda _c, _k, text, values, _x, _m: asked.append((text, values))
    )
    list_due_attempts(till)
    list_due_refunds(till)
    with sqlite_only.connect() as connection:
        plans = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
            for text, values in list(asked)
            if text.startswith("SELECT")
        ]
    assert len(plans) == 2
    assert not any(step.detail.startswith("SCAN") for plan in plans for step in plan)


def test_a_create_that_is_lost_for_longer_than_a_week_still_ends(desk: Desk, clock: FakeClock) -> None:
    """The till is switched off before the answer, and on again after day 7: the provider knows nothing of it."""
    desk.provider.faults |= {"create": ["unknown"], "find": ["not_found"] * 9}
    begun = desk.start()
    clock.advance(8 * A_DAY_S)
    for _ in range(4):
        desk.settle()
        clock.advance(A_DAY_S)
    assert desk.payment(begun.id).state is PaymentState.CANCELLED


def test_orders_put_off_by_a_clock_that_was_ahead_are_made_soon(desk: Desk, clock: FakeClock) -> None:
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id))
    clock.jump(A_YEAR_S)
    desk.break_making = True
    desk.settle()
    assert desk.payment(begun.id).fulfilment is Fulfilment.PENDING
    desk.break_making = False
    clock.set_back(A_YEAR_S)
    clock.advance(60)
    desk.settle()
    assert (desk.payment(begun.id).fulfilment, desk.made) == (Fulfilment.DONE, [begun.id])


@pytest.mark.parametrize("jump_s", [-A_DAY_S, A_YEAR_S])
@pytest.mark.parametrize("create", ["", "unknown", "+unknown"])
def test_no_clock_of_ours_ends_a_payment_or_forgets_it(
    desk: Desk, clock: FakeClock, create: str, jump_s: float
) -> None:
    """It jumps while the customer is at the checkout, is put right a minute later, and the customer pays."""
    desk.provider.faults["create"] = [create] if create else []
    begun = desk.start()
    clock.advance(4)
    clock.jump(jump_s)
    for _ in range(3):
        desk.settle()
        assert desk.payment(begun.id).state in WAITING
        clock.advance(20)
    clock.jump(-jump_s)
    for _ in range(2):
        desk.settle()
        clock.advance(20)
    desk.provider.pay(desk.reference(begun.id))
    clock.advance(60)
    desk.settle()
    done = desk.payment(begun.id)
    assert (done.state, done.late, done.fulfilment) == (PaymentState.CAPTURED, 0, Fulfilment.DONE)


def looked_at(desk: Desk, payment_id: int) -> bool:
    """Whether the timer has heard the provider, and put the next look off."""
    attempt = desk.view(payment_id).attempt
    return attempt is not None and attempt.checks > 1 and attempt.lease_until is None


def wait_until(holds: Callable[[], bool], lanes: Lanes) -> None:
    give_up = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up
        lanes.wake()
        time.sleep(0.01)


def test_a_clock_set_back_while_the_till_runs_holds_nothing_up_and_is_audited(desk: Desk, clock: FakeClock) -> None:
    """Half a day, as a wrong time zone is put right: less than what tells by itself that a time never came."""
    begun = desk.start()
    reference = desk.reference(begun.id)
    lanes = Lanes()
    lanes.start(desk.till, {})
    try:
        clock.advance(4)
        wait_until(lambda: looked_at(desk, begun.id), lanes)
        clock.set_back(A_DAY_S / 2)
        desk.provider.pay(reference)
        clock.advance(4)
        wait_until(lambda: desk.payment(begun.id).state is PaymentState.CAPTURED, lanes)
    finally:
        lanes.stop()
    assert [data for _, event, _, data in audit_rows(desk.till) if event == "clock_jump"] == [{"behind_s": 43_200}]


def test_a_start_with_a_clock_that_was_ahead_holds_nothing_up(desk: Desk, clock: FakeClock) -> None:
    clock.jump(1_800)
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id))
    clock.set_back(1_800)
    assert check_clock(desk.till).code == "clock_behind"
    desk.settle()
    assert desk.payment(begun.id).state is PaymentState.CAPTURED
