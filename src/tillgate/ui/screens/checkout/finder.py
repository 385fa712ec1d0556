"""The product finder: search as you type, pictures as tiles or rows, Enter rings up the marked one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListView, QStackedLayout, QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.staff import GRANTS, Action
from tillgate.i18n import ntr, tr
from tillgate.services.catalogue import search_products
from tillgate.services.pictures import load_picture
from tillgate.ui.guard import guarded
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.hit_painting import ROW_HEIGHT, TILE_HEIGHT, HitDelegate
from tillgate.ui.screens.checkout.hits import Hits, Tile, tile_of
from tillgate.ui.thumbnails import Thumbnails
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.fields import SearchField
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import EmptyState, NoticeAction

_LEAST: Final = 24
_MOST: Final = 96
_TILE_WIDTH: Final = 216


class Finder(QWidget):
    """`chosen(ProductHit, bool)` when a product was picked, True when by a key; then the search is emptied."""

    chosen = Signal(object, bool)

    def __init__(self, desk: CheckoutDesk) -> None:
        super().__init__()
        self._desk = desk
        self._shown_for: str | None = None
        self._running = False
        self._next: str | None = None
        self._pending_choice: str | None = None
        self.search = ProductSearch(tr("Search products or scan"))
        self.results = HitView(desk, self)
        self._count = plain_label(role="caption")
        self._tiles = Button(tone=ButtonTone.ICON, icon="layout-grid", name=tr("Show products as tiles"))
        self._rows = Button(tone=ButtonTone.ICON, icon="list", name=tr("Show products as a list"))
        self._empty = EmptyState("search", tr("Nothing found"), tr("Try another word, a code or a barcode."))
        self._bare = self._bare_state()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.search, 1)
        for button in (self._tiles, self._rows):
            button.setCheckable(True)
            head.addWidget(button)
        body = QFrame()
        self._body = QStackedLayout(body)
        self._body.addWidget(self.results)
        self._body.addWidget(self._empty)
        self._body.addWidget(self._bare)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._count)
        column.addWidget(body, 1)
        self.setFocusProxy(self.search)
        self.show_as_rows(False)

    def _connect(self) -> None:
        self.search.searched.connect(self.look_up)
        self.search.chosen.connect(self._enter)
        self.search.down.connect(self.results.take_focus)
        self.results.picked.connect(self.chosen)
        self.results.typed.connect(self._type_on)
        self._tiles.clicked.connect(lambda: self.show_as_rows(False))
        self._rows.clicked.connect(lambda: self.show_as_rows(True))
        self._desk.tasks.watch(self, {Kind.CATALOGUE, Kind.ORDER}, lambda _changes: self.refresh())

    def _bare_state(self) -> EmptyState:
        may = self._desk.actor.role is not None and Action.EDIT_CATALOGUE in GRANTS[self._desk.actor.role]
        opening = self._desk.open_catalogue
        if not may or opening is None:
            who = tr("A manager adds products under Catalogue, or imports a file there.")
            return EmptyState("package", tr("There is nothing to sell yet"), who)
        return EmptyState(
            "package",
            tr("There is nothing to sell yet"),
            tr("Add products under Catalogue, or import a file with all of them there."),
            NoticeAction(tr("Open the catalogue"), opening, "package", tone=ButtonTone.PRIMARY),
        )

    @property
    def bare(self) -> EmptyState | None:
        """What is shown while there is nothing to sell at all."""
        return self._bare if self._body.currentWidget() is self._bare else None

    @property
    def texts(self) -> list[str]:
        """The names shown, in order."""
        hits = self.results.hits
        return [tile.name for row in range(len(hits)) if (tile := hits.tile(row))]

    def show_as_rows(self, rows: bool) -> None:
        """Rows of a list instead of tiles."""
        self._tiles.setChecked(not rows)
        self._rows.setChecked(rows)
        self.results.show_as_rows(rows)

    def empty_search(self) -> None:
        """Forget the words; the first products are shown again."""
        self._pending_choice = None
        self.search.reset()

    def refresh(self) -> None:
        """Look the same words up again."""
        self.look_up(self.search.text().strip())

    @Slot(str)
    def look_up(self, text: str) -> None:
        """Look words up. Only the newest wish is kept while a look-up is under way."""
        if self._running:
            self._next = text
            return
        self._running, self._next = True, None
        till, actor, language = self._desk.till, self._desk.actor, self._desk.language

        most = self.results.room()

        def look() -> list[Tile]:
            return [tile_of(hit, language) for hit in search_products(till, actor, text, limit=most)]

        self._desk.tasks.run(self, look, lambda tiles: self._show(text, tiles, most), self._failed, label="search")

    def _failed(self, error: Exception) -> None:
        self._running = False
        self._pending_choice = None
        self._desk.tasks.failure.emit(error, "search")

    def _show(self, text: str, tiles: Sequence[Tile], most: int) -> None:
        self._running = False
        fresh, self._shown_for = text != self._shown_for, text
        self.results.show_tiles(tiles, keep=not fresh)
        # Without words everything is shown, so that nothing means that there is nothing to sell yet.
        self._body.setCurrentWidget(self.results if tiles else self._empty if text else self._bare)
        if not tiles:
            # The empty state below says it.
            set_text(self._count, "")
        elif len(tiles) < most:
            set_text(self._count, ntr("{count} product", "{count} products", len(tiles)))
        else:
            set_text(self._count, tr("The first {count} products. Type to narrow them down.", count=most))
        if self._next is not None and self._next != text:
            self.look_up(self._next)
        elif self._pending_choice == text:
            self._pick_marked()

    @Slot(str)
    def _enter(self, text: str) -> None:
        if text == self._shown_for and not self._running:
            self._pick_marked()
        else:
            self._pending_choice = text

    def _pick_marked(self) -> None:
        self._pending_choice = None
        tile = self.results.marked()
        if tile is not None and self.search.text().strip():
            self.chosen.emit(tile.hit, True)
            self.empty_search()

    @Slot(str)
    def _type_on(self, text: str) -> None:
        self.search.setFocus()
        self.search.insert(text)


class ProductSearch(SearchField):
    """The search line: while it is empty, Del and Ctrl+Z belong to the cart."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder, rest_ms=0)
        self.setProperty("big", "true")

    @guarded(False)
    def event(self, event: QEvent) -> bool:
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and not self.text()
            and (event.matches(QKeySequence.StandardKey.Undo) or event.key() == Qt.Key.Key_Delete)
        ):
            event.ignore()
            return True
        return super().event(event)


