"""The clinics of a store and their practitioners: short lists, read whole and narrowed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import Final, TypeVar

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.services.clinics import (
    ClinicDraft,
    ClinicRecord,
    PractitionerDraft,
    PractitionerRecord,
    list_clinics,
    list_practitioners,
    save_clinic,
    save_practitioner,
)
from tillgate.ui.screens.catalogue.words import IN_USE
from tillgate.ui.screens.consultations.clinic_dialogs import ClinicDialog, PractitionerDialog
from tillgate.ui.screens.consultations.desk_list import DeskList
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.data_table import (
    Choice,
    ChoiceFilter,
    Column,
    DataTable,
    EmptyText,
    ListSource,
    Query,
    Sort,
    status_column,
    text_column,
)
from tillgate.ui.widgets.facts import Facts
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import NoticeAction
from tillgate.ui.widgets.status_badge import StatusBadge

R = TypeVar("R", ClinicRecord, PractitionerRecord)
USE, ACTIVE, INACTIVE = "use", "active", "inactive"
_USES: Final = {ACTIVE: mark("In use"), INACTIVE: mark("Not in use")}


class ClinicList(DeskList):
    """Whom fees are owed to."""

    def make_table(self) -> DataTable:
        """Clinics by name."""
        columns: list[Column[ClinicRecord]] = [
            text_column("name", tr("Clinic"), lambda row: row.name, width=200, stretch=True, strong=True),
            text_column("code", tr("Code"), lambda row: row.code, width=120),
            text_column("country", tr("Country"), lambda row: row.country, sortable=False, width=90, minor=True),
            text_column("currency", tr("Currency"), lambda row: row.currency, sortable=False, width=96, minor=True),
            status_column("active", tr("State"), lambda row: IN_USE[bool(row.active)], sortable=False, width=130),
            text_column("phone", tr("Phone"), lambda row: row.phone, sortable=False, width=150, minor=True),
            text_column("email", tr("E-mail"), lambda row: row.email, sortable=False, width=190, minor=True),
        ]
        empty = EmptyText(
            "building-2",
            tr("No clinics yet"),
            tr("Fees are owed to a clinic; its country says which taxes there are."),
            NoticeAction(tr("New clinic"), self.add, "plus"),
        )
        return _table(self, tr("Clinics"), columns, ListSource(self._rows), empty=empty, name="clinics")

    def add(self) -> None:
        """Ask for a clinic."""
        self.open_form(ClinicDialog(self, self.office), lambda _id: self.say(tr("The clinic is added.")))

    def _rows(self, query: Query) -> Sequence[ClinicRecord]:
        found = list_clinics(self.office.till, self.office.actor, out_of_use=True)
        return narrowed(query, found, lambda row: f"{row.name} {row.code} {row.email} {row.phone}")

    def _change(self, row: ClinicRecord) -> None:
        self.open_form(
            ClinicDialog(self, self.office, row), lambda _id: self.say(tr("{name} is saved.", name=row.name))
        )

    def _use(self, row: ClinicRecord) -> None:
        kept = {each.name: getattr(row, each.name) for each in fields(ClinicDraft)}
        draft = ClinicDraft(**{**kept, "active": not row.active})
        work = partial(save_clinic, self.office.till, self.office.actor, draft, clinic_id=row.id, version=row.version)
        said = tr("{name} is not used for new fees any more.", name=row.name)
        said = said if row.active else tr("{name} is in use again.", name=row.name)
        self.office.tasks.run(self, work, lambda _id: self.say(said), self.notice.show_error, label="clinic")

    def details(self, row: ClinicRecord) -> QWidget:
        """One clinic."""
        facts = [
            (tr("Code"), row.code),
            (tr("Country"), row.country),
            (tr("Currency"), row.currency),
            (tr("Address"), row.address),
            (tr("E-mail"), row.email),
            (tr("Phone"), row.phone),
            (tr("Tax number"), row.tax_number),
            (tr("Mark"), row.brand_mark),
            (tr("Colour"), row.brand_color),
        ]
        return _Pane(self, row.name, facts, partial(self._change, row), partial(self._use, row), active=row.active)


class PractitionerList(DeskList):
    """Who holds consultations."""

    def make_table(self) -> DataTable:
        """Practitioners by name."""
        self._clinics: dict[int, ClinicRecord] = {}
        columns: list[Column[PractitionerRecord]] = [
            text_column("name", tr("Practitioner"), lambda row: row.name, width=200, stretch=True, strong=True),
            text_column("specialty", tr("Specialty"), lambda row: row.specialty, sortable=False, width=180),
            status_column("active", tr("State"), lambda row: IN_USE[bool(row.active)], sortable=False, width=130),
            text_column("code", tr("Code"), lambda row: row.code, width=120, minor=True),
            text_column("clinic", tr("Clinic"), self._clinic, sortable=False, width=190, minor=True),
        ]
        empty = EmptyText(
            "users",
            tr("No practitioners yet"),
            tr("A fee names who held the consultation."),
            NoticeAction(tr("New practitioner"), self.add, "plus"),
        )
        return _table(self, tr("Practitioners"), columns, ListSource(self._rows), empty=empty, name="practitioners")

    def add(self) -> None:
        """Ask for a practitioner; they belong to a clinic."""
        self._ask(None)

    def _ask(self, row: PractitionerRecord | None) -> None:
        def ask(clinics: Sequence[ClinicRecord]) -> None:
            offered = [each for each in clinics if each.active or (row is not None and each.id == row.clinic_id)]
            if not offered:
                self.notice.say(Tone.WAITING, tr("There is no clinic yet."), tr("Add a clinic first."))
                return
            said = tr("The practitioner is saved.")
            self.open_form(PractitionerDialog(self, self.office, offered, row), lambda _id: self.say(said))

        work = partial(list_clinics, self.office.till, self.office.actor, out_of_use=True)
        self.office.tasks.run(self, work, ask, self.notice.show_error, label="clinics")

    def _clinic(self, row: PractitionerRecord) -> str:
        known = self._clinics.get(row.clinic_id)
        return known.name if known is not None else ""

    def _rows(self, query: Query) -> Sequence[PractitionerRecord]:
        self._clinics = {each.id: each for each in list_clinics(self.office.till, self.office.actor, out_of_use=True)}
        found = list_practitioners(self.office.till, self.office.actor, out_of_use=True)
        return narrowed(query, found, lambda row: f"{row.name} {row.code} {row.specialty} {self._clinic(row)}")

    def _use(self, row: PractitionerRecord) -> None:
        kept = {each.name: getattr(row, each.name) for each in fields(PractitionerDraft)}
        draft = PractitionerDraft(**{**kept, "active": not row.active})
        till, actor = self.office.till, self.office.actor
        work = partial(save_practitioner, till, actor, draft, practitioner_id=row.id, version=row.version)
        said = tr("{name} is not used for new fees any more.", name=row.name)
        said = said if row.active else tr("{name} is in use again.", name=row.name)
        self.office.tasks.run(self, work, lambda _id: self.say(said), self.notice.show_error, label="practitioner")

    def details(self, row: PractitionerRecord) -> QWidget:
        """One practitioner."""
        facts = [(tr("Specialty"), row.specialty), (tr("Code"), row.code), (tr("Clinic"), self._clinic(row))]
        return _Pane(self, row.name, facts, partial(self._ask, row), partial(self._use, row), active=row.active)


class _Pane(QWidget):
    """One of them, to be changed, and taken out of use instead of deleted."""

    def __init__(
        self,
        desk: DeskList,
        name: str,
        facts: Sequence[tuple[str, str]],
        change: partial[None],
        use: partial[None],
        *,
        active: int,
    ) -> None:
        super().__init__()
        self.change = Button(tr("Change"), icon="pencil", on_click=change)
        self.use = Button(
            tr("Take out of use") if active else tr("Take into use"),
            icon="circle-pause" if active else "play",
            on_click=use,
        )
        verbs = FlowLayout()
        for button in (self.change, self.use):
            button.setVisible(desk.office.may(Action.EDIT_CATALOGUE))
            verbs.addWidget(button)
        head = QHBoxLayout()
        head.addWidget(plain_label(name, "strong", wrap=True), 1)
        head.addWidget(StatusBadge(IN_USE[bool(active)]))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(head)
        column.addLayout(verbs)
        column.addWidget(Facts([row for row in facts if row[1]]))
        column.addStretch(1)
        desk.show_verbs({"change": self.change})


def narrowed(query: Query, found: Sequence[R], said: Callable[[R], str]) -> list[R]:
    """The rows that a query asks for, in its order."""
    words, use = query.text.casefold().split(), query.choice(USE)
    rows = [
        each
        for each in found
        if all(word in said(each).casefold() for word in words) and use in {None, ACTIVE if each.active else INACTIVE}
    ]
    if query.sort is not None:
        by_code = query.sort.key == "code"
        rows.sort(key=lambda each: (each.code if by_code else each.name).casefold(), reverse=query.sort.descending)
    return rows


def _table(
    desk: ClinicList | PractitionerList,
    title: str,
    columns: Sequence[Column[R]],
    source: ListSource[R],
    *,
    empty: EmptyText,
    name: str,
) -> DataTable:
    office = desk.office
    return DataTable(
        title,
        columns=columns,
        source=source,
        tasks=office.tasks,
        zone=office.zone,
        key=lambda row: row.id,
        filters=[ChoiceFilter(USE, tr("State"), [Choice(key, tr(word)) for key, word in _USES.items()])],
        details=desk.details,
        detail_title=lambda row: row.name,
        empty=empty,
        sort=Sort("name"),
        refresh_on={Kind.CATALOGUE},
        saved=office.views,
        export_name=name,
        exportable=office.may(Action.EXPORT),
        before_export=office.before_export(desk, name),
        own_keys=False,
    )
