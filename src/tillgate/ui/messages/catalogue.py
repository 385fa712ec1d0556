"""Texts of the errors of a manager's work on products, variants, vendors and stock."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

_AGAIN: Final = mark("Correct it.")
_LOOK: Final = mark("Look again, then make your change.")
_OTHER_PICTURE: Final = mark("Choose another picture.")
_FILE: Final = mark("Choose another file, or save it anew.")

TEXTS: Final[dict[str, Entry]] = {
    "barcode_taken": Entry(
        mark("Another product has this barcode."), mark("Scan it again, or find the other product."), about_money=False
    ),
    "barcode_twice": Entry(
        mark("Row {other} has the same barcode."), mark("Take it out of one of them."), about_money=False
    ),
    "barcode_malformed": Entry(
        mark("“{text}” is not a barcode: 8, 12, 13 or 14 digits, the last one a check digit."),
        _AGAIN,
        about_money=False,
    ),
    "code_malformed": Entry(
        mark("“{text}” is not a code: up to 32 capitals, digits and . _ / -."), _AGAIN, about_money=False
    ),
    "code_taken": Entry(mark("This code is used already."), mark("Use another one."), about_money=False),
    "code_twice": Entry(mark("Row {other} has the same code."), mark("Take one of them out."), about_money=False),
    "catalogue_link_unknown": Entry(mark("What this belongs to does not exist any more."), _LOOK, False),
    "colour_malformed": Entry(
        mark("“{text}” is not a colour."), mark("Write it as # and six digits, as #1F5FE0."), about_money=False
    ),
    "field_missing": Entry(mark("“{field}” is missing."), mark("Fill it in."), about_money=False),
    "field_malformed": Entry(mark("“{field}” can’t be “{text}”."), _AGAIN, about_money=False),
    "field_unknown": Entry(mark("“{field}” means nothing here."), mark("Take it out."), about_money=False),
    "file_empty": Entry(mark("There is nothing in this file."), _FILE, about_money=False),
    "file_has_errors": Entry(
        mark("Nothing was imported: {count} rows have errors."), mark("Correct the file, then choose it again."), False
    ),
    "file_not_csv": Entry(mark("This is not a table: {reason}."), _FILE, about_money=False),
    "file_not_shop": Entry(
        mark("This is not a shop in the form of shop.json: {reason}."), mark("Choose another file."), about_money=False
    ),
    "file_not_text": Entry(
        mark("This file is not text in UTF-8."), mark("Save it as CSV in UTF-8, then choose it again."), False
    ),
    "file_outdated": Entry(
        mark("Nothing was imported: the catalogue changed since the file was checked."),
        mark("Check the file again."),
        about_money=False,
    ),
    "file_too_large": Entry(
        mark("The file is too large: at most {most} rows are imported at once."),
        mark("Divide it and import the parts one after another."),
        about_money=False,
    ),
    "file_unreadable": Entry(mark("{name} can’t be read: {reason}."), mark("Choose another file."), about_money=False),
    "number_malformed": Entry(mark("“{text}” is not a whole number."), _AGAIN, about_money=False),
    "number_out_of_range": Entry(
        mark("The number must be from {lowest} to {highest}."), mark("Type another one."), about_money=False
    ),
    "percent_malformed": Entry(
        mark("“{text}” is not a rate from 0 to 100 with up to two decimals."), _AGAIN, about_money=False
    ),
    "period_malformed": Entry(
        mark("“{text}” is not a rental period: days, price and name, as 3:4998.00:Weekend."), _AGAIN, about_money=False
    ),
    "period_missing": Entry(
        mark("What is rented out needs at least one rental period."), mark("Add its days and price."), False
    ),
    "period_twice": Entry(
        mark("There are two prices for {days} days."), mark("Take one of them out."), about_money=False
    ),
    "picture_broken": Entry(mark("This picture is damaged or cut off."), _OTHER_PICTURE, about_money=False),
    "picture_kind_unknown": Entry(mark("This is no PNG, JPEG or WebP, whatever its name says."), _OTHER_PICTURE, False),
    "picture_too_heavy": Entry(mark("The file is larger than {most} MB."), _OTHER_PICTURE, about_money=False),
    "picture_too_large": Entry(
        mark("The picture has {width} × {height} pixels; at most {most} million are taken."),
        _OTHER_PICTURE,
        about_money=False,
    ),
    "picture_unknown": Entry(mark("This picture is not in the store’s database."), _OTHER_PICTURE, about_money=False),
    "product_changed": Entry(mark("Somebody else changed this product meanwhile."), _LOOK, about_money=False),
    "product_fixed": Entry(
        mark("A product’s vendor and kind can’t be changed."),
        mark("Make a new product, and take the old one out of use."),
        about_money=False,
    ),
    "rows_differ": Entry(
        mark("Row {other} says something else about the same product: {field}."), mark("Make them alike."), False
    ),
    "units_booked": Entry(
        mark("Units that you want to take away are let on {days}."),
        mark("Keep {least}, or refund those orders first. Days with a booking in all: {count}."),
        about_money=False,
    ),
    "amount_ambiguous": Entry(
        mark("“{text}” can be read as two amounts."),
        mark("Write the decimals too, as 1500.00 or 1.50."),
        about_money=False,
    ),
    "customer_twice": Entry(
        mark("Row {other} names the same customer, and neither has a phone number."),
        mark("Give them phone numbers, or take one of them out."),
        about_money=False,
    ),
    "customer_unclear": Entry(
        mark("{name} is here with a phone number or an e-mail: it can’t be told whether it is the same customer."),
        mark("Write the phone number into the row, or take it out."),
        about_money=False,
    ),
    "stock_too_low": Entry(
        mark("There are only {stock} pieces, so {by} can’t be taken out."), mark("Count again."), about_money=False
    ),
    "text_missing": Entry(mark("Something is missing here."), mark("Fill it in."), about_money=False),
    "text_unreadable": Entry(
        mark("This holds characters that can’t be shown, or is longer than {longest}."), _AGAIN, about_money=False
    ),
    "variant_changed": Entry(mark("Somebody else changed this product meanwhile."), _LOOK, about_money=False),
    "vendor_changed": Entry(mark("Somebody else changed this vendor meanwhile."), _LOOK, about_money=False),
    "vendor_code_unknown": Entry(
        mark("There is no vendor with the code “{text}”."), mark("Add the vendor first, or correct the code."), False
    ),
    "vendor_unknown": Entry(mark("This vendor does not exist."), mark("Choose another one."), about_money=False),
}
