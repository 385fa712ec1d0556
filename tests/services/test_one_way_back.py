"""Money goes back once, whether a person decides at the payment or on the Exceptions list."""

from __future__ import annotations

import pytest

from tests.factories.clock import FakeClock
from tests.factories.payments import Desk
from tests.services.test_money_twice_over import _late
from tillgate.domain.errors import Refused
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.services.exceptions import ExceptionRecord, list_exceptions, settle_exception
from tillgate.services.refunds import request_refund

_A, _K = ExceptionAction, ExceptionKind


def refused_refund(desk: Desk, payment_id: int, minor: int) -> ExceptionRecord:
    """A refund that the provider refuses for good, as it stands on the list."""
    desk.provider.faults["refund"] = ["declined"]
    request_refund(desk.till, desk.manager, payment_id, Money(minor, "INR"), "broken")
    desk.settle()
    return desk.exceptions()[0]


def closed(desk: Desk) -> list[tuple[ExceptionKind, str | None]]:
    return [(each.kind, each.action) for each in list_exceptions(desk.till, desk.manager, closed=True)]


def test_late_money_refunded_at_the_payment_leaves_the_list_and_frees_its_cart(desk: Desk, clock: FakeClock) -> None:
    late, _ = _late(desk, clock)
    request_refund(desk.till, desk.manager, late, Money(10_000, "INR"), "gone home")
    assert desk.exceptions() == []
    assert closed(desk) == [(_K.LATE, "refund")]
    assert desk.start().state is PaymentState.PENDING
    desk.settle()
    assert desk.payment(late).state is PaymentState.REFUNDED
    assert desk.provider.taken_minor() == 0


def test_a_part_refunded_at_the_payment_leaves_the_rest_to_be_decided(desk: Desk, clock: FakeClock) -> None:
    late, found = _late(desk, clock)
    request_refund(desk.till, desk.manager, late, Money(4_000, "INR"), "half of it")
    desk.settle()
    assert [each.id for each in desk.exceptions()] == [found.id]
    settle_exception(desk.till, desk.manager, found.id, _A.REFUND, "and the rest")
    desk.settle()
    assert desk.provider.taken_minor() == 0
    assert desk.exceptions() == []
    assert desk.ledger_is_even()


def test_a_failed_refund_asked_for_again_at_the_payment_is_sent_once(desk: Desk) -> None:
    paid = desk.paid()
    failed = refused_refund(desk, paid.id, 2_000)
    request_refund(desk.till, desk.manager, paid.id, Money(2_000, "INR"), "once more")
    with pytest.raises(Refused, match="exception_closed"):
        settle_exception(desk.till, desk.manager, failed.id, _A.RETRY, "and from here")
    desk.settle()
    assert desk.provider.taken_minor() == 8_000
    assert closed(desk) == [(_K.REFUND_FAILED, "retry")]


def test_another_amount_waits_until_the_failed_one_is_settled(desk: Desk) -> None:
    paid = desk.paid()
    failed = refused_refund(desk, paid.id, 2_000)
    with pytest.raises(Refused, match="refund_failed_open") as refused:
        request_refund(desk.till, desk.manager, paid.id, Money(1_500, "INR"), "part of it")
    assert refused.value.values["failed"] == Money(2_000, "INR")
    settle_exception(desk.till, desk.manager, failed.id, _A.CLOSE, "paid from the drawer")
    request_refund(desk.till, desk.manager, paid.id, Money(1_500, "INR"), "part of it")
    desk.settle()
    assert desk.provider.taken_minor() == 8_500


def test_all_of_it_includes_what_failed(desk: Desk) -> None:
    paid = desk.paid()
    refused_refund(desk, paid.id, 2_000)
    request_refund(desk.till, desk.manager, paid.id, Money(10_000, "INR"), "all of it")
    assert desk.exceptions() == []
    desk.settle()
    assert desk.provider.taken_minor() == 0


def test_late_money_that_is_applied_after_all_owes_no_refund(desk: Desk, clock: FakeClock) -> None:
    late, found = _late(desk, clock)
    failed = refused_refund(desk, late, 4_000)
    settle_exception(desk.till, desk.manager, found.id, _A.APPLY, "he is here")
    assert desk.made == [late]
    with pytest.raises(Refused, match="exception_closed"):
        settle_exception(desk.till, desk.manager, failed.id, _A.RETRY, "and the money too")
    assert desk.exceptions() == []


def test_the_list_gives_all_of_it_back_once_beside_a_failed_part(desk: Desk, clock: FakeClock) -> None:
    late, found = _late(desk, clock)
    failed = refused_refund(desk, late, 4_000)
    settle_exception(desk.till, desk.manager, failed.id, _A.RETRY, "once more")
    settle_exception(desk.till, desk.manager, found.id, _A.REFUND, "all of the rest")
    desk.settle()
    assert desk.provider.taken_minor() == 0
    assert desk.exceptions() == []
    assert desk.payment(late).state is PaymentState.REFUNDED


def test_a_failed_whole_sent_again_answers_what_waited_beside_it(desk: Desk, clock: FakeClock) -> None:
    late, _ = _late(desk, clock)
    part = refused_refund(desk, late, 4_000)
    request_refund(desk.till, desk.manager, late, Money(10_000, "INR"), "all of it")
    assert desk.exceptions() == []
    assert sorted(closed(desk)) == [(_K.LATE, "refund"), (_K.REFUND_FAILED, "retry")]
    assert part.id not in [each.id for each in desk.exceptions()]


@pytest.mark.parametrize("minor", [-1, 0])
def test_less_than_nothing_is_not_given_back(desk: Desk, minor: int) -> None:
    paid = desk.paid()
    with pytest.raises(Refused, match="refund_exceeds"):
        request_refund(desk.till, desk.manager, paid.id, Money(minor, "INR"), "broken")
    assert desk.payment(paid.id).state is PaymentState.CAPTURED
