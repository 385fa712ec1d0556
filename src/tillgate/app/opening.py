"""The first window: painted before anything slow is loaded, and the place where a start that fails says why."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.domain.payment import Mode
from tillgate.i18n import tr
from tillgate.ui.first_paint import FirstPaint
from tillgate.ui.widgets.first_text import FirstText

FIRST_SIZE = QSize(1280, 832)


class OpeningWindow(QMainWindow):
    """Shows the name and that the till opens; `painted` once, after the first paint."""

    painted = Signal()

    def __init__(self, mode: Mode) -> None:
        super().__init__()
        self.setWindowTitle("Tillgate")
        # Not the window's own `screen()`: PySide would make it the window's child, and delete it with the window.
        self.resize(FIRST_SIZE.boundedTo(QGuiApplication.primaryScreen().availableSize()))
        page = QWidget()
        column = QVBoxLayout(page)
        column.addStretch(2)
        self._name = FirstText("Tillgate", "display")
        self._what = FirstText(_opening_text(mode), "body", tone="muted")
        column.addWidget(self._name)
        column.addWidget(self._what)
        column.addStretch(3)
        self.setCentralWidget(page)
        FirstPaint(self).painted.connect(self.painted)

    def show_failure(self, error: TillgateError | None) -> None:
        """Say why the till can't open; it stays closed, and nothing was changed."""
        # Only for a start that failed.
        from tillgate.ui.message_text import message_for  # noqa: PLC0415
        from tillgate.ui.widgets.labels import set_text  # noqa: PLC0415

        set_text(self._name, tr("The till cannot open"))
        if error is None:
            set_text(self._what, tr("Something unexpected went wrong. No money moved. The log says more."))
        else:
            message = message_for(error)
            set_text(self._what, "\n".join(part for part in (message.what, message.money, message.next) if part))


def _opening_text(mode: Mode) -> str:
    return tr("Opening training …") if mode is Mode.TRAINING else tr("Opening the till …")
