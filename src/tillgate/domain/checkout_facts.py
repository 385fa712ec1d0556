"""What a provider says of one checkout, in our words; the same shape for every provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tillgate.domain.money import Money
from tillgate.domain.payment import Mode


class CheckoutStatus(StrEnum):
    """The checkout as a whole, apart from the tries inside it."""

    OPEN = "open"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class TryStatus(StrEnum):
    """One try to pay inside a checkout. FAILED may still become CAPTURED at the provider."""

    CREATED = "created"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    REFUNDED = "refunded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ProviderTry:
    """One provider payment. `amount` is what the provider holds or moved; `refunded_minor` what went back.

    `receipt` is the number that the payer has of it, from the network that moved the money; None where nobody tells.
    """

    provider_ref: str
    status: TryStatus
    amount: Money
    checkout_id: str | None = None
    method: str | None = None
    reason: str | None = None
    refunded_minor: int = 0
    created_at: datetime | None = None
    receipt: str | None = None

    @property
    def took_money(self) -> bool:
        """Captured now, or captured once and given back since."""
        return self.status in (TryStatus.CAPTURED, TryStatus.REFUNDED)


@dataclass(frozen=True, slots=True)
class CheckoutFacts:
    """An authenticated answer about one checkout; never built from a browser's return.

    `amount` is what the checkout asks for. `account` identifies whose money it is (Razorpay: the key id that
    answered). `tries` are all payments known for it.
    """

    provider_id: str
    reference: str
    status: CheckoutStatus
    amount: Money
    account: str
    mode: Mode
    url: str | None = None
    expires_at: datetime | None = None
    tries: tuple[ProviderTry, ...] = field(default=())
    reason: str | None = None


class RefundStatus(StrEnum):
    """A refund at the provider."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """An authenticated answer about one refund."""

    provider_ref: str
    payment_ref: str
    status: RefundStatus
    amount: Money
    key: str | None = None
    reason: str | None = None
