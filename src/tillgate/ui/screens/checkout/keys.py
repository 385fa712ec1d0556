"""The commands of the checkout screen and their keys (screens.md, Every screen)."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Final

from tillgate.domain.staff import Action
from tillgate.i18n import mark
from tillgate.ui.commands import Command

SCREEN: Final = "checkout"


class Key(StrEnum):
    """The commands by name."""

    SEARCH = "checkout.search"
    CUSTOMER = "checkout.customer"
    HOLD = "checkout.hold"
    RECALL = "checkout.recall"
    QUANTITY = "checkout.quantity"
    RENTAL = "checkout.rental"
    REMOVE = "checkout.remove"
    UNDO = "checkout.undo"
    CLEAR = "checkout.clear"
    UPDATE = "checkout.update"
    PAY = "checkout.pay"
    ASK_PHONE = "checkout.ask_phone"
    DONE = "checkout.done"
    OPEN_BROWSER = "checkout.open_browser"
    COPY_LINK = "checkout.copy_link"
    MAIL_LINK = "checkout.mail_link"
    TEXT_LINK = "checkout.text_link"
    CHECK_NOW = "checkout.check_now"
    CANCEL_PAYMENT = "checkout.cancel_payment"
    MAIL = "checkout.mail"


_TABLE: Final[tuple[tuple[Key, str, str, str, str], ...]] = (
    (Key.SEARCH, mark("Find a product"), "search", "F2", "sale"),
    (Key.CUSTOMER, mark("Choose the customer"), "user", "F3", "sale"),
    (Key.MAIL, mark("Mail to the customer: yes or no"), "mail", "Ctrl+M", "sale"),
    (Key.HOLD, mark("Hold the cart"), "pause", "F4", "sale"),
    (Key.RECALL, mark("Recall a held cart"), "play", "F5", "sale"),
    (Key.QUANTITY, mark("Change the quantity"), "hand", "F6", "sale"),
    (Key.RENTAL, mark("Change the rental dates"), "calendar-days", "Ctrl+D", "sale"),
    (Key.REMOVE, mark("Remove the line"), "delete", "Del", "sale"),
    (Key.UPDATE, mark("Update the prices"), "refresh-cw", "Ctrl+U", "sale"),
    (Key.CLEAR, mark("Clear the cart"), "trash-2", "", "sale"),
    (Key.PAY, mark("Pay"), "credit-card", "F9", "sale"),
    (Key.ASK_PHONE, mark("Pay by M-Pesa…"), "smartphone", "Ctrl+F9", "sale"),
    (Key.DONE, mark("Next sale"), "check", "F12", "sale"),
    (Key.UNDO, mark("Undo the last change of the cart"), "undo-2", "Ctrl+Z", "edit"),
    (Key.OPEN_BROWSER, mark("Open the payment in the browser"), "external-link", "Ctrl+O", "sale"),
    (Key.COPY_LINK, mark("Copy the payment link"), "copy", "Ctrl+Shift+C", "sale"),
    (Key.MAIL_LINK, mark("Mail the payment link to the customer"), "mail", "Ctrl+Shift+M", "sale"),
    (Key.TEXT_LINK, mark("Text the link to the customer’s phone"), "smartphone", "Ctrl+Shift+T", "sale"),
    (Key.CHECK_NOW, mark("Check the payment now"), "refresh-cw", "Ctrl+R", "sale"),
    (Key.CANCEL_PAYMENT, mark("Cancel the payment"), "ban", "Ctrl+Del", "sale"),
)
_NEEDS: Final = {
    Key.PAY: Action.TAKE_PAYMENT,
    Key.ASK_PHONE: Action.TAKE_PAYMENT,
    Key.MAIL_LINK: Action.TAKE_PAYMENT,
    Key.TEXT_LINK: Action.TAKE_PAYMENT,
    Key.CHECK_NOW: Action.TAKE_PAYMENT,
    Key.CANCEL_PAYMENT: Action.CANCEL_PAYMENT,
}


def commands_of(do: Callable[[Key], object]) -> tuple[Command, ...]:
    """The screen's commands; each is done by `do` with its key."""
    return tuple(
        Command(key, title, partial(do, key), icon, shortcut, menu, SCREEN, _NEEDS.get(key, Action.SELL))
        for key, title, icon, shortcut, menu in _TABLE
    )
