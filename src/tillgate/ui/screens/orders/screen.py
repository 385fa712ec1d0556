"""Orders: the list, and one order item by item, with its invoice and its payment."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.services.order_reads import OrderDetail, OrderRecord, list_orders, load_order, order_key, summarize_orders
from tillgate.ui.screen import Screen
from tillgate.ui.screens.back_office import BackOffice, PaperSaver
from tillgate.ui.screens.list_commands import ListCommands, Verb
from tillgate.ui.screens.orders.rows import CREATED, order_columns, order_filters, order_query
from tillgate.ui.screens.orders.view import OrderActions, OrderPane, OrdersView
from tillgate.ui.screens.payments.rows import total_of
from tillgate.ui.widgets.data_table import DataTable, EmptyText, KeysetSource, Query, Sort, Summary

_RELOAD_MS: Final = 120
_NUMBER: Final = re.compile(r"ORD-[A-Z0-9]+-\d{1,9}", re.IGNORECASE)
SCREEN: Final = "orders"
VERBS: Final = (
    Verb("payment", mark("Show the payment"), "credit-card", "Ctrl+P"),
    Verb("invoice", mark("Save the invoice"), "download", "Ctrl+S"),
)


class OrdersScreen(Screen):
    """`show_query` opens it from elsewhere."""

    def __init__(self, office: BackOffice) -> None:
        super().__init__()
        self._office = office
        self.view = OrdersView(self)
        source: KeysetSource[OrderRecord, tuple[Any, ...]] = KeysetSource(self._fetch, self._sum, self._key)
        self.table = DataTable(
            tr("Orders"),
            columns=order_columns(),
            source=source,
            tasks=office.tasks,
            zone=office.zone,
            key=lambda row: row.id,
            filters=order_filters(),
            details=self._details,
            detail_title=lambda row: row.number,
            empty=EmptyText(
                "package", tr("No orders yet"), tr("A paid sale makes one order for each vendor. They appear here.")
            ),
            sort=Sort(CREATED, descending=True),
            refresh_on={Kind.ORDER, Kind.INVOICE},
            saved=office.views,
            export_name="orders",
            exportable=office.may(Action.EXPORT),
            before_export=office.before_export(self, "orders"),
            own_keys=False,
            parent=self.view,
        )
        self.commands = ListCommands(self, office.commands, SCREEN, self.table, VERBS)
        self.view.column.addWidget(self.table, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)

    def entered(self) -> None:
        """The focus goes to the list."""
        self.table.setFocus()

    def go_back(self) -> bool:
        """Esc: close the details."""
        was_open = not self.table.pane.isHidden()
        self.table.pane.close_pane()
        return was_open

    def scan(self, code: str) -> bool:
        """An order's number is found here; anything else is for the sale."""
        if _NUMBER.fullmatch(code.strip()) is None:
            return False
        self.show_query(Query(text=code.strip()))
        return True

    def show_query(self, query: Query) -> None:
        """Show the orders of a query, the newest first unless it says otherwise."""
        self.table.set_query(query if query.sort else Query(query.text, Sort(CREATED, descending=True), query.filters))

    def _fetch(self, query: Query, after: tuple[Any, ...] | None, skip: int, limit: int) -> tuple[OrderRecord, ...]:
        office = self._office
        return list_orders(office.till, office.actor, order_query(query), after=after, skip=skip, limit=limit)

    def _sum(self, query: Query) -> Summary:
        summary = summarize_orders(self._office.till, self._office.actor, order_query(query))
        totals = total_of("total", summary.totals, self._office)
        return Summary(summary.count, totals, tr("Ordered, before refunds"))

    def _details(self, row: OrderRecord) -> QWidget:
        made = OneOrder(self._office, row)
        self.commands.follow(made.pane.verbs)
        return made

    @staticmethod
    def _key(query: Query, row: OrderRecord) -> tuple[Any, ...]:
        return order_key(order_query(query), row)


class OneOrder(QWidget):
    """The details of an order: read on the lane, again whenever its invoice or state changes."""

    def __init__(self, office: BackOffice, row: OrderRecord) -> None:
        super().__init__()
        self._office, self._id, self._payment_id = office, row.id, row.payment_id
        self.pane = OrderPane(office, row, OrderActions(self._show_payment, self._save_invoice, self._save_credit_note))
        self._papers = PaperSaver(office, self, self.pane.notice)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pane)
        self._reload_timer = QTimer(self)
        self._reload_timer.setSingleShot(True)
        self._reload_timer.setInterval(_RELOAD_MS)
        self._reload_timer.timeout.connect(self.reload)
        office.tasks.watch(self, {Kind.ORDER, Kind.INVOICE, Kind.PAYMENT}, lambda _changes: self._reload_timer.start())
        self.reload()

    @Slot()
    def reload(self) -> None:
        """Read it again."""
        work: Callable[[], OrderDetail] = partial(load_order, self._office.till, self._office.actor, self._id)
        self._office.tasks.run(self, work, self.pane.show_details, self.pane.notice.show_error, label="order")

    def _show_payment(self) -> None:
        if self._office.show_payment is not None:
            self._office.show_payment(self._payment_id)

    def _save_credit_note(self, note_id: int) -> None:
        self._papers.save(self._office.save_credit_note, note_id)

    def _save_invoice(self) -> None:
        details = self.pane.details
        if details is not None and details.order.invoice_id is not None:
            self._papers.save(self._office.save_invoice, details.order.invoice_id)
