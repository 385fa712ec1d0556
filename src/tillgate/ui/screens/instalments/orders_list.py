"""The shop's bulk orders, the newest first; one of them with its orders, calendars and payments in the details."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from PySide6.QtWidgets import QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.instalments import BulkState
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.services.bulk_lists import BulkQuery, BulkRow, bulk_key, count_bulk_orders, list_bulk_orders
from tillgate.ui.screens.instalments.bulk_pane import BulkPane
from tillgate.ui.screens.instalments.desk_list import PayList
from tillgate.ui.screens.instalments.words import BULK_STATUS
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    DataTable,
    DayFilter,
    EmptyText,
    KeysetSource,
    Query,
    Sort,
    Summary,
    count_column,
    instant_column,
    money_column,
    status_column,
    text_column,
)

STATE: Final = "state"
PLACED: Final = "placed"


class OrdersList(PayList):
    """Found by a bulk order's or an order's number, or by customer."""

    def make_table(self) -> DataTable:
        """By when they were placed."""
        office = self.office
        source: KeysetSource[BulkRow, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: bulk_key(row)
        )
        return DataTable(
            tr("Bulk orders"),
            columns=_columns(),
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.bulk.id,
            filters=[
                ChoiceFilter(STATE, tr("State"), [Choice(each.value, BULK_STATUS[each].text) for each in BulkState]),
                DayFilter(PLACED, tr("Placed on")),
            ],
            details=self._details,
            detail_title=lambda row: row.customer,
            empty=EmptyText("package", tr("No bulk orders yet"), tr("They appear here as they are placed.")),
            sort=Sort(PLACED, descending=True),
            refresh_on={Kind.PAYMENT, Kind.REFUND, Kind.INSTALMENT},
            saved=office.views,
            export_name="bulk-orders",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "bulk-orders"),
            own_keys=False,
        )

    @property
    def pane(self) -> BulkPane | None:
        """The bulk order that is open."""
        body = self.table.pane.body
        return body if isinstance(body, BulkPane) else None

    @property
    def main(self) -> Button | None:
        """What goes on with the first payment of what is open."""
        return self.pane.pay if self.pane is not None else None

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[BulkRow, ...]:
        till, actor = self.office.till, self.office.actor
        return list_bulk_orders(till, actor, _asked(query), after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        return Summary(count_bulk_orders(self.office.till, self.office.actor, _asked(query)))

    def _details(self, row: BulkRow) -> QWidget:
        made = BulkPane(self.desk, row.bulk.number, self.open_dialog)
        made.turned.connect(partial(self._show_verbs_of, made))
        self.show_verbs(made.verbs)
        return made

    def _show_verbs_of(self, pane: BulkPane) -> None:
        """They change with the order that is open."""
        if pane is self.pane:
            self.show_verbs(pane.verbs)


def _asked(query: Query) -> BulkQuery:
    chosen, days = query.choice(STATE), query.days(PLACED)
    return BulkQuery(
        text=query.text,
        states=frozenset({BulkState(chosen)}) if chosen else frozenset[BulkState](),
        first=days.first if days is not None else None,
        last=days.last if days is not None else None,
        descending=query.sort.descending if query.sort is not None else True,
    )


def _columns() -> list[Column[BulkRow]]:
    return [
        text_column(
            "customer", tr("Customer"), lambda row: row.customer, sortable=False, width=140, stretch=True, strong=True
        ),
        status_column(STATE, tr("State"), lambda row: BULK_STATUS[row.bulk.state], sortable=False, width=148),
        count_column("orders", tr("Orders"), lambda row: row.summary.orders, sortable=False, width=88),
        money_column("remaining", tr("Remaining"), lambda row: row.summary.remaining, sortable=False, width=130),
        instant_column(PLACED, tr("Placed on"), lambda row: row.bulk.created_at, width=168, minor=True),
        text_column("number", tr("Bulk order"), lambda row: row.bulk.number, sortable=False, width=190, minor=True),
        money_column("paid", tr("Paid so far"), lambda row: row.summary.paid, sortable=False, width=130, minor=True),
        money_column("total", tr("Total"), lambda row: row.summary.total, sortable=False, width=130, minor=True),
    ]
