"""Strict JSON: what a provider's answer may be, and reading its fields by exact type.

`json.loads` accepts NaN and duplicate keys and can raise RecursionError on hostile input; none of it passes here.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NoReturn, TypeAlias

# A number with a point or an exponent becomes a Decimal: never an int, never a float.
Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | Decimal | bool | None"

DEEPEST: Final = 32
_LONGEST_INT: Final = 18
_LONGEST_NUMBER: Final = 40
# The closing quote is optional, so that an endless string is passed over once and not again from each quote in it.
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_LATEST: Final = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


class Malformed(Exception):
    """Not an answer that can be understood; the text says why, without quoting it."""


def parse(raw: bytes) -> Json:
    """The value. Raises Malformed for bad UTF-8 or a BOM, NaN, Infinity, duplicate keys, integers of more than 18
    digits, half surrogates, more than 32 levels, or no JSON at all; never anything else.
    """
    try:
        text = raw.decode("utf-8")
        _check_depth(text)
        value: Json = _DECODER.decode(text)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Malformed(f"not JSON: {type(error).__name__}") from None
    _check_strings(value)
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        depth += (first in "[{") - (first in "]}")
        if depth > DEEPEST:
            raise Malformed("too deep")


def _check_strings(value: Json) -> None:
    """A half surrogate can be neither stored nor sent on."""
    left: list[Json] = [value]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            left.extend(part)
            left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)
        elif isinstance(part, str) and not part.isascii() and any("\ud800" <= char <= "\udfff" for char in part):
            raise Malformed("a half surrogate")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("a duplicate key")
    return found


def _int(text: str) -> int:
    if len(text.lstrip("-")) > _LONGEST_INT:
        raise Malformed("a number that is too long")
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER:
        raise Malformed("a number that is too long")
    return Decimal(text)


def _constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_int, parse_float=_decimal, parse_constant=_constant
)


class Fields:
    """An answer's object, read field by field; each read raises Malformed unless the type is exactly right.

    Fields that nobody reads are ignored: providers add new ones.
    """

    def __init__(self, value: Json | None, what: str) -> None:
        if type(value) is not dict:
            raise Malformed(f"{what} is not an object")
        self._values = value
        self._what = what

    def raw(self, name: str) -> Json:
        """The value as it is, None if it is missing."""
        return self._values.get(name)

    def text(self, name: str, pattern: re.Pattern[str] | None = None) -> str:
        """A string, which the whole pattern must match."""
        value = self._values.get(name)
        if type(value) is not str or (pattern is not None and not pattern.fullmatch(value)):
            self._refuse(name)
        return value

    def text_or_none(self, name: str, pattern: re.Pattern[str] | None = None) -> str | None:
        """A string, or None where it is null, missing or empty."""
        return None if self._values.get(name) in (None, "") else self.text(name, pattern)

    def integer(self, name: str, least: int = 0) -> int:
        """An int of at least `least`; a boolean, a float, a string of digits are not."""
        value = self._values.get(name)
        if type(value) is not int or value < least:
            self._refuse(name)
        return value

    def integer_or_zero(self, name: str) -> int:
        """An int, or zero where it is null or missing."""
        return 0 if self._values.get(name) is None else self.integer(name)

    def instant_or_none(self, name: str) -> datetime | None:
        """Unix seconds as an instant in UTC; None where they are zero, null or missing."""
        seconds = self.integer_or_zero(name)
        if seconds > _LATEST:
            self._refuse(name)
        return datetime.fromtimestamp(seconds, UTC) if seconds else None

    def objects(self, name: str) -> list[Fields]:
        """An array of objects."""
        value = self._values.get(name)
        if type(value) is not list:
            self._refuse(name)
        return [Fields(item, name) for item in value]

    def objects_or_none(self, name: str) -> list[Fields]:
        """An array of objects, empty where it is null or missing."""
        return [] if self._values.get(name) is None else self.objects(name)

    def _refuse(self, name: str) -> NoReturn:
        raise Malformed(f"{self._what}.{name} is missing or of the wrong type")
