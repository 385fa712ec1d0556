"""Small charts, painted by themselves: bars by day or hour, and a line that shows a direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.text import shown
from tillgate.ui.widgets.notices import announce

_FOOT: Final = 20
_TOP: Final = 16
_GAP_PART: Final = 4
_FOOT_GAP: Final = 12


@dataclass(frozen=True, slots=True)
class Paint:
    """A colour token, and how much of it covers what is below, up to 255."""

    name: str
    alpha: int = 255

    @property
    def colour(self) -> QColor:
        """In the theme in use."""
        made = QColor(theme.current().colour(self.name))
        made.setAlpha(self.alpha)
        return made


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its parts from the bottom up, what stands below it (or ""), and what it says when looked at."""

    parts: tuple[int, ...]
    foot: str
    says: str

    @property
    def height(self) -> int:
        """All parts together."""
        return sum(self.parts)


class Bars(QWidget):
    """Stacked bars; the one under the pointer, or reached by the arrow keys, is read out above.

    A press, or Enter, opens what it stands for: `chosen(int)` with its number.
    """

    chosen = Signal(int)

    def __init__(self, name: str, paints: Sequence[Paint], *, high: int = 150) -> None:
        super().__init__()
        self._paints, self._high = tuple(paints), high
        self._bars: tuple[Bar, ...] = ()
        self._at = -1
        self._openable = False
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_bars(self, bars: Sequence[Bar], *, openable: bool = False) -> None:
        """Show other bars."""
        self._bars, self._at, self._openable = tuple(bars), -1, openable
        self.setAccessibleDescription("\n".join(bar.says for bar in bars if bar.height))
        self.setCursor(Qt.CursorShape.PointingHandCursor if openable else Qt.CursorShape.ArrowCursor)
        self.update()

    @property
    def bars(self) -> tuple[Bar, ...]:
        """What is shown."""
        return self._bars

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        return QSize(280, self._high)

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = theme.current()
        base = self.height() - _FOOT
        painter.fillRect(QRectF(0, base, self.width(), 1), look.colour("border"))
        tallest = max((bar.height for bar in self._bars), default=0)
        painter.setFont(theme.font("caption"))
        if tallest:
            painter.setPen(look.colour("muted"))
            painter.drawText(QRectF(0, 0, self.width(), _TOP), int(Qt.AlignmentFlag.AlignRight), str(tallest))
            if self._at >= 0:
                painter.setPen(look.colour("text"))
                painter.drawText(QRectF(0, 0, self.width() - 48, _TOP), 0, shown(self._bars[self._at].says))
            painter.fillRect(QRectF(0, _TOP, self.width(), 1), look.colour("sunken"))
        for number, bar in enumerate(self._bars):
            self._paint_bar(painter, number, bar, tallest)
        self._paint_feet(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.colour("focus"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()

    def _slot(self, number: int) -> QRectF:
        wide = self.width() / max(1, len(self._bars))
        return QRectF(number * wide, _TOP, wide, self.height() - _FOOT - _TOP)

    def _paint_bar(self, painter: QPainter, number: int, bar: Bar, tallest: int) -> None:
        look, slot = theme.current(), self._slot(number)
        if number == self._at:
            painter.fillRect(slot, look.colour("hover"))
        wide = max(2.0, min(slot.width() - _GAP_PART, slot.width() * 0.72, 34.0))
        left, bottom = slot.center().x() - wide / 2, slot.bottom()
        for part, paint in zip(bar.parts, self._paints, strict=True):
            if not part:
                continue
            high = max(2.0, slot.height() * part / tallest)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(paint.colour)
            painter.drawRoundedRect(QRectF(left, bottom - high, wide, max(2.0, high - 1)), 2.5, 2.5)
            bottom -= high

    def _paint_feet(self, painter: QPainter) -> None:
        painter.setPen(theme.current().colour("muted"))
        metrics = painter.fontMetrics()
        widest = max((metrics.horizontalAdvance(bar.foot) for bar in self._bars), default=0)
        step = max(1, -int(-(widest + _FOOT_GAP) * len(self._bars) // max(1, self.width())))
        for number, bar in enumerate(self._bars[::step]):
            wide = metrics.horizontalAdvance(bar.foot)
            left = min(max(0, self._slot(number * step).center().x() - wide / 2), self.width() - wide)
            painter.drawText(QPointF(left, self.height() - 5), bar.foot)

    def _number_at(self, x: float) -> int:
        number = int(x * len(self._bars) / max(1, self.width()))
        return number if 0 <= number < len(self._bars) else -1

    def _look_at(self, number: int) -> None:
        if number != self._at:
            self._at = number
            self.update()

    def _open(self) -> None:
        if self._openable and 0 <= self._at < len(self._bars) and self._bars[self._at].height:
            self.chosen.emit(self._at)

    @guarded()
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._look_at(self._number_at(event.position().x()))

    @guarded()
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.hasFocus():
            self._look_at(-1)

    @guarded()
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._look_at(self._number_at(event.position().x()))
            self._open()

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if event.key() in steps and self._bars:
            at = self._at if self._at >= 0 else len(self._bars) - (event.key() == Qt.Key.Key_Right)
            self._look_at((at + steps[Qt.Key(event.key())]) % len(self._bars))
            announce(self, self._bars[self._at].says)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._open()
        else:
            super().keyPressEvent(event)

    @guarded()
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._look_at(-1)


class Swatch(QWidget):
    """The colour of a part, beside the word for it."""

    def __init__(self, paint: Paint) -> None:
        super().__init__()
        self._paint = paint
        self.setFixedSize(10, 10)

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._paint.colour)
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)
        painter.end()


class Trend(QWidget):
    """A line over the days: no axes, only whether it rises, falls or jumps. None where there is nothing to show."""

    def __init__(self, colour: str = "accent", *, high: int = 36) -> None:
        super().__init__()
        self._colour, self._high = colour, high
        self._values: tuple[int | None, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_values(self, values: Sequence[int | None]) -> None:
        """Show other values."""
        self._values = tuple(values)
        self.update()

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        return QSize(120, self._high)

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        points = self._points()
        if len(points) < 2:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = theme.current().colour(self._colour)
        path = QPainterPath(points[0])
        for point in points[1:]:
            path.lineTo(point)
        filled = QPainterPath(path)
        filled.lineTo(points[-1].x(), self.height())
        filled.lineTo(points[0].x(), self.height())
        filled.closeSubpath()
        painter.fillPath(filled, Paint(self._colour, 28).colour)
        pen = QPen(colour, 1.6)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(path, pen)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(points[-1], 2.6, 2.6)
        painter.end()

    def _points(self) -> list[QPointF]:
        known = [value for value in self._values if value is not None]
        if len(known) < 2:
            return []
        low, high = min(known), max(known)
        span, wide, tall = max(1, high - low), self.width() - 8, self.height() - 8
        step = wide / max(1, len(self._values) - 1)
        return [
            QPointF(4 + step * number, 4 + tall - tall * (value - low) / span if high > low else 4 + tall / 2)
            for number, value in enumerate(self._values)
            if value is not None
        ]
