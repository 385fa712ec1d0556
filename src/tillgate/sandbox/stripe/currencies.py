"""The minor units and least amounts of this Stripe, by its own table."""

from __future__ import annotations


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ZERO = _codes("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")
_THREE = _codes("bhd jod kwd omr tnd")
_TWO = _codes(
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc"
    " cve czk dkk dop dzd egp etb eur fjd gbp gel ghs gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs khr"
    " kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk"
    " php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sos srd szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs"
    " wst xcd yer zar zmw"
)
SUPPORTED = _ZERO | _TWO | _THREE
# Whole units, though they are sent in hundredths.
_WHOLE = {"isk": 100, "ugx": 100, **dict.fromkeys(_THREE, 10)}
_LEAST = {
    "aed": 200,
    "bgn": 100,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "jpy": 50,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "thb": 1000,
    # Worth half a dollar, near enough: a real account goes by the day's rate.
    "idr": 850_000,
    "kes": 6_500,
    "php": 3_000,
}
_USUAL_LEAST = 50


def minimum(currency: str) -> int:
    """The least amount of a charge, in minor units."""
    return _LEAST.get(currency, _USUAL_LEAST)


def is_whole(amount: int, currency: str) -> bool:
    """Whether the digits that a currency does not have are zero."""
    return amount % _WHOLE.get(currency, 1) == 0


def shown(amount: int, currency: str) -> str:
    """An amount as the pages show it: PHP 1,234.50."""
    code = currency.lower()
    places = 0 if code in _ZERO else 3 if code in _THREE else 2
    whole, rest = divmod(amount, 10**places)
    decimals = f".{rest:0{places}d}" if places else ""
    return f"{code.upper()} {whole:,}{decimals}"
