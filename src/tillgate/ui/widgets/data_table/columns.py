"""Typed columns: what a row shows in a cell, and what it gives to an export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Generic, TypeAlias, TypeVar

from tillgate.domain.money import Money
from tillgate.formats import format_day, format_instant, format_money
from tillgate.i18n import tr
from tillgate.ui.text import shown
from tillgate.ui.widgets.status_badge import Status

R = TypeVar("R")
Cell: TypeAlias = "str | Status"
Exported: TypeAlias = "str | int | Decimal"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose words and whose clock: the user's language and the store's time zone."""

    language: str
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """One column; make it with the functions below. `heads` and `export` have one entry per exported column.

    Where there is no room for all, `minor` columns are hidden, the last one first, and then texts that are `elided`
    give way, the first one first: a state or an amount is never cut.
    """

    key: str
    title: str
    show: Callable[[R, Place], Cell]
    export: Callable[[R, Place], tuple[Exported, ...]]
    heads: tuple[str, ...]
    right: bool = False
    sortable: bool = True
    width: int = 140
    stretch: bool = False
    strong: bool = False
    minor: bool = False
    elided: bool = False

    @property
    def least(self) -> int:
        """The width below which minor columns make room."""
        return min(160, self.width) if self.stretch else self.width


def text_column(
    key: str,
    title: str,
    getter: Callable[[R], str],
    *,
    sortable: bool = True,
    width: int = 160,
    stretch: bool = False,
    strong: bool = False,
    minor: bool = False,
) -> Column[R]:
    """Text as it is, cleaned; exported neutralised against formulas."""

    def show(row: R, _place: Place) -> Cell:
        return shown(getter(row), 300).replace("\n", " ")

    def export(row: R, _place: Place) -> tuple[Exported, ...]:
        return (getter(row),)

    return Column(
        key,
        title,
        show,
        export,
        (title,),
        sortable=sortable,
        width=width,
        stretch=stretch,
        strong=strong,
        minor=minor,
        elided=True,
    )


def money_column(
    key: str,
    title: str,
    getter: Callable[[R], Money | None],
    *,
    sortable: bool = True,
    width: int = 130,
    minor: bool = False,
) -> Column[R]:
    """An amount with its symbol, to the right; exported as a number and a currency."""

    def show(row: R, place: Place) -> Cell:
        money = getter(row)
        return "" if money is None else format_money(money, place.language)

    def export(row: R, _place: Place) -> tuple[Exported, ...]:
        money = getter(row)
        return ("", "") if money is None else (money.decimal, money.currency)

    heads = (title, tr("{column}, currency", column=title))
    return Column(key, title, show, export, heads, right=True, sortable=sortable, width=width, minor=minor)


def instant_column(
    key: str,
    title: str,
    getter: Callable[[R], datetime | None],
    *,
    sortable: bool = True,
    width: int = 170,
    minor: bool = False,
) -> Column[R]:
    """A UTC instant in the store's time; exported as ISO 8601 with its offset."""

    def show(row: R, place: Place) -> Cell:
        instant = getter(row)
        return "" if instant is None else format_instant(instant, place.language, place.zone)

    def export(row: R, place: Place) -> tuple[Exported, ...]:
        instant = getter(row)
        return ("" if instant is None else instant.astimezone(place.zone).isoformat(timespec="seconds"),)

    return Column(key, title, show, export, (title,), sortable=sortable, width=width, minor=minor)


def day_column(
    key: str,
    title: str,
    getter: Callable[[R], date | None],
    *,
    sortable: bool = True,
    width: int = 120,
    minor: bool = False,
) -> Column[R]:
    """A day; exported as ISO 8601."""

    def show(row: R, place: Place) -> Cell:
        day = getter(row)
        return "" if day is None else format_day(day, place.language)

    def export(row: R, _place: Place) -> tuple[Exported, ...]:
        day = getter(row)
        return ("" if day is None else day.isoformat(),)

    return Column(key, title, show, export, (title,), sortable=sortable, width=width, minor=minor)


def count_column(
    key: str,
    title: str,
    getter: Callable[[R], int | None],
    *,
    sortable: bool = True,
    width: int = 90,
    minor: bool = False,
) -> Column[R]:
    """A whole number, to the right."""

    def show(row: R, _place: Place) -> Cell:
        count = getter(row)
        return "" if count is None else str(count)

    def export(row: R, _place: Place) -> tuple[Exported, ...]:
        count = getter(row)
        return ("" if count is None else count,)

    return Column(key, title, show, export, (title,), right=True, sortable=sortable, width=width, minor=minor)


def status_column(
    key: str,
    title: str,
    getter: Callable[[R], Status | None],
    *,
    sortable: bool = True,
    width: int = 180,
    minor: bool = False,
) -> Column[R]:
    """A state as a badge; exported as its word."""

    def show(row: R, _place: Place) -> Cell:
        return getter(row) or ""

    def export(row: R, _place: Place) -> tuple[Exported, ...]:
        status = getter(row)
        return ("" if status is None else status.text,)

    return Column(key, title, show, export, (title,), sortable=sortable, width=width, minor=minor)
