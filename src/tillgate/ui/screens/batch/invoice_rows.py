"""A device's open invoices in the order of paying, those that the batch takes marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from tillgate.formats import format_day
from tillgate.i18n import ntr, tr
from tillgate.services.device_lists import OpenInvoice
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.batch.words import BEING_PAID, CHOSEN, LATER, age_text
from tillgate.ui.theme import restyle
from tillgate.ui.widgets.labels import ElidedLabel, plain_label, set_text
from tillgate.ui.widgets.status_badge import StatusBadge

# Ten can be paid at once; a few more show what comes after them.
MOST: Final = 14
AMOUNT_WIDTH: Final = 116


class OpenInvoiceRow(QFrame):
    """One open invoice: its place, number, day and age, amount, and whether this batch takes it."""

    def __init__(self, office: BackOffice, place: int, row: OpenInvoice) -> None:
        super().__init__()
        self.row = row
        self.chosen = False
        amount = plain_label(office.money(row.invoice.amount), "strong")
        amount.setMinimumWidth(AMOUNT_WIDTH)
        amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        day = format_day(row.invoice.day, office.language)
        self._said = tr("{number}, {day}, {age}, {amount}", number=row.invoice.number, day=day,
                        age=age_text(row.age_days), amount=office.money(row.invoice.amount))  # fmt: skip
        self.badge = StatusBadge(LATER)
        number = plain_label(str(place), "label", tone="muted")
        number.setFixedWidth(22)
        age = plain_label(tr("{day} · {age}", day=day, age=age_text(row.age_days)), "caption", tone="muted")
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 7, 12, 7)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        grid.addWidget(number, 0, 0)
        grid.addWidget(ElidedLabel(row.invoice.number, "strong"), 0, 1)
        grid.addWidget(amount, 0, 2)
        grid.addWidget(age, 1, 1)
        grid.addWidget(self.badge, 1, 2, Qt.AlignmentFlag.AlignRight)
        self.show_chosen(chosen=False)

    def show_chosen(self, *, chosen: bool) -> None:
        """Whether the batch takes it."""
        self.chosen = chosen
        status = BEING_PAID if self.row.being_paid else CHOSEN if chosen else LATER
        self.badge.show_status(status)
        self.setProperty("surface", "raised" if chosen else "sunken")
        restyle(self)
        words = (self._said, CHOSEN.text if chosen else LATER.text, BEING_PAID.text if self.row.being_paid else "")
        self.setAccessibleName(", ".join(word for word in words if word))


class InvoiceRows(QWidget):
    """The rows, oldest first, and how many there are beside those shown."""

    def __init__(self, office: BackOffice) -> None:
        super().__init__()
        self._office = office
        self.rows: list[OpenInvoiceRow] = []
        self._more = plain_label(tone="muted", wrap=True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(6)
        self._column.addWidget(self._more)
        self._column.addStretch(1)

    def show_invoices(self, found: Sequence[OpenInvoice], count: int) -> None:
        """Show what a device owes; `count` is of all its open invoices."""
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows = [OpenInvoiceRow(self._office, place, each) for place, each in enumerate(found[:MOST], 1)]
        for place, row in enumerate(self.rows):
            self._column.insertWidget(place, row)
        left = count - len(self.rows)
        set_text(self._more, ntr("and {count} more open invoice", "and {count} more open invoices", left))
        self._more.setVisible(left > 0)

    def choose(self, count: int) -> None:
        """Mark those that a batch of so many takes."""
        for place, row in enumerate(self.rows):
            row.show_chosen(chosen=place < count)
