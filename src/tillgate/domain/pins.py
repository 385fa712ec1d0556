"""PINs and passphrases: which are good enough, and how long a wrong one delays the next (reliability.md 2.1)."""

from __future__ import annotations

import contextlib
import itertools
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.staff import Role

SHORTEST_PIN: Final = {Role.CASHIER: 4, Role.MANAGER: 6}
SHORTEST_PASSPHRASE: Final = 10
LONGEST: Final = 128
FEWEST_DIFFERENT: Final = 4

# Wrong tries 1 to 3 are free; the tenth locks until a manager unlocks.
FREE_TRIES: Final = 3
DELAYS_S: Final = (2, 5, 15, 30, 60)
LOCKING_TRY: Final = 10

# The middle column of a keypad and its neighbours: the habit that rules of arithmetic don't see.
_KEYPAD_WALKS: Final = frozenset({"2580", "0852", "1470", "0741", "3690", "0963", "147258", "258369", "147369"})
_CENTURIES: Final = ("19", "20")


def normal(pin: str) -> str:
    """The one spelling of a PIN or passphrase: composed, without surrounding white space."""
    return unicodedata.normalize("NFC", pin.strip())


def check_pin(pin: str, role: Role, *, name: str = "") -> str:
    """The normal spelling of a new PIN or passphrase. Raises Invalid with `field` "pin" and the reason as its code."""
    text = normal(pin)
    if len(text) > LONGEST or not text.isprintable():
        raise Invalid("pin_unreadable", field="pin", longest=LONGEST)
    if not (text.isascii() and text.isdigit()):
        _check_passphrase(text, name)
        return text
    if len(text) < SHORTEST_PIN[role]:
        raise Invalid("pin_too_short", field="pin", shortest=SHORTEST_PIN[role], passphrase=SHORTEST_PASSPHRASE)
    if is_guessable(text):
        raise Invalid("pin_guessable", field="pin")
    return text


def _check_passphrase(text: str, name: str) -> None:
    if len(text) < SHORTEST_PASSPHRASE:
        raise Invalid("passphrase_too_short", field="pin", shortest=SHORTEST_PASSPHRASE)
    folded = text.casefold()
    if len(set(folded)) < FEWEST_DIFFERENT or (name and folded == name.casefold()):
        raise Invalid("pin_guessable", field="pin")


def is_guessable(digits: str) -> bool:
    """Whether a PIN of digits is one of those that people try first: repeats, sequences, dates, keypad walks."""
    return digits in _KEYPAD_WALKS or _is_repeat(digits) or _is_sequence(digits) or _is_date(digits)


def _is_repeat(digits: str) -> bool:
    """1111, 1212, 123123: a text that is found again inside its own double, before the end."""
    return digits in (digits + digits)[1:-1] or len(set(digits)) <= (len(digits) - 2) // 2


def _is_sequence(digits: str) -> bool:
    """1234, 8901, 4321, 2468: always one or two up, or always down."""
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(digits)}
    return len(steps) == 1 and steps <= {1, 2, 8, 9}


def _is_date(digits: str) -> bool:
    """A year, a day and month, or all three, in any usual order."""
    match len(digits):
        case 4:
            return digits[:2] in _CENTURIES or any(_is_day(2000, *pair) for pair in _pairs(digits))
        case 6:
            return any(
                _is_day(2000 + int(year), *pair)
                for year, rest in ((digits[4:], digits[:4]), (digits[:2], digits[2:]))
                for pair in _pairs(rest)
            )
        case 8:
            return any(
                year[:2] in _CENTURIES and _is_day(int(year), *pair)
                for year, rest in ((digits[4:], digits[:4]), (digits[:4], digits[4:]))
                for pair in _pairs(rest)
            )
    return False


def _pairs(rest: str) -> tuple[tuple[int, int], tuple[int, int]]:
    first, second = int(rest[:2]), int(rest[2:])
    return (first, second), (second, first)


def _is_day(year: int, month: int, day: int) -> bool:
    with contextlib.suppress(ValueError):
        return bool(date(year, month, day))
    return False


def delay_after(failed_tries: int) -> timedelta:
    """How long the next try waits after so many wrong ones in a row."""
    step = failed_tries - FREE_TRIES
    return timedelta(seconds=DELAYS_S[min(step, len(DELAYS_S)) - 1] if step > 0 else 0)


def locks(failed_tries: int) -> bool:
    """Whether so many wrong tries in a row lock the person out."""
    return failed_tries >= LOCKING_TRY


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long to wait; `restarts` says that the clock went back, so that the whole delay begins again."""

    left: timedelta
    restarts: bool = False

    def __bool__(self) -> bool:
        return bool(self.left)

    @property
    def seconds(self) -> int:
        """Whole seconds, rounded up, for a countdown."""
        return -(-self.left // timedelta(seconds=1))


def waiting(failed_tries: int, last_try_at: datetime | None, now: datetime) -> Waiting:
    """What is left of the delay after the last wrong try. A clock that was set back never shortens it."""
    delay = delay_after(failed_tries)
    if last_try_at is None or not delay:
        return Waiting(timedelta())
    if now < last_try_at:
        return Waiting(delay, restarts=True)
    return Waiting(max(timedelta(), last_try_at + delay - now))
