"""What instalment orders owe: overdue, due today, in the next days; a row leads to collecting for its customer."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtWidgets import QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.services.instalment_dues import DuesQuery, OrderDues, When, dues_key, list_dues, sum_dues
from tillgate.ui.screens.instalments.collect_pane import CollectPane
from tillgate.ui.screens.instalments.desk_list import PayList
from tillgate.ui.screens.instalments.words import status_of_dues
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    DataTable,
    EmptyText,
    KeysetSource,
    Query,
    Summary,
    day_column,
    money_column,
    status_column,
    text_column,
)

WHEN: Final = "when"
# The columns that a total of some days stands under.
_TOTALS: Final = {
    When.DUE: ("overdue", "today"),
    When.OVERDUE: ("overdue",),
    When.TODAY: ("today",),
    When.UPCOMING: ("upcoming",),
    When.OPEN: ("overdue", "today", "upcoming"),
}


class DueList(PayList):
    """Orders, the longest overdue first. The details collect for the customer of a row, or of a number that is scanned:
    a receipt's order is paid ahead where nothing of it is due."""

    _scanned = ""

    def make_table(self) -> DataTable:
        """What is due until today, unless other days are chosen."""
        office = self.office
        source: KeysetSource[OrderDues, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: dues_key(row)
        )
        return DataTable(
            tr("Due instalments"),
            columns=_columns(),
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.order_id,
            filters=[ChoiceFilter(WHEN, tr("Due"), _choices())],
            details=self._details,
            detail_title=lambda row: row.customer,
            empty=EmptyText(
                "circle-check",
                tr("Nothing is due"),
                tr("Instalments appear here on their day. Choose the next 7 days to collect ahead."),
            ),
            refresh_on={Kind.PAYMENT, Kind.INSTALMENT, Kind.CUSTOMER},
            saved=office.views,
            export_name="due-instalments",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "due-instalments"),
            own_keys=False,
        )

    def entered(self) -> None:
        """In front again, perhaps from a payment: what the open customer owes may have changed."""
        super().entered()
        if self.pane is not None:
            self.pane.reload()

    def scan(self, code: str) -> None:
        """The customer of an order's or a bulk order's number."""
        self._scanned = code.strip()
        super().scan(code)

    @property
    def pane(self) -> CollectPane | None:
        """The customer that is open."""
        body = self.table.pane.body
        return body if isinstance(body, CollectPane) else None

    @property
    def main(self) -> Button | None:
        """What collects from the customer that is open."""
        return self.pane.collect if self.pane is not None else None

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[OrderDues, ...]:
        return list_dues(self.office.till, self.office.actor, self._asked(query), after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        asked = self._asked(query)
        found = sum_dues(self.office.till, self.office.actor, asked)
        return Summary(found.orders, {column: getattr(found, column) for column in _TOTALS[asked.when]})

    def _asked(self, query: Query) -> DuesQuery:
        usual = When.OPEN if query.text and query.text == self._scanned else When.DUE
        return DuesQuery(When(query.choice(WHEN) or usual.value), text=query.text)

    def _details(self, row: OrderDues) -> QWidget:
        made = CollectPane(self.desk, row, self.say)
        made.turned.connect(self.turned)
        self.show_verbs({"from_wallet": made.wallet})
        return made


def _choices() -> list[Choice]:
    return [
        Choice(When.OVERDUE.value, tr("Overdue")),
        Choice(When.TODAY.value, tr("Today")),
        Choice(When.UPCOMING.value, tr("In the next 7 days")),
    ]


def _columns() -> list[Column[OrderDues]]:
    return [
        text_column(
            "customer", tr("Customer"), lambda row: row.customer, sortable=False, width=150, stretch=True, strong=True
        ),
        status_column("state", tr("State"), status_of_dues, sortable=False, width=122),
        money_column("overdue", tr("Overdue"), lambda row: row.overdue or None, sortable=False, width=112),
        money_column("today", tr("Today"), lambda row: row.today or None, sortable=False, width=112),
        money_column("upcoming", tr("Next 7 days"), lambda row: row.upcoming, sortable=False, width=130, minor=True),
        text_column("product", tr("Product"), lambda row: row.product_name, sortable=False, width=180, minor=True),
        text_column("order", tr("Order"), lambda row: row.number, sortable=False, width=180, minor=True),
        day_column("first", tr("Since"), lambda row: row.first, sortable=False, width=120, minor=True),
        money_column("remaining", tr("Remaining"), lambda row: row.remaining, sortable=False, minor=True),
        text_column("bulk", tr("Bulk order"), lambda row: row.bulk_number, sortable=False, width=190, minor=True),
    ]
