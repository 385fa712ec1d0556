"""The button of a rented line: which period, and which days. A press changes them."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QIcon, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy

from tillgate.i18n import tr
from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.screens.checkout.amounts import fitting_font
from tillgate.ui.text import shown
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import as_tooltip

_INSET: Final = 4
_ICON_GAP: Final = 6
_LEAST: Final = 96
# The longest days of any language and currency have room at this size on the smallest screen.
_SMALLEST_PX: Final = 12


class DatesButton(Button):
    """The period above, which ends in an ellipsis where there is no room, and the days below, which never do."""

    def __init__(self) -> None:
        super().__init__(tone=ButtonTone.QUIET, icon="calendar-days")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._period = self._days = ""

    def show_dates(self, period: str, days: str) -> None:
        """Show another rental."""
        self._period, self._days = shown(period).replace("\n", " "), days
        self.show_text(tr("{period}, {day}", period=self._period, day=days))
        self._tell_rest()

    @property
    def room(self) -> int:
        """How wide a text can be."""
        return self._text_area().width()

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        period = QFontMetrics(theme.font("caption")).horizontalAdvance(self._period)
        days = QFontMetrics(theme.font("label")).horizontalAdvance(self._days)
        chrome = self.width() - self.room
        return QSize(chrome + max(period, days), super().sizeHint().height())

    @guarded(QSize)
    def minimumSizeHint(self) -> QSize:
        return QSize(_LEAST, super().sizeHint().height())

    @guarded()
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_rest()

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, _ = self.begin_painting()
        side, area, enabled = theme.size("icon"), self._text_area(), self.isEnabled()
        icon_area = QRect(_INSET, (self.height() - side) // 2, side, side)
        mode = QIcon.Mode.Normal if enabled else QIcon.Mode.Disabled
        self.icon().paint(painter, icon_area, Qt.AlignmentFlag.AlignCenter, mode)
        upper = area.adjusted(0, 0, 0, -area.height() // 2)
        lower = area.adjusted(0, area.height() // 2, 0, 0)
        look, left = theme.current(), Qt.AlignmentFlag.AlignLeft
        painter.setFont(theme.font("caption"))
        painter.setPen(look.colour("muted" if enabled else "faint"))
        period = painter.fontMetrics().elidedText(self._period, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(upper, int(left | Qt.AlignmentFlag.AlignBottom), period)
        painter.setFont(fitting_font(self._days, area.width(), "label", _SMALLEST_PX))
        painter.setPen(look.colour("text" if enabled else "faint"))
        painter.drawText(lower, int(left | Qt.AlignmentFlag.AlignTop), self._days)
        painter.end()

    def _text_area(self) -> QRect:
        return self.rect().adjusted(_INSET + theme.size("icon") + _ICON_GAP, 0, -_INSET, 0)

    def _tell_rest(self) -> None:
        cut = QFontMetrics(theme.font("caption")).horizontalAdvance(self._period) > self.room
        self.setToolTip(as_tooltip(self._period) if cut else "")
