"""Wompi's two digests. Both are SHA-256 over texts put one behind the other with a secret at the end, and no HMAC."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from tillgate.domain.money import Money
from tillgate.domain.secret import Secret
from tillgate.providers.json_strict import Fields, Json, Malformed


def integrity_signature(secret: Secret, reference: str, amount: Money, expires_at: str = "") -> str:
    """What a Web Checkout's address is signed with; `expires_at` exactly as it stands in the address."""
    return _sha256(f"{reference}{amount.minor}{amount.currency}{expires_at}{secret.reveal()}")


def event_checksum(secret: Secret, event: Json) -> str:
    """The checksum that an event of Wompi must bear: over the properties that it names, its time and the secret.

    Raises Malformed for an event without one of them: a property that is missing is signed by nobody.
    """
    told = Fields(event, "event")
    named = Fields(told.raw("signature"), "signature").raw("properties")
    if type(named) is not list or not named:
        raise Malformed("signature.properties is missing or of the wrong type")
    values = "".join(_text(_at(told.raw("data"), path)) for path in named)
    return _sha256(f"{values}{told.integer('timestamp')}{secret.reveal()}")


def is_event_signed(secret: Secret, event: Json) -> bool:
    """Whether Wompi signed this event; its documents write the checksum in capitals, its answers do not."""
    try:
        given = Fields(Fields(event, "event").raw("signature"), "signature").text("checksum")
        return hmac.compare_digest(event_checksum(secret, event).encode(), given.lower().encode())
    except Malformed:
        return False


def _at(value: Json, path: Json) -> Json:
    """What stands at a dotted path."""
    if type(path) is not str:
        raise Malformed("a property is no path")
    for name in path.split("."):
        inside: Mapping[str, Json] = value if type(value) is dict else {}
        if name not in inside:
            raise Malformed("a property is missing")
        value = inside[name]
    return value


def _text(value: Json) -> str:
    if type(value) is not str and type(value) is not int:
        raise Malformed("a property is neither a text nor a whole number")
    return str(value)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
