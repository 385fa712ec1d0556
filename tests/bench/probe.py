"""Started in a process of its own: when the first window is painted, when the sign-in can be used, and the memory.

python -m tests.bench.probe bare|tillgate FOLDER
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import psutil


def main(what: str, folder: Path) -> None:
    """Print the milliseconds since the process began, and its megabytes, as JSON."""
    begun = psutil.Process().create_time()
    told = bare(begun) if what == "bare" else tillgate(begun, folder)
    sys.stdout.write(json.dumps(told) + "\n")


def bare(begun: float) -> dict[str, float]:
    """PySide6 alone: a window with a label."""
    from PySide6.QtWidgets import QApplication, QLabel, QMainWindow  # noqa: PLC0415

    qt = QApplication([])
    window = QMainWindow()
    window.setCentralWidget(QLabel("Tillgate"))
    window.show()
    qt.processEvents()
    return {"first_paint_ms": (time.time() - begun) * 1000}


def tillgate(begun: float, folder: Path) -> dict[str, float]:
    """The application on a profile that exists: to its first paint, and to a sign-in with names on it."""
    from tillgate.app.main import Application, make_qt  # noqa: PLC0415
    from tillgate.app.profile import Profile  # noqa: PLC0415
    from tillgate.domain.payment import Mode  # noqa: PLC0415

    told: dict[str, float] = {}
    qt = make_qt()
    application = Application(Profile(Mode.TRAINING, folder))
    application.front.painted.connect(lambda: told.setdefault("first_paint_ms", (time.time() - begun) * 1000))
    application.start()
    until = time.monotonic() + 30
    while time.monotonic() < until and "sign_in_ms" not in told:
        qt.processEvents()
        if application.window is not None and "Asha Rao" in _texts(application.window):
            told["sign_in_ms"] = (time.time() - begun) * 1000
        time.sleep(0.001)
    idle = time.monotonic() + 3
    while time.monotonic() < idle:
        qt.processEvents()
        time.sleep(0.01)
    told["idle_mb"] = psutil.Process().memory_info().rss / 2**20
    application.stop()
    return told


def _texts(window: object) -> str:
    from PySide6.QtWidgets import QWidget  # noqa: PLC0415

    if not isinstance(window, QWidget):
        return ""
    return " ".join(child.accessibleName() for child in window.findChildren(QWidget) if child.isVisible())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
