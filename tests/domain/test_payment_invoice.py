"""Fees and checks of payment invoices: every rule at its boundary, over whatever amounts, fees and moments."""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tillgate.domain.errors import Invalid
from tillgate.domain.invoice_checks import LOCAL, REASONS, Check, Known, Reason, Typed, Verdict, check_invoice
from tillgate.domain.money import Money, percent_of
from tillgate.domain.payment_invoice import (
    MOVES,
    OPEN,
    FeeTerms,
    InvoiceStatus,
    add_fees,
    clean_ref,
    masked_phone,
    new_number,
)

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
AMOUNTS = st.integers(1, 30_000_000)
TERMS = st.builds(FeeTerms, st.integers(0, 10_000).map(lambda minor: Money(minor, "KES")), st.integers(0, 5_000))
TOLERANCES = st.integers(0, 10).map(lambda shillings: shillings * 100)
GOOD = InvoiceStatus.COMPLETE


def kes(minor: int) -> Money:
    return Money(minor, "KES")


def good(minor: int, terms: FeeTerms, **changes: Any) -> Known:
    """A complete invoice of an amount, paid to the shilling."""
    total = add_fees(kes(minor), terms).total
    return replace(Known("PI-1", GOOD, AT, total, terms, money=total), **changes)


def test_the_documents_fees() -> None:
    fees = add_fees(kes(100_000), FeeTerms(kes(200), 300))
    assert [each.minor for each in (fees.service_fee, fees.provider_fee, fees.total, fees.rounding)] == [
        200,
        3_000,
        103_200,
        0,
    ]


@given(AMOUNTS, TERMS)
def test_fees_round_up_to_whole_shillings_and_lose_nothing(minor: int, terms: FeeTerms) -> None:
    fees = add_fees(kes(minor), terms)
    assert fees.amount + fees.service_fee + fees.provider_fee + fees.rounding == fees.total
    assert fees.total.minor % 100 == 0
    assert 0 <= fees.rounding.minor < 100
    assert fees.provider_fee == percent_of(kes(minor), terms.provider_bp)
    assert add_fees(kes(minor + 100), terms).total >= fees.total


@pytest.mark.parametrize("minor", [0, -1])
def test_nothing_has_no_fees(minor: int) -> None:
    with pytest.raises(Invalid, match="amount_zero"):
        add_fees(kes(minor), FeeTerms(kes(200), 300))
    with pytest.raises(Invalid):
        add_fees(Money(100, "USD"), FeeTerms(Money(200, "USD"), 300))


@given(AMOUNTS, TERMS, TOLERANCES, st.sampled_from([-1, 0, 1]), st.sampled_from([-1, 1]))
def test_the_amount_at_its_tolerance(minor: int, terms: FeeTerms, tolerance: int, step: int, side: int) -> None:
    """One minor unit under, at and over the tolerance, on either side: beyond it a shortfall or a surplus."""
    known = good(minor, terms)
    off = max(side * tolerance + step, 1 - known.expected.minor)
    paid = replace(known, money=kes(known.expected.minor + off))
    found = check_invoice(paid, Typed(kes(minor), tolerance), AT)
    assert found.off == kes(off)
    within = abs(off) <= tolerance
    assert found.ok is within
    assert found.reason is (None if within else Reason.AMOUNT_MISMATCH)
    assert found.surplus == (kes(off) if off > tolerance else None)
    # A manager's acceptance lets exactly that surplus through, and no shortfall whatever was accepted.
    accepted = check_invoice(replace(paid, surplus_minor=max(off, 0)), Typed(kes(minor), tolerance), AT)
    assert accepted.ok is (off >= -tolerance)


@given(AMOUNTS, AMOUNTS, TERMS, TOLERANCES)
def test_the_typed_amount_is_held_against_what_was_paid(
    minor: int, typed: int, terms: FeeTerms, tolerance: int
) -> None:
    known = good(minor, terms)
    off = known.expected - add_fees(kes(typed), terms).total
    found = check_invoice(known, Typed(kes(typed), tolerance), AT)
    assert found.ok is (abs(off.minor) <= tolerance)
    assert (found.surplus is not None) is (off.minor > tolerance)


