"""Cyclic garbage with widgets in it dies on the Qt thread."""

from __future__ import annotations

import gc
import threading

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
