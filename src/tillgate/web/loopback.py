"""Where a browser on this computer comes back to: bound to 127.0.0.1 while a checkout waits (RFC 8252 7.3).

What it brings is stored and answered at once; it wakes the verifier and is never read as truth.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tillgate.domain.errors import TillgateError
from tillgate.services.hosted_page import awaits_return, find_page
from tillgate.services.returns import store_return
from tillgate.services.till import ReturnAddress, Till
from tillgate.web import pages
from tillgate.web.requests import Refusal, Visit, read_visit

log: Final = logging.getLogger("tillgate.loopback")
SOCKET_TIMEOUT_S: Final = 5.0
MOST_CONNECTIONS: Final = 8
# Kept open so long after the last checkout that waits: a browser may come back after its money was seen.
STAYS_OPEN_S: Final = 120.0
_LINGER_S: Final = 0.2
_LOOK_EVERY_S: Final = 5.0


class _Guest:
    """A connection that holds a place; `working` while the till looks something up for it."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.working = False


class Loopback:
    """The loopback server. `wake` is called after a return was stored; `till` is set once it exists.

    It is open while a checkout waits that a browser may come back from, and closes by itself. Where no port can be had
    it stays closed and payments finish by polling alone.
    """

    def __init__(
        self,
        wake: Callable[[], None],
        *,
        timeout_s: float = SOCKET_TIMEOUT_S,
        stays_open_s: float = STAYS_OPEN_S,
        look_every_s: float = _LOOK_EVERY_S,
    ) -> None:
        self.till: Till | None = None
        self._wake = wake
        self._timeout_s, self._stays_open_s, self._look_every_s = timeout_s, stays_open_s, look_every_s
        self._lock = threading.Lock()
        self._listening: socket.socket | None = None
        self._open_until = 0.0
        self._guests_lock = threading.Lock()
        self._guests: list[_Guest] = []

    @property
    def port(self) -> int | None:
        """The port it listens on, or None."""
        listening = self._listening
        return int(listening.getsockname()[1]) if listening else None

    def open(self) -> int | None:
        """Listen on a free port, if it does not yet; the port, or None where none can be had."""
        with self._lock:
            self._open_until = time.monotonic() + self._stays_open_s
            if self._listening is None:
                try:
                    self._listening = _listen()
                except OSError:
                    log.warning("no loopback port could be had; payments finish by polling")
                    return None
                # accept() returns now and then, to see whether anybody is still waited for.
                self._listening.settimeout(self._look_every_s)
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

    def address(self, method: str, token: str, *, own_page: frozenset[str], come_back: bool) -> ReturnAddress:
        """Where a checkout lives: on the till's own page for methods of `own_page`, else a return if it is wanted."""
        if method not in own_page and not come_back:
            return ReturnAddress()
        port = self.open()
        if port is None:
            return ReturnAddress()
        origin = f"http://127.0.0.1:{port}"
        if method in own_page:
            return ReturnAddress(token, page_url=f"{origin}/pay/{token}")
        return ReturnAddress(token, return_url=f"{origin}/cb/{token}")

    def _accept(self, listening: socket.socket) -> None:
        next_look = time.monotonic() + self._look_every_s
        while True:
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                pass
            except OSError:
                return
            else:
                self._let_in(connection)
            if time.monotonic() >= next_look:
                if self._is_over():
                    self.close()
                    return
                next_look = time.monotonic() + self._look_every_s

    def _is_over(self) -> bool:
        """Whether nothing has waited for a browser for a while."""
        now = time.monotonic()
        try:
            if self.till is not None and awaits_return(self.till):
                self._open_until = now + self._stays_open_s
        except Exception:
            log.exception("it could not be read whether a checkout waits; the loopback page stays open")
            return False
        return now >= self._open_until

    def _let_in(self, connection: socket.socket) -> None:
        """Give it a place. With none free, whoever has been slow for longest gives theirs up: no number of idle
        connections keeps the customer's browser out.
        """
        guest = _Guest(connection)
        with self._guests_lock:
            if len(self._guests) >= MOST_CONNECTIONS:
                slow = next((each for each in self._guests if not each.working), None)
                if slow is None:
                    _turn_away(connection)
                    return
                self._guests.remove(slow)
                with suppress(OSError):
                    slow.connection.shutdown(socket.SHUT_RDWR)
            self._guests.append(guest)
        threading.Thread(target=self._serve, args=(guest,), name="loopback-visit", daemon=True).start()

    def _serve(self, guest: _Guest) -> None:
        try:
            _finish(guest.connection, self._answer(guest))
        except (OSError, TimeoutError):
            _drop(guest.connection)
        except Exception:
            log.exception("a visit to the loopback page failed")
            _drop(guest.connection)
        finally:
            with self._guests_lock, suppress(ValueError):
                self._guests.remove(guest)

    def _answer(self, guest: _Guest) -> bytes:
        port = self.port
        till = self.till
        if port is None or till is None:
            return pages.refusal(503)
        try:
            visit = read_visit(guest.connection, port, time.monotonic() + self._timeout_s)
        except Refusal as refused:
            return pages.refusal(refused.status)
        guest.working = True
        try:
            return self._page(till, visit)
        except TillgateError:
            log.warning("a return could not be kept; the payment finishes by polling")
            return pages.refusal(503)
        finally:
            guest.working = False

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
        give_up = time.monotonic() + _LINGER_S
        connection.settimeout(_LINGER_S)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        while (left := give_up - time.monotonic()) > 0:
            connection.settimeout(left)
            if not connection.recv(4_096):
                break


def _turn_away(connection: socket.socket) -> None:
    """Say no without waiting for anything: whoever accepts must be back at once."""
    with suppress(OSError), connection:
        connection.setblocking(False)
        connection.send(pages.refusal(503))


def _drop(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.close()
