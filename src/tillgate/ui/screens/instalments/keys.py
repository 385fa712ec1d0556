"""The commands of instalments, of its lists, and which of the payment panel's they are."""

from __future__ import annotations

from typing import Final

from tillgate.domain.staff import Action
from tillgate.i18n import mark
from tillgate.ui.screens.checkout.keys import Key
from tillgate.ui.screens.list_commands import Verb

SCREEN: Final = "instalments"
ADD: Final = "add"
PAY: Final = "pay"
_PAY: Final = Action.TAKE_PAYMENT
PAGES: Final = (
    Verb("order", mark("Place a new bulk order"), "shopping-cart", "Ctrl+1", _PAY),
    Verb("due", mark("Show what is due"), "calendar-days", "Ctrl+2", Action.VIEW_PAYMENTS),
    Verb("orders", mark("Show the bulk orders"), "package", "Ctrl+3", Action.VIEW_PAYMENTS),
    Verb("wallets", mark("Show the wallets"), "wallet", "Ctrl+4", Action.VIEW_PAYMENTS),
    Verb("coupons", mark("Show the coupons"), "tag", "Ctrl+5", Action.EDIT_COUPONS),
)
# Of whatever page is in front.
DESK: Final = (
    Verb(PAY, mark("Place the order, or collect what is chosen"), "credit-card", "F9", _PAY),
    Verb(ADD, mark("New coupon"), "plus", "Ins", Action.EDIT_COUPONS),
)
# Of the page of a new order.
ORDER: Final = (
    Verb("find", mark("Find a product"), "search", "F2", _PAY),
    Verb("customer", mark("Choose the customer"), "user", "F3", _PAY),
    Verb("address", mark("Type the delivery address"), "truck", "F7", _PAY),
    Verb("clear", mark("Empty the order"), "trash-2", "Ctrl+Del", _PAY),
)
# Of the row that is open: buttons of its details.
ONE: Final[tuple[Verb, ...]] = ()
PAYING: Final = (
    Verb("open_browser", mark("Open the payment in the browser"), "external-link", "Ctrl+O", _PAY),
    Verb("copy_link", mark("Copy the payment link"), "copy", "Ctrl+Shift+C", _PAY),
    Verb("mail_link", mark("Mail the payment link to the customer"), "mail", "Ctrl+Shift+M", _PAY),
    Verb("text_link", mark("Text the link to the customer’s phone"), "smartphone", "Ctrl+Shift+T", _PAY),
    Verb("check_now", mark("Check the payment now"), "refresh-cw", "Ctrl+R", _PAY),
    Verb("cancel_payment", mark("Cancel the payment"), "ban", "Ctrl+Shift+Del", Action.CANCEL_PAYMENT),
    Verb("leave", mark("Back from the payment"), "arrow-left", "F4", Action.VIEW_PAYMENTS),
)
EVERY: Final = (*PAGES, *DESK, *ORDER, *PAYING, *ONE)
PANEL: Final = {
    Key.OPEN_BROWSER: f"{SCREEN}.open_browser",
    Key.COPY_LINK: f"{SCREEN}.copy_link",
    Key.MAIL_LINK: f"{SCREEN}.mail_link",
    Key.TEXT_LINK: f"{SCREEN}.text_link",
    Key.CHECK_NOW: f"{SCREEN}.check_now",
    Key.CANCEL_PAYMENT: f"{SCREEN}.cancel_payment",
    Key.HOLD: f"{SCREEN}.leave",
}
