"""The commands of the consultations beside those of its list, and which of the payment panel's they are."""

from __future__ import annotations

from typing import Final

from tillgate.domain.staff import Action
from tillgate.i18n import mark
from tillgate.ui.screens.checkout.keys import Key
from tillgate.ui.screens.list_commands import Verb

SCREEN: Final = "consultations"
PAY: Final = Verb("pay", mark("Pay the fee"), "credit-card", "F9", Action.TAKE_PAYMENT)
ADD: Final = "add"
LISTS: Final = (
    Verb("open", mark("Show the open fees"), "hand-coins", "Ctrl+1", Action.VIEW_PAYMENTS),
    Verb("visits", mark("Show all consultations"), "receipt-text", "Ctrl+2", Action.VIEW_PAYMENTS),
    Verb("practitioners", mark("Show the practitioners"), "users", "Ctrl+3", Action.EDIT_CATALOGUE),
    Verb("clinics", mark("Show the clinics"), "building-2", "Ctrl+4", Action.EDIT_CATALOGUE),
    Verb("taxes", mark("Show the tax rules"), "percent", "Ctrl+5", Action.EDIT_CATALOGUE),
)
DESK: Final = (Verb(ADD, mark("Add to the list"), "plus", "Ins", Action.SELL), *LISTS)
ONE: Final = (
    PAY,
    Verb("change", mark("Change what is open"), "pencil", "Ctrl+S", Action.EDIT_CUSTOMERS),
    Verb("withdraw", mark("Withdraw what is open"), "circle-minus", "Ctrl+D", Action.EDIT_CATALOGUE),
)
PAYING: Final = (
    Verb("open_browser", mark("Open the payment in the browser"), "external-link", "Ctrl+O", Action.TAKE_PAYMENT),
    Verb("copy_link", mark("Copy the payment link"), "copy", "Ctrl+Shift+C", Action.TAKE_PAYMENT),
    Verb("mail_link", mark("Mail the payment link to the patient"), "mail", "Ctrl+Shift+M", Action.TAKE_PAYMENT),
    Verb("text_link", mark("Text the link to the patient’s phone"), "smartphone", "Ctrl+Shift+T", Action.TAKE_PAYMENT),
    Verb("check_now", mark("Check the payment now"), "refresh-cw", "Ctrl+R", Action.TAKE_PAYMENT),
    Verb("cancel_payment", mark("Cancel the payment"), "ban", "Ctrl+Del", Action.CANCEL_PAYMENT),
    Verb("leave", mark("Back to the list"), "arrow-left", "F4", Action.VIEW_PAYMENTS),
)
PANEL: Final = {
    Key.OPEN_BROWSER: f"{SCREEN}.open_browser",
    Key.COPY_LINK: f"{SCREEN}.copy_link",
    Key.MAIL_LINK: f"{SCREEN}.mail_link",
    Key.TEXT_LINK: f"{SCREEN}.text_link",
    Key.CHECK_NOW: f"{SCREEN}.check_now",
    Key.CANCEL_PAYMENT: f"{SCREEN}.cancel_payment",
    Key.HOLD: f"{SCREEN}.leave",
}
