"""Small product pictures, drawn off the Qt thread once per name and size, and kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from tillgate.domain.errors import TillgateError
from tillgate.domain.pictures import is_own
from tillgate.paths import resource
from tillgate.ui.pictures import KEPT_AS, decode
from tillgate.ui.tasks import Tasks

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,80}\.(svg|png|jpg)")
_KEPT: Final = 512
# The bytes of a picture of the store's own, by its name; called on the work lane.
LoadPicture = Callable[[str], bytes]


class Thumbnails(QObject):
    """`pixmap` answers at once; a picture that is not drawn yet comes later, and `arrived` is called."""

    def __init__(
        self, tasks: Tasks, load: LoadPicture, arrived: Callable[[], object], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._tasks, self._load, self._arrived = tasks, load, arrived
        self._kept: dict[tuple[str, int, float], QPixmap | None] = {}

    def pixmap(self, name: str, side: int, ratio: float) -> QPixmap | None:
        """The picture, `side` device-independent pixels wide; None while there is none."""
        if not is_own(name) and not _NAME.fullmatch(name):
            return None
        key = (name, side, ratio)
        if key not in self._kept:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[key] = None
            draw = partial(_draw, name, self._load, side, ratio)
            self._tasks.run(self, draw, lambda image: self._take(key, image), lambda _error: None)
        return self._kept[key]

    def _take(self, key: tuple[str, int, float], image: QImage) -> None:
        if not image.isNull():
            self._kept[key] = QPixmap.fromImage(image)
            self._arrived()


def _draw(name: str, load: LoadPicture, side: int, ratio: float) -> QImage:
    """A picture on a transparent square; a null one where it can't be read."""
    pixels = round(side * ratio)
    drawn = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    known = _draw_sample(painter, name, pixels) if not is_own(name) else _draw_own(painter, name, load, pixels)
    painter.end()
    if not known:
        return QImage()
    drawn.setDevicePixelRatio(ratio)
    return drawn


def _draw_sample(painter: QPainter, name: str, pixels: int) -> bool:
    path = resource("sample", "images", name)
    if path.suffix != ".svg":
        return _fit(painter, QImageReader(str(path)).read(), pixels)
    if path.is_file():
        QSvgRenderer(path.read_bytes()).render(painter, QRectF(0, 0, pixels, pixels))
    return path.is_file()


def _draw_own(painter: QPainter, name: str, load: LoadPicture, pixels: int) -> bool:
    try:
        content = load(name)
    except TillgateError:
        # A picture that is gone is no reason to stop selling: the product's initials stand in its place.
        return False
    return _fit(painter, decode(content, KEPT_AS), pixels)


def _fit(painter: QPainter, image: QImage, pixels: int) -> bool:
    """Draw it whole in the middle of the square."""
    if image.isNull():
        return False
    size = image.size().scaled(QSize(pixels, pixels), Qt.AspectRatioMode.KeepAspectRatio)
    small = image.scaled(size, mode=Qt.TransformationMode.SmoothTransformation)
    painter.drawImage((pixels - size.width()) // 2, (pixels - size.height()) // 2, small)
    return True
