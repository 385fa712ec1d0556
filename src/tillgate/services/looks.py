"""What the integrity checks compare, and how they say what they found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import Connection

from tillgate.domain.money import Money


class Check(StrEnum):
    """What is compared."""

    PAYMENTS = "payments"
    INVOICES = "invoices"
    TAXES = "taxes"
    DUPLICATES = "duplicates"
    LEDGER = "ledger"
    SUMS = "sums"
    WALLETS = "wallets"
    INSTALMENTS = "instalments"
    STOCK = "stock"
    OWNERS = "owners"
    CHAIN = "chain"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it must be: `what` is a code, `values` what was found."""

    subject: str
    what: str
    values: Mapping[str, object] = field(default_factory=dict)


# How many were compared, and the faults.
Found: TypeAlias = tuple[int, Iterable[Fault]]
Look: TypeAlias = Callable[[Connection], Found]


def in_money(currency: str, **minor: int) -> dict[str, object]:
    """Amounts of one currency by their names."""
    return {name: Money(amount, currency) for name, amount in minor.items()}


def about(row: Any) -> str:
    """How a fault names its payment."""
    return f"payment:{row.id}"
