"""What each stage of a payment says: in one line, what is awaited, whether money moved, and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from tillgate.domain.payment import Fulfilment, PaymentState
from tillgate.domain.staff import GRANTS, Action
from tillgate.i18n import mark, tr
from tillgate.labels import provider_name
from tillgate.services.payment_views import PaymentView
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.stages import ENDED_WITHOUT_MONEY, Stage
from tillgate.ui.text import shown
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.status_badge import CHECKING, LATE, PAYMENT_STATUS, Status

_NOT_AGAIN: Final = mark("Do not charge again.")
_NO_MONEY: Final = mark("No money moved.")
_UNSURE: Final = mark("It is not known yet whether money moved.")
_MOVED: Final = mark("Money has moved.")
_CAME: Final = mark("Money came that was not used for this. A manager has settled it.")
_STORY: Final = mark("What became of it stands under Payments.")
_P: Final = PAYMENT_STATUS
# A person settles these on Exceptions.
FOR_MANAGER: Final = frozenset({Stage.LATE, Stage.REFUND_STUCK, Stage.DOUBLE})


@dataclass(frozen=True, slots=True)
class Words:
    """Marked English with `{provider}` and `{amount}`; translated where it is shown."""

    status: Status
    title: str
    what: str
    money: str = ""
    then: str = ""


WORDS: Final[dict[Stage, Words]] = {
    Stage.CREATING: Words(
        Status(Tone.DRAFT, "circle-dashed", mark("Preparing")),
        mark("Preparing the payment"),
        mark("{provider} is being asked to open it. This takes a moment."),
    ),
    Stage.UNSENT: Words(
        Status(Tone.WAITING, "wifi-off", mark("Not sent")),
        mark("{provider} can’t be reached"),
        mark("Nothing has been sent yet. The till tries again by itself."),
        _NO_MONEY,
        mark("Check the network and wait, or cancel the payment."),
    ),
    Stage.WAITING: Words(
        _P[PaymentState.PENDING],
        mark("Waiting for the customer"),
        mark("The till sees the payment by itself, a few seconds after it is made."),
    ),
    Stage.PROCESSING: Words(
        _P[PaymentState.PROCESSING],
        mark("The customer is paying"),
        mark("The bank is working on it. The till sees the result by itself."),
    ),
    Stage.CHECKING: Words(
        CHECKING,
        mark("Checking with {provider}"),
        mark("An answer is missing. The till keeps asking until it comes."),
        _UNSURE,
        _NOT_AGAIN,
    ),
    Stage.OTHER_KEYS: Words(
        CHECKING,
        mark("{provider} can’t be asked about it"),
        mark("The till’s keys are of another account now. A manager puts the old ones back under Settings."),
        _UNSURE,
        _NOT_AGAIN,
    ),
    Stage.KEYS_REFUSED: Words(
        CHECKING,
        mark("{provider} can’t be asked about it"),
        mark("{provider} refuses the till’s keys. A manager can check them under Settings."),
        _UNSURE,
        _NOT_AGAIN,
    ),
    Stage.OFFLINE: Words(
        Status(Tone.WAITING, "wifi-off", mark("Offline")),
        mark("No connection to {provider}"),
        mark("The customer may still be paying. The till asks again as soon as the connection is back."),
        _UNSURE,
        _NOT_AGAIN,
    ),
    Stage.ENDING: Words(
        Status(Tone.WAITING, "refresh-cw", mark("Cancelling")),
        mark("Cancelling the payment"),
        mark("{provider} has not confirmed it, and the customer may have paid. The till keeps asking."),
        _UNSURE,
        _NOT_AGAIN,
    ),
    Stage.FINISHING: Words(
        _P[PaymentState.CAPTURED],
        mark("The money has arrived"),
        mark("The orders are being made."),
        _MOVED,
        _NOT_AGAIN,
    ),
    Stage.MISMATCHED: Words(
        Status(Tone.WAITING, "triangle-alert", mark("Does not match")),
        mark("Money arrived that does not match"),
        mark("It was not used for this sale. It is on Exceptions, where a manager settles it."),
        _MOVED,
        _NOT_AGAIN,
    ),
    Stage.PAID: Words(_P[PaymentState.CAPTURED], mark("Paid"), mark("The orders are made.")),
    Stage.DOUBLE: Words(
        Status(Tone.WAITING, "triangle-alert", mark("Came twice")),
        mark("Paid, and the money came twice"),
        mark("The orders are made. The second amount is on Exceptions, where a manager gives it back."),
        _MOVED,
        _NOT_AGAIN,
    ),
    Stage.RETURNING: Words(
        _P[PaymentState.REFUND_PENDING],
        mark("Money is going back"),
        mark("The sale was made; a manager gives money back."),
        mark("{refund} is being refunded to the customer."),
    ),
    Stage.RETURNED: Words(
        _P[PaymentState.REFUNDED],
        mark("The sale was refunded"),
        mark("The sale was made; a manager gave all of the money back."),
        mark("{refund} was refunded to the customer."),
    ),
    Stage.PARTLY_RETURNED: Words(
        _P[PaymentState.PARTIALLY_REFUNDED],
        mark("A part was refunded"),
        mark("The sale was made; a manager gave a part of the money back."),
        mark("{refund} was refunded to the customer."),
    ),
    Stage.LATE: Words(
        LATE,
        mark("The money came late"),
        mark(
            "It arrived after the payment had ended. It is on Exceptions, where a manager uses it for this sale or "
            "gives it back."
        ),
        _MOVED,
        _NOT_AGAIN,
    ),
    Stage.REFUNDING: Words(
        _P[PaymentState.REFUND_PENDING],
        mark("The money is going back"),
        mark("It arrived, but the orders could not be made."),
        mark("{amount} is being refunded to the customer."),
        mark("Correct the cart meanwhile; it can be paid anew once the money is back."),
    ),
    Stage.REFUND_STUCK: Words(
        Status(Tone.WAITING, "triangle-alert", mark("Refund stopped")),
        mark("The refund needs a manager"),
        mark("The orders could not be made, and {provider} has not given the money back yet. It is on Exceptions."),
        _MOVED,
        _NOT_AGAIN,
    ),
    Stage.REFUNDED: Words(
        _P[PaymentState.REFUNDED],
        mark("The money went back"),
        mark("The orders were not made."),
        mark("{amount} was refunded to the customer."),
        mark("The cart is as it was. Correct it, then take the payment anew."),
    ),
    Stage.FAILED: Words(
        _P[PaymentState.FAILED],
        mark("The payment failed"),
        mark("{provider} did not take it."),
        _NO_MONEY,
        mark("Try again, or take another way to pay. The cart is as it was."),
    ),
    Stage.EXPIRED: Words(
        _P[PaymentState.EXPIRED],
        mark("The time to pay is over"),
        mark("The customer did not pay in time, and the checkout has closed."),
        _NO_MONEY,
        mark("Try again, or take another way to pay. The cart is as it was."),
    ),
    Stage.CANCELLED: Words(
        _P[PaymentState.CANCELLED],
        mark("The payment was cancelled"),
        mark("The checkout is closed; the customer can’t pay it any more."),
        _NO_MONEY,
        mark("Go on with the cart, or take the payment anew."),
    ),
}
_REASONS: Final = {
    "misconfigured": mark("{provider} refused the till’s keys. A manager can check them under Settings."),
    "never_sent": mark("{provider} could not be reached, so nothing was sent."),
    "never_arrived": mark("The request never arrived at {provider}."),
    "bad_signature": mark("The browser came back with an answer that {provider} did not sign."),
    "switched": mark("It was moved to another way to pay."),
    # Why M-Pesa took nothing (domain/mpesa.PromptFailure).
    "insufficient_funds": mark("There was not enough money in the customer’s M-Pesa account."),
    "wrong_pin": mark("The customer typed a wrong M-Pesa PIN."),
    "cancelled_on_phone": mark("The customer cancelled the prompt on the phone."),
    "no_answer": mark("Nobody answered the prompt. Is the phone switched on and in reach?"),
    "phone_busy": mark("The phone is busy with another M-Pesa session. Wait a few minutes before the next prompt."),
    "prompt_not_delivered": mark("M-Pesa could not send the prompt to the phone."),
    "prompt_expired": mark("The prompt on the phone has expired."),
    "mpesa_busy": mark("M-Pesa is busy. Wait half a minute before the next prompt."),
    "mpesa_failed": mark("M-Pesa did not complete the payment."),
}
_CODE: Final = re.compile(r"[a-z_]+(\(.*\))?", re.DOTALL)


def words_at(table: Mapping[Stage, Words], stage: Stage, view: PaymentView) -> Words:
    """A table's words; where a payment ended unpaid although money came, they never say that none moved."""
    words = table[stage]
    came = stage in ENDED_WITHOUT_MONEY and view.captures
    return replace(words, what=_CAME, money=_STORY) if came else words


def fill(text: str, view: PaymentView, amount: str) -> str:
    """A text of the table in the user's language."""
    return tr(text, provider=provider_of(view), amount=amount) if text else ""


def offers_exceptions(stage: Stage, desk: CheckoutDesk) -> bool:
    """Whether whoever is signed in goes on with it on Exceptions; a cashier has no such screen."""
    granted = desk.actor.role is not None and Action.VIEW_EXCEPTIONS in GRANTS[desk.actor.role]
    return stage in FOR_MANAGER and granted and desk.open_exceptions is not None


def provider_of(view: PaymentView) -> str:
    """The provider of the checkout that counts, as people know it."""
    return provider_name(view.attempt.provider) if view.attempt else tr("the provider")


def reason_of(view: PaymentView) -> str:
    """Why a payment ended, where there is more to say than its stage does; else ""."""
    if view.captures and view.payment.fulfilment is Fulfilment.NONE:
        return ""
    reason = view.payment.ended_reason or ""
    if reason in _REASONS:
        return fill(_REASONS[reason], view, "")
    if not reason or _CODE.fullmatch(reason) or view.payment.fulfilment is not Fulfilment.NONE:
        return ""
    return tr("{provider} says: {words}", provider=provider_of(view), words=shown(reason, 200))