@given(
    st.integers(-3, 3),
    st.integers(0, 999_999),
    st.booleans(),
    st.booleans(),
    st.sampled_from([GOOD, InvoiceStatus.PENDING, InvoiceStatus.CREATED]),
)
def test_time_is_over_to_the_second(
    seconds: int,
    micros: int,
    late: bool,
    let_in: bool,
    status: InvoiceStatus,
) -> None:
    now = AT + timedelta(seconds=seconds, microseconds=micros)
    known = good(100_000, FeeTerms(kes(200), 300), late=late, let_in=let_in, status=status)
    row = check_invoice(known, Typed(kes(100_000), 100), now).row(Check.IN_TIME)
    over = (seconds > 0 or late) and not let_in
    assert row.verdict is (Verdict.FAILED if over else Verdict.PASSED)
    assert (row.expected, row.found) == (AT, now)


@dataclass(frozen=True)
class Case:
    """What may be of an invoice, and what is asked of it."""

    status: InvoiceStatus
    heard: bool
    came: bool
    back: bool
    off: int
    typed: str
    paid: str
    late_s: int


CURRENCIES = st.sampled_from(["KES", "USD"])
CASES = st.builds(
    Case, st.sampled_from(InvoiceStatus), st.booleans(), st.booleans(), st.booleans(), st.sampled_from([-200, 0, 200]),
    CURRENCIES, CURRENCIES, st.sampled_from([0, 1]),
)  # fmt: skip


@given(CASES)
def test_the_reason_is_the_first_check_that_fails_in_the_ruled_order(case: Case) -> None:
    """All local checks run and show; those of the provider read "not checked" where it was not asked."""
    status, came = case.status, case.came
    known = good(100_000, FeeTerms(kes(200), 300), status=status, given_back=case.back and came)
    known = replace(known, money=Money(103_200 + case.off, case.paid) if came else None)
    found = check_invoice(
        known, Typed(Money(100_000, case.typed), 100), AT + timedelta(seconds=case.late_s), heard=case.heard
    )
    assert [row.check for row in found.rows] == list(Check)
    verdicts = {row.check: row.verdict for row in found.rows}
    assert all(verdicts[check] is not Verdict.NOT_CHECKED for check in LOCAL)
    failed = [REASONS[row.check] for row in found.rows if row.verdict is Verdict.FAILED]
    assert found.reason is (failed[0] if failed else None if found.ok else Reason.NOT_COMPLETED)
    assert found.unheard is (not failed and not case.heard)
    wanted: list[Reason] = []
    wanted += [Reason.ALREADY_USED] if status is InvoiceStatus.USED else []
    wanted += [Reason.EXPIRED] if case.late_s or status is InvoiceStatus.EXPIRED else []
    wanted += [Reason.PAYMENT_FAILED] if status is InvoiceStatus.FAILED else []
    if not wanted and case.heard:
        comparable = came and case.typed == case.paid == "KES"
        wanted += [Reason.NOT_COMPLETED] if not came or case.back else []
        wanted += [Reason.AMOUNT_MISMATCH] if not wanted and comparable and case.off else []
        wanted += [Reason.CURRENCY_MISMATCH] if not wanted and came and not comparable else []
    assert failed == wanted
    assert found.ok is (case.heard and not wanted)


def test_an_id_that_nobody_has() -> None:
    found = check_invoice(None, Typed(kes(100), 100), AT)
    assert found.reason is Reason.NOT_FOUND
    assert [row.verdict for row in found.rows] == [Verdict.FAILED, *[Verdict.NOT_CHECKED] * 6]
    assert not found.ok
    assert found.surplus is None


def test_the_table_of_moves_ends_in_use_and_knows_every_status() -> None:
    assert MOVES.keys() == set(InvoiceStatus)
    assert not MOVES[InvoiceStatus.USED]
    reach = {source: set(targets) for source, targets in MOVES.items()}
    for source, target in itertools.product(InvoiceStatus, OPEN):
        assert target is InvoiceStatus.PENDING or target not in reach[source]
    assert [source for source in InvoiceStatus if InvoiceStatus.USED in reach[source]] == [InvoiceStatus.COMPLETE]


HYPHENS = "\u2010\u2011\u2012\u2013\u2212"


@example("\u2212")
@given(st.text(max_size=80))
def test_an_id_is_read_as_typed_or_not_at_all(text: str) -> None:
    clean = clean_ref(text)
    # Hyphens of other alphabets are hyphens, and what nobody sees is not there.
    typed = "".join("-" if char in HYPHENS else char for char in text if unicodedata.category(char) != "Cf").strip()
    assert clean is None or (clean == typed and clean.isascii() and 0 < len(clean) <= 64)
    assert clean_ref(f" {new_number()}\n")


def test_a_phone_is_told_by_its_ends() -> None:
    assert masked_phone("254712345678") == "2547••••5678"
    assert "5678" not in masked_phone("5678")
