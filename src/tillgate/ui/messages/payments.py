"""Texts of the errors of payments, refunds, exceptions and the providers' requests."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

_CALL: Final = mark("Tell the person who looks after this till.")
_LOOK: Final = mark("Look again: somebody else may have dealt with it.")
_OTHER_WAY: Final = mark("Take another way to pay.")

TEXTS: Final[dict[str, Entry]] = {
    # Starting and moving a payment
    "already_being_paid": Entry(
        mark("This is being paid already: {amount}, since {since}."),
        mark("Go on with that payment; never begin a second one."),
    ),
    "key_reused": Entry(mark("This press of Pay was used for another payment."), mark("Press Pay again.")),
    "key_malformed": Entry(mark("The payment could not be begun."), _CALL),
    "link_no_address": Entry(
        mark("Nobody said where to send the link."), mark("Let the customer scan the code, or copy the link."), False
    ),
    "link_not_open": Entry(mark("This link can’t be paid any more."), mark("See how the payment ended."), False),
    "link_sent_enough": Entry(
        mark("The link was sent {most} times already."),
        mark("Let the customer scan the code, or copy the link."),
        about_money=False,
    ),
    "link_sent_lately": Entry(
        mark("The link was sent a moment ago."), mark("It can be sent again in {wait_s} seconds."), False
    ),
    "link_text_refused": Entry(
        mark("{provider} did not send the text message ({words})."), mark("Send a mail, or copy the link."), False
    ),
    "provider_off": Entry(mark("{provider} is switched off."), mark("A manager turns it on under Settings.")),
    "method_unsupported": Entry(mark("{provider} has no such way to pay."), _OTHER_WAY),
    "method_unknown": Entry(mark("There is no such way to pay."), _OTHER_WAY),
    "currency_unsupported": Entry(mark("{currency} can’t be paid this way."), _OTHER_WAY),
    "currency_not_supported": Entry(mark("{currency} can’t be paid this way."), _OTHER_WAY),
    "amount_below_minimum": Entry(mark("The smallest amount that can be paid this way is {smallest}."), _OTHER_WAY),
    "amount_above_maximum": Entry(mark("The largest amount that can be paid this way is {largest}."), _OTHER_WAY),
    "amount_not_round": Entry(
        mark("This amount has decimals that can’t be paid this way: {amount}."), mark("Round it to whole units.")
    ),
    "amount_too_small": Entry(mark("The smallest amount that can be paid this way is {smallest}."), _OTHER_WAY),
    "allocation_mismatch": Entry(mark("The parts of the payment don’t add up to it."), _CALL),
    "payment_not_waiting": Entry(mark("This payment is over already."), mark("Look at how it ended.")),
    "payment_unknown": Entry(mark("This payment does not exist."), mark("Look in the list of payments.")),
    "payment_changed": Entry(mark("The payment was changed at the same time."), _LOOK),
    "attempt_unknown": Entry(mark("This checkout does not exist."), mark("Look at the payment again.")),
    "attempt_changed": Entry(mark("The checkout was changed at the same time."), _LOOK),
    "capture_unknown": Entry(mark("This money is not in the books."), mark("Look at the payment again.")),
    # What a request to the provider can't carry
    "description_too_long": Entry(mark("The description is longer than {longest} characters."), mark("Shorten it.")),
    "expiry_in_the_past": Entry(
        mark("The link would be over before it is open."), mark("Check this computer’s clock.")
    ),
    "reference_malformed": Entry(mark("The payment could not be begun."), _CALL),
    "return_url_refused": Entry(mark("The payment could not be begun: its way back to the till is not valid."), _CALL),
    # Refunds
    "payment_not_refundable": Entry(
        mark("Nothing of this payment can be refunded now."), mark("Look at where it stands.")
    ),
    "partial_unsupported": Entry(mark("{provider} refunds whole payments only."), mark("Refund all of it.")),
    "reason_missing": Entry(mark("A reason is needed."), mark("Write down why."), about_money=False),
    "nothing_left": Entry(
        mark("All of it has been given back or credited already."), mark("Close the entry with a reason.")
    ),
    "refund_failed_open": Entry(
        mark("A refund of {failed} of this payment failed and waits on Exceptions."),
        mark("Settle it there first, or refund exactly that much here."),
    ),
    "refund_exceeds": Entry(mark("Only {left} is left to refund, not {asked}."), mark("Type a smaller amount.")),
    "refund_unknown": Entry(mark("This refund does not exist."), mark("Look at the payment again.")),
    "refund_over": Entry(mark("The refund has ended meanwhile."), _LOOK),
    "currency_of_nothing": Entry(
        mark("The provider tells an amount in another currency than the payment’s."),
        mark("Ask the provider again, and look at the refund on the provider’s own pages."),
    ),
    "refund_changed": Entry(mark("The refund was changed at the same time."), _LOOK),
    # Exceptions
    "action_not_allowed": Entry(mark("This can’t be done about it."), mark("Choose another way to settle it.")),
    "close_checkout_first": Entry(
        mark("The customer could still pay: the checkout is open."), mark("Cancel the payment, then settle this.")
    ),
    "customer_needed": Entry(mark("Credit needs a customer."), mark("Refund it instead, or close it with a reason.")),
    "would_be_forgotten": Entry(
        mark("It can’t leave the list yet: nothing else would bring it to anybody’s mind."),
        mark("Try again, or wait: it leaves by itself once it is settled."),
    ),
    "not_verified": Entry(
        mark("The provider’s answer did not agree with what was asked for."),
        mark("Refund the money, or wait for an answer that agrees."),
    ),
    "exception_closed": Entry(mark("This was settled already."), _LOOK),
    "exception_unknown": Entry(mark("This is not on Exceptions."), _LOOK),
    "money_of_nobody": Entry(mark("This money belongs to no payment of ours."), mark("Refund it, or close it.")),
    "money_given_back": Entry(
        mark("Some of this money was given back already."), mark("Refund or credit what is left of it.")
    ),
    "paid_otherwise": Entry(mark("What it was for has been paid by another payment."), mark("Refund it.")),
}
