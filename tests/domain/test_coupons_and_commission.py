"""What coupons take off and referrers earn, for any amounts: nothing below the least, nothing lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillgate.domain.commission import commission_of
from tillgate.domain.coupons import CouponAsk, CouponKind, CouponTerms, check_terms, clean_code, discount_of
from tillgate.domain.errors import Invalid, Refused
from tillgate.domain.money import LARGEST_MINOR, Money

TODAY = date(2026, 11, 21)
LEAST = Money(5_000, "INR")
SAVE10 = CouponTerms("SAVE10", CouponKind.FLAT, 1_000_000, "INR", TODAY, TODAY)
PODS = CouponAsk(1, 7, "Phones", Money(9_000_000, "INR"), 100, LEAST)


@given(
    share=st.integers(1, 10_000),
    flat=st.none() | st.integers(1, 20_000_000),
    cap=st.none() | st.integers(1, 1_000_000),
    line=st.integers(1, 50_000_000),
    days=st.integers(1, 365),
)
def test_a_coupon_never_takes_an_order_below_the_least_nor_more_than_it_says(
    share: int, flat: int | None, cap: int | None, line: int, days: int
) -> None:
    percent = replace(SAVE10, kind=CouponKind.PERCENT, value=share, cap_minor=cap)
    terms = replace(SAVE10, value=flat) if flat else percent
    ask = replace(PODS, line=Money(line, "INR"), total_days=days)
    most = flat or min(line * share // 10_000, cap or LARGEST_MINOR)
    try:
        discount = discount_of(terms, ask, TODAY)
    except Refused as refused:
        assert refused.code == "coupon_below_daily"
        assert line - most < 5_000 * days
        assert refused.values["daily"] == Money((line - most) // days, "INR")
    else:
        assert discount.minor == most
        assert (line - discount.minor) >= 5_000 * days
        assert flat or discount.minor * 10_000 <= line * share


@given(
    paid=st.lists(st.integers(1, 10_000_000), max_size=40),
    rate_bp=st.integers(0, 10_000),
    gone=st.lists(st.integers(0, 39), max_size=10),
)
def test_a_commission_is_the_floor_of_all_that_is_paid_whatever_the_order(
    paid: list[int], rate_bp: int, gone: list[int]
) -> None:
    credited, so_far = 0, 0
    changes = paid + [-paid[each % len(paid)] for each in sorted({each % len(paid) for each in gone})] if paid else []
    for change in changes:
        so_far += change
        due = commission_of(Money(so_far, "INR"), rate_bp).minor
        # One payment's part is its share, or a unit beside it.
        assert abs((due - credited) * 10_000 - change * rate_bp) < 10_000
        credited = due
    assert credited * 10_000 <= so_far * rate_bp < (credited + 1) * 10_000
    assert 0 <= credited <= so_far


def test_the_documents_ten_percent() -> None:
    assert commission_of(Money(130_000, "INR"), 1_000) == Money(13_000, "INR")
    assert commission_of(Money(9, "INR"), 1_000) == Money(0, "INR")
    for paid, rate in ((1, -1), (1, 10_001), (-1, 1_000)):
        with pytest.raises(Invalid):
            commission_of(Money(paid, "INR"), rate)


def test_the_documents_coupon_takes_ten_thousand_off() -> None:
    assert discount_of(SAVE10, PODS, TODAY) == Money(1_000_000, "INR")


@pytest.mark.parametrize(
    ("terms", "ask", "code"),
    [
        ({"valid_until": TODAY - timedelta(days=1), "valid_from": TODAY - timedelta(days=2)}, {}, "coupon_over"),
        ({"valid_from": TODAY + timedelta(days=1), "valid_until": TODAY + timedelta(days=2)}, {}, "coupon_over"),
        ({"currency": "USD"}, {}, "coupon_currency"),
        ({"product_id": 8}, {}, "coupon_other_product"),
        ({"category": "Sound"}, {}, "coupon_other_product"),
        ({"minimum_minor": 9_000_001}, {}, "coupon_minimum"),
        ({}, {"line": Money(1_499_999, "INR")}, "coupon_below_daily"),
        ({"value": 9_000_000}, {}, "coupon_below_daily"),
        ({"value": 90_000_000}, {}, "coupon_below_daily"),
    ],
)
def test_each_reason_against_a_coupon(terms: dict[str, Any], ask: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused, match=code) as refused:
        discount_of(replace(SAVE10, **terms), replace(PODS, **ask), TODAY)
    assert refused.value.values["coupon"] == "SAVE10"


def test_what_is_just_enough_counts() -> None:
    exact = replace(SAVE10, product_id=7, category="PHONES", minimum_minor=1_500_000)
    assert discount_of(exact, replace(PODS, line=Money(1_500_000, "INR")), TODAY).minor == 1_000_000


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code": "ab"}, "coupon_code"),
        ({"code": "-SAVE"}, "coupon_code"),
        ({"code": "SAVE 10"}, "coupon_code"),
        ({"code": "ŞAVE10"}, "coupon_code"),
        ({"code": "S" * 31}, "coupon_code"),
        ({"value": 0}, "coupon_value"),
        ({"value": -1}, "coupon_value"),
        ({"value": LARGEST_MINOR + 1}, "coupon_value"),
        ({"kind": CouponKind.PERCENT, "value": 10_001}, "coupon_percent"),
        ({"kind": CouponKind.PERCENT, "value": 0}, "coupon_percent"),
        ({"cap_minor": 1}, "coupon_cap"),
        ({"kind": CouponKind.PERCENT, "value": 1, "cap_minor": 0}, "coupon_cap"),
        ({"minimum_minor": -1}, "coupon_minimum_malformed"),
        ({"valid_until": TODAY - timedelta(days=1)}, "coupon_days"),
        ({"per_customer_limit": 0}, "coupon_limit"),
        ({"total_limit": 0}, "coupon_limit"),
    ],
)
def test_terms_that_make_no_coupon(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid, match=code):
        check_terms(replace(SAVE10, **change))


@given(st.text(max_size=40) | st.from_regex(r"\s*[A-Za-z0-9][A-Za-z0-9_-]{2,29}\s*", fullmatch=True))
def test_a_code_is_found_however_it_is_typed(typed: str) -> None:
    try:
        code = clean_code(typed)
    except Invalid:
        return
    assert clean_code(f" {code.lower()} ") == code
    assert check_terms(replace(SAVE10, code=code.lower(), category="  a   b ")).category == "a b"
