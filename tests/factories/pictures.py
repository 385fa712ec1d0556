"""Pictures made for tests, sound ones and hostile ones, without a file in the repository."""

from __future__ import annotations

import struct
import zlib

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter

from tillgate.domain.pictures import PictureKind


def drawn(kind: PictureKind, width: int = 640, height: int = 400, *, text: str = "") -> bytes:
    """A picture that is red at the left and green at the right, with a text among its own facts if given."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#00aa00"))
    painter = QPainter(image)
    painter.fillRect(0, 0, width // 2, height, QColor("#dd0000"))
    painter.end()
    if text:
        image.setText("Comment", text)
    held = QBuffer()
    held.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(held, QByteArray(kind.value.encode()))
    writer.setQuality(95)
    assert writer.write(image)
    return bytes(held.data().data())


def png_saying(width: int, height: int) -> bytes:
    """A PNG of hardly any bytes that says to be of a size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    body = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)
