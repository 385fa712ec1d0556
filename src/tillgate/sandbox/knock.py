"""Extra visits to a till's return address, as a browser's prefetch or reload makes them; loopback only."""

from __future__ import annotations

import http.client
import threading
from contextlib import suppress
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


def is_loopback(url: str) -> bool:
    """Whether an address is on this computer."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def knock_later(url: str, times: int) -> None:
    """Visit an address some times, each from a thread of its own; what comes of it is the till's affair."""
    for _ in range(times):
        threading.Thread(target=_knock, args=(url,), name="sandbox-return", daemon=True).start()


def _knock(url: str) -> None:
    parts = urlsplit(url)
    if not is_loopback(url):
        return
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", f"{parts.path or '/'}?{parts.query}")
        connection.getresponse().read()
    connection.close()
