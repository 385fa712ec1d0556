"""Rates as people write them, kept in basis points: 1% is 100."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from tillgate.domain.errors import Invalid

_PERCENT: Final = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]{1,2}))?\s*%?")
_FINE: Final = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]{1,4}))?\s*%?")
_SAID: Final = re.compile(r"(?<![0-9.,])([0-9]{1,3}(?:[.,][0-9]{1,4})?)\s*%")
_WHOLE_BP: Final = 10_000
_WHOLE_PPM: Final = 1_000_000


def parse_percent(text: str, *, field: str) -> int:
    """Basis points of "18", "2.5", "2,5" or "18%", at most 100%. Raises Invalid("percent_malformed")."""
    found = _PERCENT.fullmatch(text.strip())
    rate_bp = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else _WHOLE_BP + 1
    if rate_bp > _WHOLE_BP:
        raise Invalid("percent_malformed", field=field, text=text[:20])
    return rate_bp


def percent_text(rate_bp: int, *, decimal_mark: str = ".") -> str:
    """Without zeros that say nothing: "18", "2.5", "0.25"."""
    whole, rest = divmod(rate_bp, 100)
    return f"{whole}{decimal_mark}{rest:02d}".rstrip("0") if rest else str(whole)


def parse_percent_ppm(text: str, *, field: str) -> int:
    """Millionths of "12", "8.875" or "9,975%", at most 100%. Raises Invalid("percent_malformed")."""
    found = _FINE.fullmatch(text.strip())
    rate_ppm = int(found[1]) * 10_000 + int((found[2] or "").ljust(4, "0")) if found else _WHOLE_PPM + 1
    if rate_ppm > _WHOLE_PPM:
        raise Invalid("percent_malformed", field=field, text=text[:20])
    return rate_ppm


def percent_ppm_text(rate_ppm: int, *, decimal_mark: str = ".") -> str:
    """Without zeros that say nothing: "12", "8.875"."""
    whole, rest = divmod(rate_ppm, 10_000)
    return f"{whole}{decimal_mark}{rest:04d}".rstrip("0") if rest else str(whole)


def says_rate(name: str, rate_ppm: int) -> bool:
    """Whether a name such as "GST 18%" or "IVA 8,875 %" holds this very rate already."""
    return any(Decimal(said.replace(",", ".")) * 10_000 == rate_ppm for said in _SAID.findall(name))
