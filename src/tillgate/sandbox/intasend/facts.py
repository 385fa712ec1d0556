"""What this IntaSend knows about the money."""

from __future__ import annotations

from dataclasses import replace

from tillgate.sandbox.facts import Fact, MoneyFacts, capture_of, facts_of
from tillgate.sandbox.intasend.account import PROVIDER, IntaSendAccount
from tillgate.sandbox.intasend.records import Chargeback, Checkout, Invoice


def money_facts(account: IntaSendAccount) -> MoneyFacts:
    """Every hosted checkout (as a link), invoice (as a payment), capture and chargeback (as a refund), after what was
    due.
    """
    with account.transaction() as books:
        tries = books.list_all(Invoice)
        payments = facts_of(PROVIDER, tries)
        return MoneyFacts(
            links=facts_of(PROVIDER, books.list_all(Checkout)),
            orders=(),
            payments=payments,
            captures=tuple(
                _capture(fact, one)
                for fact, one in zip(payments, reversed(tries), strict=True)
                if one.status == "COMPLETE"
            ),
            refunds=tuple(_refund(fact) for fact in facts_of(PROVIDER, books.list_all(Chargeback))),
        )


def _capture(fact: Fact, one: Invoice) -> Fact:
    amount, currency = one.really
    return replace(capture_of(fact, amount, one.changed_ms // 1000), currency=currency)


def _refund(fact: Fact) -> Fact:
    """What was called off is a refund that failed."""
    return replace(fact, status="failed") if fact.status == "CANCELLED" else fact
