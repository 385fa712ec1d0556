"""What the pages of the figures have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import ClassVar, TypeVar

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.widgets.data_table import DayRange, Place
from tillgate.ui.widgets.data_table.export import Export
from tillgate.ui.widgets.notices import InlineNotice

T = TypeVar("T")


class FiguresPage(QWidget):
    """One page of figures over the days that the screen has in use. Errors stand in the screen's notice."""

    file_name: ClassVar[str]

    def __init__(self, office: BackOffice, notice: InlineNotice) -> None:
        super().__init__()
        self._office, self._notice = office, notice
        self._days = DayRange()
        self._asked = 0
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def put(self, part: QWidget) -> None:
        """Lay its content out."""
        self._column.addWidget(part)

    @property
    def is_read(self) -> bool:
        """Whether there are figures to be exported."""
        raise NotImplementedError

    def read(self, first: date, last: date, days: DayRange) -> None:
        """Read the figures of store days, both included; `days` are what the lists are narrowed to."""
        raise NotImplementedError

    def exporting(self, path: Path) -> Export:
        """The figures as a file, which is still to be written. Raises Bug("figures_not_read")."""
        raise NotImplementedError

    def _run(self, days: DayRange, work: Callable[[], T], show: Callable[[T], None]) -> None:
        self._asked += 1
        asked = self._asked

        def done(read: T) -> None:
            # An answer for days that were left meanwhile is too late.
            if asked == self._asked:
                self._days = days
                show(read)

        self._office.tasks.run(self, work, done, self._notice.show_error, label="figures")

    def _place(self) -> Place:
        return Place(self._office.language, self._office.zone)
