"""A fee's payment on the screen: one press at a time, looked at while it lasts, as any payment at the till."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal

from tillgate.services.consultation_replies import ActivePayment
from tillgate.services.consultations import PayConsultation, Pressed, PressKind, pay
from tillgate.ui.screens.checkout.desk import Tender, tender_of
from tillgate.ui.screens.checkout.paying import Doing
from tillgate.ui.screens.checkout.payment_page import Followed


class FeePaying(Followed):
    """As `Followed`; `created(Pressed)` where the press began a payment, `existing(Pressed)` where it found one that
    was there before (ruling 23)."""

    created = Signal(object)
    existing = Signal(object)

    def press(self, command: PayConsultation, tender: Tender) -> bool:
        """Put a fee up for payment; False, and nothing happens, while another press is under way."""
        if self.busy:
            return False
        self._show_first(None, None, command.amount, tender, self._desk.till.clock.now())
        self._opens = True
        work = partial(pay, self._desk.till, self._desk.actor, command)
        return self._do(Doing.STARTING, work, self._pressed, self._start_failed)

    def reopen_first(self, payment: ActivePayment) -> None:
        """Show the first payment again, and its checkout in the browser."""
        tender = tender_of(payment.provider, payment.method)
        self._show_first(None, payment.id, payment.amount, tender, payment.created_at)
        self._opens = True
        self.look()

    def _pressed(self, pressed: Pressed) -> None:
        if pressed.kind is PressKind.NEW:
            self._payment_id = pressed.payment.id
            self.created.emit(pressed)
            return
        self.forget()
        self.existing.emit(pressed)
