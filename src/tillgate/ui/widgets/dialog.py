"""Dialogs: opened, never executed; buttons say what they do; Esc and the close button cancel, which changes nothing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.i18n import tr
from tillgate.ui.guard import guarded
from tillgate.ui.theme import Density, set_density
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice


class Dialog(QDialog):
    """A heading, a text, a body, a notice for what went wrong, and two buttons: the verb and the way back.

    With no `on_accept` the verb closes it; otherwise that function calls `accept` when all is well.
    """

    def __init__(
        self,
        parent: QWidget,
        title: str,
        text: str = "",
        *,
        verb: str,
        on_accept: Callable[[], object] | None = None,
        tone: ButtonTone = ButtonTone.PRIMARY,
        icon: str = "",
        back: str = "",
        width: int = 460,
        density: Density = Density.TOUCH,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._on_accept = on_accept or self.accept
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        self.notice = InlineNotice()
        self.go = Button(verb, tone=tone, icon=icon, on_click=self._go)
        self.go.setDefault(True)
        self.back = Button(back or tr("Go back"), tone=ButtonTone.QUIET, on_click=self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(14)
        # A width set on the dialog itself would let its height shrink below what its body needs.
        column.addStrut(width - 48)
        column.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)
        column.addWidget(plain_label(title, "heading", wrap=True))
        if text:
            column.addWidget(plain_label(text, wrap=True))
        column.addLayout(self.body)
        column.addWidget(self.notice)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self.back)
        row.addWidget(self.go)
        column.addLayout(row)
        set_density(self, density)
        self.installEventFilter(self)

    def add(self, widget: QWidget) -> None:
        """Add a widget to the body."""
        self.body.addWidget(widget)

    def set_working(self, working: bool) -> None:
        """While the work is under way the verb can't be pressed again; the dialog may still be left."""
        self.go.setEnabled(not working)

    def show_error(self, error: TillgateError) -> None:
        """Say what went wrong and let the user try again."""
        self.set_working(False)
        self.notice.show_error(error)

    def scan(self, code: str) -> bool:
        """Take a code scanned while the dialog is open; False drops it, so that nothing happens behind the dialog."""
        del code
        return False

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            QTimer.singleShot(0, self, self._grow)
        return False

    @Slot()
    def _grow(self) -> None:
        """Make room for what was said below a field or in the notice: wrapped text needs more height than a layout
        reserves by itself."""
        layout = self.layout()
        needed = layout.totalHeightForWidth(self.width()) if layout is not None and layout.hasHeightForWidth() else 0
        if needed > self.height():
            self.resize(self.width(), needed)

    @Slot()
    def _go(self) -> None:
        self._on_accept()


class Confirm(Dialog):
    """A question before money leaves: the amount and the target stand in the title and on the button.

    The way back has the focus, so an Enter that was queued confirms nothing.
    """

    def __init__(
        self,
        parent: QWidget,
        title: str,
        text: str,
        *,
        verb: str,
        on_accept: Callable[[], object],
        danger: bool = False,
        icon: str = "",
    ) -> None:
        super().__init__(
            parent,
            title,
            text,
            verb=verb,
            on_accept=self._accepted,
            tone=ButtonTone.DANGER if danger else ButtonTone.PRIMARY,
            icon=icon,
        )
        self._then = on_accept
        self.go.setDefault(False)
        self.back.setDefault(True)
        self.back.setFocus()

    def _accepted(self) -> None:
        self.accept()
        self._then()
