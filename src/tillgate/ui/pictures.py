"""Decoding a picture of which nothing is believed, and making a small one of it. No widget is touched: for the lane."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QImageWriter, QPainter

from tillgate.domain.pictures import KEPT_SIDE, PictureFacts, PictureKind, broken

_QUALITY: Final = 88
KEPT_AS: Final = PictureKind.WEBP


def shrink(content: bytes, facts: PictureFacts) -> bytes:
    """A WebP of at most KEPT_SIDE pixels a side, upright, with nothing of the file but its pixels.

    The decoder is the one of the kind that the first bytes told, no other is tried, and it must find the same size.
    Raises Invalid("picture_broken").
    """
    image = decode(content, facts.kind, QSize(facts.width, facts.height))
    if image.isNull():
        raise broken()
    room = QSize(KEPT_SIDE, KEPT_SIDE)
    if image.width() > KEPT_SIDE or image.height() > KEPT_SIDE:
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        image = image.scaled(room, keep, smooth)
    return _encoded(image)


def decode(content: bytes, kind: PictureKind, size: QSize | None = None) -> QImage:
    """The picture, upright; a null one where it can't be decoded, or has not the size that was told."""
    held = QBuffer()
    held.setData(QByteArray(content))
    held.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(held, QByteArray(kind.value.encode()))
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(True)
    if size is not None and reader.size() != size:
        return QImage()
    return reader.read()


def _encoded(image: QImage) -> bytes:
    # A copy of the pixels alone: no texts, no colour profile, no place where it was taken.
    plain = image.convertToFormat(QImage.Format.Format_ARGB32)
    bare = QImage(plain.size(), plain.format())
    bare.fill(Qt.GlobalColor.transparent)
    painter = QPainter(bare)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.drawImage(0, 0, plain)
    painter.end()
    held = QBuffer()
    held.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(held, QByteArray(KEPT_AS.value.encode()))
    writer.setQuality(_QUALITY)
    if not writer.write(bare):
        raise broken()
    return bytes(held.data().data())
