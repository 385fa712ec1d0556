"""What is known of something: names with their values, sections under a heading, and what is shown when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLayout, QSizePolicy, QVBoxLayout, QWidget

from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import line, plain_label

_NAME_WIDTH: Final = 116


class Facts(QWidget):
    """Names at the left, values at the right, which can be selected and copied. Rows without a value are left out."""

    def __init__(self, rows: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__()
        self._rows: list[tuple[str, str]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnMinimumWidth(0, _NAME_WIDTH)
        self._grid.setColumnStretch(1, 1)
        for name, value in rows:
            if value:
                self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """One more row."""
        row = len(self._rows)
        title = plain_label(name, tone="muted", wrap=True)
        shown = plain_label(value, wrap=True, selectable=True)
        shown.setAccessibleName(name)
        shown.setAccessibleDescription(value)
        title.setBuddy(shown)
        self._grid.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(shown, row, 1, Qt.AlignmentFlag.AlignTop)
        self._rows.append((name, value))

    @property
    def rows(self) -> list[tuple[str, str]]:
        """What is shown."""
        return list(self._rows)


class Section(QWidget):
    """A heading over some content, set off by a hairline."""

    def __init__(self, title: str, *, spacing: int = 10) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(spacing)
        self.column.addWidget(line())
        self.column.addWidget(plain_label(title, "strong"))

    def add(self, part: QWidget | QLayout) -> None:
        """One more part below."""
        if isinstance(part, QLayout):
            self.column.addLayout(part)
        else:
            self.column.addWidget(part)


class Disclosure(QWidget):
    """A title that opens what it names; the content is made when it is first opened."""

    def __init__(self, title: str, make: Callable[[], QWidget], *, shown: bool = False) -> None:
        super().__init__()
        self._make = make
        self._content: QWidget | None = None
        self.button = Button(title, tone=ButtonTone.QUIET, icon="chevron-right", on_click=self.toggle)
        self.button.setCheckable(False)
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(line())
        self._column.addLayout(row)
        if shown:
            self.toggle()

    @property
    def is_open(self) -> bool:
        """Whether the content is shown."""
        return self._content is not None and not self._content.isHidden()

    @Slot()
    def toggle(self) -> None:
        """Open or close it."""
        if self._content is None:
            self._content = self._make()
            self._column.addWidget(self._content)
        else:
            self._content.setHidden(not self._content.isHidden())
        self.button.show_icon("chevron-down" if self.is_open else "chevron-right")
        self.button.setAccessibleDescription("")
