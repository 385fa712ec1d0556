"""Any payment of this screen under way: what it is for at the left; the payment, or how it ended, at the right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.i18n import tr
from tillgate.services.payment_views import PaymentView
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.payment_page import Followed, PaymentPage
from tillgate.ui.screens.instalments.desk import Bill, BillLine
from tillgate.ui.screens.instalments.keys import PANEL, SCREEN
from tillgate.ui.screens.instalments.pay_words import INSTALMENT_WORDS, words_of
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.labels import line, plain_label, set_text
from tillgate.ui.widgets.scrolling import scrolled

_BILL_WIDTH: Final = 380


class BillView(QFrame):
    """What a payment is for: its things, one below the other."""

    def __init__(self, office: BackOffice) -> None:
        super().__init__()
        self._office = office
        self.setProperty("surface", "raised")
        self.title = plain_label(role="heading", wrap=True)
        self.customer = plain_label(tone="muted", wrap=True)
        self.texts: list[tuple[str, str, str]] = []
        self._lines: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(20, 18, 20, 18)
        self._column.setSpacing(10)
        for widget in (self.title, self.customer, line()):
            self._column.addWidget(widget)
        self._column.addStretch(1)

    def show_bill(self, bill: Bill) -> None:
        """Show another payment's."""
        set_text(self.title, bill.title)
        set_text(self.customer, bill.customer)
        self.customer.setVisible(bool(bill.customer))
        self.texts = [self._texts(each) for each in bill.lines]
        if self._lines is not None:
            self._lines.hide()
            self._lines.deleteLater()
        self._lines = QWidget()
        column = QVBoxLayout(self._lines)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for what, about, amount in self.texts:
            column.addLayout(_line(what, about, amount))
        self._column.insertWidget(3, self._lines)
        self.setAccessibleName("\n".join([bill.title, *("  ".join(filter(None, each)) for each in self.texts)]))

    def _texts(self, each: BillLine) -> tuple[str, str, str]:
        return each.what, each.about, self._office.money(each.amount) if each.amount is not None else ""


def _line(what: str, about: str, amount: str) -> QVBoxLayout:
    told = QVBoxLayout()
    told.setSpacing(2)
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(plain_label(what, "strong", wrap=True), 1)
    row.addWidget(plain_label(amount, "strong"), 0, Qt.AlignmentFlag.AlignTop)
    told.addLayout(row)
    if about:
        told.addWidget(plain_label(about, "caption", tone="muted", wrap=True))
    return told


class PayPage(PaymentPage):
    """Opened for a payment that was begun; its lines are whatever began it says they are."""

    def __init__(self, office: BackOffice, desk: CheckoutDesk) -> None:
        back = tr("Back")
        super().__init__(office, desk, Followed(desk), SCREEN, keys=PANEL, words=INSTALMENT_WORDS, back=back)
        self._again: Callable[[], object] | None = None
        self.bill = BillView(office)
        # While there is nothing to show yet.
        self._blank = QWidget()
        self._side.insertWidget(0, self._blank)
        self.payment = Button(tr("Show the payment"), icon="credit-card", on_click=self._show_payment)
        self.payment.setVisible(office.show_payment is not None)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.bill)
        column.addWidget(self.payment)
        column.addStretch(1)
        scroll = scrolled(left)
        scroll.setFixedWidth(_BILL_WIDTH)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 18, 20, 14)
        row.setSpacing(20)
        row.addWidget(scroll)
        row.addLayout(self.side, 1)
        self.show_commands()

    def open(
        self, payment_id: int, bill: Bill, *, again: Callable[[], object] | None = None, opens: bool = True
    ) -> None:
        """Show a payment as it stands, and its page in the browser if it `opens`."""
        self.begin()
        self._again = again
        self.end.repeats = again is not None
        self.bill.show_bill(bill)
        self._side.setCurrentWidget(self._blank)
        self.panel.notice.clear()
        self.paying.follow(payment_id, opens=opens)
        self.show_commands()

    @Slot()
    def leave(self) -> None:
        """Back to the page before."""
        self._again = None
        super().leave()

    def try_again(self) -> None:
        """What whoever began it does anew."""
        again = self._again
        self.leave()
        if again is not None:
            again()

    @Slot(object)
    def not_started(self, error: TillgateError) -> None:
        """The payment can't be read."""
        self._side.setCurrentWidget(self.end)
        self.end.notice.show_error(error)
        self.end.take_focus()

    def use_words(self, view: PaymentView) -> None:
        """Instalments and top-ups have their own."""
        self.panel.words = self.end.words = words_of(view.payment.purpose)

    def _show_payment(self) -> None:
        if self._office.show_payment is not None and self.paying.payment_id is not None:
            self._office.show_payment(self.paying.payment_id)
