"""What was sold with an invoice: the orders, their invoices and the receipt, as the checkout shows them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QElapsedTimer, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.i18n import ntr, tr
from tillgate.services.order_reads import OrderDetail, list_orders_of
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.amounts import BigAmount
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.order_cards import OrderCards
from tillgate.ui.screens.checkout.papers import Papers
from tillgate.ui.screens.payment_invoices.keys import SCREEN
from tillgate.ui.screens.payment_invoices.prompt_panel import DEAF_MS
from tillgate.ui.screens.payment_invoices.selling import Made
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import IconLabel, plain_label, set_text
from tillgate.ui.widgets.notices import InlineNotice, announce
from tillgate.ui.widgets.scrolling import scrolled


class SoldPage(QWidget):
    """`asked(verb)` of its buttons: receipt, print_receipt, next, leave."""

    asked = Signal(str)

    def __init__(self, office: BackOffice, desk: CheckoutDesk) -> None:
        super().__init__()
        self._office, self._desk = office, desk
        self._since = QElapsedTimer()
        self.made: Made | None = None
        self.amount = BigAmount()
        self.title = plain_label(tr("Sold"), "heading")
        self.what = plain_label(wrap=True, tone="muted")
        self.notice = InlineNotice(closable=True)
        self.orders = OrderCards(desk)
        self._papers = Papers(desk, self.notice, self)
        self.orders.invoice_asked.connect(self._papers.save_invoice)
        self.buttons = {
            "print_receipt": Button(tr("Print receipt"), icon="printer", on_click=self._print),
            "receipt": self._button("receipt", tr("Save receipt"), "download"),
            "leave": self._button("leave", tr("Ask another phone"), "smartphone"),
            "next": self._button("next", tr("Next sale"), "", big=True),
        }
        self.buttons["print_receipt"].setVisible(desk.print_receipt is not None)
        self.buttons["receipt"].setVisible(desk.save_receipt is not None)
        self._lay_out()
        office.tasks.watch(self, {Kind.INVOICE, Kind.ORDER}, lambda _changes: self._read_again())

    def _button(self, verb: str, text: str, icon: str, *, big: bool = False) -> Button:
        tone = ButtonTone.PRIMARY if big else ButtonTone.SECONDARY
        hint = self._office.hint(f"{SCREEN}.{verb}")
        return Button(text, tone=tone, icon=icon, big=big, hint=hint, on_click=partial(self._press, verb))

    def _press(self, verb: str) -> None:
        if self._since.isValid() and self._since.elapsed() >= DEAF_MS:
            self.asked.emit(verb)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(IconLabel("circle-check", "settled", 44), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.title, 1)
        page = QWidget()
        body = QVBoxLayout(page)
        body.setContentsMargins(0, 0, 8, 0)
        body.setSpacing(10)
        body.addLayout(head)
        for widget in (self.amount, self.what, self.notice, self.orders):
            body.addWidget(widget)
        body.addStretch(1)
        papers = FlowLayout()
        for verb in ("print_receipt", "receipt", "leave"):
            papers.addWidget(self.buttons[verb])
        card = QFrame()
        card.setProperty("surface", "raised")
        card.setMaximumWidth(720)
        column = QVBoxLayout(card)
        column.setContentsMargins(24, 20, 16, 16)
        column.setSpacing(10)
        column.addWidget(scrolled(page), 1)
        column.addLayout(papers)
        column.addWidget(self.buttons["next"])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(card, 6)
        row.addStretch(1)

    def show_made(self, made: Made) -> None:
        """Show the orders that were made."""
        self.made = made
        self._since.start()
        self.notice.clear()
        invoice = made.sold.invoice
        self.amount.show_text(self._office.money(invoice.expected))
        text = ntr("{count} order was made with invoice {number}.", "{count} orders were made with invoice {number}.",
                   len(made.sold.orders), number=invoice.number)  # fmt: skip
        set_text(self.what, text)
        self.orders.show_orders(made.orders)
        self.setAccessibleName("\n".join((self.title.text(), self.amount.text, text)))
        announce(self, self.accessibleName())

    def save_receipt(self) -> None:
        """Save the receipt as a file."""
        if self.made is not None:
            self._papers.save_receipt(self.made.sold.payment.id)

    def take_focus(self) -> None:
        """Enter goes on."""
        self.buttons["next"].setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _print(self) -> None:
        if self.made is not None:
            self._papers.print_receipt(self.made.sold.payment.id)

    def _read_again(self) -> None:
        """The sales invoices are made after the orders."""
        made = self.made
        if made is None or not self.isVisible():
            return
        number = made.sold.payment.id

        def show(orders: Sequence[OrderDetail]) -> None:
            if self.made is made:
                self.orders.show_orders(orders)

        work = partial(list_orders_of, self._office.till, self._office.actor, number)
        self._office.tasks.run(self, work, show, self.notice.show_error, label="orders")
