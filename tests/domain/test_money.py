"""Money is exact: splitting loses nothing, rounding has one rule, reading what people typed is strict."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tillgate.domain.errors import Invalid
from tillgate.domain.money import (
    LARGEST_MINOR,
    Money,
    exponent_of,
    parse_money,
    percent_of,
    split,
    split_evenly,
    total,
    zero,
)

CURRENCIES = st.sampled_from(["INR", "COP", "IDR", "KES", "PHP", "USD", "JPY", "KWD"])
MINOR = st.integers(-LARGEST_MINOR, LARGEST_MINOR)
MONEY = st.builds(Money, MINOR, CURRENCIES)
SOME = st.builds(Money, st.integers(0, 10**15), CURRENCIES)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=40)


@given(SOME, WEIGHTS)
def test_a_split_sums_to_the_whole_and_every_part_is_within_one_minor_unit_of_its_share(
    whole: Money, weights: list[int]
) -> None:
    parts = split(whole, weights)
    assert total(parts, whole.currency) == whole
    shares = weights if any(weights) else [1] * len(weights)
    for part, weight in zip(parts, shares, strict=True):
        exact = Fraction(whole.minor * weight, sum(shares))
        assert abs(part.minor - exact) < 1
        assert weight or not part


@given(SOME, WEIGHTS)
def test_no_other_split_is_nearer_to_the_shares(whole: Money, weights: list[int]) -> None:
    """Largest remainder: whoever got the extra unit had at least the remainder of whoever did not, earlier first."""
    assume(any(weights))
    remainders = [whole.minor * weight % sum(weights) for weight in weights]
    extra = [
        part.minor > whole.minor * weight // sum(weights)
        for part, weight in zip(split(whole, weights), weights, strict=True)
    ]
    got = [(-remainder, at) for at, (remainder, more) in enumerate(zip(remainders, extra, strict=True)) if more]
    without = [(-remainder, at) for at, (remainder, more) in enumerate(zip(remainders, extra, strict=True)) if not more]
    assert not got or not without or max(got) < min(without)


@given(SOME, st.integers(1, 366))
def test_equal_parts_differ_by_one_unit_at_most_and_the_first_carry_it(whole: Money, parts: int) -> None:
    found = [part.minor for part in split_evenly(whole, parts)]
    assert sum(found) == whole.minor
    assert found == sorted(found, reverse=True)
    assert found[0] - found[-1] <= 1


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_a_split_by_nothing_or_by_less_is_refused(weights: list[int]) -> None:
    with pytest.raises(Invalid):
        split(Money(100, "INR"), weights)


@given(st.integers(-(10**12), 10**12), st.integers(-20_000, 20_000), CURRENCIES)
@example(5, 1_000, "INR")  # 0.5 goes up
@example(-5, 1_000, "INR")  # and away from zero
@example(15, 1_000, "INR")  # never to the even one
def test_a_percentage_is_rounded_half_away_from_zero(minor: int, basis_points: int, currency: str) -> None:
    exact = Decimal(minor) * basis_points / 10_000
    assert percent_of(Money(minor, currency), basis_points).minor == exact.quantize(Decimal(1), ROUND_HALF_UP)


@given(SOME)
def test_what_is_shown_reads_back(amount: Money) -> None:
    shown = str(amount).removeprefix(f"{amount.currency} ")
    assert parse_money(shown, amount.currency, allow_zero=True) == amount


@given(SOME)
def test_grouped_digits_read_like_plain_ones(amount: Money) -> None:
    grouped = f"{amount.decimal:,.{exponent_of(amount.currency)}f}"
    assert parse_money(grouped, amount.currency, allow_zero=True) == amount
    assert (
        parse_money(
            grouped.translate(str.maketrans(",.", ".,")),
            amount.currency,
            decimal_mark=",",
            group_marks=".",
            allow_zero=True,
        )
        == amount
    )


@given(st.text(max_size=30), CURRENCIES)
@example("1e5", "INR")
@example("-5", "INR")
@example("+5", "INR")
@example("५", "INR")
@example("1,2,3", "INR")
@example("1,23", "INR")
@example("0x10", "INR")
@example("1_000", "INR")
@example("NaN", "INR")
@example("", "INR")
@example(" ", "INR")
@example("1.", "INR")
@example(".5", "INR")
@example("9" * 30, "INR")
def test_anything_typed_is_an_exact_amount_or_refused(text: str, currency: str) -> None:
    try:
        found = parse_money(text, currency)
    except Invalid as refused:
        assert refused.code.startswith("amount_")
        return
    digits = text.strip().replace(",", "")
    assert digits.isascii()
    assert set(digits) <= set("0123456789.")
    assert found.decimal == Decimal(digits)
    assert found.minor > 0


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        ("1.001", "INR", "amount_too_precise"),
        ("1.5", "JPY", "amount_too_precise"),
        ("0", "INR", "amount_zero"),
        ("0.00", "INR", "amount_zero"),
        ("10000000000000000", "INR", "amount_too_large"),
        ("12 34", "INR", "amount_malformed"),
        ("1,234,56", "INR", "amount_malformed"),
    ],
)
def test_why_it_was_refused(text: str, currency: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_money(text, currency)
    assert refused.value.code == code


@given(MONEY, MONEY)
def test_currencies_never_mix(one: Money, other: Money) -> None:
    assume(one.currency != other.currency)
    mixing: list[Callable[[], object]] = [lambda: one + other, lambda: one - other, lambda: one < other]
    for mix in mixing:
        with pytest.raises(Invalid, match="currency_mismatch"):
            mix()
    assert one != other
    with pytest.raises(Invalid, match="currency_mismatch"):
        total([one, other], one.currency)


@pytest.mark.parametrize("wrong", [1.0, True, "1", None, Decimal(1)])
def test_an_amount_is_an_int_and_nothing_else(wrong: object) -> None:
    with pytest.raises(TypeError):
        Money(wrong, "INR")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money(1, "INR") * wrong  # type: ignore[operator]


@given(st.integers(min_value=LARGEST_MINOR + 1) | st.integers(max_value=-LARGEST_MINOR - 1))
def test_more_than_eighteen_digits_is_refused(minor: int) -> None:
    with pytest.raises(Invalid, match="amount_too_large"):
        Money(minor, "INR")


@pytest.mark.parametrize("currency", ["inr", "IN", "INRR", "", "I R", "ÌNR"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(Invalid, match="currency_malformed"):
        zero(currency)


@given(SOME, SOME)
def test_sums_and_differences_undo_each_other(one: Money, other: Money) -> None:
    same = Money(other.minor, one.currency)
    assert (one + same) - same == one
    assert one + -one == zero(one.currency)
    assert bool(one) is (one.minor != 0)


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (5_000_000, "COP", "COP 50000"),
        (5_000_050, "COP", "COP 50000.50"),
        (100, "IDR", "IDR 1"),
        (100, "INR", "INR 1.00"),
        (100, "JPY", "JPY 100"),
        (1, "KWD", "KWD 0.001"),
    ],
)
def test_how_it_is_written_in_logs(minor: int, currency: str, shown: str) -> None:
    assert str(Money(minor, currency)) == shown
