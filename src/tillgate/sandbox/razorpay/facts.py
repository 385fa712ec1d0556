"""What this Razorpay knows about the money."""

from __future__ import annotations

from tillgate.sandbox.facts import Fact, MoneyFacts
from tillgate.sandbox.ledger import Record
from tillgate.sandbox.razorpay.account import PROVIDER, RazorpayAccount
from tillgate.sandbox.razorpay.records import Link, Order, Payment, Refund


def money_facts(account: RazorpayAccount) -> MoneyFacts:
    """Every link, order, payment, capture and refund, after what was due."""
    with account.transaction() as books:
        payments = books.list_all(Payment)
        return MoneyFacts(
            links=_facts(books.list_all(Link)),
            orders=_facts(books.list_all(Order)),
            payments=_facts(payments),
            captures=tuple(
                Fact(
                    provider=PROVIDER,
                    kind="capture",
                    id=payment.id,
                    reference=None,
                    parent_id=payment.parent_id,
                    status=payment.status,
                    amount_minor=payment.amount,
                    currency=payment.currency,
                    created_at=payment.captured_at or payment.created_at,
                )
                for payment in reversed(payments)
                if payment.captured
            ),
            refunds=_facts(books.list_all(Refund)),
        )


def _facts(records: list[Link] | list[Order] | list[Payment] | list[Refund]) -> tuple[Fact, ...]:
    return tuple(_fact(record) for record in reversed(records))


def _fact(record: Record) -> Fact:
    return Fact(
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
