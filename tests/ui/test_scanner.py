"""A scan is told from typing by its timing, and reaches neither a field nor a shortcut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.ui.pages.hands import press, type_text
from tillgate.ui.input_filter import QUARANTINE_MS, IdleClock, InputFilter, KeyQuarantine
from tillgate.ui.scanner import GAP_MS, Scanner

ENDS = {"\n": Qt.Key.Key_Return, "\t": Qt.Key.Key_Tab}


class Till:
    """A window with fields, a scanner that types by a clock of ours, and a person who types slower."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.now_ms = 1_000
        self.window = QMainWindow()
        page = QWidget()
        column = QVBoxLayout(page)
        self.line, self.note, self.spin, self.button = QLineEdit(), QPlainTextEdit(), QSpinBox(), QPushButton("Pay")
        self.spin.setMaximum(999_999)
        for widget in (self.line, self.note, self.spin, self.button):
            column.addWidget(widget)
        self.window.setCentralWidget(page)
        self.scanner = Scanner(self.window, time_ms=lambda _event: self.now_ms)
        self.quarantine = KeyQuarantine(lambda _event: self.now_ms)
        self.filter = InputFilter(self.scanner, self.quarantine, IdleClock(5, self.window), self.window)
        self.heard: list[str] = []
        self.scanner.begun.connect(lambda: self.heard.append(f"begun with {self.line.text()}"))
        self.scanner.scanned.connect(self.heard.append)
        qtbot.addWidget(self.window)
        self.window.show()
        qtbot.waitActive(self.window).__enter__()
        self.line.setFocus()

    def key(self, text: str, after_ms: int) -> None:
        self.now_ms += after_ms
        target = QApplication.focusWidget() or self.window
        if text in ENDS:
            press(target, ENDS[text])
        else:
            type_text(target, text)

    def scan(self, code: str, end: str = "\n") -> None:
        for index, character in enumerate(code + end):
            self.key(character, 8 if index else 500)

    def type(self, text: str) -> None:
        for character in text:
            self.key(character, 120)


@pytest.fixture
def till(qtbot: QtBot) -> Iterator[Till]:
    made = Till(qtbot)
    yield made
    QApplication.instance().removeEventFilter(made.filter)  # type: ignore[union-attr]


def test_a_scan_is_announced_and_the_field_stays_as_it_was(till: Till) -> None:
    till.type("2")
    till.scan("8901030865278")
    assert till.heard == ["begun with 2", "8901030865278"]
    assert till.line.text() == "2"


def test_a_window_that_was_closed_takes_no_keys_from_another(till: Till) -> None:
    till.window.close()
    other = QLineEdit()
    till.qtbot.addWidget(other)
    with till.qtbot.waitActive(other):
        other.show()
    other.setFocus()
    till.scan("8901030865278")
    assert (till.heard, other.text()) == ([], "8901030865278")


def test_scan_quantity_scan_quantity_never_runs_together(till: Till) -> None:
    till.scan("ABC-1")
    till.type("2")
    till.scan("ABC-1", end="\t")
    till.line.clear()
    till.type("2")
    assert till.line.text() == "2"
    assert till.heard == ["begun with ", "ABC-1", "begun with 2", "ABC-1"]


@pytest.mark.parametrize("target", ["note", "spin", "button", "window"])
def test_a_scan_is_heard_wherever_the_focus_is(till: Till, target: str) -> None:
    pressed: list[int] = []
    till.button.clicked.connect(lambda: pressed.append(1))
    till.note.setPlainText("kept")
    till.spin.setValue(5)
    widget = till.window if target == "window" else getattr(till, target)
    till.line.clearFocus()
    widget.setFocus()
    till.scan("40 17")
    assert till.heard[-1] == "40 17"
    assert till.note.toPlainText() == "kept"
    assert till.spin.value() == 5
    assert not pressed


def test_a_tap_of_space_presses_a_button_however_quick_it_is(till: Till) -> None:
    """Its press is held back until it can be no scan, and its release comes meanwhile."""
    pressed: list[int] = []
    till.button.clicked.connect(lambda: pressed.append(1))
    till.button.setFocus()
    till.key(" ", 500)
    till.qtbot.waitUntil(lambda: len(pressed) == 1)
    till.key(" ", 500)
    till.qtbot.waitUntil(lambda: len(pressed) == 2)
    assert not till.button.isDown()
    till.scan("4017")
    assert (till.heard[-1], len(pressed)) == ("4017", 2)


def test_a_scan_reaches_no_shortcut(till: Till) -> None:
    fired: list[str] = []
    for keys in ("Return", "Tab", "B"):
        action = QAction(till.window)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _checked=False, keys=keys: fired.append(keys))
        till.window.addAction(action)
    till.scan("ABBB")
    assert till.heard[-1] == "ABBB"
    assert fired == []


