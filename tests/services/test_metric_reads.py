"""The figures of seed 004, Monitoring: each equals what the lists behind it hold."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tests.factories.people import signed_in
from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money
from tillgate.domain.staff import Role
from tillgate.services.cancel import cancel
from tillgate.services.metric_reads import Duration, Tally, load_figures
from tillgate.services.metrics import count_error, observe
from tillgate.services.payment_lists import GROUPS, Group, PaymentQuery, summarize_payments
from tillgate.services.refunds import request_refund
from tillgate.services.settle import check_now

INR = 10_000


def test_each_figure_counts_the_payments_of_its_list(desk: Desk, clock: FakeClock) -> None:
    # The last hour of a day of the store: what is started after it belongs to the next.
    local = clock.now().astimezone(desk.till.zone)
    clock.advance(((22 - local.hour) % 24) * 3600)
    desk.cashier, desk.manager = signed_in(desk.till, Role.CASHIER), signed_in(desk.till, Role.MANAGER)
    first = desk.till.store_day(clock.now())
    hour = clock.now().astimezone(desk.till.zone).hour
    paid = [desk.paid(thing=number).id for number in range(4)]
    for payment_id, minor in ((paid[0], INR), (paid[1], 2_500)):
        request_refund(desk.till, desk.manager, payment_id, Money(minor, "INR"), "Returned")
    desk.settle()
    cancel(desk.till, desk.cashier, desk.start(thing=10).id)
    desk.start(thing=11)
    clock.advance(4 * 3600)
    desk.cashier, desk.manager = signed_in(desk.till, Role.CASHIER), signed_in(desk.till, Role.MANAGER)
    desk.paid(thing=12)
    last = first + timedelta(days=1)

    figures = load_figures(desk.till, desk.manager, first, last)
    today = figures.days[0].tally
    assert (today.started, today.paid, today.unpaid, today.given_back, today.waiting) == (6, 4, 1, 2, 1)
    assert today.taken == {"INR": Money(4 * INR, "INR")}
    assert today.refunded == {"INR": Money(INR + 2_500, "INR")}
    assert figures.hours[hour] == Tally(6, 4, 1, 2, today.taken)
    assert (figures.total.started, figures.total.paid, figures.total.ended) == (7, 5, 6)
    assert figures.providers == {"razorpay": figures.total}
    assert sum(each.started for each in figures.hours) == 7

    groups = {Group.TAKEN: today.paid, Group.NOT_PAID: today.unpaid, Group.GIVEN_BACK: today.given_back}
    for group, expected in groups.items():
        query = PaymentQuery(states=GROUPS[group], first_day=first, last_day=first)
        assert summarize_payments(desk.till, desk.manager, query).count == expected, group
    alone = load_figures(desk.till, desk.manager, last, last)
    assert (alone.total.started, alone.days) == (1, figures.days[1:])


def test_durations_and_errors_are_of_the_stores_days(desk: Desk, clock: FakeClock) -> None:
    local = clock.now().astimezone(desk.till.zone)
    clock.advance(((22 - local.hour) % 24) * 3600)
    first = desk.till.store_day(clock.now())

    def measure(ms: int) -> None:
        with desk.till.db.write(desk.till.system) as uow:
            observe(uow, desk.till, "order_creation", "checkout", ms)
            observe(uow, desk.till, "invoice", "sales", 2 * ms)

    measure(100)
    measure(201)
    count_error(desk.till, KeyError("x"))
    clock.advance(4 * 3600)
    measure(50)
    count_error(desk.till, KeyError("x"))
    count_error(desk.till, Invalid("amount_zero"))
    manager = signed_in(desk.till, Role.MANAGER)
    figures = load_figures(desk.till, manager, first, first + timedelta(days=1))
    assert figures.order_creation == Duration(3, 351, 201)
    assert figures.order_creation.mean_ms == 117
    assert figures.days[0].order_creation == Duration(2, 301, 201)
    assert figures.invoice == Duration(3, 702, 402)
    assert [(each.label, each.count) for each in figures.errors] == [("KeyError", 2), ("amount_zero", 1)]
    assert [day.errors for day in figures.days] == [1, 2]
    assert list(figures.errors[0].days.values()) == [1, 1]


def test_verification_is_measured_from_the_first_sign_of_money(desk: Desk, clock: FakeClock) -> None:
    day = desk.till.store_day(clock.now())
    begun = desk.start()
    desk.provider.pay(desk.reference(begun.id))
    check_now(desk.till, desk.cashier, begun.id)
    figures = load_figures(desk.till, desk.manager, day, day)
    assert figures.verification.count == figures.order_creation.count == 1


def test_nothing_is_no_error_and_a_wrong_range_is(desk: Desk, clock: FakeClock) -> None:
    day = desk.till.store_day(clock.now())
    figures = load_figures(desk.till, desk.manager, day - timedelta(days=365), day)
    assert figures.total == Tally()
    assert len(figures.days) == 366
    assert figures.verification.mean_ms == 0
    for first in (day + timedelta(days=1), day - timedelta(days=366)):
        with pytest.raises(Invalid):
            load_figures(desk.till, desk.manager, first, day)
