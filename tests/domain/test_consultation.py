"""Keys of a press and numbers of papers; taxes of a fee that sum to the minor unit, whatever the rules."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillgate.domain.consultation import PressKey, credit_note_number, invoice_number, new_key, parse_key
from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money
from tillgate.domain.tax_rules import MILLION, TaxEffect, TaxRule, assess, check_rule, share_of

DOCUMENTS = "payment-1705321200000-a3d5f2c1-9e8b-4f6d-8a2c-1b5e3f7d9c4a"
TODAY = date(2026, 11, 21)
days = st.dates(date(2020, 1, 1), date(2032, 12, 31))
# Of whole and of broken milliseconds, as a clock gives them.
instants = st.integers(10**15, 7 * 10**15).map(lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us))
fees = st.integers(1, 10**12).map(lambda minor: Money(minor, "PHP"))


@st.composite
def rules(draw: st.DrawFn, effect: TaxEffect | None = None) -> TaxRule:
    begins = draw(days)
    ends = draw(st.none() | st.integers(0, 2_000).map(lambda more: begins + timedelta(more)))
    chosen = effect or draw(st.sampled_from(TaxEffect))
    # What four taxes withhold leaves something to pay.
    rate = draw(st.integers(1, MILLION // 5))
    name = draw(st.sampled_from(["VAT", "PPh", "GST", "Cess"]))
    return TaxRule(name, rate, chosen, draw(st.sampled_from(["PH", "ID"])), begins, ends)


def test_the_documents_key_is_read() -> None:
    key = parse_key(DOCUMENTS)
    assert key.made_at == datetime(2024, 1, 15, 12, 20, tzinfo=UTC)
    assert key.token.version == 4
    assert str(key) == DOCUMENTS


@given(instants, st.uuids(version=4))
def test_a_key_is_read_as_it_was_written(made_at: datetime, token: uuid.UUID) -> None:
    key = PressKey(made_at.replace(microsecond=made_at.microsecond // 1000 * 1000), token)
    assert parse_key(str(key)) == key


@given(instants)
def test_a_new_key_is_right_and_never_the_same(now: datetime) -> None:
    one, other = new_key(now), new_key(now)
    assert one != other
    assert now - parse_key(one).made_at < timedelta(milliseconds=1)


@given(
    st.text(max_size=70)
    | st.tuples(st.integers(0, len(DOCUMENTS) - 1), st.characters()).map(
        lambda change: DOCUMENTS[: change[0]] + change[1] + DOCUMENTS[change[0] + 1 :]
    )
    | st.uuids().filter(lambda token: token.version != 4).map(lambda token: f"payment-1705321200000-{token}")
    | st.sampled_from([DOCUMENTS.upper(), f" {DOCUMENTS}", f"{DOCUMENTS}\n", DOCUMENTS + "0", "payment-0-x", ""])
)
def test_any_other_text_is_refused_or_is_another_key(text: str) -> None:
    try:
        key = parse_key(text)
    except Invalid as refused:
        assert refused.code == "pay_key_malformed"
    else:
        assert str(key) == text
        assert key.token.version == 4


def test_numbers_of_papers_are_the_documents() -> None:
    issued_at = datetime(2024, 1, 15, 18, 30, tzinfo=UTC).astimezone()
    assert invoice_number(issued_at, 100) == "INV-20240115183000-000100"
    assert invoice_number(issued_at, 1_234_567) == "INV-20240115183000-1234567"
    assert credit_note_number(issued_at, 7) == "CRN-20240115183000-000007"


def test_the_documents_taxes_change_nothing() -> None:
    begins = date(2024, 1, 1)
    both = [
        TaxRule(name, rate, TaxEffect.INFORMATIONAL, "PH", begins)
        for name, rate in (("VAT", 120_000), ("PPh", 150_000))
    ]
    found = assess(Money(500_000, "PHP"), both, TODAY)
    assert [(line.name, line.amount) for line in found.lines] == [
        ("VAT", Money(60_000, "PHP")),
        ("PPh", Money(75_000, "PHP")),
    ]
    assert found.due == found.fee == found.net == Money(500_000, "PHP")


@given(fees, st.lists(rules(), max_size=4), days)
def test_what_is_due_adds_up_whatever_the_rules(fee: Money, given_rules: list[TaxRule], day: date) -> None:
    valid = [rule for rule in given_rules if rule.applies_on(day)]
    try:
        found = assess(fee, given_rules, day)
    except Invalid as refused:
        assert refused.code == "taxes_exceed_fee"
        assert fee.minor <= sum(share_of(fee, rule.rate_ppm).minor for rule in valid)
        return
    assert [line.name for line in found.lines] == [rule.name for rule in valid]
    assert found.due == found.fee + found.of(TaxEffect.ADDED) - found.of(TaxEffect.WITHHELD)
    assert found.net + found.of(TaxEffect.INCLUDED) == fee
    assert found.due.minor > 0
    for line, rule in zip(found.lines, valid, strict=True):
        exact = Fraction(line.base.minor) * rule.rate
        # An included tax takes part in a split of the whole: with several a part may give a unit to another.
        assert abs(line.amount.minor - exact) <= (Fraction(1, 2) if rule.effect is not TaxEffect.INCLUDED else 2)
        assert line.amount.minor >= 0


@given(fees, st.integers(1, MILLION))
def test_a_share_is_rounded_once_halves_up(fee: Money, rate_ppm: int) -> None:
    exact = Fraction(fee.minor * rate_ppm, MILLION)
    found = share_of(fee, rate_ppm).minor
    assert found - exact <= Fraction(1, 2)
    assert exact - found < Fraction(1, 2)


@given(rules(), rules())
def test_rules_overlap_when_both_are_valid_on_a_day(one: TaxRule, other: TaxRule) -> None:
    assert one.overlaps(other) == other.overlaps(one)
    same = (one.name, one.country) == (other.name, other.country)
    shared = max(one.valid_from, other.valid_from)
    # If there is a shared day at all, the later beginning is one.
    assert one.overlaps(other) == (same and one.applies_on(shared) and other.applies_on(shared))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "tax_name"),
        ({"name": "x" * 41}, "tax_name"),
        ({"rate_ppm": 0}, "tax_rate"),
        ({"rate_ppm": MILLION + 1}, "tax_rate"),
        ({"country": "ph"}, "tax_country"),
        ({"country": "PHL"}, "tax_country"),
        ({"valid_until": date(2019, 12, 31)}, "tax_days"),
    ],
)
def test_a_bad_rule_is_refused(changes: dict[str, Any], code: str) -> None:
    usual = TaxRule("VAT", 120_000, TaxEffect.ADDED, "PH", date(2020, 1, 1))
    assert check_rule(usual) is usual
    with pytest.raises(Invalid) as refused:
        check_rule(replace(usual, **changes))
    assert refused.value.code == code
