"""The amounts that a store takes through a provider, where the provider's own documents leave them open."""

from __future__ import annotations

from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money
from tillgate.domain.settings import INTASEND_LARGEST, WOMPI_LARGEST, WOMPI_SMALLEST, Option, Settings

# The currency, the least and the most, in whole units of it; one where less can't be paid anyway.
_OPTIONS: Final[dict[str, tuple[str, Option[int] | None, Option[int]]]] = {
    "wompi": ("COP", WOMPI_SMALLEST, WOMPI_LARGEST),
    "intasend": ("KES", None, INTASEND_LARGEST),
}


def limits_of(provider: str, settings: Settings) -> tuple[Money, Money] | None:
    """The least and the largest payment of the settings; None where there is no setting."""
    found = _OPTIONS.get(provider)
    if found is None:
        return None
    currency, least, most = found
    smallest = 1 if least is None else settings[least]
    return Money(smallest * 100, currency), Money(settings[most] * 100, currency)


def check_limits(provider: str, amount: Money, settings: Settings) -> None:
    """Raises Invalid("amount_below_minimum" | "amount_above_maximum") before anything is written or sent."""
    limits = limits_of(provider, settings)
    if limits is None or amount.currency != limits[0].currency:
        return
    least, most = limits
    if amount < least:
        raise Invalid("amount_below_minimum", field="amount", smallest=least)
    if amount > most:
        raise Invalid("amount_above_maximum", field="amount", largest=most)
