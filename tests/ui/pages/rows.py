"""A list of payments that never existed, of any length, for the list widget."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tillgate.domain.errors import Unavailable
from tillgate.domain.money import Money
from tillgate.domain.payment import PaymentState
from tillgate.ui.widgets.data_table import (
    Column,
    Query,
    Summary,
    count_column,
    day_column,
    instant_column,
    money_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.status_badge import payment_status

STATES = tuple(PaymentState)
NAMES = ("Asha Verma", "=HYPERLINK(1)", "मीरा शाह", "Ravi, “Kumar”")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    number: int

    @property
    def name(self) -> str:
        return NAMES[self.number % len(NAMES)]

    @property
    def state(self) -> PaymentState:
        return STATES[self.number % len(STATES)]


@dataclass
class Rows:
    """Rows by arithmetic: nothing is kept, whatever the length. Remembers what it was asked."""

    count: int = 1_000_000
    asked: list[tuple[Query, int, int]] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    broken: bool = False
    first: int = 0

    def _matching(self, query: Query) -> Sequence[int]:
        numbers: Sequence[int] = range(self.first, self.first + self.count)
        if query.text:
            numbers = [number for number in numbers[:1_000] if query.text in f"PAY-{number:07}"]
        if (state := query.choice("state")) is not None:
            numbers = [number for number in numbers[:1_000] if Row(number).state == state]
        return numbers[::-1] if query.sort is not None and query.sort.descending else numbers

    def rows(self, query: Query, start: int, limit: int) -> Sequence[Row]:
        self.asked.append((query, start, limit))
        self.threads.add(threading.get_ident())
        if self.broken:
            raise Unavailable("database_busy")
        return [Row(number) for number in self._matching(query)[start : start + limit]]

    def summary(self, query: Query) -> Summary:
        self.threads.add(threading.get_ident())
        if self.broken:
            raise Unavailable("database_busy")
        count = len(self._matching(query))
        return Summary(count, {"amount": Money(count * 100, "INR")})

    def batches(self, query: Query, limit: int) -> Iterator[Sequence[Row]]:
        numbers = self._matching(query)
        for start in range(0, len(numbers), limit):
            yield [Row(number) for number in numbers[start : start + limit]]

    def forget(self) -> None:
        """Nothing is remembered."""


def columns() -> list[Column[Row]]:
    day: Callable[[Row], datetime] = lambda row: NOON - timedelta(minutes=row.number % 500_000)  # noqa: E731
    return [
        text_column("id", "Payment", lambda row: f"PAY-{row.number:07}", strong=True),
        text_column("name", "Customer", lambda row: row.name, stretch=True),
        money_column("amount", "Amount", lambda row: Money(row.number * 137 - 100, "INR")),
        status_column("state", "State", lambda row: payment_status(row.state)),
        count_column("lines", "Lines", lambda row: row.number % 7, minor=True),
        instant_column("created", "Created", day),
        day_column("due", "Due", lambda row: day(row).date(), minor=True),
    ]
