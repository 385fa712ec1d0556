"""What is due is found: by its index, and also where a clock was ahead and has been put right."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tests.factories.tills import make_till
from tillgate.domain.payment import PaymentState
from tillgate.services.attempt_lease import claim
from tillgate.services.refunds import list_due_refunds
from tillgate.services.settle import check_now, list_due_attempts
from tillgate.store.models import payment_attempt


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
