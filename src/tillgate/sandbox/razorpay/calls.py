"""One API call taken apart: who calls, with which path, query and body."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tillgate.sandbox.faults import Fault
from tillgate.sandbox.razorpay.account import RazorpayKeys
from tillgate.sandbox.razorpay.errors import ApiError, bad_request, plain_error

_EARLIEST, _LATEST = 946684800, 4765046400
_DEFAULT_COUNT, _MOST = 10, 100


@dataclass(frozen=True)
class Page:
    """The part of a list that was asked for: Unix seconds, count and skip."""

    from_: int = 0
    to: int = _LATEST
    count: int = _DEFAULT_COUNT
    skip: int = 0


class Query:
    """Query parameters, taken out one by one; what is left over is refused."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._left = dict(given)

    def text(self, name: str) -> str | None:
        """A parameter's text, or None."""
        return self._left.pop(name, None)

    def integer(self, name: str, default: int, least: int, most: int) -> int:
        """A parameter's whole number within bounds."""
        text = self._left.pop(name, None)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit():
            raise bad_request(f"The {name} must be an integer.", field=name)
        value = int(text[:20])
        if not least <= value <= most:
            raise bad_request(f"{name} must be between {least} and {most}", field=name)
        return value

    def page(self) -> Page:
        """from, to, count and skip."""
        return Page(
            from_=self.integer("from", 0, _EARLIEST, _LATEST),
            to=self.integer("to", _LATEST, _EARLIEST, _LATEST),
            count=self.integer("count", _DEFAULT_COUNT, 1, _MOST),
            skip=self.integer("skip", 0, 0, 2**31),
        )

    def end(self) -> None:
        """Refuse what is left over."""
        if self._left:
            names = ", ".join(self._left)
            raise bad_request(f"{names} is/are not required and should not be sent", reason="extra_field_sent")


@dataclass(frozen=True)
class Call:
    """What an endpoint needs of a request. `key` is the X-Refund-Idempotency header."""

    path: Mapping[str, str]
    query: Query
    body: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    fault: Fault | None = None


def authenticate(keys: RazorpayKeys, authorization: str | None, path: str) -> None:
    """HTTP Basic with the key's id and secret; the scheme is spelled exactly so. Raises ApiError 401."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme != "Basic" or not encoded:
        raise plain_error("Please provide your api key for authentication purposes.", 401)
    try:
        key_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise plain_error("Authentication failed", 401) from None
    good_id = hmac.compare_digest(key_id.encode(), keys.key_id.encode())
    good_secret = hmac.compare_digest(secret.encode(), keys.key_secret.encode())
    if not (good_id and good_secret):
        raise _wrong_key(path, "secret" if good_id else "key")


def _wrong_key(path: str, part: str) -> ApiError:
    if "/orders" in path:
        return plain_error("Authentication failed", 401)
    return plain_error(f"The api {part} provided is invalid", 401)
