"""What is known of something: names with their values, sections under a heading, and what is shown when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from tillgate.i18n import tr
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import ElidedLabel, line, plain_label

_NAME_WIDTH: Final = 116
# Longer ones without a blank are codes.
_LONG: Final = 24


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
        is_code = len(value) > _LONG and " " not in value
        side = Qt.AlignmentFlag.AlignVCenter if is_code else Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(title, row, 0, side)
        if is_code:
            self._grid.addWidget(_code(name, value), row, 1)
        else:
            self._grid.addWidget(_text(name, value), row, 1, side)
        self._rows.append((name, value))

    @property
    def rows(self) -> list[tuple[str, str]]:
        """What is shown."""
        return list(self._rows)


def _text(name: str, value: str) -> QWidget:
    shown = plain_label(value, wrap=True, selectable=True)
    shown.setAccessibleName(name)
    shown.setAccessibleDescription(value)
    return shown


def _code(name: str, value: str) -> QWidget:
    """A long code has no place to break: it is cut, and copied whole."""
    held = QWidget()
    row = QHBoxLayout(held)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    label = ElidedLabel(value)
    label.setAccessibleName(name)
    label.setAccessibleDescription(value)
    row.addWidget(label, 1)
    copy = Button(tone=ButtonTone.ICON, icon="copy", name=tr("Copy {name}", name=name))
    copy.clicked.connect(lambda _checked=False: QGuiApplication.clipboard().setText(value))
    row.addWidget(copy)
    return held


class Section(QWidget):
    """A heading over some content, set off by a hairline."""

    def __init__(self, title: str, *, spacing: int = 10) -> None:
        super().__init__()
        self.setAccessibleName(title)
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
    """A title that opens what it names; the content is made when it is first opened. `turned` each time."""

    turned = Signal()

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
            # A layout shows what is added only later; whether it is open is asked now.
            self._content.show()
        else:
            self._content.setHidden(not self._content.isHidden())
        self.button.show_icon("chevron-down" if self.is_open else "chevron-right")
        self.button.setAccessibleDescription("")
        self.turned.emit()
