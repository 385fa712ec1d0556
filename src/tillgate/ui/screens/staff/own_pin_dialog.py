"""Anybody's own PIN: the old one, and the new one twice."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from tillgate.domain.errors import Invalid, TillgateError
from tillgate.domain.pins import normal
from tillgate.i18n import tr
from tillgate.services.staff import change_own_pin
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.message_text import message_for
from tillgate.ui.theme import Density
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.fields import TextField


class OwnPinDialog(Dialog):
    """`changed` when the new PIN is in force."""

    changed = Signal()

    def __init__(self, parent: QWidget, door: Door) -> None:
        super().__init__(
            parent, tr("Change my PIN"), verb=tr("Change"), on_accept=self._change, density=Density.COMPACT
        )
        self._door = door
        self.old = TextField(tr("Present PIN or passphrase"), secret=True, limit=128)
        self.new = TextField(tr("New PIN or passphrase"), secret=True, limit=128)
        self.again = TextField(tr("The same again"), secret=True, limit=128)
        for field in (self.old, self.new, self.again):
            self.add(field)
        self.old.setFocus()

    def _change(self) -> None:
        if normal(self.new.line.text()) != normal(self.again.line.text()):
            self.again.show_error(message_for(Invalid("pins_differ", field="again")).what)
            self.again.setFocus()
            return
        self.notice.clear()
        self.set_working(True)
        old, new = self.old.line.text(), self.new.line.text()
        work = partial(change_own_pin, self._door.till, self._door.actor, self._door.pins, old, new)
        self._door.tasks.run(self, work, self._done, self._refused)

    def _done(self, _nothing: None) -> None:
        self.changed.emit()
        self.accept()

    def _refused(self, error: TillgateError) -> None:
        self.set_working(False)
        field = {"pin_wrong": self.old, "pin_wait": self.old}.get(error.code)
        if field is None and error.values.get("field") == "pin":
            field = self.new
        if field is None:
            self.show_error(error)
            return
        words = message_for(error)
        wait = words.next if error.code == "pin_wait" or isinstance(error, Invalid) else ""
        field.show_error(" ".join(part for part in (words.what, wait) if part))
        field.setFocus()
