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
    Verb("referrers", mark("Show the referrers"), "users", "Ctrl+5", Action.SET_REFERRER),
    Verb("coupons", mark("Show the coupons"), "tag", "Ctrl+6", Action.EDIT_COUPONS),
)
# Of whatever page is in front.
DESK: Final = (
    Verb(PAY, mark("Place the order, or collect what is chosen"), "credit-card", "F9", _PAY),
    Verb(ADD, mark("Add to the list"), "plus", "Ins", Action.VIEW_PAYMENTS),
)
# Of the page of a new order.
ORDER: Final = (
    Verb("find", mark("Find a product"), "search", "F2", _PAY),
    Verb("customer", mark("Choose the customer"), "user", "F3", _PAY),
    Verb("address", mark("Type the delivery address"), "truck", "F7", _PAY),
    Verb("compare", mark("Compare the plans of all items"), "table-2", "Ctrl+B", _PAY),
    Verb("clear", mark("Empty the order"), "trash-2", "", _PAY),
    Verb("undo", mark("Put back what was taken out of the order"), "undo-2", "Ctrl+Z", _PAY),
)
# Of what is open: buttons of a row's details, and of the order's foot.
ONE: Final = (
    Verb("from_wallet", mark("Pay from the wallet"), "wallet", "F8", _PAY),
    Verb("through", mark("Make the first payment through Razorpay"), "credit-card", "F6", _PAY),
    Verb("top_up", mark("Top up the wallet"), "plus", "Ctrl+T", _PAY),
    Verb("pay_out", mark("Pay out from the wallet"), "banknote", "Ctrl+P", _PAY),
    Verb("statement", mark("Show the statement"), "list", "Ctrl+Shift+S", Action.VIEW_PAYMENTS),
    Verb("change", mark("Change what is open"), "pencil", "Ctrl+S", Action.EDIT_COUPONS),
    Verb("cancel_order", mark("Cancel the bulk order that is open"), "ban", "Ctrl+Shift+X", Action.CANCEL_PAYMENT),
    Verb("cancel_one", mark("Cancel the order that is open"), "ban", "F11", _PAY),
    Verb("withdraw", mark("Withdraw what is open"), "circle-minus", "Ctrl+D", Action.EDIT_COUPONS),
)
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
