"""Refunds: what may go back, under which key, and how it ends."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from tillgate.sandbox.faults import Fault, FaultKind
from tillgate.sandbox.ledger import Books
from tillgate.sandbox.razorpay.account import RazorpayAccount, new_id
from tillgate.sandbox.razorpay.errors import ApiError, bad_request, plain_error
from tillgate.sandbox.razorpay.fields import Fields, check_amount
from tillgate.sandbox.razorpay.records import Payment, Refund

PROCESS, FAIL = "refund_processed", "refund_failed"
IN_PROGRESS = "Another request with the same idempotency key is still in progress."
_OTHER_REQUEST = "Different request with the same idempotency key has already been processed."
_NO_BALANCE = (
    "Your account does not have enough balance to carry out the refund operation. You can add funds to your"
    " account from your Razorpay dashboard or capture new payments."
)


def check_key(key: str) -> None:
    """The rules for X-Refund-Idempotency."""
    if len(key) < 10:
        raise plain_error("The idempotency key must be at least 10 characters long.")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", key):
        raise plain_error("The idempotency key must only contain alphanumeric characters, underscores, and hyphens")


def create(
    account: RazorpayAccount,
    books: Books,
    payment: Payment,
    body: dict[str, Any],
    *,
    key: str | None = None,
    fault: Fault | None = None,
) -> Refund:
    """Refund a captured payment in full or part; the same key and body give the same refund."""
    fingerprint = _fingerprint(payment, body)
    held = books.find_claim("refund_key", key) if key else None
    if held is not None:
        if held.fingerprint != fingerprint:
            raise plain_error(_OTHER_REQUEST, account.settings.idempotency_conflict_status)
        return books.load(Refund, held.id)
    refund = _read(books, payment, body)
    if fault is not None and fault.kind is FaultKind.REFUND_REFUSED:
        raise bad_request(_NO_BALANCE, reason="insufficient_balance", step="payment_refund")
    if refund.reference is not None and books.claim("refund_receipt", refund.reference, refund.id):
        raise bad_request("The receipt has already been taken.", field="receipt")
    if key:
        books.claim("refund_key", key, refund.id, fingerprint)
    books.add(refund)
    _take_from(books, payment, refund.amount)
    _plan(account, books, refund, fault)
    return refund


def _fingerprint(payment: Payment, body: dict[str, Any]) -> str:
    content = json.dumps([payment.id, body], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _read(books: Books, payment: Payment, body: dict[str, Any]) -> Refund:
    fields = Fields(body)
    amount = fields.integer("amount")
    speed = fields.choice("speed", ("normal", "optimum")) or "normal"
    notes = fields.notes()
    receipt = fields.text("receipt", 40)
    fields.end()
    if payment.status == "refunded":
        raise bad_request("The payment has been fully refunded already.")
    if payment.status != "captured":
        raise bad_request("The payment status should be captured for action to be taken")
    left = payment.amount - payment.amount_refunded
    if amount is None:
        amount = left
    else:
        check_amount(fields, amount, payment.currency)
    if amount > left:
        raise bad_request(
            "The refund amount provided is greater than amount captured.", field="amount", step="payment_refund"
        )
    return Refund(
        id=new_id("rfnd_"),
        status="pending",
        amount=amount,
        currency=payment.currency,
        created_at=books.now,
        reference=receipt,
        parent_id=payment.id,
        notes=notes,
        speed=speed,
    )


def _plan(account: RazorpayAccount, books: Books, refund: Refund, fault: Fault | None) -> None:
    if fault is not None and fault.kind in {FaultKind.REFUND_PENDING, FaultKind.REFUND_FAILS}:
        action = FAIL if fault.kind is FaultKind.REFUND_FAILS else PROCESS
        books.plan(books.now_ms + int((fault.seconds or 0) * 1000), action, refund.id)
    elif account.settings.refund_seconds > 0:
        books.plan(books.now_ms + int(account.settings.refund_seconds * 1000), PROCESS, refund.id)
    else:
        process(books, refund)


def process(books: Books, refund: Refund) -> None:
    """Handed to the bank."""
    if refund.status == "pending":
        refund.status = "processed"
        refund.arn = new_id("")
        books.save(refund, "processed")


def fail(books: Books, refund: Refund) -> None:
    """The bank took nothing; the money is the payment's again."""
    if refund.status == "pending":
        refund.status = "failed"
        books.save(refund, "failed")
        _take_from(books, books.load(Payment, refund.parent_id or ""), -refund.amount)


def release(books: Books, payment: Payment) -> None:
    """Give an authorised payment back uncaptured, as Razorpay does on its own."""
    refund = Refund(
        id=new_id("rfnd_"),
        status="pending",
        amount=payment.amount,
        currency=payment.currency,
        created_at=books.now,
        parent_id=payment.id,
    )
    books.add(refund)
    _take_from(books, payment, refund.amount)
    process(books, refund)


def _take_from(books: Books, payment: Payment, amount: int) -> None:
    payment.amount_refunded += amount
    whole = payment.amount_refunded >= payment.amount
    if whole:
        payment.status = "refunded"
    elif payment.status == "refunded":
        payment.status = "captured"
    books.save(payment, "refunded" if amount > 0 else "refund_returned")


def update_notes(books: Books, refund: Refund, body: dict[str, Any]) -> Refund:
    """PATCH: notes only."""
    fields = Fields(body)
    refund.notes = fields.notes()
    fields.end()
    books.save(refund, "updated")
    return refund


def in_progress() -> ApiError:
    """A second request while the first one with the same key still runs."""
    return plain_error(IN_PROGRESS, 409)
