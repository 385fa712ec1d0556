"""/v1 over HTTP: keys, faults, and the endpoints between them."""

from __future__ import annotations

import hmac
from functools import partial

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillgate.sandbox.api import Spoiled, comes_before
from tillgate.sandbox.faults import Fault, Verb
from tillgate.sandbox.spoil import Answer
from tillgate.sandbox.wompi.account import PROVIDER, WompiAccount, WompiKeys
from tillgate.sandbox.wompi.endpoints import ENDPOINTS, Call, Endpoint
from tillgate.sandbox.wompi.errors import ApiError, missing, wrong_key
from tillgate.sandbox.wompi.fields import read_json
from tillgate.sandbox.wompi.voice import WompiVoice


class Api:
    """The merchant's API. Calls act one after another; only their answers overlap."""

    def __init__(self, account: WompiAccount) -> None:
        self._account = account
        self._spoiled = Spoiled(WompiVoice(), account.closing)

    def routes(self) -> list[Route]:
        """The endpoints, and a 404 of Wompi's own for the rest."""
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
            authenticate(self._account.keys, request.headers.get("authorization"), private=endpoint.private)
        except ClientDisconnect:
            return Response()
        except ApiError as error:
            return JSONResponse(error.answer, error.status)
        fault = self._account.faults.take(PROVIDER, endpoint.verb, endpoint.noun, request.url.path)
        if fault is not None and comes_before(fault):
            return self._spoiled.answer(endpoint.verb, fault, None)
        await self._spoiled.wait(fault)
        answer = self._answer(endpoint, request, raw, fault)
        if fault is not None:
            return self._spoiled.answer(endpoint.verb, fault, answer)
        if endpoint.verb is Verb.REFUND and answer.status == endpoint.status and self._account.settings.empty_void:
            return Response(b"", endpoint.status)
        return JSONResponse(answer.body, answer.status)

    def _answer(self, endpoint: Endpoint, request: Request, raw: bytes, fault: Fault | None) -> Answer:
        try:
            call = Call(request.path_params, request.query_params, read_json(raw), fault)
            with self._account.transaction() as books:
                told = endpoint.act(self._account, books, call)
        except ApiError as error:
            return Answer(error.status, error.answer)
        return Answer(endpoint.status, {"data": told, "meta": {}})


def authenticate(keys: WompiKeys, authorization: str | None, *, private: bool) -> None:
    """Bearer with the private key, or for a public reading either key, or none. Raises ApiError 401."""
    if authorization is None and not private:
        return
    scheme, _, given = (authorization or "").partition(" ")
    allowed = [keys.key_secret] if private else [keys.key_secret, keys.key_id]
    known = [hmac.compare_digest(given.strip().encode("utf-8", "replace"), key.encode()) for key in allowed]
    if scheme != "Bearer" or not any(known):
        raise wrong_key()
