"""One exchange: its total deadline, what may be read, and what is known about the outcome (reliability.md 1.3, 1.4)."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.raw_server import RawServer, Script, drips, http, plays, raw_server, sha256
from tillgate.domain.errors import Bug, Invalid
from tillgate.domain.secret import Secret
from tillgate.ports import Outcome
from tillgate.providers.http import LARGEST_BODY, ApiClient, Reply, nothing_held, parse_retry_after
from tillgate.providers.razorpay.answers import outcome_of_refusal

# Long enough for a busy machine to connect in; far less than the scripts below take.
DEADLINE_MS = 800
SLACK_S = 4.0
REFUSAL = '{"error":{"code":"BAD_REQUEST_ERROR","description":"No"}}'
CANARY = "canarySecret0123456789"


def client_of(url: str, before_send: Any = nothing_held) -> ApiClient:
    return ApiClient("razorpay", url, Secret(f"Basic {CANARY}"), outcome_of_refusal, before_send)


def ask(url: str, method: str = "GET", deadline_ms: int = 5_000) -> Reply:
    client = client_of(url)
    try:
        call = client.call("test", deadline_ms)
        return call.get("/v1/x") if method == "GET" else call.post("/v1/x", "{}")
    finally:
        client.close()


def answer_to(script: Script, method: str = "GET", deadline_ms: int = 5_000) -> Reply:
    with raw_server(script) as server:
        return ask(server.url, method, deadline_ms)


# --- the deadline ---


def never(plug: socket.socket, _request: bytes) -> None:
    plug.recv(1)


def endless_informational(plug: socket.socket, _request: bytes) -> None:
    while True:
        plug.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        time.sleep(0.01)


SLOW = {
    "never": never,
    "headers": drips(b"", b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 10_000),
    "header after header": drips(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 1_000, 0.005),
    "informational": endless_informational,
    "body": drips(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", b" " * 10_000),
    "chunks": drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 10_000),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("script", SLOW.values(), ids=SLOW.keys())
def test_the_deadline_is_total(script: Script, method: str) -> None:
    with raw_server(script) as server:
        client = client_of(server.url)
        started = time.monotonic()
        call = client.call("test", DEADLINE_MS)
        reply = call.get("/v1/x") if method == "GET" else call.post("/v1/x", "{}")
        took_s = time.monotonic() - started
        client.close()
    assert reply.outcome is Outcome.UNKNOWN
    assert DEADLINE_MS / 1000 - 0.02 <= took_s <= DEADLINE_MS / 1000 + SLACK_S
    assert abs(call.elapsed_ms - took_s * 1000) < 1_000


def test_a_server_that_does_not_read_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        client = client_of(f"http://127.0.0.1:{deaf.getsockname()[1]}")
        started = time.monotonic()
        reply = client.call("test", DEADLINE_MS).post("/v1/x", "x" * 30_000_000)
        took_s = time.monotonic() - started
        client.close()
    assert reply.outcome is Outcome.UNKNOWN
    assert DEADLINE_MS / 1000 - 0.02 <= took_s <= DEADLINE_MS / 1000 + SLACK_S


def test_a_hanging_name_lookup_ends_with_the_deadline_and_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    release, asked = threading.Event(), []

    def hang(host: str, *_rest: object, **_names: object) -> list[object]:
        asked.append(host)
        release.wait(10)
        raise socket.gaierror("gone")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    client = client_of("https://provider.invalid")
    try:
        started = time.monotonic()
        with ThreadPoolExecutor(4) as threads:
            replies = list(threads.map(lambda _: client.call("test", DEADLINE_MS).get("/v1/x"), range(4)))
        took_s = time.monotonic() - started
    finally:
        release.set()
        client.close()
    assert {reply.outcome for reply in replies} == {Outcome.NOT_SENT}
    assert DEADLINE_MS / 1000 - 0.02 <= took_s <= DEADLINE_MS / 1000 + SLACK_S
    assert asked == ["provider.invalid"]


def test_no_free_connection_within_the_deadline_is_not_sent() -> None:
    with raw_server(never) as server:
        client = client_of(server.url)
        with ThreadPoolExecutor(9) as threads:
            holding = [threads.submit(client.call("test", 4_000).post, "/v1/x", "{}") for _ in range(8)]
            while len(server.requests) < 8:
                time.sleep(0.01)
            waiting = threads.submit(client.call("test", DEADLINE_MS).post, "/v1/x", "{}").result()
            held = [one.result() for one in holding]
        client.close()
    assert waiting.outcome is Outcome.NOT_SENT
    assert {one.outcome for one in held} == {Outcome.UNKNOWN}


# --- what was certainly not sent, and what may have been ---


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_and_an_unknown_name_are_not_sent(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert ask(f"http://127.0.0.1:{port}", method).outcome is Outcome.NOT_SENT

    def unknown(*_rest: object, **_names: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert ask("https://provider.invalid", method).outcome is Outcome.NOT_SENT


def test_the_next_address_is_tried_when_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        dead = closed.getsockname()
    with raw_server(plays(http("{}"))) as server:
        alive = ("127.0.0.1", server.port)
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in (dead, alive)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_rest, **_names: found)
        assert ask(server.url, "POST").outcome is Outcome.SUCCESS


def resets(plug: socket.socket, _request: bytes) -> None:
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    plug.close()


CUT = {
    "reset": resets,
    "closed": plays(b"", close=True),
    "closed in the head": plays(b"HTTP/1.1 200", close=True),
    "closed in the body": plays(http('{"a":1}')[:-3], close=True),
    "closed in a chunk": plays(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}", close=True),
    "not HTTP": plays(b"SSH-2.0-OpenSSH_9\r\n\r\n", close=True),
    "two lengths": plays(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", close=True),
    "endless headers": plays(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000, close=True),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("script", CUT.values(), ids=CUT.keys())
def test_an_answer_that_is_cut_is_unknown(script: Script, method: str) -> None:
    assert answer_to(script, method).outcome is Outcome.UNKNOWN


def closes_the_second(server_side: list[bytes]) -> Script:
    def script(plug: socket.socket, request: bytes) -> None:
        server_side.append(request)
        if len(server_side) == 2:
            plug.shutdown(socket.SHUT_RDWR)
        else:
            plug.sendall(http("{}"))

    return script


@pytest.mark.parametrize(("method", "outcome"), [("GET", Outcome.SUCCESS), ("POST", Outcome.UNKNOWN)])
def test_a_kept_connection_that_the_server_gave_up(method: str, outcome: Outcome) -> None:
    """A reading is repeated once; a writing may have arrived."""
    seen: list[bytes] = []
    with raw_server(closes_the_second(seen)) as server:
        client = client_of(server.url)
        assert client.call("test", 5_000).get("/v1/x").outcome is Outcome.SUCCESS
        call = client.call("test", 5_000)
        reply = call.get("/v1/x") if method == "GET" else call.post("/v1/x", "{}")
        client.close()
    assert reply.outcome is outcome
    assert len(seen) == (3 if method == "GET" else 2)


def test_a_reading_on_a_new_connection_is_not_repeated() -> None:
    with raw_server(plays(b"", close=True)) as server:
        assert ask(server.url).outcome is Outcome.UNKNOWN
        assert len(server.requests) == 1


def test_one_connection_serves_many_calls() -> None:
    with raw_server(plays(http("{}"))) as server:
        client = client_of(server.url)
        assert {client.call("test", 5_000).get("/v1/x").outcome for _ in range(20)} == {Outcome.SUCCESS}
        client.close()
        assert server.connections == 1


# --- statuses and bodies ---

STATUSES = {
    "200 OK": ("{}", Outcome.SUCCESS, Outcome.SUCCESS),
    "201 Created": ("{}", Outcome.SUCCESS, Outcome.SUCCESS),
    "204 No Content": ("", Outcome.UNKNOWN, Outcome.UNKNOWN),
    "400 Bad Request": (REFUSAL, Outcome.DECLINED, Outcome.DECLINED),
    "404 Not Found": (REFUSAL, Outcome.NOT_FOUND, Outcome.DECLINED),
    "422 Unprocessable": (REFUSAL, Outcome.DECLINED, Outcome.DECLINED),
    "401 Unauthorized": (REFUSAL, Outcome.MISCONFIGURED, Outcome.MISCONFIGURED),
    "403 Forbidden": ("<html>blocked</html>", Outcome.MISCONFIGURED, Outcome.MISCONFIGURED),
    "408 Request Timeout": (REFUSAL, Outcome.UNKNOWN, Outcome.UNKNOWN),
    "409 Conflict": (REFUSAL, Outcome.UNKNOWN, Outcome.UNKNOWN),
    "425 Too Early": (REFUSAL, Outcome.UNKNOWN, Outcome.UNKNOWN),
    "429 Too Many": ("slow down", Outcome.RATE_LIMITED, Outcome.RATE_LIMITED),
    "500 Error": (REFUSAL, Outcome.UNKNOWN, Outcome.UNKNOWN),
    "502 Bad Gateway": ("<html></html>", Outcome.UNKNOWN, Outcome.UNKNOWN),
    "503 Unavailable": (REFUSAL, Outcome.UNKNOWN, Outcome.UNKNOWN),
    "999 Odd": (REFUSAL, Outcome.UNKNOWN, Outcome.UNKNOWN),
}


@pytest.mark.parametrize("status", STATUSES)
def test_what_a_status_says(status: str) -> None:
    body, read, written = STATUSES[status]
    answer = http(body, status) if body else b"HTTP/1.1 204 No Content\r\n\r\n"
    assert answer_to(plays(answer)).outcome is read
    assert answer_to(plays(answer), "POST").outcome is written


@pytest.mark.parametrize("body", ["<html>404</html>", "{}", "[]", "null", '{"error":"x"}', '{"error":{"code":1}}', ""])
def test_a_4xx_that_is_not_the_providers_word_is_unknown(body: str) -> None:
    for status in ("400 Bad Request", "404 Not Found"):
        assert answer_to(plays(http(body, status))).outcome is Outcome.UNKNOWN
        assert answer_to(plays(http(body, status)), "POST").outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "304 Not Modified", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("location", ["{other}/v1/x", "http://[broken", "//elsewhere.invalid", "javascript:1"])
def test_a_redirect_is_not_followed_and_alarms(status: str, location: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tillgate.provider")
    with raw_server(plays(http("{}"))) as other:
        header = f"Location: {location.format(other=other.url)}"
        assert answer_to(plays(http("{}", status, header)), "POST").outcome is Outcome.UNKNOWN
        assert other.requests == []
    assert [(record.levelname, vars(record)["alarm"]) for record in caplog.records] == [("WARNING", "redirect")]


def test_a_body_may_have_256_kib_and_not_a_byte_more() -> None:
    fits = b'{"a":"' + b"x" * (LARGEST_BODY - 8) + b'"}'
    assert answer_to(plays(http(fits))).outcome is Outcome.SUCCESS
    assert answer_to(plays(http(fits + b" "))).why == "answer too large"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    endless = b"ffff\r\n" + b" " * 0xFFFF + b"\r\n"

    def flood(plug: socket.socket, _request: bytes) -> None:
        plug.sendall(chunked)
        while True:
            plug.sendall(endless)

    assert answer_to(flood).why == "answer too large"


def test_what_is_sent_says_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """No compression, no cookies, no proxy of the environment, credentials in one header."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with raw_server(plays(http("{}", "200 OK", "Set-Cookie: a=b; Path=/"))) as server:
        client = client_of(f"{server.url}/base")
        client.call("test", 5_000).get("/v1/x", count="1", name="a b&c")
        client.call("test", 5_000).post("/v1/y", '{"a":1}', **{"X-Key": "k"})
        client.close()
        read, written = (request.decode().split("\r\n") for request in server.requests)
    assert read[0] == "GET /base/v1/x?count=1&name=a+b%26c HTTP/1.1"
    assert written[0] == "POST /base/v1/y HTTP/1.1"
    assert written[-1] == '{"a":1}'
    for request in (read, written):
        headers = dict(line.lower().split(": ", 1) for line in request[1:-2])
        assert headers["accept-encoding"] == "identity"
        assert headers["authorization"] == f"basic {CANARY.lower()}"
        assert headers["user-agent"] == "tillgate"
        assert "cookie" not in headers
    assert "X-Key: k" in written
    assert "Content-Type: application/json" in written


