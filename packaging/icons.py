"""The application's icon in the sizes and formats that systems ask for, painted from the one drawing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

DRAWING: Final = Path(__file__).resolve().parents[1] / "resources" / "icons" / "app.svg"
# The sizes of the hicolor theme, in pixels.
SIZES: Final = (16, 24, 32, 48, 64, 128, 256, 512)
# What an .ico may hold: 256 is the largest.
ICO_SIZES: Final = (16, 24, 32, 48, 64, 128, 256)


def painted(side: int) -> QImage:
    """The icon, `side` pixels wide and high. Raises ValueError when the drawing can't be read."""
    drawing = QSvgRenderer(str(DRAWING))
    if not drawing.isValid():
        raise ValueError(f"{DRAWING} is no drawing")
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    drawing.render(painter, QRectF(0, 0, side, side))
    painter.end()
    return image


def write_pngs(folder: Path, sizes: Iterable[int] = SIZES) -> dict[int, Path]:
    """Write `<folder>/<side>.png` for each size; the files by size."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {side: folder / f"{side}.png" for side in sizes}
    for side, path in written.items():
        if not painted(side).save(str(path)):
            raise OSError(f"{path} can't be written")
    return written


def write_ico(path: Path) -> Path:
    """Write the icon of a Windows program, every size of it painted for that size."""
    from PIL import Image  # noqa: PLC0415 - only for Windows

    files = write_pngs(path.parent / "ico", ICO_SIZES)
    images = [Image.open(files[side]) for side in sorted(ICO_SIZES, reverse=True)]
    images[0].save(path, append_images=images[1:], sizes=[(side, side) for side in ICO_SIZES])
    return path
