"""The figures day by day, as they are exported."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tillgate.domain.money import Money
from tillgate.i18n import tr
from tillgate.services.consultation_figures import Presses, PressFigures
from tillgate.services.metric_reads import DayFigures, Duration, Figures
from tillgate.ui.widgets.data_table import Column, ListSource, Query, count_column, day_column, money_column


def day_source(figures: Figures) -> ListSource[DayFigures]:
    """All days of the figures."""

    def days(_query: Query) -> Sequence[DayFigures]:
        return figures.days

    return ListSource(days)


def day_columns(figures: Figures, presses: PressFigures) -> list[Column[DayFigures]]:
    """A column for each figure; money has two for each currency that came."""
    columns: list[Column[DayFigures]] = [
        day_column("day", tr("Day"), lambda row: row.day),
        count_column("started", tr("Payments started"), lambda row: row.tally.started),
        count_column("paid", tr("Paid"), lambda row: row.tally.paid),
        count_column("unpaid", tr("Not paid"), lambda row: row.tally.unpaid),
        count_column("waiting", tr("Waiting"), lambda row: row.tally.waiting),
        count_column("given_back", tr("With money given back"), lambda row: row.tally.given_back),
    ]
    for currency in figures.total.taken:
        columns.append(money_column(f"taken_{currency}", tr("Money that came"), _taken(currency)))
        columns.append(money_column(f"refunded_{currency}", tr("Money given back"), _refunded(currency)))
    columns += _durations("verification", tr("Verification"), lambda row: row.verification)
    columns += _durations("order_creation", tr("Order creation"), lambda row: row.order_creation)
    columns += _durations("invoice", tr("Invoices"), lambda row: row.invoice)
    columns.append(count_column("pressed", tr("Presses of Pay"), lambda row: _pressed(presses, row).pressed))
    columns.append(count_column("replayed", tr("Repeated presses of Pay"), lambda row: _pressed(presses, row).replayed))
    columns.append(count_column("errors", tr("Errors"), lambda row: row.errors))
    return columns


def _pressed(presses: PressFigures, row: DayFigures) -> Presses:
    return presses.days.get(row.day, Presses())


def _taken(currency: str) -> Callable[[DayFigures], Money | None]:
    return lambda row: row.tally.taken.get(currency, Money(0, currency))


def _refunded(currency: str) -> Callable[[DayFigures], Money | None]:
    return lambda row: row.tally.refunded.get(currency, Money(0, currency))


def _durations(key: str, title: str, of: Callable[[DayFigures], Duration]) -> list[Column[DayFigures]]:
    mean, longest = tr("{figure}, mean ms", figure=title), tr("{figure}, longest ms", figure=title)
    return [
        count_column(f"{key}_count", tr("{figure}, measured", figure=title), lambda row: of(row).count),
        count_column(f"{key}_mean", mean, lambda row: of(row).mean_ms if of(row).count else None),
        count_column(f"{key}_max", longest, lambda row: of(row).max_ms if of(row).count else None),
    ]
