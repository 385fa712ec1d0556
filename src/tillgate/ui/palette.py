"""The command palette: type a few letters of what you want to do, press Enter."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from tillgate.i18n import tr
from tillgate.ui.commands import Command, Commands
from tillgate.ui.fuzzy import ranked
from tillgate.ui.guard import guarded
from tillgate.ui.widgets.fields import SearchField
from tillgate.ui.widgets.labels import IconLabel, KeyHint, plain_label
from tillgate.ui.widgets.notices import announce

_WIDTH: Final = 560
_ROW: Final = 44
_SHOWN: Final = 9
_KEY: Final = Qt.ItemDataRole.UserRole


class _Line(SearchField):
    """Up, Down and the page keys move in the list while the letters stay here."""

    def __init__(self, results: QListWidget) -> None:
        super().__init__(tr("What do you want to do?"), rest_ms=0)
        self._results = results

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            count = self._results.count()
            if count:
                self._results.setCurrentRow((self._results.currentRow() + step) % count)
            return
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
            return
        super().keyPressEvent(event)


class Palette(QDialog):
    """Lists the commands that can be done now. Enter does the marked one, after the palette has closed."""

    def __init__(self, window: QWidget, commands: Commands) -> None:
        super().__init__(window, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self.setAccessibleName(tr("Command palette"))
        self._commands = commands
        self._listed = commands.listed()
        self.results = QListWidget()
        self.results.setAccessibleName(tr("Commands found"))
        self.results.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.results.setUniformItemSizes(True)
        self.results.itemClicked.connect(self._chosen)
        self.line = _Line(self.results)
        self.line.setProperty("big", "true")
        self.line.textChanged.connect(self._find)
        self.line.returnPressed.connect(self._enter)
        self.nothing = plain_label(tr("No command is called that. Try another word."), tone="muted", wrap=True)
        self.nothing.setContentsMargins(10, 8, 10, 8)
        self.nothing.hide()
        frame = QFrame()
        frame.setProperty("overlay", "true")
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(10, 10, 10, 10)
        inner.setSpacing(8)
        inner.addWidget(self.line)
        inner.addWidget(self.results)
        inner.addWidget(self.nothing)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self._find("")
        width = min(_WIDTH, window.width() - 48)
        frame.setFixedWidth(width)
        outer.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - width) // 2, corner.y() + 96)

    @Slot(str)
    def _find(self, text: str) -> None:
        found = ranked(text.strip(), self._listed, lambda command: tr(command.title))[: _SHOWN * 3]
        self.results.clear()
        for command in found:
            item = QListWidgetItem(self.results)
            item.setData(_KEY, command.key)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, tr(command.title))
            item.setSizeHint(QSize(0, _ROW))
            self.results.setItemWidget(item, self._row(command))
        self.results.setCurrentRow(0 if found else -1)
        self.results.setFixedHeight(min(len(found), _SHOWN) * _ROW + 8)
        self.results.setVisible(bool(found))
        if not found and self.nothing.isHidden():
            announce(self.line, self.nothing.text())
        self.nothing.setVisible(not found)

    def _row(self, command: Command) -> QWidget:
        row = QWidget()
        row.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        line = QHBoxLayout(row)
        line.setContentsMargins(10, 0, 10, 0)
        line.setSpacing(12)
        line.addWidget(IconLabel(command.icon or "chevron-right", "muted"))
        line.addWidget(plain_label(tr(command.title)), 1)
        if hint := self._commands.hint(command.key):
            line.addWidget(KeyHint(hint))
        return row

    @property
    def found(self) -> list[str]:
        """The keys of the commands shown, best first."""
        return [self.results.item(index).data(_KEY) for index in range(self.results.count())]

    @Slot()
    def _enter(self) -> None:
        if (item := self.results.currentItem()) is not None:
            self._chosen(item)

    @Slot(QListWidgetItem)
    def _chosen(self, item: QListWidgetItem) -> None:
        action = self._commands.action(item.data(_KEY))
        self.accept()
        action.trigger()
