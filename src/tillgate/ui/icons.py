"""Icons: line drawings that take the theme's colour when they are painted, so a switch needs no second visit."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PySide6.QtCore import QByteArray, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from tillgate.paths import resource
from tillgate.ui import theme
from tillgate.ui.guard import guarded

# Rendered drawings kept: names x colours x sizes in use at once stay below this.
_KEPT: Final = 512


def icon(name: str, role: str = "text", *, disabled: str = "outline") -> QIcon:
    """The icon of a name of `resources/icons`, in a colour token; FileNotFoundError for an unknown name."""
    _drawing(name)
    return QIcon(_Engine(name, role, disabled))


def pixmap(name: str, colour: QColor, side: int, ratio: float = 1.0) -> QPixmap:
    """An icon `side` device-independent pixels wide, sharp at a device pixel ratio."""
    return QPixmap.fromImage(_rendered(name, colour.name(), side, ratio))


def read_all() -> None:
    """Read every drawing, off the Qt thread: one that a screen shows for the first time is not read as it is painted.

    A read lets other threads run, and the Qt thread would wait for its turn again.
    """
    for path in resource("icons", "lucide").glob("*.svg"):
        _drawing(path.stem)


class _Engine(QIconEngine):
    def __init__(self, name: str, role: str, disabled: str) -> None:
        super().__init__()
        self._name, self._role, self._disabled = name, role, disabled

    def _draw(self, side: int, mode: QIcon.Mode, ratio: float) -> QPixmap:
        role = self._disabled if mode is QIcon.Mode.Disabled else self._role
        return pixmap(self._name, theme.current().colour(role), side, ratio)

    @guarded()
    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        side = min(rect.width(), rect.height())
        drawn = self._draw(side, mode, painter.device().devicePixelRatioF())
        painter.drawPixmap(QPointF(rect.x(), rect.y() + (rect.height() - side) / 2), drawn)

    @guarded(QPixmap)
    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    @guarded(QPixmap)
    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        # A box wider than high keeps its rest empty, at the right.
        made = QPixmap(size * scale)
        made.setDevicePixelRatio(scale)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.drawPixmap(0, 0, self._draw(min(size.width(), size.height()), mode, scale))
        painter.end()
        return made

    @guarded(QSize)
    def actualSize(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QSize:
        return size

    @guarded(lambda: _Engine("circle-help", "text", "outline"))
    def clone(self) -> QIconEngine:
        return _Engine(self._name, self._role, self._disabled)


@lru_cache(maxsize=256)
def _drawing(name: str) -> str:
    return resource("icons", "lucide", f"{name}.svg").read_text("utf-8")


@lru_cache(maxsize=_KEPT)
def _rendered(name: str, colour: str, side: int, ratio: float) -> QImage:
    # Images, not pixmaps: the cache outlives the QApplication.
    drawn = QImage(round(side * ratio), round(side * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    svg = QByteArray(_drawing(name).replace("currentColor", colour).encode())
    QSvgRenderer(svg).render(painter, QRectF(0, 0, side, side))
    painter.end()
    return drawn
