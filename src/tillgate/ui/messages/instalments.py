"""Texts of the errors of bulk orders: their items, their address, their first payment."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

_COUNT: Final = mark("Type another number.")
_FIELD: Final = mark("Correct the delivery address.")
_ITEM: Final = mark("Choose another product or variant.")
_LOOK: Final = mark("Look at the bulk order.")

_REQUEST: Final[dict[str, Entry]] = {
    "bulk_all_failed": Entry(mark("None of the items can be ordered."), mark("Each item says why.")),
    "body_malformed": Entry(mark("The request is not a JSON object."), mark("Send one."), about_money=False),
    "items_missing": Entry(mark("There is nothing to order."), mark("Add a product."), about_money=False),
    "items_too_many": Entry(
        mark("A bulk order has {most} items at most, not {count}."),
        mark("Place the others in a second bulk order."),
        about_money=False,
    ),
    "pay_by_unknown": Entry(
        mark("Bulk orders are paid through Razorpay or from the wallet."), mark("Choose one of these."), False
    ),
    "delivery_missing": Entry(mark("The delivery address is not complete: {field}."), _FIELD, about_money=False),
    "delivery_malformed": Entry(mark("This part of the delivery address can’t be right: {field}."), _FIELD, False),
    "delivery_too_long": Entry(
        mark("This part of the delivery address has more than {longest} letters: {field}."), _FIELD, about_money=False
    ),
}
_ITEMS: Final[dict[str, Entry]] = {
    "product_not_found": Entry(mark("There is no product {product}."), _ITEM, about_money=False),
    "variant_not_found": Entry(mark("{product} has no variant {variant}."), _ITEM, about_money=False),
    "product_not_offered": Entry(mark("{name} is not for sale in instalments."), _ITEM, about_money=False),
    "product_out_of_stock": Entry(mark("Of {name} only {left} are left."), mark("Order fewer, or later.")),
    "item_quantity_out_of_range": Entry(
        mark("The quantity of an item is a whole number from {least} to {most}."), _COUNT, about_money=False
    ),
    "quantity_below_least": Entry(mark("At least {least} of this are sold at once."), _COUNT, about_money=False),
    "days_malformed": Entry(mark("The days of a plan are a whole number, 1 or more."), _COUNT, about_money=False),
    "plan_too_long": Entry(
        mark("An order of {total} may be paid in {most} days at most, not in {days}."),
        mark("Choose fewer days."),
        about_money=False,
    ),
    "daily_below_minimum": Entry(
        mark("A day would cost {daily}, and {least} is the least."), mark("Choose fewer days."), about_money=False
    ),
    "total_changed": Entry(
        mark("{name} comes to {now} now, not {asked}."), mark("Look at its plans, then place the order again."), False
    ),
    "instalment_currency": Entry(
        mark("Instalments are in {expected} only; this is priced in {currency}."), _ITEM, about_money=False
    ),
}
_PAYING: Final[dict[str, Entry]] = {
    "bulk_unknown": Entry(mark("There is no bulk order {bulk}."), mark("Look in the list of orders."), False),
    "bulk_over": Entry(mark("Bulk order {number} waits for no payment any more."), _LOOK),
    "bulk_incomplete": Entry(
        mark("The first payment of bulk order {number} must be for all of its orders."), _LOOK, about_money=True
    ),
    "instalment_paid": Entry(
        mark("The instalment of order {number} for {day} is paid already."), mark("Look at the order.")
    ),
    "return_not_ours": Entry(
        mark("This Razorpay order is not that of bulk order {number}."), mark("Nothing was verified. Press Check now.")
    ),
    "signature_bad": Entry(
        mark("What the browser brought back for bulk order {number} is not signed by Razorpay."),
        mark("Press Check now: only what Razorpay itself says counts."),
    ),
    "payment_not_verified": Entry(
        mark("The payment of bulk order {number} was not made."), mark("The customer can pay again.")
    ),
    "payment_checking": Entry(
        mark("The payment of bulk order {number} is being checked."), mark("Wait; do not charge again.")
    ),
}
TEXTS: Final[dict[str, Entry]] = {**_REQUEST, **_ITEMS, **_PAYING}
