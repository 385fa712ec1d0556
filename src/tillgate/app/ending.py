"""Being asked to end from outside, as by a service or a terminal: the window closes as if a person had closed it.

Python runs its handlers between two of its own steps, of which there is none while Qt waits for an event; the byte that
the interpreter writes for each signal wakes Qt up.
"""

from __future__ import annotations

import signal
import socket
from types import FrameType
from typing import Final

from PySide6.QtCore import QObject, QSocketNotifier, Signal, Slot

# SIGHUP: the terminal, or the session that started the till, is gone. Windows has none.
_ENDS: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name))


class EndSignals(QObject):
    """`asked` on the Qt thread for each signal that asks to end. `give_back` restores what was there before."""

    asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._reading, self._writing = socket.socketpair()
        for end in (self._reading, self._writing):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)
        self._woken = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, _heard) for number in _ENDS}

    @Slot()
    def _read(self) -> None:
        if self._reading.recv(64):
            self.asked.emit()

    def give_back(self) -> None:
        """Leave the signals to whoever had them."""
        self._notifier.setEnabled(False)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._woken)
        self._reading.close()
        self._writing.close()


def _heard(_number: int, _frame: FrameType | None) -> None:
    """The byte that was written says it all."""
