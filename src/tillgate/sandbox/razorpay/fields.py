"""Strict reading of a request's fields. What is not asked for is refused by `end`."""

from __future__ import annotations

import json
from typing import Any, Protocol

from tillgate.sandbox.razorpay import currencies
from tillgate.sandbox.razorpay.errors import ApiError, bad_request, plain_error

_MOST_NOTES = 15
_LARGEST = 10**12


class Refusal(Protocol):
    """How an endpoint says that a field is wrong."""

    def __call__(self, description: str, *, field: str | None = None) -> ApiError: ...


class Fields:
    """The fields of one body, taken out one by one.

    `refusal` makes the endpoint's kind of error; `note_limit` is the longest value of a note.
    """

    def __init__(self, body: dict[str, Any], refusal: Refusal = bad_request, *, note_limit: int = 256) -> None:
        self._left = dict(body)
        self._refusal = refusal
        self._note_limit = note_limit

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._left.get(name) is not None

    def refuse(self, description: str, field: str) -> ApiError:
        """An error about a field."""
        return self._refusal(description, field=field)

    def _take(self, name: str, *, required: bool) -> Any:
        value = self._left.pop(name, None)
        if value is None and required:
            raise self.refuse(f"The {name} field is required.", name)
        return value

    def integer(self, name: str, *, required: bool = False) -> int | None:
        """A JSON integer: neither text, nor a fraction, nor true."""
        value = self._take(name, required=required)
        if value is not None and type(value) is not int:
            raise self.refuse(f"The {name} must be an integer.", name)
        if value is not None and abs(value) > _LARGEST:
            raise self.refuse(f"The {name} exceeds the maximum allowed.", name)
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A JSON boolean."""
        value = self._take(name, required=False)
        if value is None:
            return default
        if type(value) is not bool:
            raise self.refuse(f"The {name} field must be true or false.", name)
        return value

    def text(self, name: str, limit: int, *, required: bool = False) -> str | None:
        """A text of at most `limit` characters."""
        value = self._take(name, required=required)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.refuse(f"The {name} must be a string.", name)
        if len(value) > limit:
            raise self.refuse(f"The {name} may not be greater than {limit} characters.", name)
        if not _is_storable(value):
            raise self.refuse(f"The {name} contains invalid characters.", name)
        return str(value)

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """One of the given words."""
        value = self._take(name, required=False)
        if value is None:
            return None
        if not isinstance(value, str) or value not in choices:
            raise self.refuse(f"The selected {name} is invalid.", name)
        return str(value)

    def currency(self, *, default: str | None = None) -> str:
        """A supported currency, in upper case."""
        value = self._take("currency", required=default is None)
        if value is None:
            value = default
        if not isinstance(value, str) or value not in currencies.SUPPORTED:
            raise self.refuse("The selected currency is invalid.", "currency")
        return value

    def notes(self) -> dict[str, str]:
        """At most 15 pairs; an empty array is the same as none."""
        value = self._take("notes", required=False)
        if value is None or value == []:
            return {}
        if not isinstance(value, dict):
            raise self.refuse("The notes must be an array.", "notes")
        if len(value) > _MOST_NOTES:
            raise self.refuse("Number of fields in notes should be less than or equal to 15.", "notes")
        if not all(_is_storable(key) for key in value):
            raise self.refuse("The notes contain invalid characters.", "notes")
        return {key: self._note(note) for key, note in value.items()}

    def _note(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.refuse("notes value cannot be an array or object.", "notes")
        if len(str(value)) > self._note_limit:
            raise self.refuse(f"value: the length must not be greater than {self._note_limit}.", "notes")
        if not _is_storable(str(value)):
            raise self.refuse("The notes contain invalid characters.", "notes")
        return str(value)

    def within(self, name: str) -> Fields:
        """The fields of a nested object, empty when it is absent."""
        value = self._take(name, required=False)
        if value is not None and not isinstance(value, dict):
            raise self.refuse(f"The {name} must be an array.", name)
        return Fields(value or {}, self._refusal, note_limit=self._note_limit)

    def end(self) -> None:
        """Refuse what is left over."""
        if self._left:
            names = ", ".join(self._left)
            error = self._refusal(f"{names} is/are not required and should not be sent")
            error.answer["error"]["reason"] = "extra_field_sent"
            raise error


def read_json(raw: bytes) -> dict[str, Any]:
    """A request's JSON object; an empty body is an empty object."""
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise plain_error("The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise plain_error("The request body is not valid JSON.")
    return body


def _is_storable(text: str) -> bool:
    """JSON can escape half of a surrogate pair and NUL; a database stores neither."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _no_constant(name: str) -> float:
    raise ValueError(name)


def check_amount(fields: Fields, amount: int, currency: str) -> None:
    """The least amount, and the last digit of a three-decimal currency."""
    least = currencies.minimum(currency)
    if amount < least:
        raise fields.refuse(f"The amount must be at least {currencies.shown(least, currency)}.", "amount")
    if currencies.exponent(currency) == 3 and amount % 10:
        raise fields.refuse("The amount is invalid for the currency.", "amount")
