"""Keys and presses, typed for the type checker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

K = TypeVar("K")
NONE = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def press(widget: QWidget, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
    """Press and let go of a key with the focus on a widget."""
    QTest.keyClick(widget, key, held)


def type_text(widget: QWidget, text: str) -> None:
    """Type ASCII text, all at once."""
    QTest.keyClicks(widget, text)


def click(widget: QWidget, at: QPoint | None = None, held: Qt.KeyboardModifier = NONE) -> None:
    """Press a widget with the mouse, in its middle unless told."""
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, held, at if at is not None else widget.rect().center())


def places_of(chips: Callable[[], Iterable[QWidget]], pages: Iterable[K], show: Callable[[K], object]) -> set[object]:
    """Where chips stand, on each of several pages."""
    places: set[object] = set()
    for page in pages:
        show(page)
        places.add(tuple(chip.geometry().getRect() for chip in chips()))
    return places


class Paints(QObject):
    """Counts how often a widget is painted from now on."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's own name
        self.count += event.type() is QEvent.Type.Paint
        return False
