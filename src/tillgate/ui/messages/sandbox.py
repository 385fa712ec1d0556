"""Texts of the errors of the sandbox, which plays the providers in training: no real money is in it."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

_START_AGAIN: Final = mark("Close Tillgate and open it again.")
_CHOOSE_AGAIN: Final = mark("Choose again.")
_NEW_PAYMENT: Final = mark("Begin a new payment at the till.")
_OTHER_NUMBER: Final = mark("Type another number.")


def _played(what: str, next_step: str) -> Entry:
    return Entry(what, next_step, about_money=False)


TEXTS: Final[dict[str, Entry]] = {
    "sandbox_start": _played(mark("The training payments could not be started."), _START_AGAIN),
    "sandbox_port_taken": _played(mark("Port {port} is used by another program."), mark("Choose another port.")),
    "sandbox_clock_back": _played(mark("The training clock only goes forward, ten years at most."), _OTHER_NUMBER),
    "sandbox_control": _played(mark("“{field}” of the training request can’t be used."), mark("Correct it.")),
    "sandbox_delay": _played(mark("{seconds} seconds can’t be waited in training."), _OTHER_NUMBER),
    "sandbox_fault_count": _played(mark("A training fault happens once or more."), _OTHER_NUMBER),
    "sandbox_fault_seconds": _played(mark("{seconds} seconds can’t be waited in training."), _OTHER_NUMBER),
    "sandbox_fault_verb": _played(mark("The training fault “{kind}” does not happen to “{verb}”."), _CHOOSE_AGAIN),
    "sandbox_link": _played(mark("Training knows no such payment link."), _NEW_PAYMENT),
    "sandbox_link_closed": _played(mark("This training payment link is closed."), _NEW_PAYMENT),
    "sandbox_method": _played(mark("Training has no way to pay called “{method}”."), _CHOOSE_AGAIN),
    "sandbox_order": _played(mark("Training knows no such checkout."), _NEW_PAYMENT),
    "sandbox_order_authorised": _played(
        mark("This training checkout is being paid already."), mark("Wait for the till.")
    ),
    "sandbox_order_paid": _played(mark("This training checkout is paid already."), _NEW_PAYMENT),
    "sandbox_part_payment": _played(mark("This amount can’t be paid here."), mark("Pay the whole amount.")),
    "sandbox_payment": _played(mark("Training knows no such payment."), _NEW_PAYMENT),
    "sandbox_press": _played(mark("The training page was filled in wrongly."), _CHOOSE_AGAIN),
    "sandbox_stripe_key": _played(
        mark("The training payments need test keys, which begin with pk_test_ and sk_test_."), mark("Use test keys.")
    ),
    "sandbox_web_checkout": _played(mark("This training checkout can’t be opened: {part}."), _NEW_PAYMENT),
    "sandbox_wompi_key": _played(
        mark("The training payments need test keys, which begin with pub_test_ and prv_test_."), mark("Use test keys.")
    ),
    "sandbox_intasend_key": _played(
        mark("The training payments need test keys, which begin with ISPubKey_test_ and ISSecretKey_test_."),
        mark("Use test keys."),
    ),
    "sandbox_razorpay_key": _played(
        mark("The training payments need a test key, which begins with rzp_test_."), mark("Use a test key.")
    ),
}
