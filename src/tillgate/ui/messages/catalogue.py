"""Texts of the errors of a manager's work on products, variants, vendors and stock."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

_AGAIN: Final = mark("Correct it.")

TEXTS: Final[dict[str, Entry]] = {
    "barcode_malformed": Entry(
        mark("“{text}” is not a barcode: 8, 12, 13 or 14 digits, the last one a check digit."),
        _AGAIN,
        about_money=False,
    ),
    "code_malformed": Entry(
        mark("“{text}” is not a code: up to 32 capitals, digits and . _ / -."), _AGAIN, about_money=False
    ),
    "catalogue_link_unknown": Entry(
        mark("What this belongs to does not exist any more."), mark("Look again, then make your change."), False
    ),
    "colour_malformed": Entry(
        mark("“{text}” is not a colour."), mark("Write it as # and six digits, as #1F5FE0."), about_money=False
    ),
    "number_out_of_range": Entry(
        mark("The number must be from {lowest} to {highest}."), mark("Type another one."), about_money=False
    ),
    "stock_too_low": Entry(
        mark("There are only {stock} pieces, so {by} can’t be taken out."), mark("Count again."), about_money=False
    ),
    "text_missing": Entry(mark("Something is missing here."), mark("Fill it in."), about_money=False),
    "text_unreadable": Entry(
        mark("This holds characters that can’t be shown, or is longer than {longest}."), _AGAIN, about_money=False
    ),
}
