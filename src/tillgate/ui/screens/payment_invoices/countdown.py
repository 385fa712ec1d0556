"""How long something is good for yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QLabel

from tillgate.i18n import tr
from tillgate.ui.widgets.labels import elapsed_text


class CountdownLabel(QLabel):
    """The time left until an instant, counted down each second; it stands still at nothing, and is `over` then."""

    over = Signal()

    def __init__(self, now: Callable[[], datetime], *, role: str = "title") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("textRole", role)
        self._now = now
        self._until: datetime | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(1_000)
        self._timer.timeout.connect(self._show)

    def start(self, until: datetime) -> None:
        """Count down to an instant."""
        self._until = until
        self._timer.start()
        self._show()

    def stop(self) -> None:
        """Nothing is counted any more."""
        self._timer.stop()
        self._until = None
        self.clear()

    @Slot()
    def _show(self) -> None:
        if self._until is None:
            return
        left = max(0, int((self._until - self._now()).total_seconds()))
        self.setText(elapsed_text(left))
        self.setAccessibleName(tr("Time left {time}", time=self.text()))
        if not left and self._timer.isActive():
            self._timer.stop()
            self.over.emit()
