"""What a referrer earns: a share of every instalment actually paid, as the cumulative floor (product.md, ruling 14)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money

WHOLE_BP: Final = 10_000


class CommissionKind(StrEnum):
    """Why a referrer is owed more or less."""

    EARNED = "EARNED"
    TAKEN_BACK = "TAKEN_BACK"
    PAID_OUT = "PAID_OUT"


def commission_of(paid: Money, rate_bp: int) -> Money:
    """What all that was paid of an order has earned: rounded down once, of the sum, so that no payment loses a part.

    `rate_bp` is in basis points, at most the whole. Raises Invalid("commission_rate") or, for less than nothing paid,
    Invalid("amount_malformed").
    """
    if not 0 <= rate_bp <= WHOLE_BP:
        raise Invalid("commission_rate", field="rate", rate_bp=rate_bp)
    if paid.minor < 0:
        raise Invalid("amount_malformed", field="paid", text=str(paid.minor))
    return Money(paid.minor * rate_bp // WHOLE_BP, paid.currency)
