"""What Wompi does on its own when the time comes."""

from __future__ import annotations

from tillgate.sandbox.ledger import Books
from tillgate.sandbox.wompi import transactions
from tillgate.sandbox.wompi.records import Transaction


def settle_due(books: Books) -> None:
    """Do everything whose time has come, each at its own time, in order."""
    now_ms = books.now_ms
    while (due := books.take_due()) is not None:
        books.now_ms = due.at_ms
        one = books.load(Transaction, due.id)
        (transactions.approve if due.action == transactions.APPROVE else transactions.decline)(books, one)
        books.now_ms = now_ms
