"""Sockets under one total deadline: the resolver, the connection, TLS, every read and every write.

httpx and httpcore time each socket operation by itself, so a server that drips a byte a second is never late. Here
each operation gets what is left of the exchange that its thread is in.
"""

from __future__ import annotations

import contextlib
import queue
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import certifi
import httpcore

# One address that swallows packets must not eat the time of the next one.
_CONNECT_CAP_S: Final = 5.0


class Exchange:
    """One call's time and what became of it: `wrote` once a byte of a request may have left."""

    def __init__(self, seconds: float) -> None:
        self.started = time.monotonic()
        self.ends = self.started + seconds
        self.begin_request()

    def begin_request(self) -> None:
        """Forget the request before: what is asked next is whether this one left, and on a new connection."""
        self.wrote = False
        self.connected = False

    def left(self) -> float:
        """Seconds to the deadline; never more, and zero or less when it has passed."""
        return self.ends - time.monotonic()

    def elapsed_ms(self) -> int:
        """Milliseconds since the start."""
        return round((time.monotonic() - self.started) * 1000)


class _Current(threading.local):
    exchange: Exchange | None = None


_CURRENT: Final = _Current()


@contextlib.contextmanager
def within(exchange: Exchange) -> Iterator[None]:
    """All socket work of this thread belongs to the exchange."""
    before, _CURRENT.exchange = _CURRENT.exchange, exchange
    try:
        yield
    finally:
        _CURRENT.exchange = before


def _current() -> Exchange:
    if _CURRENT.exchange is None:
        raise RuntimeError("socket work outside an exchange")
    return _CURRENT.exchange


def seconds_left() -> float:
    """Seconds to the deadline of this thread's exchange."""
    return _current().left()


class DeadlineStream(httpcore.NetworkStream):
    """A connection, plain or TLS, whose every operation ends at the deadline of the exchange it is used in."""

    def __init__(self, plug: socket.socket) -> None:
        self._plug = plug

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        left = _current().left()
        if left <= 0:
            raise httpcore.ReadTimeout("deadline")
        try:
            self._plug.settimeout(left)
            return self._plug.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout("deadline") from error
        except OSError as error:
            raise httpcore.ReadError(type(error).__name__) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        exchange, rest = _current(), memoryview(buffer)
        while rest:
            left = exchange.left()
            if left <= 0:
                raise httpcore.WriteTimeout("deadline")
            exchange.wrote = True
            try:
                self._plug.settimeout(left)
                rest = rest[self._plug.send(rest) :]
            except TimeoutError as error:
                raise httpcore.WriteTimeout("deadline") from error
            except OSError as error:
                raise httpcore.WriteError(type(error).__name__) from error

    def close(self) -> None:
        self._plug.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del timeout
        left = _current().left()
        try:
            if left <= 0:
                raise httpcore.ConnectTimeout("deadline")
            self._plug.settimeout(left)
            return DeadlineStream(ssl_context.wrap_socket(self._plug, server_hostname=server_hostname))
        except TimeoutError as error:
            self.close()
            raise httpcore.ConnectTimeout("TLS deadline") from error
        except (OSError, ValueError) as error:
            self.close()
            raise httpcore.ConnectError(f"TLS: {getattr(error, 'reason', type(error).__name__)}") from error

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return _is_readable(self._plug)
        if info == "ssl_object":
            return self._plug if isinstance(self._plug, ssl.SSLSocket) else None
        return None


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections within the exchange's deadline, name look-up included."""

    def __init__(self) -> None:
        self._resolver = _Resolver()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        del timeout, local_address, socket_options
        exchange = _current()
        error: Exception = httpcore.ConnectError("no address")
        for family, address in self._resolver.addresses(host, port, exchange):
            left = exchange.left()
            if left <= 0:
                raise httpcore.ConnectTimeout("deadline")
            plug = socket.socket(family, socket.SOCK_STREAM)
            try:
                plug.settimeout(min(left, _CONNECT_CAP_S))
                plug.connect(address)
                plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except TimeoutError:
                plug.close()
                error = httpcore.ConnectTimeout("no answer")
            except OSError as refused:
                plug.close()
                error = httpcore.ConnectError(type(refused).__name__)
            else:
                exchange.connected = True
                return DeadlineStream(plug)
        raise error


_Address = tuple[socket.AddressFamily, Any]


class _Lookup:
    """One name look-up in a thread of its own: the system's resolver cannot be timed."""

    def __init__(self, host: str, port: int) -> None:
        self._done: queue.SimpleQueue[list[_Address] | OSError] = queue.SimpleQueue()
        self._host = host
        self._port = port
        self.over = threading.Event()
        threading.Thread(target=self._run, name="resolve", daemon=True).start()

    def _run(self) -> None:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            self._done.put([(family, address) for family, _, _, _, address in found])
        except (OSError, UnicodeError) as error:
            self._done.put(error if isinstance(error, OSError) else OSError("bad host"))
        self.over.set()

    def wait(self, seconds: float) -> list[_Address]:
        """The addresses; what is found stays for the others that wait. Raises queue.Empty, OSError."""
        result = self._done.get(timeout=max(seconds, 0))
        self._done.put(result)
        if isinstance(result, OSError):
            raise result
        return result


class _Resolver:
    """Name look-ups that end with the exchange; a hanging one is shared, so that threads never pile up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[tuple[str, int], _Lookup] = {}

    def addresses(self, host: str, port: int, exchange: Exchange) -> list[_Address]:
        with self._lock:
            lookup = self._running.get((host, port))
            if lookup is None or lookup.over.is_set():
                lookup = self._running[host, port] = _Lookup(host, port)
        try:
            return lookup.wait(exchange.left())
        except queue.Empty:
            raise httpcore.ConnectTimeout("name look-up") from None
        except OSError as error:
            raise httpcore.ConnectError("name look-up") from error


def _is_readable(plug: socket.socket) -> bool:
    """Whether something waits: on a kept connection that is idle, its end."""
    with selectors.DefaultSelector() as selector:
        try:
            selector.register(plug, selectors.EVENT_READ)
            return bool(selector.select(0))
        except (OSError, ValueError):
            return True


def tls_context() -> ssl.SSLContext:
    """Verification against the system's roots, TLS 1.2 or later; the bundled roots only where the system has none."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not context.cert_store_stats()["x509_ca"] and not _has_root_folder():
        context.load_verify_locations(certifi.where())
    return context


def _has_root_folder() -> bool:
    """Roots in a folder are read at the handshake, so the context cannot count them."""
    paths = ssl.get_default_verify_paths()
    with contextlib.suppress(OSError):
        return any(Path(paths.capath or paths.openssl_capath).iterdir())
    return False
