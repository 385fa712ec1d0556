"""Says where the Qt thread reads, writes, connects, sleeps or starts a program: it never waits for disk or network."""

from __future__ import annotations

import socket
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from tillgate import paths
from tillgate.store.unit_of_work import Database

# Loading code and the package's own pictures and texts is done once and comes from the system's cache.
CODE: Final = (".py", ".pyc", ".so", ".pyd", ".dll")
ROOTS: Final = tuple(
    str(Path(each).resolve()) for each in (sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"))
)
READS: Final = frozenset({"open", "os.listdir", "os.scandir"})
WATCHED: Final = READS | frozenset(
    {
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.posix_spawn",
        "os.system",
        "subprocess.Popen",
        "socket.connect",
        "socket.bind",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.sendto",
        "sqlite3.connect",
    }
)
_SOCKET: Final = ("connect", "send", "sendall", "recv", "recv_into")
_BOOKS: Final = ("read", "write", "write_alone", "transact")


class Witness:
    """Notes what it sees on the Qt thread while it looks; `seen` has each with where it was done."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.looking = False
        self.heard = 0

    def note(self, what: str) -> None:
        """Called from wherever it happens."""
        if not self.looking:
            return
        self.heard += 1
        if threading.current_thread() is threading.main_thread():
            where = "".join(traceback.format_stack(limit=14)[:-2])
            self.seen.append(f"{what}\n{where}")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Between these lines only the application works on the Qt thread."""
        self.looking = True
        try:
            yield
        finally:
            self.looking = False


_WITNESS: Final = Witness()
_HOOKED: list[bool] = []


def _audit(name: str, arguments: tuple[Any, ...]) -> None:
    # Called for every event of the process: nothing before the first look may cost anything.
    if (
        _WITNESS.looking
        and name in WATCHED
        and not (name in {"open", "os.listdir", "os.scandir"} and _is_ours(arguments))
        and not _is_compiled(arguments)
    ):
        _WITNESS.note(f"{name}{arguments[:1]}")


def _is_ours(arguments: tuple[Any, ...]) -> bool:
    path = str(arguments[0]) if arguments else ""
    return path.endswith(CODE) or path.startswith((*ROOTS, str(paths.resource("icons").parent)))


def _is_compiled(arguments: tuple[Any, ...]) -> bool:
    """Python keeps what it compiled, the first time that a module is loaded.

    It opens the file by its path, which is looked at, and then wraps the descriptor, which opens nothing.
    """
    return bool(arguments) and (isinstance(arguments[0], int) or "__pycache__" in Path(str(arguments[0])).parts)


@contextmanager
def witness(monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    """Every way to disk and network is watched until the block ends; an audit hook can't be taken off, so it stays."""
    if not _HOOKED:
        sys.addaudithook(_audit)
        _HOOKED.append(True)
    _WITNESS.seen.clear()
    _WITNESS.heard = 0
    for place, names in ((socket.socket, _SOCKET), (Database, _BOOKS)):
        for name in names:
            monkeypatch.setattr(place, name, _noting(f"{place.__name__}.{name}", getattr(place, name)))
    monkeypatch.setattr(time, "sleep", _noting("time.sleep", time.sleep))

    def used(*_: object) -> None:
        _WITNESS.note("a database connection is used")

    event.listen(Pool, "checkout", used)
    try:
        yield _WITNESS
    finally:
        event.remove(Pool, "checkout", used)


def _noting(what: str, act: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*arguments: Any, **named: Any) -> Any:
        _WITNESS.note(what)
        return act(*arguments, **named)

    return noted
