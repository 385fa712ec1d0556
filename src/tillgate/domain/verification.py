"""Judge a provider's authenticated answer against what was asked (product.md, Verified; reliability.md 1.3, rule 5).

Pure: what it says is all that the payment's moves depend on, whatever brought the news.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tillgate.domain.checkout_facts import CheckoutFacts, CheckoutStatus, ProviderTry, TryStatus
from tillgate.domain.money import Money
from tillgate.domain.payment import AttemptState, Mode


class Verdict(StrEnum):
    """How money that a provider took compares with what was asked."""

    MATCHES = "matches"
    UNDERPAID = "underpaid"
    OVERPAID = "overpaid"
    MISMATCH = "mismatch"
    GIVEN_BACK = "given_back"


@dataclass(frozen=True, slots=True)
class Expected:
    """What was asked, from our own records. `provider_id` is None while it is not known yet; `tolerance_minor` is how
    far what was paid may be off it (ruling 16: payment invoices alone have one)."""

    reference: str
    provider_id: str | None
    amount: Money
    account: str
    mode: Mode
    tolerance_minor: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """One provider payment that took money."""

    money: ProviderTry
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer means.

    `faults` names what disagrees about identity; with any, nothing is believed but that money arrived.
    `authorized` is money that can be captured; `ended` is how the checkout ended without money, or None; `declined` are
    tries that took nothing.
    """

    faults: tuple[str, ...]
    captured: tuple[Judged, ...]
    authorized: tuple[ProviderTry, ...]
    trying: bool
    ended: AttemptState | None
    reason: str | None
    declined: tuple[ProviderTry, ...] = ()


_ENDS: Final = {
    CheckoutStatus.FAILED: AttemptState.FAILED,
    CheckoutStatus.EXPIRED: AttemptState.EXPIRED,
    CheckoutStatus.CANCELLED: AttemptState.CANCELLED,
}


def judge(expected: Expected, facts: CheckoutFacts) -> Reading:
    """Compare an answer with what was asked: reference, id, amount, currency, account and mode."""
    faults = _faults(expected, facts)
    captured = tuple(
        Judged(each, Verdict.MISMATCH if faults or _foreign(facts, each) else _verdict(expected, each))
        for each in facts.tries
        if each.took_money
    )
    authorized = (
        () if faults else tuple(t for t in facts.tries if not _foreign(facts, t) and _can_capture(expected.amount, t))
    )
    waiting = any(t.status in (TryStatus.CREATED, TryStatus.AUTHORIZED) for t in facts.tries)
    # Paid without a payment to show for it: that one is on its way.
    waiting = waiting or (facts.status is CheckoutStatus.PAID and not captured)
    held = any(t.status is TryStatus.AUTHORIZED for t in facts.tries)
    # Paid without a payment to show for it, or money still held: not an end, ask again.
    over = not (faults or captured or held)
    ended = _ENDS.get(facts.status) if over else None
    failed = tuple(t for t in facts.tries if t.status is TryStatus.FAILED and not _foreign(facts, t))
    return Reading(faults, captured, authorized, waiting, ended, facts.reason, () if faults else failed)


def _faults(expected: Expected, facts: CheckoutFacts) -> tuple[str, ...]:
    pairs = {
        "reference": (expected.reference, facts.reference),
        "provider_id": (expected.provider_id or facts.provider_id, facts.provider_id),
        "currency": (expected.amount.currency, facts.amount.currency),
        "amount": (expected.amount.minor, facts.amount.minor),
        "account": (expected.account, facts.account),
        "mode": (expected.mode, facts.mode),
    }
    return tuple(name for name, (ours, theirs) in pairs.items() if ours != theirs)


def _foreign(facts: CheckoutFacts, found: ProviderTry) -> bool:
    """Money that says it was paid for another checkout."""
    return found.checkout_id not in (None, facts.provider_id)


def _verdict(expected: Expected, found: ProviderTry) -> Verdict:
    asked = expected.amount
    if found.status is TryStatus.REFUNDED:
        return Verdict.GIVEN_BACK
    if found.amount.currency != asked.currency:
        return Verdict.MISMATCH
    if abs(found.amount.minor - asked.minor) <= expected.tolerance_minor:
        return Verdict.MATCHES
    return Verdict.UNDERPAID if found.amount < asked else Verdict.OVERPAID


def _can_capture(asked: Money, found: ProviderTry) -> bool:
    return found.status is TryStatus.AUTHORIZED and found.amount.currency == asked.currency and found.amount == asked
