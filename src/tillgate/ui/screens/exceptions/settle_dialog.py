"""Settle an exception: what will happen to the money, once more, and why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from tillgate.domain.errors import Invalid, TillgateError
from tillgate.domain.exceptions import ExceptionAction
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.services.exception_lists import Choice, ExceptionDetails
from tillgate.services.exceptions import ExceptionRecord, settle_exception
from tillgate.ui.dialogs.approval import Asked
from tillgate.ui.message_text import message_for
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.exceptions.words import KIND_WORDS, effect, verb, verb_icon
from tillgate.ui.widgets.buttons import ButtonTone
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.fields import TextField


class SettleDialog(Dialog):
    """`settled(Choice)` once it is done."""

    settled = Signal(object)

    def __init__(self, parent: QWidget, office: BackOffice, details: ExceptionDetails, choice: Choice) -> None:
        words = verb(office, choice)
        danger = choice.action is ExceptionAction.REFUND
        super().__init__(
            parent,
            words,
            effect(office, details, choice),
            verb=words,
            on_accept=self._accept_reason,
            tone=ButtonTone.DANGER if danger else ButtonTone.PRIMARY,
            icon=verb_icon(choice.action),
            back=tr("Leave it open"),
        )
        self._office, self._details, self._choice = office, details, choice
        self._guard = OneAtATime(office.tasks, self, self.go)
        self.reason = TextField(tr("Reason"), placeholder=tr("What the books should say"), limit=200)
        self.add(self.reason)
        self.reason.setFocus()

    def _accept_reason(self) -> None:
        if not self.reason.text:
            self.reason.show_error(message_for(Invalid("reason_missing", field="reason")).what)
            self.reason.setFocus()
            return
        self.notice.clear()
        row, action = self._details.row, self._choice.action
        office = self._office
        work: Callable[[], ExceptionRecord] = partial(
            settle_exception, office.till, office.actor, row.id, action, self.reason.text
        )
        self._guard.run(work, self._done, self._refused, label="exception")

    def _done(self, _settled: ExceptionRecord) -> None:
        self.settled.emit(self._choice)
        self.accept()

    def _refused(self, error: TillgateError) -> None:
        if error.values.get("field") == "reason":
            self.reason.show_error(message_for(error).what)
            self.reason.setFocus()
            return
        row = self._details.row
        title = KIND_WORDS[row.kind].status.text
        asked = Asked(Action.SETTLE_EXCEPTION, f"exception:{row.id}", self._choice.amount, title, self.reason.text)
        if not self._office.ask(self, asked, error, lambda _token: self._accept_reason()):
            self.show_error(error)