class HitView(QListView):
    """The results. `picked(ProductHit, bool)`; `typed(str)` for letters that belong into the search."""

    picked = Signal(object, bool)
    typed = Signal(str)

    def __init__(self, desk: CheckoutDesk, parent: QObject) -> None:
        super().__init__()
        self.hits = Hits(self)
        load = partial(load_picture, desk.till, desk.actor)
        self._delegate = HitDelegate(self, self.hits, Thumbnails(desk.tasks, load, self._repaint, self))
        self.setModel(self.hits)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(tr("Products found"))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("page", "true")
        self.viewport().setAutoFillBackground(False)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.clicked.connect(lambda index: self._pick(index, by_key=False))

    def show_as_rows(self, rows: bool) -> None:
        """Rows or tiles."""
        self._delegate.as_rows = rows
        self.setFlow(QListView.Flow.TopToBottom if rows else QListView.Flow.LeftToRight)
        self.setWrapping(not rows)
        self._measure()

    def show_tiles(self, tiles: Sequence[Tile], *, keep: bool) -> None:
        """Show results; the first is marked, or with `keep` the one that was."""
        row = self.currentIndex().row() if keep else 0
        self.hits.show_tiles(tiles)
        self._mark(max(0, min(row, len(tiles) - 1)))
        if not keep:
            self.scrollToTop()

    def room(self) -> int:
        """How many products are worth looking up: as many as fit, and half as many to scroll to."""
        cell, area = self._delegate.cell, self.viewport().size()
        fit = max(1, area.width() // max(1, cell.width())) * (area.height() // max(1, cell.height()) + 1)
        return min(max(fit * 3 // 2, _LEAST), _MOST)

    def marked(self) -> Tile | None:
        """The tile that Enter rings up."""
        return self.hits.tile(self.currentIndex().row())

    @Slot()
    def take_focus(self) -> None:
        """Go on with the arrow keys."""
        if len(self.hits):
            self.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _mark(self, row: int) -> None:
        index = self.hits.index(row, 0)
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(index, flag)

    def _pick(self, index: QModelIndex, *, by_key: bool) -> None:
        tile = self.hits.tile(index.row())
        if tile is not None:
            self.picked.emit(tile.hit, by_key)

    def _repaint(self) -> None:
        self.viewport().update()

    def _measure(self) -> None:
        # The scroll bar's room stays free when there is none, so that tiles keep their width.
        width = self.width() - self.verticalScrollBar().sizeHint().width()
        if self._delegate.as_rows:
            cell = QSize(width, ROW_HEIGHT)
        else:
            # A pixel to spare: Qt wraps a row that fits exactly.
            cell = QSize((width - 1) // max(1, width // _TILE_WIDTH), TILE_HEIGHT)
        if cell != self._delegate.cell:
            self._delegate.cell = cell
            self.setGridSize(cell)
            self.scheduleDelayedItemsLayout()

    @guarded()
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._measure()
        super().resizeEvent(event)

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if not event.isAutoRepeat():
                self._pick(self.currentIndex(), by_key=True)
            return
        if len(event.text()) == 1 and event.text().isprintable() and not event.text().isspace():
            self.typed.emit(event.text())
            return
        super().keyPressEvent(event)
