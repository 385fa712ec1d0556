"""A person as a coloured disc with initials; the colour is the person's, always the same."""

from __future__ import annotations

import zlib
from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.text import shown

# Hues far enough apart to tell people by; ink and disc are mixed for each scheme, with a contrast above 4.5.
_HUES: Final = (212, 258, 322, 8, 36, 152, 184, 288, 60, 340, 236, 100)


def initials(name: str) -> str:
    """The first letters of the first and last word: "AR" for "Asha Rao"."""
    words = [word for word in shown(name, 60).split() if word]
    letters = [word[0] for word in (words[:1] + words[1:][-1:])]
    return "".join(letters).upper()


class Avatar(QWidget):
    """Decoration beside a name that is written out."""

    def __init__(self, name: str = "", side: int = 40) -> None:
        super().__init__()
        self._name = name
        self._side = side
        self.setFixedSize(side, side)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_name(self, name: str) -> None:
        """Show another person."""
        self._name = name
        self.update()

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        hue = _HUES[zlib.crc32(self._name.casefold().encode()) % len(_HUES)]
        dark = theme.current().dark
        disc = QColor.fromHsl(hue, 110 if dark else 160, 62 if dark else 226)
        ink = QColor.fromHsl(hue, 150, 220 if dark else 62)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(disc)
        area = QRectF(self.rect())
        painter.drawEllipse(area)
        font = theme.font("strong")
        font.setPixelSize(max(12, round(self._side * 0.38)))
        painter.setFont(font)
        painter.setPen(ink)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, initials(self._name))
        painter.end()
