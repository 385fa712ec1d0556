"""Spoiled answers: what each fault of the menu makes of what the provider would have said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.responses import JSONResponse, Response

from tillgate.sandbox.faults import Fault, FaultKind, Verb
from tillgate.sandbox.wire import RawAnswer, Wire, head

_LARGEST_ANSWER = 256 * 1024
_DEPTH = 20_000
_HTML = (
    "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


@dataclass(frozen=True)
class Answer:
    """What a provider says: an HTTP status and a JSON object."""

    status: int
    body: dict[str, Any]

    @property
    def encoded(self) -> bytes:
        """The body on the wire."""
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()


class Voice(Protocol):
    """How a provider words what the faults need."""

    amount_fields: frozenset[str]
    currency_fields: frozenset[str]

    def refusal(self, status: int) -> dict[str, Any]:
        """The body of a 401, 429, 500 or 503."""
        ...

    def spell_currency(self, code: str) -> str:
        """A currency's code as the provider writes it."""
        ...

    def other_reference(self, field: str, value: str) -> str | None:
        """Somebody else's reference for a reference field; None for any other field."""
        ...

    def other_mode(self, verb: Verb, answer: Answer) -> Answer:
        """What the same call gives when key and thing are of different modes."""
        ...


@dataclass(frozen=True)
class Spoiling:
    """One call to be spoiled. `answer` is None when the provider has not acted on it."""

    fault: Fault
    verb: Verb
    answer: Answer | None
    voice: Voice
    closing: asyncio.Event

    @property
    def said(self) -> Answer:
        """What would have been answered."""
        return self.answer or Answer(500, self.voice.refusal(500))


def spoil(spoiling: Spoiling) -> Response:
    """The broken answer that the fault asks for."""
    return _MAKERS[spoiling.fault.kind](spoiling)


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")


def _refuse(status: int) -> Callable[[Spoiling], Response]:
    return lambda spoiling: JSONResponse(spoiling.voice.refusal(status), status)


def _rate_limited(spoiling: Spoiling) -> Response:
    seconds = spoiling.fault.seconds
    headers = {} if seconds is None else {"retry-after": f"{seconds:.0f}"}
    return JSONResponse(spoiling.voice.refusal(429), 429, headers)


def _html(status: int, title: str) -> Callable[[Spoiling], Response]:
    return lambda _spoiling: Response(_HTML.format(title=title), status, media_type="text/html")


def _redirect(spoiling: Spoiling) -> Response:
    return Response(status_code=302, headers={"location": spoiling.fault.text or "https://elsewhere.invalid/"})


def _too_large(spoiling: Spoiling) -> Response:
    padded = Answer(200, {"padding": "x" * _LARGEST_ANSWER, **spoiling.said.body})
    return _json(padded.encoded, spoiling.said.status)


def _before(prefix: bytes) -> Callable[[Spoiling], Response]:
    """Raw JSON members put before the answer's own."""
    return lambda spoiling: _json(b"{" + prefix + b"," + spoiling.said.encoded[1:], spoiling.said.status)


