"""The currencies that Razorpay takes, with their exponents (its own table; UGX and ISK have none, MGA two)."""

from __future__ import annotations


def _codes(text: str) -> list[str]:
    return text.split()


_ZERO = frozenset(_codes("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"))
_THREE = frozenset(_codes("BHD IQD JOD KWD OMR TND"))
_TWO = frozenset(
    _codes(
        "AED ALL AMD AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BZD CAD CHF CNY COP CRC CUP CVE CZK DKK"
        " DOP DZD EGP ETB EUR FJD GBP GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK"
        " LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PEN PGK PHP PKR PLN"
        " QAR RON RSD RUB SAR SCR SEK SGD SLL SOS SVC SZL THB TRY TTD TWD TZS UAH USD UYU UZS XCD YER ZAR ZMW"
    )
)
SUPPORTED = _ZERO | _TWO | _THREE


def exponent(currency: str) -> int:
    """Decimal places on the wire."""
    if currency in _ZERO:
        return 0
    return 3 if currency in _THREE else 2


def minimum(currency: str) -> int:
    """The least amount, in minor units: one of the major unit (INR 1.00)."""
    return int(10 ** exponent(currency))


def shown(amount: int, currency: str) -> str:
    """An amount as the pages show it: INR 1,234.50."""
    places = exponent(currency)
    whole, rest = divmod(amount, 10**places)
    decimals = f".{rest:0{places}d}" if places else ""
    return f"{currency} {whole:,}{decimals}"
