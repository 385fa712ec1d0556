"""Figures of payment invoices, read from the sums that are kept as they change: quick at a million of them.

As the document's getInvoiceStats: counts and sums by status; besides, what was used, expired or paid late, how many of
those asked paid, how long they took, and all of it by day, cashier and provider (screens.md, Manager).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache, reduce
from itertools import accumulate
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, func, select

from tillgate.domain.money import Money
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.till import Till
from tillgate.store.models import cashier_wait, invoice_tally, invoice_wait, month_wait, payment_invoice, staff
from tillgate.store.statements import Statement

_T: Final = invoice_tally.c
# An enumeration is walked in Python.
_STATUSES: Final = tuple(InvoiceStatus)
_PAID: Final = frozenset({InvoiceStatus.COMPLETE, InvoiceStatus.USED})


@dataclass(frozen=True, slots=True)
class Sum:
    """How many, what they were for, and what phones were asked for with fees."""

    count: int
    amount: Money
    expected: Money


@dataclass(frozen=True, slots=True)
class Slice:
    """The figures of one day, cashier or provider (`name`, and `key` to open its rows by), or of all.

    `median_wait_s` is from the press to the verified money: exact to the second up to a minute, to 5 s up to five
    minutes, then to 30 s. None where none was paid, and for the days and cashiers of a span of more than MOST_WAITS.
    """

    key: object
    name: str
    by_status: dict[InvoiceStatus, Sum]
    late: Sum
    median_wait_s: int | None = None

    def count(self, *states: InvoiceStatus) -> int:
        """How many have one of these states; of any with none given."""
        return sum(each.count for state, each in self.by_status.items() if not states or state in states)

    def sum(self, *states: InvoiceStatus) -> Sum:
        """Those that have one of these states, with their amounts; those of any with none given."""
        found = [each for state, each in self.by_status.items() if each.count and (not states or state in states)]
        return reduce(_added, found, _none(self.late.amount.currency))

    @property
    def paid(self) -> Sum:
        """Those whose money came, used or not."""
        return self.sum(*_PAID)

    @property
    def total(self) -> int:
        """How many there are."""
        return self.count()

    @property
    def conversion(self) -> Fraction | None:
        """The part of those asked that paid; None where none was asked."""
        return Fraction(self.count(*_PAID), self.total) if self.total else None


@dataclass(frozen=True, slots=True)
class InvoiceFigures:
    """Of the invoices made from one store day to another, both included, in one currency."""

    first: date
    last: date
    currency: str
    whole: Slice
    by_day: tuple[Slice, ...]
    by_cashier: tuple[Slice, ...]
    by_provider: tuple[Slice, ...]

    @property
    def document(self) -> dict[str, object]:
        """As getInvoiceStats gives it: counts and sums (minor units) by status, and the rest by name."""
        statuses = {
            state.value: {"count": each.count, "amount": each.amount.minor}
            for state, each in self.whole.by_status.items()
        }
        conversion = self.whole.conversion
        return {
            "total": self.whole.total,
            "byStatus": statuses,
            "used": self.whole.count(InvoiceStatus.USED),
            "expired": self.whole.count(InvoiceStatus.EXPIRED),
            "late": self.whole.late.count,
            "conversion": f"{conversion.numerator}/{conversion.denominator}" if conversion is not None else None,
            "medianSecondsToPay": self.whole.median_wait_s,
            "currency": self.currency,
        }


def _sums(*parts: Any) -> Statement:
    within = _T.day.between(bindparam("first", type_=_T.day.type), bindparam("last", type_=_T.day.type))
    sums = (func.sum(_T.number), func.sum(_T.amount_minor), func.sum(_T.expected_minor))
    query = select(*parts, _T.state, _T.late, *sums).where(within, _T.currency == bindparam("currency"))
    return Statement(query.group_by(*parts, _T.state, _T.late).order_by(*parts))


_BY_DAY: Final = _sums(_T.day)
# Both at once: the sums of either are added up from a few of these.
_BY_PART: Final = _sums(_T.provider, _T.staff_id)
# Of so many days each day and cashier has a median: those of a year would be read for longer than all other figures.
MOST_WAITS: Final = 31


def _waits(waits: Table, part: str, of: str = "day") -> Statement:
    day = waits.c[of]
    within = day.between(bindparam("first", type_=day.type), bindparam("last", type_=day.type))
    query = select(waits.c[part], waits.c.seconds, func.sum(waits.c.number)).where(within)
    # Numbers are told apart sooner than names.
    return Statement(query.group_by(waits.c.seconds, waits.c[part]))


_DAY_WAITS: Final = _waits(invoice_wait, "day")
_PROVIDER_WAITS: Final = _waits(invoice_wait, "provider")
_MONTH_WAITS: Final = _waits(month_wait, "provider", of="month")
_CASHIER_WAITS: Final = _waits(cashier_wait, "staff_id")


def load_invoice_figures(till: Till, actor: Actor, first: date, last: date, currency: str) -> InvoiceFigures:
    """The figures of a span of store days; a manager's."""
    authorize(till, actor, Action.VIEW_METRICS)
    span = {"first": first, "last": last, "currency": currency}
    with till.db.read() as connection:
        days = _BY_DAY.rows(connection, **span)
        parts = _BY_PART.rows(connection, **span)
        waits = _provider_waits(connection, first, last)
        few = (last - first).days < MOST_WAITS
        day_waits = _DAY_WAITS.rows(connection, first=first, last=last) if few else []
        cashier_waits = _CASHIER_WAITS.rows(connection, first=first, last=last) if few else []
        names = _names(connection, {int(row[1]) for row in parts})
    cashiers = sorted(((row[1], *row[2:]) for row in parts), key=itemgetter(0))
    providers = [(row[0], *row[2:]) for row in parts]
    (whole,) = _slices([("", *row[1:]) for row in providers], currency, {}) or (_slice("", "", [], currency),)
    by_day, by_provider, of_all = _medians(day_waits), _medians(waits), _medians([("", *row[1:]) for row in waits])
    by_cashier = _medians(cashier_waits)
    return InvoiceFigures(
        first=first,
        last=last,
        currency=currency,
        whole=_with_median(whole, of_all),
        by_day=tuple(_with_median(each, by_day) for each in _slices(days, currency, {})),
        by_cashier=tuple(_with_median(each, by_cashier) for each in _slices(cashiers, currency, names)),
        by_provider=tuple(_with_median(each, by_provider) for each in _slices(providers, currency, {})),
    )


