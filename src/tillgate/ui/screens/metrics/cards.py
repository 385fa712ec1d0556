"""A figure on a card: its name, the figure, what it is made of as links to the rows, and a line over the days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tillgate.ui.guard import guarded
from tillgate.ui.screens.checkout.amounts import BigAmount
from tillgate.ui.screens.metrics.charts import Trend
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label

P = TypeVar("P", bound=QWidget)
INDENT: Final = 6
_LEFT: Final = 16 - INDENT
_LINK_HIGH: Final = 30


@dataclass(frozen=True, slots=True)
class Link:
    """A part of a figure and the rows it stands for; `open_rows` None where there are none to open."""

    text: str
    open_rows: Callable[[], object] | None = None


class FigureCard(QFrame):
    """One figure."""

    def __init__(self, title: str, *, colour: str = "accent") -> None:
        super().__init__()
        self.setProperty("surface", "raised")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.title = title
        self.figure = BigAmount("amount")
        self.figure.show_text("–")
        self.trend = Trend(colour)
        self._links = QWidget()
        self._flow = FlowLayout(spacing=6)
        self._links.setLayout(self._flow)
        column = QVBoxLayout(self)
        column.setContentsMargins(_LEFT, 12, 16, 12)
        column.setSpacing(2)
        column.addWidget(indented(plain_label(title, "label")))
        column.addLayout(_painted(self.figure))
        column.addWidget(self._links)
        column.addStretch(1)
        column.addLayout(_painted(self.trend))

    def show_figure(self, text: str, links: Sequence[Link], values: Sequence[int | None]) -> None:
        """Show another figure."""
        self.figure.show_text(text)
        self.setAccessibleName(": ".join((self.title, text)))
        while (item := self._flow.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for link in links:
            self._flow.addWidget(self._link(link))
        self.trend.show_values(values)
        self._links.updateGeometry()

    @staticmethod
    def _link(link: Link) -> QWidget:
        if link.open_rows is None:
            label = indented(plain_label(link.text, "caption"))
            label.setFixedHeight(_LINK_HIGH)
            return label
        return Button(link.text, tone=ButtonTone.LINK, on_click=link.open_rows)

    @property
    def links(self) -> dict[str, Button]:
        """The links by their texts."""
        return {
            button.text().replace("&&", "&"): button
            for button in self._links.findChildren(Button)
            if not button.isHidden()
        }


def indented(part: P) -> P:
    """Aligned with the text of link buttons, which keep room for the ring of the focus."""
    part.setContentsMargins(INDENT, 0, 0, 0)
    return part


def _painted(part: QWidget) -> QHBoxLayout:
    """The same for what paints itself, without a look at its margins."""
    row = QHBoxLayout()
    row.setContentsMargins(INDENT, 0, 0, 0)
    row.addWidget(part)
    return row


class CardGrid(QWidget):
    """Cards of one width, as many beside each other as there is room for."""

    def __init__(self, cards: Sequence[QWidget], *, least: int = 208, most: int = 4, spacing: int = 12) -> None:
        super().__init__()
        self._cards, self._least, self._most = list(cards), least, most
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(spacing)
        self._place(most)

    @guarded()
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() + self._grid.spacing()
        self._place(max(1, min(self._most, room // (self._widest() + self._grid.spacing()))))

    @guarded(QSize)
    def minimumSizeHint(self) -> QSize:
        # One below the other they need no more; asking for a whole row would keep the grid from ever breaking it.
        return QSize(self._widest(), super().minimumSizeHint().height())

    def _widest(self) -> int:
        return max(self._least, *(max(each.minimumSizeHint().width(), each.minimumWidth()) for each in self._cards))

    def _place(self, columns: int) -> None:
        # Rows of equal length look better than a full row and a remainder.
        while columns > 1 and len(self._cards) % columns and len(self._cards) > columns:
            columns -= 1
        if columns == self._columns:
            return
        for card in self._cards:
            self._grid.removeWidget(card)
        for number in range(max(columns, self._columns)):
            self._grid.setColumnStretch(number, 1 if number < columns else 0)
        self._columns = columns
        for number, card in enumerate(self._cards):
            self._grid.addWidget(card, number // columns, number % columns, Qt.AlignmentFlag(0))
