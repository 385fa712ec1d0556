"""Property 17, verification completeness: money matches only if everything that was asked is what came."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillgate.domain.checkout_facts import CheckoutFacts, CheckoutStatus, ProviderTry, TryStatus
from tillgate.domain.money import Money
from tillgate.domain.payment import ATTEMPT_ENDED, Mode
from tillgate.domain.verification import Expected, Reading, Verdict, judge

# Few values, so that agreement and disagreement are both common.
REFERENCES: Final = st.sampled_from(["TGA", "TGB"])
IDS: Final = st.sampled_from(["plink_1", "plink_2"])
AMOUNTS: Final = st.builds(Money, st.sampled_from([9_999, 10_000, 10_001]), st.sampled_from(["INR", "USD"]))
ACCOUNTS: Final = st.sampled_from(["rzp_test_a", "rzp_test_b"])
MODES: Final = st.sampled_from(Mode)
EXPECTED: Final = st.builds(Expected, REFERENCES, st.none() | IDS, AMOUNTS, ACCOUNTS, MODES)
TRIES: Final = st.builds(
    ProviderTry,
    provider_ref=st.sampled_from(["pay_1", "pay_2", "pay_3"]),
    status=st.sampled_from(TryStatus),
    amount=AMOUNTS,
    checkout_id=st.none() | IDS,
)
FACTS: Final = st.builds(
    CheckoutFacts,
    provider_id=IDS,
    reference=REFERENCES,
    status=st.sampled_from(CheckoutStatus),
    amount=AMOUNTS,
    account=ACCOUNTS,
    mode=MODES,
    tries=st.lists(TRIES, max_size=3).map(tuple),
    reason=st.none() | st.just("declined"),
)
GOOD: Final = Expected("TGA", "plink_1", Money(10_000, "INR"), "rzp_test_a", Mode.TRAINING)
PAID: Final = CheckoutFacts(
    provider_id="plink_1",
    reference="TGA",
    status=CheckoutStatus.PAID,
    amount=GOOD.amount,
    account=GOOD.account,
    mode=GOOD.mode,
    tries=(ProviderTry("pay_1", TryStatus.CAPTURED, GOOD.amount, "plink_1"),),
)


def agrees(expected: Expected, facts: CheckoutFacts, found: ProviderTry) -> bool:
    """The rule in product.md's words, written a second time."""
    return (
        facts.reference == expected.reference
        and (expected.provider_id is None or facts.provider_id == expected.provider_id)
        and facts.amount == expected.amount
        and facts.account == expected.account
        and facts.mode is expected.mode
        and found.checkout_id in (None, facts.provider_id)
        and found.amount == expected.amount
        and found.status is TryStatus.CAPTURED
    )


@given(EXPECTED, FACTS)
def test_money_matches_exactly_when_everything_agrees(expected: Expected, facts: CheckoutFacts) -> None:
    reading = judge(expected, facts)
    took = [each for each in facts.tries if each.took_money]
    assert [each.money for each in reading.captured] == took
    for each in reading.captured:
        assert (each.verdict is Verdict.MATCHES) is agrees(expected, facts, each.money)


@given(EXPECTED, FACTS)
def test_nothing_that_disagrees_is_captured_or_ended(expected: Expected, facts: CheckoutFacts) -> None:
    reading = judge(expected, facts)
    for each in reading.authorized:
        assert agrees(expected, facts, replace(each, status=TryStatus.CAPTURED))
    if reading.faults:
        assert not reading.authorized
        assert reading.ended is None
    if reading.ended is not None:
        assert reading.ended in ATTEMPT_ENDED
        assert not any(each.took_money or each.status is TryStatus.AUTHORIZED for each in facts.tries)
        assert reading.ended.value == facts.status.value.upper()


@given(EXPECTED, FACTS)
def test_judging_is_pure_and_says_which_identity_disagrees(expected: Expected, facts: CheckoutFacts) -> None:
    reading = judge(expected, facts)
    assert judge(expected, facts) == reading
    assert set(reading.faults) == {name for name, differ in _differences(expected, facts).items() if differ}


def _differences(expected: Expected, facts: CheckoutFacts) -> dict[str, bool]:
    return {
        "reference": expected.reference != facts.reference,
        "provider_id": expected.provider_id not in (None, facts.provider_id),
        "amount": expected.amount.minor != facts.amount.minor,
        "currency": expected.amount.currency != facts.amount.currency,
        "account": expected.account != facts.account,
        "mode": expected.mode is not facts.mode,
    }


def test_the_good_case_matches() -> None:
    assert judge(GOOD, PAID).captured[0].verdict is Verdict.MATCHES


@dataclass(frozen=True)
class Twist:
    """One thing that is wrong with an otherwise good answer."""

    checkout: dict[str, Any] | None = None
    money: dict[str, Any] | None = None
    verdict: Verdict = Verdict.MISMATCH


@pytest.mark.parametrize(
    "twist",
    [
        Twist({"reference": "TGB"}),
        Twist({"provider_id": "plink_2"}),
        Twist({"amount": Money(10_001, "INR")}),
        Twist({"amount": Money(10_000, "USD")}),
        Twist({"account": "rzp_test_b"}),
        Twist({"mode": Mode.LIVE}),
        Twist(money={"checkout_id": "plink_2"}),
        Twist(money={"amount": Money(10_000, "USD")}),
        Twist(money={"amount": Money(9_999, "INR")}, verdict=Verdict.UNDERPAID),
        Twist(money={"amount": Money(10_001, "INR")}, verdict=Verdict.OVERPAID),
        Twist(money={"status": TryStatus.REFUNDED}, verdict=Verdict.GIVEN_BACK),
    ],
    ids=str,
)
def test_one_difference_is_enough(twist: Twist) -> None:
    money = replace(PAID.tries[0], **(twist.money or {}))
    answer = replace(PAID, tries=(money,), **(twist.checkout or {}))
    assert [each.verdict for each in judge(GOOD, answer).captured] == [twist.verdict]


@pytest.mark.parametrize("status", [TryStatus.CREATED, TryStatus.AUTHORIZED, TryStatus.FAILED])
def test_money_that_was_not_taken_is_no_capture(status: TryStatus) -> None:
    assert judge(GOOD, replace(PAID, tries=(replace(PAID.tries[0], status=status),))).captured == ()


@pytest.mark.parametrize("status", CheckoutStatus)
def test_a_checkout_without_a_payment_to_show_is_never_captured(status: CheckoutStatus) -> None:
    reading: Reading = judge(GOOD, replace(PAID, status=status, tries=()))
    assert reading.captured == ()
    assert (reading.ended is not None) is (status in ENDS)


ENDS: Final = {CheckoutStatus.FAILED, CheckoutStatus.EXPIRED, CheckoutStatus.CANCELLED}
