"""Texts of the errors of daily instalments: collecting them, and cancelling an order."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

TEXTS: Final[dict[str, Entry]] = {
    "nothing_selected": Entry(mark("No order is selected."), mark("Select the orders to collect for.")),
    "order_twice": Entry(mark("An order is selected twice."), mark("Select each order once.")),
    "count_out_of_range": Entry(
        mark("Order {order} has {most} unpaid instalments."), mark("Collect between {least} and {most} of them.")
    ),
    "too_many_instalments": Entry(
        mark("{asked} instalments are more than one payment takes; {most} is the most."),
        mark("Collect them in two payments."),
    ),
    "other_customer": Entry(
        mark("The selected orders are of several customers."), mark("Collect for one customer at a time.")
    ),
    "nothing_due": Entry(
        mark("Nothing of order {order} is due today; the next instalment is of {next}."),
        mark("To pay ahead, say how many instalments to collect."),
    ),
    "collection_changed": Entry(
        mark("What the orders owe has changed in this moment."), mark("Look at the new amount, then press again.")
    ),
    "instalment_order_over": Entry(
        mark("Order {number} takes no payments: it is not active."), mark("Look at the order to see why.")
    ),
    "instalment_being_paid": Entry(
        mark("An instalment of this order is being paid."),
        mark("Finish or cancel that payment first; it is in the list of payments."),
    ),
    "cancellation_changed": Entry(
        mark("What goes back for order {number} has changed in this moment."),
        mark("Look at the new amount, then press again."),
    ),
    "refund_on_its_way": Entry(
        mark("A refund of a payment for this order is on its way."), mark("Cancel the order once that refund is done.")
    ),
}
