"""The exact bodies that are sent: only documented fields, for Razorpay refuses any other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from tillgate.domain.errors import Bug, Invalid
from tillgate.domain.money import Money
from tillgate.ports import CheckoutRequest, Payer, RefundRequest
from tillgate.providers.razorpay import facts
from tillgate.providers.redaction import one_line

_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_PHONE: Final = re.compile(r"\+?[0-9]{8,15}")
_LONGEST_URL: Final = 2048


def checkout_body(request: CheckoutRequest, now: datetime) -> str:
    """The body that opens the checkout. Raises Invalid for what Razorpay would refuse."""
    if request.method not in facts.METHODS:
        raise Invalid("method_unknown", field="method", method=request.method)
    _check_amount(request.amount)
    if not facts.REFERENCE.fullmatch(request.reference):
        raise Invalid("reference_malformed", field="reference")
    common: dict[str, object] = {
        "amount": request.amount.minor,
        "currency": request.amount.currency,
        "notes": {facts.REFERENCE_NOTE: request.reference},
    }
    if request.method == facts.ORDER:
        return canonical({**common, "receipt": request.reference})
    return canonical({**common, **_link_fields(request, now)})


def capture_body(amount: Money) -> str:
    """The body that takes authorised money."""
    return canonical({"amount": amount.minor, "currency": amount.currency})


def refund_body(request: RefundRequest) -> str:
    """The body of a refund; the key stands in it too, since Razorpay hands no header back. Raises Invalid, Bug."""
    _check_amount(request.amount)
    if not facts.REFUND_KEY.fullmatch(request.key):
        raise Bug("refund_key_malformed", provider=facts.NAME)
    notes = {facts.REFUND_KEY_NOTE: request.key}
    reason = one_line(request.reason, facts.LONGEST_NOTE)
    if reason:
        notes[facts.REASON_NOTE] = reason
    return canonical({"amount": request.amount.minor, "receipt": request.key, "notes": notes})


def canonical(body: Mapping[str, object]) -> str:
    """JSON with sorted keys and no spaces: the same content is the same bytes."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _check_amount(amount: Money) -> None:
    smallest = facts.SMALLEST_MINOR.get(amount.currency)
    if smallest is None:
        raise Invalid("currency_not_supported", field="currency", currency=amount.currency)
    if amount.minor < smallest:
        raise Invalid("amount_too_small", field="amount", smallest=Money(smallest, amount.currency))


def _link_fields(request: CheckoutRequest, now: datetime) -> dict[str, object]:
    description = one_line(request.description, facts.LONGEST_DESCRIPTION + 1)
    if len(description) > facts.LONGEST_DESCRIPTION:
        raise Invalid("description_too_long", field="description", longest=facts.LONGEST_DESCRIPTION)
    fields: dict[str, object] = {
        "reference_id": request.reference,
        "accept_partial": False,
        # The till tells the customer itself; Razorpay's own messages would be a second, unbranded one.
        "notify": {"email": False, "sms": False},
        "reminder_enable": False,
    }
    if description:
        fields["description"] = description
    if customer := _customer(request.payer):
        fields["customer"] = customer
    if request.expires_at is not None:
        fields["expire_by"] = _expire_by(request.expires_at, now)
    if request.return_url is not None:
        fields["callback_url"] = _return_url(request.return_url)
        fields["callback_method"] = "get"
    return fields


def _customer(payer: Payer) -> dict[str, str]:
    """What Razorpay will take of the payer; the rest is left out, since a sale doesn't fail over a telephone number."""
    name = one_line(payer.name, facts.LONGEST_NAME)
    email = payer.email.strip()
    phone = re.sub(r"[ ().-]", "", payer.phone.strip())
    customer = {"name": name} if name else {}
    if _EMAIL.fullmatch(email):
        customer["email"] = email
    if _PHONE.fullmatch(phone):
        customer["contact"] = phone
    return customer


def _expire_by(expires_at: datetime, now: datetime) -> int:
    """Unix seconds, brought into what Razorpay allows; the facts of the created link say when it really ends."""
    if expires_at <= now:
        raise Invalid("expiry_in_the_past", field="expires_at")
    bounded = min(max(expires_at, now + facts.SOONEST_EXPIRY), now + facts.LATEST_EXPIRY)
    return int(bounded.timestamp())


def _return_url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Invalid("return_url_refused", field="return_url") from None
    good = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    if not good or len(url) > _LONGEST_URL or not re.fullmatch("[!-~]+", url):
        raise Invalid("return_url_refused", field="return_url")
    return url
