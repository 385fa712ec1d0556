"""What people write in free text: one plain line, and never a card number (reliability.md 2.6)."""

from __future__ import annotations

import re
from typing import Final

from tillgate.domain.errors import Invalid

LONGEST_NOTE: Final = 200
LONGEST_NAME: Final = 60
_DIGITS: Final = re.compile(r"\d(?:[ .-]?\d){12,}")
_CARD_LENGTHS: Final = range(13, 20)
_CARD_BEGINS: Final = "23456"
# Format characters that some scripts are written with; all others can hide or turn text.
_JOINERS: Final = "\u200c\u200d"


def holds_card_number(text: str) -> bool:
    """Whether digits in a text, spaced or not, have a card number's length and pass its check."""
    return any(_holds_card(found[0]) for found in _DIGITS.finditer(text))


def _holds_card(run: str) -> bool:
    """A card's number may be followed by its expiry, so every group of digits may begin one."""
    groups = re.split(r"[ .-]", run)
    for first in range(len(groups)):
        digits = [int(char) for char in "".join(groups[first:])]
        if str(digits[0]) in _CARD_BEGINS and any(
            _passes_luhn(digits[:length]) for length in _CARD_LENGTHS if length <= len(digits)
        ):
            return True
    return False


def _passes_luhn(digits: list[int]) -> bool:
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_plain(text: str) -> bool:
    """Whether every character is shown as it stands: no control, no direction mark."""
    return all(char.isprintable() or char in _JOINERS for char in text)


def check_note(text: str, *, field: str, shortest: int = 3) -> str:
    """The trimmed note. Raises Invalid("note_short"), ("note_unreadable") or ("note_card_number")."""
    note = text.strip()
    if len(note) < shortest:
        raise Invalid("note_short", field=field, shortest=shortest)
    if len(note) > LONGEST_NOTE or not is_plain(note):
        raise Invalid("note_unreadable", field=field, longest=LONGEST_NOTE)
    if holds_card_number(note):
        raise Invalid("note_card_number", field=field)
    return note


def check_name(text: str, *, field: str) -> str:
    """A person's name, its white space collapsed.

    Raises Invalid("name_missing"), ("name_unreadable") or ("note_card_number").
    """
    name = " ".join(text.split())
    if not name:
        raise Invalid("name_missing", field=field)
    if len(name) > LONGEST_NAME or not is_plain(name):
        raise Invalid("name_unreadable", field=field, longest=LONGEST_NAME)
    if holds_card_number(name):
        raise Invalid("note_card_number", field=field)
    return name
