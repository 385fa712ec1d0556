"""PINs that people guess first are refused, and wrong tries wait longer and longer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillgate.domain.errors import Invalid
from tillgate.domain.pins import LOCKING_TRY, check_pin, delay_after, is_guessable, locks, waiting
from tillgate.domain.staff import Role

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "pin",
    ["1234", "4321", "7890", "0987", "2468", "1111", "1212", "123123", "987654", "2580", "1990", "2024", "3112", "1231",
     "0229", "290224", "311299", "991231", "31121999", "19991231", "12311999", "112233", "111112"],
)  # fmt: skip
def test_what_people_try_first_is_refused(pin: str) -> None:
    assert is_guessable(pin)


@pytest.mark.parametrize("pin", ["4069", "5173", "7391", "739164", "846075", "99128340", "3000", "9902304417"])
def test_what_nobody_would_guess_is_taken(pin: str) -> None:
    assert not is_guessable(pin)


def test_most_pins_remain() -> None:
    assert sum(not is_guessable(f"{number:04}") for number in range(10_000)) > 8_500


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)))
def test_no_date_is_a_pin(day: date) -> None:
    for shape in ("%d%m", "%m%d", "%Y", "%d%m%y", "%m%d%y", "%y%m%d", "%d%m%Y", "%m%d%Y", "%Y%m%d"):
        assert is_guessable(day.strftime(shape).zfill(4)), shape


@pytest.mark.parametrize(
    ("pin", "role", "code"),
    [
        ("406", Role.CASHIER, "pin_too_short"),
        ("40691", Role.MANAGER, "pin_too_short"),
        ("1234", Role.CASHIER, "pin_guessable"),
        ("abc123", Role.MANAGER, "passphrase_too_short"),
        ("٤٠٦٩", Role.CASHIER, "passphrase_too_short"),
        ("aaaaaaaaaaab", Role.MANAGER, "pin_guessable"),
        ("Priya Sharma", Role.MANAGER, "pin_guessable"),
        ("correct\nhorse battery", Role.MANAGER, "pin_unreadable"),
        ("x" * 129, Role.MANAGER, "pin_unreadable"),
        ("", Role.CASHIER, "passphrase_too_short"),
    ],
)
def test_a_weak_pin_is_refused_with_its_reason(pin: str, role: Role, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_pin(pin, role, name="Priya Sharma")
    assert refused.value.code == code
    assert refused.value.values["field"] == "pin"


def test_a_good_one_has_one_spelling() -> None:
    assert check_pin(" 4069 ", Role.CASHIER) == "4069"
    assert check_pin("739164", Role.MANAGER) == "739164"
    assert check_pin("cafe\u0301 am Fluss", Role.MANAGER) == check_pin("café am Fluss", Role.MANAGER)


def test_the_schedule_is_the_documented_one() -> None:
    assert [delay_after(tries).seconds for tries in range(10)] == [0, 0, 0, 0, 2, 5, 15, 30, 60, 60]
    assert [tries for tries in range(15) if locks(tries)] == list(range(LOCKING_TRY, 15))


@given(st.integers(0, 30), st.integers(-10_000_000, 10_000_000))
def test_no_clock_shortens_a_delay(tries: int, moved_s: int) -> None:
    """Whatever the clock says, the delay ends no earlier than its full length after the last try."""
    left = waiting(tries, NOW, NOW + timedelta(seconds=moved_s))
    assert left.left == max(timedelta(), min(delay_after(tries), delay_after(tries) - timedelta(seconds=moved_s)))
    assert left.restarts == (moved_s < 0 and bool(delay_after(tries)))
    assert bool(left) == (left.seconds > 0)
