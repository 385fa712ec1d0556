"""What Razorpay signs: HMAC-SHA256 in lower-case hex, 64 characters."""

from __future__ import annotations

import hashlib
import hmac


def signature(secret: str, message: bytes) -> str:
    """The signature of a message; webhooks sign their raw body with the webhook's secret."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def order_signature(secret: str, order_id: str, payment_id: str) -> str:
    """A checkout's success: signed with the key's secret."""
    return signature(secret, f"{order_id}|{payment_id}".encode())


def link_signature(secret: str, link_id: str, reference_id: str, status: str, payment_id: str) -> str:
    """A payment link's way back: signed with the key's secret; an absent reference is an empty text."""
    return signature(secret, f"{link_id}|{reference_id}|{status}|{payment_id}".encode())