# --- guard, addresses, log ---


def test_the_guard_is_asked_before_every_request_and_stops_it() -> None:
    asked: list[int] = []

    def guard() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise Bug("transaction_held")

    with raw_server(plays(http("{}"))) as server:
        client = client_of(server.url, guard)
        call = client.call("test", 5_000)
        call.get("/v1/x")
        call.post("/v1/x", "{}")
        with pytest.raises(Bug, match="transaction_held"):
            call.post("/v1/x", "{}")
        client.close()
        assert len(server.requests) == 2


def test_a_closed_client_is_our_mistake() -> None:
    client = client_of("http://127.0.0.1:9")
    client.close()
    with pytest.raises(Bug, match="provider_closed"):
        client.call("test", 100).get("/v1/x")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.razorpay.com",
        "http://localhost:1",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.2:1",
        "http://user@127.0.0.1:1",
        "https://user:word@api.razorpay.com",
        "https://api.razorpay.com?x=1",
        "https://",
        "ftp://127.0.0.1",
        "",
    ],
)
def test_only_https_or_this_computer(url: str) -> None:
    with pytest.raises(Invalid, match="provider_base_url"):
        client_of(url)


def test_the_log_has_hashes_and_no_bodies(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = '{"email":"someone@example.com","echo":"' + CANARY + '"}'
    with raw_server(plays(http(body))) as server:
        client = client_of(server.url)
        client.call("fetch", 5_000).get("/v1/payment_links", reference_id="our-reference")
        client.call("create", 5_000).post("/v1/x", '{"contact":"+919876543210"}')
        client.close()
    written = "\n".join(str(vars(record)) for record in caplog.records)
    for hidden in (CANARY, "someone@", "9876543210", "our-reference"):
        assert hidden not in written
    record = vars(next(one for one in caplog.records if one.name == "tillgate.provider"))
    assert record["verb"] == "fetch"
    assert record["outcome"] == "success"
    assert record["http_status"] == 200
    assert record["response_sha256"] == sha256(body.encode())
    assert record["elapsed_ms"] >= 0


# --- Retry-After ---


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 0), ("7", 7), (" 60 ", 60), ("61", 60), ("999999999", 60), ("-1", None), ("1.5", None), ("٣", None)],
)
def test_retry_after_in_seconds(header: str, seconds: int | None) -> None:
    assert parse_retry_after(header) == seconds


