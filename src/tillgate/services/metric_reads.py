"""The figures of seed 004, Monitoring, over a range of the store's days: from payments and from what is counted by day.

Payments are counted on the day they were started, so that each figure opens the list of exactly its payments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    column,
    func,
    select,
    true,
    type_coerce,
    values,
)

from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money
from tillgate.domain.payment import ENDED_UNPAID, PaymentState
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.payment_lists import GROUPS, Group, day_begins
from tillgate.services.till import Till
from tillgate.store.models import capture, metric, payment

MOST_DAYS: Final = 366
K = TypeVar("K", bound=Hashable)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_HOUR_US: Final = 3_600_000_000
_TAKEN: Final = GROUPS[Group.TAKEN]
_GIVEN_BACK: Final = GROUPS[Group.GIVEN_BACK]
_METRICS: Final[Select[Any]] = select(
    metric.c.day, metric.c.name, metric.c.label, metric.c.count.label("number"), metric.c.sum_ms, metric.c.max_ms
)
VERIFICATION: Final = "verification"
ORDER_CREATION: Final = "order_creation"
INVOICE: Final = "invoice"
ERROR: Final = "error"


@dataclass(frozen=True, slots=True)
class Tally:
    """Payments counted: all started, those whose money came, those that ended without, those with money given back.

    The rest still waits. Amounts are by currency, what was asked for; `refunded` what went back or is on its way.
    """

    started: int = 0
    paid: int = 0
    unpaid: int = 0
    given_back: int = 0
    taken: Mapping[str, Money] = field(default_factory=dict)
    refunded: Mapping[str, Money] = field(default_factory=dict)

    @property
    def ended(self) -> int:
        """Payments that are decided."""
        return self.paid + self.unpaid

    @property
    def waiting(self) -> int:
        """Payments that are not decided yet."""
        return self.started - self.ended

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.started + other.started,
            self.paid + other.paid,
            self.unpaid + other.unpaid,
            self.given_back + other.given_back,
            _summed(self.taken, other.taken),
            _summed(self.refunded, other.refunded),
        )


@dataclass(frozen=True, slots=True)
class Duration:
    """How long something took: how often it was measured, the sum and the longest, in milliseconds."""

    count: int = 0
    sum_ms: int = 0
    max_ms: int = 0

    @property
    def mean_ms(self) -> int:
        """The mean, rounded; 0 when nothing was measured."""
        return (self.sum_ms + self.count // 2) // self.count if self.count else 0

    def __add__(self, other: Duration) -> Duration:
        return Duration(self.count + other.count, self.sum_ms + other.sum_ms, max(self.max_ms, other.max_ms))


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One day of the store."""

    day: date
    tally: Tally
    verification: Duration
    order_creation: Duration
    invoice: Duration
    errors: int


@dataclass(frozen=True, slots=True)
class ErrorFigures:
    """How often an error of a type happened, with its days; `label` is the type's code."""

    label: str
    count: int
    days: Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything of a range of days. `hours` has 24 entries, by the store's clock."""

    first: date
    last: date
    total: Tally
    days: tuple[DayFigures, ...]
    hours: tuple[Tally, ...]
    providers: Mapping[str, Tally]
    errors: tuple[ErrorFigures, ...]

    @property
    def verification(self) -> Duration:
        """From the first sign of money to its acceptance."""
        return sum((each.verification for each in self.days), Duration())

    @property
    def order_creation(self) -> Duration:
        """The making of all orders of a payment."""
        return sum((each.order_creation for each in self.days), Duration())

    @property
    def invoice(self) -> Duration:
        """The making of all invoices of a payment."""
        return sum((each.invoice for each in self.days), Duration())


def load_figures(till: Till, actor: Actor, first: date, last: date) -> Figures:
    """The figures of the days from `first` to `last`. Raises Invalid("days_reversed" | "days_too_many")."""
    authorize(till, actor, Action.VIEW_METRICS)
    if first > last:
        raise Invalid("days_reversed", field="days")
    if (last - first).days >= MOST_DAYS:
        raise Invalid("days_too_many", field="days", most=MOST_DAYS)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    with till.db.read() as connection:
        spans = _Spans(till, days)
        cells = [*_by_day(connection, spans), *_refunds(connection, spans)]
        by_hour = _added(_by_hour(connection, spans))
        counted = connection.execute(_METRICS.where(metric.c.day >= first, metric.c.day <= last)).all()
    by_day = _added((days[cell.day], cell.tally) for cell in cells)
    durations = _durations(counted)
    errors = _errors(counted)
    return Figures(
        first=first,
        last=last,
        total=sum(by_day.values(), Tally()),
        days=tuple(
            DayFigures(
                day,
                by_day.get(day, Tally()),
                verification=durations[day, VERIFICATION],
                order_creation=durations[day, ORDER_CREATION],
                invoice=durations[day, INVOICE],
                errors=sum(each.days.get(day, 0) for each in errors),
            )
            for day in days
        ),
        hours=tuple(by_hour.get(hour, Tally()) for hour in range(24)),
        providers=dict(sorted(_added((cell.provider, cell.tally) for cell in cells).items())),
        errors=errors,
    )


