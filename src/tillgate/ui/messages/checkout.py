"""Texts of the errors of carts, customers, products and orders."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

_LOOK: Final = mark("Look at the cart and try again.")
_REMOVE: Final = mark("Take it out of the cart, or choose another one.")
_CART_AS_IT_WAS: Final = mark("Change the cart, then take the payment anew.")

TEXTS: Final[dict[str, Entry]] = {
    # Carts
    "cart_changed": Entry(mark("The cart was changed at the same time."), _LOOK),
    "cart_empty": Entry(mark("There is nothing in the cart."), mark("Ring something up first."), about_money=False),
    "cart_full": Entry(mark("A cart has {most} lines at most."), mark("Take this payment, then begin another cart.")),
    "cart_in_payment": Entry(
        mark("This cart is being paid, so nothing in it can change."),
        mark("Wait for the payment, cancel it, or hold the cart to serve the next customer."),
    ),
    "cart_not_held": Entry(
        mark("This cart does not wait any more."), mark("Choose another one, or ring up a new cart.")
    ),
    "cart_not_open": Entry(mark("This cart is not open at this till any more."), mark("Go on with the cart shown.")),
    "cart_not_ready": Entry(mark("The cart can’t be paid as it is."), mark("Settle what is marked in it, then pay.")),
    "cart_unknown": Entry(mark("This cart does not exist."), mark("Go on with the cart shown."), about_money=False),
    "line_unknown": Entry(mark("This line is not in the cart any more."), _LOOK, about_money=False),
    "line_not_rental": Entry(
        mark("This line is sold, not rented."), mark("Only rentals have dates."), about_money=False
    ),
    "nothing_to_undo": Entry(mark("There is nothing to undo in this cart."), about_money=False),
    "quantity_out_of_range": Entry(
        mark("The quantity must be from {lowest} to {highest}."), mark("Type another one."), about_money=False
    ),
    "scan_unknown": Entry(
        mark("No product has the code “{text}”."), mark("Scan it again, or find it by its name."), about_money=False
    ),
    # Products and rentals
    "product_inactive": Entry(
        mark("{name} is not offered any more."), mark("Choose another product."), about_money=False
    ),
    "product_unknown": Entry(mark("This product does not exist."), mark("Choose another one."), about_money=False),
    "variant_unknown": Entry(mark("This product does not exist."), mark("Choose another one."), about_money=False),
    "period_unknown": Entry(
        mark("This rental period is not offered any more."), mark("Choose another one."), about_money=False
    ),
    "rental_without_periods": Entry(
        mark("{name} has no rental periods."), mark("A manager adds them to the product."), about_money=False
    ),
    "start_in_past": Entry(
        mark("The rental would begin on {start_on}, which is over."), mark("Choose a later day."), about_money=False
    ),
    "start_too_far": Entry(
        mark("Rentals begin by {furthest} at the latest."), mark("Choose an earlier day."), about_money=False
    ),
    # Customers
    "customer_changed": Entry(
        mark("Somebody else changed this customer meanwhile."), mark("Look again, then make your change."), False
    ),
    "customer_inactive": Entry(
        mark("This customer is not in use any more."), mark("Choose another one."), about_money=False
    ),
    "customer_unknown": Entry(mark("This customer does not exist."), mark("Choose another one."), about_money=False),
    "email_malformed": Entry(
        mark("This is not an e-mail address."), mark("Write it as name@example.com."), about_money=False
    ),
    "phone_malformed": Entry(
        mark("This is not a phone number."), mark("Write it with its area or country code."), about_money=False
    ),
    "mpesa_phone": Entry(
        mark("M-Pesa needs the customer’s Kenyan mobile number, as 0712 345 678."),
        mark("Choose the customer, or correct the number."),
        about_money=False,
    ),
    # Orders that can't be made after the customer paid
    "amount_changed": Entry(mark("The cart came to another amount than was charged."), _CART_AS_IT_WAS),
    "cart_gone": Entry(mark("The cart was sold or cleared before the money arrived."), mark("Ring the sale up again.")),
    "not_offered": Entry(mark("{name} is not offered any more."), _REMOVE),
    "out_of_stock": Entry(mark("There is not enough of {name}: {left} left, {wanted} wanted."), _CART_AS_IT_WAS),
    "rental_taken": Entry(mark("{name} is not free on these days: {left} free, {wanted} wanted."), _CART_AS_IT_WAS),
    "rental_over": Entry(mark("The rental of {name} was over on {end_on}."), _CART_AS_IT_WAS),
    "stock_conflict": Entry(mark("The last of {name} was sold at the same moment."), _CART_AS_IT_WAS),
    "orders_failed": Entry(mark("The orders could not be written down."), mark("Take the payment anew.")),
    "order_unknown": Entry(mark("This order does not exist."), mark("Look in the list of orders."), about_money=False),
    "invoice_unknown": Entry(
        mark("This invoice does not exist."), mark("Look in the list of orders."), about_money=False
    ),
    "credit_note_unknown": Entry(
        mark("This credit note does not exist."), mark("Look in the list of orders."), about_money=False
    ),
}
