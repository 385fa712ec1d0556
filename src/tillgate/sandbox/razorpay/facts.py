"""What this Razorpay knows about the money."""

from __future__ import annotations

from tillgate.sandbox.facts import MoneyFacts, capture_of, facts_of
from tillgate.sandbox.razorpay.account import PROVIDER, RazorpayAccount
from tillgate.sandbox.razorpay.records import Link, Order, Payment, Refund


def money_facts(account: RazorpayAccount) -> MoneyFacts:
    """Every link, order, payment, capture and refund, after what was due."""
    with account.transaction() as books:
        payments = books.list_all(Payment)
        return MoneyFacts(
            links=facts_of(PROVIDER, books.list_all(Link)),
            orders=facts_of(PROVIDER, books.list_all(Order)),
            payments=facts_of(PROVIDER, payments),
            captures=tuple(
                capture_of(fact, payment.amount, payment.captured_at or payment.created_at)
                for fact, payment in zip(facts_of(PROVIDER, payments), reversed(payments), strict=True)
                if payment.captured
            ),
            refunds=facts_of(PROVIDER, books.list_all(Refund)),
        )
