"""A prompt on the screen: sent once however often it is pressed, looked at while it lasts, checked or given up.

As any payment at the till: nothing here waits, and the timer lane asks the provider at the ruled pace. What is shown
beside the payment is its invoice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from tillgate.domain.money import Money
from tillgate.services.invoice_lists import PromptView, view_prompt
from tillgate.services.invoice_rows import PaymentInvoiceRecord
from tillgate.services.prompts import AskPhone, Prompted, ask_phone
from tillgate.ui.screens.checkout.desk import CheckoutDesk, tender_of
from tillgate.ui.screens.checkout.paying import Doing, Paying, Seen


@dataclass(frozen=True, slots=True)
class PromptSeen(Seen):
    """One look at our books: the payment with its invoice."""

    prompt: PromptView | None = None


class PromptPaying(Paying):
    """As `Paying`; `sent(Prompted)` once a press is written down and its prompt is on its way."""

    sent = Signal(object)

    def __init__(self, desk: CheckoutDesk, parent: QObject | None = None) -> None:
        super().__init__(desk, parent)
        self._invoice_id: int | None = None

    @property
    def invoice(self) -> PaymentInvoiceRecord | None:
        """The invoice on the screen, as it was last seen."""
        seen = self.situation.seen if self.situation is not None else None
        return seen.prompt.invoice if isinstance(seen, PromptSeen) and seen.prompt is not None else None

    def press(self, command: AskPhone, total: Money) -> bool:
        """Ask a phone for an amount, which comes to `total` with its fees; False, and nothing happens, while another
        press is under way."""
        if self.busy:
            return False
        tender = tender_of(command.provider, command.method or "")
        self._invoice_id = None
        self._show_first(None, None, total, tender, self._desk.till.clock.now())
        work = partial(ask_phone, self._desk.till, self._desk.actor, command)
        return self._do(Doing.STARTING, work, self._asked, self._start_failed)

    def reopen_prompt(self, invoice: PaymentInvoiceRecord) -> None:
        """Show a prompt that is there already, as after a restart."""
        if invoice.payment_id is None:
            return
        self.forget()
        self._invoice_id = invoice.id
        self._show_first(
            None, invoice.payment_id, invoice.expected, tender_of(invoice.provider, ""), invoice.created_at
        )
        self.look()

    def resume(self) -> None:
        """Look again, after the till was locked."""
        if self.situation is not None:
            self._timer.start()
            self.look()

    def forget(self) -> None:
        """The screen shows another prompt, or none; this one goes on."""
        super().forget()
        self._invoice_id = None

    def _asked(self, prompted: Prompted) -> None:
        self._payment_id, self._invoice_id = prompted.payment.id, prompted.invoice.id
        self.sent.emit(prompted)

    def _reader(self) -> Callable[[], Seen | None]:
        look = super()._reader()
        till, actor, invoice_id = self._desk.till, self._desk.actor, self._invoice_id

        def read() -> Seen | None:
            seen = look()
            if seen is None or invoice_id is None:
                return None
            return PromptSeen(seen.view, seen.orders, view_prompt(till, actor, invoice_id))

        return read
