"""Free text is one plain line, and a card's number is never in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillgate.domain.errors import Invalid
from tillgate.domain.notes import check_name, check_note, holds_card_number

CARDS = ["4111111111111111", "5555 5555 5555 4444", "3782-822463-10005", "6011.1111.1111.1117", "4222222222222"]


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("around", ["{}", "paid with {}, please refund", "{} 12/27", "{} 1227 123", "no 12 {}"])
def test_a_card_number_is_found_wherever_it_stands(card: str, around: str) -> None:
    assert holds_card_number(around.format(card))


@pytest.mark.parametrize(
    "text", ["+91 98765 43210", "INV-20261116090000-000123", "4111111111111112", "order 12, 3 items", "1700000000000"]
)
def test_other_numbers_are_not(text: str) -> None:
    assert not holds_card_number(text)


@given(st.text(max_size=300))
def test_a_note_is_a_plain_line_or_refused(text: str) -> None:
    try:
        note = check_note(text, field="reason")
    except Invalid as refused:
        assert refused.code in {"note_short", "note_unreadable", "note_card_number"}
    else:
        assert 3 <= len(note) <= 200
        assert "\n" not in note
        assert "\u202e" not in note


def test_a_name_is_one_line_of_readable_characters() -> None:
    assert check_name("  Ana   María ", field="name") == "Ana María"
    assert check_name("\u0928\u094d\u200d\u0930", field="name")
    for bad, code in (("", "name_missing"), ("a\u202eb", "name_unreadable"), ("x" * 61, "name_unreadable")):
        with pytest.raises(Invalid, match=code):
            check_name(bad, field="name")


@pytest.mark.parametrize("card", CARDS)
def test_a_card_number_is_nobodys_name(card: str) -> None:
    with pytest.raises(Invalid, match="note_card_number"):
        check_name(f"Ana {card}", field="name")
