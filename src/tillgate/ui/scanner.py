"""Tells a scan from typing by its timing, wherever the focus is.

A scanner types its code with a few milliseconds between keys and ends with Enter or Tab. The keys of a burst are held
back until it is clear what they are: a scan is announced and reaches no field and no shortcut; anything else is handed
to the widget it was meant for. The first key of a burst can't be told from typing: a text field gets it at once, and is
put back as it was when it turns out to be a scan.

Where a PIN is asked for it is `strict`: there a long burst is no typing even where its end comes late or never.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic_ns
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

GAP_MS: Final = 35
LEAST_KEYS: Final = 4
# More than any code has, a QR code's included.
MOST_KEYS: Final = 4_296
# A burst without an end that no fingers type, and how late its end may come.
_LEAST_UNENDED: Final = 8
_LATE_END_MS: Final = 500
# No keyboard repeats a key that is held down faster.
_HELD_DOWN_MS: Final = 15
# A busy Qt thread delays this timer and the keys alike; the keys carry their own times, so it may be late, not early.
_RELEASE_MS: Final = GAP_MS + 25
ENDS: Final = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab})
_MODIFIERS: Final = frozenset({Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta})


def key_time_ms(event: QKeyEvent) -> int:
    """When the key went down, by the window system's clock where it says so."""
    return int(event.timestamp()) or monotonic_ns() // 1_000_000


@dataclass(slots=True)
class _Held:
    key: int
    modifiers: Qt.KeyboardModifier
    text: str
    # Let go of while it was held back: a button that heard no release would stay down and do nothing.
    let_go: bool = False


class Scanner(QObject):
    """`begun` when a scan is recognised, so that a pending quantity is finished first; then `scanned(code)`."""

    begun = Signal()
    scanned = Signal(str)

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        ends: frozenset[Qt.Key] = ENDS,
        time_ms: Callable[[QKeyEvent], int] = key_time_ms,
    ) -> None:
        super().__init__(parent)
        self.enabled = True
        self.strict = False
        self._ends, self._time_ms = ends, time_ms
        self._last_ms = -(10**9)
        self._first: str = ""
        self._held: list[_Held] = []
        self._target: QWidget | None = None
        self._undo: Callable[[], None] = _nothing
        self._handing_over = False
        self._end_missing = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_RELEASE_MS)
        self._timer.timeout.connect(self.release)

    def take(self, watched: QObject, event: QKeyEvent) -> bool:
        """Look at a key event on its way to a widget; True when it goes no further."""
        if not self.enabled or self._handing_over or watched is not _receiver():
            return False
        if event.type() is QEvent.Type.ShortcutOverride:
            return self._claim(event)
        if event.key() in _MODIFIERS:
            return False
        now = self._time_ms(event)
        gap, self._last_ms = now - self._last_ms, now
        quick, end_missing, self._end_missing = gap < GAP_MS, self._end_missing, False
        if event.key() in self._ends:
            return self._end(quick) or ((self._end_missing or end_missing) and gap < _LATE_END_MS)
        # A scanner that sends the same digit twice at once looks like a key held down, but for how fast it is.
        if not _is_code(event) or (event.isAutoRepeat() and gap >= _HELD_DOWN_MS):
            self.release()
            self._first = ""
            return False
        return self._more(event) if quick and self._first else self._start(watched, event)

    def take_release(self, event: QKeyEvent) -> bool:
        """Look at a key that is let go of; True when it goes no further, as its press has not yet."""
        held = next((key for key in self._held if key.key == event.key() and not key.let_go), None)
        if held is None or self._handing_over or event.isAutoRepeat():
            return False
        held.let_go = True
        return True

    @Slot()
    def release(self) -> None:
        """It was typing: hand the held keys to the widget they were meant for."""
        if self.strict and len(self._code()) >= _LEAST_UNENDED:
            self._announce()
            self._end_missing = True
            return
        self._timer.stop()
        held, self._held = self._held, []
        target = self._target if self._target is not None and isValid(self._target) else QApplication.focusWidget()
        self._forget()
        if target is None:
            return
        self._handing_over = True
        try:
            for key in held:
                for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)[: 2 if key.let_go else 1]:
                    QApplication.sendEvent(target, QKeyEvent(kind, key.key, key.modifiers, key.text))
        finally:
            self._handing_over = False

    def _claim(self, event: QKeyEvent) -> bool:
        # Accepting the override keeps the key from the shortcuts; it comes again as a press.
        quick = self._time_ms(event) - self._last_ms < GAP_MS
        if quick and self._first and (event.key() in self._ends or _is_code(event)):
            event.accept()
            return True
        return False

    def _start(self, watched: QObject, event: QKeyEvent) -> bool:
        self.release()
        self._first = event.text()
        self._target = watched if isinstance(watched, QWidget) else None
        undo = _snapshot(watched)
        if undo is not None:
            self._undo = undo
            return False
        self._hold(event)
        return True

    def _more(self, event: QKeyEvent) -> bool:
        if len(self._held) >= MOST_KEYS:
            self.release()
            return False
        self._hold(event)
        return True

    def _hold(self, event: QKeyEvent) -> None:
        self._held.append(_Held(event.key(), event.modifiers(), event.text()))
        self._timer.start()

    def _end(self, quick: bool) -> bool:
        if not quick or len(self._code()) < LEAST_KEYS:
            self.release()
            return False
        self._announce()
        return True

    def _code(self) -> str:
        passed_on = self._undo is not _nothing
        return (self._first if passed_on else "") + "".join(key.text for key in self._held)

    def _announce(self) -> None:
        code, undo = self._code(), self._undo
        self._timer.stop()
        self._held = []
        self._forget()
        undo()
        self.begun.emit()
        self.scanned.emit(code)

    def _forget(self) -> None:
        self._first = ""
        self._target = None
        self._undo = _nothing


def _nothing() -> None:
    pass


def _receiver() -> QObject | None:
    return QApplication.focusWidget() or QApplication.activeWindow()


def _is_code(event: QKeyEvent) -> bool:
    plain = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
    return len(event.text()) == 1 and event.text().isprintable() and not event.modifiers() & ~plain


def _snapshot(widget: QObject) -> Callable[[], None] | None:
    """How to put a text field back as it is now; None for a widget that is not typed into."""
    if isinstance(widget, QAbstractSpinBox):
        widget = widget.lineEdit()
    if isinstance(widget, QLineEdit):
        return None if widget.isReadOnly() else _line_snapshot(widget)
    if isinstance(widget, QPlainTextEdit | QTextEdit) and not widget.isReadOnly():
        return lambda: widget.undo() if isValid(widget) else None
    return None


def _line_snapshot(line: QLineEdit) -> Callable[[], None]:
    text, cursor = line.text(), line.cursorPosition()
    start, length = line.selectionStart(), len(line.selectedText())

    def undo() -> None:
        if isValid(line) and line.text() != text:
            line.setText(text)
            line.setCursorPosition(cursor)
            if start >= 0:
                line.setSelection(start, length)

    return undo
