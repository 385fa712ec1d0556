"""Consultations: the list of fees, and the page on which one is paid."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

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
from tillgate.ui.screen import Screen
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.consultations.details import OneConsultation
from tillgate.ui.screens.consultations.keys import PAY, PAYING, SCREEN
from tillgate.ui.screens.consultations.pay_page import PayPage
from tillgate.ui.screens.consultations.rows import columns, filters, open_fees, service_query
from tillgate.ui.screens.list_commands import ListCommands, commands_of
from tillgate.ui.widgets.data_table import DataTable, EmptyText, KeysetSource, Query, Summary
from tillgate.ui.widgets.labels import plain_label


class ConsultationsScreen(Screen):
    """Opens with what is owed. `desk` is what the payment needs, as at the checkout."""

    def __init__(self, office: BackOffice, desk: CheckoutDesk) -> None:
        super().__init__()
        self._office = office
        office.commands.add_all(commands_of(SCREEN, PAYING, self._do))
        self.table = self._table()
        self.commands = ListCommands(self, office.commands, SCREEN, self.table, (PAY,))
        self.page = PayPage(office, desk)
        self.page.left.connect(self._to_list)
        self._list = QWidget()
        column = QVBoxLayout(self._list)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(12)
        column.addWidget(plain_label(tr("Consultations"), "heading"))
        column.addWidget(self.table, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._list)
        self._stack.addWidget(self.page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self.table.set_query(open_fees())

    def _table(self) -> DataTable:
        office = self._office
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
            empty=EmptyText("receipt", tr("No consultations"), tr("Fees appear here as the clinic writes them down.")),
            refresh_on={Kind.PAYMENT, Kind.REFUND, Kind.INVOICE},
            saved=office.views,
            export_name="consultations",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "consultations"),
            own_keys=False,
        )

    # What the shell tells

    def entered(self) -> None:
        """The focus goes to what is in front."""
        if self.paying:
            self.page.entered()
        else:
            self.table.setFocus()

    def go_back(self) -> bool:
        """Esc: from the payment to the list, which changes nothing of it; then close the details."""
        if self.paying:
            self.page.leave()
            return True
        was_open = not self.table.pane.isHidden()
        self.table.pane.close_pane()
        return was_open

    @property
    def paying(self) -> bool:
        """Whether the page of one payment is in front."""
        return self._stack.currentWidget() is self.page

    def show_query(self, query: Query) -> None:
        """Show the consultations of a query."""
        self.table.set_query(query)

    # The list

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[ConsultationRow, ...]:
        till, actor = self._office.till, self._office.actor
        return list_consultations(till, actor, service_query(query), after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        return Summary(count_consultations(self._office.till, self._office.actor, service_query(query)))

    def _details(self, row: ConsultationRow) -> QWidget:
        made = OneConsultation(self._office, row.id, self._pay)
        self.commands.follow(made.verbs)
        return made

    # Pay

    def _do(self, verb: str) -> None:
        self.page.do(verb)

    def _pay(self, details: ConsultationDetails) -> None:
        self._stack.setCurrentWidget(self.page)
        self.commands.follow({"pay": self.page.ask.pay})
        self.page.open_fee(details)

    def _to_list(self) -> None:
        self._stack.setCurrentWidget(self._list)
        body = self.table.pane.findChild(OneConsultation)
        self.commands.follow(body.verbs if body is not None else {})
        self.table.refresh()
        self.table.setFocus()
