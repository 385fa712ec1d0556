"""How cells are painted: one delegate that only draws what the model has already made."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.widgets.data_table.model import Index, WindowModel
from tillgate.ui.widgets.status_badge import Status, paint_badge

PAD: Final = 12
# No character is wider: shorter texts need no measuring.
_WIDEST: Final = 20
_ALIGN_LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_ALIGN_RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_SELECTED: Final = QStyle.StateFlag.State_Selected


class CellDelegate(QStyledItemDelegate):
    """Paints text, amounts, badges and the bar that stands for a row on its way."""

    def __init__(self, view: QTableView, model: WindowModel) -> None:
        super().__init__(view)
        self._view, self._model = view, model
        self.hovered = -1
        self._colours: dict[str, QColor] = {}
        self._fonts = (theme.font("body"), theme.font("strong"))
        self._metrics = tuple(QFontMetrics(font) for font in self._fonts)
        self._right = [column.right for column in model.columns]
        self._strong = [column.strong for column in model.columns]
        self.take_colours()
        theme.current().changed.connect(self.take_colours)

    def take_colours(self) -> None:
        """Read the colours of the theme in use."""
        names = ("text", "border", "selected", "hover", "sunken")
        self._colours = {name: theme.current().colour(name) for name in names}

    def fonts(self, column: int) -> QFont:
        """The font of a column."""
        return self._fonts[self._strong[column]]

    @guarded()
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        area, row, column = option.rect, index.row(), index.column()
        colours = self._colours
        if option.state & _SELECTED:
            painter.fillRect(area, colours["selected"])
        elif row == self.hovered:
            painter.fillRect(area, colours["hover"])
        painter.fillRect(area.x(), area.bottom(), area.width(), 1, colours["border"])
        cells = self._model.cells(row)
        room = area.adjusted(PAD, 0, -PAD, -1)
        if cells is None:
            painter.fillRect(room.x(), area.center().y() - 4, min(room.width(), 64), 8, colours["sunken"])
            return
        cell = cells[column]
        if isinstance(cell, Status):
            paint_badge(painter, QRectF(room), cell, self._view.devicePixelRatioF())
            return
        strong = self._strong[column]
        painter.setFont(self._fonts[strong])
        painter.setPen(colours["text"])
        metrics = self._metrics[strong]
        if len(cell) * _WIDEST > room.width() and metrics.horizontalAdvance(cell) > room.width():
            cell = metrics.elidedText(cell, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, _ALIGN_RIGHT if self._right[column] else _ALIGN_LEFT, cell)

    @guarded(QSize)
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(self._model.columns[index.column()].width, theme.size("row"))
