"""How a product found is painted, as a tile or as a row of a list."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.icons import pixmap
from tillgate.ui.screens.checkout.hits import Hits, Index, Tile
from tillgate.ui.theme import Tone
from tillgate.ui.thumbnails import Thumbnails

TILE_HEIGHT: Final = 96
ROW_HEIGHT: Final = 60
_GAP: Final = 8
_PICTURE: Final = 56
_SMALL_PICTURE: Final = 40
_WRAPPED_KEPT: Final = 2_048
_STATE = QStyle.StateFlag
_LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class HitDelegate(QStyledItemDelegate):
    """Paints tiles or rows; `cell` is the room of one."""

    def __init__(self, view: QListView, hits: Hits, thumbnails: Thumbnails) -> None:
        super().__init__(view)
        self._view, self._hits, self._thumbnails = view, hits, thumbnails
        self.as_rows = False
        self.cell = QSize(240, TILE_HEIGHT)
        self._colours: dict[str, QColor] = {}
        self._name, self._price, self._note = theme.font("label"), theme.font("strong"), theme.font("caption")
        self._name.setWeight(QFont.Weight.DemiBold)
        self._metrics = {id(font): QFontMetrics(font) for font in (self._name, self._price, self._note)}
        # Measuring a text costs as much as drawing it, and the same prices and stocks come again and again.
        self._wrapped: dict[tuple[str, int], tuple[str, ...]] = {}
        self._widths: dict[tuple[int, str], int] = {}
        self._take_colours()
        theme.current().changed.connect(self._take_colours)

    def _take_colours(self) -> None:
        names = ("text", "muted", "border", "raised", "hover", "selected", "sunken", "focus", "accent", "waiting")
        self._colours = {name: theme.current().colour(name) for name in names}

    @guarded(QSize)
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self.cell

    @guarded()
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tile = self._hits.tile(index.row())
        if tile is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not option.state & _STATE.State_Enabled:
            painter.setOpacity(0.4)
        marked = bool(option.state & _STATE.State_Selected)
        hovered = bool(option.state & _STATE.State_MouseOver)
        if self.as_rows:
            self._paint_row(painter, option.rect, tile, marked=marked, hovered=hovered)
        else:
            self._paint_tile(painter, option.rect, tile, marked=marked, hovered=hovered)
        painter.restore()

    def _paint_tile(self, painter: QPainter, area: QRect, tile: Tile, *, marked: bool, hovered: bool) -> None:
        card = area.adjusted(0, 0, -_GAP, -_GAP)
        self._paint_card(painter, card, marked=marked, hovered=hovered, radius=theme.tokens().radius["m"])
        inner = card.adjusted(12, 12, -12, -12)
        picture = QRect(inner.left(), inner.center().y() - _PICTURE // 2, _PICTURE, _PICTURE)
        self._paint_picture(painter, picture, tile, _PICTURE)
        room = inner.adjusted(_PICTURE + 12, 0, 0, 0)
        lines = self._lines(tile.name, room.width())
        height = self._metrics[id(self._name)].height()
        top = room.top() if len(lines) > 1 else room.top() + 4
        painter.setFont(self._name)
        painter.setPen(self._colours["text"])
        for number, text in enumerate(lines):
            painter.drawText(QRect(room.left(), top + number * height, room.width(), height), _LEFT, text)
        foot = QRect(room.left(), room.bottom() - 20, room.width(), 20)
        self._paint_foot(painter, foot, tile)

    def _lines(self, text: str, width: int) -> tuple[str, ...]:
        found = self._wrapped.get((text, width))
        if found is None:
            if len(self._wrapped) >= _WRAPPED_KEPT:
                self._wrapped.clear()
            found = self._wrapped[text, width] = _in_two_lines(text, width, self._metrics[id(self._name)])
        return found

    def _paint_foot(self, painter: QPainter, foot: QRect, tile: Tile) -> None:
        painter.setFont(self._price)
        painter.setPen(self._colours["text"])
        painter.drawText(foot, _LEFT, tile.price)
        room = foot.adjusted(self._width(self._price, tile.price) + 10, 0, 0, 0)
        if self._width(self._note, tile.stock) <= room.width():
            self._paint_stock(painter, room, tile.stock, scarce=tile.scarce)
        elif tile.scarce:
            self._paint_stock(painter, room, str(tile.hit.stock), scarce=True)

    def _paint_row(self, painter: QPainter, area: QRect, tile: Tile, *, marked: bool, hovered: bool) -> None:
        if marked or hovered:
            self._paint_card(painter, area.adjusted(0, 0, 0, -1), marked=marked, hovered=hovered, radius=6)
        painter.fillRect(area.left(), area.bottom(), area.width(), 1, self._colours["border"])
        inner = area.adjusted(10, 0, -14, -1)
        picture = QRect(inner.left(), inner.center().y() - _SMALL_PICTURE // 2, _SMALL_PICTURE, _SMALL_PICTURE)
        self._paint_picture(painter, picture, tile, _SMALL_PICTURE)
        price_width = min(150, inner.width() // 3)
        price = QRect(inner.right() - price_width, inner.top() + 9, price_width, 20)
        stock = price.translated(0, 21)
        texts = inner.adjusted(_SMALL_PICTURE + 14, 0, -price_width - 12, 0)
        painter.setPen(self._colours["text"])
        self._draw(painter, self._price, price, tile.price, _RIGHT)
        self._paint_stock(painter, stock, tile.stock, scarce=tile.scarce)
        painter.setPen(self._colours["text"])
        self._draw(painter, self._name, QRect(texts.left(), price.top(), texts.width(), 20), tile.name, _LEFT)
        painter.setPen(self._colours["muted"])
        below = QRect(texts.left(), stock.top(), texts.width(), 20)
        self._draw(painter, self._note, below, f"{tile.code}  ·  {tile.vendor}", _LEFT)

    def _paint_card(self, painter: QPainter, card: QRect, *, marked: bool, hovered: bool, radius: int) -> None:
        fill = "selected" if marked else "hover" if hovered else "raised"
        edge = "accent" if marked else "border"
        strong = marked and self._view.hasFocus()
        painter.setPen(QPen(self._colours["focus" if strong else edge], 2 if strong else 1))
        painter.setBrush(self._colours[fill])
        painter.drawRoundedRect(card.adjusted(1, 1, -1, -1), radius, radius)

    def _paint_picture(self, painter: QPainter, area: QRect, tile: Tile, side: int) -> None:
        drawn = self._thumbnails.pixmap(tile.hit.product.image, side, self._view.devicePixelRatioF())
        if drawn is not None:
            painter.drawPixmap(area.topLeft(), drawn)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._colours["sunken"])
            painter.drawRoundedRect(area, 8, 8)
            painter.setPen(self._colours["muted"])
            painter.setFont(self._price)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), tile.initials)
        if tile.rented:
            self._paint_mark(painter, area)

    def _paint_mark(self, painter: QPainter, area: QRect) -> None:
        """A calendar at the corner of what is rented out; the stock says it in words."""
        ink, fill = theme.current().tone(Tone.ACCENT)
        spot = QRect(area.right() - 17, area.bottom() - 17, 22, 22)
        painter.setPen(QPen(self._colours["raised"], 2))
        painter.setBrush(fill)
        painter.drawEllipse(spot)
        drawn = pixmap("calendar-days", ink, 12, self._view.devicePixelRatioF())
        painter.drawPixmap(spot.left() + 5, spot.top() + 5, drawn)

    def _paint_stock(self, painter: QPainter, area: QRect, text: str, *, scarce: bool) -> None:
        painter.setPen(self._colours["waiting" if scarce else "muted"])
        self._draw(painter, self._note, area, text, _RIGHT)

    def _draw(self, painter: QPainter, font: QFont, area: QRect, text: str, flags: int) -> None:
        painter.setFont(font)
        if self._width(font, text) > area.width():
            text = self._metrics[id(font)].elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, flags, text)

    def _width(self, font: QFont, text: str) -> int:
        found = self._widths.get((id(font), text))
        if found is None:
            if len(self._widths) >= _WRAPPED_KEPT:
                self._widths.clear()
            found = self._widths[id(font), text] = self._metrics[id(font)].horizontalAdvance(text)
        return found


def _in_two_lines(text: str, width: int, metrics: QFontMetrics) -> tuple[str, ...]:
    """A text in at most two lines of a width, the second cut with an ellipsis."""
    # Elision measures in fractions of a pixel; two of them keep a line that just fits whole.
    width -= 2
    words = text.split()
    first = words.pop(0) if words else ""
    while words and metrics.horizontalAdvance(f"{first} {words[0]}") <= width:
        first = f"{first} {words.pop(0)}"
    lines = [first, " ".join(words)] if words else [first]
    return tuple(metrics.elidedText(line, Qt.TextElideMode.ElideRight, width + 2) for line in lines)
