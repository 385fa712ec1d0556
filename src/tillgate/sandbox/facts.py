"""What a provider knows about the money: the oracle of crash tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tillgate.sandbox.ledger import Record


@dataclass(frozen=True)
class Fact:
    """One thing at a provider, in minor units of its currency, times in Unix seconds.

    `reference` is the caller's own name for it (reference_id, receipt, client_reference_id, a refund's idempotency
    key), `parent_id` what it belongs to (a payment's order, a refund's or capture's payment, an order's link). Stripe's
    sessions are links, its payment intents orders, its charges payments; Wompi's transactions are payments, what was
    opened of a Web Checkout is an order, a void is a refund; IntaSend's hosted checkouts are links, its invoices are
    payments, a prompt being nothing else, and its chargebacks refunds.
    """

    provider: str
    kind: str
    id: str
    reference: str | None
    parent_id: str | None
    status: str
    amount_minor: int
    currency: str
    created_at: int


@dataclass(frozen=True)
class MoneyFacts:
    """Everything that providers hold and money hangs on, oldest first."""

    links: tuple[Fact, ...]
    orders: tuple[Fact, ...]
    payments: tuple[Fact, ...]
    captures: tuple[Fact, ...]
    refunds: tuple[Fact, ...]

    @property
    def captured_minor(self) -> dict[str, int]:
        """What was captured, by currency."""
        return _sum_by_currency(self.captures)

    @property
    def refunded_minor(self) -> dict[str, int]:
        """What of it went back or is on its way back, by currency. (Money released uncaptured is not in it.)"""
        captured = {capture.id for capture in self.captures}
        return _sum_by_currency(
            tuple(one for one in self.refunds if one.status != "failed" and one.parent_id in captured)
        )

    def __add__(self, other: MoneyFacts) -> MoneyFacts:
        """Two providers' truths together."""
        return MoneyFacts(
            links=self.links + other.links,
            orders=self.orders + other.orders,
            payments=self.payments + other.payments,
            captures=self.captures + other.captures,
            refunds=self.refunds + other.refunds,
        )

    def as_dict(self) -> dict[str, list[dict[str, object]]]:
        """The same as plain JSON values."""
        return {
            "links": [asdict(fact) for fact in self.links],
            "orders": [asdict(fact) for fact in self.orders],
            "payments": [asdict(fact) for fact in self.payments],
            "captures": [asdict(fact) for fact in self.captures],
            "refunds": [asdict(fact) for fact in self.refunds],
        }


def facts_of(provider: str, records: Sequence[Record]) -> tuple[Fact, ...]:
    """A provider's records, given newest first, as facts."""
    return tuple(
        Fact(
            provider=provider,
            kind=record.KIND,
            id=record.id,
            reference=record.reference,
            parent_id=record.parent_id,
            status=record.status,
            amount_minor=record.amount,
            currency=record.currency,
            created_at=record.created_at,
        )
        for record in reversed(records)
    )


def capture_of(payment: Fact, amount_minor: int, created_at: int) -> Fact:
    """The money that a payment brought."""
    taken = {"kind": "capture", "reference": None, "amount_minor": amount_minor, "created_at": created_at}
    return Fact(**{**asdict(payment), **taken})


def _sum_by_currency(facts: tuple[Fact, ...]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for fact in facts:
        sums[fact.currency] = sums.get(fact.currency, 0) + fact.amount_minor
    return sums
