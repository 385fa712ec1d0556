"""One HTTP exchange with a provider: a total deadline, a strict answer, and what is known about the outcome.

The rules are reliability.md 1.3 (rule 3) and 1.4 (rows 9 to 16): unknown is the default; only proof that nothing was
sent, or the provider's explicit and well-formed word, is anything else.
"""

from __future__ import annotations

import hashlib
import logging
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import httpcore
import httpx

from tillgate.domain.errors import Bug, Invalid
from tillgate.domain.secret import Secret
from tillgate.ports import Outcome
from tillgate.providers.json_strict import Json, Malformed, parse
from tillgate.providers.net import DeadlineBackend, Exchange, seconds_left, tls_context, within

LARGEST_BODY: Final = 256 * 1024
LONGEST_RETRY_AFTER_S: Final = 60
_LOOPBACK: Final = "127.0.0.1"
# More threads than this never call one provider at once; one that would wait is told within its deadline.
_CONNECTIONS: Final = 8
_KEPT_S: Final = 30.0
_NOT_AN_ANSWER: Final = frozenset({408, 425})
# All that is kept of an answer's headers: what the documents of our providers say about sending again, and their clock.
_KEPT_HEADERS: Final = frozenset(
    {b"date", b"retry-after", b"request-id", b"stripe-should-retry", b"idempotent-replayed"}
)
_REQUEST_ID: Final = re.compile("[A-Za-z0-9_-]{1,80}")

_LOG: Final = logging.getLogger("tillgate.provider")
# httpx names every URL at INFO, and a URL has our references in it.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

_BROKEN: Final = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)
# What a connection that the server closed while it was kept looks like.
_STALE: Final = (httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError)


@dataclass(frozen=True, slots=True)
class Reply:
    """What one request came to.

    `value` is the parsed body, if it was strict JSON; `why` says in our words why the outcome is not SUCCESS; `raw` is
    the body, which is neither logged nor shown; `complete` if it came to its end. `headers` has the few that are kept,
    by their names in lower case.
    """

    outcome: Outcome
    status: int | None = None
    value: Json = None
    why: str = ""
    raw: bytes = field(default=b"", repr=False)
    retry_after_s: int | None = None
    complete: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


# The HTTP method, the status and the JSON of a 4xx answer: what it says. UNKNOWN for an ill-formed error body.
Judge: TypeAlias = Callable[[str, int, Json], Outcome]


def nothing_held() -> None:
    """The guard of a client that nobody wired to a database."""


