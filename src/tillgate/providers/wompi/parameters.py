"""What is sent: a link's body, and the query of a Web Checkout's address, both kept as canonical JSON.

Only documented fields. A link's own `reference`, `signature` and `expiration_time` stand in a schema and nowhere in
the guide, so they are not sent; our reference goes into `sku`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money
from tillgate.domain.secret import Secret
from tillgate.ports import CheckoutRequest
from tillgate.providers.redaction import one_line
from tillgate.providers.rules import (
    EMAIL,
    LONGEST_URL,
    canonical,
    check_amount,
    check_reference,
    checked_return_url,
    expiry_within,
)
from tillgate.providers.wompi import facts
from tillgate.providers.wompi.signatures import integrity_signature

# Names of the query.
REFERENCE: Final = "reference"
AMOUNT: Final = "amount-in-cents"
CURRENCY: Final = "currency"
EXPIRY: Final = "expiration-time"
_LONGEST_PAYER: Final = 100


def checkout_body(request: CheckoutRequest, methods: Mapping[str, object], now: datetime) -> str:
    """What opens the checkout, as canonical JSON. Raises Invalid for what Wompi would refuse."""
    if request.method not in methods:
        raise Invalid("method_unknown", field="method", method=request.method)
    check_amount(request.amount, facts.SMALLEST_MINOR)
    largest = facts.LARGEST_MINOR[request.amount.currency]
    if request.amount.minor > largest:
        raise Invalid("amount_above_maximum", field="amount", largest=Money(largest, request.amount.currency))
    check_reference(request.reference)
    return canonical(_link(request, now) if request.method == facts.LINK else _web(request, now))


def _link(request: CheckoutRequest, now: datetime) -> dict[str, object]:
    if len(request.reference) > facts.LONGEST_SKU:
        raise Invalid("reference_malformed", field="reference")
    said = one_line(request.description, facts.LONGEST_DESCRIPTION) or request.reference
    body: dict[str, object] = {
        "name": one_line(said, facts.LONGEST_NAME),
        "description": said,
        "single_use": True,
        "collect_shipping": False,
        "currency": request.amount.currency,
        "amount_in_cents": request.amount.minor,
        "sku": request.reference,
    }
    if request.expires_at is not None:
        body["expires_at"] = _expiry(request.expires_at, now)
    if request.return_url is not None:
        body["redirect_url"] = checked_return_url(request.return_url)
    return body


def _web(request: CheckoutRequest, now: datetime) -> dict[str, object]:
    query: dict[str, object] = {
        CURRENCY: request.amount.currency,
        AMOUNT: request.amount.minor,
        REFERENCE: request.reference,
    }
    if request.expires_at is not None:
        query[EXPIRY] = _expiry(request.expires_at, now)
    if request.return_url is not None:
        query["redirect-url"] = checked_return_url(request.return_url)
    email, name = request.payer.email.strip(), one_line(request.payer.name, _LONGEST_PAYER)
    if EMAIL.fullmatch(email):
        query["customer-data:email"] = email
    if name:
        query["customer-data:full-name"] = name
    # Ten digits, always with the prefix; a sale doesn't fail over a telephone number.
    phone = re.fullmatch(r"(?:\+?57)?(3[0-9]{9})", re.sub(r"[ ().-]", "", request.payer.phone))
    if phone is not None:
        query |= {"customer-data:phone-number": phone[1], "customer-data:phone-number-prefix": "+57"}
    return query


def web_address(checkout_url: str, key_id: str, secret: Secret, query: Mapping[str, str | int], amount: Money) -> str:
    """The signed address of a Web Checkout. Raises Invalid where it would be too long to be opened."""
    expires_at = str(query.get(EXPIRY, ""))
    signed = integrity_signature(secret, str(query[REFERENCE]), amount, expires_at)
    fields = {"public-key": key_id, **query, "signature:integrity": signed}
    url = f"{checkout_url}/p/?{urlencode(fields)}"
    if len(url) > LONGEST_URL:
        raise Invalid("return_url_refused", field="return_url")
    return url


def _expiry(expires_at: datetime, now: datetime) -> str:
    """In UTC, exactly as the documents write it: the same text is signed and sent."""
    ends = expiry_within(expires_at, now, facts.SOONEST_EXPIRY, facts.LATEST_EXPIRY)
    return ends.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
