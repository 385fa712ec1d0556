"""The calendar of an order's instalments, a month at a time: days are cells with a sign, walked through by keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Final

from PySide6.QtCore import QLocale, Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from tillgate.domain.changes import Kind
from tillgate.formats import format_day
from tillgate.i18n import tr
from tillgate.services.instalment_dues import ScheduleDay, list_schedule
from tillgate.ui import theme
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.instalments.day_cell import DayDelegate
from tillgate.ui.screens.instalments.words import DAY_STATUS, DayMark, mark_of
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import as_tooltip, plain_label, set_text
from tillgate.ui.widgets.notices import InlineNotice
from tillgate.ui.widgets.status_badge import Status, StatusBadge

_DAYS: Final = 7
_WEEKS: Final = 6
_ROW: Final = 38


class ScheduleView(QWidget):
    """Opens on the month of the first unpaid day. The line below says what the chosen day is about."""

    def __init__(self, office: BackOffice, order_id: int) -> None:
        super().__init__()
        self._office, self._order = office, order_id
        self._days: dict[date, ScheduleDay] = {}
        self._month = office.today().replace(day=1)
        self._shown = False
        self.notice = InlineNotice()
        self.back = Button(
            tone=ButtonTone.ICON, icon="chevron-left", name=tr("The month before"), on_click=partial(self._turn, -1)
        )
        self.on = Button(
            tone=ButtonTone.ICON, icon="chevron-right", name=tr("The month after"), on_click=partial(self._turn, 1)
        )
        self.title = plain_label(role="strong")
        self.grid = QTableWidget(_WEEKS, _DAYS)
        self.told = plain_label(wrap=True)
        self.open = Button(tr("Open its payment"), tone=ButtonTone.LINK, icon="credit-card", on_click=self._open)
        self.open.hide()
        self.legend = FlowLayout()
        self._dress()
        self._lay_out()
        self.grid.currentCellChanged.connect(self._told)
        theme.current().changed.connect(self._show_month)
        office.tasks.watch(self, {Kind.PAYMENT, Kind.INSTALMENT}, lambda _changes: self.reload())
        self.reload()

    def _dress(self) -> None:
        grid = self.grid
        grid.setAccessibleName(tr("Calendar of the instalments"))
        grid.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        grid.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        grid.setTabKeyNavigation(False)
        grid.setShowGrid(False)
        grid.verticalHeader().hide()
        grid.setItemDelegate(DayDelegate(grid))
        grid.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        grid.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        head = grid.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        head.setSectionsClickable(False)
        head.setHighlightSections(False)
        head.setMinimumSectionSize(24)
        grid.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        grid.verticalHeader().setMinimumSectionSize(1)
        grid.verticalHeader().setDefaultSectionSize(_ROW)
        place = QLocale(self._office.language)
        for column in range(_DAYS):
            name = QTableWidgetItem(place.dayName(column + 1, QLocale.FormatType.NarrowFormat))
            name.setData(Qt.ItemDataRole.AccessibleTextRole, place.dayName(column + 1))
            grid.setHorizontalHeaderItem(column, name)
        grid.setFixedHeight(_ROW * _WEEKS + head.sizeHint().height() + 4)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.back)
        head.addWidget(self.title, 1, Qt.AlignmentFlag.AlignCenter)
        head.addWidget(self.on)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.notice)
        column.addLayout(head)
        column.addWidget(self.grid)
        column.addWidget(self.told)
        column.addWidget(self.open, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self.legend)

    @Slot()
    def reload(self) -> None:
        """Read the days again."""
        work = partial(list_schedule, self._office.till, self._office.actor, [self._order])
        self._office.tasks.run(self, work, self._show, self.notice.show_error, label="schedule")

    def _show(self, days: Sequence[ScheduleDay]) -> None:
        self._days = {each.due_on: each for each in days}
        if not self._shown and days:
            self._shown = True
            unpaid = [each.due_on for each in days if self._mark(each) not in {DayMark.PAID, DayMark.CANCELLED}]
            self._month = (unpaid[0] if unpaid else days[-1].due_on).replace(day=1)
        self._show_legend(days)
        self._show_month()

    def _mark(self, day: ScheduleDay) -> DayMark:
        return mark_of(day, today=day.due_on == self._office.today())

    def _show_legend(self, days: Sequence[ScheduleDay]) -> None:
        while (item := self.legend.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        counts = Counter(self._mark(each) for each in days)
        for each in DayMark:
            if counts[each]:
                status = DAY_STATUS[each]
                text = tr("{status}: {count}", status=status.text, count=counts[each])
                badge = StatusBadge(Status(status.tone, status.icon, text))
                self.legend.addWidget(badge)

    def _turn(self, by: int) -> None:
        first = self._month + timedelta(days=31) if by > 0 else self._month - timedelta(days=1)
        self._month = first.replace(day=1)
        self._show_month()

    @Slot()
    def _show_month(self) -> None:
        place = QLocale(self._office.language)
        month = place.standaloneMonthName(self._month.month)
        set_text(self.title, tr("{month} {year}", month=month, year=self._month.year))
        held = self._day_at(self.grid.currentRow(), self.grid.currentColumn())
        for row in range(_WEEKS):
            for column in range(_DAYS):
                self.grid.setItem(row, column, self._cell(self._first + timedelta(days=row * _DAYS + column)))
        mine = sorted(self._days)
        self.back.setEnabled(bool(mine) and mine[0] < self._month)
        self.on.setEnabled(bool(mine) and mine[-1].replace(day=1) > self._month)
        self._choose(held)

    @property
    def _first(self) -> date:
        """The Monday that the month's page begins with."""
        return self._month - timedelta(days=self._month.weekday())

    def _cell(self, day: date) -> QTableWidgetItem:
        if day.month != self._month.month:
            empty = QTableWidgetItem("")
            empty.setFlags(Qt.ItemFlag.NoItemFlags)
            return empty
        cell = QTableWidgetItem(str(day.day))
        cell.setData(Qt.ItemDataRole.AccessibleTextRole, self.text_of(day))
        cell.setToolTip(as_tooltip(self.text_of(day)))
        here = self._days.get(day)
        cell.setData(Qt.ItemDataRole.UserRole, None if here is None else DAY_STATUS[self._mark(here)])
        return cell

    def text_of(self, day: date) -> str:
        """What a day is about."""
        shown = format_day(day, self._office.language)
        here = self._days.get(day)
        if here is None:
            return tr("{day}: no instalment", day=shown)
        words = DAY_STATUS[self._mark(here)].text
        amount = self._office.money(here.amount)
        return tr("{day}: instalment {number}, {amount}. {status}", day=shown, number=here.number, amount=amount,
                  status=words)  # fmt: skip

    def _choose(self, held: date | None) -> None:
        """The day that was chosen; else the first of the month that is not paid, or the first one at all."""
        month = [day for day in sorted(self._days) if day.replace(day=1) == self._month]
        if held not in month:
            unpaid = [day for day in month if self._mark(self._days[day]) is not DayMark.PAID]
            held = next(iter(unpaid or month), None)
        if held is not None:
            at = (held - self._first).days
            self.grid.setCurrentCell(at // _DAYS, at % _DAYS)
        self._told()

    def _day_at(self, row: int, column: int) -> date | None:
        return self._first + timedelta(days=row * _DAYS + column) if row >= 0 and column >= 0 else None

    @property
    def chosen(self) -> ScheduleDay | None:
        """The day under the cursor, where it has an instalment."""
        day = self._day_at(self.grid.currentRow(), self.grid.currentColumn())
        return self._days.get(day) if day is not None and day.month == self._month.month else None

    @Slot()
    def _told(self) -> None:
        here = self.chosen
        set_text(self.told, self.text_of(here.due_on) if here is not None else "")
        number = None if here is None else here.payment_id or here.paying
        self.open.setVisible(number is not None and self._office.show_payment is not None)

    @Slot()
    def _open(self) -> None:
        here = self.chosen
        number = None if here is None else here.payment_id or here.paying
        if number is not None and self._office.show_payment is not None:
            self._office.show_payment(number)
