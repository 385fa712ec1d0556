"""A table of any length as windows of rows: what is looked at is fetched on the lane, what is far is let go."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
    Slot,
)

from tillgate.domain.errors import TillgateError
from tillgate.ui.guard import guarded
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.data_table.columns import Cell, Column, Place
from tillgate.ui.widgets.data_table.query import Query
from tillgate.ui.widgets.data_table.source import Summary, TableSource
from tillgate.ui.widgets.status_badge import Status

PAGE_ROWS: Final = 50
PAGES_KEPT: Final = 60
_IN_FLIGHT: Final = 2
_SETTLE_MS: Final = 12

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class _Page:
    rows: Sequence[Any]
    cells: Sequence[tuple[Cell, ...]]
    era: int


class WindowModel(QAbstractTableModel):
    """Rows of a source for a view. `loaded` after the first window of a query, `summed(Summary)`, `broken(error)`."""

    loaded = Signal()
    summed = Signal(object)
    broken = Signal(object)

    def __init__(
        self,
        columns: Sequence[Column[Any]],
        source: TableSource[Any],
        tasks: Tasks,
        place: Callable[[], Place],
        key: Callable[[Any], Hashable],
        *,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.columns = columns
        self.query = Query()
        self._source, self._tasks, self._place, self._key = source, tasks, place, key
        self._count = 0
        self._era = 0
        self._pages: OrderedDict[int, _Page] = OrderedDict()
        self._wanted: OrderedDict[int, None] = OrderedDict()
        self._in_flight: set[int] = set()
        self._fresh = True
        self._stopped = True
        self._summing = False
        self._sum_again = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE_MS)
        self._timer.timeout.connect(self._fetch)

    # What the table asks for

    def load(self, query: Query) -> None:
        """Show another query; the old rows stay until its first window is here."""
        self.query = query
        self._fresh = True
        self._start_over()
        self._want(0)
        self._fetch()

    def refresh(self) -> None:
        """The rows may have changed: fetch again what is looked at, and the count."""
        self._start_over()
        if self._fresh or not self._count:
            self._want(0)
        else:
            self.dataChanged.emit(self.index(0, 0), self._last())
        self._fetch()
        if not self._fresh:
            self._sum()

    def _start_over(self) -> None:
        self._source.forget()
        self._era += 1
        self._stopped = False
        self._wanted.clear()
        self._in_flight.clear()

    def row(self, position: int) -> Any | None:
        """The row at a position, None while it is not here."""
        page = self._pages.get(position // PAGE_ROWS)
        offset = position % PAGE_ROWS
        return page.rows[offset] if page is not None and offset < len(page.rows) else None

    def cells(self, position: int) -> tuple[Cell, ...] | None:
        """What a row shows; None while it is not here, and then it is on its way."""
        number, offset = divmod(position, PAGE_ROWS)
        page = self._pages.get(number)
        if page is None or page.era != self._era:
            self._want(number)
        if page is None or offset >= len(page.cells):
            return None
        return page.cells[offset]

    def position_of(self, key: Hashable) -> int | None:
        """Where the row with a key is, among those that are here."""
        for number, page in self._pages.items():
            for offset, row in enumerate(page.rows):
                if self._key(row) == key:
                    return number * PAGE_ROWS + offset
        return None

    @property
    def waiting(self) -> bool:
        """Whether the first window of the query is still on its way."""
        return self._fresh and not self._stopped

    @property
    def asked(self) -> bool:
        """Whether any query was asked for."""
        return self._era > 0

    # Windows

    def look_at(self, first: int, last: int) -> None:
        """Fetch ahead: the rows from `first` to `last` are shown, and their neighbours may be next."""
        ahead = PAGE_ROWS // 2
        for number in {max(0, first - ahead) // PAGE_ROWS, min(max(0, self._count - 1), last + ahead) // PAGE_ROWS}:
            page = self._pages.get(number)
            if page is None or page.era != self._era:
                self._want(number)

    def _want(self, number: int) -> None:
        if number in self._in_flight or self._stopped:
            return
        self._wanted[number] = None
        self._wanted.move_to_end(number)
        # A dragged scroll bar passes many windows; only the last ones are still looked at.
        while len(self._wanted) > 2 * _IN_FLIGHT:
            self._wanted.popitem(last=False)
        if not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _fetch(self) -> None:
        while self._wanted and len(self._in_flight) < _IN_FLIGHT:
            number, _ = self._wanted.popitem()
            self._in_flight.add(number)
            self._ask(number)

    def _ask(self, number: int) -> None:
        source, query, era, columns, place = self._source, self.query, self._era, self.columns, self._place()

        def work() -> _Page:
            rows = source.rows(query, number * PAGE_ROWS, PAGE_ROWS)
            # Texts are made here, once a row, so that painting a frame only draws.
            return _Page(rows, [tuple(column.show(row, place) for column in columns) for row in rows], era)

        def done(page: _Page) -> None:
            if page.era == self._era:
                self._arrived(number, page)

        def failed(error: TillgateError) -> None:
            if era == self._era:
                self._break(error)

        self._tasks.run(self, work, done, failed, label="list")

    def _arrived(self, number: int, page: _Page) -> None:
        self._in_flight.discard(number)
        if self._fresh:
            self._begin(number, page)
        else:
            self._keep(number, page)
            end = number * PAGE_ROWS + len(page.rows)
            ended = len(page.rows) < PAGE_ROWS and (bool(page.rows) or number == 0)
            if ended or end > self._count:
                self._set_count(end)
            if page.rows:
                self.dataChanged.emit(self.index(number * PAGE_ROWS, 0), self.index(end - 1, len(self.columns) - 1))
        self._fetch()

    def _begin(self, number: int, page: _Page) -> None:
        self.beginResetModel()
        self._pages.clear()
        self._keep(number, page)
        self._count = len(page.rows)
        self._fresh = False
        self.endResetModel()
        self.loaded.emit()
        # Not before: counting a long list takes longer than its first rows, and they would wait for each other.
        self._sum()

    def _keep(self, number: int, page: _Page) -> None:
        self._pages[number] = page
        self._pages.move_to_end(number)
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)

    def _break(self, error: TillgateError) -> None:
        self._stopped = True
        self._wanted.clear()
        self._in_flight.clear()
        self.broken.emit(error)

    # The count and the totals

    def _sum(self) -> None:
        if self._summing:
            self._sum_again = True
            return
        self._summing = True
        source, query = self._source, self.query
        self._tasks.run(self, lambda: source.summary(query), self._summed, self._sum_failed, label="list")

    def _summed(self, summary: Summary) -> None:
        self._summing = False
        if self._sum_again:
            self._sum_again = False
            self._sum()
            return
        if self._fresh:
            # That of the query before: the first window of this one has it summed afresh.
            return
        self._set_count(summary.count)
        self.summed.emit(summary)

    def _sum_failed(self, error: TillgateError) -> None:
        self._summing = self._sum_again = False
        self._break(error)

    def _set_count(self, count: int) -> None:
        if count > self._count:
            self.beginInsertRows(QModelIndex(), self._count, count - 1)
            self._count = count
            self.endInsertRows()
        elif count < self._count:
            self.beginRemoveRows(QModelIndex(), count, self._count - 1)
            self._count = count
            self.endRemoveRows()

    def _last(self) -> QModelIndex:
        return self.index(max(0, self._count - 1), len(self.columns) - 1)

    # What Qt asks for

    @guarded(0)
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else self._count

    @guarded(0)
    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    @guarded(None)
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            cells = self.cells(index.row())
            if cells is None:
                return ""
            cell = cells[index.column()]
            return cell.text if isinstance(cell, Status) else cell
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(self.columns[index.column()])
        return None

    @guarded(None)
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(self.columns[section])
        return None


def _alignment(column: Column[Any]) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
