"""How payment invoices stand, what each check says, and what a prompt's stages say, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tillgate.domain.errors import TillgateError
from tillgate.domain.invoice_checks import CheckRow, Reason, Verdict
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.i18n import mark, tr, words_of
from tillgate.labels import check_expected, check_found, check_label, verification_sentence
from tillgate.services.invoice_rows import PaymentInvoiceRecord
from tillgate.services.invoice_verification import Verification
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.stage_words import WORDS, Words
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.status_badge import LATE, Status

STATUS: Final[dict[InvoiceStatus, Status]] = {
    InvoiceStatus.CREATED: Status(Tone.DRAFT, "circle-dashed", mark("Prompt not confirmed")),
    InvoiceStatus.PENDING: Status(Tone.WAITING, "smartphone", mark("Waiting for the phone")),
    InvoiceStatus.COMPLETE: Status(Tone.SETTLED, "circle-check", mark("Complete")),
    InvoiceStatus.FAILED: Status(Tone.FAILED, "circle-x", mark("Failed")),
    InvoiceStatus.EXPIRED: Status(Tone.DRAFT, "hourglass", mark("Expired")),
    InvoiceStatus.USED: Status(Tone.NEUTRAL, "package", mark("Used")),
}
# Its money came too late or lay too long, and a manager has not decided.
UNDECIDED: Final = Status(Tone.WAITING, "shield-alert", mark("On Exceptions"))
GOOD: Final = Status(Tone.SETTLED, "badge-check", mark("Good"))
VERDICT: Final[dict[Verdict, Status]] = {
    Verdict.PASSED: Status(Tone.SETTLED, "check", mark("Passed")),
    Verdict.FAILED: Status(Tone.FAILED, "x", mark("Failed")),
    Verdict.NOT_CHECKED: Status(Tone.DRAFT, "minus", mark("Not checked")),
}
REASONS: Final[dict[Reason, Status]] = {
    Reason.NOT_FOUND: Status(Tone.FAILED, "search", mark("Not found")),
    Reason.ALREADY_USED: Status(Tone.FAILED, "package", mark("Already used")),
    Reason.EXPIRED: Status(Tone.FAILED, "hourglass", mark("Invoice expired")),
    Reason.PAYMENT_FAILED: Status(Tone.FAILED, "circle-x", mark("Payment failed")),
    Reason.NOT_COMPLETED: Status(Tone.WAITING, "clock", mark("Not completed")),
    Reason.AMOUNT_MISMATCH: Status(Tone.FAILED, "coins", mark("Amount mismatch")),
    Reason.CURRENCY_MISMATCH: Status(Tone.FAILED, "coins", mark("Currency mismatch")),
}
GOOD_TITLE: Final = mark("The invoice is good")
TITLES: Final[dict[Reason, str]] = {
    Reason.NOT_FOUND: mark("There is no such invoice"),
    Reason.ALREADY_USED: mark("The invoice was already used"),
    Reason.EXPIRED: mark("The invoice has expired"),
    Reason.PAYMENT_FAILED: mark("The payment failed"),
    Reason.NOT_COMPLETED: mark("The payment is not completed"),
    Reason.AMOUNT_MISMATCH: mark("The amount does not match"),
    Reason.CURRENCY_MISMATCH: mark("The currency does not match"),
}
# What the cashier does about it.
NEXT: Final[dict[Reason, str]] = {
    Reason.NOT_FOUND: mark("Check the id letter by letter. Do not hand anything over."),
    Reason.ALREADY_USED: mark("It paid for order {orders}. Do not hand anything over."),
    Reason.EXPIRED: mark("If money came, a manager settles it under Exceptions."),
    Reason.PAYMENT_FAILED: mark("Nothing was taken. Ask the phone again."),
    Reason.NOT_COMPLETED: mark("Wait for the customer’s phone, then verify again. Do not charge again."),
    Reason.AMOUNT_MISMATCH: mark("Paid is {off} less than expected. Nobody can accept that."),
    Reason.CURRENCY_MISMATCH: mark("A manager gives the money back under Payments."),
}
UNHEARD_TITLE: Final = mark("The provider did not answer")
UNHEARD_NEXT: Final = mark(
    "Whether it was paid is not known. Verify it again when the provider answers. Do not charge again."
)
UNDECIDED_NEXT: Final = mark("Its money waits on Exceptions, where a manager decides.")
GIVEN_BACK_NEXT: Final = mark("Its money went back, or is on its way back. Do not hand anything over.")
SURPLUS: Final = mark("Paid is {off} more than expected. A manager can accept the surplus.")


def _as(stage: Stage, what: str, *, title: str = "", money: str = "", then: str = "") -> Words:
    was = WORDS[stage]
    return replace(
        was, title=title or was.title, what=what or was.what, money=money or was.money, then=then or was.then
    )


_ON_PHONE: Final = Words(
    Status(Tone.WAITING, "smartphone", mark("On the phone")),
    mark("The prompt is on the phone"),
    mark("The customer types the M-Pesa PIN. The till sees the result by itself."),
)
_AGAIN: Final = mark("Send another prompt, or take another way to pay.")
PROMPT_WORDS: Final[dict[Stage, Words]] = {
    **WORDS,
    Stage.CREATING: _as(
        Stage.CREATING,
        mark("{provider} is being asked to send it. This takes a moment."),
        title=mark("Sending the prompt"),
    ),
    Stage.UNSENT: _as(Stage.UNSENT, "", then=mark("Check the network and wait, or give the prompt up.")),
    Stage.WAITING: _ON_PHONE,
    Stage.PROCESSING: _ON_PHONE,
    Stage.CHECKING: _as(
        Stage.CHECKING,
        mark("An answer is missing. The till looks for the prompt, and never sends it again by itself."),
        title=mark("Was the prompt sent?"),
    ),
    Stage.ENDING: _as(
        Stage.ENDING,
        mark("A prompt can’t be taken back, and the customer may be typing the PIN. The till keeps asking."),
        title=mark("Giving the prompt up"),
    ),
    Stage.FINISHING: _as(Stage.FINISHING, mark("The invoice is being marked as complete.")),
    Stage.MISMATCHED: _as(Stage.MISMATCHED, mark("The invoice waits on Exceptions, where a manager settles it.")),
    Stage.PAID: _as(Stage.PAID, mark("Invoice {number} is complete.")),
    Stage.DOUBLE: _as(
        Stage.DOUBLE,
        mark("The invoice is complete. The second amount is on Exceptions, where a manager gives it back."),
    ),
    Stage.RETURNING: _as(Stage.RETURNING, mark("The invoice was paid; a manager gives money back.")),
    Stage.RETURNED: _as(
        Stage.RETURNED,
        mark("The invoice was paid; a manager gave all of the money back."),
        title=mark("The invoice was refunded"),
    ),
    Stage.PARTLY_RETURNED: _as(
        Stage.PARTLY_RETURNED, mark("The invoice was paid; a manager gave a part of the money back.")
    ),
    Stage.LATE: _as(
        Stage.LATE,
        mark(
            "It arrived after the invoice had ended. It is on Exceptions, where a manager lets it in or gives it back."
        ),
    ),
    Stage.REFUNDING: _as(
        Stage.REFUNDING,
        mark("It arrived, but the invoice could not be completed with it."),
        then=mark("Wait until it is back."),
    ),
    Stage.REFUND_STUCK: _as(
        Stage.REFUND_STUCK, mark("The invoice could not be completed with the money. It is on Exceptions.")
    ),
    Stage.REFUNDED: _as(Stage.REFUNDED, mark("The invoice could not be completed with it."), then=_AGAIN),
    Stage.FAILED: _as(Stage.FAILED, "", title=mark("The customer did not pay"), then=_AGAIN),
    Stage.EXPIRED: _as(Stage.EXPIRED, mark("Nobody answered the prompt in time."), then=_AGAIN),
    Stage.CANCELLED: _as(
        Stage.CANCELLED,
        mark("The phone can’t pay it any more."),
        title=mark("The prompt was given up"),
        then=_AGAIN,
    ),
}


def status_of(invoice: PaymentInvoiceRecord) -> Status:
    """How an invoice stands in a list: late money and what waits for a decision before its state."""
    if invoice.state is InvoiceStatus.COMPLETE and invoice.let_in_at is None:
        if invoice.late:
            return LATE
        if invoice.referred_at is not None:
            return UNDECIDED
    return STATUS[invoice.state]


def check_texts(office: BackOffice, row: CheckRow) -> tuple[str, str, str]:
    """What a check asks, expects and found, as on the slip."""
    words, zone = words_of(office.language), office.zone
    return check_label(words, row.check), check_expected(words, row, zone), check_found(words, row, zone)


def title_text(result: Verification) -> str:
    """What verifying came to, in a few words."""
    if result.reason is None:
        return tr(GOOD_TITLE)
    return tr(UNHEARD_TITLE if result.checked.unheard else TITLES[result.reason])


def customer_text(office: BackOffice, result: Verification) -> str:
    """The customer's sentence (seed 002, customerMessage)."""
    return verification_sentence(words_of(office.language), result.reason)