def differences(connection: Connection) -> list[tuple[Any, ...]]:
    """Where the sums differ from a full count of the invoices: never anywhere. For the integrity check."""
    keys = (_T.day, _T.currency, _T.provider, _T.staff_id, _T.state, _T.late)
    kept = select(*keys, _T.number, _T.amount_minor, _T.expected_minor).where(_T.number > 0)
    of = payment_invoice.c
    by = (of.day, of.currency, of.provider, func.coalesce(of.created_by, 0), of.state, of.late)
    counted = select(*by, func.count(), func.sum(of.amount_minor), func.sum(of.expected_minor)).group_by(*by)
    here = {tuple(row[:6]): tuple(int(each) for each in row[6:]) for row in connection.execute(kept)}
    there = {tuple(row[:6]): tuple(int(each) for each in row[6:]) for row in connection.execute(counted)}
    return [
        (*key, here.get(key), there.get(key)) for key in here.keys() | there.keys() if here.get(key) != there.get(key)
    ]


def _provider_waits(connection: Connection, first: date, last: date) -> list[tuple[Any, ...]]:
    """Rows of (provider, seconds, count), of whole months where there are any and of the days around them."""
    # The first month that begins in the span, and the first one that it does not have whole.
    begin = first if first.day == 1 else (first.replace(day=1) + timedelta(days=31)).replace(day=1)
    end = (last + timedelta(days=1)).replace(day=1)
    if begin >= end:
        return _PROVIDER_WAITS.rows(connection, first=first, last=last)
    day = timedelta(days=1)
    months = _MONTH_WAITS.rows(connection, first=begin, last=end - day)
    before = _PROVIDER_WAITS.rows(connection, first=first, last=begin - day) if first < begin else []
    after = _PROVIDER_WAITS.rows(connection, first=end, last=last) if end <= last else []
    return [*before, *months, *after]


def _names(connection: Connection, ids: set[int]) -> dict[object, str]:
    query = select(staff.c.id, staff.c.name).where(staff.c.id.in_(sorted(ids)))
    return {row.id: row.name for row in connection.execute(query)}


def _slices(rows: Iterable[tuple[Any, ...]], currency: str, names: dict[object, str]) -> tuple[Slice, ...]:
    """Rows of (part, state, late, count, amount, expected) as a slice for each part, in the order they came."""
    parts: dict[object, list[tuple[Any, ...]]] = {}
    for row in rows:
        parts.setdefault(row[0], []).append(row)
    return tuple(_slice(key, names.get(key, str(key) if key else ""), parts[key], currency) for key in parts)


@lru_cache(16)
def _none(currency: str) -> Sum:
    return Sum(0, Money(0, currency), Money(0, currency))


def _slice(key: object, name: str, rows: list[tuple[Any, ...]], currency: str) -> Slice:
    """A year has hundreds of these: only what there is is summed."""
    none = late = _none(currency)
    by_status = dict.fromkeys(_STATUSES, none)
    for _, state, is_late, count, amount, expected in rows:
        more = Sum(int(count), Money(int(amount), currency), Money(int(expected), currency))
        by_status[state] = more if by_status[state] is none else _added(by_status[state], more)
        if is_late:
            late = more if late is none else _added(late, more)
    return Slice(key, name, by_status, late)


def _added(one: Sum, other: Sum) -> Sum:
    return Sum(one.count + other.count, one.amount + other.amount, one.expected + other.expected)


def _with_median(found: Slice, medians: Mapping[object, int]) -> Slice:
    """Waits know no currency: none is told where nothing of this one was paid."""
    median = medians.get(found.key)
    return replace(found, median_wait_s=median) if median is not None and found.count(*_PAID) else found


def _medians(rows: Iterable[tuple[Any, ...]]) -> dict[object, int]:
    """The median of each part, of rows of (part, seconds, count)."""
    parts: dict[object, Counter[int]] = {}
    for part, seconds, number in rows:
        parts.setdefault(part, Counter())[int(seconds)] += int(number)
    return {part: _median(waits) for part, waits in parts.items() if waits.total()}


def _median(waits: Counter[int]) -> int:
    """Of an even number the lower of the two in the middle."""
    seconds = sorted(waits)
    seen = accumulate(waits[each] for each in seconds)
    return next(each for each, so_far in zip(seconds, seen, strict=True) if 2 * so_far >= waits.total())
