"""Every consultation with its fee, whatever became of it; one of them in the details."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.services.consultation_lists import (
    ConsultationDetails,
    ConsultationRow,
    consultation_key,
    count_consultations,
    list_consultations,
)
from tillgate.services.consultation_rows import ConsultationRecord, Visit
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.consultations.desk_list import DeskList
from tillgate.ui.screens.consultations.details import OneConsultation
from tillgate.ui.screens.consultations.fee_dialog import FeeDialog, Practitioners, WithdrawDialog, load_practitioners
from tillgate.ui.screens.consultations.open_list import ask_fee
from tillgate.ui.screens.consultations.rows import columns, filters, of_code, open_fees, service_query
from tillgate.ui.widgets.data_table import DataTable, EmptyText, KeysetSource, Query, Summary
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction


class VisitList(DeskList):
    """Opens with what is owed. `pay` is called with the fee as it was read."""

    def __init__(self, office: BackOffice, notice: InlineNotice, pay: Callable[[ConsultationDetails], object]) -> None:
        self._pay = pay
        super().__init__(office, notice)
        self.table.set_query(open_fees())

    def make_table(self) -> DataTable:
        """Fees, by when their visits were held."""
        office = self.office
        source: KeysetSource[ConsultationRow, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: consultation_key(row)
        )
        return DataTable(
            tr("Consultations"),
            columns=columns(),
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.id,
            filters=filters(),
            details=self._details,
            detail_title=lambda row: row.patient,
            empty=EmptyText(
                "receipt",
                tr("No consultations"),
                tr("Fees appear here as the clinic writes them down."),
                NoticeAction(tr("New fee"), self.add, "plus"),
            ),
            refresh_on={Kind.PAYMENT, Kind.REFUND, Kind.INVOICE},
            saved=office.views,
            export_name="consultations",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "consultations"),
            own_keys=False,
        )

    def show_visit(self, code: str, number: int) -> None:
        """Open the details of one."""
        self.show_row(of_code(code), number)

    def add(self) -> None:
        """Ask for a fee."""
        ask_fee(self, self.office, self.notice, lambda dialog: self.open_form(dialog, self._saved))

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[ConsultationRow, ...]:
        till, actor = self.office.till, self.office.actor
        return list_consultations(till, actor, service_query(query), after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        return Summary(count_consultations(self.office.till, self.office.actor, service_query(query)))

    def _details(self, row: ConsultationRow) -> QWidget:
        made = OneConsultation(self.office, row.id, self._pay, change=self._change, withdraw=self._withdraw)
        self.show_verbs(made.verbs)
        return made

    def _change(self, visit: Visit) -> None:
        def ask(known: Practitioners) -> None:
            self.open_form(FeeDialog(self, self.office, known, visit), self._saved)

        work = partial(load_practitioners, self.office)
        self.office.tasks.run(self, work, ask, self.notice.show_error, label="practitioners")

    def _saved(self, record: object) -> None:
        self.say(tr("The fee is written down."))
        if isinstance(record, ConsultationRecord):
            self.show_visit(record.code, record.id)

    def _withdraw(self, visit: Visit) -> None:
        self.open_form(WithdrawDialog(self, self.office, visit), self._withdrawn)

    def _withdrawn(self, _record: object) -> None:
        self.say(tr("The fee is not owed any more."))
