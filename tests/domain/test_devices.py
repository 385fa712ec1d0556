"""Which days are due, how invoices are numbered and put in order, and what a batch's rows come to."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillgate.domain.batch import (
    BATCH_MOVES,
    ITEM_MOVES,
    BatchState,
    ItemState,
    Shown,
    count_items,
    is_payable,
    parse_count,
    shown_as,
)
from tillgate.domain.devices import InvoiceNumber, days_due, new_number, oldest_first, parse_number
from tillgate.domain.errors import Invalid
from tillgate.domain.payment import AttemptState, PaymentState
from tillgate.labels import ROWS

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
CODES = st.from_regex(r"[A-Z0-9][A-Z0-9._/-]{0,31}", fullmatch=True)


@given(DAYS, DAYS, st.integers(1, 100))
def test_days_due_are_each_day_since_the_last_run_once_and_bounded(until: date, today: date, most: int) -> None:
    due = days_due(until, today, most)
    days = due.days
    assert len(days) == len(set(days)) == min(most, max(0, (today - until).days))
    assert all(until < each <= today for each in days)
    assert not days or (days[-1] == today and len(days) + max(0, due.left_out) == (today - until).days)


@given(DAYS, st.lists(st.integers(0, 40), max_size=12))
def test_running_every_so_often_makes_what_one_run_would(start: date, steps: list[int]) -> None:
    """However the till is on and off, as long as it is off for no more than the bound."""
    until = start
    found: list[date] = []
    for step in steps:
        today = until + timedelta(days=step)
        found += days_due(until, today).days
        until = max(until, today)
    assert found == list(days_due(start, until, most=10_000).days)


@given(CODES, DAYS)
def test_a_number_reads_back(code: str, day: date) -> None:
    made = new_number(code, day)
    assert parse_number(f" {made} ") == made
    assert str(made).startswith(f"INV-{code}-{day:%Y%m%d}-")


@given(st.text(max_size=60))
def test_what_is_no_number_is_refused_in_words(text: str) -> None:
    try:
        found = parse_number(text)
    except Invalid as error:
        assert error.code == "device_invoice_number"
    else:
        assert str(found) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "INV-BIKE001-20260230-abc", "INV-BIKE001-2026014-abc", "inv-BIKE001-20260104-abc123"]
)
def test_numbers_that_are_none(text: str) -> None:
    with pytest.raises(Invalid, match="device_invoice_number"):
        parse_number(text)


@dataclass(frozen=True)
class Owed:
    day: date
    number: str


@given(st.lists(st.builds(Owed, DAYS, st.text("abc123", min_size=3, max_size=3)), max_size=20))
def test_the_oldest_comes_first_and_then_the_number(invoices: list[Owed]) -> None:
    ordered = sorted(invoices, key=oldest_first)
    for one, other in itertools.pairwise(ordered):
        assert one.day < other.day or (one.day == other.day and one.number <= other.number)
    numbers = [InvoiceNumber("BIKE001", date(2026, 1, day), "x") for day in (4, 2, 3)]
    assert [each.day.day for each in sorted(numbers, key=lambda each: (each.day, str(each)))] == [2, 3, 4]


@given(st.one_of(st.integers(), st.text(max_size=12), st.integers(-3, 14).map(str)))
def test_a_count_is_one_to_ten_or_says_what_is_wrong(count: int | str) -> None:
    try:
        assert 1 <= parse_count(count) <= 10
    except Invalid as error:
        assert error.code in {"batch_count", "batch_count_malformed"}
        assert error.values["field"] == "count"
    else:
        assert int(count) == parse_count(count)


def test_every_row_has_a_word_and_no_payment_is_shown_as_another() -> None:
    assert set(ROWS) == set(Shown)
    found = {state: shown_as(ItemState.TAKEN, state) for state in PaymentState}
    assert {state for state, shown in found.items() if shown is Shown.PAID} == {
        PaymentState.CAPTURED,
        PaymentState.PARTIALLY_REFUNDED,
    }
    for item in set(ItemState) - {ItemState.TAKEN}:
        assert shown_as(item, PaymentState.CAPTURED) not in (Shown.PAID, Shown.LINK_OPEN)
    payable = {(p, a) for p in PaymentState for a in AttemptState if is_payable(p, a)}
    assert {p for p, _ in payable} == {PaymentState.PENDING, PaymentState.PROCESSING}
    assert {a for _, a in payable} == {AttemptState.OPEN, AttemptState.PROCESSING}


@dataclass(frozen=True)
class Row:
    state: ItemState
    succeeded: bool


@given(st.lists(st.builds(Row, st.sampled_from(ItemState), st.booleans()), max_size=10))
def test_the_sums_of_a_batch_leave_nothing_out(rows: list[Row]) -> None:
    totals = count_items(rows)
    assert totals.total_processed == totals.success_count + totals.error_count
    assert totals.total_processed + totals.skipped + totals.waiting == len(rows)


def test_nothing_is_stuck_in_the_tables_of_moves() -> None:
    assert BATCH_MOVES.keys() == set(BatchState)
    assert ITEM_MOVES.keys() == set(ItemState)
    for moves in (BATCH_MOVES, ITEM_MOVES):
        assert all(targets and source not in targets for source, targets in moves.items())
