"""A short table on a card: a name that opens something, and figures at the right, which may open their own rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tillgate.i18n import tr
from tillgate.ui.screens.metrics.cards import INDENT, Link, indented
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import ElidedLabel, line, plain_label

Cell: TypeAlias = "str | Link"


class TableCard(QFrame):
    """`rows` are the texts that are shown, `openers` the buttons of the names, `links` those of figures by (name,
    head)."""

    def __init__(self, title: str, empty: str) -> None:
        super().__init__()
        self.setProperty("surface", "raised")
        self.setAccessibleName(title)
        self._empty = empty
        self.rows: list[tuple[str, ...]] = []
        self.openers: dict[str, Button] = {}
        self.links: dict[tuple[str, str], Button] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(10, 12, 16, 12)
        self._column.setSpacing(6)
        self._column.addWidget(indented(plain_label(title, "label")))
        self._body = QWidget()
        self._column.addWidget(self._body)
        self._column.addStretch(1)

    def show_rows(
        self, heads: Sequence[str], rows: Sequence[tuple[Cell, ...]], open_row: Callable[[int], object]
    ) -> None:
        """Show other rows; the first cell of each is a button that opens it."""
        self.rows, self.openers, self.links = [tuple(map(_text, row)) for row in rows], {}, {}
        self._body.hide()
        self._body.deleteLater()
        self._body = QWidget()
        grid = QGridLayout(self._body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        if not rows:
            grid.addWidget(indented(plain_label(self._empty, tone="muted")), 0, 0)
        else:
            for column, head in enumerate(heads):
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                label = plain_label(head, "caption")
                if not column:
                    indented(label)
                elif any(isinstance(row[column], Link) for row in rows):
                    label.setContentsMargins(0, 0, INDENT, 0)
                grid.addWidget(label, 0, column, side)
            rule = QHBoxLayout()
            rule.setContentsMargins(6, 2, 0, 2)
            rule.addWidget(line())
            grid.addLayout(rule, 1, 0, 1, len(heads))
        for number, row in enumerate(rows):
            self._add(grid, number, heads, row, open_row)
        self._column.insertWidget(1, self._body)

    def _add(
        self,
        grid: QGridLayout,
        number: int,
        heads: Sequence[str],
        row: tuple[Cell, ...],
        open_row: Callable[[int], object],
    ) -> None:
        name = _text(row[0])
        opener = Button(name, tone=ButtonTone.LINK, on_click=lambda: open_row(number))
        self.openers[name] = opener
        grid.addWidget(opener, number + 2, 0, Qt.AlignmentFlag.AlignLeft)
        for column, cell in enumerate(row[1:], 1):
            if isinstance(cell, Link) and cell.open_rows is not None:
                spoken = tr("{name}, {figure}: {value}", name=name, figure=heads[column], value=cell.text)
                link = Button(cell.text, tone=ButtonTone.LINK, name=spoken, on_click=cell.open_rows)
                self.links[name, heads[column]] = link
                grid.addWidget(link, number + 2, column, Qt.AlignmentFlag.AlignRight)
            else:
                place = QHBoxLayout()
                place.setContentsMargins(0, 0, INDENT if isinstance(cell, Link) else 0, 0)
                place.addWidget(ElidedLabel(_text(cell)))
                grid.addLayout(place, number + 2, column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Link) else cell
