"""What this Stripe knows about the money."""

from __future__ import annotations

from tillgate.sandbox.facts import MoneyFacts, capture_of, facts_of
from tillgate.sandbox.stripe.account import PROVIDER, StripeAccount
from tillgate.sandbox.stripe.records import Charge, Intent, Refund, Session


def money_facts(account: StripeAccount) -> MoneyFacts:
    """Every session (as a link), payment intent (as an order), charge, capture and refund, after what was due."""
    with account.transaction() as books:
        tries = books.list_all(Charge)
        return MoneyFacts(
            links=facts_of(PROVIDER, books.list_all(Session)),
            orders=facts_of(PROVIDER, books.list_all(Intent)),
            payments=facts_of(PROVIDER, tries),
            captures=tuple(
                capture_of(fact, charge.amount_captured, charge.captured_at)
                for fact, charge in zip(facts_of(PROVIDER, tries), reversed(tries), strict=True)
                if charge.captured
            ),
            refunds=facts_of(PROVIDER, books.list_all(Refund)),
        )
