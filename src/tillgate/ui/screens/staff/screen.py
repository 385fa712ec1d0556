"""The people of the store: who they are, taking on, changing, unlocking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from functools import partial

from PySide6.QtWidgets import QVBoxLayout

from tillgate.domain.changes import Changes, Kind
from tillgate.domain.errors import TillgateError
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.services.credentials import StaffRecord
from tillgate.services.staff import list_staff, unlock_staff
from tillgate.ui.dialogs.approval import Asked, Door, ask_permission, export_gate
from tillgate.ui.screen import Screen
from tillgate.ui.screens.kept_views import KeptViews
from tillgate.ui.screens.staff.own_pin_dialog import OwnPinDialog
from tillgate.ui.screens.staff.person_dialog import PersonDialog
from tillgate.ui.screens.staff.rows import narrowed, staff_columns, staff_filters
from tillgate.ui.screens.staff.view import PersonDetails, StaffView
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.data_table import DataTable, EmptyText, ListSource, Query, Sort

ORIGIN = "staff"


class StaffScreen(Screen):
    """The list is short, so it is read whole and narrowed here."""

    def __init__(self, door: Door, zone: tzinfo) -> None:
        super().__init__()
        self._door, self._zone = door, zone
        self.view = StaffView(self)
        self.table = DataTable(
            tr("People"),
            columns=staff_columns(),
            source=ListSource(self._rows),
            tasks=door.tasks,
            zone=zone,
            key=lambda person: person.id,
            filters=staff_filters(),
            details=lambda person: PersonDetails(person, zone, self._change, self._unlock),
            detail_title=lambda person: person.name,
            empty=EmptyText("users", tr("Nobody yet"), tr("Take somebody on, and they can sign in at once.")),
            sort=Sort("name"),
            refresh_on={Kind.STAFF},
            saved=KeptViews(door.till, door.actor),
            export_name="people",
            before_export=export_gate(self, door, "people"),
            parent=self.view,
        )
        self.view.column.addWidget(self.table, 1)
        self.view.take_on.clicked.connect(self._take_on)
        self.view.own_pin.clicked.connect(self._own_pin)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)

    def entered(self) -> None:
        """The focus goes to the list."""
        self.table.setFocus()

    def go_back(self) -> bool:
        """Esc: close the details."""
        open_now = not self.table.pane.isHidden()
        self.table.pane.close_pane()
        self.table.setFocus()
        return open_now

    def _rows(self, query: Query) -> Sequence[StaffRecord]:
        return narrowed(list_staff(self._door.till, self._door.actor), query)

    def _take_on(self) -> None:
        self._open(PersonDialog(self, self._door))

    def _change(self, person: StaffRecord) -> None:
        self._open(PersonDialog(self, self._door, person))

    def _open(self, dialog: PersonDialog) -> None:
        dialog.saved.connect(self._saved)
        dialog.open()

    def _saved(self, person: StaffRecord) -> None:
        self._say(tr("{name} is saved.", name=person.name))

    def _own_pin(self) -> None:
        dialog = OwnPinDialog(self, self._door)
        dialog.changed.connect(lambda: self._say(tr("Your PIN is changed.")))
        dialog.open()

    def _unlock(self, person: StaffRecord) -> None:
        work = partial(unlock_staff, self._door.till, self._door.actor, person.id)

        def done(_nothing: None) -> None:
            self._say(tr("{name} can try again.", name=person.name))

        self._door.tasks.run(self, work, done, partial(self._refused, person))

    def _refused(self, person: StaffRecord, error: TillgateError) -> None:
        def again(_token: str | None) -> None:
            self._unlock(person)

        if not ask_permission(self, self._door, Asked(Action.UNLOCK_STAFF), error, again):
            self.view.notice.show_error(error)

    def _say(self, text: str) -> None:
        self.view.notice.say(Tone.SETTLED, text)
        self._door.tasks.broadcast(Changes.of(Kind.STAFF, origin=ORIGIN))
