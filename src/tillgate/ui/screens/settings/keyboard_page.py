"""The keys of the commands: shown, changed without conflicts, put back as delivered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.domain.staff import Action
from tillgate.i18n import mark, tr
from tillgate.services.kept_keys import save_keys
from tillgate.ui.commands import Command, Commands
from tillgate.ui.dialogs.approval import Asked, Door, ask_permission
from tillgate.ui.guard import guarded
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.dialog import Dialog
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice

_WIDTH: Final = 640
# Esc always goes one level back, so it is nobody else's.
_FIXED: Final = frozenset({"view.back"})
_EVERYWHERE: Final = mark("On every screen")
SCREENS: Final[Mapping[str, str]] = {
    "": _EVERYWHERE,
    "checkout": mark("Checkout"),
    "consultations": mark("Consultations"),
    "batch": mark("Batch payment"),
    "payment_invoices": mark("Invoice verification"),
    "instalments": mark("Instalments"),
    "payments": mark("Payments"),
    "orders": mark("Orders"),
    "exceptions": mark("Exceptions"),
    "metrics": mark("Figures"),
    "catalogue": mark("Catalogue"),
    "customers": mark("Customers"),
}
_LEAVES: Final = frozenset({Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter})
_HELD: Final = frozenset(
    {Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr, Qt.Key.Key_unknown}
)


class KeyField(QLineEdit):
    """Shows the key that is pressed in it; Tab, Enter and Esc do what they do elsewhere. `pressed(str)`."""

    pressed = Signal(str)

    def __init__(self, shortcut: str) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setAccessibleName(tr("The new key"))
        self.setPlaceholderText(tr("Press the new key"))
        self.shortcut = shortcut
        self.setText(_native(shortcut))

    @guarded()
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _LEAVES:
            super().keyPressEvent(event)
        elif event.key() not in _HELD:
            sequence = QKeySequence(event.keyCombination())
            self.shortcut = sequence.toString(QKeySequence.SequenceFormat.PortableText)
            self.setText(_native(self.shortcut))
            self.pressed.emit(self.shortcut)


class KeyboardPage(QWidget):
    """`saved` when keys were changed."""

    saved = Signal()

    def __init__(self, door: Door, commands: Commands) -> None:
        super().__init__()
        self._door, self._commands = door, commands
        self.buttons: dict[str, Button] = {}
        self.notice = InlineNotice(closable=True)
        self.reset = Button(tr("All keys as delivered"), icon="undo-2", on_click=self._reset)
        self.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(plain_label(tr("Keyboard"), "heading"))
        told = tr("The same key may do different things on different screens, and one thing on each.")
        column.addWidget(plain_label(told, tone="muted", wrap=True))
        column.addWidget(self.notice)
        for screen, title in SCREENS.items():
            listed = [each for each in commands.known() if each.screen == screen and each.key not in _FIXED]
            if listed:
                column.addWidget(self._section(tr(title), listed))
        row = QHBoxLayout()
        row.addWidget(self.reset)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        self._show()

    def _section(self, title: str, listed: list[Command]) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.setColumnMinimumWidth(1, 150)
        grid.addWidget(plain_label(title, "title"), 0, 0, 1, 2)
        for row, command in enumerate(listed, 1):
            button = Button(tone=ButtonTone.SECONDARY, on_click=partial(self._ask, command))
            self.buttons[command.key] = button
            grid.addWidget(plain_label(tr(command.title), wrap=True), row, 0)
            grid.addWidget(button, row, 1)
        return box

    def _show(self) -> None:
        known = {command.key: command for command in self._commands.known()}
        for key, button in self.buttons.items():
            shown = _native(self._commands.shortcut(key)) or tr("No key")
            button.show_text(shown)
            button.setAccessibleName(tr("{command}: {key}. Change it", command=tr(known[key].title), key=shown))
        self.reset.setEnabled(bool(self._commands.chosen))

    # Changing

    def _ask(self, command: Command) -> None:
        field = KeyField(self._commands.shortcut(command.key))
        dialog = Dialog(
            self,
            tr(command.title),
            tr("Press the key that does it: a function key, or a key with Ctrl or Alt."),
            verb=tr("Use this key"),
            on_accept=lambda: self._take(dialog, {command.key: field.shortcut}),
            icon="keyboard",
        )
        dialog.add(field)
        others = QWidget()
        row = QHBoxLayout(others)
        row.setContentsMargins(0, 0, 0, 0)
        delivered = _native(command.shortcut) or tr("No key")
        for text, shortcut in ((tr("As delivered: {key}", key=delivered), command.shortcut), (tr("Without a key"), "")):
            take = partial(self._take, dialog, {command.key: shortcut})
            row.addWidget(Button(text, tone=ButtonTone.QUIET, on_click=take))
        row.addStretch(1)
        dialog.add(others)
        dialog.open()
        field.setFocus()

    def _take(self, dialog: Dialog, shortcuts: dict[str, str]) -> None:
        before = self._commands.chosen
        try:
            self._commands.remap(shortcuts)
        except TillgateError as error:
            dialog.show_error(error)
            return
        dialog.accept()
        self._keep(before)

    def _reset(self) -> None:
        before = self._commands.chosen
        self._commands.reset_shortcuts()
        self._keep(before)

    def _keep(self, before: dict[str, str]) -> None:
        self._show()
        wanted = self._commands.chosen
        work = partial(save_keys, self._door.till, self._door.actor, wanted)
        self._door.tasks.run(self, work, self._kept, partial(self._refused, before, wanted), label="keys")

    def _kept(self, _none: None) -> None:
        self.notice.say(Tone.SETTLED, tr("Saved."))
        self.saved.emit()

    def _refused(self, before: dict[str, str], wanted: dict[str, str], error: TillgateError) -> None:
        """What was not kept is not worn either."""
        self._commands.choose(before)
        self._show()

        def again(_token: str | None) -> None:
            self._commands.choose(wanted)
            self._keep(before)

        if not ask_permission(self, self._door, Asked(Action.EDIT_SETTINGS), error, again):
            self.notice.show_error(error)


def _native(shortcut: str) -> str:
    return QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
