"""Payment links: a short URL that takes one amount, found by our reference, cancelled or expired."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tillgate.sandbox.ledger import Books
from tillgate.sandbox.razorpay import currencies
from tillgate.sandbox.razorpay.account import RazorpayAccount, new_id
from tillgate.sandbox.razorpay.errors import ApiError, plain_error
from tillgate.sandbox.razorpay.fields import Fields
from tillgate.sandbox.razorpay.records import Link, Payment

EXPIRE = "link_expired"
_SOONEST_EXPIRY_S = 15 * 60
_LATEST_EXPIRY_S = 184 * 24 * 3600
_REFERENCE = "link_reference"
# How a customer can be told, and what of them that needs.
_MEDIA = {"sms": "contact", "email": "email"}
_MOST_NOTIFIED = 10


def _refusal(description: str, *, field: str | None = None) -> ApiError:
    del field  # payment links name the field in the sentence only
    return plain_error(description)


def create(books: Books, body: dict[str, Any]) -> Link:
    """POST /v1/payment_links."""
    fields = Fields(body, _refusal, note_limit=255)
    if fields.flag("upi_link"):
        raise plain_error(
            "UPI Payment Links is not supported in Test Mode. Please experience the product in Live Mode."
        )
    amount = fields.integer("amount", required=True) or 0
    currency = fields.currency(default="INR")
    _check_amount(amount, currency)
    link = Link(
        id=new_id("plink_"),
        code=new_id("")[:8],
        status="created",
        amount=amount,
        currency=currency,
        created_at=books.now,
        updated_at=books.now,
        reference=fields.text("reference_id", 40) or None,
        accept_partial=fields.flag("accept_partial"),
        first_min_partial_amount=fields.integer("first_min_partial_amount") or 0,
        description=fields.text("description", 2048) or "",
        expire_by=_expiry(books, fields),
        customer=_customer(fields.within("customer")),
        notify=_notify(fields.within("notify")),
        reminder_enable=fields.flag("reminder_enable"),
        notes=fields.notes(),
        callback_url=fields.text("callback_url", 2048) or "",
        callback_method=fields.text("callback_method", 10) or "",
    )
    fields.end()
    _check_callback(link)
    _claim_reference(books, link, link.reference)
    books.claim("link_code", link.code, link.id)
    books.add(link)
    _plan_expiry(books, link)
    return link


def _check_amount(amount: int, currency: str) -> None:
    least = currencies.minimum(currency)
    if amount < least:
        raise plain_error(f"amount: amount should be minimum {least} for {currency}.")


def _customer(fields: Fields) -> dict[str, str]:
    names = ("name", "email", "contact")
    given = {name: value for name in names if (value := fields.text(name, 255)) is not None}
    fields.end()
    return given


def _notify(fields: Fields) -> dict[str, bool]:
    asked = {name: fields.flag(name) for name in ("email", "sms", "whatsapp") if fields.has(name)}
    fields.end()
    return asked


def _expiry(books: Books, fields: Fields) -> int:
    expire_by = fields.integer("expire_by") or 0
    if expire_by and expire_by < books.now + _SOONEST_EXPIRY_S:
        raise plain_error("timestamp must be atleast 15 minutes in future")
    if expire_by > books.now + _LATEST_EXPIRY_S:
        raise plain_error("expire_by: timestamp must be within 6 months.")
    return expire_by


def _check_callback(link: Link) -> None:
    if link.callback_url:
        parts = urlsplit(link.callback_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise plain_error("callback_url: must be a valid URL.")
        if link.callback_method != "get":
            raise plain_error("callback_method: must be get when callback_url is given.")
    elif link.callback_method:
        raise plain_error("callback_url: cannot be blank when callback_method is given.")


def _claim_reference(books: Books, link: Link, reference: str | None) -> None:
    if reference and books.claim(_REFERENCE, reference, link.id) is not None:
        raise plain_error(
            f"payment link with given reference_id: {reference} already exists. Please create a payment link with"
            " a different reference_id"
        )


def _plan_expiry(books: Books, link: Link) -> None:
    at = link.expire_by or link.created_at + _LATEST_EXPIRY_S
    books.plan(at * 1000, EXPIRE, link.id)


def update(books: Books, link: Link, body: dict[str, Any]) -> Link:
    """PATCH: reference, expiry, notes, partial payment and reminders, while it is open."""
    if not link.is_open:
        raise plain_error("update can only be made in created or partially paid state")
    fields = Fields(body, _refusal, note_limit=255)
    if fields.has("reference_id"):
        reference = fields.text("reference_id", 40)
        if reference != link.reference:
            _claim_reference(books, link, reference)
            link.reference = reference
    if fields.has("expire_by"):
        link.expire_by = _expiry(books, fields)
        _plan_expiry(books, link)
    if fields.has("notes"):
        link.notes = fields.notes()
    link.accept_partial = fields.flag("accept_partial", link.accept_partial)
    link.reminder_enable = fields.flag("reminder_enable", link.reminder_enable)
    fields.end()
    link.updated_at = books.now
    books.save(link, "updated")
    return link


def cancel(books: Books, link: Link) -> Link:
    """POST .../cancel: only while nothing was paid."""
    if link.status in {"paid", "partially_paid"}:
        raise plain_error("cannot cancel or expire an already paid/partially paid link")
    if not link.is_open:
        raise plain_error("cannot cancel or expire an expired link")
    link.status = "cancelled"
    link.cancelled_at = link.updated_at = books.now
    books.save(link, "cancelled")
    return link


def notify(books: Books, link: Link, medium: str) -> None:
    """POST .../notify_by/{medium}: a message to the customer, which is only written down here."""
    if medium not in _MEDIA:
        raise plain_error("not a valid notification medium")
    if not link.is_open:
        raise plain_error(f"notifications cannot be sent for a {link.status} payment link")
    if not link.customer.get(_MEDIA[medium]):
        raise plain_error(f"{_MEDIA[medium]} of the customer is required to send the notification")
    if link.notified.count(medium) >= _MOST_NOTIFIED:
        raise plain_error("Request rate limit exceeded. Please try again later.", status=429)
    link.notified.append(medium)
    books.save(link, "notified")


def expire(books: Books, link: Link) -> None:
    """Its time has come, unless it was moved meanwhile."""
    at = link.expire_by or link.created_at + _LATEST_EXPIRY_S
    if link.is_open and books.now >= at:
        link.status = "expired"
        link.expired_at = link.updated_at = books.now
        books.save(link, "expired")


def find_by_code(books: Books, code: str) -> Link | None:
    """The link behind a short URL."""
    held = books.find_claim("link_code", code)
    return None if held is None else books.load(Link, held.id)


def wire(account: RazorpayAccount, books: Books, link: Link) -> dict[str, Any]:
    """The link as the API answers it, with its captured payments."""
    payments = [] if link.order_id is None else books.list_all(Payment, parent_id=link.order_id)
    captured = [_payment_wire(link, payment) for payment in payments if payment.captured]
    empty: list[dict[str, Any]] | None = None if account.settings.empty_payments_as_null else []
    return link.wire(account.short_url(link.code), captured or empty)


def _payment_wire(link: Link, payment: Payment) -> dict[str, Any]:
    return {
        "payment_id": payment.id,
        "plink_id": link.id,
        "amount": payment.amount,
        "method": payment.method,
        "status": "captured",
        "created_at": payment.created_at,
        "updated_at": payment.updated_at,
    }
