"""One fee being paid: the bill at the left; Pay, the payment under way, or how it ended, at the right."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout

from tillgate.domain.consultation import new_key
from tillgate.domain.errors import TillgateError
from tillgate.i18n import tr
from tillgate.labels import provider_name
from tillgate.services.consultation_lists import ConsultationDetails, load_consultation
from tillgate.services.consultation_replies import ActivePayment
from tillgate.services.consultations import PayConsultation, Pressed, Why
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.desk import CheckoutDesk, tender_of
from tillgate.ui.screens.checkout.payment_page import PaymentPage
from tillgate.ui.screens.consultations.bill import Bill
from tillgate.ui.screens.consultations.keys import PANEL, SCREEN
from tillgate.ui.screens.consultations.pay_panels import AskPanel
from tillgate.ui.screens.consultations.paying import FeePaying
from tillgate.ui.screens.consultations.words import FEE_WORDS
from tillgate.ui.widgets.notices import announce
from tillgate.ui.widgets.scrolling import scrolled

_BILL_WIDTH: Final = 380


class PayPage(PaymentPage):
    """As `PaymentPage`, with what is asked before the payment."""

    paying: FeePaying

    def __init__(self, office: BackOffice, desk: CheckoutDesk) -> None:
        back = tr("Back to the list")
        super().__init__(office, desk, FeePaying(desk), SCREEN, keys=PANEL, words=FEE_WORDS, back=back)
        self._key = ""
        # Whether it is in front of the list.
        self._open = False
        self.ask = AskPanel(desk, office.hint(f"{SCREEN}.pay"), office.hint(f"{SCREEN}.leave"))
        saving = self.papers.save_invoice if desk.save_invoice is not None else None
        self.bill = Bill(office, saving, None)
        self._side.insertWidget(0, self.ask)
        self._side.setCurrentWidget(self.ask)
        scroll = scrolled(self.bill)
        scroll.setFixedWidth(_BILL_WIDTH)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 18, 20, 14)
        row.setSpacing(20)
        row.addWidget(scroll)
        row.addLayout(self.side, 1)
        self._connect()
        self.show_commands()

    def _connect(self) -> None:
        self.ask.pay_asked.connect(self._press)
        self.ask.reopen_asked.connect(self._reopen)
        self.ask.show_asked.connect(self._show_payment)
        self.ask.back_asked.connect(self.leave)
        self.end.invoice_asked.connect(self._save_invoice)
        self.paying.created.connect(self._created)
        self.paying.existing.connect(self._found_first)

    # In and out

    def open_fee(self, details: ConsultationDetails) -> None:
        """Open Pay for a fee: here its key is made, and every press until the attempt has ended is one (ruling 22)."""
        self.begin()
        self._open = True
        self.ask.notice.clear()
        self._key = new_key(self._desk.till.clock.now())
        self._show_fee(details)
        if details.active is not None and details.active.waiting:
            self._reopen(details.active)
            return
        self._to_ask()

    @Slot()
    def leave(self) -> None:
        """Back to the list; what is under way goes on."""
        self._open = False
        super().leave()

    def take_focus(self) -> None:
        """Put the focus on what Enter should do."""
        if self._side.currentWidget() is self.ask:
            self.ask.pay.setFocus()
        else:
            super().take_focus()

    # Pay

    @Slot()
    def _press(self) -> None:
        details = self.bill.details
        if details is None:
            return
        here = details.visit.consultation
        tender = self._desk.tender() or tender_of("stripe", "session")
        command = PayConsultation(self._key, here.id, here.patient_id, details.assessed.due, tender.provider)
        self.paying.press(command, tender)

    @Slot(object)
    def _created(self, pressed: Pressed) -> None:
        """The document's message (seed 003, step 6); gone once the payment is past waiting."""
        provider = provider_name(pressed.payment.provider)
        self.tell(tr("The payment was created. Going to {provider}…", provider=provider))
        announce(self.told, self.told.text())

    @Slot(object)
    def _found_first(self, pressed: Pressed) -> None:
        self._to_ask()
        self.ask.warn(pressed.payment, replayed=pressed.why is Why.REPLAY)
        self.moved()

    @Slot(object)
    def _reopen(self, first: ActivePayment) -> None:
        self.paying.reopen_first(first)

    @Slot(object)
    def not_started(self, error: TillgateError) -> None:
        """Nothing was begun: the fee is asked for again."""
        self._to_ask()
        self.ask.notice.show_error(error)
        self.moved()

    @Slot()
    def try_again(self) -> None:
        """The fee is asked for again, by a new key."""
        if self.bill.details is not None:
            self.open_fee(self.bill.details)

    # What is shown

    def show_commands(self) -> None:
        """Only what can be done now; the list can be gone back to before there is a payment too."""
        super().show_commands()
        if self._open and self._side.currentWidget() is self.ask:
            self._office.commands.set_enabled(f"{SCREEN}.leave", True)

    def _to_ask(self) -> None:
        self._stage = None
        self.tell_front(shown=False)
        self.tell("")
        self._side.setCurrentWidget(self.ask)
        if self.bill.details is not None:
            self._show_fee(self.bill.details)
        self.ask.wake()
        (self.ask.back if self.ask.pay.isHidden() else self.ask.pay).setFocus(Qt.FocusReason.OtherFocusReason)
        self.show_commands()

    def _show_fee(self, details: ConsultationDetails) -> None:
        self.bill.show_details(details)
        self.ask.show_fee(details.assessed.due, can=True)

    def show_opening(self) -> None:
        """Pay says that it works."""
        self.ask.show_working(working=True)

    def moved(self) -> None:
        """The bill stands elsewhere with the payment."""
        details = self.bill.details
        if details is None:
            return
        number = details.visit.consultation.id
        work = partial(load_consultation, self._office.till, self._office.actor, number)

        def show(found: ConsultationDetails) -> None:
            shown = self.bill.details
            if shown is not None and shown.visit.consultation.id == number:
                self.bill.show_details(found)
                if self._side.currentWidget() is self.ask and not self.paying.busy:
                    self.ask.follow(found.assessed.due, can=found.payable)

        self._office.tasks.run(self, work, show, self.refused, label="consultation")

    # Papers and ways

    @Slot()
    def _save_invoice(self) -> None:
        details = self.bill.details
        if details is not None and details.invoice is not None:
            self.papers.save_invoice(details.invoice.id)

    @Slot(int)
    def _show_payment(self, payment_id: int) -> None:
        if self._office.show_payment is not None:
            self._office.show_payment(payment_id)
