"""A payment's life: begun by the customer, authorised by the bank, captured by us or by the till.

`failed` is not final: a bank may answer late. Money is paid out for goods only when captured; what stays
authorised goes back after three days. At most one payment of an order is captured, unless a fault says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tillgate.sandbox.ledger import Books
from tillgate.sandbox.razorpay import refunds
from tillgate.sandbox.razorpay.account import RazorpayAccount, new_id
from tillgate.sandbox.razorpay.errors import bad_request
from tillgate.sandbox.razorpay.fields import Fields
from tillgate.sandbox.razorpay.records import Link, Order, Payment

APPROVE, TIME_OUT, RELEASE = "payment_approved", "payment_timed_out", "payment_released"
BANK_ANSWER_MS = 10 * 60 * 1000
CAPTURE_WINDOW_MS = 3 * 24 * 3600 * 1000
METHODS = ("upi", "card", "netbanking")

DECLINED = {
    "code": "BAD_REQUEST_ERROR",
    "description": "Your payment didn't go through as it was declined by the bank. Try another payment method"
    " or contact your bank.",
    "source": "bank",
    "step": "payment_authorization",
    "reason": "payment_declined",
}
NO_ANSWER = {
    "code": "GATEWAY_ERROR",
    "description": "Payment was unsuccessful due to a temporary issue. If amount got deducted, it will be"
    " refunded within 5-7 working days.",
    "source": "gateway",
    "step": "payment_response",
    "reason": "payment_failed",
}


@dataclass(frozen=True)
class Tender:
    """What the customer hands over: minor units, and how."""

    amount: int
    currency: str
    method: str


def begin(books: Books, order: Order, link: Link | None, tender: Tender) -> Payment:
    """A try on an order: a payment that the bank has not answered yet."""
    payment = Payment(
        id=new_id("pay_"),
        status="created",
        amount=tender.amount,
        currency=tender.currency,
        created_at=books.now,
        updated_at=books.now,
        parent_id=order.id,
        link_id=link.id if link else None,
        method=tender.method,
        description=f"#{link.id.removeprefix('plink_')}" if link else None,
        notes={} if link else order.notes,
    )
    books.add(payment)
    order.attempts += 1
    if order.status == "created":
        order.status = "attempted"
    books.save(order, "attempted")
    books.plan(books.now_ms + BANK_ANSWER_MS, TIME_OUT, payment.id)
    return payment


def authorise(account: RazorpayAccount, books: Books, payment: Payment, *, even_if_paid: bool = False) -> None:
    """The bank says yes, in time or late; captured at once where the account or the order says so."""
    if payment.status not in {"created", "failed"}:
        return
    order = books.load(Order, payment.parent_id or "")
    payment.status = "authorized"
    payment.error = {}
    payment.network_reference = new_id("")
    payment.updated_at = books.now
    books.save(payment, "authorized")
    automatic = account.settings.auto_capture if order.auto_capture is None else order.auto_capture
    if order.status == "paid" and not even_if_paid:
        refunds.release(books, payment)
    elif automatic:
        _capture(books, order, payment)
    else:
        books.plan(books.now_ms + CAPTURE_WINDOW_MS, RELEASE, payment.id)


def fail(books: Books, payment: Payment, error: dict[str, str]) -> None:
    """The bank says no, or nothing."""
    payment.status = "failed"
    payment.error = error
    payment.updated_at = books.now
    books.save(payment, "failed")


def _capture(books: Books, order: Order, payment: Payment) -> None:
    payment.status = "captured"
    payment.captured = True
    payment.captured_at = payment.updated_at = books.now
    fee_before_tax = (payment.amount * 2 + 50) // 100
    payment.tax = (fee_before_tax * 18 + 50) // 100
    payment.fee = fee_before_tax + payment.tax
    books.save(payment, "captured")
    order.amount_paid += payment.amount
    if order.amount_paid >= order.amount or not order.partial_payment:
        order.status = "paid"
    books.save(order, "credited")
    if payment.link_id is not None:
        _credit_link(books, books.load(Link, payment.link_id), payment)


def _credit_link(books: Books, link: Link, payment: Payment) -> None:
    link.amount_paid += payment.amount
    link.updated_at = books.now
    # Money that reaches a cancelled or expired link is listed on it; its status stays. (Not documented.)
    if link.is_open:
        whole = link.amount_paid >= link.amount or not link.accept_partial
        link.status = "paid" if whole else "partially_paid"
    books.save(link, "credited")


def capture(books: Books, payment: Payment, body: dict[str, Any]) -> Payment:
    """The till's capture: exactly what was authorised."""
    fields = Fields(body)
    amount = fields.integer("amount", required=True)
    currency = fields.currency()
    fields.end()
    order = books.load(Order, payment.parent_id or "")
    if payment.status in {"captured", "refunded"}:
        raise bad_request("This payment has already been captured", step="payment_capture")
    if order.status == "paid":
        raise bad_request(
            "Your payment has been declined as the order is already paid. Please initiate the payment with a new"
            " order.",
            step="payment_capture",
        )
    if payment.status != "authorized":
        raise bad_request(
            "Only payments which have been authorized and not yet captured can be captured",
            step="payment_capture",
        )
    if amount != payment.amount:
        raise bad_request(
            "Capture amount must be equal to the amount authorized.", field="amount", step="payment_capture"
        )
    if currency != payment.currency:
        raise bad_request(
            "The currency must be the same as the payment's currency.", field="currency", step="payment_capture"
        )
    _capture(books, order, payment)
    return payment


def update_notes(books: Books, payment: Payment, body: dict[str, Any]) -> Payment:
    """PATCH: notes only."""
    fields = Fields(body)
    payment.notes = fields.notes()
    fields.end()
    books.save(payment, "updated")
    return payment


def has_authorised(books: Books, order_id: str) -> bool:
    """Whether money of this order waits for its capture: no further try then."""
    return bool(books.list_all(Payment, parent_id=order_id, status="authorized"))
