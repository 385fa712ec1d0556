"""A Kenyan phone: typed in any form, and shown as it will be asked."""

from __future__ import annotations

from PySide6.QtCore import Slot

from tillgate.domain.errors import Invalid
from tillgate.domain.mpesa import check_phone
from tillgate.i18n import tr
from tillgate.ui.widgets.fields import TextField
from tillgate.ui.widgets.labels import plain_label, set_text


class PhoneField(TextField):
    """`normal` is the number as M-Pesa has it, "" while what is typed is none."""

    def __init__(self) -> None:
        super().__init__(tr("M-Pesa phone"), placeholder="0712 345 678", limit=40)
        self.shown = plain_label(role="caption", tone="settled")
        self.column.insertWidget(2, self.shown)
        self.changed.connect(self._show)
        self._show()

    @property
    def normal(self) -> str:
        """254 and nine digits."""
        try:
            return check_phone(self.text)
        except Invalid:
            return ""

    @Slot()
    def _show(self) -> None:
        number = self.normal
        said = f"+{number[:3]} {number[3:6]} {number[6:9]} {number[9:]}" if number else ""
        set_text(self.shown, tr("Asks {phone}", phone=said) if said else "")
        self.shown.setVisible(bool(said))
