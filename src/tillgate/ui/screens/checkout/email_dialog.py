"""The e-mail address of a customer who has none yet, for the mails of this sale."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from tillgate.domain.errors import Invalid, TillgateError
from tillgate.i18n import tr
from tillgate.services.customers import CustomerDraft, CustomerRecord, update_customer
from tillgate.ui.message_text import message_for
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.fields import TextField


class EmailDialog(Dialog):
    """`saved()` is called once the customer has the address."""

    def __init__(
        self, parent: QWidget, desk: CheckoutDesk, customer: CustomerRecord, saved: Callable[[], object]
    ) -> None:
        super().__init__(
            parent,
            tr("E-mail of {name}", name=customer.name),
            tr("The receipt and the order confirmations are sent there."),
            verb=tr("Save the address"),
            on_accept=self._save,
            icon="mail",
            back=tr("No e-mail"),
        )
        self._desk, self._customer, self._saved = desk, customer, saved
        self.email = TextField(tr("E-mail"), placeholder="name@example.com")
        self.add(self.email)
        self.email.line.setFocus()

    def _save(self) -> None:
        if not self.go.isEnabled():
            return
        who, till, actor = self._customer, self._desk.till, self._desk.actor
        draft = CustomerDraft(who.name, self.email.text.strip(), who.phone, who.note)
        if not draft.email:
            self.email.show_error(tr("Type the address, or choose no e-mail."))
            return
        self.set_working(True)
        self._desk.tasks.run(
            self,
            lambda: update_customer(till, actor, who.id, draft, who.version),
            self._done,
            self._failed,
            label="customer",
        )

    def _done(self, _customer: CustomerRecord) -> None:
        self.accept()
        self._saved()

    def _failed(self, error: TillgateError) -> None:
        if isinstance(error, Invalid) and error.values.get("field") == "email":
            self.set_working(False)
            self.email.show_error(message_for(error).what)
        else:
            self.show_error(error)
