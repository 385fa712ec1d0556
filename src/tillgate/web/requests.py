"""Read one HTTP request from a browser on this computer, strictly (reliability.md 2.2).

Plain GET navigations to the literal address only; anything else gets a status and no more.
"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

import h11

LONGEST_LINE: Final = 2_048
LONGEST_HEAD: Final = 16_384
MOST_FIELDS: Final = 20
_TARGET: Final = re.compile(r"/(cb|pay)/([A-Za-z0-9_-]{43})(?:\?([\x21-\x7e]*))?")


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """The status that a request gets instead of a page."""

    status: int


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that was let in: which page, whose token, and the query's fields (empty if there was any doubt)."""

    page: str
    token: str
    fields: dict[str, str]


def read_visit(connection: socket.socket, port: int, deadline: float) -> Visit:
    """The one request of a connection. Raises Refusal, TimeoutError at the deadline, OSError."""
    parser = h11.Connection(our_role=h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
    received = 0
    head = b""
    try:
        while True:
            event = parser.next_event()
            if isinstance(event, h11.Request):
                return _judge(event, port)
            if event is not h11.NEED_DATA:
                raise Refusal(400)
            chunk = _receive(connection, deadline)
            received += len(chunk)
            head = _check_line(head, chunk)
            if received > LONGEST_HEAD:
                raise Refusal(431)
            parser.receive_data(chunk)
    except h11.RemoteProtocolError as error:
        raise Refusal(error.error_status_hint if error.error_status_hint in (400, 414, 431) else 400) from error


def _receive(connection: socket.socket, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    return connection.recv(4_096)


def _check_line(head: bytes, chunk: bytes) -> bytes:
    if b"\r\n" in head:
        return head
    head += chunk
    if head.find(b"\r\n") > LONGEST_LINE or (b"\r\n" not in head and len(head) > LONGEST_LINE):
        raise Refusal(414)
    return head


def _judge(request: h11.Request, port: int) -> Visit:
    headers = request.headers.raw_items()
    names = [name.lower() for name, _ in headers]
    values = {name.lower(): value for name, value in headers}
    if names.count(b"host") != 1 or values[b"host"] != f"127.0.0.1:{port}".encode():
        raise Refusal(421)
    if request.method != b"GET":
        raise Refusal(405)
    if request.http_version not in (b"1.1", b"1.0") or b"transfer-encoding" in values:
        raise Refusal(400)
    if values.get(b"content-length", b"0") != b"0" or len(headers) > 100:
        raise Refusal(400)
    if any(name.startswith(b"sec-fetch-") and names.count(name) > 1 for name in names):
        # A browser says each once; which of two is meant is nobody's to guess.
        raise Refusal(403)
    if values.get(b"sec-fetch-mode", b"navigate") != b"navigate":
        raise Refusal(403)
    if values.get(b"sec-fetch-dest", b"document") != b"document":
        raise Refusal(403)
    found = _TARGET.fullmatch(request.target.decode("ascii", "replace"))
    if found is None:
        raise Refusal(404)
    return Visit(found[1], found[2], _fields(found[3] or ""))


def _fields(query: str) -> dict[str, str]:
    """The query's fields; none at all where one is doubled or there are too many: then the visit is a hint only."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except (ValueError, UnicodeDecodeError):
        return {}
    fields = dict(pairs)
    if len(fields) != len(pairs) or any(not (k.isascii() and k.isprintable()) or len(v) > 300 for k, v in pairs):
        return {}
    return fields
