"""Prompts, hosted checkouts and what becomes of them: every try is an invoice, PENDING until somebody acts."""

from __future__ import annotations

import random
import secrets
import string
from typing import Any
from uuid import uuid4

from tillgate.domain.errors import Refused
from tillgate.sandbox.account import random_word
from tillgate.sandbox.faults import Fault, FaultKind
from tillgate.sandbox.intasend import fields
from tillgate.sandbox.intasend.account import IntaSendAccount
from tillgate.sandbox.intasend.errors import invalid, missing
from tillgate.sandbox.intasend.records import Chargeback, Checkout, Invoice
from tillgate.sandbox.ledger import Books

COMPLETE, FAIL_LATE, GIVE_UP, COMPLETED, CALLED_OFF = "complete", "fail", "give_up", "completed", "called_off"
MPESA, CARD = "M-PESA", "CARD-PAYMENT"
_CAPITALS = string.ascii_uppercase + string.digits
# Safaricom's results, as they come through.
WRONG_PIN = ("2001", "The initiator information is invalid.")
NO_FUNDS = ("1", "The balance is insufficient for the transaction.")
CANCELLED = ("1032", "Request cancelled by user.")
NO_ANSWER = ("1037", "DS timeout user cannot be reached")
CARD_DECLINED = ("", "Card declined by the issuer")


def push(account: IntaSendAccount, books: Books, body: dict[str, Any]) -> Invoice:
    """POST payment/mpesa-stk-push/: a prompt on the phone. An earlier one there can't be used any more."""
    fields.currency(body)
    amount, number = fields.amount(body), fields.phone(body, required=True)
    for earlier in books.list_all(Invoice, status="PENDING"):
        if earlier.account == number and earlier.parent_id is None:
            earlier.unusable = True
            _save(books, earlier, "replaced")
    made = _begin(
        books,
        amount,
        # The SDK's own default, which many have.
        fields.text(body, "api_ref") or "API Request",
        number,
        narrative=fields.text(body, "narrative"),
        email=fields.text(body, "email") or None,
    )
    books.plan(books.now_ms + int(account.settings.prompt_seconds * 1000), GIVE_UP, made.id)
    return made


def open_checkout(books: Books, body: dict[str, Any]) -> Checkout:
    """POST checkout/; it has an invoice from its start [F]."""
    fields.currency(body)
    made = Checkout(
        id=str(uuid4()),
        status="open",
        amount=fields.amount(body),
        currency="KES",
        created_at=books.now,
        reference=fields.text(body, "api_ref") or "API Request",
        signature=f"eyJhbGciOiJIUzI1NiJ9.{random_word(40)}.{random_word(43)}",
        made_ms=books.now_ms,
        email=fields.text(body, "email") or None,
        phone=fields.phone(body, required=False),
        comment=fields.text(body, "comment"),
        redirect_url=fields.address(body, "redirect_url"),
    )
    books.add(made)
    _of_checkout(books, made)
    return made


def tries_of(books: Books, checkout: Checkout) -> list[Invoice]:
    """A checkout's invoices, newest first."""
    return books.list_all(Invoice, parent_id=checkout.id)


def next_try(books: Books, checkout: Checkout) -> Invoice:
    """The invoice that the next press pays: the untouched one, or another after a failure [A]."""
    untouched = [one for one in tries_of(books, checkout) if one.status == "PENDING"]
    return untouched[0] if untouched else _of_checkout(books, checkout)


def take_up(books: Books, one: Invoice, method: str = MPESA) -> None:
    """The payer acts; the bank has not answered yet."""
    one.status, one.method = "PROCESSING", method
    _save(books, one, "processing")


def pay(books: Books, one: Invoice, really: tuple[int, str] | None = None, *, after_failure: bool = False) -> None:
    """The money comes, as asked or otherwise. What has ended stays as it is, but for a failure that was none."""
    if one.status == "COMPLETE" or (one.status == "FAILED" and not after_failure):
        return
    one.status, one.failed_code, one.failed_reason = "COMPLETE", None, None
    one.receipt = "".join(secrets.choice(_CAPITALS) for _ in range(10)) if one.method == MPESA else None
    if really is not None:
        one.paid_minor, one.paid_currency = really
    _save(books, one, "complete")


def fail(books: Books, one: Invoice, why: tuple[str, str]) -> None:
    """Nothing was taken."""
    if one.status in {"PENDING", "PROCESSING"}:
        one.status = "FAILED"
        one.failed_code, one.failed_reason = why[0] or None, why[1]
        _save(books, one, "failed")


