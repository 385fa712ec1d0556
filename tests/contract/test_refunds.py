"""The promises of ports.PaymentProvider about money that goes back, on every provider."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.contract.base import Bench
from tests.contract.bench import having
from tests.contract.test_promises import fetched
from tillgate.domain.checkout_facts import RefundStatus, TryStatus
from tillgate.domain.money import Money
from tillgate.ports import Outcome
from tillgate.sandbox import FaultKind


@pytest.mark.parametrize("bench", having("refunds_by_key"), indirect=True)
def test_a_refund_in_parts_and_no_more_than_there_is(bench: Bench) -> None:
    attempt, payment = bench.captured()
    first, second = bench.refund_of(payment, bench.part), bench.refund_of(payment, bench.amount - bench.part)
    answer = bench.provider.refund(first)
    assert answer.outcome is Outcome.SUCCESS
    assert answer.refund is not None
    assert (answer.refund.amount, answer.refund.payment_ref, answer.refund.key) == (bench.part, payment, first.key)
    assert fetched(bench, attempt).tries[0].refunded_minor == bench.part.minor
    over = bench.provider.refund(bench.refund_of(payment))
    assert over.outcome is Outcome.DECLINED
    assert over.message
    assert bench.provider.refund(second).outcome is Outcome.SUCCESS
    whole = fetched(bench, attempt)
    assert whole.tries[0].status is TryStatus.REFUNDED
    assert whole.tries[0].refunded_minor == bench.amount.minor
    assert bench.provider.refund(bench.refund_of(payment, bench.part)).outcome is Outcome.DECLINED
    found = bench.provider.find_refunds(payment)
    assert found.outcome is Outcome.SUCCESS
    assert {(one.key, one.amount) for one in found.refunds} == {
        (first.key, bench.part),
        (second.key, bench.amount - bench.part),
    }
    assert set(bench.truth(attempt).refunds) == {
        (first.key, bench.part.minor),
        (second.key, (bench.amount - bench.part).minor),
    }


def test_the_same_key_and_body_never_refund_twice(bench: Bench) -> None:
    attempt, payment = bench.captured()
    request = bench.refund_of(payment, bench.part)
    first, again = bench.provider.refund(request), bench.provider.refund(request)
    assert first.outcome is again.outcome is Outcome.SUCCESS
    assert first.refunds == again.refunds
    assert bench.truth(attempt).refunds == ((bench.kept_key(request), bench.part.minor),)


@pytest.mark.parametrize("bench", having("refunds_by_key"), indirect=True)
def test_the_same_key_for_another_amount_is_not_a_decline(bench: Bench) -> None:
    attempt, payment = bench.captured()
    request = bench.refund_of(payment, bench.part)
    bench.provider.refund(request)
    other = bench.provider.refund(replace(request, amount=Money(bench.part.minor + 1, bench.part.currency)))
    assert other.outcome is Outcome.UNKNOWN
    assert other.refunds == ()
    assert bench.truth(attempt).refunds == ((request.key, bench.part.minor),)


@pytest.mark.parametrize("bench", having("refunds_wait"), indirect=True)
def test_a_refund_takes_its_time_or_fails(bench: Bench) -> None:
    for kind, end in ((FaultKind.REFUND_PENDING, RefundStatus.DONE), (FaultKind.REFUND_FAILS, RefundStatus.FAILED)):
        _, payment = bench.captured()
        bench.arm(kind, seconds=60)
        answer = bench.provider.refund(bench.refund_of(payment))
        assert answer.outcome is Outcome.SUCCESS
        assert answer.refund is not None
        assert answer.refund.status is RefundStatus.PENDING
        bench.sandbox.advance(61)
        assert [one.status for one in bench.provider.find_refunds(payment).refunds] == [end]


def test_a_refused_refund_is_declined_with_the_providers_words(bench: Bench) -> None:
    attempt, payment = bench.captured()
    bench.arm(FaultKind.REFUND_REFUSED)
    answer = bench.provider.refund(bench.refund_of(payment))
    assert answer.outcome is Outcome.DECLINED
    assert "balance" in answer.message
    assert bench.truth(attempt).refunds == ()


@pytest.mark.parametrize("bench", having("refunds_by_key"), indirect=True)
def test_every_refund_is_found_over_many_pages(bench: Bench) -> None:
    _, payment = bench.captured()
    sent = [bench.refund_of(payment, Money(100, bench.amount.currency)) for _ in range(130)]
    with ThreadPoolExecutor(4) as threads:
        assert {answer.outcome for answer in threads.map(bench.provider.refund, sent)} == {Outcome.SUCCESS}
    found = bench.provider.find_refunds(payment)
    assert found.outcome is Outcome.SUCCESS
    assert sorted(one.key or "" for one in found.refunds) == sorted(one.key for one in sent)


@pytest.mark.parametrize("bench", having("captures", value=False), indirect=True)
def test_money_that_never_waits_is_captured_already_and_given_back_whole_or_not_at_all(bench: Bench) -> None:
    attempt, payment = bench.captured()
    less = Money(bench.amount.minor - 1, bench.amount.currency)
    assert bench.provider.capture(payment, bench.amount).outcome is Outcome.SUCCESS
    assert bench.provider.capture(payment, less).outcome is Outcome.DECLINED
    assert not bench.provider.capabilities.partial_refund
    assert bench.provider.find_refunds(payment).refunds == ()
    part = bench.provider.refund(bench.refund_of(payment, less))
    assert part.outcome is Outcome.DECLINED
    assert part.message
    assert bench.truth(attempt).refunds == ()
    assert bench.provider.refund(bench.refund_of(payment)).outcome is Outcome.SUCCESS
    (tried,) = fetched(bench, attempt).tries
    if bench.fetch_tells_refunds:
        assert (tried.status, tried.refunded_minor) == (TryStatus.REFUNDED, bench.amount.minor)
    (given_back,) = bench.provider.find_refunds(payment).refunds
    assert (given_back.payment_ref, given_back.amount, given_back.status) == (payment, bench.amount, RefundStatus.DONE)
