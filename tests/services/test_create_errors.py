"""Figures count a checkout that could not be opened by what went wrong, once for each call."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.factories.clock import FakeClock
from tests.factories.depot import Depot
from tests.factories.payments import Desk
from tillgate.domain.payment import PaymentState
from tillgate.services.till import Till
from tillgate.store.models import metric, provider_call


def errors(till: Till) -> dict[str, int]:
    """How often each was counted."""
    with till.db.read() as reading:
        rows = reading.execute(select(metric).where(metric.c.name == "error"))
        return {row.label: row._mapping["count"] for row in rows}


def creates(till: Till) -> list[str]:
    """What came of every create."""
    with till.db.read() as reading:
        query = select(provider_call.c.outcome).where(provider_call.c.kind == "create").order_by(provider_call.c.id)
        return list(reading.execute(query).scalars())


@pytest.mark.parametrize("fault", ["not_sent", "unknown", "rate_limited", "misconfigured"])
def test_a_create_without_an_answer_is_counted_by_its_type(desk: Desk, fault: str) -> None:
    desk.provider.faults["create"] = [fault]
    desk.start()
    assert creates(desk.till) == [fault]
    assert errors(desk.till) == {f"provider_{fault}": 1}


@pytest.mark.parametrize("fault", ["", "declined"])
def test_a_create_with_an_answer_is_no_error(desk: Desk, fault: str) -> None:
    desk.provider.faults["create"] = [fault]
    desk.start()
    assert errors(desk.till) == {}


def test_each_call_is_counted_once_however_often_it_is_sent_again(desk: Desk, clock: FakeClock) -> None:
    desk.provider.faults["create"] = ["not_sent"] * 3
    begun = desk.start()
    for _ in range(8):
        clock.advance(10)
        desk.settle()
    assert desk.payment(begun.id).state is PaymentState.PENDING
    assert creates(desk.till) == ["not_sent"] * 3 + ["success"]
    assert errors(desk.till) == {"provider_not_sent": 3}


def test_a_batch_counts_those_of_its_invoices(depot: Depot) -> None:
    depot.provider.faults["create"] = ["", "not_sent", "unknown"]
    depot.pay()
    assert errors(depot.till) == {"provider_not_sent": 1, "provider_unknown": 1}
