"""The delivery address: the document's fields, each saying itself what is wrong with it."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from tillgate.domain.errors import Invalid
from tillgate.domain.instalments import ADDRESS_FIELDS, DeliveryAddress, check_address
from tillgate.i18n import mark, tr
from tillgate.ui.message_text import message_for
from tillgate.ui.screens.form_dialog import sentence
from tillgate.ui.widgets.fields import TextField

_LABELS: Final = {
    "name": mark("Name of the recipient"),
    "phone": mark("Phone of the recipient"),
    "line1": mark("Address"),
    "line2": mark("Second line of the address (optional)"),
    "city": mark("City"),
    "region": mark("State or province"),
    "pincode": mark("Postal code (PIN)"),
    "country": mark("Country"),
    "landmark": mark("Landmark (optional)"),
}
_NAMES: Final = {document: ours for ours, (document, _longest) in ADDRESS_FIELDS.items()}
COUNTRY: Final = "India"


class AddressForm(QWidget):
    """`changed` while it is typed; `done` on Enter in the last field, or in any once the address is whole."""

    changed = Signal()
    done = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.fields = {name: TextField(tr(label), limit=ADDRESS_FIELDS[name][1]) for name, label in _LABELS.items()}
        self.fields["country"].set_text(COUNTRY)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for at, (name, field) in enumerate(self.fields.items()):
            grid.addWidget(field, at // 2, at % 2)
            field.changed.connect(lambda _text: self.changed.emit())
            field.submitted.connect(lambda name=name: self._next(name))
        grid.setRowStretch(len(self.fields), 1)
        for column in range(2):
            grid.setColumnStretch(column, 1)
        self.setFocusProxy(self.fields["name"])

    @property
    def address(self) -> DeliveryAddress:
        """As it is typed."""
        return DeliveryAddress(**{name: field.text for name, field in self.fields.items()})

    @property
    def untouched(self) -> bool:
        """Whether nobody has typed an address yet."""
        return not any(field.text for name, field in self.fields.items() if name != "country")

    @property
    def fault(self) -> Invalid | None:
        """What is wrong with it as it stands."""
        try:
            check_address(self.address)
        except Invalid as error:
            return error
        return None

    @property
    def lacks(self) -> str:
        """What is missing or wrong as it stands, in a sentence; "" where it is whole."""
        fault = self.fault
        return message_for(self._named(fault)).what if fault is not None else ""

    def fill(self, address: DeliveryAddress) -> None:
        """Show an address."""
        for each in fields(address):
            self.fields[each.name].set_text(getattr(address, each.name))
            self.fields[each.name].show_error("")

    def check(self) -> bool:
        """Whether it can be; where not, the field says why and has the focus."""
        fault = self.fault
        return fault is None or not self.show_error(fault)

    def has_field_of(self, error: Invalid) -> bool:
        """Whether an error is about one of these fields."""
        return error.values.get("field") in _NAMES

    def show_error(self, error: Invalid) -> bool:
        """Say it at the field that it is about; False where there is none."""
        if not self.has_field_of(error):
            return False
        name = _NAMES[str(error.values["field"])]
        field = self.fields[name]
        field.show_error(sentence(self._named(error)))
        field.setFocus()
        return True

    @staticmethod
    def _named(error: Invalid) -> Invalid:
        """With the field as it is called here."""
        label = tr(_LABELS[_NAMES[str(error.values["field"])]])
        return Invalid(error.code, field=label, longest=error.values.get("longest", 0))

    def _next(self, name: str) -> None:
        names = list(self.fields)
        at = names.index(name)
        if at + 1 == len(names) or self.fault is None:
            self.done.emit()
        else:
            self.fields[names[at + 1]].setFocus()
