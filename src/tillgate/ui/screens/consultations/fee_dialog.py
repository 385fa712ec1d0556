"""A fee that a patient owes: written down, corrected, or not owed after all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtWidgets import QComboBox, QStackedWidget, QWidget

from tillgate.domain.money import Money
from tillgate.i18n import tr
from tillgate.services.clinics import ClinicRecord, PractitionerRecord, list_clinics, list_practitioners
from tillgate.services.consultation_edits import (
    ConsultationDraft,
    cancel_consultation,
    correct_consultation,
    record_consultation,
)
from tillgate.services.consultation_rows import Visit
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.consultations.patient_field import PatientField
from tillgate.ui.screens.form_dialog import ChoiceField, FormDialog
from tillgate.ui.widgets.fields import MoneyField, TextField
from tillgate.ui.widgets.moments import MomentField


@dataclass(frozen=True, slots=True)
class Practitioners:
    """Who holds consultations now, and in which currency."""

    people: tuple[PractitionerRecord, ...]
    clinics: dict[int, ClinicRecord]

    def currency_of(self, person: PractitionerRecord) -> str:
        """The currency of a practitioner's clinic."""
        return self.clinics[person.clinic_id].currency


def load_practitioners(office: BackOffice) -> Practitioners:
    """On the lane: whom a fee can be written down for."""
    people = list_practitioners(office.till, office.actor)
    clinics = {each.id: each for each in list_clinics(office.till, office.actor)}
    return Practitioners(tuple(each for each in people if each.clinic_id in clinics), clinics)


class FeeDialog(FormDialog):
    """`saved(ConsultationRecord)`. `visit` None writes a new one down; else it is corrected as it was read."""

    def __init__(self, parent: QWidget, office: BackOffice, known: Practitioners, visit: Visit | None = None) -> None:
        title, told = tr("New fee"), ""
        if visit is not None:
            title = tr("Change the fee of {name}", name=visit.patient.name)
            told = tr("A new fee takes the place of this one, which is kept as not owed. Another note is only noted.")
        super().__init__(parent, office, title, told, verb=tr("Save the fee"), width=600)
        self._known, self._visit = known, visit
        self.patient = PatientField(office)
        self.practitioner = ChoiceField(tr("Practitioner"))
        # Long names are cut rather than taking the room of what stands beside them.
        self.practitioner.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        several = len(known.clinics) > 1
        for each in known.people:
            clinic = known.clinics[each.clinic_id].name
            shown = " · ".join(filter(None, (each.name, each.specialty, clinic if several else "")))
            self.practitioner.combo.addItem(shown, each)
        self._amounts = {currency: MoneyField(tr("Fee"), currency) for currency in _currencies(known)}
        self._amount = QStackedWidget()
        for field in self._amounts.values():
            self._amount.addWidget(field)
        self.held = MomentField(tr("Held"), visit.consultation.held_at if visit else office.now(), office.zone)
        self.code = TextField(tr("Visit’s number"), placeholder=tr("Made up where it has none"), limit=40)
        self.note = TextField(tr("Note"), placeholder=tr("No card numbers"), limit=200)
        self.form.add(self.patient)
        self.form.add(self.practitioner)
        self.form.add(self._amount, self.held)
        self.form.add(self.code, self.note)
        self.practitioner.changed.connect(self._show_currency)
        self.patient.chosen.connect(self.practitioner.setFocus)
        self._show_currency()
        self._fill()

    @property
    def fee(self) -> MoneyField:
        """The amount, in the currency of the practitioner's clinic."""
        return self._amounts[self._known.currency_of(self.practitioner.value)]

    def choose_patient(self, patient_id: int, name: str, phone: str) -> None:
        """Whose fee it is, where that is known before."""
        self.patient.show_person(patient_id, name, phone)
        self.practitioner.setFocus()

    def _fill(self) -> None:
        self.patient.setFocus()
        if self._visit is None:
            return
        here = self._visit.consultation
        at = next((at for at, each in enumerate(self._known.people) if each.id == here.practitioner_id), -1)
        self.practitioner.combo.setCurrentIndex(at)
        self.code.set_text(here.code)
        self.note.set_text(here.note)
        self._show_currency()
        if here.currency in self._amounts:
            self._amounts[here.currency].set_amount(here.fee)
        self.patient.show_person(here.patient_id, self._visit.patient.name, self._visit.patient.phone)
        self.fee.setFocus() if at >= 0 else self.practitioner.setFocus()

    def _show_currency(self) -> None:
        if self.practitioner.value is None:
            return
        before, now = self._amount.currentWidget(), self.fee
        if isinstance(before, MoneyField) and before is not now:
            now.set_text(before.text)
        self._amount.setCurrentWidget(now)
        self._amount.setFocusProxy(now)
        self.fields = {
            "patient": self.patient, "practitioner": self.practitioner, "fee": now, "held_at": self.held,
            "code": self.code, "note": self.note,
        }  # fmt: skip

    def save(self) -> None:
        """Choose who is marked, as long as nobody is chosen; then read the fields and save the fee."""
        if self.patient.value is None:
            if not self.patient.pick() and self.patient.list.isHidden():
                self.patient.show_error(tr("Choose whose fee it is."))
            return
        who = self.practitioner.value
        if who is None:
            self.practitioner.show_error(tr("Choose who held the consultation."))
            self.practitioner.setFocus()
            return
        amount: Money | None = self.fee.amount()
        if amount is None:
            self.all_read({self.fee: amount})
            return
        draft = ConsultationDraft(who.id, self.patient.value, amount, self.held.value, self.code.text, self.note.text)
        till, actor = self._office.till, self._office.actor
        if self._visit is None:
            self.run(partial(record_consultation, till, actor, draft))
        else:
            here = self._visit.consultation
            self.run(partial(correct_consultation, till, actor, here.id, draft, here.version))


class WithdrawDialog(FormDialog):
    """`saved(ConsultationRecord)`: a fee is not owed after all, with a reason."""

    def __init__(self, parent: QWidget, office: BackOffice, visit: Visit) -> None:
        here = visit.consultation
        super().__init__(
            parent,
            office,
            tr("Withdraw the fee of {name}, {amount}", amount=office.money(here.fee), name=visit.patient.name),
            tr("The fee is not owed any more. It stays in the list, with the reason in the audit log."),
            verb=tr("Withdraw the fee"),
            width=480,
        )
        self.go.show_icon("circle-minus")
        self._id = here.id
        self.reason = TextField(tr("Reason"), placeholder=tr("As “not held” or “written down twice”"), limit=200)
        self.fields = {"reason": self.reason}
        self.form.add(self.reason)
        self.reason.setFocus()

    def save(self) -> None:
        """Withdraw it."""
        self.run(partial(cancel_consultation, self._office.till, self._office.actor, self._id, self.reason.text))


def _currencies(known: Practitioners) -> Sequence[str]:
    return sorted({known.currency_of(each) for each in known.people})
