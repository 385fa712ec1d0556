"""The invoices of all devices: open, paid, refunded or cancelled; made by the daily run or imported."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.devices import DeviceInvoiceState
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.services.device_lists import (
    InvoiceQuery,
    InvoiceRow,
    count_device_invoices,
    invoice_key,
    list_device_invoices,
)
from tillgate.ui.screens.batch.desk_list import DeskList
from tillgate.ui.screens.batch.device_dialog import ReasonDialog, ask_cancel, ask_reopen
from tillgate.ui.screens.batch.words import BEING_PAID, INVOICE, ORIGIN
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
    day_column,
    money_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.status_badge import Status

_STATE, _DAY = "state", "day"


class InvoiceList(DeskList):
    """By day, the newest first."""

    def make_table(self) -> DataTable:
        """Invoices of every device."""
        office = self.office
        columns: list[Column[InvoiceRow]] = [
            text_column("number", tr("Invoice"), lambda row: row.number, sortable=False, width=290, strong=True),
            day_column(_DAY, tr("Day"), lambda row: row.day, width=120, minor=True),
            money_column("amount", tr("Amount"), lambda row: row.amount, sortable=False, width=130),
            status_column(_STATE, tr("State"), _status, sortable=False, width=156),
            text_column("customer", tr("Customer"), lambda row: row.customer, sortable=False, width=160, stretch=True,
                        minor=True),
            text_column("device", tr("Device"), lambda row: row.device_code, sortable=False, width=110, minor=True),
            text_column("origin", tr("From"), lambda row: tr(ORIGIN[row.origin]), sortable=False, width=110,
                        minor=True),
        ]  # fmt: skip
        source: KeysetSource[InvoiceRow, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: invoice_key(row)
        )
        states = [Choice(each.value, INVOICE[each].text) for each in DeviceInvoiceState]
        return DataTable(
            tr("Devices’ invoices"),
            columns=columns,
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.id,
            filters=[ChoiceFilter(_STATE, tr("State"), states), DayFilter(_DAY, tr("Day"))],
            details=self._details,
            detail_title=lambda row: row.number,
            empty=EmptyText(
                "receipt-text",
                tr("No invoices"),
                tr("Every active device gets an invoice a day; older ones are imported from a file."),
            ),
            refresh_on={Kind.DEVICE, Kind.PAYMENT},
            saved=office.views,
            export_name="device-invoices",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "device-invoices"),
            own_keys=False,
        )

    def add(self) -> None:
        """Invoices are made by the daily run, or imported."""

    def show_device(self, code: str) -> None:
        """The invoices of one device."""
        self.table.set_query(Query(code, Sort(_DAY, descending=True)))

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[InvoiceRow, ...]:
        till, actor = self.office.till, self.office.actor
        return list_device_invoices(till, actor, _service_query(query), after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        return Summary(count_device_invoices(self.office.till, self.office.actor, _service_query(query)))

    def _details(self, row: InvoiceRow) -> QWidget:
        made = QWidget()
        office, may = self.office, self.office.may(Action.EDIT_CATALOGUE)
        show = Button(tr("Show the payment"), icon="credit-card", on_click=partial(self._show_payment, row))
        show.setVisible(row.payment_id is not None and office.show_payment is not None)
        cancel = Button(tr("Cancel the invoice"), icon="circle-minus", on_click=partial(self._ask, row, again=False))
        cancel.setVisible(may and row.state is DeviceInvoiceState.OPEN and not row.being_paid)
        reopen = Button(tr("Ask for it again"), icon="undo-2", on_click=partial(self._ask, row, again=True))
        reopen.setVisible(may and row.state is DeviceInvoiceState.REFUNDED)
        verbs = FlowLayout()
        for button in (show, cancel, reopen):
            verbs.addWidget(button)
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(verbs)
        facts = [
            (tr("Device"), row.device_code),
            (tr("Customer"), row.customer),
            (tr("Amount"), office.money(row.amount)),
            (tr("State"), _status(row).text),
            (tr("From"), tr(ORIGIN[row.origin])),
            (tr("Written down"), office.instant(row.created_at)),
            (tr("Reason"), row.reason),
        ]
        column.addWidget(Facts(facts))
        column.addStretch(1)
        self.show_verbs({"show": show, "cancel": cancel, "reopen": reopen})
        return made

    def _show_payment(self, row: InvoiceRow) -> None:
        if row.payment_id is not None and self.office.show_payment is not None:
            self.office.show_payment(row.payment_id)

    def _ask(self, row: InvoiceRow, *, again: bool) -> None:
        ask = ask_reopen if again else ask_cancel
        said = tr("{number} is open again.", number=row.number)
        said = said if again else tr("{number} is not owed any more.", number=row.number)
        dialog: ReasonDialog = ask(self, self.office, row)
        self.open_form(dialog, lambda _record: self.say(said))


def _status(row: InvoiceRow) -> Status:
    return BEING_PAID if row.being_paid else INVOICE[row.state]


def _service_query(query: Query) -> InvoiceQuery:
    chosen, days = query.choice(_STATE), query.days(_DAY)
    states = frozenset({DeviceInvoiceState(chosen)}) if chosen else frozenset[DeviceInvoiceState]()
    return InvoiceQuery(
        query.text,
        states,
        first=days.first if days is not None else None,
        last=days.last if days is not None else None,
        descending=query.sort.descending if query.sort else True,
    )
