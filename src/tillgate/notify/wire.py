"""An SMTP connection that ends on time however slowly its server talks: one deadline from name look-up to QUIT.

A socket's own timeout starts anew with every byte; this one counts down, for plain and for TLS sockets alike.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any, Final

from tillgate.domain.errors import Unavailable

# All that a server may say in one conversation.
_MOST_BYTES: Final = 1 << 20
GOODBYE_S: Final = 2.0
_Answer = list[tuple[Any, ...]]


class DeadlinePassed(TimeoutError):
    """The whole conversation took too long."""


class Limits:
    """What one conversation may take: seconds until `ends`, and bytes from the server."""

    def __init__(self, deadline_s: float, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ends = monotonic() + deadline_s
        self._bytes_left = _MOST_BYTES

    def left_s(self) -> float:
        """Raises DeadlinePassed when there is nothing left."""
        left = self._ends - self._monotonic()
        if left <= 0:
            raise DeadlinePassed
        return left

    def shorten(self, seconds: float) -> None:
        """At most so long from now."""
        self._ends = min(self._ends, self._monotonic() + seconds)

    def took(self, count: int) -> None:
        """Raises DeadlinePassed for a server that never stops talking."""
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise DeadlinePassed


class _Limited(socket.socket):
    """A socket whose every wait is at most what is left."""

    limits: Limits

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.limits.left_s())
        count = super().recv_into(*args, **kwargs)
        self.limits.took(count)
        return count

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(self.limits.left_s())
        super().sendall(*args, **kwargs)


def _limited_tls(limits: Limits) -> type[ssl.SSLSocket]:
    """The same for TLS, whose sockets make themselves in the middle of a handshake."""

    class LimitedTls(ssl.SSLSocket):
        def recv_into(self, *args: Any, **kwargs: Any) -> int:
            self.settimeout(limits.left_s())
            count = super().recv_into(*args, **kwargs)
            limits.took(count)
            return count

        def send(self, *args: Any, **kwargs: Any) -> int:
            self.settimeout(limits.left_s())
            return super().send(*args, **kwargs)

        def do_handshake(self, *args: Any, **kwargs: Any) -> None:
            self.settimeout(limits.left_s())
            super().do_handshake(*args, **kwargs)

    return LimitedTls


class Conversation(smtplib.SMTP):
    """smtplib within limits; `tls_first` speaks TLS from the first byte (port 465)."""

    def __init__(self, limits: Limits, context: ssl.SSLContext, *, tls_first: bool) -> None:
        # No look-up of our own name: it could take as long as it likes.
        super().__init__(local_hostname="localhost")
        self._limits = limits
        self._context = context
        self._context.sslsocket_class = _limited_tls(limits)
        self._tls_first = tls_first

    def open(self, host: str, port: int) -> None:
        """Connect and hear the greeting. Raises OSError, smtplib's errors, Unavailable("mail_unreachable")."""
        self._host = host
        code, greeting = self.connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, greeting)
        if self.sock is not None:
            self.local_hostname = _literal(self.sock.getsockname()[0])

    def secure(self) -> None:
        """STARTTLS with the server's name checked. Raises smtplib's errors and ssl.SSLError."""
        self.starttls(context=self._context)

    def part(self) -> None:
        """Say goodbye; nothing depends on the answer, so it gets little time."""
        self._limits.shorten(GOODBYE_S)
        with contextlib.suppress(OSError):
            self.quit()

    def _get_socket(self, host: str, port: int, _timeout: float | None) -> socket.socket:
        last: OSError = OSError("no address")
        for family, kind, protocol, _, address in self._look_up(host, port):
            sock = _Limited(family, kind, protocol)
            sock.limits = self._limits
            try:
                sock.settimeout(self._limits.left_s())
                sock.connect(address)
                return self._context.wrap_socket(sock, server_hostname=host) if self._tls_first else sock
            except OSError as error:
                sock.close()
                if isinstance(error, (DeadlinePassed, ssl.SSLError)):
                    raise
                last = error
        raise last

    def _look_up(self, host: str, port: int) -> _Answer:
        """The system's resolver has no deadline, so it works on a thread that may be left behind."""
        found: list[_Answer] = []
        failed: list[OSError] = []

        def look() -> None:
            try:
                found.append(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
            except (OSError, UnicodeError) as error:
                failed.append(error if isinstance(error, OSError) else OSError(str(error)))

        thread = threading.Thread(target=look, name="mail-lookup", daemon=True)
        thread.start()
        thread.join(self._limits.left_s())
        if failed:
            raise Unavailable("mail_unreachable", host=host, error="unknown host") from failed[0]
        if not found:
            raise DeadlinePassed
        return found[0]


def _literal(address: str) -> str:
    """Our own address as a server wants to hear it where there is no name."""
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"
