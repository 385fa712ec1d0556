"""Texts of the errors of wallets, coupons and commissions."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

_OTHER: Final = mark("Use another coupon, or none.")
_LOOK: Final = mark("Look at it again.")

_WALLETS: Final[dict[str, Entry]] = {
    "insufficient_balance": Entry(
        mark("The wallet has {available}, and {required} is needed."), mark("Top it up first, or pay another way.")
    ),
    "already_in_wallet": Entry(
        mark("This money is in the customer’s wallet already."), mark("Pay it out from there, or refund the payment.")
    ),
    "wallet_needs_customer": Entry(
        mark("Only a customer can pay from a wallet."), mark("Choose the customer first."), about_money=False
    ),
}
_COMMISSIONS: Final[dict[str, Entry]] = {
    "commission_rate": Entry(
        mark("A commission is between 0 % and 100 %."), mark("Type another rate."), about_money=False
    ),
    "commission_nothing": Entry(mark("Nothing is owed to this referrer: {owed}."), mark("Look at their statement.")),
    "commission_exceeds": Entry(mark("Only {left} is owed to this referrer, not {asked}."), mark("Type less.")),
    "referrer_is_oneself": Entry(
        mark("Nobody can be their own referrer."), mark("Choose another customer."), about_money=False
    ),
    "instalment_order_unknown": Entry(
        mark("This instalment order does not exist."), mark("Look in the list of orders."), about_money=False
    ),
}
_COUPONS: Final[dict[str, Entry]] = {
    "coupon_unknown": Entry(mark("There is no coupon {coupon}."), mark("Check its code."), about_money=False),
    "coupon_over": Entry(
        mark("Coupon {coupon} counts from {valid_from} until {valid_until} only."), _OTHER, about_money=False
    ),
    "coupon_withdrawn": Entry(mark("Coupon {coupon} was withdrawn."), _OTHER, about_money=False),
    "coupon_used_up": Entry(mark("Coupon {coupon} has been used as often as it may."), _OTHER, about_money=False),
    "coupon_used_by_customer": Entry(
        mark("This customer has used coupon {coupon} as often as one may ({limit})."), _OTHER, about_money=False
    ),
    "coupon_currency": Entry(mark("Coupon {coupon} is for {currency} only."), _OTHER, about_money=False),
    "coupon_other_product": Entry(mark("Coupon {coupon} is not for this product."), _OTHER, about_money=False),
    "coupon_minimum": Entry(mark("Coupon {coupon} counts from {minimum} on."), _OTHER, about_money=False),
    "coupon_below_daily": Entry(
        mark("With coupon {coupon} a day would cost {daily}, and {least} is the least."),
        mark("Choose fewer days, or no coupon."),
        about_money=False,
    ),
    "coupon_changed": Entry(mark("Coupon {coupon} was changed at the same time."), _LOOK, about_money=False),
    "coupon_code": Entry(
        mark("A coupon’s code has 3 to 30 letters, digits, - or _."), mark("Type another code."), about_money=False
    ),
    "coupon_code_taken": Entry(
        mark("There is a coupon {coupon} already."), mark("Type another code."), about_money=False
    ),
    "coupon_value": Entry(mark("A coupon takes off more than nothing."), mark("Type an amount."), about_money=False),
    "coupon_percent": Entry(
        mark("A coupon takes off more than 0 % and at most 100 %."), mark("Type another share."), about_money=False
    ),
    "coupon_cap": Entry(
        mark("Only a share has a most that it comes to, and that is above nothing."), mark("Change it."), False
    ),
    "coupon_minimum_malformed": Entry(
        mark("The least order of a coupon can’t be below nothing."), mark("Type another amount."), about_money=False
    ),
    "coupon_days": Entry(mark("A coupon can’t end before it begins."), mark("Choose other days."), about_money=False),
    "coupon_limit": Entry(
        mark("A limit is at least one use."), mark("Type another number, or none."), about_money=False
    ),
    "coupon_value_fixed": Entry(
        mark("What coupon {coupon} takes off can’t be changed any more."),
        mark("Withdraw it, and make another one."),
        about_money=False,
    ),
    "coupon_limit_below_used": Entry(
        mark("Coupon {coupon} has been used {used} times already."), mark("Choose a higher limit."), about_money=False
    ),
}
TEXTS: Final[dict[str, Entry]] = {**_WALLETS, **_COMMISSIONS, **_COUPONS}
