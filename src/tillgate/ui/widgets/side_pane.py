"""A pane at the side of a list or screen: a title, a way to close it, and one body at a time."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from tillgate.i18n import tr
from tillgate.ui.guard import guarded
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.fields import EscapeTo
from tillgate.ui.widgets.labels import ElidedLabel, line

# A body lies in a page in a scroll area: each passes on to the next that it needs room.
_LEVELS: Final = 5


def lay_out_now() -> None:
    """Give what was just added its place before the next picture is drawn, not one level at a time in several."""
    for _ in range(_LEVELS):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)


class SidePane(QFrame):
    """Hidden until something is shown; Esc inside it closes it."""

    closed = Signal()

    def __init__(self, width: int = 360, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "raised")
        self._wanted = width
        self.setMinimumWidth(min(width, 320))
        self.setMaximumWidth(max(width, 560))
        self._body: QWidget | None = None
        self._title = ElidedLabel(role="title")
        close = Button(
            tone=ButtonTone.ICON, icon="x", name=tr("Close the details"), on_click=self.close_pane, parent=self
        )
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.viewport().setAutoFillBackground(False)
        head = QHBoxLayout()
        head.setContentsMargins(18, 12, 10, 8)
        head.addWidget(self._title, 1)
        head.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(line())
        column.addWidget(self._scroll, 1)
        self._escape = EscapeTo(self, self.close_pane)
        self.hide()

    def show_body(self, title: str, body: QWidget) -> None:
        """Show a body, which belongs to the pane from now on; the one before is deleted."""
        self._title.show_text(title)
        self.setAccessibleName(title)
        old = self._scroll.takeWidget()
        if old is not None:
            old.deleteLater()
        page = QWidget()
        page.setProperty("page", "true")
        around = QVBoxLayout(page)
        around.setContentsMargins(18, 14, 18, 18)
        around.addWidget(body)
        self._scroll.setWidget(page)
        self._body = body
        self.show()

    @guarded(QSize)
    def sizeHint(self) -> QSize:
        return QSize(self._wanted, super().sizeHint().height())

    @property
    def body(self) -> QWidget | None:
        """What is shown."""
        return self._body if not self.isHidden() else None

    @Slot()
    def close_pane(self) -> None:
        """Hide it and let go of the body."""
        old = self._scroll.takeWidget()
        if old is not None:
            old.deleteLater()
        self._body = None
        self.hide()
        self.closed.emit()
