"""M-Pesa in Kenya: whose phone, which amounts it moves, and why it did not (product.md, ruling 16)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money

CURRENCY: Final = "KES"
# What Safaricom moves at once, by its tariffs of 2025.
LARGEST_SHILLINGS: Final = 250_000
_CENTS: Final = 100
_LONGEST_PHONE: Final = 40
_SEPARATORS: Final = re.compile("[ \u00a0().-]")
# +254, 254 or 00254, then perhaps the zero of the trunk; or the trunk's zero alone; or nothing.
_PHONE: Final = re.compile(r"(?:(?:\+|00)?254)?0?([17][0-9]{8})")


class PromptFailure(StrEnum):
    """Why a prompt on a phone took nothing."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    WRONG_PIN = "wrong_pin"
    CANCELLED = "cancelled_on_phone"
    NO_ANSWER = "no_answer"
    PHONE_BUSY = "phone_busy"
    NOT_DELIVERED = "prompt_not_delivered"
    EXPIRED = "prompt_expired"
    BUSY = "mpesa_busy"
    OTHER = "mpesa_failed"


# Safaricom's result codes, which providers pass through.
_OF_CODE: Final = {
    "1": PromptFailure.INSUFFICIENT_FUNDS,
    "17": PromptFailure.BUSY,
    "26": PromptFailure.BUSY,
    "1001": PromptFailure.PHONE_BUSY,
    "1019": PromptFailure.EXPIRED,
    "1025": PromptFailure.NOT_DELIVERED,
    "9999": PromptFailure.NOT_DELIVERED,
    "1032": PromptFailure.CANCELLED,
    "1037": PromptFailure.NO_ANSWER,
    "2001": PromptFailure.WRONG_PIN,
}
# Where there is no code, or one that nobody knows: what the words of the same results have in them, first found first.
_OF_WORDS: Final = (
    ("insufficient", PromptFailure.INSUFFICIENT_FUNDS),
    ("pin", PromptFailure.WRONG_PIN),
    ("initiator information is invalid", PromptFailure.WRONG_PIN),
    ("cancel", PromptFailure.CANCELLED),
    ("timeout", PromptFailure.NO_ANSWER),
    ("timed out", PromptFailure.NO_ANSWER),
    ("cannot be reached", PromptFailure.NO_ANSWER),
    ("no response", PromptFailure.NO_ANSWER),
    ("unable to lock subscriber", PromptFailure.PHONE_BUSY),
    ("expired", PromptFailure.EXPIRED),
)


def check_phone(text: str) -> str:
    """A Kenyan mobile number as 254 and nine digits, from any form that people write it in.

    Raises Invalid("mpesa_phone") for every other number, and for none.
    """
    found = _PHONE.fullmatch(_SEPARATORS.sub("", text)) if len(text) <= _LONGEST_PHONE else None
    if found is None:
        raise Invalid("mpesa_phone", field="phone")
    return f"254{found[1]}"


def whole_shillings(amount: Money) -> Money:
    """What is asked for: M-Pesa moves whole shillings, and the rest is rounded up. Raises Invalid for other money."""
    _check_currency(amount)
    return Money(-(-amount.minor // _CENTS) * _CENTS, CURRENCY)


def shillings(amount: Money) -> int:
    """The amount as a number of shillings.

    Raises Invalid("currency_not_supported") for other money and ("amount_not_round") where cents are left.
    """
    _check_currency(amount)
    whole, cents = divmod(amount.minor, _CENTS)
    if cents:
        raise Invalid("amount_not_round", field="amount", amount=amount)
    return whole


def failure_of(code: str, words: str) -> PromptFailure:
    """What a failed prompt's code says, or else its words."""
    known = _OF_CODE.get(code.strip())
    if known is not None:
        return known
    said = words.lower()
    # Whole words: "pin" is not "shipping".
    return next((one for word, one in _OF_WORDS if re.search(rf"\b{word}", said)), PromptFailure.OTHER)


def _check_currency(amount: Money) -> None:
    if amount.currency != CURRENCY:
        raise Invalid("currency_not_supported", field="currency", currency=amount.currency)
