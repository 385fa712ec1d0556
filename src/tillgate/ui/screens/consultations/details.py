"""The details beside the list: the bill, and Pay or back to the checkout that is open already."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.consultation import ConsultationState
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.services.consultation_lists import ConsultationDetails, load_consultation
from tillgate.services.consultation_rows import Visit
from tillgate.ui.screens.back_office import BackOffice, PaperSaver
from tillgate.ui.screens.consultations.bill import Bill
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.notices import InlineNotice

_RELOAD_MS = 120


class OneConsultation(QWidget):
    """`pay` is called with the details as they are shown, `change` and `withdraw` with the visit."""

    def __init__(
        self,
        office: BackOffice,
        number: int,
        pay: Callable[[ConsultationDetails], object],
        *,
        change: Callable[[Visit], object],
        withdraw: Callable[[Visit], object],
    ) -> None:
        super().__init__()
        self._office, self._id, self._then = office, number, pay
        self.notice = InlineNotice(closable=True)
        papers = PaperSaver(office, self, self.notice)
        saving = partial(papers.save, office.save_invoice) if office.save_invoice is not None else None
        self.bill = Bill(office, saving, office.show_payment)
        self.pay = Button(tr("Pay"), tone=ButtonTone.PRIMARY, icon="credit-card", on_click=self._pay)
        self.change = Button(tr("Change"), icon="pencil", on_click=partial(self._ask, change))
        self.withdraw = Button(tr("Withdraw"), icon="circle-minus", on_click=partial(self._ask, withdraw))
        self.verbs = {"pay": self.pay, "change": self.change, "withdraw": self.withdraw}
        owed = FlowLayout()
        for button in self.verbs.values():
            button.hide()
        for button in (self.change, self.withdraw):
            owed.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.pay)
        column.addLayout(owed)
        for widget in (self.notice, self.bill):
            column.addWidget(widget)
        column.addStretch(1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_RELOAD_MS)
        self._timer.timeout.connect(self.reload)
        kinds = {Kind.PAYMENT, Kind.REFUND, Kind.INVOICE, Kind.EXCEPTION}
        office.tasks.watch(self, kinds, lambda _changes: self._timer.start())
        self.reload()

    @Slot()
    def reload(self) -> None:
        """Read it again."""
        work = partial(load_consultation, self._office.till, self._office.actor, self._id)
        self._office.tasks.run(self, work, self._show_details, self.notice.show_error, label="consultation")

    def _show_details(self, details: ConsultationDetails) -> None:
        self.bill.show_details(details)
        waiting = details.active is not None and details.active.waiting
        self.pay.show_text(tr("Open its payment") if waiting else tr("Pay"))
        self.pay.setVisible((details.may_pay or waiting) and self._office.may(Action.TAKE_PAYMENT))
        owed = details.visit.consultation.state is ConsultationState.OPEN and details.active is None
        for button in (self.change, self.withdraw):
            button.setVisible(owed and self._office.may(Action.EDIT_CATALOGUE))

    def _ask(self, then: Callable[[Visit], object]) -> None:
        if self.bill.details is not None:
            then(self.bill.details.visit)

    @Slot()
    def _pay(self) -> None:
        if self.bill.details is not None:
            self._then(self.bill.details)
