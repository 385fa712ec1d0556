"""One order of a customer: whether it is collected for, how many of its days, and its calendar."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.formats import format_day
from tillgate.i18n import ntr, tr
from tillgate.services.daily_collections import Line
from tillgate.services.instalment_dues import OrderDues
from tillgate.ui.screens.instalments.desk import InstalmentDesk
from tillgate.ui.screens.instalments.schedule_view import ScheduleView
from tillgate.ui.screens.instalments.words import status_of_dues
from tillgate.ui.screens.payments.parts import card
from tillgate.ui.text import shown
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.facts import Disclosure
from tillgate.ui.widgets.fields import Stepper
from tillgate.ui.widgets.labels import ElidedLabel, plain_label, set_text
from tillgate.ui.widgets.status_badge import StatusBadge


class DuesCard(QWidget):
    """`changed` when something else is chosen. An order that is being paid leads to that payment instead."""

    changed = Signal()

    def __init__(self, desk: InstalmentDesk, row: OrderDues, open_payment: Callable[[int], object]) -> None:
        super().__init__()
        office = desk.office
        self._office, self.row = office, row
        status = status_of_dues(row)
        box, column = card(spacing=6)
        box.setAccessibleName(tr("{product}. {status}", product=row.product_name, status=status.text))
        self.check = QCheckBox(shown(row.product_name, 40))
        self.check.setAccessibleName(
            tr("Collect for {product}, order {number}", product=row.product_name, number=row.number)
        )
        self.stepper = Stepper(tr("days of {product}", product=row.product_name), most=row.remaining_days)
        self.amount = plain_label("", "strong")
        self.open = Button(tr("Open its payment"), icon="credit-card", tone=ButtonTone.SECONDARY)
        self.open_order = Button(tr("Show the order"), tone=ButtonTone.LINK, icon="package")
        self.open_order.setAccessibleName(tr("Show order {number}", number=row.number))
        self.open_order.clicked.connect(partial(self._show, desk, row.number))
        head = QHBoxLayout()
        head.addWidget(self.check, 1)
        head.addWidget(StatusBadge(status))
        column.addLayout(head)
        numbered = QHBoxLayout()
        numbered.addWidget(ElidedLabel(row.number, "caption"), 1)
        numbered.addWidget(self.open_order)
        column.addLayout(numbered)
        column.addWidget(plain_label(self._owes(), "caption", wrap=True))
        column.addLayout(self._choice())
        column.addWidget(Disclosure(tr("Calendar"), partial(ScheduleView, office, row.order_id)))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(box)
        if row.paying is not None:
            self.open.clicked.connect(partial(self._opened, open_payment, row.paying))
        self.check.toggled.connect(self._toggled)
        self.stepper.changed.connect(self._stepped)

    def _choice(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.stepper)
        line.addWidget(plain_label(tr("days"), tone="muted"))
        line.addStretch(1)
        line.addWidget(self.amount)
        line.addWidget(self.open)
        paying = self.row.paying is not None
        for widget in (self.stepper, self.amount):
            widget.setHidden(paying)
        self.open.setVisible(paying)
        self.check.setEnabled(not paying)
        return line

    def _owes(self) -> str:
        row, money = self.row, self._office.money
        if row.overdue_days:
            since = format_day(row.first, self._office.language)
            return ntr(
                "{amount} due; {count} day overdue, since {since}",
                "{amount} due; {count} days overdue, since {since}",
                row.overdue_days,
                amount=money(row.due),
                since=since,
            )
        if row.today:
            return tr("{amount} due today", amount=money(row.today))
        return tr("Nothing due; the next one is of {day}", day=format_day(row.first, self._office.language))

    @property
    def chosen(self) -> bool:
        """Whether it is collected for."""
        return self.check.isChecked() and self.row.paying is None

    @property
    def days(self) -> int:
        """How many of its days, the oldest first."""
        return self.stepper.value

    @property
    def takes_keys(self) -> bool:
        """Whether the focus is somewhere in it."""
        return any(each.hasFocus() for each in self.findChildren(QWidget))

    def choose(self, *, chosen: bool, days: int) -> None:
        """Show a choice without saying that it changed."""
        self.check.blockSignals(True)
        self.check.setChecked(chosen and self.row.paying is None)
        self.check.blockSignals(False)
        self.stepper.set_value(days)

    def show_line(self, line: Line | None) -> None:
        """What its days come to."""
        set_text(self.amount, self._office.money(line.amount) if line is not None else "")

    def lock(self, *, locked: bool) -> None:
        """While a press is under way nothing else can be chosen."""
        self.setEnabled(not locked)

    def _toggled(self, _on: bool) -> None:
        self.changed.emit()

    def _stepped(self, _days: int) -> None:
        # Whoever says how many days means the order.
        self.check.setChecked(True)
        self.changed.emit()

    @staticmethod
    def _show(desk: InstalmentDesk, number: str, _checked: bool = False) -> None:
        desk.find("orders", number)

    @staticmethod
    def _opened(open_payment: Callable[[int], object], number: int, _checked: bool = False) -> None:
        open_payment(number)