def give_up(books: Books, one: Invoice) -> None:
    """Nobody touched the phone."""
    if one.status == "PENDING":
        fail(books, one, NO_ANSWER)


def again(books: Books, one: Invoice) -> Invoice:
    """The same thing once more, as nobody should be able to."""
    return _begin(books, one.amount, one.reference or "", one.account, checkout_id=one.parent_id, method=one.method)


def ask_back(account: IntaSendAccount, books: Books, body: dict[str, Any], fault: Fault | None) -> Chargeback:
    """POST chargebacks/: asked for now, processed later."""
    paid = books.find(Invoice, fields.text(body, "invoice", required=True))
    if paid is None:
        raise missing()
    amount = fields.amount(body)
    standing = [one for one in books.list_all(Chargeback, parent_id=paid.id) if one.status != "CANCELLED"]
    left = paid.really[0] - sum(one.amount for one in standing)
    if fault is not None and fault.kind is FaultKind.REFUND_REFUSED:
        raise invalid("amount", "Insufficient wallet balance to process this chargeback.")
    if paid.status != "COMPLETE":
        raise invalid("invoice", "Only completed transactions can be charged back.")
    if amount > left:
        raise invalid("amount", "Amount is more than the amount billed.")
    made = Chargeback(
        id=str(len(books.list_all(Chargeback)) + 1),
        status="PENDING",
        amount=amount,
        currency=paid.currency,
        created_at=books.now,
        parent_id=paid.id,
        reason=fields.text(body, "reason", required=True),
        details=fields.text(body, "reason_details"),
        made_ms=books.now_ms,
    )
    ends, seconds = COMPLETED, account.settings.refund_seconds
    if fault is not None and fault.kind in {FaultKind.REFUND_PENDING, FaultKind.REFUND_FAILS}:
        ends = CALLED_OFF if fault.kind is FaultKind.REFUND_FAILS else COMPLETED
        seconds = fault.seconds or 0.0
    if seconds:
        books.add(made)
        books.plan(books.now_ms + int(seconds * 1000), ends, made.id)
    else:
        made.status, made.resolution = _END[ends]
        books.add(made, ends)
    return made


def end_chargeback(books: Books, one: Chargeback, how: str) -> None:
    """It came to its end."""
    if one.status == "PENDING":
        one.status, one.resolution = _END[how]
        books.save(one, how)


_END = {
    COMPLETED: ("COMPLETED", "Refunded to the customer"),
    CALLED_OFF: ("CANCELLED", "The customer's account could not be credited"),
}


def check_open(books: Books, one: Invoice) -> None:
    """Raises Refused where nobody can pay it (any more)."""
    if one.status != "PENDING" or one.unusable:
        raise Refused("sandbox_link_closed", status="replaced" if one.unusable else one.status.lower())
    if one.parent_id is not None and books.load(Checkout, one.parent_id).status == "paid":
        raise Refused("sandbox_link_closed", status="paid")


def close_checkout(books: Books, one: Invoice) -> None:
    """A checkout that was paid takes nothing more."""
    if one.parent_id is not None and one.status == "COMPLETE":
        checkout = books.load(Checkout, one.parent_id)
        checkout.status = "paid"
        books.save(checkout, "paid")


def _of_checkout(books: Books, checkout: Checkout) -> Invoice:
    account = checkout.phone or checkout.email or ""
    return _begin(books, checkout.amount, checkout.reference or "", account, checkout_id=checkout.id)


def _begin(
    books: Books,
    amount: int,
    reference: str,
    account: str,
    *,
    checkout_id: str | None = None,
    method: str = MPESA,
    narrative: str = "",
    email: str | None = None,
) -> Invoice:
    made = Invoice(
        id=_new_id(books),
        status="PENDING",
        amount=amount,
        currency="KES",
        created_at=books.now,
        reference=reference,
        parent_id=checkout_id,
        push_id=str(uuid4()),
        method=method,
        account=account,
        made_ms=books.now_ms,
        changed_ms=books.now_ms,
        narrative=narrative,
        email=email,
    )
    books.add(made)
    return made


def _save(books: Books, one: Invoice, event: str) -> None:
    one.changed_ms = books.now_ms
    books.save(one, event)


def _new_id(books: Books) -> str:
    while True:
        found = "".join(random.choices(_CAPITALS, k=7))
        if books.find(Invoice, found) is None:
            return found
