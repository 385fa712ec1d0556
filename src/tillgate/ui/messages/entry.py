"""One row of the tables of error texts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened and what to do next, as marked English with `{placeholders}` for the error's values.

    `about_money` is False for mere input, where a word about money would only alarm.
    """

    what: str
    next: str = ""
    about_money: bool = True
