"""Strict reading of a body's fields; what nobody asks for is passed over, as IntaSend does [A]."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from tillgate.sandbox.intasend.amounts import CENTS, CURRENCY, LARGEST
from tillgate.sandbox.intasend.errors import invalid

_AMOUNT = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,2})?")
_PHONE = re.compile("254[17][0-9]{8}")
_LONGEST = 255


def read_json(raw: bytes) -> dict[str, Any]:
    """An object of JSON; nothing is one without fields. A number with a point is a Decimal."""
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw.decode(), parse_float=Decimal)
    except (ValueError, RecursionError, ArithmeticError):
        raise invalid("non_field_errors", "JSON parse error") from None
    if not isinstance(body, dict):
        raise invalid("non_field_errors", "Invalid data. Expected a dictionary.")
    return body


def text(body: dict[str, Any], name: str, *, required: bool = False, longest: int = _LONGEST) -> str:
    """A text, empty where it is null or missing."""
    value = body.get(name)
    if value in (None, "") and not required:
        return ""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise invalid(name, "This field is required.")
    if len(value) > longest:
        raise invalid(name, f"Ensure this field has no more than {longest} characters.")
    return value


def amount(body: dict[str, Any], name: str = "amount", largest: int = LARGEST) -> int:
    """An amount in cents, from a number or a text; whole shillings, and no more than M-Pesa moves."""
    value = body.get(name)
    given = str(value) if isinstance(value, (int, str, Decimal)) and not isinstance(value, bool) else ""
    if not _AMOUNT.fullmatch(given):
        raise invalid(name, "A valid number is required.")
    cents = Decimal(given) * CENTS
    if cents % CENTS or cents < CENTS:
        raise invalid(name, "Amount must be a whole number of at least 1.")
    if cents > largest:
        raise invalid(name, f"Ensure this value is less than or equal to {largest // CENTS}.")
    return int(cents)


def currency(body: dict[str, Any]) -> str:
    """Shillings: this account has no other wallet."""
    if body.get("currency", CURRENCY) != CURRENCY:
        raise invalid("currency", "Currency not supported for this account.")
    return CURRENCY


def phone(body: dict[str, Any], *, required: bool) -> str:
    """Twelve digits; whether IntaSend takes other forms is not documented [A]."""
    given = text(body, "phone_number", required=required)
    if given and not _PHONE.fullmatch(given):
        raise invalid("phone_number", "Invalid phone number. Use the format 2547XXXXXXXX.")
    return given


def address(body: dict[str, Any], name: str) -> str | None:
    """An address of the web."""
    given = text(body, name, longest=2048)
    try:
        parts = urlsplit(given)
    except ValueError:
        raise invalid(name, "Enter a valid URL.") from None
    if given and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise invalid(name, "Enter a valid URL.")
    return given or None
