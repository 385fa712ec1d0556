"""The widgets of the exceptions: a heading over the list, and the pane with the evidence and what may be done."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.exceptions import ExceptionAction
from tillgate.i18n import tr
from tillgate.labels import provider_name
from tillgate.services.exception_lists import Choice, ExceptionDetails, ExceptionRow
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.amounts import BigAmount
from tillgate.ui.screens.exceptions.words import (
    DONE_WORDS,
    KIND_WORDS,
    age,
    effect,
    evidence,
    hindrance,
    verb,
    verb_icon,
    what_happened,
)
from tillgate.ui.screens.work_words import work_title
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.facts import Facts, Section
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.side_pane import lay_out_now
from tillgate.ui.widgets.status_badge import PAYMENT_STATUS, StatusBadge

# The first that can be done is the one that is meant, unless it sends money away.
_TONES = {
    ExceptionAction.APPLY: ButtonTone.PRIMARY,
    ExceptionAction.RETRY: ButtonTone.PRIMARY,
    ExceptionAction.REFUND: ButtonTone.DESTRUCTIVE,
    ExceptionAction.CREDIT: ButtonTone.SECONDARY,
    ExceptionAction.ACCEPT: ButtonTone.PRIMARY,
    ExceptionAction.CLOSE: ButtonTone.QUIET,
}
# The verb of the button that leads to the payment; the others are the words of ExceptionAction.
PAYMENT = "payment"


class ExceptionsView(QWidget):
    """A heading with what the list is for, and room for it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(20, 18, 20, 14)
        self.column.setSpacing(12)
        titles = QVBoxLayout()
        titles.setSpacing(2)
        titles.addWidget(plain_label(tr("Exceptions"), "heading"))
        why = tr("Money and work that nobody may decide about but you. Nothing here is used or given back by itself.")
        titles.addWidget(plain_label(why, tone="muted", wrap=True))
        self.column.addLayout(titles)


class ExceptionPane(QWidget):
    """One exception. The row's own facts stand at once; the choices come with `show_details`."""

    def __init__(
        self,
        office: BackOffice,
        row: ExceptionRow,
        settle: Callable[[Choice], object],
        show_payment: Callable[[], object],
    ) -> None:
        super().__init__()
        self._office, self._settle = office, settle
        self.details: ExceptionDetails | None = None
        self.buttons: dict[ExceptionAction, Button] = {}
        self.effects: dict[ExceptionAction, str] = {}
        self.notice = InlineNotice(closable=True)
        self.facts = Facts()
        self._choices: QWidget | None = None
        head = QHBoxLayout()
        head.setSpacing(8)
        amount = BigAmount("amount")
        amount.show_text(office.money(row.amount) if row.amount is not None else "")
        head.addWidget(amount, 1)
        head.addWidget(StatusBadge(KIND_WORDS[row.kind].status))
        self.payment = Button(
            tr("Show payment #{number}", number=row.payment_id), icon="credit-card", on_click=show_payment
        )
        self.payment.show_hint(office.hint(f"exceptions.{PAYMENT}"))
        self.payment.setVisible(row.payment_id is not None and office.show_payment is not None)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(14)
        self._column.addLayout(head)
        self.what = plain_label(what_happened(office, row), wrap=True)
        self._column.addWidget(self.what)
        self._column.addWidget(self.notice)
        below = QHBoxLayout()
        below.addWidget(self.payment)
        below.addStretch(1)
        self._column.addLayout(below)
        self._column.addStretch(1)

    @property
    def verbs(self) -> dict[str, Button]:
        """The buttons by the commands that press them."""
        return {PAYMENT: self.payment} | {action.value: button for action, button in self.buttons.items()}

    def show_details(self, details: ExceptionDetails) -> None:
        """Show the exception as it was read."""
        if details == self.details:
            return
        self.details = details
        if self._choices is not None:
            self._choices.hide()
            self._choices.deleteLater()
        self.buttons, self.effects = {}, {}
        self._choices = QWidget()
        column = QVBoxLayout(self._choices)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self._settled(details.row) if details.row.closed_at else self._offers(details))
        column.addWidget(self._evidence(details))
        self._column.insertWidget(self._column.count() - 1, self._choices)
        self._choices.show()
        lay_out_now()

    def _offers(self, details: ExceptionDetails) -> QWidget:
        section = Section(tr("What you can do"), spacing=8)
        for choice in details.choices:
            section.add(self._offer(details, choice))
        return section

    def _offer(self, details: ExceptionDetails, choice: Choice) -> QWidget:
        box = QFrame()
        box.setProperty("surface", "sunken")
        column = QVBoxLayout(box)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        told = hindrance(choice) or effect(self._office, details, choice)
        column.addWidget(plain_label(told, tone="muted" if choice.hindered else "", wrap=True))
        button = Button(
            verb(self._office, choice),
            tone=_TONES[choice.action],
            icon=verb_icon(choice.action),
            hint=self._office.hint(f"exceptions.{choice.action.value}"),
            on_click=partial(self._settle, choice),
        )
        button.setEnabled(not choice.hindered)
        button.setAccessibleDescription(told)
        row = QHBoxLayout()
        row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        self.buttons[choice.action], self.effects[choice.action] = button, told
        return box

    def _settled(self, row: ExceptionRow) -> QWidget:
        section = Section(tr("How it was settled"))
        done = tr(DONE_WORDS[row.action]) if row.action is not None else ""
        at = self._office.instant(row.closed_at) if row.closed_at is not None else ""
        rows = [
            (tr("Done"), done),
            (tr("By"), row.closed_by or tr("The till itself")),
            (tr("When"), at),
            (tr("Reason"), row.reason),
        ]
        section.add(Facts(rows))
        return section

    def _evidence(self, details: ExceptionDetails) -> QWidget:
        row = details.row
        state = details.payment_state
        known = [
            (tr("Customer"), details.customer or row.payer_name),
            (tr("Through"), provider_name(row.provider)),
            (tr("Payment now"), PAYMENT_STATUS[state].text if state is not None else ""),
            (tr("Open for"), age(self._office, row)),
            (tr("Since"), self._office.instant(row.opened_at)),
            (tr("What"), work_title(details.work) if details.work and "what" not in row.evidence else ""),
        ]
        self.facts = Facts([*known, *evidence(self._office, row)])
        section = Section(tr("Evidence"))
        section.add(self.facts)
        return section
