"""M-Pesa in Kenya: phones, whole shillings, and why a prompt took nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money
from tillgate.domain.mpesa import PromptFailure, check_phone, failure_of, shillings, whole_shillings

SUBSCRIBERS = st.from_regex("[17][0-9]{8}", fullmatch=True)
PREFIXES = st.sampled_from(["", "0", "254", "+254", "00254", "+2540", "2540", "+254(0)"])


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """A subscriber's nine digits, and a way that somebody writes the number."""
    digits = draw(SUBSCRIBERS)
    text = draw(PREFIXES) + digits
    places = draw(st.lists(st.integers(1, len(text)), max_size=6))
    for place in sorted(places, reverse=True):
        text = text[:place] + draw(st.sampled_from(" .-\u00a0")) + text[place:]
    return digits, text


@given(written())
def test_every_way_to_write_a_number_is_the_same_number(number: tuple[str, str]) -> None:
    digits, text = number
    assert check_phone(text) == f"254{digits}"
    assert check_phone(check_phone(text)) == check_phone(text)


@given(st.text(alphabet="0123456789+-() .abcx٠١٢\n", max_size=45) | st.text(max_size=20))
def test_what_is_accepted_is_a_kenyan_mobile_and_nothing_else(text: str) -> None:
    try:
        found = check_phone(text)
    except Invalid as refused:
        assert (refused.code, refused.values["field"]) == ("mpesa_phone", "phone")
        return
    assert len(found) == 12
    assert found.isascii() and found.isdigit()
    assert found.startswith(("2547", "2541"))
    given_digits = "".join(char for char in text if char.isdigit())
    assert given_digits.endswith(found[3:])


OTHERS = (
    *("", "0", "254", "0812345678", "07123456789", "071234567", "+255712345678", "+1 712345678", "020 2345678"),
    *("0712 345 678 x2", "٠٧١٢٣٤٥٦٧٨", "+0712345678", "++254712345678", "0" * 50 + "712345678", "254254712345678"),
)


@pytest.mark.parametrize("text", OTHERS)
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="mpesa_phone"):
        check_phone(text)


@given(st.integers(-(10**14), 10**14))
def test_shillings_are_rounded_up_by_less_than_one(minor: int) -> None:
    exact, pushed = Money(minor, "KES"), whole_shillings(Money(minor, "KES"))
    assert pushed.minor % 100 == 0
    assert 0 <= (pushed - exact).minor < 100
    assert shillings(pushed) * 100 == pushed.minor
    assert whole_shillings(pushed) == pushed
    if exact != pushed:
        with pytest.raises(Invalid, match="amount_not_round"):
            shillings(exact)


def test_other_money_is_not_moved() -> None:
    for count in (whole_shillings, shillings):
        with pytest.raises(Invalid, match="currency_not_supported"):
            count(Money(100, "USD"))


@pytest.mark.parametrize(
    ("code", "words", "found"),
    [
        ("1", "", PromptFailure.INSUFFICIENT_FUNDS),
        (" 2001 ", "The initiator information is invalid.", PromptFailure.WRONG_PIN),
        ("1032", "anything", PromptFailure.CANCELLED),
        ("1037", "", PromptFailure.NO_ANSWER),
        ("1019", "", PromptFailure.EXPIRED),
        ("1001", "", PromptFailure.PHONE_BUSY),
        ("1025", "", PromptFailure.NOT_DELIVERED),
        ("26", "", PromptFailure.BUSY),
        ("", "Request Cancelled by user.", PromptFailure.CANCELLED),
        ("", "The balance is insufficient for the transaction", PromptFailure.INSUFFICIENT_FUNDS),
        ("8006", "Wrong PIN entered", PromptFailure.WRONG_PIN),
        ("", "DS timeout user cannot be reached", PromptFailure.NO_ANSWER),
        ("", "shipping refused, spinning", PromptFailure.OTHER),
        ("", "", PromptFailure.OTHER),
    ],
)
def test_why_a_prompt_took_nothing(code: str, words: str, found: PromptFailure) -> None:
    assert failure_of(code, words) is found
