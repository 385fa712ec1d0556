"""Finding by a few letters: "rfp" finds "Refund payment"."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

T = TypeVar("T")

_WORD_START: Final = 8
_RUN: Final = 5
_HIT: Final = 1


def score(typed: str, text: str) -> int:
    """How well the letters typed are found in order in a text; 0 when they are not. Word starts and runs count more."""
    wanted, hay = typed.casefold().replace(" ", ""), text.casefold()
    if not wanted:
        return 1
    best = 0
    for start, letter in enumerate(hay):
        if letter == wanted[0]:
            best = max(best, _from(wanted, hay, start))
    return best


def ranked(typed: str, items: Iterable[T], text_of: Callable[[T], str]) -> list[T]:
    """The items that match, best first; equal ones in their own order."""
    scored = [(score(typed, text_of(item)), item) for item in items]
    return [item for points, item in sorted(scored, key=lambda pair: -pair[0]) if points]


def _from(wanted: str, hay: str, start: int) -> int:
    points, position, last = 0, start, start - 2
    for letter in wanted:
        position = _next(hay, letter, position, last)
        if position < 0:
            return 0
        points += _HIT
        if position == 0 or not hay[position - 1].isalnum():
            points += _WORD_START
        if position == last + 1:
            points += _RUN
        last, position = position, position + 1
    return points


def _next(hay: str, letter: str, position: int, last: int) -> int:
    """The next place of a letter: the one right behind the last hit, else the next start of a word, else any."""
    if position < len(hay) and hay[position] == letter and position == last + 1:
        return position
    found = hay.find(letter, position)
    place = found
    while place >= 0:
        if place == 0 or not hay[place - 1].isalnum():
            return place
        place = hay.find(letter, place + 1)
    return found
