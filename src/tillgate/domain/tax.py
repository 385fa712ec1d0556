"""Tax on what is sold or rented: a rate in basis points on the price, never on a deposit."""

from __future__ import annotations

from tillgate.domain.money import Money, percent_of


def tax_on(price: Money, rate_bp: int) -> Money:
    """The tax of one line, rounded once for the whole line."""
    return percent_of(price, rate_bp)
