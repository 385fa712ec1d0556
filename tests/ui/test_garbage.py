"""Cyclic garbage with widgets in it dies on the Qt thread."""

from __future__ import annotations

import gc
import threading

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication, QWidget

from tillgate.ui.garbage import Sweeper


class Knot(QWidget):
    """In a cycle with itself; remembers where it died."""

    def __init__(self, died: list[QThread]) -> None:
        super().__init__()
        self.itself = self
        self.died = died

    def __del__(self) -> None:
        self.died.append(QThread.currentThread())


def make_garbage() -> None:
    """Enough to make Python collect by itself, were it allowed to."""
    for _ in range(200_000):
        knot: list[object] = []
        knot.append(knot)


def test_a_widget_in_a_cycle_dies_on_the_qt_thread(qapp: QApplication) -> None:
    sweeper = Sweeper()
    died: list[QThread] = []
    Knot(died)
    worker = threading.Thread(target=make_garbage)
    worker.start()
    worker.join()
    assert died == []
    while gc.get_count()[0] > gc.get_threshold()[0]:
        sweeper.sweep()
    gc.collect()
    assert died == [qapp.thread()]
    sweeper.stop()


def test_the_oldest_waits_until_nobody_is_at_work_or_it_is_long_overdue(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected: list[int] = []
    counts = [0, 0, 11]
    monkeypatch.setattr("tillgate.ui.garbage.gc.get_count", lambda: tuple(counts))
    monkeypatch.setattr("tillgate.ui.garbage.gc.get_threshold", lambda: (700, 10, 10))
    monkeypatch.setattr("tillgate.ui.garbage.gc.collect", collected.append)
    sweeper = Sweeper()

    def sweep() -> list[int]:
        collected.clear()
        sweeper.sweep()
        return list(collected)

    assert sweep() == []
    counts[1] = 11
    assert sweep() == [1]
    sweeper.away = lambda: True
    assert sweep() == [2]
    sweeper.away = lambda: False
    counts[1], counts[2] = 0, 101
    assert sweep() == [2]
    sweeper.stop()
