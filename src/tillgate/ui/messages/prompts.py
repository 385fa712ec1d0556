"""Texts of the errors of payment invoices: asking a phone, verifying, and selling with one."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

TEXTS: Final[dict[str, Entry]] = {
    "metadata_malformed": Entry(
        mark("The notes of the payment invoice are too long."), mark("Shorten them."), about_money=False
    ),
    "prompt_open": Entry(
        mark("This phone is being asked for {amount} already, by invoice {number}."),
        mark("Wait for its answer, or look at that invoice."),
    ),
    "cart_prompted": Entry(
        mark("This cart is being paid by phone: {amount}, by invoice {number}."),
        mark("Wait for its answer, or look at that invoice."),
    ),
    "prompt_over": Entry(mark("Invoice {number} is over: its prompt is not sent."), mark("Send a new prompt.")),
    "payment_invoice_unknown": Entry(
        mark("There is no payment invoice {invoice}."), mark("Look in the list of payment invoices."), about_money=False
    ),
    "payment_invoice_changed": Entry(
        mark("Another till used invoice {number} in this moment."), mark("Verify it again to see for which order.")
    ),
    "invoice_not_good": Entry(
        mark("Invoice {number} can’t be used for this order."), mark("Verify it to see why; nothing was sold with it.")
    ),
    "invoice_undecided": Entry(
        mark("The money of invoice {number} waits for a manager’s decision."),
        mark("A manager settles it under Exceptions."),
    ),
    "no_surplus": Entry(
        mark("Invoice {number} has no surplus to accept."),
        mark("Verify it again; a shortfall, a used or a failed invoice can’t be accepted."),
    ),
}
