"""Started in a process of its own: when the first window is painted, and when the sign-in can be used.

python -m tests.bench.probe bare|tillgate FOLDER [NAME …]

The names are modules that the installed application does not have. Whoever started it reads its memory from outside,
and then closes its input.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import cast


def main(what: str, folder: Path, missing: list[str]) -> None:
    """Print the moments as JSON, in seconds since 1970, and wait until the input is closed."""
    # An import of None fails as one of what is not there.
    sys.modules.update(dict.fromkeys(missing, cast(ModuleType, None)))
    for told in bare() if what == "bare" else tillgate(folder):
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


def bare() -> Iterator[dict[str, float]]:
    """PySide6 alone: a window with a label."""
    from PySide6.QtWidgets import QApplication, QLabel, QMainWindow  # noqa: PLC0415

    qt = QApplication([])
    window = QMainWindow()
    window.setCentralWidget(QLabel("Tillgate"))
    window.show()
    qt.processEvents()
    yield {"first_paint": time.time()}


def tillgate(folder: Path) -> Iterator[dict[str, float]]:
    """The application on a profile that exists: to its first paint, and to a sign-in that takes a PIN."""
    from tillgate.app.plain_imports import import_plainly  # noqa: PLC0415

    import_plainly()
    from tillgate.app.main import Application, make_qt  # noqa: PLC0415
    from tillgate.app.profile import Profile  # noqa: PLC0415
    from tillgate.domain.payment import Mode  # noqa: PLC0415

    told: dict[str, float] = {}
    qt = make_qt()
    application = Application(Profile(Mode.TRAINING, folder))
    application.front.painted.connect(lambda: told.setdefault("first_paint", time.time()))
    application.start()
    until = time.monotonic() + 30
    while time.monotonic() < until and "sign_in" not in told:
        qt.processEvents()
        if application.window is not None and _takes_a_pin(application.window):
            # What is visible by now is painted by the next turn.
            qt.processEvents()
            told["sign_in"] = time.time()
        time.sleep(0.001)
    idle = time.monotonic() + 3
    while time.monotonic() < idle:
        qt.processEvents()
        time.sleep(0.01)
    yield told
    application.stop()


def _takes_a_pin(window: object) -> bool:
    """Whether everyone's names are painted, and a press on one asks for their PIN."""
    from tillgate.ui.screens.sign_in import SignInScreen  # noqa: PLC0415

    doors = window.findChildren(SignInScreen) if hasattr(window, "findChildren") else []
    return any(tile.isVisible() and tile.isEnabled() for door in doors for tile in door.view.tiles.tiles)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