def _malformed(spoiling: Spoiling) -> Response:
    encoded = spoiling.said.encoded
    return _json(encoded[: len(encoded) * 2 // 3], spoiling.said.status)


def _changed(spoiling: Spoiling, change: Callable[[str, Any], Any]) -> Response:
    body = _walk(spoiling.said.body, change)
    return _json(Answer(200, body).encoded, spoiling.said.status)


def _walk(value: Any, change: Callable[[str, Any], Any], field: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _walk(inner, change, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_walk(inner, change, field) for inner in value]
    return change(field, value)


_OTHER_TYPES: dict[str, Callable[[int], Any]] = {
    "string": str,
    "float": float,
    "bool": bool,
    "null": lambda _amount: None,
    "negative": lambda amount: -amount,
    "list": lambda amount: [amount],
}


def _amounts(spoiling: Spoiling, change: Callable[[int], Any]) -> Response:
    fields = spoiling.voice.amount_fields
    return _changed(
        spoiling,
        lambda field, value: change(value) if field in fields and type(value) is int and value else value,
    )


def _wrong_currency(spoiling: Spoiling) -> Response:
    fields = spoiling.voice.currency_fields
    other = spoiling.voice.spell_currency(spoiling.fault.text or "USD")
    return _changed(spoiling, lambda field, value: other if field in fields else value)


def _wrong_reference(spoiling: Spoiling) -> Response:
    def change(field: str, value: Any) -> Any:
        other = spoiling.voice.other_reference(field, value) if isinstance(value, str) and value else None
        return value if other is None else other

    return _changed(spoiling, change)


def _wrong_mode(spoiling: Spoiling) -> Response:
    answer = spoiling.voice.other_mode(spoiling.verb, spoiling.said)
    return _json(answer.encoded, answer.status)


def _sound(spoiling: Spoiling) -> Response:
    return _json(spoiling.said.encoded, spoiling.said.status)


def _silence(spoiling: Spoiling) -> Response:
    async def script(wire: Wire) -> None:
        await wire.hold(spoiling.fault.seconds or 0)
        await wire.close()

    return RawAnswer(script, spoiling.closing)


def _reset(spoiling: Spoiling) -> Response:
    return RawAnswer(Wire.reset, spoiling.closing)


def _half(end: Callable[[Wire], Any]) -> Callable[[Spoiling], Response]:
    def make(spoiling: Spoiling) -> Response:
        body = spoiling.said.encoded

        async def script(wire: Wire) -> None:
            wire.write(head(spoiling.said.status, len(body)) + body[: len(body) // 2])
            await wire.hold(0.02)  # let the half arrive before the end of it
            await end(wire)

        return RawAnswer(script, spoiling.closing)

    return make


def _drip(headers_too: bool) -> Callable[[Spoiling], Response]:
    def make(spoiling: Spoiling) -> Response:
        body = spoiling.said.encoded
        start = head(spoiling.said.status, len(body))
        at_once, slowly = (b"", start + body) if headers_too else (start, body)

        async def script(wire: Wire) -> None:
            wire.write(at_once)
            for byte in slowly:
                if not await wire.hold(spoiling.fault.seconds or 0):
                    break
                wire.write(bytes([byte]))
            await wire.close()

        return RawAnswer(script, spoiling.closing)

    return make


_MAKERS: dict[FaultKind, Callable[[Spoiling], Response]] = {
    FaultKind.TIMEOUT: _silence,
    FaultKind.SLOW: _sound,
    FaultKind.SLOW_HEADERS: _drip(headers_too=True),
    FaultKind.SLOW_BODY: _drip(headers_too=False),
    FaultKind.RESET_BEFORE_ANSWER: _reset,
    FaultKind.RESET_MID_BODY: _half(Wire.reset),
    FaultKind.CLOSE_MID_BODY: _half(Wire.close),
    FaultKind.SERVER_ERROR_500: _refuse(500),
    FaultKind.BAD_GATEWAY_502: _html(502, "502 Bad Gateway"),
    FaultKind.UNAVAILABLE_503: _refuse(503),
    FaultKind.RATE_LIMITED_429: _rate_limited,
    FaultKind.UNAUTHORISED_401: _refuse(401),
    FaultKind.REDIRECT: _redirect,
    FaultKind.MALFORMED_JSON: _malformed,
    FaultKind.WRONG_TYPES: lambda one: _amounts(one, _OTHER_TYPES[one.fault.text or "string"]),
    FaultKind.NAN: lambda one: _amounts(one, lambda _amount: float("nan")),
    FaultKind.DUPLICATE_KEYS: _before(b'"status":"failed","amount":1'),
    FaultKind.BAD_UTF8: _before(b'"remark":"\xff\xfe"'),
    FaultKind.DEEP_NESTING: _before(b'"nested":' + b"[" * _DEPTH + b"]" * _DEPTH),
    FaultKind.HUGE_INTEGER: lambda one: _amounts(one, lambda _amount: 10**30),
    FaultKind.TOO_LARGE: _too_large,
    FaultKind.HTML_200: _html(200, "Welcome"),
    FaultKind.EMPTY_BODY: lambda one: _json(b"", one.said.status),
    FaultKind.WRONG_AMOUNT: lambda one: _amounts(one, lambda amount: amount + one.fault.amount_minor),
    FaultKind.WRONG_CURRENCY: _wrong_currency,
    FaultKind.WRONG_REFERENCE: _wrong_reference,
    FaultKind.WRONG_MODE: _wrong_mode,
    # Told by the provider itself; what it then says is sound.
    FaultKind.ALREADY_CAPTURED: _sound,
    FaultKind.REFUND_REFUSED: _sound,
    FaultKind.REFUND_PENDING: _sound,
    FaultKind.REFUND_FAILS: _sound,
}
