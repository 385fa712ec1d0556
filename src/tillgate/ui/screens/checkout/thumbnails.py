"""Small product pictures, drawn off the Qt thread once per name and size, and kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QRectF, Qt
from PySide6.QtGui import QImage, QImageReader, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from tillgate.paths import resource
from tillgate.ui.tasks import Tasks

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,80}\.(svg|png|jpg)")
_KEPT: Final = 512


class Thumbnails(QObject):
    """`pixmap` answers at once; a picture that is not drawn yet comes later, and `arrived` is called."""

    def __init__(self, tasks: Tasks, arrived: Callable[[], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._arrived = tasks, arrived
        self._kept: dict[tuple[str, int, float], QPixmap | None] = {}

    def pixmap(self, name: str, side: int, ratio: float) -> QPixmap | None:
        """The picture, `side` device-independent pixels wide; None while there is none."""
        if not _NAME.fullmatch(name):
            return None
        key = (name, side, ratio)
        if key not in self._kept:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[key] = None
            path = resource("sample", "images", name)
            self._tasks.run(self, lambda: _draw(path, side, ratio), lambda image: self._take(key, image))
        return self._kept[key]

    def _take(self, key: tuple[str, int, float], image: QImage) -> None:
        if not image.isNull():
            self._kept[key] = QPixmap.fromImage(image)
            self._arrived()


def _draw(path: Path, side: int, ratio: float) -> QImage:
    """A picture on a transparent square; a null one for a file that can't be read."""
    pixels = round(side * ratio)
    drawn = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    whole = QRectF(0, 0, pixels, pixels)
    if path.suffix == ".svg":
        known = path.is_file()
        if known:
            QSvgRenderer(path.read_bytes()).render(painter, whole)
    else:
        read = QImageReader(str(path)).read()
        known = not read.isNull()
        painter.drawImage(whole, read)
    painter.end()
    if not known:
        return QImage()
    drawn.setDevicePixelRatio(ratio)
    return drawn
