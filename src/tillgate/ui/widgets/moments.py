"""One day, or one moment of a day, with a calendar: both typed and chosen by keyboard."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo

from PySide6.QtCore import QDate, QDateTime, QTime, Signal, Slot
from PySide6.QtWidgets import QDateEdit, QDateTimeEdit, QVBoxLayout, QWidget

from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import announce


class _Field(QWidget):
    """A label above, a calendar, and the error below it; `changed` when another day or time is chosen."""

    changed = Signal()

    def __init__(self, label: str, edit: QDateTimeEdit, form: str) -> None:
        super().__init__()
        self.edit = edit
        edit.setCalendarPopup(True)
        edit.setDisplayFormat(form)
        edit.setAccessibleName(label)
        title = plain_label(label, "label")
        title.setBuddy(edit)
        self._error = plain_label(role="caption", tone="failed", wrap=True)
        self._error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for widget in (title, edit, self._error):
            column.addWidget(widget)
        column.addStretch(1)
        self.setFocusProxy(edit)
        edit.dateTimeChanged.connect(self._chosen)

    def show_error(self, text: str) -> None:
        """Say below what is wrong, aloud too; "" takes it back."""
        set_text(self._error, text)
        self._error.setVisible(bool(text))
        self.edit.setAccessibleDescription(text)
        if text:
            announce(self.edit, text)

    @property
    def error(self) -> str:
        """The error shown, or ""."""
        return self.edit.accessibleDescription()

    @Slot()
    def _chosen(self) -> None:
        if self.error:
            self.show_error("")
        self.changed.emit()


class DayField(_Field):
    """A calendar day."""

    def __init__(self, label: str, day: date) -> None:
        super().__init__(label, QDateEdit(QDate(day.year, day.month, day.day)), "yyyy-MM-dd")

    @property
    def value(self) -> date:
        """The day."""
        day = self.edit.date()
        return date(day.year(), day.month(), day.day())

    def set_value(self, day: date) -> None:
        """Show another day."""
        self.edit.setDate(QDate(day.year, day.month, day.day))


class MomentField(_Field):
    """A day with hours and minutes in the store's zone; an instant that nobody touches stays what it was."""

    def __init__(self, label: str, at: datetime, zone: tzinfo) -> None:
        self._given, self._zone = at, zone
        local = at.astimezone(zone)
        self._shown = QDateTime(QDate(local.year, local.month, local.day), QTime(local.hour, local.minute))
        super().__init__(label, QDateTimeEdit(self._shown), "yyyy-MM-dd HH:mm")

    @property
    def value(self) -> datetime:
        """The instant, in UTC."""
        day, time = self.edit.date(), self.edit.time()
        if day == self._shown.date() and time == self._shown.time():
            return self._given
        local = datetime(day.year(), day.month(), day.day(), time.hour(), time.minute(), tzinfo=self._zone)
        return local.astimezone(UTC)
