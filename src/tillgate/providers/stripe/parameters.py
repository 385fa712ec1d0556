"""The exact bodies that are sent: canonical JSON to keep, the same as a form on the wire.

Only documented fields: Stripe refuses any other. The same body under the same key is the same request, so the expiry
is fixed when the body is made and never again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

from tillgate.domain.errors import Bug, Invalid
from tillgate.ports import CheckoutRequest, RefundRequest
from tillgate.providers.json_strict import Json
from tillgate.providers.redaction import one_line
from tillgate.providers.rules import (
    EMAIL,
    REFUND_KEY,
    canonical,
    check_amount,
    check_reference,
    checked_return_url,
    expiry_within,
)
from tillgate.providers.stripe import facts
from tillgate.providers.stripe.currencies import SMALLEST_MINOR, to_wire

# Stripe puts the session's id here, as it stands: the braces are part of the address.
_SESSION_ID: Final = "{CHECKOUT_SESSION_ID}"


def checkout_body(request: CheckoutRequest, now: datetime) -> str:
    """The body that opens the session, as canonical JSON. Raises Invalid for what Stripe would refuse."""
    if request.method not in facts.METHODS:
        raise Invalid("method_unknown", field="method", method=request.method)
    check_amount(request.amount, SMALLEST_MINOR)
    check_reference(request.reference)
    name = one_line(request.description, facts.LONGEST_DESCRIPTION) or request.reference
    reference = {facts.REFERENCE_FIELD: request.reference}
    price = {
        "currency": request.amount.currency.lower(),
        "unit_amount": to_wire(request.amount),
        "product_data": {"name": name},
    }
    body: dict[str, object] = {
        "mode": "payment",
        # One line with the whole amount: lines of our own could add up to another total.
        "line_items": [{"quantity": 1, "price_data": price}],
        "client_reference_id": request.reference,
        "metadata": reference,
        "payment_intent_data": {"description": name, "metadata": reference},
        # The customer pays in our currency, and the total stays ours.
        "adaptive_pricing": {"enabled": False},
        **_addresses(request.return_url),
    }
    email = request.payer.email.strip()
    if EMAIL.fullmatch(email):
        body["customer_email"] = email
    if request.expires_at is not None:
        # The facts of the session say when it really ends.
        ends = expiry_within(request.expires_at, now, facts.SOONEST_EXPIRY, facts.LATEST_EXPIRY)
        body["expires_at"] = int(ends.timestamp())
    return canonical(body)


def refund_body(request: RefundRequest) -> str:
    """The body of a refund, as canonical JSON; the key stands in it too, to be found by. Raises Invalid, Bug."""
    if request.amount.minor <= 0:
        raise Invalid("amount_zero", field="amount")
    if not REFUND_KEY.fullmatch(request.key):
        raise Bug("refund_key_malformed", provider=facts.NAME)
    metadata = {facts.REFUND_KEY_FIELD: request.key}
    reason = one_line(request.reason, facts.LONGEST_METADATA)
    if reason:
        metadata[facts.REASON_FIELD] = reason
    charge = facts.checked_id(request.payment_ref, facts.CHARGE_ID)
    return canonical({"charge": charge, "amount": to_wire(request.amount), "metadata": metadata})


def form_of(body: Json) -> str:
    """The same as Stripe's form: `a[0][b]=c`, in the body's own order."""
    return "&".join(f"{quote(name, safe='[]')}={quote_plus(value)}" for name, value in _pairs("", body))


def _pairs(name: str, value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _pairs(f"{name}[{key}]" if name else key, inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _pairs(f"{name}[{index}]", inner)
    elif isinstance(value, bool):
        yield name, str(value).lower()
    elif isinstance(value, str | int):
        yield name, str(value)
    else:
        raise Bug("provider_parameters_malformed", provider=facts.NAME, method=facts.SESSION)


def _addresses(return_url: str | None) -> dict[str, str]:
    """Where the browser goes afterwards: hints both, that wake the till at most."""
    if return_url is None:
        return {"success_url": facts.AFTERWARDS}
    # No fragment: what follows it would be lost; no braces: they are the place of the session's id.
    parts = urlsplit(checked_return_url(return_url, "!-z|~"))
    if parts.fragment:
        raise Invalid("return_url_refused", field="return_url")
    mark = "&" if parts.query else "?"
    return {
        "success_url": f"{return_url}{mark}checkout=done&session_id={_SESSION_ID}",
        "cancel_url": f"{return_url}{mark}checkout=left",
    }
