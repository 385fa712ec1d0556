"""The one list of the application: search, filters, sort, totals, details, export, over any number of rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Any

from PySide6.QtCore import QMetaObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.errors import TillgateError
from tillgate.i18n import active_language, ntr, tr
from tillgate.ui.tasks import Tasks
from tillgate.ui.theme import Density, Tone, restyle
from tillgate.ui.widgets.data_table.columns import Column, Place
from tillgate.ui.widgets.data_table.export import Export
from tillgate.ui.widgets.data_table.exporting import AskPath, BeforeExport, Exporting, number
from tillgate.ui.widgets.data_table.filter_bar import Filter, FilterBar
from tillgate.ui.widgets.data_table.model import WindowModel
from tillgate.ui.widgets.data_table.query import Query, Sort, query_from_json, query_to_json
from tillgate.ui.widgets.data_table.saved import MemoryViews, SavedView, SavedViews
from tillgate.ui.widgets.data_table.source import Summary, TableSource
from tillgate.ui.widgets.data_table.view import TableView, TotalsRow
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import EmptyState, InlineNotice, NoticeAction
from tillgate.ui.widgets.side_pane import SidePane

_REFRESH_MS = 150
_DETAIL_MS = 60
_PANE_LEAST, _PANE_MOST = 364, 480


@dataclass(frozen=True, slots=True)
class EmptyText:
    """What an empty list says: an icon, why it is empty, what to do, and perhaps a button for it."""

    icon: str
    title: str
    text: str
    action: NoticeAction | None = None


class DataTable(QWidget):
    """A list. `opened(row)` when details are asked for, `selected(row)` when the cursor rests on a row.

    `before_export(go)` is asked before anything is exported and calls `go` once it is allowed. `own_keys` False leaves
    Ctrl+F and Ctrl+E to commands of the screen.
    """

    opened = Signal(object)
    selected = Signal(object)
    loaded = Signal()

    def __init__(
        self,
        name: str,
        *,
        columns: Sequence[Column[Any]],
        source: TableSource[Any],
        tasks: Tasks,
        zone: tzinfo,
        key: Callable[[Any], Hashable],
        empty: EmptyText,
        filters: Sequence[Filter] = (),
        details: Callable[[Any], QWidget] | None = None,
        detail_title: Callable[[Any], str] = str,
        sort: Sort | None = None,
        refresh_on: frozenset[Kind] | set[Kind] = frozenset(),
        saved: SavedViews | None = None,
        export_name: str = "list",
        exportable: bool = True,
        before_export: BeforeExport | None = None,
        ask_path: AskPath | None = None,
        density: Density = Density.COMPACT,
        own_keys: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._name, self._source, self._tasks, self._zone, self._key = name, source, tasks, zone, key
        self._details, self._detail_title = details, detail_title
        self._saved: SavedViews = saved if saved is not None else MemoryViews()
        self._export_name, self._empty_text = export_name, empty
        self._cursor_key: Hashable | None = None
        self._open_key: Hashable | None = None
        self.model = WindowModel(columns, source, tasks, self._place, key, parent=self)
        self.model.query = Query(sort=sort)
        self._lay_out(filters, density)
        self.bar.export.setVisible(exportable)
        self._refresh_timer = self._timer(_REFRESH_MS, self.refresh)
        self._detail_timer = self._timer(_DETAIL_MS, self._show_details)
        self._exporting = Exporting(
            self,
            self.notice,
            tasks,
            lambda path: Export(path, columns, source, self.query, self._place()),
            file_name=f"{export_name}.csv",
            before=before_export,
            ask_path=ask_path,
        )
        self._connect(refresh_on)
        if own_keys:
            self._add_keys()
        self.bar.show_query(self.model.query)
        self._show_sort()
        self._load_views()
        QMetaObject.invokeMethod(self, "_load_first", Qt.ConnectionType.QueuedConnection)

    # Building

    def _timer(self, after_ms: int, then: Callable[[], object]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(after_ms)
        timer.timeout.connect(then)
        return timer

    def _lay_out(self, filters: Sequence[Filter], density: Density) -> None:
        # From the outside in: what moves into another widget takes all of its own along, and pays for each.
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self.bar = FilterBar(self._name, filters, self._today, self)
        self.notice = InlineNotice(closable=True, parent=self)
        self._split = QSplitter(Qt.Orientation.Horizontal, self)
        self._split.setHandleWidth(12)
        self._split.setChildrenCollapsible(False)
        self.count = plain_label(role="caption", tone="muted")
        column.addWidget(self.bar)
        column.addWidget(self.notice)
        column.addWidget(self._split, 1)
        foot = QHBoxLayout()
        column.addLayout(foot)
        foot.addWidget(self.count)
        foot.addStretch(1)
        self._frame = QFrame(self._split)
        self._frame.setProperty("tableFrame", "true")
        inner = QVBoxLayout(self._frame)
        inner.setContentsMargins(2, 2, 2, 2)
        inner.setSpacing(0)
        self._stack = QStackedWidget(self._frame)
        self.view = TableView(self._name, self.model, density, self._stack)
        self.totals = TotalsRow(self.view, self.model, self._frame)
        inner.addWidget(self._stack, 1)
        inner.addWidget(self.totals)
        empty = self._empty_text
        self.empty = EmptyState(empty.icon, empty.title, empty.text, empty.action, parent=self._stack)
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        self.pane = SidePane(parent=self._split)
        self._split.setStretchFactor(0, 1)
        self._split.setStretchFactor(1, 0)
        self.setFocusProxy(self.view)

    def _connect(self, refresh_on: frozenset[Kind] | set[Kind]) -> None:
        self.bar.asked.connect(self._ask)
        self.bar.export_asked.connect(self.start_export)
        self.bar.save_asked.connect(self._save_view)
        self.bar.view_asked.connect(self._open_view)
        self.bar.remove_asked.connect(self._remove_view)
        self.bar.search.down.connect(self.view.setFocus)
        self.bar.search.chosen.connect(self._open_first)
        self.view.horizontalHeader().sectionClicked.connect(self._sort_by)
        self.view.entered_row.connect(self.open_row)
        self.view.clicked.connect(lambda index: self.open_row(index.row()))
        self.view.left.connect(self.pane.close_pane)
        self.view.focused.connect(self._ring)
        self.view.selectionModel().currentRowChanged.connect(self._moved)
        self.model.modelReset.connect(self._after_reset)
        self.model.loaded.connect(self._shown)
        self.model.summed.connect(self._summed)
        self.model.broken.connect(self._broken)
        self.model.dataChanged.connect(self._arrived)
        self.pane.closed.connect(self._closed)
        if refresh_on:
            self._tasks.watch(self, refresh_on, lambda _changes: self._refresh_timer.start())

    def _add_keys(self) -> None:
        for keys, run in (("Ctrl+F", self.focus_search), ("Ctrl+E", self.start_export)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(run)

    # Asking

    @property
    def query(self) -> Query:
        """What the list shows."""
        return self.model.query

    def set_query(self, query: Query) -> None:
        """Show another query; a number on a dashboard opens its rows this way."""
        self.bar.show_query(query)
        self._ask(query)

    @Slot()
    def _load_first(self) -> None:
        # Once the page stands: a lane that reads meanwhile takes turns with this thread, and both are slower.
        if not self.model.asked:
            self.model.load(self.query)

    @Slot()
    def refresh(self) -> None:
        """Fetch again what is looked at; the cursor and the scroll bar stay."""
        self.notice.clear()
        self.model.refresh()

    @Slot(object)
    def _ask(self, query: Query) -> None:
        self.notice.clear()
        self.pane.close_pane()
        self.model.load(query)
        self._show_sort()

    @Slot(int)
    def _sort_by(self, section: int) -> None:
        column = self.model.columns[section]
        sort = self.query.sort
        if column.sortable:
            descending = sort is not None and sort.key == column.key and not sort.descending
            self._ask(replace(self.query, sort=Sort(column.key, descending)))
        self._show_sort()

    def _show_sort(self) -> None:
        sort = self.query.sort
        keys = [column.key for column in self.model.columns]
        section = keys.index(sort.key) if sort is not None and sort.key in keys else -1
        down = sort is not None and sort.descending
        order = Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder
        self.view.horizontalHeader().setSortIndicator(section, order)

    @Slot()
    def start_export(self) -> None:
        """Export all rows of the query, where the list may be exported."""
        if not self.bar.export.isHidden():
            self._exporting.start()

    @Slot()
    def focus_search(self) -> None:
        """Type what to search for."""
        self.bar.search.setFocus()
        self.bar.search.selectAll()

    # Showing

    def _place(self) -> Place:
        return Place(active_language(), self._zone)

    def _today(self) -> date:
        return datetime.now(self._zone).date()

    @Slot()
    def _after_reset(self) -> None:
        self.view.scrollToTop()
        self._cursor_key = None
        self._show_cursor()

    def _show_cursor(self) -> None:
        if self.view.hasFocus():
            self.view.show_cursor()

    @Slot()
    def _shown(self) -> None:
        self._show_emptiness()
        self.loaded.emit()

    @Slot(object)
    def _summed(self, summary: Summary) -> None:
        self.totals.show_totals(summary.totals if summary.count else {}, summary.label)
        set_text(self.count, ntr("{number} row", "{number} rows", summary.count, number=number(summary.count)))
        self._show_emptiness()

    def _show_emptiness(self) -> None:
        if self.model.waiting:
            return
        empty = self.model.rowCount() == 0
        if empty and self.view.hasFocus():
            # The view goes out of sight, and whoever works by keys would be nowhere.
            self.focus_search()
        self._stack.setCurrentWidget(self.empty if empty else self.view)
        if empty and self.query.narrowed:
            self.empty.show_text(tr("Nothing matches"), tr("Change the search or the filters, or show all."), "search")
        elif empty:
            self.empty.show_text(self._empty_text.title, self._empty_text.text, self._empty_text.icon)
        if self.empty.button is not None:
            self.empty.button.setVisible(not self.query.narrowed)

    @Slot(object)
    def _broken(self, error: TillgateError) -> None:
        self.notice.show_error(error, [NoticeAction(tr("Try again"), self.refresh, "refresh-cw")])

    @Slot(bool)
    def _ring(self, focused: bool) -> None:
        self._frame.setProperty("focused", "true" if focused else "")
        restyle(self._frame)

    # Details

    @Slot(int)
    def open_row(self, position: int) -> None:
        """Show the details of a row, if it is here."""
        row = self.model.row(position)
        if row is None:
            return
        if position != self.view.currentIndex().row():
            self.view.select_row(position)
        self.opened.emit(row)
        if self._details is not None:
            self._open_key = self._key(row)
            opening = self.pane.isHidden()
            self.pane.show_body(self._detail_title(row), self._details(row))
            if opening:
                wide = self._split.width()
                pane = max(_PANE_LEAST, min(_PANE_MOST, wide * 2 // 5))
                self._split.setSizes([wide - pane, pane])

    def select_key(self, key: Hashable) -> bool:
        """Put the cursor on the row with a key and open it; False if it is not among the rows that are here."""
        position = self.model.position_of(key)
        if position is None:
            return False
        self.view.select_row(position)
        self.open_row(position)
        return True

    @property
    def current_row(self) -> Any | None:
        """The row under the cursor."""
        index = self.view.currentIndex()
        return self.model.row(index.row()) if index.isValid() else None

    @Slot(str)
    def _open_first(self, _text: str) -> None:
        if not self.model.waiting and self.model.rowCount() == 1:
            self.view.select_row(0)
            self.open_row(0)

    @Slot()
    def _moved(self) -> None:
        row = self.current_row
        # None while the row is on its way: its details follow when it is here.
        self._cursor_key = None if row is None else self._key(row)
        if row is not None:
            self.selected.emit(row)
        if self.pane.isHidden() or self._cursor_key == self._open_key:
            self._detail_timer.stop()
        else:
            self._detail_timer.start()

    @Slot()
    def _show_details(self) -> None:
        if not self.pane.isHidden() and self.view.currentIndex().isValid():
            self.open_row(self.view.currentIndex().row())

    @Slot()
    def _arrived(self) -> None:
        # After a refresh a row may stand elsewhere: the cursor stays with its row, not with its place.
        position = None if self._cursor_key is None else self.model.position_of(self._cursor_key)
        if position is None:
            if self._cursor_key is None or self.pane.isHidden():
                self._moved()
        elif position != self.view.currentIndex().row():
            self.view.move_cursor(position)
        self._show_cursor()

    @Slot()
    def _closed(self) -> None:
        self._open_key = None
        self._detail_timer.stop()
        self.view.setFocus()

    # Saved views

    def _load_views(self) -> None:
        saved, name = self._saved, self._export_name
        self._tasks.run(self, lambda: saved.list_views(name), self.bar.show_views, label="views")

    def _save_view(self, title: str) -> None:
        saved, name, view = self._saved, self._export_name, SavedView(title, query_to_json(self.query))
        self._tasks.run(self, lambda: saved.save_view(name, view), lambda _none: self._load_views(), label="views")

    def _remove_view(self, title: str) -> None:
        saved, name = self._saved, self._export_name
        self._tasks.run(self, lambda: saved.remove_view(name, title), lambda _none: self._load_views(), label="views")

    def _open_view(self, view: SavedView) -> None:
        try:
            self.set_query(query_from_json(view.query, self._today))
        except ValueError:
            self.notice.say(Tone.FAILED, tr("This view can no longer be read."), tr("Save it again."))
