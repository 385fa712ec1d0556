"""The table itself and the row of totals under it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QEvent, QItemSelectionModel, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QSizePolicy, QTableView, QWidget

from tillgate.domain.money import Money
from tillgate.formats import format_money
from tillgate.i18n import active_language, tr
from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.theme import Density
from tillgate.ui.widgets.data_table.delegate import PAD, CellDelegate
from tillgate.ui.widgets.data_table.model import Index, WindowModel
from tillgate.ui.widgets.data_table.source import Total
from tillgate.ui.widgets.labels import as_tooltip

_SELECT: Final = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
# A text that makes room still shows its beginning.
_LEAST_TEXT: Final = 88


class TableView(QTableView):
    """Rows of a WindowModel. `entered_row(int)` on Enter or double click, `left()` on Esc, `focused(bool)`."""

    entered_row = Signal(int)
    left = Signal()
    focused = Signal(bool)
    resized = Signal()

    def __init__(self, name: str, model: WindowModel, density: Density, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setModel(model)
        self.setAccessibleName(name)
        # The columns that share the room that is left, or make some.
        self._fitted: set[int] = set()
        self._delegate = CellDelegate(self, model)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(1)
        rows.setDefaultSectionSize(theme.size("row_touch" if density is Density.TOUCH else "row"))
        self._dress_header()
        self.verticalScrollBar().valueChanged.connect(self._look)

    def _dress_header(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setMinimumSectionSize(56)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setAccessibleName(tr("Columns"))
        header.sectionResized.connect(self.resized)
        for index, column in enumerate(self._model.columns):
            self.setColumnWidth(index, column.width)

    @Slot()
    def _look(self) -> None:
        first = self.rowAt(0)
        last = self.rowAt(self.viewport().height() - 1)
        if first >= 0:
            self._model.look_at(first, last if last >= 0 else self._model.rowCount() - 1)

    def _make_room(self) -> None:
        columns = self._model.columns
        room = self.viewport().width() - sum(column.least for column in columns)
        for index in reversed(range(len(columns))):
            hide = columns[index].minor and room < 0
            if hide:
                room += columns[index].least
            if hide != self.isColumnHidden(index):
                self.setColumnHidden(index, hide)
        shown = [index for index in range(len(columns)) if not self.isColumnHidden(index)]
        wide = [index for index in shown if columns[index].stretch] or shown[-1:]
        widths = {index: columns[index].least for index in {*wide, *self._fitted}}
        for index in wide:
            widths[index] += max(0, room) // len(wide)
        for index in shown:
            if columns[index].elided and room < 0:
                least = columns[index].least
                widths[index] = min(least, max(_LEAST_TEXT, least + room))
                room += least - widths[index]
        self._fitted = set(widths)
        for index, width in widths.items():
            self.setColumnWidth(index, width)

    def select_row(self, position: int) -> None:
        """Put the cursor on a row and bring it into view."""
        index = self._model.index(position, 0)
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def move_cursor(self, position: int) -> None:
        """Follow a row to where it stands now; whoever scrolled away from it is left where they look."""
        cursor = self.visualRect(self.currentIndex())
        self.setAutoScroll(self.viewport().rect().intersects(cursor))
        self.setCurrentIndex(self._model.index(position, 0))
        self.setAutoScroll(True)

    def show_cursor(self) -> None:
        """Show which row the keys are on: the one they were on, or the first in sight."""
        index = self.currentIndex()
        if not index.isValid() and self._model.rowCount():
            index = self._model.index(max(0, self.rowAt(0)), 0)
        if index.isValid() and not self.selectionModel().isSelected(index):
            self.selectionModel().setCurrentIndex(index, _SELECT)

    @guarded(_SELECT)
    def selectionCommand(self, index: Index, event: QEvent | None = None) -> QItemSelectionModel.SelectionFlag:
        wanted = super().selectionCommand(index, event)
        # A press with Ctrl would leave the cursor unseen.
        return _SELECT if wanted & QItemSelectionModel.SelectionFlag.Deselect else wanted

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self.entered_row.emit(self.currentIndex().row())
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.text() and event.text().isprintable():
            # The search of QAbstractItemView walks every row; ours is the field above.
            event.ignore()
        else:
            super().keyPressEvent(event)

    @guarded()
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid():
            self.entered_row.emit(index.row())

    @guarded()
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(event.position().toPoint().y()))

    @guarded()
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        if row != self._delegate.hovered:
            for changed in (self._delegate.hovered, row):
                if changed >= 0:
                    top = self.rowViewportPosition(changed)
                    self.viewport().update(QRect(0, top, self.viewport().width(), self.rowHeight(changed)))
            self._delegate.hovered = row

    @guarded()
    def focusInEvent(self, event: QFocusEvent) -> None:
        # Before Qt's own, which would put a cursor on the first row and not show it.
        self.show_cursor()
        super().focusInEvent(event)
        self.focused.emit(True)

    @guarded()
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focused.emit(False)

    @guarded()
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()
        self.resized.emit()

    @guarded(-1)
    def sizeHintForColumn(self, column: int) -> int:
        # Asking every visible row for its width is what makes large tables slow to open.
        return self._model.columns[column].width


class TotalsRow(QWidget):
    """Totals under their columns, following the table's columns and its sideways scrolling."""

    def __init__(self, view: TableView, model: WindowModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view, self._model = view, model
        self._texts: dict[int, str] = {}
        self.label = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        view.resized.connect(self.update)
        view.horizontalScrollBar().valueChanged.connect(self.update)
        self.hide()

    def show_totals(self, totals: Mapping[str, Total], label: str = "") -> None:
        """Show totals by column key under a label; none hides the row."""
        self.label = label or tr("Total")
        keys = {column.key: index for index, column in enumerate(self._model.columns)}
        self._texts = {keys[key]: _text(value) for key, value in totals.items() if key in keys}
        spoken = (f"{self._model.columns[index].title}: {text}" for index, text in self._texts.items())
        self.setAccessibleName(tr("{label}: {totals}", label=self.label, totals=", ".join(spoken)))
        self.setToolTip(as_tooltip(self.label))
        self.setVisible(bool(self._texts))
        self.update()

    @property
    def texts(self) -> dict[str, str]:
        """What is shown, by column key."""
        return {self._model.columns[index].key: text for index, text in self._texts.items()}

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        return QSize(100, theme.size("row") + 2)

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        painter.fillRect(0, 0, self.width(), 1, look.colour("border"))
        painter.setFont(theme.font("strong"))
        painter.setPen(look.colour("text"))
        header = self._view.horizontalHeader()
        metrics, free = painter.fontMetrics(), self.width()
        for index, text in self._texts.items():
            left = header.sectionViewportPosition(index)
            room = QRect(left + PAD, 1, header.sectionSize(index) - 2 * PAD, self.height() - 1)
            if self._model.columns[index].right:
                # A total is longer than its amounts; it may reach into the empty column before it.
                room.setLeft(header.sectionViewportPosition(max(0, index - 1)) + PAD)
            wide = metrics.horizontalAdvance(text)
            free = min(free, room.right() - wide if self._model.columns[index].right else room.left())
            side = Qt.AlignmentFlag.AlignRight if self._model.columns[index].right else Qt.AlignmentFlag.AlignLeft
            painter.drawText(room, int(side | Qt.AlignmentFlag.AlignVCenter), text)
        if 0 not in self._texts:
            painter.setPen(look.colour("muted"))
            room = QRect(PAD, 1, free - 2 * PAD, self.height() - 1)
            label = metrics.elidedText(self.label, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), label)
        painter.end()


def _text(value: Total) -> str:
    return format_money(value, active_language()) if isinstance(value, Money) else str(value)
