"""Where a browser on this computer comes back to: bound to 127.0.0.1 while a checkout waits (RFC 8252 7.3).

What it brings is stored and answered at once; it wakes the verifier and is never read as truth.
"""

from __future__ import annotations

import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tillgate.domain.errors import TillgateError
from tillgate.services.hosted_page import find_page
from tillgate.services.returns import store_return
from tillgate.services.till import ReturnAddress, Till
from tillgate.web import pages
from tillgate.web.requests import Refusal, Visit, read_visit

log: Final = logging.getLogger("tillgate.loopback")
SOCKET_TIMEOUT_S: Final = 5.0
MOST_CONNECTIONS: Final = 8
_LINGER_S: Final = 0.2


class Loopback:
    """The loopback server. `wake` is called after a return was stored; `till` is set once it exists.

    Where no port can be had it stays closed and payments finish by polling alone.
    """

    def __init__(self, wake: Callable[[], None], *, timeout_s: float = SOCKET_TIMEOUT_S) -> None:
        self.till: Till | None = None
        self._wake = wake
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._listening: socket.socket | None = None
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)

    @property
    def port(self) -> int | None:
        """The port it listens on, or None."""
        listening = self._listening
        return int(listening.getsockname()[1]) if listening else None

    def open(self) -> int | None:
        """Listen on a free port, if it does not yet; the port, or None where none can be had."""
        with self._lock:
            if self._listening is None:
                try:
                    self._listening = _listen()
                except OSError:
                    log.warning("no loopback port could be had; payments finish by polling")
                    return None
                threading.Thread(target=self._accept, args=(self._listening,), name="loopback", daemon=True).start()
            return self.port

    def close(self) -> None:
        """Stop listening: nothing waits any more."""
        with self._lock:
            listening, self._listening = self._listening, None
        if listening is not None:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()

    def mint(self, method: str, *, own_page: frozenset[str], come_back: bool) -> ReturnAddress:
        """A new address for a method: the till's own page for methods of `own_page`, else a return if wanted."""
        if method not in own_page and not come_back:
            return ReturnAddress()
        port = self.open()
        if port is None:
            return ReturnAddress()
        token = secrets.token_urlsafe(32)
        origin = f"http://127.0.0.1:{port}"
        if method in own_page:
            return ReturnAddress(token, page_url=f"{origin}/pay/{token}")
        return ReturnAddress(token, return_url=f"{origin}/cb/{token}")

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            if not self._places.acquire(blocking=False):
                _finish(connection, pages.refusal(503))
                continue
            threading.Thread(target=self._serve, args=(connection,), name="loopback-visit", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            _finish(connection, self._answer(connection))
        except (OSError, TimeoutError):
            _drop(connection)
        except Exception:
            log.exception("a visit to the loopback page failed")
            _drop(connection)
        finally:
            self._places.release()

    def _answer(self, connection: socket.socket) -> bytes:
        port = self.port
        till = self.till
        if port is None or till is None:
            return pages.refusal(503)
        try:
            visit = read_visit(connection, port, time.monotonic() + self._timeout_s)
        except Refusal as refused:
            return pages.refusal(refused.status)
        try:
            return self._page(till, visit)
        except TillgateError:
            log.warning("a return could not be kept; the payment finishes by polling")
            return pages.refusal(503)

    def _page(self, till: Till, visit: Visit) -> bytes:
        if visit.page == "pay":
            content = find_page(till, visit.token)
            return pages.checkout_page(content, visit.token) if content else pages.gone_page()
        if not store_return(till, visit.token, visit.fields):
            return pages.gone_page()
        self._wake()
        return pages.returned_page()


def _listen() -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
    if exclusive is not None:
        listening.setsockopt(socket.SOL_SOCKET, exclusive, 1)
    listening.bind(("127.0.0.1", 0))
    listening.listen(MOST_CONNECTIONS)
    return listening


def _finish(connection: socket.socket, answer: bytes) -> None:
    """Send, say that it is all, and read what is left for a moment, so that the browser sees the answer."""
    with suppress(OSError), connection:
        connection.settimeout(_LINGER_S)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        for _ in range(16):
            if not connection.recv(4_096):
                break


def _drop(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.close()
