"""What a person and a scanner do at the keys of a window, wherever the focus is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.pages import hands
from tillgate.ui.shell import Shell


class AtTheKeys:
    """A page with a `shell` and a `qtbot`."""

    shell: Shell
    qtbot: QtBot

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = hands.NONE) -> None:
        """As a person does: some time after the last key."""
        self._pause()
        hands.press(self._under_the_keys(), key, held)
        self._pause()

    def type(self, text: str) -> None:
        """As a person does."""
        self._pause()
        hands.type_text(self._under_the_keys(), text)
        self._pause()

    def scan(self, code: str) -> None:
        """As a scanner does: a burst of keys that ends with Enter, wherever the focus is."""
        self._pause()
        hands.type_text(self._under_the_keys(), code)
        hands.press(self._under_the_keys(), Qt.Key.Key_Return)

    def _under_the_keys(self) -> QWidget:
        if QApplication.activeWindow() is None:
            self.shell.activateWindow()
            self.qtbot.waitUntil(self.shell.isActiveWindow)
        return QApplication.focusWidget() or self.shell

    def _pause(self) -> None:
        """Make the scanner believe that time went by, without waiting for it."""
        self.shell.scanner.release()
        self.shell.scanner._last_ms = -(10**9)
