"""A payment invoice: a provider's request for payment by phone, used for one order (seed 002; product.md, 16 to 19)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from unicodedata import category

from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money, percent_of
from tillgate.domain.mpesa import whole_shillings

# How a payment names what it is for.
PAYMENT_INVOICE_THING: Final = "payment_invoice"
DEFAULT_PROVIDER: Final = "intasend"
_PREFIX: Final = "PI-"
# Without 0, 1, I, L, O and U, which are misread or read as words.
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS: Final = 10
# Longer than any provider's name for an invoice; what is longer is none, and is not looked up.
LONGEST_REF: Final = 64
_LONGEST_TYPED: Final = 4 * LONGEST_REF
_HYPHENS: Final = dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-")


class InvoiceStatus(StrEnum):
    """The document's words. A prompt that was given up is FAILED too: the document knows no cancelling."""

    CREATED = "CREATED"
    PENDING = "PENDING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    USED = "USED"


_S = InvoiceStatus
MOVES: Final[dict[InvoiceStatus, frozenset[InvoiceStatus]]] = {
    _S.CREATED: frozenset({_S.PENDING, _S.COMPLETE, _S.FAILED, _S.EXPIRED}),
    _S.PENDING: frozenset({_S.COMPLETE, _S.FAILED, _S.EXPIRED}),
    _S.COMPLETE: frozenset({_S.USED}),
    # Late money: flagged, on Exceptions, and of no use until a manager says so.
    _S.FAILED: frozenset({_S.COMPLETE}),
    _S.EXPIRED: frozenset({_S.COMPLETE}),
    _S.USED: frozenset(),
}
# The prompt may still be answered: one of these for a phone at a time.
OPEN: Final = frozenset({_S.CREATED, _S.PENDING})
# About how long M-Pesa's prompt stands on a phone (IntaSend's notes, result 1037); its outcome may come later.
PROMPT_STANDS: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """What is added to an amount: a flat service fee and the provider's share in basis points (ruling 16)."""

    service: Money
    provider_bp: int


@dataclass(frozen=True, slots=True)
class FeeBreakdown:
    """An amount with its fees. `total` is what the phone is asked for: whole units, the rounding on top."""

    amount: Money
    service_fee: Money
    provider_fee: Money
    total: Money

    @property
    def rounding(self) -> Money:
        """What rounding up to a whole unit added."""
        return self.total - self.amount - self.service_fee - self.provider_fee


def add_fees(amount: Money, terms: FeeTerms) -> FeeBreakdown:
    """1000 -> 1000 + 2 + 30 = 1032. M-Pesa moves whole shillings: the total rounds up (ruling 16).

    Raises Invalid("amount_zero") for nothing or less, and those of `whole_shillings` for what is no KES.
    """
    if amount.minor <= 0:
        raise Invalid("amount_zero", field="amount")
    provider_fee = percent_of(amount, terms.provider_bp)
    exact = amount + terms.service + provider_fee
    return FeeBreakdown(amount, terms.service, provider_fee, whole_shillings(exact))


def masked_phone(phone: str) -> str:
    """For lists and logs: 2547••••5678."""
    return f"{phone[:4]}••••{phone[-4:]}" if len(phone) > 8 else "••••"


def new_number() -> str:
    """Our own id of an invoice, from before anything is sent (ruling 19): nobody can guess another's."""
    return _PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_DIGITS))


def is_number(text: str) -> bool:
    """Whether it is written as our own id of an invoice is."""
    written = (clean_ref(text) or "").upper()
    rest = written.removeprefix(_PREFIX)
    return written.startswith(_PREFIX) and len(rest) == _DIGITS and all(char in _ALPHABET for char in rest)


def clean_ref(text: str) -> str | None:
    """An id as typed, pasted or scanned; None for what can't be one.

    Messengers put marks around it that nobody sees, and write its hyphen as another one.
    """
    if len(text) > _LONGEST_TYPED:
        return None
    seen = "".join(_HYPHENS.get(char, char) for char in text if category(char) != "Cf")
    ref = seen.strip()
    return ref if 0 < len(ref) <= LONGEST_REF and ref.isascii() and ref.isprintable() else None


def is_past(expires_at: datetime, now: datetime) -> bool:
    """Whether an invoice's time is over, to the second: through the whole of its last second it is not."""
    return now.replace(microsecond=0) > expires_at.replace(microsecond=0)
