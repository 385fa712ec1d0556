"""When the provider is asked again: product.md's steps, ever rarer, and to a person in the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillgate.domain.cadence import FULFIL_WAITS, next_check, next_refund_check, next_watch

BEGAN: Final = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)
Next = Callable[[datetime, datetime], datetime | None]
WAYS: Final[dict[str, Next]] = {"open": next_check, "refund": next_refund_check, "watch": next_watch}
GIVEN_UP: Final = {"open": timedelta(days=7), "refund": timedelta(days=7), "watch": timedelta(days=3)}
AGES: Final = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=8))


@pytest.mark.parametrize("way", WAYS)
@given(younger=AGES, older=AGES)
def test_the_older_it_is_the_longer_the_wait(way: str, younger: timedelta, older: timedelta) -> None:
    younger, older = sorted((younger, older))
    first, second = (WAYS[way](BEGAN, BEGAN + age) for age in (younger, older))
    if second is None:
        assert older >= GIVEN_UP[way]
        return
    assert first is not None
    assert timedelta(0) < first - (BEGAN + younger) <= second - (BEGAN + older)
    assert first <= second


@pytest.mark.parametrize(
    ("age_s", "wait_s"),
    [
        (0, 3), (29, 3), (30, 5), (119, 5), (120, 15), (299, 15), (300, 60), (599, 60), (600, 300), (1_800, 900),
        (7_200, 3_600), (43_200, 21_600), (172_800, 86_400), (604_799, 86_400),
    ],
)  # fmt: skip
def test_the_steps_that_product_md_names(age_s: int, wait_s: int) -> None:
    now = BEGAN + timedelta(seconds=age_s)
    assert next_check(BEGAN, now) == now + timedelta(seconds=wait_s)


@pytest.mark.parametrize("way", WAYS)
def test_following_the_cadence_comes_to_an_end(way: str) -> None:
    now, looks = BEGAN, 0
    while (due := WAYS[way](BEGAN, now)) is not None:
        now, looks = due, looks + 1
    assert GIVEN_UP[way] <= now - BEGAN
    assert looks < 150


@given(AGES, st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=8)))
def test_an_expiry_brings_the_next_look_forward_and_never_back(age: timedelta, expires_in: timedelta) -> None:
    now, expires_at = BEGAN + age, BEGAN + expires_in
    plain, due = next_check(BEGAN, now), next_check(BEGAN, now, expires_at)
    assert (plain is None) is (due is None)
    if plain is not None and due is not None:
        assert now < due <= plain
        if now < expires_at + timedelta(seconds=2) < plain:
            assert due == expires_at + timedelta(seconds=2)


def test_orders_get_three_tries_within_a_minute() -> None:
    assert len(FULFIL_WAITS) == 2
    assert sum(FULFIL_WAITS, timedelta(0)) < timedelta(minutes=1)
