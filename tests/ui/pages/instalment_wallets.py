"""Wallets, referrers and coupons as their user has them in the window of instalments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from tests.ui.pages.instalments import InstalmentsPage
from tillgate.domain.staff import Action
from tillgate.i18n import mark
from tillgate.ui.screens.instalments.coupon_list import CouponList
from tillgate.ui.screens.instalments.desk_list import DeskList
from tillgate.ui.screens.instalments.pages import PageSpec
from tillgate.ui.screens.instalments.referrer_list import ReferrerList
from tillgate.ui.screens.instalments.wallet_list import WalletList
from tillgate.ui.screens.instalments.wallet_pane import WalletPane
from tillgate.ui.widgets.data_table import DataTable

PURSES = (
    PageSpec("wallets", mark("Wallets"), WalletList, Action.VIEW_PAYMENTS),
    PageSpec("referrers", mark("Referrers"), ReferrerList, Action.SET_REFERRER),
    PageSpec("coupons", mark("Coupons"), CouponList, Action.EDIT_COUPONS),
    # Stands for the orders where a statement leads.
    PageSpec("orders", mark("Bulk orders"), CouponList, Action.VIEW_PAYMENTS),
)


@dataclass
class PursePage(InstalmentsPage):
    """Only these lists."""

    pages: Sequence[PageSpec] = PURSES

    def __post_init__(self) -> None:
        super().__post_init__()
        self.settled(lambda: self.front.table.count.text() != "")

    @property
    def front(self) -> DeskList:
        found = self.screen.pages[self.screen.front]
        assert isinstance(found, DeskList)
        return found

    @property
    def said(self) -> str:
        """What stands above the lists."""
        return self.screen.notice.text

    @property
    def pane(self) -> WalletPane:
        """The wallet whose details are open."""
        body = self.front.table.pane.body
        assert isinstance(body, WalletPane)
        return body

    def show(self, key: str) -> None:
        self.screen.show_page(key)
        self.settled(lambda: not self.front.table.model.waiting and self.front.table.count.text() != "")

    def open_row(self, row: int = 0) -> None:
        """A row's details, by keys, once they are read."""
        table = self.front.table
        self.settled(lambda: not table.model.waiting and table.model.rowCount() > row)
        table.setFocus()
        table.view.select_row(row)
        self.key(Qt.Key.Key_Return)
        self.settled(lambda: self.front.verbs)

    def add(self) -> None:
        """Ins, in the list."""
        self.front.table.setFocus()
        self.key(Qt.Key.Key_Insert)


def rows_of(table: DataTable, columns: int = 3) -> list[tuple[str, ...]]:
    """What a list shows now."""
    model = table.model
    cells = [[model.data(model.index(row, at)) for at in range(columns)] for row in range(model.rowCount())]
    return [tuple(str(getattr(cell, "text", cell)) for cell in row) for row in cells]


def press_button(owner: QWidget, text: str) -> None:
    """Press the button of a text."""
    [found] = [each for each in owner.findChildren(QPushButton) if each.isVisible() and each.text() == text]
    found.click()