def test_typing_is_typing_however_it_ends(till: Till) -> None:
    entered: list[str] = []
    till.line.returnPressed.connect(lambda: entered.append(till.line.text()))
    till.type("shirt\n")
    assert (till.heard, entered) == ([], ["shirt"])


def test_quick_fingers_are_handed_over_in_order(till: Till) -> None:
    for index, character in enumerate("teh"):
        till.key(character, 20 if index else 300)
    till.key("x", 200)
    assert till.line.text() == "tehx"
    till.key("y", 10)
    till.qtbot.waitUntil(lambda: till.line.text() == "tehxy")
    till.key("z", 10)
    press(till.line, Qt.Key.Key_Backspace)
    assert till.line.text() == "tehxy"
    assert till.heard == []


def test_a_burst_that_is_too_short_or_ends_too_late_is_typing(till: Till) -> None:
    till.scan("123")
    assert till.line.text() == "123"
    till.scan("4567", end="")
    till.key("\n", GAP_MS + 5)
    assert till.line.text() == "1234567"
    assert till.heard == []


@pytest.mark.parametrize(("late_ms", "end"), [(GAP_MS + 5, "\n"), (300, "\t"), (0, "")])
def test_where_a_pin_is_asked_for_a_scan_without_its_end_is_no_typing_either(
    till: Till, late_ms: int, end: str
) -> None:
    entered: list[str] = []
    till.line.returnPressed.connect(lambda: entered.append(till.line.text()))
    till.scanner.strict = True
    till.type("40")
    till.scan("8901030865278", end="")
    for character in end:
        till.key(character, late_ms)
    till.qtbot.waitUntil(lambda: till.heard[1:] == ["8901030865278"])
    assert (till.line.text(), entered) == ("40", [])
    till.type("69\n")
    assert (till.heard[1:], entered) == (["8901030865278"], ["4069"])


def test_the_longest_code_is_one_scan_and_a_key_held_down_is_none(till: Till) -> None:
    code = "upi://pay?" + "8" * 2_000
    till.scan(code)
    assert (till.heard[-1], till.line.text()) == (code, "")
    till.key("8", 300)
    for _ in range(9):
        till.now_ms += 30
        held = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_8, Qt.KeyboardModifier.NoModifier, "8", autorep=True)
        QApplication.sendEvent(till.line, held)
    assert till.line.text() == "8" * 10
    till.key("\n", 5)
    assert till.heard[-1] == code


def test_a_digit_that_comes_twice_at_once_is_of_the_scan(till: Till) -> None:
    """A display server that sees a key again with no time between takes it for one held down."""
    for index, character in enumerate("00360002914"):
        till.now_ms += 4 if index else 500
        again = index > 0 and "00360002914"[index - 1] == character
        event = QKeyEvent(
            QEvent.Type.KeyPress, ord(character), Qt.KeyboardModifier.NoModifier, character, autorep=again
        )
        QApplication.sendEvent(till.line, event)
    till.key("\n", 4)
    assert (till.heard[-1], till.line.text()) == ("00360002914", "")


def test_the_ends_of_a_scan_are_a_setting(till: Till) -> None:
    only_tab = Scanner(till.window, ends=frozenset({Qt.Key.Key_Tab}), time_ms=lambda _event: till.now_ms)
    heard: list[str] = []
    only_tab.scanned.connect(heard.append)
    for character in "12345":
        till.now_ms += 5
        event = QKeyEvent(QEvent.Type.KeyPress, ord(character), Qt.KeyboardModifier.NoModifier, character)
        only_tab.take(till.line, event)
    till.now_ms += 5
    enter = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r")
    assert not only_tab.take(till.line, enter)
    assert heard == []


@pytest.mark.parametrize("deaf_ms", [QUARANTINE_MS])
def test_keys_for_the_old_screen_are_swallowed_and_a_burst_whole(till: Till) -> None:
    till.quarantine.begin()
    till.key("1", 10)
    till.qtbot.waitUntil(lambda: not till.quarantine.active)
    till.key("2", 20)
    till.key("3", 200)
    assert till.line.text() == "3"


def test_a_key_or_the_mouse_puts_off_the_lock(qtbot: QtBot) -> None:
    parent = QObject()
    clock = IdleClock(0.001, parent)
    fired: list[int] = []
    clock.idle.connect(lambda: fired.append(1))
    clock.noticed()
    qtbot.wait(90)
    assert fired == []
    clock.run(True)
    with qtbot.waitSignal(clock.idle):
        clock.noticed()
    clock.run(True)
    clock.run(False)
    qtbot.wait(90)
    assert fired == [1]
