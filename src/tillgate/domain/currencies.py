"""The currencies of ISO 4217 that are in use as money, of which a store has one."""

from __future__ import annotations

from typing import Final

from tillgate.domain.errors import Invalid

# Without metals, funds and testing codes, which nothing is sold in.
_CODES: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
    COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF
    SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU
    UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
ACTIVE: Final = frozenset(_CODES.split())


def check_store_currency(currency: str) -> str:
    """The code itself. Raises Invalid("currency_malformed") unless it is one of those in use."""
    if currency not in ACTIVE:
        raise Invalid("currency_malformed", field="currency", currency=currency)
    return currency
