"""/v1 over HTTP: keys, faults, and the endpoints between them."""

from __future__ import annotations

from functools import partial

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillgate.sandbox.api import Spoiled, comes_before
from tillgate.sandbox.faults import Fault, FaultKind
from tillgate.sandbox.razorpay import refunds
from tillgate.sandbox.razorpay.account import PROVIDER, RazorpayAccount
from tillgate.sandbox.razorpay.calls import Call, Query, authenticate
from tillgate.sandbox.razorpay.endpoints import ENDPOINTS, Endpoint, create_refund
from tillgate.sandbox.razorpay.errors import ApiError, bad_request, not_found
from tillgate.sandbox.razorpay.fields import read_json
from tillgate.sandbox.razorpay.voice import RazorpayVoice
from tillgate.sandbox.spoil import Answer


class Api:
    """The account's API. Calls act one after another; only their answers overlap."""

    def __init__(self, account: RazorpayAccount) -> None:
        self._account = account
        self._spoiled = Spoiled(RazorpayVoice(), account.closing)
        self._running_keys: set[str] = set()

    def routes(self) -> list[Route]:
        """The endpoints, with and without a slash at the end, and a 404 of Razorpay's own for the rest."""
        known = [
            Route(path, partial(self._take, endpoint), methods=[endpoint.method])
            for endpoint in ENDPOINTS
            for path in (endpoint.path, endpoint.path + "/")
        ]
        everything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return [*known, Route("/{rest:path}", self._not_found, methods=everything)]

    async def _not_found(self, request: Request) -> Response:
        del request
        error = not_found()
        return JSONResponse(error.answer, error.status)

    async def _take(self, endpoint: Endpoint, request: Request) -> Response:
        try:
            raw = await request.body()
            authenticate(self._account.keys, request.headers.get("authorization"), request.url.path)
        except ClientDisconnect:
            return Response()
        except ApiError as error:
            return JSONResponse(error.answer, error.status, {"www-authenticate": 'Basic realm="Razorpay"'})
        fault = self._account.faults.take(PROVIDER, endpoint.verb, endpoint.noun, request.url.path)
        if fault is not None and comes_before(fault):
            return self._spoiled.answer(endpoint.verb, fault, None)
        answer = await self._answer(endpoint, request, raw, fault)
        if fault is not None:
            return self._spoiled.answer(endpoint.verb, fault, answer)
        return JSONResponse(answer.body, answer.status)

    async def _answer(self, endpoint: Endpoint, request: Request, raw: bytes, fault: Fault | None) -> Answer:
        key = request.headers.get("x-refund-idempotency") if endpoint.act is create_refund else None
        try:
            if key is not None:
                refunds.check_key(key)
                if key in self._running_keys:
                    raise refunds.in_progress()
                self._running_keys.add(key)
            return await self._act(endpoint, request, raw, key, fault)
        except ApiError as error:
            return Answer(error.status, error.answer)

    async def _act(
        self, endpoint: Endpoint, request: Request, raw: bytes, key: str | None, fault: Fault | None
    ) -> Answer:
        try:
            await self._spoiled.wait(fault)
            call = Call(request.path_params, Query(request.query_params), read_json(raw), key, fault)
            with self._account.transaction() as books:
                body = endpoint.act(self._account, books, call)
        finally:
            self._running_keys.discard(key or "")
        if fault is not None and fault.kind is FaultKind.ALREADY_CAPTURED:
            raise bad_request("This payment has already been captured", step="payment_capture")
        return Answer(200, body)
