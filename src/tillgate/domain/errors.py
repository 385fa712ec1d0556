"""Errors that say whose fault it is.

TillgateError
├── Refused       the user can act: wrong input, not allowed, already done
│   ├── NotAllowed      this person may not do this
│   ├── NotFound        the thing asked for does not exist
│   ├── Stale           somebody else changed it first: look again
│   └── Invalid         the input itself is wrong; `field` names it
├── Unavailable   try later: the network, a provider, a busy database, a locked keyring
└── Bug           ours
"""

from __future__ import annotations

from enum import StrEnum


class MoneyMoved(StrEnum):
    """What an error must tell the user about the money."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class TillgateError(Exception):
    """An error with a stable code, its values, and whether money moved.

    `code` is the key of the translated message; `values` fill its placeholders.
    """

    money_moved = MoneyMoved.NO

    def __init__(self, code: str, *, money_moved: MoneyMoved | None = None, **values: object) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values
        if money_moved is not None:
            self.money_moved = money_moved

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.values.items())
        return f"{self.code}({shown})"


class Refused(TillgateError):
    """The user can act on it."""


class NotAllowed(Refused):
    """This person may not do this; a manager may be able to approve it."""


class NotFound(Refused):
    """The thing asked for does not exist."""


class Stale(Refused):
    """The thing was changed by somebody else meanwhile."""


class Invalid(Refused):
    """The input is wrong; `field` in `values` names where."""


class Unavailable(TillgateError):
    """It could not be done now; trying later may work."""


class Bug(TillgateError):
    """A state that our own code should have made impossible."""