class ApiClient:
    """One provider's client, kept for its lifetime; safe to use from any thread.

    `authorization` is the header's value. `judge` is this provider's reading of a 4xx answer. `before_send` is called
    before every request and raises Bug if the thread holds a transaction. `headers` go with every request. Raises
    Invalid for a base URL that is neither https nor http to the literal 127.0.0.1.
    """

    def __init__(
        self,
        provider: str,
        base_url: str,
        authorization: Secret,
        judge: Judge,
        before_send: Callable[[], None] = nothing_held,
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._provider = provider
        self._authorization = authorization
        self._judge = judge
        self._before_send = before_send
        self._client = httpx.Client(
            base_url=_checked(base_url),
            headers={"User-Agent": "Tillgate", "Accept": "application/json", "Accept-Encoding": "identity", **headers},
            follow_redirects=False,
            trust_env=False,
            transport=_DeadlineTransport(urlsplit(base_url).scheme),
        )

    def call(self, verb: str, deadline_ms: int) -> Call:
        """Start the clock of one call; `verb` names it in the log."""
        return Call(self, verb, Exchange(deadline_ms / 1000))

    def send(
        self,
        call: Call,
        method: str,
        path: str,
        *,
        query: Mapping[str, str],
        body: bytes,
        headers: Mapping[str, str],
        reads: bool = False,
    ) -> Reply:
        """One request within the call's deadline; Call.get, Call.look, Call.post and Call.patch are its faces."""
        if self._client.is_closed:
            raise Bug("provider_closed", provider=self._provider)
        sent = {**headers, "Authorization": self._authorization.reveal()}
        if body:
            sent.setdefault("Content-Type", "application/json")
        content = None if method == "GET" else body
        request = self._client.build_request(method, path, params=query or None, content=content, headers=sent)
        self._before_send()
        with within(call.exchange):
            reply = self._attempt(call.exchange, request, may_repeat=reads or method == "GET")
        call.note(reply)
        self._log(call, request, body, reply)
        return reply

    def close(self) -> None:
        """Drop the client and its connections; a call after this raises Bug."""
        self._client.close()

    def _attempt(self, exchange: Exchange, request: httpx.Request, *, may_repeat: bool) -> Reply:
        exchange.begin_request()
        try:
            response = self._client.send(request, stream=True)
        except httpcore.LocalProtocolError as error:
            raise Bug("provider_request_malformed", provider=self._provider) from error
        except _BROKEN as error:
            # A reading on a kept connection that the server closed meanwhile never reached it: ask once more.
            if may_repeat and isinstance(error, _STALE) and not exchange.connected and exchange.left() > 0:
                return self._attempt(exchange, request, may_repeat=False)
            outcome = Outcome.UNKNOWN if exchange.wrote else Outcome.NOT_SENT
            return Reply(outcome, why=_name_of(error))
        try:
            return self._read(response, request.method)
        except _BROKEN as error:
            return Reply(Outcome.UNKNOWN, response.status_code, why=f"answer cut: {_name_of(error)}")
        finally:
            response.close()

    def _read(self, response: httpx.Response, method: str) -> Reply:
        status = response.status_code
        if 300 <= status < 400:
            return Reply(Outcome.UNKNOWN, status, why="redirect refused")
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > LARGEST_BODY:
                return Reply(Outcome.UNKNOWN, status, why="answer too large")
        raw = bytes(body)
        try:
            value, why = parse(raw), ""
        except Malformed as error:
            value, why = None, str(error)
        outcome = self._outcome_of(status, method, value, well_formed=not why)
        retry_after_s = parse_retry_after(response.headers.get("retry-after")) if status == 429 else None
        if not 200 <= status < 300:
            why = f"status {status}: {why}" if why else f"status {status}"
        return Reply(outcome, status, value, why, raw, retry_after_s, complete=True, headers=dict(response.headers))

    def _outcome_of(self, status: int, method: str, value: Json, *, well_formed: bool) -> Outcome:
        if status in (401, 403):
            return Outcome.MISCONFIGURED
        if status == 429:
            return Outcome.RATE_LIMITED
        if not well_formed:
            return Outcome.UNKNOWN
        if 200 <= status < 300:
            return Outcome.SUCCESS
        if not 400 <= status < 500 or status in _NOT_AN_ANSWER:
            return Outcome.UNKNOWN
        return self._judge(method, status, value)

    def _log(self, call: Call, request: httpx.Request, body: bytes, reply: Reply) -> None:
        alarm = "credentials" if reply.outcome is Outcome.MISCONFIGURED else ""
        if reply.status is not None and 300 <= reply.status < 400:
            alarm = "redirect"
        fields = {
            "provider": self._provider,
            "verb": call.verb,
            "http_method": request.method,
            "http_status": reply.status,
            "outcome": reply.outcome.value,
            "why": reply.why,
            "elapsed_ms": call.elapsed_ms,
            "request_sha256": hashlib.sha256(body).hexdigest(),
            "response_sha256": hashlib.sha256(reply.raw).hexdigest(),
            "request_id": _request_id(reply),
            "alarm": alarm,
        }
        _LOG.log(logging.WARNING if alarm else logging.INFO, "provider_call", extra=fields)


class Call:
    """One call's requests, all within one deadline."""

    def __init__(self, client: ApiClient, verb: str, exchange: Exchange) -> None:
        self._client = client
        self._bodies = hashlib.sha256()
        self.verb = verb
        self.exchange = exchange
        self.requests = 0
        self.status: int | None = None
        self._received = False

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds since the call began."""
        return self.exchange.elapsed_ms()

    @property
    def response_sha256(self) -> str | None:
        """Of the raw bodies received, one after the other; None while there is none."""
        return self._bodies.hexdigest() if self._received else None

    def get(self, path: str, **query: str) -> Reply:
        """A reading; repeated once if a kept connection turns out to be dead."""
        return self._client.send(self, "GET", path, query=query, body=b"", headers={})

    def look(self, path: str, body: str) -> Reply:
        """A reading that the provider wants as a POST; repeated as one by GET is."""
        return self._client.send(self, "POST", path, query={}, body=body.encode(), headers={}, reads=True)

    def post(self, path: str, body: str = "", **headers: str) -> Reply:
        """A writing, sent at most once."""
        return self._client.send(self, "POST", path, query={}, body=body.encode(), headers=headers)

    def patch(self, path: str, body: str) -> Reply:
        """A change that comes to the same however often it is made; sent at most once."""
        return self._client.send(self, "PATCH", path, query={}, body=body.encode(), headers={})

    def note(self, reply: Reply) -> None:
        """Remember what came back."""
        self.requests += 1
        self.status = reply.status
        self._received = self._received or reply.complete
        self._bodies.update(reply.raw)


class _DeadlineTransport(httpx.BaseTransport):
    """httpx over connections that keep the deadline of the exchange."""

    def __init__(self, scheme: str) -> None:
        self._pool = httpcore.ConnectionPool(
            # Nobody proves anything to the sandbox, and reading certificates is half a start.
            ssl_context=tls_context() if scheme == "https" else None,
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_CONNECTIONS,
            keepalive_expiry=_KEPT_S,
            network_backend=DeadlineBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it and read the answer's head; the body streams."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.read(),
                extensions={"timeout": {"pool": max(seconds_left(), 0.0)}},
            )
        )
        # httpx acts on cookies and redirects even where it follows none, so it is told of neither.
        headers = [(name, value) for name, value in answer.headers if name.lower() in _KEPT_HEADERS]
        return httpx.Response(answer.status, headers=headers, stream=_Body(answer))

    def close(self) -> None:
        """Drop every connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


def parse_retry_after(value: str | None) -> int | None:
    """Whole seconds to wait, at most 60, from seconds or an HTTP date; None for anything else."""
    if value is None:
        return None
    if re.fullmatch("[0-9]{1,9}", value.strip()):
        return min(int(value), LONGEST_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(value)
        seconds = math.ceil(((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None
    return max(0, min(seconds, LONGEST_RETRY_AFTER_S))


def _request_id(reply: Reply) -> str:
    """What the provider calls this exchange, for its support; empty where it says nothing, or something odd."""
    named = reply.headers.get("request-id", "")
    return named if _REQUEST_ID.fullmatch(named) else ""


def _checked(base_url: str) -> str:
    parts = urlsplit(base_url)
    plain = not (parts.username or parts.password or parts.query or parts.fragment) and bool(parts.hostname)
    if plain and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == _LOOPBACK)):
        return base_url
    raise Invalid("provider_base_url", field="base_url")


def _name_of(error: Exception) -> str:
    """Our own words for a connection that did not come about; a protocol error would quote the server."""
    if isinstance(error, httpcore.ConnectError | httpcore.TimeoutException):
        return f"{type(error).__name__}: {error}"
    return type(error).__name__
