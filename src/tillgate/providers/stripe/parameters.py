"""The exact bodies that are sent: canonical JSON to keep, the same as a form on the wire.

Only documented fields: Stripe refuses any other. The same body under the same key is the same request, so the expiry
is fixed when the body is made and never again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

from tillgate.domain.errors import Bug, Invalid
from tillgate.domain.money import Money
from tillgate.ports import CheckoutRequest, RefundRequest
from tillgate.providers.json_strict import Json
from tillgate.providers.redaction import one_line
from tillgate.providers.stripe import facts
from tillgate.providers.stripe.currencies import SMALLEST_MINOR, to_wire

_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_LONGEST_URL: Final = 2048
# Stripe puts the session's id here, as it stands: the braces are part of the address.
_SESSION_ID: Final = "{CHECKOUT_SESSION_ID}"


def checkout_body(request: CheckoutRequest, now: datetime) -> str:
    """The body that opens the session, as canonical JSON. Raises Invalid for what Stripe would refuse."""
    if request.method not in facts.METHODS:
        raise Invalid("method_unknown", field="method", method=request.method)
    _check_amount(request.amount)
    if not facts.REFERENCE.fullmatch(request.reference):
        raise Invalid("reference_malformed", field="reference")
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
    if _EMAIL.fullmatch(email):
        body["customer_email"] = email
    if request.expires_at is not None:
        body["expires_at"] = _expires_at(request.expires_at, now)
    return canonical(body)


def refund_body(request: RefundRequest) -> str:
    """The body of a refund, as canonical JSON; the key stands in it too, to be found by. Raises Invalid, Bug."""
    if request.amount.minor <= 0:
        raise Invalid("amount_zero", field="amount")
    if not facts.REFUND_KEY.fullmatch(request.key):
        raise Bug("refund_key_malformed", provider=facts.NAME)
    metadata = {facts.REFUND_KEY_FIELD: request.key}
    reason = one_line(request.reason, facts.LONGEST_METADATA)
    if reason:
        metadata[facts.REASON_FIELD] = reason
    charge = facts.checked_id(request.payment_ref, facts.CHARGE_ID)
    return canonical({"charge": charge, "amount": to_wire(request.amount), "metadata": metadata})


def canonical(body: Mapping[str, object]) -> str:
    """JSON with sorted keys and no spaces: the same content is the same bytes."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


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


def _check_amount(amount: Money) -> None:
    smallest = SMALLEST_MINOR.get(amount.currency)
    if smallest is None:
        raise Invalid("currency_not_supported", field="currency", currency=amount.currency)
    if amount.minor < smallest:
        raise Invalid("amount_too_small", field="amount", smallest=Money(smallest, amount.currency))


def _addresses(return_url: str | None) -> dict[str, str]:
    """Where the browser goes afterwards: hints both, that wake the till at most."""
    if return_url is None:
        return {"success_url": facts.AFTERWARDS}
    try:
        parts = urlsplit(return_url)
    except ValueError:
        raise Invalid("return_url_refused", field="return_url") from None
    good = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc and not parts.fragment
    if not good or len(return_url) > _LONGEST_URL or not re.fullmatch("[!-z|~]+", return_url):
        raise Invalid("return_url_refused", field="return_url")
    mark = "&" if parts.query else "?"
    return {
        "success_url": f"{return_url}{mark}checkout=done&session_id={_SESSION_ID}",
        "cancel_url": f"{return_url}{mark}checkout=left",
    }


def _expires_at(expires_at: datetime, now: datetime) -> int:
    """Unix seconds, brought into what Stripe allows; the facts of the session say when it really ends."""
    if expires_at <= now:
        raise Invalid("expiry_in_the_past", field="expires_at")
    bounded = min(max(expires_at, now + facts.SOONEST_EXPIRY), now + facts.LATEST_EXPIRY)
    return int(bounded.timestamp())
