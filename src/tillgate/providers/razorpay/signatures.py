"""Signatures of a browser's return: HMAC-SHA256 with the key secret, lower-case hexadecimal."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Final

from tillgate.domain.secret import Secret
from tillgate.providers.razorpay import facts

_SIGNATURE: Final = re.compile("[0-9a-f]{64}")
_LINK_STATUS: Final = re.compile("[a-z_]{1,40}")


def signature(secret: Secret, message: str) -> str:
    """The signature that Razorpay would give the message."""
    return hmac.new(secret.reveal().encode(), message.encode(), hashlib.sha256).hexdigest()


def is_signed(secrets: Iterable[Secret], message: str, given: str) -> bool:
    """Whether one of the secrets signed it; every one is tried, so that the time tells nothing."""
    good = [hmac.compare_digest(signature(secret, message), given) for secret in secrets]
    return any(good)


def order_message(order_id: str, fields: Mapping[str, str]) -> tuple[str, str] | None:
    """The message over OUR order, and the signature given; None if a field is missing, odd or of another order."""
    payment_id = _field(fields, "razorpay_payment_id", facts.PAYMENT_ID)
    given = _field(fields, "razorpay_signature", _SIGNATURE)
    if payment_id is None or given is None or fields.get("razorpay_order_id") != order_id:
        return None
    return f"{order_id}|{payment_id}", given


def link_message(link_id: str, reference: str, fields: Mapping[str, str]) -> tuple[str, str] | None:
    """The message over OUR link and reference, and the signature given; None as above."""
    payment_id = _field(fields, "razorpay_payment_id", facts.PAYMENT_ID)
    status = _field(fields, "razorpay_payment_link_status", _LINK_STATUS)
    given = _field(fields, "razorpay_signature", _SIGNATURE)
    if payment_id is None or status is None or given is None:
        return None
    if fields.get("razorpay_payment_link_id") != link_id:
        return None
    if fields.get("razorpay_payment_link_reference_id") != reference:
        return None
    return f"{link_id}|{reference}|{status}|{payment_id}", given


def _field(fields: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str | None:
    value = fields.get(name)
    # A form can hold anything, whatever its type says.
    return value if isinstance(value, str) and pattern.fullmatch(value) else None
