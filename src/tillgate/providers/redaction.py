"""Taking secrets, card data and personal data out of a text before it is logged or kept."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote

from tillgate.domain.secret import Secret

_MASK: Final = "[secret]"
# A name and its value as a header, as JSON, as a form field or in a query; then the bare schemes.
_AUTHORIZATION: Final = re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?)[^\r\n\"',]+")
_SCHEME: Final = re.compile(r"(?i)\b(basic|bearer)\s+[A-Za-z0-9+/_.~=-]{8,}")
# Keys that say themselves what they are, whosever they are; the shop's own are masked as known secrets first.
_KEY: Final = re.compile(
    r"\b(?:(?:[sr]k_(?:test|live)|whsec|prv_(?:test|prod)|(?:test|prod)_(?:integrity|events))_[A-Za-z0-9]{8,}"
    r"|ISSecretKey_(?:test|live)_[A-Za-z0-9_-]{8,})"
)
_EMAIL: Final = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_CARD: Final = re.compile(r"(?<![\w.+-])\d(?:[ -]?\d){12,18}(?![\w-])")
# With a plus any country; without one an Indian or a Kenyan mobile. Amounts, ids and Unix times have neither shape.
_PHONE: Final = re.compile(
    r"(?<![\w.+-])(?:\+\d(?:[ ().-]{0,2}\d){7,14}|(?:91|0)?[ -]?[6-9]\d{4}[ -]?\d{5}|(?:254|0)[17]\d{8})(?![\w-])"
)
_SHORTEST_SECRET: Final = 6
# Format characters that Indian scripts are written with; the other ones turn text around or hide it.
_JOINERS: Final = "\u200c\u200d"


class Redactor:
    """Masks known secrets in every spelling they may travel in, then what looks like a secret or personal data.

    `secrets` shorter than six characters are masked only by pattern: replacing them would shred the text.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        spellings = {form for secret in secrets for form in _spellings(secret.reveal())}
        # The longest first, so that no tail of one secret survives the masking of another.
        self._values = sorted(spellings, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """The text with everything of that kind masked."""
        for value in self._values:
            text = text.replace(value, _MASK)
        for pattern, mask in _PATTERNS:
            text = pattern.sub(mask, text)
        return text


def one_line(text: str, longest: int = 300) -> str:
    """Somebody's words as one plain line: no control or direction characters, white space collapsed, cut."""
    return " ".join("".join(char for char in text[: longest * 4] if _is_plain(char)).split())[:longest].rstrip()


def _is_plain(char: str) -> bool:
    return char in _JOINERS or char.isspace() or unicodedata.category(char)[0] != "C"


def _spellings(secret: str) -> Iterable[str]:
    if len(secret) < _SHORTEST_SECRET:
        return ()
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}


def _mask_card(match: re.Match[str]) -> str:
    digits = [int(char) for char in match[0] if char.isdigit()]
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2])
    return "[card]" if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else match[0]


_PATTERNS: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    (_AUTHORIZATION, rf"\1{_MASK}"),
    (_SCHEME, rf"\1 {_MASK}"),
    (_KEY, _MASK),
    (_CARD, _mask_card),
    (_EMAIL, "[email]"),
    (_PHONE, "[phone]"),
)