def waits_on_exceptions(result: Verification) -> bool:
    """Whether a manager decides about its money before anything can be done with it."""
    known = result.known
    if known is None or known.money is None or known.given_back or known.status is InvoiceStatus.USED:
        return False
    return known.undecided or ((known.late or known.referred) and not known.let_in)


def next_text(office: BackOffice, result: Verification) -> str:
    """What the cashier does now; "" where nothing is wrong."""
    if result.reason is None:
        return ""
    if result.checked.unheard:
        return tr(UNHEARD_NEXT)
    if waits_on_exceptions(result):
        return tr(UNDECIDED_NEXT)
    if result.known is not None and result.known.given_back and result.reason is not Reason.ALREADY_USED:
        return tr(GIVEN_BACK_NEXT)
    off = result.checked.off
    short = office.money(-off) if off is not None and off.minor < 0 else ""
    if result.reason is Reason.AMOUNT_MISMATCH and off is not None and off.minor > 0:
        return tr(SURPLUS, off=office.money(off))
    orders = ", ".join(result.orders) or (result.known.order if result.known is not None else "")
    return tr(NEXT[result.reason], orders=orders, off=short)


def reason_why(error: TillgateError) -> str:
    """Why an order could not be made with an invoice, from "invoice_not_good"; "" for other errors."""
    values: Mapping[str, object] = error.values
    reason = str(values.get("reason", ""))
    if error.code != "invoice_not_good" or reason not in {each.value for each in Reason}:
        return ""
    orders = str(values.get("orders", ""))
    if reason == Reason.ALREADY_USED.value and orders:
        return tr("It was used for order {orders}.", orders=orders)
    return tr(_WHY[Reason(reason)])


_WHY: Final[dict[Reason, str]] = {
    Reason.NOT_FOUND: mark("There is no such invoice."),
    Reason.ALREADY_USED: mark("It was used for another order."),
    Reason.EXPIRED: mark("It has expired."),
    Reason.PAYMENT_FAILED: mark("Its payment failed."),
    Reason.NOT_COMPLETED: mark("Its payment is not completed."),
    Reason.AMOUNT_MISMATCH: mark("The cart’s total and its fees are not what was paid on it."),
    Reason.CURRENCY_MISMATCH: mark("Its currency does not match."),
}
