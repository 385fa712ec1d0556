"""A manager's own credential in a dialog: who, and their PIN."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.i18n import tr
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.pin_entry import PinEntry


class ManagerPin(QWidget):
    """`submitted` on Enter. `name` and `pin` are the credential; `refuse` shows why it was not taken."""

    submitted = Signal()
    changed = Signal()

    def __init__(self, managers: Sequence[str]) -> None:
        super().__init__()
        self.who = QComboBox()
        self.who.setAccessibleName(tr("Manager"))
        self.who.addItems(list(managers))
        self.entry = PinEntry(tr("Manager’s PIN or passphrase"), dense=True)
        label = plain_label(tr("Manager"), "label")
        label.setBuddy(self.who)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(label)
        column.addWidget(self.who)
        column.addSpacing(4)
        column.addWidget(self.entry)
        self.setFocusProxy(self.entry)
        self.entry.submitted.connect(self.submitted)
        self.entry.changed.connect(self.changed)
        self.who.currentTextChanged.connect(self._other)

    @property
    def name(self) -> str:
        """Who is asked."""
        return self.who.currentText()

    @property
    def pin(self) -> str:
        """What was typed."""
        return self.entry.text

    @property
    def ready(self) -> bool:
        """Whether there is something to check."""
        return bool(self.name and self.pin) and not self.entry.held

    def show_managers(self, managers: Sequence[str]) -> None:
        """Offer other managers."""
        self.who.clear()
        self.who.addItems(list(managers))

    def refuse(self, error: TillgateError) -> bool:
        """Show a refusal that is about the PIN; False for any other error."""
        self.entry.clear()
        if error.code not in {"pin_wrong", "pin_wait"}:
            return False
        self.entry.refuse(error)
        self.entry.setFocus()
        return True

    @Slot()
    def _other(self) -> None:
        self.entry.clear()
