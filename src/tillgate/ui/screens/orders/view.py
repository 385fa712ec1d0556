"""The widgets of the orders: a heading over the list, and the pane with one order, item by item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.domain.money import Money
from tillgate.domain.orders import InvoiceState
from tillgate.formats import format_day
from tillgate.i18n import ntr, tr
from tillgate.services.credit_notes import CreditNoteRecord
from tillgate.services.order_reads import ItemRecord, OrderDetail, OrderRecord
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.amounts import BigAmount
from tillgate.ui.screens.checkout.order_cards import ORDER_STATUS
from tillgate.ui.screens.payments.parts import note_row
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.facts import Facts, Section
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import line, plain_label
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.side_pane import lay_out_now
from tillgate.ui.widgets.status_badge import PAYMENT_STATUS, StatusBadge


class OrdersView(QWidget):
    """A heading and room for the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(20, 18, 20, 14)
        self.column.setSpacing(12)
        self.column.addWidget(plain_label(tr("Orders"), "heading"))


@dataclass(frozen=True, slots=True)
class OrderActions:
    """What a press in the pane does."""

    payment: Callable[[], object]
    invoice: Callable[[], object]
    credit_note: Callable[[int], object]


class OrderPane(QWidget):
    """One order. The row's own facts stand at once; the items come with `show_details`."""

    def __init__(self, office: BackOffice, row: OrderRecord, actions: OrderActions) -> None:
        super().__init__()
        self._office, self._actions = office, actions
        self.details: OrderDetail | None = None
        self.amount = BigAmount("amount")
        self.amount.show_text(office.money(row.total))
        self.status = StatusBadge(ORDER_STATUS[row.state])
        self.notice = InlineNotice(closable=True)
        self.invoice = Button(tr("Save invoice"), icon="download", on_click=actions.invoice)
        self.payment = Button(tr("Show payment"), icon="credit-card", on_click=actions.payment)
        self.payment.setVisible(office.show_payment is not None)
        self.invoice.hide()
        # By the commands that press them.
        self.verbs = {"payment": self.payment, "invoice": self.invoice}
        for verb, button in self.verbs.items():
            button.show_hint(office.hint(f"orders.{verb}"))
        self._body: QWidget | None = None
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.amount, 1)
        head.addWidget(self.status)
        verbs = FlowLayout()
        for button in self.verbs.values():
            verbs.addWidget(button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self._column.addLayout(head)
        self._column.addWidget(self.notice)
        self._column.addLayout(verbs)
        self._column.addStretch(1)

    def show_details(self, details: OrderDetail) -> None:
        """Show the order as it was read."""
        if details == self.details:
            return
        self.details = details
        order = details.order
        self.status.show_status(ORDER_STATUS[order.state])
        self.invoice.setVisible(order.invoice_state is InvoiceState.FINALIZED and self._office.save_invoice is not None)
        if self._body is not None:
            self._body.hide()
            self._body.deleteLater()
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self._facts(order))
        if details.credit_notes:
            reversal = Section(tr("Taken back"), spacing=8)
            for note in details.credit_notes:
                reversal.add(self._note(note))
            column.addWidget(reversal)
        items = Section(tr("Items"), spacing=8)
        for item in details.items:
            items.add(self._item(item))
        items.add(self._sums(order))
        column.addWidget(items)
        self._column.insertWidget(self._column.count() - 1, self._body)
        self._body.show()
        lay_out_now()

    def _facts(self, order: OrderRecord) -> Facts:
        cancelled = []
        if order.cancelled_at is not None:
            at = self._office.instant(order.cancelled_at)
            cancelled.append((tr("Cancelled"), tr("{at}, all of its money went back", at=at)))
        return Facts(
            [
                (tr("Vendor"), order.vendor_name),
                (tr("Customer"), order.customer_name or tr("Walk-in")),
                (tr("Made"), self._office.instant(order.created_at)),
                *cancelled,
                (tr("Payment"), tr("#{number}, {state}", number=order.payment_id, state=_payment(order))),
                (tr("Invoice"), order.invoice_number or tr("It is being made.")),
                (tr("Till"), order.till_id),
            ]
        )

    def _note(self, note: CreditNoteRecord) -> QWidget:
        page = QWidget()
        row = note_row(self._office, note, self._actions.credit_note)
        row.setContentsMargins(0, 0, 0, 0)
        page.setLayout(row)
        return page

    def _item(self, item: ItemRecord) -> QWidget:
        office = self._office
        box = QFrame()
        box.setProperty("surface", "sunken")
        grid = QGridLayout(box)
        grid.setContentsMargins(12, 10, 12, 10)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        total = office.money(item.unit_price * item.quantity)
        grid.addWidget(plain_label(item.description, "strong", wrap=True), 0, 0)
        grid.addWidget(plain_label(total, "strong"), 0, 1, Qt.AlignmentFlag.AlignTop)
        for row, text in enumerate(self._terms(item), 1):
            grid.addWidget(plain_label(text, "caption", wrap=True), row, 0, 1, 2)
        box.setAccessibleName(tr("{count} × {item}, {total}", count=item.quantity, item=item.description, total=total))
        return box

    def _terms(self, item: ItemRecord) -> list[str]:
        office = self._office
        texts = [tr("{count} × {price}", count=item.quantity, price=office.money(item.unit_price))]
        if item.start_on is not None and item.end_on is not None:
            first, last = (format_day(day, office.language) for day in (item.start_on, item.end_on))
            texts.append(first if first == last else tr("{first} to {last}", first=first, last=last))
        if item.units:
            units = ", ".join(str(unit) for unit in item.units)
            texts.append(ntr("Unit {units}", "Units {units}", len(item.units), units=units))
        if item.unit_deposit:
            deposit = office.money(item.unit_deposit * item.quantity)
            texts.append(tr("Refundable deposit {amount}", amount=deposit))
        if item.tax:
            texts.append(tr("{tax} {amount}", tax=item.tax_name, amount=office.money(item.tax)))
        return texts

    def _sums(self, order: OrderRecord) -> QWidget:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(12, 4, 12, 0)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        sums = (
            (tr("Items"), order.items_minor),
            (tr("Refundable deposits"), order.deposit_minor),
            (tr("Service fee"), order.fee_minor),
            (tr("Tax"), order.tax_minor),
        )
        row = 0
        for title, minor in sums:
            if minor:
                grid.addWidget(plain_label(title, tone="muted"), row, 0)
                amount = self._office.money(Money(minor, order.currency))
                grid.addWidget(plain_label(amount), row, 1, Qt.AlignmentFlag.AlignRight)
                row += 1
        grid.addWidget(line(), row, 0, 1, 2)
        grid.addWidget(plain_label(tr("Total"), "strong"), row + 1, 0)
        total = plain_label(self._office.money(order.total), "strong")
        grid.addWidget(total, row + 1, 1, Qt.AlignmentFlag.AlignRight)
        return page


def _payment(order: OrderRecord) -> str:
    return PAYMENT_STATUS[order.payment_state].text
