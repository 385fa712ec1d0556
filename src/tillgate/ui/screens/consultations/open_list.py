"""Open fees by patient: who owes how much, and each of a patient's fees with its Pay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.consultation import ConsultationState
from tillgate.domain.errors import TillgateError
from tillgate.domain.staff import Action
from tillgate.i18n import ntr, tr
from tillgate.services.consultation_lists import (
    ConsultationDetails,
    ConsultationQuery,
    ConsultationRow,
    list_consultations,
    load_consultation,
)
from tillgate.services.customers import CustomerRecord, load_customer
from tillgate.services.open_fees import OpenFees, list_open_fees, open_fees_key, sum_open_fees
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.consultations.desk_list import DeskList
from tillgate.ui.screens.consultations.fee_dialog import FeeDialog, Practitioners, load_practitioners
from tillgate.ui.screens.consultations.words import status_of
from tillgate.ui.screens.customers.customer_dialog import CustomerForm
from tillgate.ui.screens.payments.parts import card, headed
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.data_table import (
    Column,
    DataTable,
    EmptyText,
    KeysetSource,
    Query,
    Summary,
    count_column,
    instant_column,
    text_column,
)
from tillgate.ui.widgets.data_table.columns import Exported, Place
from tillgate.ui.widgets.facts import Facts, Section
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction
from tillgate.ui.widgets.side_pane import lay_out_now

# More of one patient's are found in the list of all consultations.
_MOST: Final = 50


class OpenFeesList(DeskList):
    """`pay` is called with the fee as it was read; `show_visit` with a fee's code and number."""

    def __init__(
        self,
        office: BackOffice,
        notice: InlineNotice,
        pay: Callable[[ConsultationDetails], object],
        show_visit: Callable[[str, int], object],
    ) -> None:
        self._pay, self._show_visit = pay, show_visit
        super().__init__(office, notice)

    def make_table(self) -> DataTable:
        """Patients, the one with the oldest fee first."""
        office = self.office
        source: KeysetSource[OpenFees, tuple[Any, ...]] = KeysetSource(
            self._fetch, self._sum, lambda _query, row: open_fees_key(row)
        )
        add = NoticeAction(tr("New fee"), self.add, "plus")
        return DataTable(
            tr("Open fees"),
            columns=_columns(office),
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.patient_id,
            details=self._details,
            detail_title=lambda row: row.name,
            empty=EmptyText(
                "circle-check", tr("Nobody owes a fee"), tr("A fee that is written down appears here."), add
            ),
            refresh_on={Kind.PAYMENT, Kind.INVOICE, Kind.CUSTOMER},
            saved=office.views,
            export_name="open-fees",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "open-fees"),
            own_keys=False,
        )

    def came_back(self) -> None:
        """In front again: the details of a patient who owes nothing any more are closed. Not before: that would take
        the focus from what is in front."""
        body = self.table.pane.body
        if isinstance(body, PatientFees) and not body.owes:
            self.table.pane.close_pane()

    def add(self) -> None:
        """Ask for a fee; of the patient whose details are open, if they are."""
        ask_fee(self, self.office, self.notice, self._ask)

    def _ask(self, dialog: FeeDialog) -> None:
        body = self.table.pane.body
        if isinstance(body, PatientFees):
            dialog.choose_patient(body.row.patient_id, body.row.name, body.row.phone)
        self.open_form(dialog, self._added)

    def _added(self, _record: object) -> None:
        self.say(tr("The fee is written down."))

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[OpenFees, ...]:
        return list_open_fees(self.office.till, self.office.actor, query.text, after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        found = sum_open_fees(self.office.till, self.office.actor, query.text)
        # Amounts of different currencies never add, so that a total stands only where there is one.
        totals = {"owed": found.totals[0]} if len(found.totals) == 1 else {}
        return Summary(found.patients, totals)

    def _details(self, row: OpenFees) -> QWidget:
        return PatientFees(self, row, self._pay, self._show_visit)


class PatientFees(QWidget):
    """What one patient owes. The first fee that can be paid has the key of Pay."""

    def __init__(
        self,
        desk: DeskList,
        row: OpenFees,
        pay: Callable[[ConsultationDetails], object],
        show_visit: Callable[[str, int], object],
    ) -> None:
        super().__init__()
        self._desk, self._office, self.row = desk, desk.office, row
        self._pay, self._show_visit = pay, show_visit
        self.notice = InlineNotice(closable=True)
        self.change = Button(tr("Change the patient"), icon="pencil", on_click=self._change)
        self.change.setVisible(self._office.may(Action.EDIT_CUSTOMERS))
        self.pays: list[Button] = []
        self.owes = True
        self._body: QWidget | None = None
        verbs = FlowLayout()
        verbs.addWidget(self.change)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        number = tr("Patient {number}", number=row.patient_id)
        self._column.addWidget(Facts([(tr("Phone"), row.phone), (tr("Number"), number)]))
        self._column.addLayout(verbs)
        self._column.addWidget(self.notice)
        self._column.addStretch(1)
        desk.show_verbs({"change": self.change})
        self._office.tasks.watch(self, {Kind.PAYMENT, Kind.INVOICE}, lambda _changes: self.reload())
        self.reload()

    @Slot()
    def reload(self) -> None:
        """Read the fees again."""
        query = ConsultationQuery(
            states=frozenset({ConsultationState.OPEN}), patient_id=self.row.patient_id, descending=False
        )
        work = partial(list_consultations, self._office.till, self._office.actor, query, limit=_MOST)
        self._office.tasks.run(self, work, self._show, self.notice.show_error, label="open fees")

    def _show(self, rows: Sequence[ConsultationRow]) -> None:
        self.owes = bool(rows)
        if not rows and self.isVisible():
            # Paid or withdrawn meanwhile: the patient is in the list no more.
            self._desk.table.pane.close_pane()
            return
        if self._body is not None:
            self._body.hide()
            self._body.deleteLater()
        self.pays = []
        section = Section(ntr("{count} open fee", "{count} open fees", len(rows)), spacing=8)
        for each in rows:
            section.add(self._card(each))
        self._body = section
        self._column.insertWidget(self._column.count() - 1, section)
        verbs = {"change": self.change}
        if self.pays:
            verbs["pay"] = self.pays[0]
        self._desk.show_verbs(verbs)
        section.show()
        lay_out_now()

    def _card(self, row: ConsultationRow) -> QWidget:
        box, column = card()
        told = " · ".join((row.practitioner, row.code))
        amount, status = self._office.money(row.fee), status_of(row)
        column.addLayout(headed(told, amount, status))
        column.addWidget(plain_label(self._office.instant(row.held_at), "caption"))
        box.setAccessibleName(tr("{amount}, {told}. {status}", amount=amount, told=told, status=status.text))
        verbs = FlowLayout()
        # Late money is a manager's to use or give back; nobody pays meanwhile.
        if self._office.may(Action.TAKE_PAYMENT) and not row.paid_late:
            verb = tr("Open its payment") if row.being_paid else tr("Pay {amount}", amount=amount)
            first = not self.pays
            tone = ButtonTone.PRIMARY if first else ButtonTone.SECONDARY
            pay = Button(verb, tone=tone, icon="credit-card", on_click=partial(self._open, row.id))
            self.pays.append(pay)
            verbs.addWidget(pay)
        details = Button(
            tr("Details"),
            tone=ButtonTone.QUIET,
            icon="panel-right",
            name=tr("Details of {number}", number=row.code),
            on_click=partial(self._show_visit, row.code, row.id),
        )
        verbs.addWidget(details)
        column.addLayout(verbs)
        return box

    def _open(self, number: int) -> None:
        for button in self.pays:
            button.setEnabled(False)
        work = partial(load_consultation, self._office.till, self._office.actor, number)
        self._office.tasks.run(self, work, self._read, self._not_read, label="consultation")

    def _read(self, details: ConsultationDetails) -> None:
        for button in self.pays:
            button.setEnabled(True)
        self._pay(details)

    def _not_read(self, error: TillgateError) -> None:
        for button in self.pays:
            button.setEnabled(True)
        self.notice.show_error(error)

    @Slot()
    def _change(self) -> None:
        work = partial(load_customer, self._office.till, self._office.actor, self.row.patient_id)
        self._office.tasks.run(self, work, self._ask, self.notice.show_error, label="patient")

    def _ask(self, known: CustomerRecord) -> None:
        def saved(changed: object) -> None:
            name = changed.name if isinstance(changed, CustomerRecord) else known.name
            self._desk.say(tr("{name} is saved.", name=name))

        self._desk.open_form(CustomerForm(self, self._office, known), saved)


def ask_fee(owner: QWidget, office: BackOffice, notice: InlineNotice, then: Callable[[FeeDialog], object]) -> None:
    """Open the dialog of a new fee, once it is known who holds consultations."""

    def ask(known: Practitioners) -> None:
        if known.people:
            then(FeeDialog(owner, office, known))
            return
        notice.say(
            Tone.WAITING,
            tr("There is nobody yet who holds consultations."),
            tr("A manager adds a clinic, then its practitioners."),
        )

    office.tasks.run(owner, partial(load_practitioners, office), ask, notice.show_error, label="practitioners")


def _columns(office: BackOffice) -> list[Column[OpenFees]]:
    return [
        text_column(
            "patient", tr("Patient"), lambda row: row.name, sortable=False, width=200, stretch=True, strong=True
        ),
        count_column("count", tr("Fees"), lambda row: row.count, sortable=False, width=100),
        _owed_column(office),
        instant_column("oldest", tr("Oldest"), lambda row: row.oldest, sortable=False, width=168, minor=True),
        text_column("phone", tr("Phone"), lambda row: row.phone, sortable=False, width=150, minor=True),
        text_column("number", tr("Number"), lambda row: str(row.patient_id), sortable=False, width=90, minor=True),
    ]


def _owed_column(office: BackOffice) -> Column[OpenFees]:
    """An amount for each currency."""

    def show(row: OpenFees, _place: Place) -> str:
        return " + ".join(office.money(each) for each in row.totals)

    def export(row: OpenFees, place: Place) -> tuple[Exported, ...]:
        if len(row.totals) == 1:
            return (row.totals[0].decimal, row.totals[0].currency)
        return (show(row, place), "")

    heads = (tr("Owed"), tr("{column}, currency", column=tr("Owed")))
    return Column("owed", tr("Owed"), show, export, heads, right=True, sortable=False, width=150)
