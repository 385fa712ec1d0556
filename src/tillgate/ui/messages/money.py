"""Texts of the errors of domain/money.py and of the unexpected."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

TEXTS: Final[dict[str, Entry]] = {
    "unexpected": Entry(
        mark("Something went wrong inside Tillgate."),
        mark("Try again. If it happens once more, tell the person who looks after this till; the details are logged."),
    ),
    "amount_malformed": Entry(
        mark("This is not an amount."), mark("Type digits with one decimal mark."), about_money=False
    ),
    "amount_too_precise": Entry(
        mark("{currency} has {digits} decimals."), mark("Shorten the amount."), about_money=False
    ),
    "amount_too_large": Entry(mark("This amount is too large."), mark("Type a smaller amount."), about_money=False),
    "amount_zero": Entry(mark("The amount is zero."), mark("Type an amount above zero."), about_money=False),
    "currency_malformed": Entry(
        mark("“{currency}” is not a currency."), mark("Use its three-letter code, as INR."), about_money=False
    ),
    "currency_mismatch": Entry(
        mark("The amounts are in different currencies: {expected} and {found}."),
        mark("Use one currency."),
    ),
    "split_weights": Entry(mark("The amount could not be divided into parts."), mark("Check the parts and try again.")),
}
