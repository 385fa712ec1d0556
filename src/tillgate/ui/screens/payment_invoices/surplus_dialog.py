"""Accept that more was paid than an order comes to: a manager's word, and why."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from tillgate.domain.errors import Invalid, TillgateError
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.services.invoice_verification import Verification, accept_surplus
from tillgate.ui.dialogs.approval import Asked
from tillgate.ui.message_text import message_for
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.fields import TextField


class SurplusDialog(Dialog):
    """`accepted_surplus(Verification)` with the verdict from then on."""

    accepted_surplus = Signal(object)

    def __init__(self, parent: QWidget, office: BackOffice, result: Verification) -> None:
        surplus = office.money(result.surplus) if result.surplus is not None else ""
        super().__init__(
            parent,
            tr("Accept the surplus of {amount}?", amount=surplus),
            tr("The customer paid more than the order and its fees come to. What is over stays in the books."),
            verb=tr("Accept {amount}", amount=surplus),
            on_accept=self._accept_reason,
            icon="coins",
            back=tr("Leave it refused"),
        )
        self._office, self._result = office, result
        self._guard = OneAtATime(office.tasks, self, self.go)
        self.reason = TextField(tr("Reason"), placeholder=tr("What the books should say"), limit=200)
        self.add(self.reason)
        self.reason.setFocus()

    def _accept_reason(self) -> None:
        if not self.reason.text:
            self.reason.show_error(message_for(Invalid("reason_missing", field="reason")).what)
            self.reason.setFocus()
            return
        self._send(None)

    def _send(self, token: str | None) -> None:
        self.notice.clear()
        office, result = self._office, self._result
        work = partial(
            accept_surplus,
            office.till,
            office.actor,
            result.invoice.number if result.invoice is not None else result.asked,
            result.typed,
            self.reason.text,
            approval_token=token,
        )
        self._guard.run(work, self._done, self._refused, label="surplus")

    def _done(self, result: Verification) -> None:
        self.accepted_surplus.emit(result)
        self.accept()

    def _refused(self, error: TillgateError) -> None:
        if error.values.get("field") == "reason":
            self.reason.show_error(message_for(error).what)
            self.reason.setFocus()
            return
        found = self._result.invoice
        subject = found.subject if found is not None else ""
        title = tr("Accept a surplus")
        asked = Asked(Action.REFUND, subject, self._result.surplus, title, self.reason.text)
        if not self._office.ask(self, asked, error, self._send):
            self.show_error(error)
