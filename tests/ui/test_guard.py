"""The guard keeps exceptions inside Python, where an override would end the process."""

from __future__ import annotations

import logging

from PySide6.QtCore import QSize
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tillgate.ui.guard import guarded, is_guarded


class Broken(QWidget):
    @guarded(QSize)
    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(int("z"), 1)

    @guarded()
    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        _ = 1 // len(())

    @guarded(7)
    def number(self, *, add: int) -> int:
        return 1 + add


def test_an_exception_is_reported_and_the_default_answered(qtbot: QtBot) -> None:
    with qtbot.captureExceptions() as seen:
        widget = Broken()
        qtbot.addWidget(widget)
        assert widget.sizeHint() == QSize()
        widget.resize(50, 50)
        widget.grab()
    kinds = [kind for kind, _, _ in seen]
    assert ValueError in kinds
    assert ZeroDivisionError in kinds


def test_a_guarded_method_is_otherwise_itself(qtbot: QtBot) -> None:
    widget = Broken()
    qtbot.addWidget(widget)
    assert widget.number(add=2) == 3
    assert is_guarded(Broken.number)
    assert Broken.number.__name__ == "number"
    assert not is_guarded(QWidget.sizeHint)


def test_a_warning_in_our_own_log_is_kept_for_the_test(warned: list[logging.LogRecord]) -> None:
    logging.getLogger("tillgate.payments").info("all is well")
    logging.getLogger("tillgate.payments").warning("odd: %s", "a thing")
    logging.getLogger("another").warning("not ours")
    assert [record.getMessage() for record in warned] == ["odd: a thing"]
    warned.clear()