@dataclass(frozen=True, slots=True)
class _Cell:
    day: int
    provider: str
    tally: Tally


class _Spans:
    """The days as a table of (number, first instant, first instant of the next), in microseconds since 1970."""

    def __init__(self, till: Till, days: Sequence[date]) -> None:
        edges = [_us(day_begins(till, day)) for day in (*days, days[-1] + timedelta(days=1))]
        rows = [(number, *edge) for number, edge in enumerate(pairwise(edges))]
        numbers = (column("day", Integer), column("begins", BigInteger), column("ends", BigInteger))
        self.table = values(*numbers, name="span").data(rows).cte()
        at = type_coerce(payment.c.created_at, BigInteger)
        self.within = (at >= self.table.c.begins) & (at < self.table.c.ends)
        self.day = self.table.c.day
        self.hour = ((at - self.table.c.begins) // _HOUR_US).label("hour")


def _by_day(connection: Connection, spans: _Spans) -> Iterator[_Cell]:
    for row in connection.execute(_counted(spans, spans.day, payment.c.provider)):
        yield _Cell(row.day, row.provider, _tally(row))


def _by_hour(connection: Connection, spans: _Spans) -> Iterator[tuple[int, Tally]]:
    for row in connection.execute(_counted(spans, spans.hour)):
        # A day on which the clock is put back has 25.
        yield min(int(row.hour), 23), _tally(row)


def _counted(spans: _Spans, *keys: ColumnElement[Any]) -> Select[Any]:
    every = (*keys, payment.c.state, payment.c.currency)
    summed = select(*every, func.count().label("number"), func.sum(payment.c.amount_minor).label("minor"))
    return summed.select_from(spans.table).join(payment, spans.within).group_by(*every)


def _tally(row: Row[Any]) -> Tally:
    state: PaymentState = row.state
    count, taken = int(row.number), Money(int(row.minor), row.currency)
    paid = state in _TAKEN
    return Tally(
        started=count,
        paid=count if paid else 0,
        unpaid=count if state in ENDED_UNPAID else 0,
        given_back=count if state in _GIVEN_BACK else 0,
        taken={row.currency: taken} if paid else {},
    )


def _refunds(connection: Connection, spans: _Spans) -> Iterator[_Cell]:
    """What went back, or is on its way, of the payments of these days; few have anything."""
    keys = (spans.day, payment.c.provider, capture.c.currency)
    back = payment.c.state.in_(sorted(_GIVEN_BACK)).is_(true()) & (capture.c.refunded_minor > 0)
    query = (
        select(*keys, func.sum(capture.c.refunded_minor).label("minor"))
        .select_from(spans.table)
        .join(payment, spans.within)
        .join(capture, capture.c.payment_id == payment.c.id)
        .where(back)
        .group_by(*keys)
    )
    for row in connection.execute(query):
        refunded = Money(int(row.minor), row.currency)
        yield _Cell(row.day, row.provider, Tally(refunded={row.currency: refunded}))


def _durations(counted: Sequence[Row[Any]]) -> dict[tuple[date, str], Duration]:
    found: dict[tuple[date, str], Duration] = defaultdict(Duration)
    for row in counted:
        if row.name != ERROR:
            found[row.day, row.name] += Duration(row.number, row.sum_ms, row.max_ms)
    return found


def _errors(counted: Sequence[Row[Any]]) -> tuple[ErrorFigures, ...]:
    """By type, the most frequent first."""
    days: dict[str, dict[date, int]] = defaultdict(dict)
    for row in counted:
        if row.name == ERROR:
            days[row.label][row.day] = row.number
    errors = (ErrorFigures(label, sum(each.values()), each) for label, each in days.items())
    return tuple(sorted(errors, key=lambda each: (-each.count, each.label)))


def _added(pairs: Iterable[tuple[K, Tally]]) -> dict[K, Tally]:
    found: dict[K, Tally] = {}
    for key, tally in pairs:
        found[key] = found[key] + tally if key in found else tally
    return found


def _summed(one: Mapping[str, Money], other: Mapping[str, Money]) -> dict[str, Money]:
    return {
        currency: one.get(currency, Money(0, currency)) + other.get(currency, Money(0, currency))
        for currency in (*one, *(each for each in other if each not in one))
    }


def _us(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND
