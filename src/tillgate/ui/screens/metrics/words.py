"""Errors by type in plain words: what each is called, what it means, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tillgate.domain.errors import Refused
from tillgate.i18n import mark, tr
from tillgate.ui.message_text import message_for
from tillgate.ui.messages import TEXTS
from tillgate.ui.text import shown


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """A title and an explanation, marked English with `{code}`."""

    title: str
    means: str


_KNOWN: Final[dict[str, ErrorWords]] = {
    "provider_unknown": ErrorWords(
        mark("Provider’s answer missing or garbled"),
        mark("A call ended without a clear answer. The till asks until it is known, and never charges twice."),
    ),
    "provider_not_sent": ErrorWords(
        mark("Provider not reached"),
        mark("The network or the provider was away. Nothing was sent; the till tries again by itself."),
    ),
    "provider_rate_limited": ErrorWords(
        mark("Provider asked to wait"),
        mark("Too many calls in a short time. The till waits as long as it is told."),
    ),
    "provider_declined": ErrorWords(
        mark("Provider refused a look-up"),
        mark("Look at the payment’s technical details for its words."),
    ),
    "provider_not_found": ErrorWords(
        mark("Provider does not know a checkout"),
        mark("The till keeps looking for it. If it stays unknown, it comes to Exceptions."),
    ),
    "provider_misconfigured": ErrorWords(
        mark("Provider refused the till’s keys"),
        mark("No payment goes through until the keys are right. Check them under Settings."),
    ),
    "verification_mismatch": ErrorWords(
        mark("Provider’s answer did not match"),
        mark("Reference, amount, currency, account or mode differed. Nothing was made for it; see Exceptions."),
    ),
    "bad_signature": ErrorWords(
        mark("Forged or broken browser return"),
        mark("A browser came back with an answer that the provider did not sign. It was not believed."),
    ),
    "refund_not_heard": ErrorWords(
        mark("Refund not confirmed at once"),
        mark("The till keeps asking. After seven days it comes to Exceptions."),
    ),
}
_FULFIL: Final = ErrorWords(
    mark("Orders could not be written ({code})"),
    mark("The till tried again. What failed three times was refunded. The details are in the log."),
)
_OUTBOX: Final = ErrorWords(
    mark("Mail or invoice failed ({code})"),
    mark("The till tries again for a day, then puts it on Exceptions."),
)
_OTHER: Final = ErrorWords(mark("Error {code}"), mark("The details are in the log."))


def error_words(label: str) -> tuple[str, str]:
    """The title and the explanation of an error's type."""
    if label in _KNOWN:
        words = _KNOWN[label]
        return tr(words.title), tr(words.means)
    kind, _, code = label.partition(":")
    if kind == "outbox" and code:
        return _filled(_OUTBOX, code)
    if kind == "fulfil" and code:
        return _filled(_FULFIL, code)
    if label in TEXTS:
        told = message_for(Refused(label))
        return told.what, told.next
    return _filled(_OTHER, label)


def _filled(words: ErrorWords, code: str) -> tuple[str, str]:
    return tr(words.title, code=shown(code, 60)), tr(words.means)
