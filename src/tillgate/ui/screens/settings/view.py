"""The widgets of the settings screen: a list of pages at the left, the page at the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListWidget, QListWidgetItem, QScrollArea, QStackedWidget, QWidget

from tillgate.i18n import tr
from tillgate.ui.guard import guarded
from tillgate.ui.icons import icon


@dataclass(frozen=True, slots=True)
class Page:
    """One page, made when it is first shown. `title` is marked English; a page that `fills` scrolls by itself."""

    key: str
    title: str
    icon: str
    make: Callable[[], QWidget]
    fills: bool = False


class SettingsView(QWidget):
    """`shown(key)` when another page is in front."""

    shown = Signal(str)

    def __init__(self, pages: Sequence[Page]) -> None:
        super().__init__()
        self._pages = list(pages)
        self._made: dict[str, QWidget] = {}
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Pages of the settings"))
        self.list.setFixedWidth(208)
        self.list.setIconSize(QSize(18, 18))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for page in self._pages:
            item = QListWidgetItem(icon(page.icon, "muted"), tr(page.title))
            item.setSizeHint(QSize(180, 40))
            self.list.addItem(item)
        left = QFrame()
        left.setProperty("surface", "raised")
        inner = QHBoxLayout(left)
        inner.setContentsMargins(6, 8, 6, 8)
        inner.addWidget(self.list)
        self._stack = QStackedWidget()
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 18, 20, 18)
        row.setSpacing(24)
        row.addWidget(left)
        row.addWidget(self._stack, 1)
        self.list.currentRowChanged.connect(self._go)

    def go(self, key: str) -> None:
        """Show a page."""
        self.list.setCurrentRow(next(n for n, page in enumerate(self._pages) if page.key == key))

    def page(self, key: str) -> QWidget:
        """A page, made now if it was never shown; KeyError for an unknown key."""
        if key not in self._made:
            declared = next((page for page in self._pages if page.key == key), None)
            if declared is None:
                raise KeyError(key)
            made = declared.make()
            self._made[key] = made
            self._stack.addWidget(made if declared.fills else _scrolled(made))
        return self._made[key]

    @property
    def current(self) -> str:
        """The key of the page in front."""
        return self._pages[max(0, self.list.currentRow())].key

    @Slot(int)
    def _go(self, number: int) -> None:
        key = self._pages[number].key
        made = self.page(key)
        scroll = made.parentWidget()
        while scroll is not None and scroll.parentWidget() is not self._stack:
            scroll = scroll.parentWidget()
        self._stack.setCurrentWidget(scroll or made)
        self.shown.emit(key)


class _PageArea(QScrollArea):
    """Scrolls a page that is taller than its room: wrapped texts would let the layout squeeze the fields instead.

    The page itself is held narrow, not what stands in it: a layout asks for its lines at the width that it has.
    """

    def __init__(self, page: QWidget) -> None:
        super().__init__()
        self._page = page
        self.setWidgetResizable(True)
        self.setWidget(page)
        page.installEventFilter(self)

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._page and event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Resize}:
            layout = self._page.layout()
            if layout is not None and layout.hasHeightForWidth():
                width = min(self.viewport().width(), self._page.maximumWidth())
                self._page.setMinimumHeight(layout.totalHeightForWidth(width))
        return False


def _scrolled(page: QWidget) -> QScrollArea:
    area = _PageArea(page)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    page.setProperty("page", "true")
    page.setContentsMargins(0, 0, 12, 0)
    return area
