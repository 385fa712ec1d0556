"""Bytes to a port of this computer, and what comes back."""

from __future__ import annotations

import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Reply:
    """A raw answer; status 0 where the connection was closed without one."""

    raw: bytes

    @property
    def status(self) -> int:
        parts = self.raw.split(b" ", 2)
        return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0

    @property
    def headers(self) -> dict[str, str]:
        head = self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}

    @property
    def body(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[2].decode()


@dataclass(frozen=True)
class Caller:
    """A client that sends what it is told."""

    port: int

    def send(self, raw: bytes, *, timeout_s: float = 5.0) -> Reply:
        """One connection: these bytes, then all that comes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s) as connection:
            received = b""
            try:
                connection.sendall(raw)
                while chunk := connection.recv(65_536):
                    received += chunk
            except (ConnectionError, TimeoutError):
                pass
            return Reply(received)

    def get(self, target: str, *, host: str | None = None, method: str = "GET", **headers: str) -> Reply:
        """A request as a browser makes it, but for what is given."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host or f'127.0.0.1:{self.port}'}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return self.send(("\r\n".join(lines) + "\r\n\r\n").encode())
