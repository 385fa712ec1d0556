"""The few words that papers, mails and screens share for the domain's own."""

from __future__ import annotations

from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final

from babel.numbers import format_percent

from tillgate.domain.batch import Shown
from tillgate.domain.consultation import ConsultationInvoiceState
from tillgate.domain.documents import FeeInvoice, PaidBy, PromptPaid
from tillgate.domain.invoice_checks import Check, CheckRow, Reason, Verdict
from tillgate.domain.money import Money
from tillgate.domain.orders import LineType
from tillgate.domain.payment import Mode
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.domain.percent import says_rate
from tillgate.domain.wallet import WALLET
from tillgate.formats import format_instant, format_money, locale_for
from tillgate.i18n import Words, mark, tr

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
    "m-pesa": mark("M-Pesa"),
    "netbanking": mark("Netbanking"),
    "upi": mark("UPI"),
    "wallet": mark("Wallet"),
}
# Those that a capital letter alone does not do.
_BRANDS: Final = {"intasend": "IntaSend"}
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

_CHECKS: Final = {
    Check.FOUND: mark("The invoice exists"),
    Check.UNUSED: mark("It was not used before"),
    Check.IN_TIME: mark("It is in time"),
    Check.NOT_FAILED: mark("The payment did not fail"),
    Check.COMPLETED: mark("The payment is complete"),
    Check.AMOUNT: mark("The amount is right"),
    Check.CURRENCY: mark("The currency is right"),
}
# What the checks expect that need no figure, and what they find where nothing is.
_WANTED: Final = {
    Check.FOUND: mark("an invoice with this id"),
    Check.UNUSED: mark("used for no order"),
    Check.NOT_FAILED: mark("not failed"),
}
_NOTHING: Final = {Check.FOUND: mark("none"), Check.UNUSED: mark("not used")}
_VERDICTS: Final = {
    Verdict.PASSED: mark("Passed"),
    Verdict.FAILED: mark("Failed"),
    Verdict.NOT_CHECKED: mark("Not checked"),
}
_GIVEN_BACK: Final = "given_back"
_ON_EXCEPTIONS: Final = "on_exceptions"
_STATES: Final = {
    InvoiceStatus.CREATED: mark("Prompt not confirmed"),
    InvoiceStatus.PENDING: mark("Waiting for the phone"),
    InvoiceStatus.COMPLETE: mark("Complete"),
    InvoiceStatus.FAILED: mark("Failed"),
    InvoiceStatus.EXPIRED: mark("Expired"),
    InvoiceStatus.USED: mark("Used"),
    _GIVEN_BACK: mark("Given back"),
    _ON_EXCEPTIONS: mark("On Exceptions"),
}
_SENTENCES: Final = {
    None: mark("Payment verified successfully."),
    Reason.NOT_FOUND: mark("Payment verification failed: invoice not found."),
    Reason.ALREADY_USED: mark("Payment verification failed: the invoice was already used for another order."),
    Reason.EXPIRED: mark("Payment verification failed: the invoice has expired."),
    Reason.PAYMENT_FAILED: mark("Payment verification failed: the payment failed."),
    Reason.NOT_COMPLETED: mark("Payment verification failed: the payment is not completed yet."),
    Reason.AMOUNT_MISMATCH: mark("Payment verification failed: the amount does not match."),
    Reason.CURRENCY_MISMATCH: mark("Payment verification failed: the currency does not match."),
}


def check_label(words: Words, check: Check) -> str:
    """What a check of a payment invoice asks."""
    return words.tr(_CHECKS[check])


def verdict_label(words: Words, verdict: Verdict) -> str:
    """How a check ended."""
    return words.tr(_VERDICTS[verdict])


def invoice_state(words: Words, state: str) -> str:
    """Where a payment invoice stands, by an InvoiceStatus or the "given_back" and "on_exceptions" of its checks."""
    return words.tr(_STATES[state]) if state in _STATES else state


def verification_sentence(words: Words, reason: Reason | None) -> str:
    """What the customer is told of a verification; None for one that was good."""
    return words.tr(_SENTENCES[reason])


def check_expected(words: Words, row: CheckRow, zone: tzinfo) -> str:
    """What a check expects; "" where it expects nothing that could be named."""
    if row.check in _WANTED:
        return words.tr(_WANTED[row.check])
    shown = _shown(words, row.check, row.expected, zone)
    return words.tr("until {value}", value=shown) if row.check is Check.IN_TIME and shown else shown


def check_found(words: Words, row: CheckRow, zone: tzinfo) -> str:
    """What a check found; "" where it was not made."""
    if row.verdict is Verdict.NOT_CHECKED:
        return ""
    if not row.found and row.check in _NOTHING:
        return words.tr(_NOTHING[row.check])
    return _shown(words, row.check, row.found, zone)


def _shown(words: Words, check: Check, value: str | Money | datetime, zone: tzinfo) -> str:
    if isinstance(value, Money):
        return format_money(value, words.language)
    if isinstance(value, datetime):
        return format_instant(value, words.language, zone, seconds=True)
    return invoice_state(words, value) if check in (Check.NOT_FAILED, Check.COMPLETED) else value


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
    """A tax with its rate: "VAT 12%"; a name that says the rate itself is left as it is."""
    if says_rate(name, rate_ppm):
        return name
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
    """Provider and method: "Razorpay · UPI"; a wallet has none."""
    if paid.provider == WALLET:
        return words.tr(_METHODS[WALLET])
    method = paid.method or ""
    named = words.tr(_METHODS[method]) if method in _METHODS else _capital(method)
    return " \u00b7 ".join(filter(None, (provider_name(paid.provider), named)))


def paid_beyond(words: Words, prompt: PromptPaid) -> list[tuple[str, Money]]:
    """What came on a payment invoice beyond its orders, by name; with these it makes all that was paid."""
    more = prompt.surplus.minor > 0
    surplus = words.tr("Surplus") if more else words.tr("Less than due, within the tolerance")
    return [
        (name, amount)
        for name, amount in ((words.tr("Payment fees"), prompt.fees), (surplus, prompt.surplus))
        if amount
    ]


def provider_name(provider: str) -> str:
    """As a brand writes itself, near enough: "Razorpay"; a wallet in the screen's language."""
    if provider == WALLET:
        return tr(_METHODS[WALLET])
    return _BRANDS.get(provider, _capital(provider))


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
