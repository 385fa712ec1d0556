"""The few words that papers, mails and screens share for the domain's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from babel.numbers import format_percent

from tillgate.domain.batch import Shown
from tillgate.domain.consultation import ConsultationInvoiceState
from tillgate.domain.documents import FeeInvoice, PaidBy
from tillgate.domain.orders import LineType
from tillgate.domain.payment import Mode
from tillgate.formats import locale_for
from tillgate.i18n import Words, mark

GROUPS: Final = {
    LineType.SALE: mark("Sold"),
    LineType.RENTAL: mark("Rented"),
    LineType.DEPOSIT: mark("Refundable deposits"),
    LineType.FEE: mark("Service fee"),
    LineType.TAX: mark("Tax"),
    LineType.REFUND: mark("Refund"),
}
_METHODS: Final = {
    "card": mark("Card"),
    "cash": mark("Cash"),
    "emi": mark("EMI"),
    "netbanking": mark("Netbanking"),
    "upi": mark("UPI"),
    "wallet": mark("Wallet"),
}
_MARKS: Final = {Mode.TRAINING: mark("TRAINING"), Mode.TEST: mark("TEST"), Mode.LIVE: ""}
_WARNINGS: Final = {
    Mode.TRAINING: mark("Training: no money moved, not a valid document."),
    Mode.TEST: mark("Made with test keys: no money moved, not a valid document."),
    Mode.LIVE: "",
}

_FEES: Final = {
    ConsultationInvoiceState.PENDING: mark("Not paid yet"),
    ConsultationInvoiceState.FINAL: mark("Paid"),
    ConsultationInvoiceState.VOID: mark("Void"),
}

ROWS: Final = {
    Shown.WAITING: mark("Waiting"),
    Shown.CREATING: mark("Creating link"),
    Shown.CHECKING: mark("Checking"),
    Shown.LINK_OPEN: mark("Link open"),
    Shown.BEING_PAID: mark("Being paid"),
    Shown.PAID: mark("Paid"),
    Shown.ENDED: mark("Link ended"),
    Shown.FAILED: mark("Failed"),
    Shown.SKIPPED: mark("Skipped"),
    Shown.GIVEN_BACK: mark("Given back"),
}
_UNPAID: Final = (Shown.CHECKING, Shown.LINK_OPEN, Shown.BEING_PAID)


def row_label(words: Words, shown: Shown, *, reused: bool) -> str:
    """Where an invoice of a batch stands; a link that was open before says so."""
    said = words.tr(ROWS[shown])
    return words.tr("{state}, link reused", state=said) if reused and shown in _UNPAID else said


def fee_status(words: Words, document: FeeInvoice) -> str:
    """Where a consultation's invoice stands."""
    if document.notes:
        return words.tr("Paid and given back") if document.reversed else words.tr("Paid, given back in part")
    return words.tr(_FEES[document.state])


def tax_label(words: Words, name: str, rate_ppm: int, currency: str) -> str:
    """A tax with its rate: "VAT 12%"."""
    rate = Decimal(rate_ppm).scaleb(-6)
    shown = format_percent(rate, locale=locale_for(words.language, currency), decimal_quantization=False)
    return words.tr("{tax} {rate}", tax=name, rate=str(shown))


def mode_mark(words: Words, mode: Mode) -> str:
    """The word printed across a paper that is not real; empty for a real one."""
    return words.tr(_MARKS[mode]) if _MARKS[mode] else ""


def mode_warning(words: Words, mode: Mode) -> str:
    """The same as a sentence."""
    return words.tr(_WARNINGS[mode]) if _WARNINGS[mode] else ""


def paid_through(words: Words, paid: PaidBy) -> str:
    """Provider and method: "Razorpay · UPI"."""
    method = paid.method or ""
    named = words.tr(_METHODS[method]) if method in _METHODS else _capital(method)
    return " \u00b7 ".join(filter(None, (provider_name(paid.provider), named)))


def provider_name(provider: str) -> str:
    """As a brand writes itself, near enough: "Razorpay"."""
    return _capital(provider)


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
