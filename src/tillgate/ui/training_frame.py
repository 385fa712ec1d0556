"""The orange frame: in training mode nobody can take the window for the real one."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QMainWindow, QWidget

from tillgate.ui import theme
from tillgate.ui.guard import guarded

EDGE: Final = 4


class TrainingFrame(QWidget):
    """A border over the edges of a window, out of the mouse's way."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        window.installEventFilter(self)
        self.hide()

    def show_frame(self, training: bool) -> None:
        """Put the frame on or take it off."""
        edge = EDGE if training else 0
        self._window.setContentsMargins(edge, edge, edge, edge)
        self.setVisible(training)
        self._fit()

    def _fit(self) -> None:
        if not self.isHidden():
            self.setGeometry(self._window.rect())
            inner = self.rect().adjusted(EDGE, EDGE, -EDGE, -EDGE)
            self.setMask(QRegion(self.rect()) - QRegion(inner))
            self.raise_()

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.Resize, QEvent.Type.Show}:
            self._fit()
        return False

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.current().colour("training"))
        painter.end()
