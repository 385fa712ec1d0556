"""The promise of ports.TextsPayers, on Razorpay as the sandbox plays it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.contract.base import AMOUNT, Bench
from tillgate.ports import AttemptRef, Outcome, Payer, TextsPayers
from tillgate.sandbox import FaultKind, Verb
from tillgate.sandbox.razorpay.records import Link

ASHA = Payer("Asha Rao", "asha@example.com", "+919876543210")


@pytest.fixture
def link_bench(benches: dict[str, Bench]) -> Iterator[Bench]:
    found = benches["razorpay-link"]
    found.calm()
    yield found
    found.calm()


def opened(bench: Bench, payer: Payer) -> AttemptRef:
    request = replace(bench.request(), payer=payer)
    made = bench.provider.create(bench.method, bench.provider.parameters(request)).checkout
    assert made is not None
    return AttemptRef(request.reference, bench.method, AMOUNT, made.provider_id)


def notified(bench: Bench, attempt: AttemptRef) -> list[str]:
    with bench.sandbox.razorpay.transaction() as books:
        link = books.load(Link, attempt.provider_id or "")
        assert link is not None
        return list(link.notified)


def test_the_customer_is_told_on_their_phone(link_bench: Bench) -> None:
    provider = link_bench.provider
    assert isinstance(provider, TextsPayers)
    attempt = opened(link_bench, ASHA)
    assert provider.text_payer(attempt).outcome is Outcome.SUCCESS
    assert notified(link_bench, attempt) == ["sms"]
    assert provider.text_payer(opened(link_bench, Payer("No phone"))).outcome is Outcome.DECLINED
    provider.cancel(attempt)
    assert provider.text_payer(attempt).outcome is Outcome.DECLINED
    assert provider.text_payer(replace(attempt, method="order")).outcome is Outcome.DECLINED


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (FaultKind.MALFORMED_JSON, Outcome.UNKNOWN),
        (FaultKind.RATE_LIMITED_429, Outcome.RATE_LIMITED),
        (FaultKind.SERVER_ERROR_500, Outcome.UNKNOWN),
    ],
)
def test_whatever_comes_back_is_an_outcome(link_bench: Bench, kind: FaultKind, outcome: Outcome) -> None:
    attempt = opened(link_bench, ASHA)
    link_bench.sandbox.faults.arm(kind, Verb.UPDATE, provider=link_bench.provider.name)
    assert isinstance(link_bench.provider, TextsPayers)
    assert link_bench.provider.text_payer(attempt).outcome is outcome
