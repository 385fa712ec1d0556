"""A QR code for the customer's phone: whole device pixels per module, a quiet zone, always dark on white."""

from __future__ import annotations

from typing import Final

import segno
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tillgate.ui.guard import guarded

# The standard asks for four modules of white around the code.
QUIET_MODULES: Final = 4
# A payment link's modules are three pixels wide in it: phones read them.
LEAST: Final = 148


class QrView(QWidget):
    """Shows a text as a QR code, error correction M; nothing for an empty text."""

    def __init__(self, name: str, side: int = 240) -> None:
        super().__init__()
        self._side = side
        self._rows: tuple[bytes, ...] = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str) -> None:
        """Show another text; raises segno.DataOverflowError beyond about 2,300 bytes."""
        made = segno.make(text, error="m", micro=False) if text else None
        self._rows = tuple(bytes(row) for row in made.matrix) if made else ()
        self.update()

    @property
    def modules(self) -> tuple[bytes, ...]:
        """The rows of the code, 1 for dark, without the quiet zone."""
        return self._rows

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        # Painting in device pixels keeps every module the same size at any scale.
        painter.scale(1 / ratio, 1 / ratio)
        side = int(min(self.width(), self.height()) * ratio)
        painter.fillRect(QRect(0, 0, side, side), Qt.GlobalColor.white)
        if self._rows:
            count = len(self._rows) + 2 * QUIET_MODULES
            module = max(1, side // count)
            corner = (side - module * len(self._rows)) // 2
            for y, row in enumerate(self._rows):
                for x, dark in enumerate(row):
                    if dark:
                        spot = QRect(corner + x * module, corner + y * module, module, module)
                        painter.fillRect(spot, Qt.GlobalColor.black)
        painter.end()


class QrFrame(QWidget):
    """A QR code as large as its room, within bounds."""

    def __init__(self, name: str, most: int) -> None:
        super().__init__()
        self._most = most
        self.view = QrView(name, LEAST)
        # In no layout: a code that has grown would never let its room shrink again.
        self.view.setParent(self)

    @guarded(QSize)
    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST, LEAST)

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        return QSize(LEAST, LEAST)

    @guarded()
    def resizeEvent(self, event: QResizeEvent) -> None:
        side = min(max(min(self.width(), self.height()), LEAST), self._most)
        self.view.setGeometry((self.width() - side) // 2, 0, side, side)
        super().resizeEvent(event)
