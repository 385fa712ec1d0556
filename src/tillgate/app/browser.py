"""The one place that opens a web page: parsed, on an allowed host, and as an argument (reliability.md 2.3)."""

from __future__ import annotations

import logging
import threading
import webbrowser
from concurrent.futures import Future
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

log: Final = logging.getLogger("tillgate.browser")
LONGEST_URL: Final = 2_048
LOOPBACK: Final = "127.0.0.1"
# A browser that answers only when its window is closed shows the page long before.
PATIENCE_S: Final = 5.0


def is_safe_url(url: str, hosts: frozenset[str]) -> bool:
    """Https on one of the hosts and its default port; plain http only to this computer's own address, if listed."""
    if len(url) > LONGEST_URL or not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None or host not in hosts:
        return False
    if parts.scheme == "https":
        return port in (None, 443)
    return parts.scheme == "http" and host == LOOPBACK and port is not None


def open_url(url: str, hosts: frozenset[str]) -> bool:
    """Open a checkout in the system's browser. False where the address is not safe or no browser could be opened.

    Waits a few seconds at most, in a thread that the till does not wait for when it ends.
    """
    if not is_safe_url(url, hosts):
        return False
    opened: Future[bool] = Future()
    threading.Thread(target=_open, args=(url, opened), name="browser", daemon=True).start()
    try:
        return opened.result(PATIENCE_S)
    except TimeoutError:
        return True


def _open(url: str, opened: Future[bool]) -> None:
    try:
        opened.set_result(webbrowser.open(url))
    except Exception:
        log.exception("the browser could not be opened")
        opened.set_result(False)


def open_file(path: Path) -> bool:
    """Show a paper of the till in the system's own viewer. False where there is none."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
