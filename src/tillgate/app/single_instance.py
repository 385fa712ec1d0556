"""One running Tillgate per profile: a second start raises the first one's window and leaves."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QLockFile, QObject, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

LOCK_FILE: Final = "tillgate.lock"
SOCKET_FILE: Final = "tillgate.sock"
ANSWER_MS: Final = 2_000
_RAISE: Final = b"raise\n"
# A Unix socket's path has 107 characters at most.
_LONGEST_SOCKET_PATH: Final = 100


class SingleInstance(QObject):
    """A profile's folder, once claimed held until released. `raised` comes when somebody started it a second time."""

    raised = Signal()

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._address = _address(folder)
        self._lock = QLockFile(str(folder / LOCK_FILE))
        # Never stale by age, only when the process that held it is gone: a till may run for weeks.
        self._lock.setStaleLockTime(0)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._hear)

    def claim(self) -> bool:
        """Take the profile; False where another process has it, which is asked to show its window."""
        if not self._lock.tryLock(0):
            self._ask_to_raise()
            return False
        # The lock is ours, so a socket that is still there was left by a process that was killed.
        QLocalServer.removeServer(self._address)
        self._server.listen(self._address)
        return True

    def release(self) -> None:
        """Let the next start have the profile."""
        self._server.close()
        self._lock.unlock()

    def _ask_to_raise(self) -> None:
        caller = QLocalSocket()
        caller.connectToServer(self._address)
        if caller.waitForConnected(ANSWER_MS):
            caller.write(_RAISE)
            caller.waitForBytesWritten(ANSWER_MS)
            caller.disconnectFromServer()

    @Slot()
    def _hear(self) -> None:
        while (caller := self._server.nextPendingConnection()) is not None:
            caller.readyRead.connect(partial(self._read, caller))
            self._read(caller)

    def _read(self, caller: QLocalSocket) -> None:
        if caller.bytesAvailable() >= len(_RAISE):
            if bytes(caller.read(len(_RAISE)).data()) == _RAISE:
                self.raised.emit()
            caller.disconnectFromServer()


def _address(folder: Path) -> str:
    """A socket in the profile's own folder, or a name made from its path where that is too long or Windows."""
    path = str(folder.resolve() / SOCKET_FILE)
    if os.name == "posix" and len(path) <= _LONGEST_SOCKET_PATH:
        return path
    return f"tillgate-{hashlib.sha256(path.encode()).hexdigest()[:24]}"
