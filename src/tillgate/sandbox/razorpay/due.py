"""What Razorpay does on its own when the time comes."""

from __future__ import annotations

from tillgate.sandbox.ledger import Books, Due
from tillgate.sandbox.razorpay import links, payments, refunds
from tillgate.sandbox.razorpay.account import RazorpayAccount
from tillgate.sandbox.razorpay.records import Link, Payment, Refund


def settle_due(account: RazorpayAccount, books: Books) -> None:
    """Do everything whose time has come, each at its own time, in order."""
    now_ms = books.now_ms
    while (due := books.take_due()) is not None:
        books.now_ms = due.at_ms
        _act(account, books, due)
        books.now_ms = now_ms


def _act(account: RazorpayAccount, books: Books, due: Due) -> None:
    if due.action == links.EXPIRE:
        links.expire(books, books.load(Link, due.id))
    elif due.action in {refunds.PROCESS, refunds.FAIL}:
        refund = books.load(Refund, due.id)
        settle = refunds.process if due.action == refunds.PROCESS else refunds.fail
        settle(books, refund)
    else:
        _act_on_payment(account, books, due.action, books.load(Payment, due.id))


def _act_on_payment(account: RazorpayAccount, books: Books, action: str, payment: Payment) -> None:
    if action == payments.APPROVE:
        payments.authorise(account, books, payment)
    elif action == payments.TIME_OUT and payment.status == "created":
        payments.fail(books, payment, payments.NO_ANSWER)
    elif action == payments.RELEASE and payment.status == "authorized":
        refunds.release(books, payment)
