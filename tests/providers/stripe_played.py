"""A Stripe that says what a test wants, and what a test asks it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from tests.providers import stripe_samples as sample
from tests.providers.raw_server import http, raw_server
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import Answer, AttemptRef, CheckoutRequest, RefundRequest
from tillgate.providers.stripe import Stripe, facts

NOW = datetime.fromtimestamp(sample.EXPIRES_AT - 3600, UTC)
AMOUNT = Money(500_000, "PHP")
ATTEMPT = AttemptRef(sample.REFERENCE, facts.SESSION, AMOUNT, sample.SESSION_ID, NOW)
REFUND = RefundRequest(sample.REFUND_KEY, sample.CHARGE_ID, Money(50_000, "PHP"))
REQUEST = CheckoutRequest(sample.REFERENCE, facts.SESSION, AMOUNT, "Consultation")
SESSIONS = "/v1/checkout/sessions"
SESSION = f"GET {SESSIONS}/{sample.SESSION_ID}"
PAID = {SESSION: sample.session(), "GET /v1/charges": sample.listed(sample.charge())}
Routes = dict[str, Any]


class Played:
    """A Stripe that answers each `METHOD path` with the next of its answers (the last one for good)."""

    def __init__(self, routes: Routes) -> None:
        self.answers = {asked: list(found) if isinstance(found, tuple) else [found] for asked, found in routes.items()}
        self.asked: list[str] = []
        self.requests: list[bytes] = []
        self._lock = threading.Lock()

    def __call__(self, plug: socket.socket, request: bytes) -> None:
        method, target, _ = request.split(b"\r\n", 1)[0].decode().split(" ")
        with self._lock:
            self.asked.append(f"{method} {target}")
            self.requests.append(request)
            answers = self.answers.get(f"{method} {target.split('?')[0]}") or [refusal("Unrecognized", status=404)]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        plug.sendall(answer(request) if callable(answer) else encoded(answer))


def encoded(answer: Any) -> bytes:
    return answer if isinstance(answer, bytes) else http(json.dumps(answer, indent=2))


def refusal(message: str, code: str | None = None, *headers: str, status: int = 400, **more: Any) -> bytes:
    return http(json.dumps(sample.error(message, code, **more)), f"{status} X", *headers)


class Sleeps(list[float]):
    """What was waited, without waiting."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@contextmanager
def played(routes: Routes, mode: Mode = Mode.TEST, **options: Any) -> Iterator[tuple[Stripe, Played]]:
    script = Played(routes)
    with raw_server(script) as server:
        options = {"now": lambda: NOW, "sleep": Sleeps(), **options}
        provider = Stripe(sample.KEY_ID, Secret(sample.KEY_SECRET), mode=mode, base_url=server.url, **options)
        yield provider, script
        provider.close()


def answer_of(routes: Routes, call: Callable[[Stripe], Answer]) -> Answer:
    with played(routes) as (provider, _):
        return call(provider)


def create(provider: Stripe) -> Answer:
    return provider.create(facts.SESSION, provider.parameters(REQUEST))
