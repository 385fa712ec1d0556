"""`python -m tests.e2e.seen_till FD COMMAND …`: the till's own program, asked over a socket what its window shows.

Nothing of the till is another than in `tillgate COMMAND …`: whoever writes a byte to FD gets a line of JSON back.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QAbstractTableModel, QObject, QSocketNotifier, Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QComboBox, QLabel, QLineEdit, QWidget

from tillgate.app.plain_imports import import_plainly

_ROWS = 30


def look() -> dict[str, Any]:
    """What takes the keys, and its text or row; the texts, the buttons that can be pressed, the rows of lists."""
    focus = QApplication.focusWidget()
    seen = [each for each in QApplication.allWidgets() if each.isVisible()]
    return {
        "focus": focus.accessibleName() if focus is not None else "",
        "holds": _holds(focus),
        "hears": QApplication.activeWindow() is not None and not any(_deaf(each) for each in seen),
        "texts": sorted({each.text() for each in seen if isinstance(each, QLabel | QAbstractButton)}),
        "able": sorted({each.text() for each in seen if isinstance(each, QAbstractButton) and each.isEnabled()}),
        "lists": {each.accessibleName(): _rows(each) for each in seen if isinstance(each, QAbstractItemView)},
    }


def _deaf(widget: QWidget) -> bool:
    """For a moment, as after another screen came up."""
    quarantine = getattr(widget, "_quarantine", None)
    return quarantine is not None and bool(quarantine.active)


def _holds(focus: QWidget | None) -> str:
    if isinstance(focus, QLineEdit):
        return focus.text()
    if isinstance(focus, QComboBox):
        return focus.currentText()
    return _row(focus.model(), focus.currentIndex().row()) if isinstance(focus, QAbstractItemView) else ""


def _rows(view: QAbstractItemView) -> list[str]:
    model = view.model()
    return [_row(model, at) for at in range(min(model.rowCount(view.rootIndex()), _ROWS))]


def _row(model: QAbstractItemModel, row: int) -> str:
    columns = model.columnCount() if isinstance(model, QAbstractTableModel) else 1
    cells = [model.index(row, column) for column in range(columns)]
    spoken = [each.data(Qt.ItemDataRole.AccessibleTextRole) or each.data() for each in cells]
    return "\n".join(str(each) for each in spoken if each)


class Teller(QObject):
    """Answers on the Qt thread, between two events."""

    def __init__(self, parent: QObject, descriptor: int) -> None:
        super().__init__(parent)
        self._socket = socket.socket(fileno=descriptor)
        self._notifier = QSocketNotifier(descriptor, QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._answer)

    def _answer(self) -> None:
        if self._socket.recv(1):
            self._socket.sendall(json.dumps(look()).encode() + b"\n")
        else:
            self._notifier.setEnabled(False)


def main(descriptor: int, command: list[str]) -> int:
    """The command's exit status."""
    import_plainly()
    from tillgate.app import cli  # noqa: PLC0415 - as the program itself does
    from tillgate.app import main as opening  # noqa: PLC0415

    make = opening.make_qt

    def make_qt(arguments: list[str] | None = None) -> QApplication:
        made = make(arguments)
        Teller(made, descriptor)
        return made

    opening.make_qt = make_qt
    return cli.main(command)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
