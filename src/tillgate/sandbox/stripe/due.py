"""What Stripe does on its own when the time comes."""

from __future__ import annotations

from tillgate.sandbox.ledger import Books, Due
from tillgate.sandbox.stripe import charges, refunds, sessions
from tillgate.sandbox.stripe.records import Charge, Refund, Session


def settle_due(books: Books) -> None:
    """Do everything whose time has come, each at its own time, in order."""
    now_ms = books.now_ms
    while (due := books.take_due()) is not None:
        books.now_ms = due.at_ms
        _act(books, due)
        books.now_ms = now_ms


def _act(books: Books, due: Due) -> None:
    if due.action == sessions.EXPIRE:
        sessions.expire(books, books.load(Session, due.id))
    elif due.action == refunds.PROCESS:
        refunds.process(books, books.load(Refund, due.id))
    elif due.action == refunds.FAIL:
        refunds.fail(books, books.load(Refund, due.id))
    elif due.action == charges.APPROVE:
        charges.approve(books, books.load(Charge, due.id))
    else:
        charges.release(books, books.load(Charge, due.id))
