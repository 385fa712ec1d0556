"""Stripe's own table of minor units, which is not ISO's, and the least amounts it documents.

Most amounts travel in hundredths: COP, IDR, INR, KES, PHP and USD do. Zero-decimal currencies travel whole, though ISK
and UGX, which have no decimals, travel in hundredths that must be whole; three-decimal ones end in a zero.
"""

from __future__ import annotations

from typing import Final

from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money, exponent_of


def _codes(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ZERO_DECIMAL: Final = frozenset(_codes("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"))
THREE_DECIMAL: Final = frozenset(_codes("BHD JOD KWD OMR TND"))
# The last digits of the amount on the wire that must be zero.
_ROUND: Final = {"ISK": 100, "UGX": 100, **dict.fromkeys(THREE_DECIMAL, 10)}
_SUPPORTED: Final = frozenset(
    _codes(
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY"
        " COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK"
        " JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO"
        " NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STN SZL THB TJS TOP"
        " TRY TTD TWD TZS UAH UGX USD UYU UZS WST XCD YER ZAR ZMW"
    )
    + tuple(ZERO_DECIMAL)
    + tuple(THREE_DECIMAL)
)
# On the wire. An account that settles in another currency needs more; Stripe alone knows its rate, and says so.
_LEAST_ON_WIRE: Final = {
    **dict.fromkeys(_codes("USD AUD BRL CAD CHF EUR INR NZD SGD"), 50),
    **dict.fromkeys(_codes("AED PLN RON MYR"), 200),
    **dict.fromkeys(_codes("NOK SEK"), 300),
    **dict.fromkeys(_codes("MXN THB"), 1000),
    "BGN": 100,
    "CZK": 1500,
    "DKK": 250,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17500,
    "JPY": 50,
}
_MOST_DIGITS: Final = 12


def decimals_on_wire(currency: str) -> int:
    """Decimal digits of Stripe's minor unit."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def to_wire(amount: Money) -> int:
    """Stripe's whole number. Raises Invalid for a currency it does not take, and for an amount it can't express."""
    if amount.currency not in _SUPPORTED:
        raise Invalid("currency_not_supported", field="currency", currency=amount.currency)
    shift = decimals_on_wire(amount.currency) - exponent_of(amount.currency)
    scaled, rest = _shifted(amount.minor, shift)
    if rest or scaled % _ROUND.get(amount.currency, 1):
        raise Invalid("amount_not_round", field="amount", amount=amount)
    if len(str(scaled)) > _MOST_DIGITS:
        raise Invalid("amount_too_large", field="amount")
    return scaled


def from_wire(minor: int, currency: str) -> Money:
    """The amount that Stripe means; the code in either case. Raises Invalid for one that is not ours to express."""
    code = currency.upper()
    shift = exponent_of(code) - decimals_on_wire(code)
    scaled, rest = _shifted(minor, shift)
    if rest:
        raise Invalid("amount_not_round", field="amount", amount=minor)
    return Money(scaled, code)


def _shifted(minor: int, places: int) -> tuple[int, int]:
    """A number moved by decimal places, and what of it is cut off."""
    factor = int(10 ** abs(places))
    return (minor * factor, 0) if places >= 0 else divmod(minor, factor)


def _smallest(currency: str) -> int:
    """In our minor units, and what can be expressed: one whole unit where Stripe's are coarser than ours."""
    least = max(_LEAST_ON_WIRE.get(currency, 1), _ROUND.get(currency, 1))
    return from_wire(least, currency).minor


SMALLEST_MINOR: Final = {currency: _smallest(currency) for currency in sorted(_SUPPORTED)}
