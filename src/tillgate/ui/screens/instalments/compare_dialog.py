"""The items of a new bulk order side by side: what each costs a day on each plan, before anything is ordered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from tillgate.i18n import ntr, tr
from tillgate.services.instalment_planner import Comparison, PlanOption
from tillgate.ui.screens.instalments.desk import InstalmentDesk
from tillgate.ui.screens.instalments.order_draft import DraftItem, compare, reason
from tillgate.ui.text import shown
from tillgate.ui.widgets.dialog import Dialog

_WIDTH: Final = 860
_HEIGHT: Final = 420
_LEAST_COLUMN: Final = 150
_CENTRE: Final = Qt.AlignmentFlag.AlignCenter


class CompareDialog(Dialog):
    """`taken(DraftItem)`: an item with the plan that it takes. It stays open for the others.

    A column is an item, with what its plans have in common above it; a row is a number of days, with their last.
    """

    taken = Signal(object)

    def __init__(
        self, parent: QWidget, desk: InstalmentDesk, items: Sequence[DraftItem], customer_id: int | None
    ) -> None:
        super().__init__(
            parent,
            tr("Compare the plans"),
            tr("What each item costs a day. Enter takes the plan that is marked for its item."),
            verb=tr("Take this plan"),
            on_accept=self._take,
            icon="check",
            back=tr("Close"),
            width=_WIDTH,
        )
        self._desk = desk
        self.items = list(items)
        self._plans: list[dict[int, PlanOption]] = []
        self.days: list[int] = []
        self.grid = QTableWidget()
        self.grid.setAccessibleName(tr("Plans of the items"))
        self.grid.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.grid.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.grid.setTabKeyNavigation(False)
        self.grid.setMinimumHeight(_HEIGHT)
        for head in (self.grid.horizontalHeader(), self.grid.verticalHeader()):
            head.setSectionsClickable(False)
            head.setHighlightSections(False)
        self.grid.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.grid.horizontalHeader().setMinimumSectionSize(_LEAST_COLUMN)
        self.grid.currentCellChanged.connect(self._marked)
        self.grid.cellDoubleClicked.connect(lambda _row, _column: self._take())
        self.add(self.grid)
        self.go.setEnabled(False)
        office = desk.office

        def work() -> tuple[Comparison, ...]:
            return tuple(compare(office.till, office.actor, each, customer_id, each.days) for each in items)

        office.tasks.run(self, work, self._show, self.notice.show_error, label="plans")

    def _show(self, found: Sequence[Comparison]) -> None:
        self._plans = [{option.days: option for option in each.options if option.refused is None} for each in found]
        self.days = sorted({days for plans in self._plans for days in plans})
        self.grid.setRowCount(len(self.days))
        self.grid.setColumnCount(len(self.items))
        self.grid.setVerticalHeaderLabels([self._day_words(days) for days in self.days])
        words = [self._item_words(at, each) for at, each in enumerate(found)]
        self.grid.setHorizontalHeaderLabels(words)
        for at in range(len(self.items)):
            self._fill(at)
        self.grid.resizeRowsToContents()
        chosen = self.items[0].days
        self.grid.setCurrentCell(self.days.index(chosen) if chosen in self.days else 0, 0)
        self.grid.setFocus()

    def _day_words(self, days: int) -> str:
        plan = next(plans[days] for plans in self._plans if days in plans)
        last = tr("last on {day}", day=self._desk.checkout.day(plan.last)) if plan.last is not None else ""
        return "\n".join(filter(None, (ntr("{count} day", "{count} days", days), last)))

    def _item_words(self, at: int, found: Comparison) -> str:
        item, money = self.items[at], self._desk.office.money
        told = [tr("{count} × {product}", count=item.quantity, product=shown(item.name, 40)), item.variant_name]
        any_plan = next(iter(self._plans[at].values()), None)
        if any_plan is None:
            told.append(reason(found.refused) if found.refused is not None else "")
        elif any_plan.total is not None:
            told.append(tr("{total} in all", total=money(any_plan.total)))
        if any_plan is not None and any_plan.discount:
            told.append(tr("coupon −{amount}", amount=money(any_plan.discount)))
        if any_plan is not None and any_plan.commission:
            told.append(tr("commission {amount}", amount=money(any_plan.commission)))
        return "\n".join(filter(None, told))

    def _fill(self, at: int) -> None:
        """An item's column; the plan that it has bears a tick."""
        item = self.items[at]
        for row, days in enumerate(self.days):
            plan = self._plans[at].get(days)
            daily = self._desk.office.money(plan.daily) if plan is not None and plan.daily is not None else ""
            ticked = bool(daily) and item.days == days
            cell = QTableWidgetItem(f"✓ {daily}" if ticked else daily or "–")
            cell.setTextAlignment(_CENTRE)
            each_day = tr("{amount} a day", amount=daily) if daily else tr("Not on this plan")
            spoken = (shown(item.name, 120), self._day_words(days), each_day, tr("Chosen") if ticked else "")
            cell.setData(Qt.ItemDataRole.AccessibleTextRole, "\n".join(filter(None, spoken)))
            self.grid.setItem(row, at, cell)

    @property
    def marked(self) -> PlanOption | None:
        """The plan of the marked cell, for the item of its column."""
        row, column = self.grid.currentRow(), self.grid.currentColumn()
        inside = 0 <= row < len(self.days) and 0 <= column < len(self._plans)
        return self._plans[column].get(self.days[row]) if inside else None

    @Slot()
    def _marked(self) -> None:
        self.go.setEnabled(self.marked is not None)

    def _take(self) -> None:
        plan, at = self.marked, self.grid.currentColumn()
        if plan is None:
            return
        row = self.grid.currentRow()
        self.items[at] = replace(self.items[at], plan=plan, failed=None)
        self._fill(at)
        self.grid.setCurrentCell(row, at)
        self.taken.emit(self.items[at])
