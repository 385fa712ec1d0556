"""The exact bodies that are sent: only documented fields, for Razorpay refuses any other."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from tillgate.domain.errors import Bug, Invalid
from tillgate.domain.money import Money
from tillgate.ports import CheckoutRequest, Payer, RefundRequest
from tillgate.providers.razorpay import facts
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

_PHONE: Final = re.compile(r"\+?[0-9]{8,15}")


def checkout_body(request: CheckoutRequest, now: datetime) -> str:
    """The body that opens the checkout. Raises Invalid for what Razorpay would refuse."""
    if request.method not in facts.METHODS:
        raise Invalid("method_unknown", field="method", method=request.method)
    check_amount(request.amount, facts.SMALLEST_MINOR)
    check_reference(request.reference)
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
    check_amount(request.amount, facts.SMALLEST_MINOR)
    if not REFUND_KEY.fullmatch(request.key):
        raise Bug("refund_key_malformed", provider=facts.NAME)
    notes = {facts.REFUND_KEY_NOTE: request.key}
    reason = one_line(request.reason, facts.LONGEST_NOTE)
    if reason:
        notes[facts.REASON_NOTE] = reason
    return canonical({"amount": request.amount.minor, "receipt": request.key, "notes": notes})


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
        # The facts of the created link say when it really ends.
        ends = expiry_within(request.expires_at, now, facts.SOONEST_EXPIRY, facts.LATEST_EXPIRY)
        fields["expire_by"] = int(ends.timestamp())
    if request.return_url is not None:
        fields["callback_url"] = checked_return_url(request.return_url)
        fields["callback_method"] = "get"
    return fields


def _customer(payer: Payer) -> dict[str, str]:
    """What Razorpay will take of the payer; the rest is left out, since a sale doesn't fail over a telephone number."""
    name = one_line(payer.name, facts.LONGEST_NAME)
    email = payer.email.strip()
    phone = re.sub(r"[ ().-]", "", payer.phone.strip())
    customer = {"name": name} if name else {}
    if EMAIL.fullmatch(email):
        customer["email"] = email
    if _PHONE.fullmatch(phone):
        customer["contact"] = phone
    return customer
