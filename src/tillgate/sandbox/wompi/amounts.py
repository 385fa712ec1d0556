"""Pesos and centavos."""

from __future__ import annotations

CURRENCY = "COP"
# What the OpenAPI takes.
LARGEST = 10**12


def shown(amount: int, currency: str = CURRENCY) -> str:
    """An amount as the pages show it: COP 95.000, and COP 95.000,50 where there are centavos."""
    whole, rest = divmod(amount, 100)
    decimals = f",{rest:02d}" if rest else ""
    return f"{currency} {whole:,}".replace(",", ".") + decimals
