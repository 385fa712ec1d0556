"""A customer: as little as a rental or a mail needs."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QCheckBox, QWidget

from tillgate.i18n import tr
from tillgate.services.customers import CustomerDraft, CustomerRecord, create_customer, update_customer
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.form_dialog import FormDialog
from tillgate.ui.widgets.fields import TextField


class CustomerForm(FormDialog):
    """`saved(CustomerRecord)`. `known` None writes a new one down, under a `title` of its own if there is one."""

    def __init__(
        self, parent: QWidget, office: BackOffice, known: CustomerRecord | None = None, *, title: str = ""
    ) -> None:
        title = tr("Change {name}", name=known.name) if known else title or tr("New customer")
        super().__init__(parent, office, title, verb=tr("Save"), width=520)
        self._known = known
        self.name = TextField(tr("Name"), limit=60)
        self.phone = TextField(tr("Phone"), limit=40)
        self.email = TextField(tr("E-mail"), limit=254)
        self.note = TextField(tr("Note"), placeholder=tr("No card numbers"), limit=200)
        self.active = QCheckBox(tr("In use: is found at the checkout"))
        self.active.setChecked(bool(known.active) if known else True)
        self.active.setVisible(known is not None)
        self.fields = {"name": self.name, "phone": self.phone, "email": self.email, "note": self.note}
        if known is not None:
            for field, text in (
                (self.name, known.name),
                (self.phone, known.phone),
                (self.email, known.email),
                (self.note, known.note),
            ):
                field.set_text(text)
        self.form.add(self.name)
        self.form.add(self.phone, self.email)
        self.form.add(self.note)
        self.form.add(self.active)
        self.name.setFocus()

    def save(self) -> None:
        """Save the customer as it was when the dialog opened."""
        draft = CustomerDraft(
            self.name.text, self.email.text, self.phone.text, self.note.text, active=self.active.isChecked()
        )
        till, actor, known = self._office.till, self._office.actor, self._known
        if known is None:
            self.run(partial(create_customer, till, actor, draft))
        else:
            self.run(partial(update_customer, till, actor, known.id, draft, known.version))
