"""Texts of the errors of devices, their invoices, and batches that pay them."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

_LIST: Final = mark("Look in the list of devices.")
_ROW: Final = mark("Look at the row again.")

TEXTS: Final[dict[str, Entry]] = {
    # Pressing Start
    "device_unknown": Entry(mark("There is no device {device}."), _LIST, about_money=False),
    "batch_count_malformed": Entry(
        mark("“{text}” is not a number of invoices."), mark("Type a number from 1 to 10."), about_money=False
    ),
    "batch_count": Entry(
        mark("A batch pays {lowest} to {highest} invoices."), mark("Type a number within that."), about_money=False
    ),
    "batch_email_missing": Entry(
        mark("The customer’s e-mail is missing."), mark("Type the address that gets the confirmations."), False
    ),
    "batch_nothing_to_pay": Entry(mark("{device} has no open invoice: there is nothing to pay.")),
    "provider_keys_mixed": Entry(
        mark("Test and live keys of {provider} are mixed at this till, so nothing can be paid through it."),
        mark("A manager corrects them under Settings: a test till has test keys only, a live till live keys only."),
    ),
    "provider_keys_unusable": Entry(
        mark("{provider}’s keys at this till are not as {provider} writes them, so nothing can be paid through it."),
        mark("A manager copies them from {provider}’s dashboard again, under Settings."),
    ),
    # While it runs
    "batch_unknown": Entry(mark("This batch does not exist."), mark("Look in the list of batches.")),
    "batch_at_work": Entry(
        mark("This batch is running already, here or at another till."), mark("Wait until it stands, then look again.")
    ),
    "batch_item_unknown": Entry(mark("This row does not exist."), _ROW),
    "batch_item_begun": Entry(mark("This invoice was taken up already, so it can’t be skipped."), _ROW),
    "batch_item_not_over": Entry(
        mark("This invoice can’t be tried again: its link may still be paid."), mark("Wait until its link has ended.")
    ),
    "batch_link_unknown": Entry(
        mark("It is not known yet whether the link was opened; it is being looked up."),
        mark("Wait: no second link is opened meanwhile."),
    ),
    "batch_link_ended": Entry(mark("The link ended without a payment."), mark("Press Retry to open a new one.")),
    "batch_link_refused": Entry(mark("{provider} opened no link: {reason}."), mark("Press Retry, or skip it.")),
    "batch_keys_refused": Entry(
        mark("{provider} refused this till’s keys, so the batch stopped."),
        mark("A manager corrects the keys under Settings, then press Resume."),
    ),
    # Invoices
    "device_invoice_unknown": Entry(mark("This invoice does not exist."), mark("Look in the list of invoices.")),
    "device_invoice_paid": Entry(
        mark("Invoice {number} is paid already."), mark("Look at its payment; never take its money again.")
    ),
    "device_invoice_closed": Entry(
        mark("Nothing is owed on invoice {number} any more."), mark("Look at how it ended.")
    ),
    "device_invoice_not_refunded": Entry(
        mark("Only an invoice whose money went back in full can be asked for again."), mark("Look at where it stands.")
    ),
    "device_invoice_number": Entry(
        mark("“{text}” is not an invoice’s number."),
        mark("Write it as INV-BIKE001-20260104-abc123."),
        about_money=False,
    ),
    "device_invoice_differs": Entry(
        mark("{number} is there already, with another {field}."), mark("Take the row out, or correct it."), False
    ),
    "device_invoice_other": Entry(
        mark("The number {number} names another {field} than its column."), mark("Make them alike."), about_money=False
    ),
    "device_invoice_twice": Entry(
        mark("{device} has an invoice of this amount for {day} already."), mark("Take one of them out."), False
    ),
    "device_invoice_day": Entry(
        mark("An invoice can’t be dated {day}."),
        mark("Correct the date: not before 2000 and not in the future."),
        False,
    ),
    # Devices
    "device_changed": Entry(mark("Somebody else changed this device meanwhile."), mark("Look at it again."), False),
    "device_fixed": Entry(
        mark("A device’s code and currency stay what they are."),
        mark("Add another device, and retire this one."),
        about_money=False,
    ),
    "device_rate": Entry(
        mark("A device’s rate is more than nothing and at most {highest}."), mark("Type it again."), about_money=False
    ),
    "device_start": Entry(
        mark("A device can’t begin on {day}."), mark("Choose a day within a year of today."), about_money=False
    ),
}
