"""A server that answers with whatever bytes a test wants, at whatever pace; loopback only."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Script = Callable[[socket.socket, bytes], None]


@dataclass
class RawServer:
    """`script` answers each request on its connection; a script that returns leaves the connection open."""

    script: Script
    tls: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._plug = socket.create_server(("127.0.0.1", 0))
        self.port = self._plug.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._open: list[socket.socket] = []
        self._threads[0].start()

    def stop(self) -> None:
        self.stopping.set()
        for plug in [self._plug, *self._open]:
            # Closing alone does not wake a thread that waits in accept or recv.
            with contextlib.suppress(OSError):
                plug.shutdown(socket.SHUT_RDWR)
            plug.close()
        for thread in self._threads:
            thread.join(5)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                plug, _ = self._plug.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._talk, args=(plug,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, plug: socket.socket) -> None:
        with contextlib.suppress(OSError):
            plug.settimeout(10)
            if self.tls is not None:
                plug = self.tls.wrap_socket(plug, server_side=True)
            self._open.append(plug)
            while request := read_request(plug):
                self.requests.append(request)
                self.script(plug, request)
        with contextlib.suppress(OSError):
            plug.close()


@contextlib.contextmanager
def raw_server(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    server = RawServer(script, tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def read_request(plug: socket.socket) -> bytes:
    """Head and body of one request; empty at the connection's end."""
    text = b""
    while b"\r\n\r\n" not in text:
        part = plug.recv(65536)
        if not part:
            return b""
        text += part
    head, _, body = text.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += plug.recv(65536)
    return head + b"\r\n\r\n" + body


def http(body: bytes | str, status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(raw)}", "Content-Type: application/json", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def plays(answer: bytes, *, close: bool = False) -> Script:
    """The same bytes for every request."""

    def script(plug: socket.socket, _request: bytes) -> None:
        plug.sendall(answer)
        if close:
            plug.shutdown(socket.SHUT_RDWR)

    return script


def drips(at_once: bytes, slowly: bytes, seconds: float = 0.02) -> Script:
    """Some bytes at once, then one after the other."""

    def script(plug: socket.socket, _request: bytes) -> None:
        plug.sendall(at_once)
        for byte in slowly:
            time.sleep(seconds)
            plug.sendall(bytes([byte]))

    return script


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
