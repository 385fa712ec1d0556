"""Amounts, days and times as people of a locale write them."""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from typing import Final

from babel import Locale
from babel.dates import format_date as babel_date
from babel.dates import format_interval, format_skeleton, get_datetime_format
from babel.dates import format_time as babel_time
from babel.localedata import locale_identifiers
from babel.numbers import format_decimal, format_percent, get_decimal_symbol, get_group_symbol

from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money, parse_money

# The regional habits that go with a store's currency, for the language in use.
_REGION: Final = {"INR": "IN", "COP": "CO", "KES": "KE", "PHP": "PH", "IDR": "ID", "USD": "US"}
_SYMBOLS: Final = {
    "INR": "₹",
    "COP": "COP\u00a0",
    "KES": "KSh\u00a0",
    "PHP": "₱",
    "IDR": "Rp\u00a0",
    "USD": "$",
}
# The same prices, days and minutes come again and again, in lists above all.
_KEPT: Final = 2_048


@cache
def locale_for(language: str, currency: str) -> Locale:
    """The locale of a language in a currency's region, or of the language alone where there is none."""
    region = _REGION.get(currency)
    if region and f"{language}_{region}" in locale_identifiers():
        return Locale.parse(f"{language}_{region}")
    return Locale.parse(language)


@cache
def _pattern(locale: Locale, digits: int) -> str:
    whole = locale.decimal_formats[None].pattern.partition(".")[0]
    return f"{whole}.{'0' * digits}" if digits else whole


def format_amount(money: Money, language: str) -> str:
    """The number alone, grouped: "1,23,456.00" for INR in English."""
    locale = locale_for(language, money.currency)
    pattern = _pattern(locale, money.shown_digits)
    return str(format_decimal(money.decimal, format=pattern, locale=locale))


@lru_cache(_KEPT)
def format_money(money: Money, language: str) -> str:
    """With its symbol, never ambiguous between currencies of one sign: "₹1,23,456.00"."""
    sign = "−" if money.minor < 0 else ""
    symbol = _SYMBOLS.get(money.currency, f"{money.currency}\u00a0")
    return f"{sign}{symbol}{format_amount(Money(abs(money.minor), money.currency), language)}"


def parse_amount(text: str, currency: str, language: str, *, allow_zero: bool = False) -> Money:
    """Read an amount as typed in the locale; raises Invalid as `parse_money` does."""
    locale = locale_for(language, currency)
    decimal_mark, group_mark = get_decimal_symbol(locale), get_group_symbol(locale)
    plain = " " if group_mark.isspace() else group_mark
    return parse_money(text, currency, decimal_mark=decimal_mark, group_marks=plain, allow_zero=allow_zero)


# English dates are written day first: the shops are in India, the Philippines and Kenya.
_DATES: Final = {"en": "en_GB"}


@cache
def _date_locale(language: str) -> Locale:
    return Locale.parse(_DATES.get(language, language))


@lru_cache(_KEPT)
def format_day(day: date, language: str) -> str:
    """A day, medium length: "21 Nov 2026"."""
    return str(babel_date(day, format="medium", locale=_date_locale(language)))


def format_instant(instant: datetime, language: str, zone: tzinfo, *, seconds: bool = False) -> str:
    """A UTC instant shown in a zone's local time, never mistaken for another day: "21 Nov 2026, 10:12"."""
    local = instant.astimezone(zone)
    return f"{format_day(local.date(), language)}, {_time_of_day(local, language, seconds=seconds)}"


def _time_of_day(local: datetime, language: str, *, seconds: bool = False) -> str:
    return _written_time(time(local.hour, local.minute, local.second if seconds else 0), language, seconds=seconds)


@lru_cache(_KEPT)
def _written_time(of_day: time, language: str, *, seconds: bool) -> str:
    return str(babel_time(of_day, format="medium" if seconds else "short", locale=_date_locale(language)))


def written_day(day: date, language: str, currency: str) -> str:
    """A day as papers and mails of a currency's region write it, the month in letters: "21 Nov 2026" for INR."""
    return str(babel_date(day, format="medium", locale=locale_for(language, currency)))


def written_days(first: date, last: date, language: str, currency: str) -> str:
    """Days from one to another as `written_day`, said once what both have in common: "22–24 Nov 2026" for INR."""
    one, other = written_day(first, language, currency), written_day(last, language, currency)
    if first == last:
        return one
    # A region may spell an interval out ("29 de nov al 22 de dic de 2026") though it writes a day short.
    interval = str(format_interval(first, last, "yMMMd", locale=locale_for(language, currency)))
    return min(interval, f"{one} – {other}", key=len)


def written_instant(instant: datetime, language: str, currency: str, zone: tzinfo) -> str:
    """A UTC instant in a zone's local time, as `written_day` with hours and minutes."""
    local, locale = instant.astimezone(zone), locale_for(language, currency)
    day, minute = written_day(local.date(), language, currency), babel_time(local, format="short", locale=locale)
    joined = str(get_datetime_format("medium", locale=locale))
    return joined.replace("{1}", day).replace("{0}", minute)


def format_clock(instant: datetime, language: str, zone: tzinfo) -> str:
    """The time of day of a UTC instant in a zone, as `format_instant` has it."""
    return _time_of_day(instant.astimezone(zone), language)


def format_count(count: int, language: str) -> str:
    """A whole number, grouped: "1,000,000"."""
    return str(format_decimal(count, locale=Locale.parse(language)))


def parse_count(text: str, language: str, *, field: str) -> int:
    """Read a whole number as `format_count` writes it, or without its groups. Raises Invalid("number_malformed")."""
    typed = text.strip()
    digits = typed.replace(get_group_symbol(Locale.parse(language)), "")
    if not (digits.isascii() and digits.isdigit()) or typed not in {digits, format_count(int(digits), language)}:
        raise Invalid("number_malformed", field=field, text=typed[:20])
    return int(digits)


def format_share(part: int, whole: int, language: str) -> str:
    """A part of a whole as a percentage with one decimal: "93.4%", "25.0%"; "–" of nothing."""
    if whole <= 0:
        return "–"
    locale = Locale.parse(language)
    pattern = "#,##0.0%" if locale.percent_formats[None].pattern.endswith("0%") else "#,##0.0\u00a0%"
    return str(format_percent(Decimal(part) / Decimal(whole), format=pattern, locale=locale))


def format_duration(ms: int, language: str) -> str:
    """A duration for a figure: "42 ms", "1.3 s", "2 min 5 s"."""
    locale = Locale.parse(language)
    if ms < 1_000:
        return f"{ms}\u00a0ms"
    if ms < 60_000:
        return f"{format_decimal(Decimal(ms) / 1_000, format='0.#', locale=locale)}\u00a0s"
    minutes, seconds = divmod(ms // 1_000, 60)
    return f"{minutes}\u00a0min {seconds}\u00a0s" if seconds else f"{minutes}\u00a0min"


def format_day_short(day: date, language: str) -> str:
    """A day without its year, for axes: "21 Nov"."""
    return str(format_skeleton("MMMd", day, locale=_date_locale(language)))
