"""Checkout sessions: a hosted page that takes one amount, once, until it expires."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tillgate.sandbox.ledger import Books
from tillgate.sandbox.stripe import currencies
from tillgate.sandbox.stripe.account import StripeAccount, new_id
from tillgate.sandbox.stripe.errors import invalid
from tillgate.sandbox.stripe.fields import Fields
from tillgate.sandbox.stripe.records import Intent, Session

EXPIRE = "session_expired"
_SOONEST_S, _LATEST_S = 30 * 60, 24 * 3600
_MOST_LINES = 100
_METHODS = ("card", "us_bank_account")


def create(account: StripeAccount, books: Books, fields: Fields) -> Session:
    """POST /v1/checkout/sessions."""
    fields.choice("mode", ("payment",), required=True)
    amount, currency, name = _lines(fields)
    session_id = new_id("cs_test_a1", 56)
    paying = fields.within("payment_intent_data")
    session = Session(
        id=session_id,
        status="open",
        amount=amount,
        currency=currency.upper(),
        created_at=books.now,
        reference=fields.text("client_reference_id", 200),
        name=name,
        expires_at=_expiry(books, fields),
        success_url=_address(fields, "success_url", required=True) or "",
        cancel_url=_address(fields, "cancel_url"),
        url=account.page_url(session_id),
        customer_email=_email(fields),
        intent_description=paying.text("description", 1000),
        intent_metadata=paying.metadata(),
        manual_capture=paying.choice("capture_method", ("automatic", "automatic_async", "manual")) == "manual",
        metadata=fields.metadata(),
        locale=fields.text("locale", 10),
        submit_type=fields.choice("submit_type", ("auto", "book", "donate", "pay")),
    )
    paying.end()
    _check_the_rest(fields)
    books.add(session)
    books.plan(session.expires_at * 1000, EXPIRE, session.id)
    return session


def _lines(fields: Fields) -> tuple[int, str, str]:
    """The total, its currency, and the first line's name."""
    lines = fields.each("line_items")
    if not 1 <= len(lines) <= _MOST_LINES:
        raise invalid("You must provide between 1 and 100 line items.", "line_items")
    read = [_line(line) for line in lines]
    if len({currency for _, currency, _ in read}) > 1:
        raise invalid("All line items must have the same currency.", "line_items")
    _, currency, name = read[0]
    amount = sum(one for one, _, _ in read)
    if not currencies.is_whole(amount, currency):
        raise invalid(
            f"Invalid amount for {currency}: it has no such decimals.",
            "line_items",
            "invalid_charge_amount_no_decimal_compatible",
        )
    if amount < currencies.minimum(currency):
        raise invalid(
            "The Checkout Session's total amount due must add up to at least"
            f" {currencies.shown(currencies.minimum(currency), currency)} {currency}",
            code="amount_too_small",
        )
    return amount, currency, name


def _line(line: Fields) -> tuple[int, str, str]:
    quantity = line.integer("quantity", required=True) or 0
    price = line.within("price_data")
    currency = price.text("currency", required=True) or ""
    unit_amount = price.integer("unit_amount", required=True) or 0
    product = price.within("product_data")
    name = product.text("name", required=True) or ""
    product.text("description")
    for part in (product, price, line):
        part.end()
    if currency.lower() not in currencies.SUPPORTED:
        raise invalid(f"Invalid currency: {currency[:10]}.", price.name("currency"))
    if quantity < 1 or unit_amount < 0:
        raise invalid("Invalid non-negative integer", line.name("quantity"))
    return quantity * unit_amount, currency.lower(), name


def _expiry(books: Books, fields: Fields) -> int:
    expires_at = fields.integer("expires_at")
    if expires_at is None:
        return books.now + _LATEST_S
    if not books.now + _SOONEST_S <= expires_at <= books.now + _LATEST_S:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes, and at most 24 hours, from Checkout Session"
            " creation.",
            "expires_at",
        )
    return expires_at


def _address(fields: Fields, name: str, *, required: bool = False) -> str | None:
    url = fields.text(name, required=required)
    if url is not None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise invalid("Not a valid URL", name, "url_invalid")
    return url


def _email(fields: Fields) -> str | None:
    email = fields.text("customer_email", 512)
    if email is not None and ("@" not in email or " " in email):
        raise invalid(f"Invalid email address: {email[:80]}", "customer_email", "email_invalid")
    return email


def _check_the_rest(fields: Fields) -> None:
    """What may be sent and changes nothing that is played here."""
    pricing = fields.within("adaptive_pricing")
    pricing.flag("enabled")
    pricing.end()
    if any(word not in _METHODS for word in fields.words("payment_method_types")):
        raise invalid("The payment method type is invalid.", "payment_method_types")
    fields.words("expand")
    fields.end()


def end(books: Books, session: Session) -> Session:
    """POST .../expire: only while it is open."""
    if session.status != "open":
        raise invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of'
            f" `{session.status}`.",
            stored=True,
        )
    _close(books, session)
    return session


def expire(books: Books, session: Session) -> None:
    """Its time has come."""
    if session.status == "open" and books.now >= session.expires_at:
        _close(books, session)


def _close(books: Books, session: Session) -> None:
    session.status = "expired"
    books.save(session, "expired")
    intent = books.find(Intent, session.intent_id or "")
    if intent is not None:
        intent.status = "canceled"
        intent.canceled_at = books.now
        books.save(intent, "canceled")


def wire(books: Books, session: Session, expand: list[str]) -> dict[str, Any]:
    """The session as the API answers it."""
    whole = "payment_intent" in expand and session.intent_id is not None
    return session.wire(books.load(Intent, session.intent_id or "").wire() if whole else None)
