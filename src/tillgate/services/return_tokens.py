"""The secret in a checkout's own addresses: made from the store's secret when it is wanted, so that no table, journal
or backup holds it. What is stored has MARK in its place; what a browser brings back is found by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import cache
from typing import Final

from tillgate.services.till import Till

MARK: Final = "~return-token~"
_PURPOSE: Final = b"tillgate:return-token"


def token_of(till: Till, reference: str) -> str:
    """The token of the checkout with our reference: 43 characters, 256 bits, the same after every restart."""
    made = hmac.digest(_key(till.db.audit_key.secret), reference.encode(), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


@cache
def _key(secret: bytes) -> bytes:
    return hmac.digest(secret, _PURPOSE, "sha256")


def hash_of(token: str) -> str:
    """What finds the checkout of a token, and gives no token away."""
    return hashlib.sha256(token.encode()).hexdigest()


def masked(text: str, token: str) -> str:
    """A text as it may be stored."""
    return text.replace(f"/{token}", f"/{MARK}") if token else text


def unmasked(till: Till, text: str, reference: str) -> str:
    """A stored text as it leaves the till."""
    return text.replace(f"/{MARK}", f"/{token_of(till, reference)}") if MARK in text else text
