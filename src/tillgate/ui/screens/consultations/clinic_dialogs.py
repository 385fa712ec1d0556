"""A clinic, and a practitioner of one. What fees and papers hang on stays what it was when it was added."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtWidgets import QCheckBox, QWidget

from tillgate.domain.settings import STORE_CURRENCY
from tillgate.i18n import tr
from tillgate.services.clinics import (
    ClinicDraft,
    ClinicRecord,
    PractitionerDraft,
    PractitionerRecord,
    save_clinic,
    save_practitioner,
)
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.form_dialog import ChoiceField, FormDialog
from tillgate.ui.widgets.fields import TextField


class ClinicDialog(FormDialog):
    """`saved(clinic_id)`. `known` None adds one."""

    def __init__(self, parent: QWidget, office: BackOffice, known: ClinicRecord | None = None) -> None:
        title = tr("Change {name}", name=known.name) if known else tr("New clinic")
        told = tr("Code, country and currency stay what they are. Papers made before keep what they say.")
        super().__init__(parent, office, title, told if known else "", verb=tr("Save the clinic"))
        self._known = known
        self.name = TextField(tr("Name"), limit=120)
        self.code = TextField(tr("Code"), placeholder=tr("Short and unique, as BAYANI"), limit=32)
        self.country = TextField(tr("Country"), placeholder=tr("Two letters, as PH"), limit=2)
        self.currency = TextField(tr("Currency"), placeholder=tr("Three letters, as PHP"), limit=3)
        self.address = TextField(tr("Address on invoices"), limit=300)
        self.email = TextField(tr("E-mail"), limit=254)
        self.phone = TextField(tr("Phone"), limit=40)
        self.tax_number = TextField(tr("Tax number"), limit=40)
        self.brand_color = TextField(tr("Colour of the invoices"), placeholder="#1D4ED8", limit=7)
        self.brand_mark = TextField(tr("Letters of the mark"), placeholder=tr("One to three"), limit=3)
        self.active = QCheckBox(tr("In use: fees can be written down for it"))
        self._texts = {
            "name": self.name, "code": self.code, "country": self.country, "currency": self.currency,
            "address": self.address, "email": self.email, "phone": self.phone, "tax_number": self.tax_number,
            "brand_color": self.brand_color, "brand_mark": self.brand_mark,
        }  # fmt: skip
        self.fields = {**self._texts}
        self.form.add(self.name, self.code)
        self.form.add(self.country, self.currency)
        self.form.add(self.address)
        self.form.add(self.email, self.phone)
        self.form.add(self.tax_number)
        self.form.add(self.brand_color, self.brand_mark)
        self.form.add(self.active)
        self.active.setVisible(known is not None)
        self.active.setChecked(bool(known.active) if known else True)
        self._fill()
        self.name.setFocus()

    def _fill(self) -> None:
        if self._known is None:
            self.currency.set_text(self._office.till.settings()[STORE_CURRENCY])
            return
        for name, field in self._texts.items():
            field.set_text(str(getattr(self._known, name)))
        for field in (self.code, self.country, self.currency):
            field.setEnabled(False)

    def save(self) -> None:
        """Read the fields and save the clinic."""
        texts = {name: field.text for name, field in self._texts.items()}
        draft = ClinicDraft(**{**texts, "currency": texts["currency"].upper()}, active=self.active.isChecked())
        known = self._known
        till, actor = self._office.till, self._office.actor
        version = known.version if known else 0
        self.run(partial(save_clinic, till, actor, draft, clinic_id=known.id if known else None, version=version))


class PractitionerDialog(FormDialog):
    """`saved(practitioner_id)`. `known` None adds one to one of the `clinics`."""

    def __init__(
        self,
        parent: QWidget,
        office: BackOffice,
        clinics: Sequence[ClinicRecord],
        known: PractitionerRecord | None = None,
    ) -> None:
        title = tr("Change {name}", name=known.name) if known else tr("New practitioner")
        told = tr("Code and clinic stay what they are.") if known else ""
        super().__init__(parent, office, title, told, verb=tr("Save the practitioner"), width=520)
        self._known = known
        self.name = TextField(tr("Name"), limit=120)
        self.code = TextField(tr("Code"), placeholder=tr("As DR-SANTOS"), limit=32)
        self.specialty = TextField(tr("Specialty"), placeholder=tr("As “Cardiology”"), limit=120)
        self.clinic = ChoiceField(tr("Clinic"))
        for each in clinics:
            self.clinic.combo.addItem(each.name, each.id)
        self.active = QCheckBox(tr("In use: fees can be written down for their consultations"))
        self.fields = {"name": self.name, "code": self.code, "specialty": self.specialty, "clinic_id": self.clinic}
        self.form.add(self.name)
        self.form.add(self.code, self.specialty)
        self.form.add(self.clinic)
        self.form.add(self.active)
        self.active.setVisible(known is not None)
        self.active.setChecked(bool(known.active) if known else True)
        if known is not None:
            self.name.set_text(known.name)
            self.code.set_text(known.code)
            self.specialty.set_text(known.specialty)
            self.clinic.choose(known.clinic_id)
            self.code.setEnabled(False)
            self.clinic.setEnabled(False)
        self.name.setFocus()

    def save(self) -> None:
        """Read the fields and save the practitioner."""
        draft = PractitionerDraft(
            self.clinic.value, self.code.text, self.name.text, self.specialty.text, active=self.active.isChecked()
        )
        till, actor, known = self._office.till, self._office.actor, self._known
        number, version = (known.id, known.version) if known else (None, 0)
        self.run(partial(save_practitioner, till, actor, draft, practitioner_id=number, version=version))
