"""The accounts of the books and one line in them. Debits are positive: what the store has or is owed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tillgate.domain.money import Money


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a ledger transaction."""

    account: str
    amount: Money


# Money taken that nothing has been made for yet, or that must go back.
UNAPPLIED: Final = "unapplied"
SALES: Final = "sales"
RENTALS: Final = "rentals"
DEPOSITS: Final = "deposits_held"
FEES: Final = "service_fees"
TAX: Final = "tax_payable"
CONSULTATIONS: Final = "consultation_fees"
DEVICES: Final = "device_fees"
INSTALMENTS: Final = "instalments"
# Paid on payment invoices, for orders still to be made.
PREPAID: Final = "prepaid_invoices"
# What a payment invoice was paid beyond its order and fees, within the tolerance or as a manager accepted it.
SURPLUS: Final = "invoice_surplus"
# Kept back by payers, who owe it to the state on the store's behalf.
WITHHELD: Final = "tax_withheld"
REFUNDS: Final = "refunds"
WRITTEN_OFF: Final = "written_off"
# What was handed over the counter, out of wallets.
CASH: Final = "cash"
# What referrers cost the store.
COMMISSION_COST: Final = "commission_cost"
# How the accounts of customers' wallets begin, and those of what referrers are owed.
WALLETS: Final = "wallet:"
COMMISSIONS: Final = "commission:"


def clearing(provider: str) -> str:
    """What a provider holds for the store."""
    return f"clearing:{provider}"


def wallet(customer_id: int) -> str:
    """What the store owes a customer."""
    return f"{WALLETS}{customer_id}"


def commission(customer_id: int) -> str:
    """What the store owes a referrer, until it is paid into their wallet."""
    return f"{COMMISSIONS}{customer_id}"


def pair(debit: str, credit: str, amount: Money) -> tuple[Entry, Entry]:
    """Move an amount from one account to another."""
    return Entry(debit, amount), Entry(credit, -amount)
