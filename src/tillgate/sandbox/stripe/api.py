"""/v1 over HTTP: keys, faults, idempotency, and the endpoints between them."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from tillgate.sandbox.api import Spoiled, comes_before
from tillgate.sandbox.faults import Fault, FaultKind
from tillgate.sandbox.spoil import Answer
from tillgate.sandbox.stripe import charges, idempotency
from tillgate.sandbox.stripe.account import DEFAULT_VERSION, PROVIDER, StripeAccount, new_id
from tillgate.sandbox.stripe.endpoints import ENDPOINTS, Call, Endpoint
from tillgate.sandbox.stripe.errors import ApiError, invalid, key_in_use, wrong_key
from tillgate.sandbox.stripe.fields import Fields, Tree, read_form
from tillgate.sandbox.stripe.records import Intent
from tillgate.sandbox.stripe.voice import StripeVoice

_VERSION = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(?:\.[a-z]+)?")


@dataclass(frozen=True)
class Asked:
    """One request, read: its form, its key with what tells it from another request, and what spoils it."""

    endpoint: Endpoint
    path: Mapping[str, str]
    form: Tree
    key: str | None
    fingerprint: str
    fault: Fault | None


class Api:
    """The account's API. Calls act one after another; only their answers overlap."""

    def __init__(self, account: StripeAccount) -> None:
        self._account = account
        self._spoiled = Spoiled(StripeVoice(), account.closing)
        self._running_keys: set[str] = set()

    def routes(self) -> list[Route]:
        """The endpoints, and a 404 of Stripe's own for the rest."""
        known = [
            Route(endpoint.path, partial(self._take, endpoint), methods=[endpoint.method]) for endpoint in ENDPOINTS
        ]
        everything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return [*known, Route("/{rest:path}", self._not_found, methods=everything)]

    async def _not_found(self, request: Request) -> Response:
        method, path = request.method, request.url.path.removeprefix("/stripe")
        error = invalid(f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs.", status=404)
        return _response(request, Answer(404, error.answer))

    async def _take(self, endpoint: Endpoint, request: Request) -> Response:
        try:
            raw = await request.body()
            authenticate(self._account.key_secret, request.headers.get("authorization"))
            _check_version(request)
        except ClientDisconnect:
            return Response()
        except ApiError as error:
            return _response(request, Answer(error.status, error.answer))
        fault = self._account.faults.take(PROVIDER, endpoint.verb, endpoint.noun, request.url.path)
        try:
            asked = _asked(endpoint, request, raw, fault)
        except ApiError as error:
            return _response(request, Answer(error.status, error.answer))
        if fault is not None and comes_before(fault):
            self._keep_failure(asked)
            return self._spoiled.answer(endpoint.verb, fault, None)
        answer, replayed = await self._answer(asked)
        if fault is not None:
            return self._spoiled.answer(endpoint.verb, fault, answer)
        return _response(request, answer, replayed=replayed)

    def _keep_failure(self, asked: Asked) -> None:
        """A 500 of a request that had begun to execute is its answer for a day, though nothing was done."""
        if asked.key is None or asked.fault is None or asked.fault.kind is not FaultKind.SERVER_ERROR_500:
            return
        with self._account.transaction() as books:
            idempotency.keep(books, asked.key, asked.fingerprint, 500, self._spoiled.voice.refusal(500))

    async def _answer(self, asked: Asked) -> tuple[Answer, bool]:
        """What is answered, and whether it was kept from before."""
        key = asked.key
        try:
            if key is not None:
                idempotency.check_key(key)
                if key in self._running_keys:
                    raise key_in_use()
                self._running_keys.add(key)
            try:
                return await self._act(asked)
            finally:
                self._running_keys.discard(key or "")
        except ApiError as error:
            if key is not None and error.stored:
                with self._account.transaction() as books:
                    idempotency.keep_error(books, key, asked.fingerprint, error)
            return Answer(error.status, error.answer), False

    async def _act(self, asked: Asked) -> tuple[Answer, bool]:
        fault = asked.fault
        await self._spoiled.wait(fault)
        with self._account.transaction() as books:
            if asked.key is not None:
                held = idempotency.find_answer(books, asked.key, asked.fingerprint)
                if held is not None:
                    return Answer(held.http_status, held.answer), True
            body = asked.endpoint.act(
                self._account, books, Call(asked.path, Fields(asked.form), asked.key, asked.fault)
            )
            if asked.key is not None:
                failed = fault is not None and fault.kind is FaultKind.SERVER_ERROR_500
                status, kept = (500, self._spoiled.voice.refusal(500)) if failed else (200, body)
                idempotency.keep(books, asked.key, asked.fingerprint, status, kept)
        if fault is not None and fault.kind is FaultKind.ALREADY_CAPTURED:
            with self._account.transaction() as books:
                raise charges.not_capturable(books.load(Intent, body["id"]))
        return Answer(200, body), False


def authenticate(secret: str, authorization: str | None) -> None:
    """Bearer, or Basic with the key as user and no password. Raises ApiError 401, or 403 for a publishable key."""
    given = _key_in(authorization or "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
        raise wrong_key(given)


def _key_in(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _check_version(request: Request) -> None:
    version = request.headers.get("stripe-version", DEFAULT_VERSION)
    if not _VERSION.fullmatch(version):
        raise invalid(f"Invalid Stripe API version: {version[:40]}")


def _asked(endpoint: Endpoint, request: Request, raw: bytes, fault: Fault | None) -> Asked:
    form = read_form(request.url.query if request.method == "GET" else raw.decode("utf-8", "replace"))
    # A key says nothing on a reading.
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    fingerprint = idempotency.fingerprint_of(request.url.path, form)
    return Asked(endpoint, request.path_params, form, key, fingerprint, fault)


def _response(request: Request, answer: Answer, *, replayed: bool = False) -> Response:
    headers = {
        "request-id": new_id("req_", 14),
        "stripe-version": request.headers.get("stripe-version", DEFAULT_VERSION),
    }
    key = request.headers.get("idempotency-key")
    if key is not None and key.isascii() and key.isprintable():
        headers["idempotency-key"] = key
    if replayed:
        headers["idempotent-replayed"] = "true"
    if answer.status == 409:
        headers["stripe-should-retry"] = "true"
    return Response(_pretty(answer.body), answer.status, headers, media_type="application/json")


def _pretty(body: dict[str, Any]) -> bytes:
    """As Stripe writes it, one field a line."""
    return json.dumps(body, indent=2, ensure_ascii=False).encode("utf-8", "replace")
