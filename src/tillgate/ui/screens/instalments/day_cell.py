"""How a day of the calendar is painted: its number over its sign, on the fill of its tone."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.icons import pixmap
from tillgate.ui.widgets.status_badge import Status

_SIGN: Final = 13
_GAP: Final = 1.5
_ROUND: Final = 5.0


class DayDelegate(QStyledItemDelegate):
    """A cell's user role is its Status, None where the day has no instalment."""

    @guarded()
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        text = index.data(Qt.ItemDataRole.DisplayRole)
        if not text:
            return
        look = theme.current()
        area = QRectF(option.rect).adjusted(_GAP, _GAP, -_GAP, -_GAP)
        status = index.data(Qt.ItemDataRole.UserRole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = look.colour("muted")
        if isinstance(status, Status):
            ink, fill = look.tone(status.tone)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawRoundedRect(area, _ROUND, _ROUND)
            ratio = painter.device().devicePixelRatioF()
            sign = QRectF(area.center().x() - _SIGN / 2, area.bottom() - _SIGN - 2, _SIGN, _SIGN)
            painter.drawPixmap(sign.topLeft(), pixmap(status.icon, ink, _SIGN, ratio))
            numbers = area.adjusted(0, 1, 0, -_SIGN - 2)
        else:
            numbers = area
        painter.setPen(ink)
        painter.setFont(theme.font("caption"))
        painter.drawText(numbers, Qt.AlignmentFlag.AlignCenter, str(text))
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            focused = bool(state & QStyle.StateFlag.State_HasFocus)
            painter.setPen(QPen(look.colour("accent" if focused else "muted"), 2 if focused else 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, _ROUND, _ROUND)
        painter.restore()
