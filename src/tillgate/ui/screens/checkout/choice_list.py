"""A short list to choose one thing from: a title, a note below it, and an amount or count at the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QItemSelectionModel, QModelIndex, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tillgate.ui import theme
from tillgate.ui.guard import guarded
from tillgate.ui.screens.checkout.hits import Index

_ROW: Final = 58
_LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True, slots=True)
class Choice:
    """One row. `value` is what is chosen; `alarming` shows the note at the right in amber."""

    value: Any
    title: str
    note: str = ""
    right: str = ""
    right_note: str = ""
    alarming: bool = False

    @property
    def spoken(self) -> str:
        """What a screen reader says."""
        return "\n".join(part for part in (self.title, self.right, self.note, self.right_note) if part)


class _Model(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.choices: tuple[Choice, ...] = ()

    def show_choices(self, choices: Sequence[Choice]) -> None:
        self.beginResetModel()
        self.choices = tuple(choices)
        self.endResetModel()

    @guarded(0)
    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.choices)

    @guarded()
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self.choices):
            return None
        choice = self.choices[index.row()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return choice.spoken
        return choice.title if role == Qt.ItemDataRole.DisplayRole else None


class _Painter(QStyledItemDelegate):
    def __init__(self, view: QListView, model: _Model) -> None:
        super().__init__(view)
        self._view, self._model = view, model
        self._title, self._note = theme.font("strong"), theme.font("caption")

    @guarded(QSize)
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, _ROW)

    @guarded()
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        choice, look, area = self._model.choices[index.row()], theme.current(), option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, look.colour("selected"))
            painter.fillRect(area.left(), area.top(), 3, area.height(), look.colour("accent"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, look.colour("hover"))
        painter.fillRect(area.left(), area.bottom(), area.width(), 1, look.colour("border"))
        inner = area.adjusted(14, 0, -14, -1)
        upper = QRect(inner.left(), inner.top() + 9, inner.width(), 20)
        lower = QRect(inner.left(), upper.bottom() + 1, inner.width(), 18)
        alarm = look.colour("waiting" if choice.alarming else "muted")
        painter.setFont(self._title)
        painter.setPen(look.colour("text"))
        taken = _draw(painter, upper, choice.right, _RIGHT)
        _draw(painter, upper.adjusted(0, 0, -taken, 0), choice.title, _LEFT)
        painter.setFont(self._note)
        painter.setPen(alarm)
        taken = _draw(painter, lower, choice.right_note, _RIGHT)
        painter.setPen(look.colour("muted"))
        _draw(painter, lower.adjusted(0, 0, -taken, 0), choice.note, _LEFT)


def _draw(painter: QPainter, area: QRect, text: str, flags: int) -> int:
    """Draw a text in the painter's font and colour; how much room it takes, with a gap."""
    if not text:
        return 0
    metrics = QFontMetrics(painter.font())
    painter.drawText(area, flags, metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width()))
    return min(metrics.horizontalAdvance(text) + 12, area.width())


class ChoiceList(QListView):
    """`picked` on a double press or Enter; one press marks. `step` moves the mark from a search line's arrow keys."""

    picked = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._model = _Model(self)
        self.setModel(self._model)
        self.setItemDelegate(_Painter(self, self._model))
        self.setAccessibleName(name)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.doubleClicked.connect(lambda _index: self.picked.emit())

    def show_choices(self, choices: Sequence[Choice], *, mark: int = 0) -> None:
        """Show other rows, one of them marked."""
        self._model.show_choices(choices)
        self.updateGeometry()
        self._mark(mark)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The rows shown."""
        return self._model.choices

    @property
    def marked(self) -> Choice | None:
        """The row that is marked."""
        row = self.currentIndex().row()
        return self._model.choices[row] if 0 <= row < len(self._model.choices) else None

    def step(self, by: int) -> None:
        """Move the mark."""
        self._mark(min(max(self.currentIndex().row() + by, 0), len(self._model.choices) - 1))

    def _mark(self, row: int) -> None:
        index = self._model.index(row, 0)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.scrollTo(index)

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if not event.isAutoRepeat():
                self.picked.emit()
            return
        super().keyPressEvent(event)

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        return QSize(420, _ROW * min(max(len(self._model.choices), 3), 6) + 4)

    @guarded(QSize)
    def minimumSizeHint(self) -> QSize:
        return QSize(240, _ROW * 3)
