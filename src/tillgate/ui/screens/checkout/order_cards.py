"""The orders that a payment made: a card per vendor with number, state, amount and invoice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.orders import InvoiceState, OrderState
from tillgate.i18n import mark, tr
from tillgate.services.order_reads import OrderDetail
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import ElidedLabel, IconLabel, plain_label
from tillgate.ui.widgets.status_badge import Status, StatusBadge

ORDER_STATUS: Final[dict[OrderState, Status]] = {
    OrderState.AUTO_APPROVED: Status(Tone.SETTLED, "circle-check", mark("Approved")),
    OrderState.PENDING_VENDOR_APPROVAL: Status(Tone.WAITING, "clock", mark("Waits for the vendor")),
    OrderState.CANCELLED: Status(Tone.DRAFT, "ban", mark("Cancelled")),
}


class OrderCards(QWidget):
    """`invoice_asked(int)` for the invoice to save."""

    invoice_asked = Signal(int)

    def __init__(self, desk: CheckoutDesk) -> None:
        super().__init__()
        self._desk = desk
        self._orders: tuple[OrderDetail, ...] = ()
        self._cards: list[QFrame] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    @property
    def texts(self) -> list[str]:
        """What is said of each order."""
        return [card.accessibleName() for card in self._cards]

    def show_orders(self, orders: Sequence[OrderDetail]) -> None:
        """Show other orders, or the same with their invoices."""
        if tuple(orders) == self._orders:
            return
        self._orders = tuple(orders)
        for old in self._cards:
            old.hide()
            old.deleteLater()
        self._cards = [self._card(each) for each in self._orders]
        for card in self._cards:
            self._column.addWidget(card)

    def _card(self, detail: OrderDetail) -> QFrame:
        order = detail.order
        card = QFrame()
        card.setProperty("surface", "sunken")
        total = self._desk.money(order.total)
        grid = QGridLayout(card)
        grid.setContentsMargins(14, 12, 8, 4)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.addWidget(ElidedLabel(order.vendor_name, "strong"), 0, 0)
        grid.addWidget(plain_label(total, "strong"), 0, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(ElidedLabel(order.number, tone="muted"), 1, 0)
        grid.addWidget(StatusBadge(ORDER_STATUS[order.state]), 1, 1, Qt.AlignmentFlag.AlignRight)
        grid.addLayout(self._invoice(detail), 2, 0, 1, 2)
        status = ORDER_STATUS[order.state].text
        card.setAccessibleName(
            tr(
                "{vendor}: order {number}, {total}, {status}. {invoice}",
                vendor=order.vendor_name,
                number=order.number,
                total=total,
                status=status,
                invoice=_invoice_text(detail),
            )
        )
        return card

    def _invoice(self, detail: OrderDetail) -> QHBoxLayout:
        order = detail.order
        row = QHBoxLayout()
        row.setSpacing(8)
        final = order.invoice_state is InvoiceState.FINALIZED
        row.addWidget(IconLabel("file-check" if final else "hourglass", "settled" if final else "waiting"))
        row.addWidget(plain_label(_invoice_text(detail)), 1)
        invoice_id = order.invoice_id
        if final and invoice_id is not None and self._desk.save_invoice is not None:
            row.addWidget(
                Button(
                    tone=ButtonTone.ICON,
                    icon="download",
                    name=tr("Save the invoice of order {number}", number=order.number),
                    on_click=lambda: self.invoice_asked.emit(invoice_id),
                )
            )
        return row


def _invoice_text(detail: OrderDetail) -> str:
    order = detail.order
    if order.invoice_number is None:
        return tr("The invoice is being made.")
    return tr("Invoice {number}", number=order.invoice_number)
