"""The products found, ready to be painted: texts are made on the work lane, so that painting only draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from tillgate.domain.catalogue import ProductKind
from tillgate.formats import format_money
from tillgate.i18n import ntr, tr
from tillgate.services.catalogue import ProductHit
from tillgate.ui.guard import guarded
from tillgate.ui.text import shown

Index = QModelIndex | QPersistentModelIndex
_LOW: Final = 3


@dataclass(frozen=True, slots=True)
class Tile:
    """One product found. `stock` is "" where there is plenty; `scarce` where it wants to be noticed."""

    hit: ProductHit
    name: str
    price: str
    vendor: str
    code: str
    stock: str
    scarce: bool
    initials: str

    @property
    def rented(self) -> bool:
        """Rented out rather than sold."""
        return self.hit.product.kind is ProductKind.RENTAL

    @property
    def spoken(self) -> str:
        """What a screen reader says."""
        return tr("{name}, {price}, {vendor}, {stock}", name=self.name, price=self.price, vendor=self.vendor,
                  stock=self.stock)  # fmt: skip


def tile_of(hit: ProductHit, language: str) -> Tile:
    """The texts of one product found."""
    product, price = hit.product, format_money(hit.price, language)
    varied = hit.variants > 1 or product.kind is ProductKind.RENTAL
    return Tile(
        hit=hit,
        name=shown(product.name, 120),
        price=tr("from {price}", price=price) if varied else price,
        vendor=shown(product.vendor_name, 80),
        code=product.code,
        stock=_stock(hit),
        scarce=hit.stock <= _LOW,
        initials="".join(word[0] for word in product.name.split()[:2]).upper(),
    )


def _stock(hit: ProductHit) -> str:
    if hit.stock == 0:
        return tr("None left")
    if hit.product.kind is ProductKind.RENTAL:
        return ntr("{count} unit", "{count} units", hit.stock)
    return ntr("{count} left", "{count} left", hit.stock)


class Hits(QAbstractListModel):
    """The tiles in the order of the search."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tiles: tuple[Tile, ...] = ()

    def show_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show other products."""
        self.beginResetModel()
        self._tiles = tuple(tiles)
        self.endResetModel()

    def tile(self, row: int) -> Tile | None:
        """The tile of a row; None outside."""
        return self._tiles[row] if 0 <= row < len(self._tiles) else None

    def __len__(self) -> int:
        return len(self._tiles)

    @guarded(0)
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._tiles)

    @guarded()
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        tile = self.tile(index.row())
        if tile is None:
            return None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return tile.spoken
        return tile.name if role == Qt.ItemDataRole.DisplayRole else None