def test_retry_after_as_a_date() -> None:
    now = datetime.now(UTC)
    assert parse_retry_after(format_datetime(now + timedelta(seconds=30), usegmt=True)) in (29, 30)
    assert parse_retry_after(format_datetime(now + timedelta(days=30), usegmt=True)) == 60
    assert parse_retry_after(format_datetime(now - timedelta(days=30), usegmt=True)) == 0
    assert parse_retry_after(None) is None


@given(st.text(max_size=60) | st.from_regex(r"\A\w{3}, \d{1,3} [A-Z][a-z]{2} \d{1,5} \d\d:\d\d:\d\d [+-]?\w{1,9}\Z"))
def test_retry_after_never_raises(header: str) -> None:
    seconds = parse_retry_after(header)
    assert seconds is None or 0 <= seconds <= 60


def test_retry_after_reaches_the_caller() -> None:
    assert answer_to(plays(http(REFUSAL, "429 Too Many", "Retry-After: 7"))).retry_after_s == 7
    assert answer_to(plays(http(REFUSAL, "429 Too Many"))).retry_after_s is None


# --- any bytes at all ---


@pytest.fixture(scope="module")
def scripted() -> Any:
    """A server that plays the bytes put into `answer`, then closes."""
    answer = [b""]

    def script(plug: socket.socket, _request: bytes) -> None:
        plug.sendall(answer[0])
        plug.shutdown(socket.SHUT_RDWR)

    with raw_server(script) as server:
        client = client_of(server.url)
        yield server, client, answer
        client.close()


WHOLE = http('{"id":"pay_1"}', "200 OK", "Retry-After: 1", "Location: /x", "Set-Cookie: a=b")


@given(data=st.data())
def test_no_bytes_make_it_raise(scripted: tuple[RawServer, ApiClient, list[bytes]], data: st.DataObject) -> None:
    _, client, answer = scripted
    raw = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    answer[0] = bytes(raw)
    reply = client.call("fuzz", 5_000).get("/v1/x")
    if reply.outcome is Outcome.SUCCESS:
        assert reply.status is not None
        assert 200 <= reply.status < 300
    else:
        assert reply.outcome is not Outcome.NOT_SENT
