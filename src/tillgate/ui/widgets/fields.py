"""Fields that people type into. Every field has a name that is shown or spoken, and says in words what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QIntValidator, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from tillgate.domain.errors import Invalid
from tillgate.domain.money import Money
from tillgate.formats import format_amount, parse_amount
from tillgate.i18n import active_language, tr
from tillgate.ui.guard import guarded
from tillgate.ui.icons import icon
from tillgate.ui.message_text import message_for
from tillgate.ui.theme import restyle
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import announce

_SEARCH_MS: Final = 120


class TextField(QWidget):
    """A label above, a line to type in, and the error below it."""

    changed = Signal(str)
    submitted = Signal()

    def __init__(
        self, label: str, *, placeholder: str = "", secret: bool = False, limit: int = 200, big: bool = False
    ) -> None:
        super().__init__()
        self.line = QLineEdit()
        self.line.setAccessibleName(label)
        self.line.setPlaceholderText(placeholder)
        self.line.setMaxLength(limit)
        if secret:
            self.line.setEchoMode(QLineEdit.EchoMode.Password)
        if big:
            self.line.setProperty("big", "true")
        self._label = plain_label(label, "label")
        self._label.setBuddy(self.line)
        self._error = plain_label(role="caption", tone="failed", wrap=True)
        self._error.hide()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        for widget in (self._label, self.line, self._error):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.setFocusProxy(self.line)
        self.line.textChanged.connect(self._typed)
        self.line.returnPressed.connect(self.submitted)

    @property
    def text(self) -> str:
        """What was typed, without blanks around it."""
        return self.line.text().strip()

    def set_text(self, text: str) -> None:
        """Fill the line."""
        self.line.setText(text)

    def clear(self) -> None:
        """Empty the line and forget its error."""
        self.line.clear()
        self.show_error("")

    def show_error(self, text: str) -> None:
        """Say below the line what is wrong, aloud too; "" takes it back."""
        set_text(self._error, text)
        self._error.setVisible(bool(text))
        self.line.setProperty("wrong", "true" if text else "")
        self.line.setAccessibleDescription(text)
        restyle(self.line)
        if text:
            announce(self.line, text)

    @property
    def error(self) -> str:
        """The error shown, or ""."""
        return self.line.accessibleDescription()

    @Slot(str)
    def _typed(self, text: str) -> None:
        if self.error:
            self.show_error("")
        self.changed.emit(text)


class MoneyField(TextField):
    """An amount of one currency, read strictly when the field is left or submitted; no float anywhere."""

    amount_changed = Signal()

    def __init__(self, label: str, currency: str, *, allow_zero: bool = False, big: bool = False) -> None:
        super().__init__(tr("{label} ({currency})", label=label, currency=currency), limit=40, big=big)
        self._currency, self._allow_zero = currency, allow_zero
        self.line.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.line.editingFinished.connect(self._left)
        self.changed.connect(lambda _text: self.amount_changed.emit())

    def amount(self) -> Money | None:
        """The amount typed; None, with the reason shown below, when it is not one."""
        try:
            return self._read()
        except Invalid as error:
            words = message_for(error)
            self.show_error(" ".join(part for part in (words.what, words.next) if part))
            return None

    def peek(self) -> Money | None:
        """The amount as typed so far, without a word about mistakes: for live totals."""
        try:
            return self._read()
        except Invalid:
            return None

    def set_amount(self, money: Money | None) -> None:
        """Fill the field; None empties it. Raises Invalid for another currency."""
        if money is not None and money.currency != self._currency:
            raise Invalid("currency_mismatch", expected=self._currency, found=money.currency)
        self.set_text(format_amount(money, active_language()) if money is not None else "")

    def _read(self) -> Money:
        return parse_amount(self.line.text(), self._currency, active_language(), allow_zero=self._allow_zero)

    @Slot()
    def _left(self) -> None:
        if self.text and (money := self.amount()) is not None:
            self.line.setText(format_amount(money, active_language()))


class SearchField(QLineEdit):
    """Search as you type: `searched(text)` when typing rests for 120 ms, at once on Enter, with `chosen`; Down leaves
    to the results by `down`."""

    searched = Signal(str)
    chosen = Signal(str)
    down = Signal()

    def __init__(self, placeholder: str, *, rest_ms: int = _SEARCH_MS, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setClearButtonEnabled(False)
        self.setMaxLength(200)
        lens = self.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        lens.setText(placeholder.replace("&", "&&"))
        self._clear = self.addAction(icon("x", "muted"), QLineEdit.ActionPosition.TrailingPosition)
        self._clear.setText(tr("Clear the search"))
        self._clear.setVisible(False)
        self._clear.triggered.connect(self.reset)
        self._said = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(rest_ms)
        self._timer.timeout.connect(self._say)
        self.textChanged.connect(self._typed)
        self.returnPressed.connect(self._enter)

    @Slot()
    def reset(self) -> None:
        """Empty it and search for nothing, at once."""
        self.clear()
        self._say()

    def show_quietly(self, text: str) -> None:
        """Show a text that is already searched for."""
        self.setText(text)
        self._timer.stop()
        self._said = text.strip()

    @Slot(str)
    def _typed(self, text: str) -> None:
        self._clear.setVisible(bool(text))
        self._timer.start()

    @Slot()
    def _say(self) -> None:
        self._timer.stop()
        text = self.text().strip()
        if text != self._said:
            self._said = text
            self.searched.emit(text)

    @Slot()
    def _enter(self) -> None:
        self._say()
        self.chosen.emit(self.text().strip())

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self.down.emit()
            return
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.reset()
            return
        super().keyPressEvent(event)


class Stepper(QWidget):
    """A quantity with - and +; the number can be typed. `changed(int)` once per accepted change; `refused` where what
    was typed is beyond its ends, and changes nothing."""

    changed = Signal(int)
    refused = Signal()

    def __init__(self, name: str, *, least: int = 1, most: int = 999) -> None:
        super().__init__()
        self._least, self._most, self._value = least, most, least
        less = Button(tone=ButtonTone.ICON, icon="minus", name=tr("One less of {name}", name=name))
        more = Button(tone=ButtonTone.ICON, icon="plus", name=tr("One more of {name}", name=name))
        less.clicked.connect(lambda: self._step(-1))
        more.clicked.connect(lambda: self._step(1))
        self._less, self._more = less, more
        self.line = QLineEdit(str(least))
        self.line.setAccessibleName(tr("Quantity of {name}", name=name))
        # What is too much can be typed, so that it can be said.
        self.line.setValidator(QIntValidator(0, 9_999, self))
        self.line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.line.setFixedWidth(56)
        self.line.editingFinished.connect(self._typed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for widget in (less, self.line, more):
            row.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self.line)
        self._show()

    @property
    def value(self) -> int:
        """The quantity."""
        return self._value

    def set_value(self, value: int) -> None:
        """Show a quantity without saying that it changed."""
        self._value = min(max(value, self._least), self._most)
        self._show()

    def _step(self, by: int) -> None:
        self._accept(self._value + by)

    @Slot()
    def _typed(self) -> None:
        text = self.line.text()
        value = int(text) if text.isdecimal() else self._value
        if self._least <= value <= self._most:
            self._accept(value)
            return
        self._show()
        self.refused.emit()

    def _accept(self, value: int) -> None:
        before = self._value
        self.set_value(value)
        if self._value != before:
            self.changed.emit(self._value)

    def _show(self) -> None:
        self.line.setText(str(self._value))
        self._less.setEnabled(self._value > self._least)
        self._more.setEnabled(self._value < self._most)


class EscapeTo(QObject):
    """Esc in a widget goes one level back by a function of the screen's own; it never destroys."""

    def __init__(self, widget: QWidget, back: Callable[[], object]) -> None:
        super().__init__(widget)
        self._back = back
        widget.installEventFilter(self)

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.KeyPress
            and event.matches(QKeySequence.StandardKey.Cancel)
        ):
            self._back()
            return True
        return super().eventFilter(watched, event)
