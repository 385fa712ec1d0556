"""From one day to another, both included."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QDate, QLocale, Signal, Slot
from PySide6.QtWidgets import QDateEdit, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.i18n import active_language, tr
from tillgate.ui.widgets.days import DayRange
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import announce


class DateRangeField(QWidget):
    """Two days with calendars; `changed` when either moves. The wrong order is said in words."""

    changed = Signal()

    def __init__(self, first: date, last: date) -> None:
        super().__init__()
        self.first = _day_edit(tr("First day"), first)
        self.last = _day_edit(tr("Last day"), last)
        self._error = plain_label(role="caption", tone="failed")
        self._error.hide()
        row = QHBoxLayout()
        row.setSpacing(12)
        for edit in (self.first, self.last):
            cell = QVBoxLayout()
            cell.setSpacing(4)
            label = plain_label(edit.accessibleName(), "label")
            label.setBuddy(edit)
            cell.addWidget(label)
            cell.addWidget(edit)
            row.addLayout(cell, 1)
            edit.dateChanged.connect(self._check)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._error)
        column.addStretch(1)
        self.setFocusProxy(self.first)

    def value(self) -> DayRange | None:
        """The days; None while they are in the wrong order."""
        first, last = _as_day(self.first.date()), _as_day(self.last.date())
        return DayRange(first, last) if first <= last else None

    def set_value(self, days: DayRange) -> None:
        """Show other days; an open end keeps what is there."""
        for edit, day in ((self.first, days.first), (self.last, days.last)):
            if day is not None:
                edit.setDate(QDate(day.year, day.month, day.day))

    @Slot()
    def _check(self) -> None:
        wrong = self.value() is None
        self._error.setText(tr("The first day is after the last one."))
        self._error.setVisible(wrong)
        if wrong:
            announce(self, self._error.text())
        self.changed.emit()


def _day_edit(name: str, day: date) -> QDateEdit:
    edit = QDateEdit(QDate(day.year, day.month, day.day))
    edit.setCalendarPopup(True)
    edit.setLocale(QLocale(active_language()))
    edit.setDisplayFormat("yyyy-MM-dd")
    edit.setAccessibleName(name)
    return edit


def _as_day(day: QDate) -> date:
    return date(day.year(), day.month(), day.day())
