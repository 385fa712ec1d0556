"""Money: an integer of the currency's minor unit plus its ISO 4217 code, never a float (product.md, Money)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, total_ordering
from typing import Final

from tillgate.domain.errors import Invalid

# ISO 4217 exponents that differ from two; what a provider's wire wants is the provider's own table.
_EXPONENTS: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF", "ISK"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "OMR", "TND", "LYD"), 3),
}
# Shown without decimals unless they are not zero.
_SHOWN_WHOLE: Final = frozenset({"COP", "IDR"})
# A signed 64-bit column holds more; the providers and the strict JSON parser stop at 18 digits.
LARGEST_MINOR: Final = 10**18 - 1
_CODE: Final = re.compile(r"[A-Z]{3}")


def exponent_of(currency: str) -> int:
    """Decimal digits of the minor unit: 2 for INR, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


@lru_cache(1024)
def check_currency(currency: str) -> str:
    """The code itself. Raises Invalid unless it is three upper-case letters."""
    if not _CODE.fullmatch(currency):
        raise Invalid("currency_malformed", field="currency", currency=currency)
    return currency


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency; arithmetic never mixes currencies."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"an amount is an int of minor units, not {type(self.minor).__name__}")
        if abs(self.minor) > LARGEST_MINOR:
            raise Invalid("amount_too_large", field="amount")
        check_currency(self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise Invalid("currency_mismatch", expected=self.currency, found=other.currency)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __mul__(self, count: int) -> Money:
        if type(count) is not int:
            raise TypeError("money is multiplied by a whole count only")
        return Money(self.minor * count, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __bool__(self) -> bool:
        return self.minor != 0

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact: for display and export only."""
        return Decimal(self.minor).scaleb(-exponent_of(self.currency))

    @property
    def shown_digits(self) -> int:
        """How many decimals people are shown; COP and IDR show none while they are zero."""
        digits = exponent_of(self.currency)
        if self.currency in _SHOWN_WHOLE and self.minor % 10**digits == 0:
            return 0
        return digits

    def __str__(self) -> str:
        return f"{self.currency} {self.decimal:.{self.shown_digits}f}"


def zero(currency: str) -> Money:
    """No money at all, of a currency."""
    return Money(0, currency)


def total(parts: Iterable[Money], currency: str) -> Money:
    """The sum; zero of `currency` for none. Raises Invalid on a foreign currency."""
    result = zero(currency)
    for part in parts:
        result = result + part
    return result


def split(whole: Money, weights: Sequence[int]) -> tuple[Money, ...]:
    """Split by weight so that the parts sum to the whole to the minor unit, by largest remainder.

    Ties go to the earlier part. All-zero weights split evenly. Raises Invalid for no parts or a negative weight.
    """
    if not weights or any(weight < 0 for weight in weights):
        raise Invalid("split_weights", field="weights")
    if not any(weights):
        weights = [1] * len(weights)
    sign = -1 if whole.minor < 0 else 1
    size, scale = abs(whole.minor), sum(weights)
    floors = [size * weight // scale for weight in weights]
    remainders = [size * weight % scale for weight in weights]
    left = size - sum(floors)
    for index in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[:left]:
        floors[index] += 1
    return tuple(Money(sign * part, whole.currency) for part in floors)


def split_evenly(whole: Money, parts: int) -> tuple[Money, ...]:
    """Split into equal parts, the first ones carrying the extra minor units (product.md, ruling 11)."""
    return split(whole, [1] * parts)


def percent_of(amount: Money, basis_points: int) -> Money:
    """A rate in basis points (1% = 100) of an amount, halves rounded away from zero: the one rounding rule."""
    sign = -1 if (amount.minor < 0) != (basis_points < 0) else 1
    scaled = abs(amount.minor * basis_points)
    return Money(sign * ((scaled * 2 + 10_000) // 20_000), amount.currency)


def parse_money(
    text: str, currency: str, *, decimal_mark: str = ".", group_marks: str = ",", allow_zero: bool = False
) -> Money:
    """Read what a person typed, strictly: digits, marks only where groups stand, at most the currency's decimals.

    Raises Invalid("amount_malformed" | "amount_too_precise" | "amount_too_large" | "amount_zero").
    """
    check_currency(currency)
    cleaned = text.strip().replace("\u00a0", " ").replace("\u202f", " ")
    if len(cleaned) > 40 or not cleaned.isascii():
        raise Invalid("amount_malformed", field="amount", text=text[:40])
    whole, mark, fraction = cleaned.partition(decimal_mark)
    if not _grouped(whole, group_marks) or (mark and not re.fullmatch("[0-9]+", fraction)):
        raise Invalid("amount_malformed", field="amount", text=text[:40])
    digits = exponent_of(currency)
    if len(fraction.rstrip("0")) > digits:
        raise Invalid("amount_too_precise", field="amount", digits=digits, currency=currency)
    for group in group_marks:
        whole = whole.replace(group, "")
    minor = int(whole + fraction[:digits].ljust(digits, "0"))
    if minor == 0 and not allow_zero:
        raise Invalid("amount_zero", field="amount")
    return Money(minor, currency)


def read_money(text: str) -> Money:
    """An amount as `str` of one writes it, "INR 250.00". Raises Invalid as `parse_money` does."""
    currency, _, amount = text.partition(" ")
    return parse_money(amount, currency, group_marks="", allow_zero=True)


def _grouped(whole: str, marks: str) -> bool:
    """Digits alone, or groups as 1,234,567 or 12,34,567 with one kind of mark."""
    if re.fullmatch("[0-9]+", whole):
        return True
    return any(re.fullmatch(rf"[0-9]{{1,3}}(?:{m}[0-9]{{2,3}})*{m}[0-9]{{3}}", whole) for m in map(re.escape, marks))
