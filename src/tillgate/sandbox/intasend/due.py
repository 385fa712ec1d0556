"""What IntaSend, M-Pesa and banks do on their own when the time comes."""

from __future__ import annotations

from tillgate.sandbox.intasend import invoices
from tillgate.sandbox.intasend.records import Chargeback, Invoice
from tillgate.sandbox.ledger import Books


def settle_due(books: Books) -> None:
    """Do everything whose time has come, each at its own time, in order."""
    now_ms = books.now_ms
    while (due := books.take_due()) is not None:
        books.now_ms = due.at_ms
        if due.action in {invoices.COMPLETED, invoices.CALLED_OFF}:
            invoices.end_chargeback(books, books.load(Chargeback, due.id), due.action)
        else:
            _end_try(books, books.load(Invoice, due.id), due.action)
        books.now_ms = now_ms


def _end_try(books: Books, one: Invoice, action: str) -> None:
    if action == invoices.COMPLETE:
        invoices.pay(books, one)
        invoices.close_checkout(books, one)
    elif action == invoices.FAIL_LATE:
        invoices.fail(books, one, invoices.NO_ANSWER)
    else:
        invoices.give_up(books, one)
