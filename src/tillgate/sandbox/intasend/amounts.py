"""Shillings on the wire and on the pages; the ledger has cents."""

from __future__ import annotations

CURRENCY = "KES"
CENTS = 100
# What M-Pesa moves at once.
LARGEST = 250_000 * CENTS


def shown(amount: int, currency: str = CURRENCY) -> str:
    """An amount as the pages show it: KES 1,180, and KES 1,180.50 where there are cents."""
    whole, rest = divmod(amount, CENTS)
    return f"{currency} {whole:,}" + (f".{rest:02d}" if rest else "")


def as_text(amount: int) -> str:
    """An amount as a text of digits: 52.00"""
    return f"{amount // CENTS}.{amount % CENTS:02d}"


def on_wire(amount: int) -> int | str:
    """An amount as `value` has it: a number where it is whole."""
    return as_text(amount) if amount % CENTS else amount // CENTS
