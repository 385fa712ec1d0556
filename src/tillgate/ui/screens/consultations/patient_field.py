"""Whose fee it is."""

from __future__ import annotations

from tillgate.i18n import tr
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.person_field import PersonField, PersonWords


class PatientField(PersonField):
    """`value` is the patient's number, once `chosen`."""

    def __init__(self, office: BackOffice) -> None:
        words = PersonWords(
            title=tr("Patient"),
            search=tr("Patient’s name, phone or e-mail"),
            found=tr("Patients found"),
            other=tr("Another patient"),
            new=tr("New patient"),
            nobody=tr("Nobody found. Write a new patient down."),
            unread=tr("The patients can’t be read just now. Type again in a moment."),
        )
        super().__init__(office, words)
