"""Amounts that are read from a distance: the button that takes the money, and the figure while it is awaited."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tillgate.i18n import tr
from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.widgets.buttons import Button, ButtonTone

_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class BigAmount(QWidget):
    """An amount as large as its width allows, up to a role of the type scale."""

    def __init__(self, role: str = "display") -> None:
        super().__init__()
        self._role, self._text = role, ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """The amount shown."""
        return self._text

    def show_text(self, text: str) -> None:
        """Show another amount."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.update()

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        return QSize(200, QFontMetrics(theme.font(self._role)).height())

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(theme.current().colour("text"))
        painter.setFont(fitting_font(self._text, self.width(), self._role))
        painter.drawText(self.rect(), _LEFT, self._text)
        painter.end()


class PayButton(Button):
    """The one large button of the screen: the verb and its key above, the amount below, as large as fits."""

    def __init__(self) -> None:
        super().__init__(tr("Pay"), tone=ButtonTone.PRIMARY, big=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._verb = self._amount = self._key = ""

    def show_amount(self, verb: str, amount: str, key: str) -> None:
        """What a press does, for how much, and the key that does the same."""
        if (verb, amount, key) == (self._verb, self._amount, self._key):
            return
        self._verb, self._amount, self._key = verb, amount, key
        self.show_text(tr("{verb} {amount}", verb=verb, amount=amount) if amount else verb)
        self.setAccessibleName(self.text())
        self.update()

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        return QSize(220, 92)

    @guarded(QSize)
    def minimumSizeHint(self) -> QSize:
        return QSize(150, 92)

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, _ = self.begin_painting()
        ink = theme.current().colour("on_accent" if self.isEnabled() else "faint")
        painter.setPen(ink)
        inner = self.rect().adjusted(18, 14, -18, -14)
        if not self._amount:
            painter.setFont(theme.font("title"))
            painter.drawText(inner, int(Qt.AlignmentFlag.AlignCenter), self._verb)
        else:
            painter.setFont(theme.font("large"))
            top = QRect(inner.left(), inner.top(), inner.width(), 22)
            painter.drawText(top, _LEFT, self._verb)
            painter.drawText(top, _RIGHT, self._key)
            painter.setFont(fitting_font(self._amount, inner.width(), "amount"))
            below = QRect(inner.left(), inner.top() + 24, inner.width(), inner.height() - 24)
            painter.drawText(below, _RIGHT, self._amount)
        painter.end()


def fitting_font(text: str, width: int, role: str, smallest: int = 14) -> QFont:
    """The font of a role, made smaller until a text fits a width."""
    font = theme.font(role)
    while font.pixelSize() > smallest and QFontMetrics(font).horizontalAdvance(text) > width:
        font.setPixelSize(font.pixelSize() - 1)
    return font
