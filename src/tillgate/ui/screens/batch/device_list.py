"""Devices: whose they are, what they owe, and whether they are invoiced."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.devices import DeviceStatus
from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.services.device_lists import DeviceQuery, DeviceRow, count_devices, device_key, list_devices
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.batch.desk_list import DeskList
from tillgate.ui.screens.batch.device_dialog import DeviceDialog
from tillgate.ui.screens.batch.words import DEVICE
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    DataTable,
    EmptyText,
    KeysetSource,
    Query,
    Sort,
    Summary,
    count_column,
    day_column,
    money_column,
    status_column,
    text_column,
)
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction

_STATE, _OWING, _OWES = "state", "owing", "owes"
_OWING_WORD: Final = mark("Owing")


class DeviceList(DeskList):
    """`pay` and `show_invoices` are called with a device's code."""

    def __init__(
        self,
        office: BackOffice,
        notice: InlineNotice,
        pay: Callable[[str], object],
        show_invoices: Callable[[str], object],
    ) -> None:
        self._pay, self._show_invoices = pay, show_invoices
        super().__init__(office, notice)

    def make_table(self) -> DataTable:
        """Devices by code."""
        office = self.office
        columns: list[Column[DeviceRow]] = [
            text_column("code", tr("Device"), lambda row: row.device.code, width=120, strong=True),
            text_column("customer", tr("Customer"), lambda row: row.customer, sortable=False, width=170, stretch=True),
            count_column("open", tr("Invoices"), lambda row: row.open_count, sortable=False, width=90, minor=True),
            money_column("owed", tr("Owed"), lambda row: row.owed if row.open_count else None, sortable=False,
                         width=140),
            status_column(_STATE, tr("State"), lambda row: DEVICE[row.device.status], sortable=False, width=120),
            day_column("oldest", tr("Oldest"), lambda row: row.oldest, sortable=False, width=120, minor=True),
            money_column("rate", tr("Daily rate"), lambda row: row.device.rate, sortable=False, width=130, minor=True),
            text_column("name", tr("Name"), lambda row: row.device.name, sortable=False, width=160, minor=True),
            text_column("phone", tr("Phone"), lambda row: row.phone, sortable=False, width=150, minor=True),
        ]  # fmt: skip
        source: KeysetSource[DeviceRow, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: device_key(row)
        )
        may = office.may(Action.EDIT_CATALOGUE)
        return DataTable(
            tr("Devices"),
            columns=columns,
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.device.id,
            filters=[
                ChoiceFilter(_STATE, tr("State"), [Choice(each.value, DEVICE[each].text) for each in DeviceStatus]),
                ChoiceFilter(_OWING, tr("Invoices"), [Choice(_OWES, tr(_OWING_WORD))]),
            ],
            details=self._details,
            detail_title=lambda row: row.device.code,
            empty=EmptyText(
                "monitor",
                tr("No devices yet"),
                tr("A device is invoiced for each day; its customer pays several days in one batch."),
                NoticeAction(tr("New device"), self.add, "plus") if may else None,
            ),
            refresh_on={Kind.DEVICE, Kind.PAYMENT},
            saved=office.views,
            export_name="devices",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "devices"),
            own_keys=False,
        )

    def add(self) -> None:
        """Ask for a device."""
        self.open_form(DeviceDialog(self, self.office), lambda _id: self.say(tr("The device is added.")))

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[DeviceRow, ...]:
        return list_devices(
            self.office.till, self.office.actor, _service_query(query), after=after, skip=skip, limit=limit
        )

    def _sum(self, query: Query) -> Summary:
        return Summary(count_devices(self.office.till, self.office.actor, _service_query(query)))

    def _details(self, row: DeviceRow) -> QWidget:
        here = row.device
        made = QWidget()
        show = Button(
            tr("Pay its invoices"),
            tone=ButtonTone.PRIMARY,
            icon="credit-card",
            on_click=partial(self._pay, here.code),
        )
        show.setEnabled(row.open_count > 0)
        invoices = Button(tr("Its invoices"), icon="receipt-text", on_click=partial(self._show_invoices, here.code))
        change = Button(tr("Change"), icon="pencil", on_click=partial(self._change, row))
        change.setVisible(self.office.may(Action.EDIT_CATALOGUE))
        show.setVisible(self.office.may(Action.TAKE_PAYMENT))
        verbs = FlowLayout()
        for button in (show, invoices, change):
            verbs.addWidget(button)
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(verbs)
        facts = [
            (tr("Name"), here.name),
            (tr("Customer"), row.customer),
            (tr("Phone"), row.phone),
            (tr("State"), DEVICE[here.status].text),
            (tr("Daily rate"), self.office.money(here.rate)),
            (tr("Owed"), self.office.money(row.owed) if row.open_count else ""),
        ]
        column.addWidget(Facts(facts))
        column.addStretch(1)
        self.show_verbs({"show": show, "change": change})
        return made

    def _change(self, row: DeviceRow) -> None:
        said = tr("{name} is saved. It counts from tomorrow.", name=row.device.code)
        self.open_form(DeviceDialog(self, self.office, row), lambda _id: self.say(said))


def of_device(code: str) -> Query:
    """The query that finds a device."""
    return Query(code, Sort("code"))


def _service_query(query: Query) -> DeviceQuery:
    chosen = query.choice(_STATE)
    statuses = frozenset({DeviceStatus(chosen)}) if chosen else frozenset[DeviceStatus]()
    owing = query.choice(_OWING) == _OWES
    return DeviceQuery(query.text, statuses, owing=owing, descending=query.sort.descending if query.sort else False)
