"""What is due and the bulk orders, as their user has them in the window of instalments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from tests.ui.pages.instalments import InstalmentsPage
from tillgate.domain.staff import Action
from tillgate.i18n import mark
from tillgate.ui.screens.instalments.bulk_pane import BulkPane
from tillgate.ui.screens.instalments.collect_pane import CollectPane
from tillgate.ui.screens.instalments.due_list import DueList
from tillgate.ui.screens.instalments.dues_card import DuesCard
from tillgate.ui.screens.instalments.orders_list import OrdersList
from tillgate.ui.screens.instalments.pages import PageSpec
from tillgate.ui.widgets.data_table import DataTable

LISTS = (
    PageSpec("due", mark("Due"), DueList, Action.VIEW_PAYMENTS),
    PageSpec("orders", mark("Bulk orders"), OrdersList, Action.VIEW_PAYMENTS),
)


@dataclass
class ListsPage(InstalmentsPage):
    """Only the two lists."""

    pages: Sequence[PageSpec] = LISTS

    def __post_init__(self) -> None:
        super().__post_init__()
        self.settled(lambda: self.due.table.count.text() != "")

    @property
    def due(self) -> DueList:
        found = self.screen.pages["due"]
        assert isinstance(found, DueList)
        return found

    @property
    def orders(self) -> OrdersList:
        found = self.screen.pages["orders"]
        assert isinstance(found, OrdersList)
        return found

    @property
    def said(self) -> str:
        """What stands above the lists."""
        return self.screen.notice.text

    @staticmethod
    def texts_in(widget: QWidget) -> set[str]:
        """What stands in a part of the window."""
        return {label.text() for label in widget.findChildren(QLabel) if label.isVisible()}

    def _open_row(self, table: DataTable, row: int) -> None:
        self.settled(lambda: not table.model.waiting and table.model.rowCount() > row)
        table.setFocus()
        table.view.select_row(row)
        self.key(Qt.Key.Key_Return)

    # What is due

    def open_customer(self, row: int = 0) -> CollectPane:
        """A row's customer, by keys, once the amount is known."""
        self._open_row(self.due.table, row)
        self.quoted()
        return self.pane

    @property
    def pane(self) -> CollectPane:
        assert self.due.pane is not None
        return self.due.pane

    def quoted(self) -> None:
        """Until the button says an amount, and nothing is about to change it."""
        self.settled(lambda: self.due.pane is not None and self.due.pane.quote is not None and not self.due.pane.waits)

    def read_again(self) -> None:
        """Until what is shown is what there is."""
        self.settled(lambda: self.due.pane is not None and not self.due.pane.waits)

    def card(self, position: int) -> DuesCard:
        """An order of the customer."""
        return list(self.pane.cards.values())[position]

    def space(self, position: int) -> None:
        """Space on the check box of an order."""
        check = self.card(position).check
        check.setFocus()
        self.pause()
        QTest.keyPress(check, Qt.Key.Key_Space)
        self.pause()
        QTest.keyRelease(check, Qt.Key.Key_Space)

    # Bulk orders

    def open_bulk(self, row: int = 0) -> BulkPane:
        """A bulk order's details, by keys."""
        self.screen.show_page("orders")
        self._open_row(self.orders.table, row)
        self.settled(lambda: self.orders.pane is not None and self.orders.pane.details is not None)
        return self.bulk

    @property
    def bulk(self) -> BulkPane:
        assert self.orders.pane is not None
        return self.orders.pane


__all__ = ["LISTS", "ListsPage"]
