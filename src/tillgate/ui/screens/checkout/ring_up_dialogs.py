"""Questions before a product is rung up: which variant, and for a rental which period from which day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from PySide6.QtCore import QDate, QLocale, Qt, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QDateEdit,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from tillgate.domain.rental import FURTHEST_AHEAD, span_of
from tillgate.i18n import active_language, ntr, tr
from tillgate.services.cart_view import CartLineView
from tillgate.services.catalogue import PeriodRecord, ProductView, VariantRecord
from tillgate.ui.screens.checkout.choice_list import Choice, ChoiceList
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.text import shown
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.labels import plain_label, set_text

_SCARCE: Final = 3


class VariantDialog(Dialog):
    """Which variant of a product that is sold. `chosen(variant)` is called once."""

    def __init__(
        self, parent: QWidget, desk: CheckoutDesk, product: ProductView, chosen: Callable[[VariantRecord], object]
    ) -> None:
        super().__init__(
            parent,
            shown(product.product.name, 120),
            tr("Which one?"),
            verb=tr("Add to the cart"),
            on_accept=self._choose,
        )
        self._chosen = chosen
        self.list = ChoiceList(tr("Variants"))
        self.list.picked.connect(self._choose)
        self.list.show_choices(
            [_choice_of(each, each.name or each.code, desk) for each in product.variants if each.active]
        )
        self.add(self.list)
        self.list.setFocus()

    @Slot()
    def _choose(self) -> None:
        marked = self.list.marked
        if marked is not None:
            self.accept()
            self._chosen(marked.value)


class RentalDialog(Dialog):
    """Which unit, for how long, from which day. `chosen(variant_id, period_id, first_day)` is called once."""

    def __init__(
        self,
        parent: QWidget,
        desk: CheckoutDesk,
        product: ProductView,
        chosen: Callable[[int, int, date], object],
        *,
        line: CartLineView | None = None,
        variant_id: int | None = None,
    ) -> None:
        super().__init__(
            parent,
            shown(product.product.name, 120),
            verb=tr("Change the dates") if line is not None else tr("Add to the cart"),
            on_accept=self._choose,
            icon="calendar-days",
        )
        self._desk, self._chosen, self._changes = desk, chosen, line is not None
        self._today = desk.till.store_day(desk.till.clock.now())
        wanted = line.variant_id if line is not None else variant_id
        offered = [each for each in product.variants if each.active or each.id == wanted]
        self._variants = [each for each in offered if wanted is None or each.id == wanted]
        self._periods: list[PeriodRecord] = []
        self.list = ChoiceList(tr("Variants"))
        self.list.setMinimumHeight(120)
        self.list.setMaximumHeight(176)
        self._group = QButtonGroup(self)
        self._choices = QWidget()
        self._grid = QGridLayout(self._choices)
        self.first = QDateEdit()
        self._until = plain_label(role="large")
        self._price = plain_label(role="heading")
        self._note = plain_label(tone="muted", wrap=True)
        self._lay_out()
        self._fill(line)

    def _lay_out(self) -> None:
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self.first.setCalendarPopup(True)
        self.first.setLocale(QLocale(active_language()))
        self.first.setDisplayFormat("ddd, d MMM yyyy")
        self.first.setAccessibleName(tr("First day"))
        self.first.setMinimumWidth(190)
        days = QHBoxLayout()
        days.setSpacing(16)
        for title, field in ((tr("First day"), self.first), (tr("Last day"), self._until)):
            cell = QVBoxLayout()
            cell.setSpacing(4)
            cell.addWidget(plain_label(title, "label"))
            cell.addWidget(field, 1, Qt.AlignmentFlag.AlignVCenter)
            days.addLayout(cell)
        days.addStretch(1)
        self.add(self.list)
        self.body.addWidget(plain_label(tr("For how long"), "label"))
        self.add(self._choices)
        self.body.addLayout(days)
        box = QFrame()
        box.setProperty("surface", "sunken")
        inside = QVBoxLayout(box)
        inside.setContentsMargins(14, 10, 14, 10)
        inside.addWidget(self._price)
        inside.addWidget(self._note)
        self.add(box)

    def _fill(self, line: CartLineView | None) -> None:
        self.list.setVisible(len(self._variants) > 1)
        self.list.show_choices([_choice_of(each, each.name or each.code, self._desk) for each in self._variants])
        self.list.selectionModel().currentChanged.connect(lambda _now, _before: self._show_periods(None))
        start = line.start_on if line is not None and line.start_on is not None else self._today
        self.first.setDateRange(_as_date(min(start, self._today)), _as_date(self._today + FURTHEST_AHEAD))
        self.first.setDate(_as_date(start))
        self.first.dateChanged.connect(self._show)
        self._group.idToggled.connect(lambda _at, _on: self._show())
        self._show_periods(line.period_id if line is not None else None)

    @property
    def variant(self) -> VariantRecord | None:
        """What is rented."""
        marked = self.list.marked
        return marked.value if marked is not None else None

    @property
    def period(self) -> PeriodRecord | None:
        """For how long."""
        at = self._group.checkedId()
        return self._periods[at] if 0 <= at < len(self._periods) else None

    def pick_period(self, days: int) -> None:
        """Mark the period of so many days, if there is one."""
        for at, period in enumerate(self._periods):
            if period.days == days:
                self._group.button(at).setChecked(True)

    def _show_periods(self, chosen: int | None) -> None:
        for button in self._group.buttons():
            self._group.removeButton(button)
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        variant = self.variant
        self._periods = [each for each in variant.periods if each.active] if variant is not None else []
        marked = next((at for at, each in enumerate(self._periods) if each.id == chosen), 0)
        for at, period in enumerate(self._periods):
            days = ntr("{period}, {count} day", "{period}, {count} days", period.days, period=period.name)
            button = QRadioButton(days.replace("&", "&&"))
            button.setAccessibleName(tr("{period}: {price}", period=days, price=self._desk.money(period.price)))
            self._group.addButton(button, at)
            self._grid.addWidget(button, at, 0)
            price = plain_label(self._desk.money(period.price), "strong")
            self._grid.addWidget(price, at, 1, Qt.AlignmentFlag.AlignRight)
        if self._periods:
            self._group.button(marked).setChecked(True)
            self._group.button(marked).setFocus()
        self._show()

    @Slot()
    def _show(self) -> None:
        period, variant = self.period, self.variant
        self.go.setEnabled(period is not None)
        if period is None or variant is None:
            set_text(self._price, "")
            set_text(self._note, tr("This product has no rental periods."))
            return
        last = span_of(self._first_day(), period.days).last
        set_text(self._until, self._desk.day(last))
        set_text(self._price, tr("{price} each", price=self._desk.money(period.price)))
        units = ntr("{count} unit in all", "{count} units in all", variant.stock)
        if variant.deposit:
            deposit = self._desk.money(variant.deposit)
            set_text(self._note, tr("Deposit {deposit} each, given back later. {units}.", deposit=deposit, units=units))
        else:
            set_text(self._note, units)

    def _first_day(self) -> date:
        day = self.first.date()
        return date(day.year(), day.month(), day.day())

    def _choose(self) -> None:
        period, variant = self.period, self.variant
        if period is not None and variant is not None:
            self.accept()
            self._chosen(variant.id, period.id, self._first_day())


def _choice_of(variant: VariantRecord, title: str, desk: CheckoutDesk) -> Choice:
    stock = ntr("{count} left", "{count} left", variant.stock) if variant.stock else tr("None left")
    return Choice(variant, shown(title, 120), variant.code, desk.money(variant.price), stock, variant.stock <= _SCARCE)


def _as_date(day: date) -> QDate:
    return QDate(day.year, day.month, day.day)
