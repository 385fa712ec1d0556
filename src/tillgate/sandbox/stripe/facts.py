"""What this Stripe knows about the money."""

from __future__ import annotations

from collections.abc import Sequence

from tillgate.sandbox.facts import Fact, MoneyFacts
from tillgate.sandbox.ledger import Record
from tillgate.sandbox.stripe.account import PROVIDER, StripeAccount
from tillgate.sandbox.stripe.records import Charge, Intent, Refund, Session


def money_facts(account: StripeAccount) -> MoneyFacts:
    """Every session (as a link), payment intent (as an order), charge, capture and refund, after what was due."""
    with account.transaction() as books:
        tries = books.list_all(Charge)
        return MoneyFacts(
            links=_facts(books.list_all(Session)),
            orders=_facts(books.list_all(Intent)),
            payments=_facts(tries),
            captures=tuple(
                Fact(
                    provider=PROVIDER,
                    kind="capture",
                    id=charge.id,
                    reference=None,
                    parent_id=charge.parent_id,
                    status=charge.status,
                    amount_minor=charge.amount_captured,
                    currency=charge.currency,
                    created_at=charge.captured_at,
                )
                for charge in reversed(tries)
                if charge.captured
            ),
            refunds=_facts(books.list_all(Refund)),
        )


def _facts(records: Sequence[Record]) -> tuple[Fact, ...]:
    return tuple(
        Fact(
            provider=PROVIDER,
            kind=record.KIND,
            id=record.id,
            reference=record.reference,
            parent_id=record.parent_id,
            status=record.status,
            amount_minor=record.amount,
            currency=record.currency,
            created_at=record.created_at,
        )
        for record in reversed(records)
    )
