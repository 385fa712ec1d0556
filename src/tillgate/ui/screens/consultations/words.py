"""How consultations and their invoices stand, and what a payment's stages say of a fee instead of a sale."""

from __future__ import annotations

from typing import Final

from tillgate.domain.consultation import ConsultationInvoiceState, ConsultationState
from tillgate.domain.percent import percent_ppm_text, says_rate
from tillgate.domain.tax_rules import TaxEffect, TaxLine
from tillgate.i18n import active_language, mark, tr
from tillgate.services.consultation_lists import ConsultationRow
from tillgate.ui.screens.checkout.stage_words import WORDS, Words
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.status_badge import LATE, Status

BEING_PAID: Final = Status(Tone.WAITING, "clock", mark("Being paid"))
STATUS: Final[dict[ConsultationState, Status]] = {
    ConsultationState.OPEN: Status(Tone.ACCENT, "circle-dot", mark("Fee open")),
    ConsultationState.PAID: Status(Tone.SETTLED, "circle-check", mark("Fee paid")),
    ConsultationState.REFUNDED: Status(Tone.NEUTRAL, "corner-up-left", mark("Fee refunded")),
    ConsultationState.CANCELLED: Status(Tone.DRAFT, "circle-minus", mark("Not owed")),
}
INVOICE_STATUS: Final[dict[ConsultationInvoiceState, Status]] = {
    ConsultationInvoiceState.PENDING: Status(Tone.WAITING, "clock", mark("Invoice pending")),
    ConsultationInvoiceState.FINAL: Status(Tone.SETTLED, "file-check", mark("Invoice final")),
    ConsultationInvoiceState.VOID: Status(Tone.DRAFT, "file-x", mark("Invoice void")),
}
EFFECTS: Final[dict[TaxEffect, str]] = {
    TaxEffect.INFORMATIONAL: mark("For information"),
    TaxEffect.INCLUDED: mark("Included in the fee"),
    TaxEffect.ADDED: mark("Added to the fee"),
    TaxEffect.WITHHELD: mark("Withheld from the fee"),
}
_TITLES: Final[dict[TaxEffect, str]] = {
    TaxEffect.INFORMATIONAL: mark("{tax} (for information)"),
    TaxEffect.INCLUDED: mark("{tax} (included)"),
    TaxEffect.ADDED: mark("{tax} (added)"),
    TaxEffect.WITHHELD: mark("{tax} (withheld)"),
}
_AGAIN: Final = mark("The fee is open again: try once more, or go back to the list.")


def _changed(stage: Stage, what: str, then: str = "") -> Words:
    was = WORDS[stage]
    return Words(was.status, was.title, what, was.money, then or was.then)


FEE_WORDS: Final[dict[Stage, Words]] = {
    **WORDS,
    Stage.FINISHING: _changed(Stage.FINISHING, mark("The fee is being marked as paid.")),
    Stage.MISMATCHED: _changed(
        Stage.MISMATCHED, mark("It was not used for this fee. It is on Exceptions, where a manager settles it.")
    ),
    Stage.PAID: _changed(Stage.PAID, mark("The fee is paid, and its invoice is final.")),
    Stage.DOUBLE: _changed(
        Stage.DOUBLE, mark("The fee is paid. The second amount is on Exceptions, where a manager gives it back.")
    ),
    Stage.RETURNING: _changed(Stage.RETURNING, mark("The fee was paid; a manager gives money back.")),
    Stage.RETURNED: Words(
        WORDS[Stage.RETURNED].status,
        mark("The fee was refunded"),
        mark("A manager gave all of the money back."),
    ),
    Stage.PARTLY_RETURNED: Words(
        WORDS[Stage.PARTLY_RETURNED].status,
        WORDS[Stage.PARTLY_RETURNED].title,
        mark("The fee was paid; a manager gave a part of the money back."),
    ),
    Stage.LATE: _changed(
        Stage.LATE,
        mark("It arrived after the payment had ended. It is on Exceptions, where a manager settles it."),
    ),
    Stage.REFUNDING: _changed(
        Stage.REFUNDING, mark("It arrived, but the fee could not be settled with it."), mark("Wait until it is back.")
    ),
    Stage.REFUND_STUCK: _changed(
        Stage.REFUND_STUCK, mark("The fee could not be settled with the money. It is on Exceptions.")
    ),
    Stage.REFUNDED: _changed(Stage.REFUNDED, mark("The fee could not be settled with it."), _AGAIN),
    Stage.FAILED: _changed(Stage.FAILED, WORDS[Stage.FAILED].what, _AGAIN),
    Stage.EXPIRED: _changed(
        Stage.EXPIRED, mark("The patient did not pay in time, and the checkout has closed."), _AGAIN
    ),
    Stage.CANCELLED: _changed(
        Stage.CANCELLED, mark("The checkout is closed; the patient can’t pay it any more."), _AGAIN
    ),
}


def status_of(row: ConsultationRow) -> Status:
    """How a row stands."""
    if row.paid_late:
        return LATE
    return BEING_PAID if row.being_paid else STATUS[row.state]


def tax_title(line: TaxLine) -> str:
    """A tax with its rate and what it does to the amount."""
    return tr(_TITLES[line.effect], tax=tax_named(line.name, line.rate_ppm))


def tax_named(name: str, rate_ppm: int) -> str:
    """A tax with its rate: "VAT 12 %"; a name that says the rate itself is left as it is."""
    return name if says_rate(name, rate_ppm) else tr("{tax} {rate}", tax=name, rate=rate_text(rate_ppm))


def rate_text(rate_ppm: int) -> str:
    """A rate by itself: "12 %"."""
    return tr("{number} %", number=_number(rate_ppm))


def _number(rate_ppm: int) -> str:
    return percent_ppm_text(rate_ppm, decimal_mark="." if active_language() == "en" else ",")
