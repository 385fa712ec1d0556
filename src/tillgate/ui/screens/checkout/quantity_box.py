"""A line's quantity with - and +, at touch size; the number can be typed. Down to nothing takes the line out."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from tillgate.domain.cart import HIGHEST_QUANTITY
from tillgate.i18n import tr
from tillgate.ui.widgets.buttons import Button, ButtonTone

# Three digits at touch size.
_WIDTH: Final = 58


class QuantityBox(QWidget):
    """`changed(int)` for a new quantity, `removed` where - or a typed 0 leaves nothing, `left` when typing is over."""

    changed = Signal(int)
    removed = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._name, self._value, self._least = "", 1, 1
        self.less = Button(tone=ButtonTone.ICON, icon="minus", on_click=lambda: self._step(-1))
        self.more = Button(tone=ButtonTone.ICON, icon="plus", on_click=lambda: self._step(1))
        for button in (self.less, self.more):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.line = QLineEdit()
        self.line.setValidator(QIntValidator(0, HIGHEST_QUANTITY, self))
        self.line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.line.setFixedWidth(_WIDTH)
        self.line.setMaxLength(3)
        self.line.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.line.returnPressed.connect(self._entered)
        self.line.editingFinished.connect(self.finish)
        self.line.textChanged.connect(self._show_buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for widget in (self.less, self.line, self.more):
            row.addWidget(widget)

    @property
    def value(self) -> int:
        """The quantity."""
        return self._value

    @property
    def typing(self) -> bool:
        """Whether a number is being typed that was not taken yet."""
        return self.line.text() != str(self._value)

    def show_value(self, name: str, value: int, least: int) -> None:
        """Show a line's quantity; what is being typed stays."""
        if (name, value, least) == (self._name, self._value, self._least):
            return
        typing = self.typing and name == self._name
        self._name, self._value, self._least = name, value, least
        self.less.setAccessibleName(tr("One less of {name}", name=name))
        self.more.setAccessibleName(tr("One more of {name}", name=name))
        self.line.setAccessibleName(tr("Quantity of {name}", name=name))
        if not typing:
            self.line.setText(str(value))
        self._show_buttons()

    @Slot()
    def _show_buttons(self) -> None:
        # A press takes first what is typed: that is what the buttons go by.
        text = self.line.text()
        value = int(text) if text.isdecimal() else self._value
        last = value <= self._least
        self.less.show_icon("trash-2" if last else "minus", "muted" if last else "text")
        self.more.setEnabled(value < HIGHEST_QUANTITY)

    def begin(self) -> None:
        """Put the focus into the number, ready to be typed over."""
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()

    @Slot()
    def finish(self) -> None:
        """Take what was typed."""
        text = self.line.text()
        if not self.typing:
            return
        if not text.isdecimal():
            self.line.setText(str(self._value))
        elif int(text) == 0:
            self.line.setText(str(self._value))
            self.removed.emit()
        else:
            self._value = int(text)
            self.changed.emit(self._value)

    @Slot()
    def _entered(self) -> None:
        self.finish()
        self.left.emit()

    def give_up(self) -> None:
        """Leave the number as it was."""
        self.line.setText(str(self._value))
        self.left.emit()

    def _step(self, by: int) -> None:
        self.finish()
        wanted = self._value + by
        if wanted < self._least:
            self.removed.emit()
        elif wanted <= HIGHEST_QUANTITY:
            self.changed.emit(wanted)
