"""Razorpay's checkout for an order: checkout.js with its frame, and the hosted form POST.

checkout.js puts /v1/checkout/public into a frame over the shop's page and hears from it by postMessage, so the
shop's page needs, of the sandbox's origin, `script-src` and `frame-src` alone (and `form-action` of its own
callback_url where it uses one). Nothing is fetched from the shop's page.

POST /v1/checkout/embedded is the browser's own form (key_id, order_id, name, callback_url, cancel_url ...): the
same page, which ends in a POST to callback_url, or a GET of cancel_url.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tillgate.domain.errors import Refused
from tillgate.sandbox.forms import read_form
from tillgate.sandbox.page import LOOPBACK_PAGES, notice, page, static_file
from tillgate.sandbox.razorpay import currencies
from tillgate.sandbox.razorpay.account import RazorpayAccount
from tillgate.sandbox.razorpay.customer import press
from tillgate.sandbox.razorpay.hosted import part_payment, read_choice
from tillgate.sandbox.razorpay.records import Order, Payment
from tillgate.sandbox.razorpay.returns import order_response

FRAME, EMBEDDED = "frame", "embedded"


@dataclass(frozen=True)
class CheckoutState:
    """What an open checkout carries along in its address. `parent` is the origin of the embedding page."""

    key_id: str = ""
    order_id: str = ""
    amount: str = ""
    currency: str = ""
    name: str = ""
    description: str = ""
    method: str = ""
    mode: str = FRAME
    parent: str = ""
    retry: str = "1"
    callback_url: str = ""
    cancel_url: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> CheckoutState:
        """From a query or a form; anything else in it is not needed."""
        return cls(**{one.name: given[one.name] for one in fields(cls) if one.name in given})

    def query(self) -> str:
        """As a query string."""
        return urlencode({name: value for name, value in asdict(self).items() if value})


class CheckoutPages:
    """The checkout of an account's orders."""

    def __init__(self, account: RazorpayAccount) -> None:
        self._account = account

    def routes(self) -> list[Route]:
        """Below /v1."""
        return [
            Route("/checkout.js", self._script, methods=["GET"]),
            Route("/checkout/public", self._show, methods=["GET"]),
            Route("/checkout/public", self._press, methods=["POST"]),
            Route("/checkout/embedded", self._embed, methods=["POST"]),
            Route("/checkout/payments/{payment_id}", self._follow, methods=["GET"]),
        ]

    async def _script(self, request: Request) -> Response:
        del request
        return static_file("checkout.js")

    async def _embed(self, request: Request) -> Response:
        form = await read_form(request)
        state = CheckoutState.read({**form, "mode": EMBEDDED})
        return RedirectResponse(self._address("public", state), 303)

    def _address(self, path: str, state: CheckoutState) -> str:
        return f"{self._account.base_url}/v1/checkout/{path}?{state.query()}"

    async def _show(self, request: Request) -> Response:
        state = CheckoutState.read(request.query_params)
        order = self._order(state)
        return order if isinstance(order, Response) else self._form(state, order)

    def _order(self, state: CheckoutState) -> Order | Response:
        """The order to be paid, or the page that says why it can't be."""
        with self._account.transaction() as books:
            order = books.find(Order, state.order_id)
        refusal = self._refusal(state, order)
        if order is None or refusal:
            return _message(state, "refused", "Oops! Something went wrong.", refusal, close=True, status=400)
        return order

    def _refusal(self, state: CheckoutState, order: Order | None) -> str:
        if state.key_id != self._account.key_id:
            return "The api key provided is invalid"
        if order is None:
            return "The id provided does not exist"
        if state.amount not in {"", str(order.amount)} or state.currency not in {"", order.currency}:
            return "The amount or currency differs from the order's."
        if order.status == "paid":
            return "The order has already been paid."
        if state.mode == EMBEDDED and urlsplit(state.callback_url).scheme not in {"http", "https"}:
            return "The callback_url field is required."
        return ""

    def _form(
        self, state: CheckoutState, order: Order, failure: str = "", message: object = None, status: int = 200
    ) -> Response:
        due = order.amount_due
        return page(
            "checkout.html",
            {
                "state": state,
                "action": self._address("public", state),
                "amount": currencies.shown(due, order.currency),
                "part_payment": part_payment(due, order.currency) if order.partial_payment else "",
                "failure": failure,
                "message": json.dumps(message) if message else "",
            },
            status=status,
            framed_by=LOOPBACK_PAGES,
        )

    async def _press(self, request: Request) -> Response:
        state = CheckoutState.read(request.query_params)
        order = self._order(state)
        if isinstance(order, Response):
            return order
        form = await read_form(request)
        if form.get("outcome") == "cancel":
            return _dismissed(state)
        try:
            choice = read_choice(form, order.currency)
            with self._account.transaction() as books:
                payment = press(self._account, books, books.load(Order, order.id), choice)
        except Refused as error:
            return self._form(state, order, f"This can't be paid now ({error.code}).", status=400)
        return self._onward(state, order, payment)

    async def _follow(self, request: Request) -> Response:
        state = CheckoutState.read(request.query_params)
        with self._account.transaction() as books:
            payment = books.find(Payment, request.path_params["payment_id"])
            order = books.find(Order, state.order_id)
        if payment is None or order is None or payment.parent_id != order.id:
            return notice("unknown", "Not found", "There is no such payment.", status=404)
        if payment.status == "created":
            text = "The bank has not answered yet. This page looks again by itself."
            return _message(state, "waiting", "Waiting for the bank", text, refresh=True)
        return self._onward(state, order, payment)

    def _onward(self, state: CheckoutState, order: Order, payment: Payment) -> Response:
        if payment.status == "created":
            return RedirectResponse(self._address(f"payments/{payment.id}", state), 303)
        if payment.status == "failed":
            return self._failed(state, order, payment)
        if payment.status == "refunded":
            text = "The order was paid already; this payment goes back."
            return _message(state, "returned", "Payment returned", text, close=True)
        values, times = order_response(self._account, payment)
        if state.mode == EMBEDDED:
            return _sent_back(state, "paid", "Payment received", values)
        note = {"kind": "success", "response": values, "times": times}
        return _message(state, "paid", "Payment received", "Going back to the shop.", message=note)

    def _failed(self, state: CheckoutState, order: Order, payment: Payment) -> Response:
        reached = {"payment_id": payment.id, "order_id": order.id}
        plain = {f"error[{name}]": value for name, value in payment.error.items()}
        values = {**plain, "error[metadata]": json.dumps(reached)}
        if state.mode == EMBEDDED:
            return _sent_back(state, "failed", "Payment failed", values)
        note = {"kind": "failed", "error": {**payment.error, "metadata": reached}, "fields": values}
        failure = payment.error["description"]
        if state.retry == "0":
            return _message(state, "failed", "Payment failed", failure, message=note, close=True)
        return self._form(state, order, failure, note)


def _dismissed(state: CheckoutState) -> Response:
    if state.mode == EMBEDDED and urlsplit(state.cancel_url).scheme in {"http", "https"}:
        return RedirectResponse(state.cancel_url, 303)
    return _message(state, "closed", "Closed", "Nothing was paid.", message={"kind": "dismiss"})


def _sent_back(state: CheckoutState, name: str, title: str, values: dict[str, str]) -> Response:
    """A form that the page's script submits; without JavaScript the button does."""
    return _message(
        state,
        name,
        title,
        "Going back to the shop.",
        form_action=state.callback_url,
        form_method="post",
        form_fields=list(values.items()),
    )


def _message(
    state: CheckoutState,
    name: str,
    title: str,
    text: str,
    *,
    status: int = 200,
    message: object = None,
    **shown: object,
) -> Response:
    values = {
        "refresh": False,
        "close": False,
        "form_action": "",
        "form_method": "",
        "form_fields": [],
        "state": state,
        "name": name,
        "title": title,
        "text": text,
        "message": json.dumps(message) if message else "",
        **shown,
    }
    return page("message.html", values, status=status, framed_by=LOOPBACK_PAGES)
