"""/api/v1 over HTTP: keys, faults, and the endpoints between them."""

from __future__ import annotations

import hmac
from functools import partial

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillgate.sandbox.api import Spoiled, comes_before
from tillgate.sandbox.faults import Fault
from tillgate.sandbox.intasend.account import PROVIDER, IntaSendAccount
from tillgate.sandbox.intasend.endpoints import ENDPOINTS, Call, Endpoint, check_publishable
from tillgate.sandbox.intasend.errors import ApiError, missing, wrong_key
from tillgate.sandbox.intasend.fields import read_json
from tillgate.sandbox.intasend.voice import IntaSendVoice
from tillgate.sandbox.spoil import Answer

# The documented name, and the one that the SDKs send.
_KEY_HEADERS = ("x-intasend-public-api-key", "intasend_public_api_key")


class Api:
    """The account's API. Calls act one after another; only their answers overlap."""

    def __init__(self, account: IntaSendAccount) -> None:
        self._account = account
        self._spoiled = Spoiled(IntaSendVoice(), account.closing)

    def routes(self) -> list[Route]:
        """The endpoints, and a 404 of IntaSend's own for the rest: a path without its last slash is one of those."""
        known = [Route(one.path, partial(self._take, one), methods=[one.method]) for one in ENDPOINTS]
        everything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return [*known, Route("/{rest:path}", self._not_found, methods=everything)]

    async def _not_found(self, request: Request) -> Response:
        del request
        error = missing()
        return JSONResponse(error.answer, error.status)

    async def _take(self, endpoint: Endpoint, request: Request) -> Response:
        try:
            raw = await request.body()
            call = self._read(endpoint, request, raw)
        except ClientDisconnect:
            return Response()
        except ApiError as error:
            return JSONResponse(error.answer, error.status)
        fault = self._account.faults.take(PROVIDER, endpoint.verb, endpoint.noun, request.url.path)
        if fault is not None and comes_before(fault):
            return self._spoiled.answer(endpoint.verb, fault, None)
        await self._spoiled.wait(fault)
        answer = self._answer(endpoint, call, fault)
        if fault is not None:
            return self._spoiled.answer(endpoint.verb, fault, answer)
        listed = answer.body.get("results") if endpoint.bare or self._account.settings.bare_lists else None
        return JSONResponse(answer.body if listed is None else listed, answer.status)

    def _read(self, endpoint: Endpoint, request: Request, raw: bytes) -> Call:
        self._authenticate(request.headers.get("authorization"), secret=endpoint.secret)
        keys = [request.headers[name] for name in _KEY_HEADERS if name in request.headers]
        # What a GET has for a body is nobody's concern: the SDK sends one.
        body = read_json(raw) if request.method != "GET" else {}
        call = Call(request.path_params, request.query_params, body, keys)
        if not endpoint.secret:
            check_publishable(self._account, call)
        return call

    def _answer(self, endpoint: Endpoint, call: Call, fault: Fault | None) -> Answer:
        try:
            with self._account.transaction() as books:
                told = endpoint.act(self._account, books, Call(call.path, call.query, call.body, call.keys, fault))
        except ApiError as error:
            return Answer(error.status, error.answer)
        return Answer(endpoint.status, told)

    def _authenticate(self, authorization: str | None, *, secret: bool) -> None:
        if authorization is None and not secret:
            return
        scheme, _, given = (authorization or "").partition(" ")
        known = hmac.compare_digest(given.strip().encode("utf-8", "replace"), self._account.key_secret.encode())
        if scheme != "Bearer" or not known:
            raise wrong_key()
