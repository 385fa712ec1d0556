"""Taking somebody on, or changing them: name, role, a PIN typed twice, and whether they still work here."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from tillgate.domain.errors import Invalid, TillgateError
from tillgate.domain.pins import SHORTEST_PASSPHRASE, SHORTEST_PIN, normal
from tillgate.domain.staff import Action, Role
from tillgate.i18n import tr
from tillgate.services.credentials import StaffRecord
from tillgate.services.staff import NewPerson, PersonChange, create_staff, update_staff
from tillgate.ui.dialogs.approval import Asked, Door, ask_permission
from tillgate.ui.message_text import message_for
from tillgate.ui.screens.staff.rows import role_text
from tillgate.ui.theme import Density
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.fields import TextField
from tillgate.ui.widgets.labels import plain_label, set_text


class PersonDialog(Dialog):
    """`saved(StaffRecord)`. `person` None takes somebody on."""

    saved = Signal(object)

    def __init__(self, parent: QWidget, door: Door, person: StaffRecord | None = None) -> None:
        title = tr("Change {name}", name=person.name) if person else tr("Take somebody on")
        verb = tr("Save") if person else tr("Take on")
        super().__init__(parent, title, verb=verb, on_accept=self._save, icon="save", density=Density.COMPACT)
        self._door, self._person = door, person
        self.name = TextField(tr("Name"), limit=60)
        self.role = QComboBox()
        self.role.setAccessibleName(tr("Role"))
        for role in Role:
            self.role.addItem(role_text(role), role)
        pin = tr("New PIN or passphrase (empty leaves it)") if person else tr("PIN or passphrase")
        self.pin = TextField(pin, secret=True, limit=128)
        self.again = TextField(tr("The same again"), secret=True, limit=128)
        self.rule = plain_label(role="caption", wrap=True)
        self.active = QCheckBox(tr("Works here"))
        role_label = plain_label(tr("Role"), "label")
        role_label.setBuddy(self.role)
        for widget in (self.name, role_label, self.role, self.pin, self.rule, self.again, self.active):
            self.add(widget)
        self.active.setVisible(person is not None)
        if person is not None:
            self.name.set_text(person.name)
            self.role.setCurrentIndex(self.role.findData(person.role))
            self.active.setChecked(bool(person.active))
        self.role.currentIndexChanged.connect(self._show_rule)
        self._show_rule()
        self.name.setFocus()

    @Slot()
    def _show_rule(self) -> None:
        values = {"digits": SHORTEST_PIN[self._role], "passphrase": SHORTEST_PASSPHRASE}
        set_text(self.rule, tr("At least {digits} digits, or a passphrase of {passphrase} characters.", **values))

    @property
    def _role(self) -> Role:
        return Role(self.role.currentData())

    def _save(self, _token: str | None = None) -> None:
        if normal(self.pin.line.text()) != normal(self.again.line.text()):
            self.again.show_error(message_for(Invalid("pins_differ", field="again")).what)
            self.again.setFocus()
            return
        self.notice.clear()
        self.set_working(True)
        self._door.tasks.run(self, self._work(), self._done, self._refused)

    def _work(self) -> partial[StaffRecord]:
        door, person, pin = self._door, self._person, self.pin.line.text()
        if person is None:
            new = NewPerson(self.name.text, self._role, pin)
            return partial(create_staff, door.till, door.actor, door.pins, new)
        active = self.active.isChecked()
        change = PersonChange(person.id, person.version, self.name.text, self._role, active, pin)
        return partial(update_staff, door.till, door.actor, door.pins, change)

    def _done(self, person: StaffRecord) -> None:
        self.saved.emit(person)
        self.accept()

    def _refused(self, error: TillgateError) -> None:
        self.set_working(False)
        field = {"name": self.name, "pin": self.pin}.get(str(error.values.get("field", "")))
        if isinstance(error, Invalid) and field is not None:
            words = message_for(error)
            field.show_error(" ".join(part for part in (words.what, words.next) if part))
            field.setFocus()
        elif not ask_permission(self, self._door, Asked(Action.EDIT_STAFF), error, self._save):
            self.show_error(error)
