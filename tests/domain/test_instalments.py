"""Plans, schedules and numbers of instalment orders (seed 001; product.md, rulings 10 to 12 and 15)."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillgate.domain.errors import Invalid, Refused
from tillgate.domain.instalments import (
    ADDRESS_FIELDS,
    LEAST_DAILY,
    MOST_QUANTITY,
    DeliveryAddress,
    FailedItem,
    Plan,
    check_address,
    check_days,
    check_plan,
    check_quantity,
    clean_bulk_number,
    clean_order_number,
    describe_failure,
    due_on,
    longest_plan,
    new_bulk_number,
    new_order_number,
    rupees,
)
from tillgate.domain.money import Money

ADDRESS = DeliveryAddress(
    *("John Doe", "9876543210", "123 Main Street", "Mumbai", "Maharashtra", "400001", "India"),
    *("Apt 4B", "Near Central Mall"),
)


def inr(amount: int, paise: int = 0) -> Money:
    return Money(amount * 100 + paise, "INR")


def refusal(total: Money, days: int) -> str:
    with pytest.raises(Refused) as caught:
        check_plan(total, days)
    return caught.value.code


@given(st.integers(1, 10**13), st.integers(1, 365))
def test_a_schedule_sums_to_its_total_and_no_day_differs_by_more_than_a_paisa(minor: int, days: int) -> None:
    plan = Plan(Money(minor, "INR"), days)
    amounts = [each.minor for each in plan.amounts]
    assert (sum(amounts), len(amounts)) == (minor, days)
    assert amounts == sorted(amounts, reverse=True), "the first ones carry the extra paisa"
    assert (plan.daily.minor, plan.least.minor) == (amounts[0], amounts[-1])
    assert amounts[0] - amounts[-1] in (0, 1)


@given(st.integers(1, 10**11), st.integers(1, 500))
def test_a_plan_is_taken_exactly_within_its_limits(minor: int, days: int) -> None:
    total = Money(minor, "INR")
    fits = days <= longest_plan(total) and minor >= days * LEAST_DAILY.minor
    if fits:
        assert check_plan(total, days) == Plan(total, days)
    else:
        assert refusal(total, days) in {"plan_too_long", "daily_below_minimum"}


def test_the_documents_three_items() -> None:
    items = [(inr(45_000) * 2 - inr(10_000), 100), (inr(80_000), 200), (inr(5_000), 50)]
    plans = [check_plan(total, days) for total, days in items]
    assert [plan.daily for plan in plans] == [inr(800), inr(400), inr(100)]
    assert sum(plan.daily.minor for plan in plans) == 130_000
    assert sum(plan.total.minor for plan in plans) == 165_000_00


def test_how_long_a_plan_may_be_at_each_boundary() -> None:
    assert [longest_plan(inr(10_000)), longest_plan(inr(10_000, 1))] == [100, 180]
    assert [longest_plan(inr(50_000)), longest_plan(inr(50_000, 1))] == [180, 365]
    assert refusal(inr(10_000), 101) == "plan_too_long"
    assert refusal(inr(1_000_000), 366) == "plan_too_long"
    assert check_plan(inr(10_000), 100).daily == inr(100)


def test_fifty_rupees_a_day_is_enough_and_a_paisa_less_is_not() -> None:
    assert check_plan(inr(5_000), 100).least == LEAST_DAILY
    assert refusal(inr(4_999, 99), 100) == "daily_below_minimum"
    # The first days would reach it, the last ones would not.
    assert refusal(Money(50_00 * 3 - 1, "INR"), 3) == "daily_below_minimum"
    assert refusal(Money(0, "INR"), 1) == "daily_below_minimum"
    assert refusal(Money(-1, "INR"), 1) == "daily_below_minimum"
    assert refusal(Money(10**6, "USD"), 1) == "instalment_currency"


@pytest.mark.parametrize("given_quantity", [0, -1, MOST_QUANTITY + 1, 1.5, 2.0, "2", True, None])
def test_what_is_no_quantity(given_quantity: object) -> None:
    with pytest.raises(Refused, match="item_quantity_out_of_range"):
        check_quantity(given_quantity)


@pytest.mark.parametrize("given_days", [0, -100, 1.5, 100.0, "100", True, None])
def test_what_is_no_number_of_days(given_days: object) -> None:
    with pytest.raises(Refused, match="days_malformed"):
        check_days(given_days)


def test_what_counts() -> None:
    assert [check_quantity(1), check_quantity(10), check_days(1), check_days(1_000)] == [1, 10, 1, 1_000]


@given(st.dates(max_value=date(9000, 1, 1)), st.integers(1, 365))
def test_one_instalment_falls_due_on_each_day_from_the_day_of_the_order(first: date, days: int) -> None:
    due = [due_on(first, number) for number in range(1, days + 1)]
    assert due == [first + timedelta(days=index) for index in range(days)]


@given(st.dates(min_value=date(1900, 1, 1)))
def test_numbers_are_as_the_documents_and_are_found_as_they_are_typed(day: date) -> None:
    bulk, order = new_bulk_number(day), new_order_number(day)
    assert bulk.startswith(f"BULK-{day:%Y%m%d}-")
    assert order.startswith(f"ORD-{day:%Y%m%d}-")
    assert clean_bulk_number(f" {bulk.lower()}\n") == bulk
    assert clean_order_number(order.lower()) == order
    assert clean_bulk_number(order) is clean_order_number(bulk) is None
    assert clean_bulk_number("BULK-20260102-A1B2") == "BULK-20260102-A1B2"


@given(st.text(max_size=30))
def test_nonsense_is_no_number(text: str) -> None:
    assert clean_bulk_number(text) is None or text.strip().upper().startswith("BULK-")


def test_the_documents_address_and_one_without_what_is_optional() -> None:
    assert check_address(ADDRESS) == ADDRESS
    spare = replace(ADDRESS, line2="", landmark=" ", name="  John   Doe ")
    assert check_address(spare) == replace(ADDRESS, line2="", landmark="")


@pytest.mark.parametrize("name", sorted(ADDRESS_FIELDS))
def test_each_field_of_an_address_is_named_in_the_documents_word(name: str) -> None:
    field, longest = ADDRESS_FIELDS[name]
    bad = {" ": "delivery_missing", "x" * (longest + 1): "delivery_too_long", "ab\x07cd": "delivery_malformed"}
    for text, code in bad.items():
        changed = DeliveryAddress(**{**asdict(ADDRESS), name: text})
        if name in ("line2", "landmark") and code == "delivery_missing":
            assert getattr(check_address(changed), name) == ""
            continue
        with pytest.raises(Invalid) as caught:
            check_address(changed)
        assert (caught.value.code, caught.value.values["field"]) == (code, field)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("pincode", each) for each in ("40001", "4000011", "012345", "4000O1", "४०००००")),
        *(("phone", each) for each in ("12345", "phone", "98765432101234567", "+", "9876543210x")),
    ],
)
def test_what_is_no_pincode_and_no_phone(name: str, text: str) -> None:
    with pytest.raises(Invalid, match="delivery_malformed"):
        check_address(DeliveryAddress(**{**asdict(ADDRESS), name: text}))


def test_a_pincode_abroad_has_letters() -> None:
    assert check_address(replace(ADDRESS, country="United Kingdom", pincode="SW1A 1AA")).pincode == "SW1A 1AA"


def test_reasons_are_the_documents() -> None:
    assert FailedItem(2, "product_not_found", {"product": "xyz123"}).reason == "Item 3: Product 'xyz123' not found"
    least = {"least": LEAST_DAILY, "daily": inr(49)}
    assert FailedItem(1, "daily_below_minimum", least).reason == "Item 2: Daily amount below minimum ₹50"
    assert describe_failure("coupon_minimum", {"coupon": "SAVE10", "minimum": inr(99, 5)}).endswith("at least ₹99.05")
    assert [rupees(inr(1300)), rupees(inr(33, 34))] == ["₹1300", "₹33.34"]
