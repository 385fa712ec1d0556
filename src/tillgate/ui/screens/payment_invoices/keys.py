"""The commands of invoice verification and of its lists."""

from __future__ import annotations

from typing import Final

from tillgate.domain.staff import Action
from tillgate.i18n import mark
from tillgate.ui.screens.list_commands import Verb

SCREEN: Final = "payment_invoices"
VERIFY: Final = "verify"
ASK: Final = "ask"
INVOICES: Final = "invoices"
VERIFICATIONS: Final = "verifications"
LATE: Final = "late"
_PAY: Final = Action.TAKE_PAYMENT
_SEE: Final = Action.VIEW_PAYMENTS
PAGES: Final = (
    Verb(VERIFY, mark("Verify an invoice"), "badge-check", "Ctrl+1", _PAY),
    Verb(ASK, mark("Ask a phone to pay"), "smartphone", "Ctrl+2", _PAY),
    Verb(INVOICES, mark("Show the payment invoices"), "receipt-text", "Ctrl+3", _SEE),
    Verb(VERIFICATIONS, mark("Show the verifications"), "history", "Ctrl+4", _SEE),
    Verb(LATE, mark("Show late and expired money"), "triangle-alert", "Ctrl+5", _SEE),
)
WORK: Final = (
    Verb("find", mark("Type or scan an invoice’s id"), "search", "F2", _PAY),
    Verb("customer", mark("Choose the customer who is asked"), "user", "F3", _PAY),
    Verb("cart", mark("Choose the cart for the order"), "shopping-cart", "F5", _PAY),
    Verb("go", mark("Verify, or send the prompt"), "check", "F9", _PAY),
    Verb("order", mark("Make the order with the invoice"), "package", "F12", _PAY),
    Verb("use", mark("Verify the invoice that was paid"), "badge-check", "F7", _PAY),
    Verb("surplus", mark("Accept the surplus"), "coins", "F8", _PAY),
    Verb("print_slip", mark("Print the verification slip"), "printer", "Ctrl+Shift+P", _PAY),
    Verb("save_slip", mark("Save the verification slip as PDF"), "download", "Ctrl+S", _PAY),
    Verb("check_now", mark("Check the prompt now"), "refresh-cw", "Ctrl+R", _PAY),
    Verb("give_up", mark("Give the prompt up"), "ban", "Ctrl+Del", Action.CANCEL_PAYMENT),
    Verb("again", mark("Send another prompt"), "rotate-ccw", "F6", _PAY),
    Verb("leave", mark("Ask another phone"), "arrow-left", "F4", _PAY),
    Verb("next", mark("Back to the checkout"), "shopping-cart", "Ctrl+Shift+N", _PAY),
    Verb("receipt", mark("Save the receipt of the sale"), "receipt", "Ctrl+D", _PAY),
    Verb("payment", mark("Show the invoice’s payment"), "credit-card", "Ctrl+P", _SEE),
    Verb("orders", mark("Show the orders"), "package", "Ctrl+O", _SEE),
    Verb("exceptions", mark("Open Exceptions"), "shield-alert", "F11", Action.VIEW_EXCEPTIONS),
)
ONE: Final = (
    Verb("take", mark("Verify what is chosen"), "badge-check", "Ctrl+Return", _PAY),
    Verb("prompt", mark("Show the prompt of what is chosen"), "smartphone", "Ctrl+Shift+Return", _PAY),
)
EVERY: Final = (*PAGES, *WORK, *ONE)
