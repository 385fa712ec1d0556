"""A PIN or passphrase: typed, or pressed on a pad; what is wrong with it below, a wait counted down."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.domain.pins import LONGEST
from tillgate.i18n import ntr, tr
from tillgate.ui.icons import icon
from tillgate.ui.message_text import message_for
from tillgate.ui.theme import restyle
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.labels import plain_label, set_text
from tillgate.ui.widgets.notices import announce

_TICK_MS: Final = 250
_ICON: Final = 24


class PinPad(QWidget):
    """Twelve large keys; none takes the focus, so that typing goes on where it was."""

    pressed = Signal(str)
    erased = Signal()
    entered = Signal()

    def __init__(self, *, dense: bool) -> None:
        super().__init__()
        self._dense = dense
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(8)
        for number, digit in enumerate("123456789"):
            grid.addWidget(self._key(digit), number // 3, number % 3)
        erase = self._button("delete", tr("Delete the last character"), ButtonTone.KEY, self.erased.emit)
        self.enter = self._button("arrow-right", tr("Enter"), ButtonTone.PRIMARY, self.entered.emit)
        grid.addWidget(erase, 3, 0)
        grid.addWidget(self._key("0"), 3, 1)
        grid.addWidget(self.enter, 3, 2)

    def _key(self, digit: str) -> Button:
        made = Button(digit, tone=ButtonTone.KEY, on_click=lambda: self.pressed.emit(digit))
        return self._unfocused(made)

    def _button(self, name: str, title: str, tone: ButtonTone, run: Callable[[], object]) -> Button:
        made = Button(tone=tone, icon=name, name=title, on_click=run)
        made.setProperty("padKey", "true")
        made.setIconSize(QSize(_ICON, _ICON))
        return self._unfocused(made)

    def _unfocused(self, button: Button) -> Button:
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setProperty("dense", "true" if self._dense else "")
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return button


class PinEntry(QWidget):
    """`submitted` on Enter; what was typed is read by `text` and forgotten by `clear`."""

    submitted = Signal()
    changed = Signal()

    def __init__(self, label: str, *, dense: bool = False, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._held_until = 0.0
        self._why = ""
        self.line = QLineEdit()
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.line.setMaxLength(LONGEST)
        self.line.setProperty("big", "true")
        self.line.setAccessibleName(label)
        self.line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.line.setPlaceholderText(label)
        self._eye = QAction(icon("eye", "muted"), tr("Show what is typed"), self.line)
        self._eye.setCheckable(True)
        self._eye.toggled.connect(self._show_letters)
        self.line.addAction(self._eye, QLineEdit.ActionPosition.TrailingPosition)
        self._said = plain_label(role="body", tone="failed", wrap=True)
        self._said.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        # Kept in the layout while empty, so that nothing jumps when something is said.
        self._said.setMinimumHeight(40)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.line)
        column.addWidget(self._said)
        self.pad = PinPad(dense=dense)
        column.addWidget(self.pad)
        self.setFocusProxy(self.line)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._count_down)
        self.line.textChanged.connect(self._typed)
        self.line.returnPressed.connect(self._submit)
        self.pad.pressed.connect(self.line.insert)
        self.pad.erased.connect(self.line.backspace)
        self.pad.entered.connect(self._submit)

    @property
    def text(self) -> str:
        """What was typed."""
        return self.line.text()

    @property
    def said(self) -> str:
        """What is said below the line."""
        return self._said.text()

    @property
    def held(self) -> bool:
        """Whether a wait is counted down."""
        return self._timer.isActive()

    def clear(self) -> None:
        """Forget what was typed, and what was wrong."""
        self._eye.setChecked(False)
        self.line.clear()
        if not self.held:
            self.say("")

    def say(self, text: str) -> None:
        """Say what is wrong, aloud too; "" takes it back."""
        set_text(self._said, text)
        self.line.setProperty("wrong", "true" if text else "")
        self.line.setAccessibleDescription(text)
        restyle(self.line)
        if text:
            announce(self.line, text)

    def hold(self, seconds: int, why: str = "") -> None:
        """Let nothing be submitted for a while, and count it down below the reason; 0 ends a wait."""
        self._why = why
        self._held_until = self._clock() + seconds
        if why:
            self.say(why)
        if seconds > 0:
            self._timer.start()
        self._count_down()

    def refuse(self, error: TillgateError) -> None:
        """Say why a PIN was not taken, and count down the wait that came with it."""
        wait_s = error.values.get("wait_s")
        self.hold(wait_s if isinstance(wait_s, int) else 0, message_for(error).what)

    def set_working(self, working: bool) -> None:
        """While a PIN is being checked nothing can be typed."""
        self.line.setReadOnly(working)
        self.pad.setEnabled(not working)

    @Slot()
    def _count_down(self) -> None:
        left = math.ceil(self._held_until - self._clock())
        if left > 0:
            wait = ntr("Wait {count} second.", "Wait {count} seconds.", left)
            set_text(self._said, "\n".join(filter(None, (self._why, wait))))
            self.line.setAccessibleDescription(self._said.text())
        elif self._timer.isActive():
            self._timer.stop()
            self.say("")
            announce(self.line, tr("You can try again."))
        self.pad.enter.setEnabled(left <= 0)

    @Slot(str)
    def _typed(self, text: str) -> None:
        if text and not self.held and self.said:
            self.say("")
        self.changed.emit()

    @Slot()
    def _submit(self) -> None:
        if self.text and not self.held and not self.line.isReadOnly():
            self.submitted.emit()

    @Slot(bool)
    def _show_letters(self, shown: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password
        self.line.setEchoMode(mode)
        self._eye.setIcon(icon("eye-off" if shown else "eye", "muted"))
