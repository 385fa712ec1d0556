"""The panes of the back office as their users have them: read by what is shown, worked by pressing."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QDialog, QLabel, QWidget

from tests.ui.pages.back_office import OfficeWindow
from tillgate.domain.exceptions import ExceptionAction
from tillgate.ui.screens.exceptions.screen import OneException
from tillgate.ui.screens.exceptions.settle_dialog import SettleDialog
from tillgate.ui.screens.orders.screen import OneOrder
from tillgate.ui.screens.payments.refund_dialog import RefundDialog
from tillgate.ui.screens.payments.screen import OnePayment
from tillgate.ui.widgets.buttons import Button
from tillgate.ui.widgets.data_table import DataTable, Query

D = TypeVar("D", bound=QDialog)


def shown_texts(widget: QWidget) -> list[str]:
    """The texts of all labels in view."""
    return [label.text() for label in widget.findChildren(QLabel) if label.text() and not label.isHidden()]


def cells(table: DataTable, row: int = 0) -> dict[str, str]:
    """What a row shows, by column key."""
    model = table.model
    return {column.key: str(model.data(model.index(row, at))) for at, column in enumerate(model.columns)}


def column_of(table: DataTable, key: str) -> list[str]:
    """What a column shows, row by row."""
    return [cells(table, row)[key] for row in range(table.model.rowCount())]


def button(widget: QWidget, name: str) -> Button:
    """A button by its text or its spoken name."""
    for found in widget.findChildren(Button):
        if name in (found.text().replace("&&", "&"), found.accessibleName()) and not found.isHidden():
            return found
    raise AssertionError(f"no button {name!r}")


class PaymentPage:
    """One payment, opened in the list."""

    def __init__(self, office: OfficeWindow, payment_id: int) -> None:
        self.office = office
        office.payments(go=True).show_payment(payment_id)
        office.settle()

    @property
    def one(self) -> OnePayment:
        found = self.office.payments().table.pane.body
        assert isinstance(found, OnePayment), "the pane is closed"
        return found

    @property
    def state(self) -> str:
        return self.one.pane.status.accessibleName()

    @property
    def notice(self) -> str:
        return self.one.pane.notice.text

    @property
    def alert(self) -> str:
        return self.one.pane.alert.text

    @property
    def story(self) -> list[str]:
        timeline = self.one.pane.timeline
        return timeline.texts if timeline is not None else []

    @property
    def texts(self) -> list[str]:
        return shown_texts(self.one)

    def offers(self) -> set[str]:
        """The verbs that are offered."""
        pane = self.one.pane
        return {each.text() for each in (pane.check, pane.cancel, pane.refund, pane.receipt) if each.isVisible()}

    def press(self, name: str) -> None:
        button(self.one, name).click()
        self.office.settle()

    def refund(self) -> RefundDialog:
        self.press("Refund…")
        return self.dialog(RefundDialog)

    def dialog(self, kind: type[D]) -> D:
        found = self.office.dialog()
        assert isinstance(found, kind), found
        return found


class ExceptionPage:
    """The first exception of a query, opened in the list."""

    def __init__(self, office: OfficeWindow, query: Query | None = None) -> None:
        self.office = office
        screen = office.exceptions(go=True)
        screen.show_query(query or Query())
        office.settle()
        self.table = screen.table
        self.table.view.select_row(0)
        self.table.open_row(0)
        office.settle()

    @property
    def one(self) -> OneException:
        found = self.table.pane.body
        assert isinstance(found, OneException), "the pane is closed"
        return found

    @property
    def verbs(self) -> dict[str, bool]:
        """The texts of the choices, and whether each can be pressed."""
        return {each.text(): each.isEnabled() for each in self.one.pane.buttons.values()}

    def says(self, action: ExceptionAction) -> str:
        """What is said of a choice."""
        return self.one.pane.effects[action]

    def settle(self, action: ExceptionAction, reason: str) -> SettleDialog:
        """Press a choice, give the reason and go on."""
        self.one.pane.buttons[action].click()
        dialog = self.office.dialog()
        assert isinstance(dialog, SettleDialog)
        dialog.reason.set_text(reason)
        dialog.go.click()
        self.office.settle()
        return dialog


def open_order(office: OfficeWindow, row: int = 0) -> OneOrder:
    """An order of the list."""
    table = office.orders(go=True).table
    office.settle()
    table.view.select_row(row)
    table.open_row(row)
    office.settle()
    found = table.pane.body
    assert isinstance(found, OneOrder)
    return found
