"""What this Wompi knows about the money."""

from __future__ import annotations

from tillgate.sandbox.facts import MoneyFacts, capture_of, facts_of
from tillgate.sandbox.wompi.account import PROVIDER, WompiAccount
from tillgate.sandbox.wompi.records import Link, Transaction, Void


def money_facts(account: WompiAccount) -> MoneyFacts:
    """Every link, transaction (as a payment), capture and void (as a refund), after what was due."""
    with account.transaction() as books:
        tries = books.list_all(Transaction)
        return MoneyFacts(
            links=facts_of(PROVIDER, books.list_all(Link)),
            orders=(),
            payments=facts_of(PROVIDER, tries),
            captures=tuple(
                capture_of(fact, one.amount, (one.finalized_ms or one.made_ms) // 1000)
                for fact, one in zip(facts_of(PROVIDER, tries), reversed(tries), strict=True)
                if one.was_approved
            ),
            refunds=facts_of(PROVIDER, books.list_all(Void)),
        )
