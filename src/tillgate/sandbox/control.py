"""The control room: the ledger and the fault menu, as a page for people and as JSON calls.

Everything below /_sandbox/ asks for the control token, in the header X-Sandbox-Token or as `token` in the query.

GET  /                    the page
GET  /facts               {"links": [...], "orders": [...], "payments": [...], "captures": [...], "refunds": [...]}
GET  /events?after=SEQ    {"events": [...]}
GET  /faults              {"armed": [...], "fired": [...]}
POST /faults              the arguments of FaultMenu.arm; answers the armed fault
POST /faults/clear        takes everything off
POST /faults/{id}/disarm  takes one off
POST /advance             {"seconds": 900}
POST /razorpay/settings   any of RazorpaySettings' fields
POST /razorpay/approve    {"payment_id": "pay_..."}: the bank's late yes
POST /razorpay/pay        {"link": "plink_..."} or {"order_id": "order_..."}, outcome, method, seconds, amount
POST /stripe/settings     any of StripeSettings' fields
POST /stripe/pay          {"session": "cs_test_..."}, outcome, card, seconds
POST /stripe/approve      {"payment_id": "py_..."}: the bank's yes to a debit that waits
POST /stripe/refuse       the same: its no
POST /wompi/settings      any of WompiSettings' fields
POST /wompi/pay           {"url": a link's id, or the address of a link or a Web Checkout}, outcome, method, seconds
POST /wompi/approve       {"payment_id": "1292-..."}: the bank's yes to a transaction that is PENDING
POST /wompi/refuse        the same: its no
POST /intasend/settings   any of IntaSendSettings' fields
POST /intasend/answer     {"payment_id": a prompt's invoice}, outcome, seconds
POST /intasend/pay        {"url": a hosted checkout's id or address}, outcome, method, seconds
POST /intasend/approve    {"payment_id": an invoice}: its money comes, even after it failed
POST /intasend/refuse     the same: it fails

A POST's body is JSON or a form; a form is answered by the page.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any, NoReturn

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from tillgate.domain.errors import Invalid, Refused
from tillgate.sandbox.accounts import Accounts
from tillgate.sandbox.bank import Outcome
from tillgate.sandbox.facts import Fact
from tillgate.sandbox.faults import INTASEND, PROVIDERS, STRIPE, WOMPI, FaultKind, Verb, When, describe_fault
from tillgate.sandbox.forms import read_form
from tillgate.sandbox.intasend.amounts import shown as shown_by_intasend
from tillgate.sandbox.intasend.customer import IntaSendCustomer, PhoneChoice, PhoneOutcome
from tillgate.sandbox.page import page, static_route
from tillgate.sandbox.razorpay.account import DuplicateReceipt
from tillgate.sandbox.razorpay.currencies import shown as shown_by_razorpay
from tillgate.sandbox.razorpay.customer import Choice, RazorpayCustomer
from tillgate.sandbox.stripe.currencies import shown as shown_by_stripe
from tillgate.sandbox.stripe.customer import CardChoice, StripeCustomer, TestCard
from tillgate.sandbox.wompi.amounts import shown as shown_by_wompi
from tillgate.sandbox.wompi.customer import WompiChoice, WompiCustomer, WompiOutcome

_NOUNS = (
    *("order", "payment", "payment_link", "session", "payment_intent", "charge", "refund", "transaction"),
    *("invoice", "checkout", "chargeback"),
)
Orders = dict[str, Any]
Readers = dict[str, Callable[[Any], Any]]
Handler = Callable[[Request], Awaitable[Response]]


class ControlRoom:
    """What the operator of the sandbox may do."""

    def __init__(self, accounts: Accounts, token: str) -> None:
        self._accounts = accounts
        # They share one ledger and one menu.
        self._ledger = accounts.razorpay.ledger
        self._faults = accounts.razorpay.faults
        self._razorpay = accounts.razorpay
        self._stripe = accounts.stripe
        self._customer = RazorpayCustomer(accounts.razorpay)
        self._card_holder = StripeCustomer(accounts.stripe)
        self._wompi = accounts.wompi
        self._wompi_payer = WompiCustomer(accounts.wompi)
        self._intasend = accounts.intasend
        self._mpesa_payer = IntaSendCustomer(accounts.intasend)
        self._token = token

    def routes(self) -> list[BaseRoute]:
        """The routes below /_sandbox/."""
        look = {"/": self._page, "/facts": self._facts, "/events": self._events, "/faults": self._list_faults}
        act: dict[str, Callable[[Request, Orders], Any]] = {
            "/faults": self._arm,
            "/faults/clear": self._clear,
            "/faults/{id:int}/disarm": self._disarm,
            "/advance": self._advance,
            "/razorpay/settings": self._configure,
            "/razorpay/approve": partial(_late, self._customer.approve_late),
            "/razorpay/pay": self._pay,
            "/stripe/settings": self._configure_stripe,
            "/stripe/pay": self._pay_session,
            "/stripe/approve": partial(_late, self._card_holder.approve_late),
            "/stripe/refuse": partial(_late, self._card_holder.refuse_late),
            "/wompi/settings": self._configure_wompi,
            "/wompi/pay": self._pay_wompi,
            "/wompi/approve": partial(_late, self._wompi_payer.approve_late),
            "/wompi/refuse": partial(_late, self._wompi_payer.refuse_late),
            "/intasend/settings": self._configure_intasend,
            "/intasend/answer": self._answer_prompt,
            "/intasend/pay": self._pay_intasend,
            "/intasend/approve": partial(_late, self._mpesa_payer.approve_late),
            "/intasend/refuse": partial(_late, self._mpesa_payer.refuse_late),
        }
        return [
            static_route(),
            Mount(
                "/_sandbox",
                routes=[
                    *(Route(path, self._guarded(one), methods=["GET"]) for path, one in look.items()),
                    *(Route(path, self._guarded(self._acting(one)), methods=["POST"]) for path, one in act.items()),
                ],
            ),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            given = request.headers.get("x-sandbox-token") or request.query_params.get("token", "")
            if not hmac.compare_digest(given.encode(), self._token.encode()):
                return PlainTextResponse("The control token is missing or wrong.", 403)
            return await handler(request)

        return guarded

    def _acting(self, act: Callable[[Request, Orders], Any]) -> Handler:
        async def acting(request: Request) -> Response:
            from_form = not request.headers.get("content-type", "").startswith("application/json")
            try:
                orders = await (read_form(request) if from_form else _read_json(request))
                answer = act(request, orders)
            except Refused as error:
                values = {name: str(value) for name, value in error.values.items()}
                return JSONResponse({"error": error.code, "values": values}, 400)
            if from_form:
                return RedirectResponse(f"/_sandbox/?token={self._token}", 303)
            return JSONResponse(answer)

        return acting

    async def _page(self, request: Request) -> Response:
        del request
        facts = self._accounts.money_facts()
        return page(
            "control.html",
            {
                "token": self._token,
                "clock": _moment(self._ledger.clock.now_ms() // 1000),
                "kinds": FaultKind,
                "verbs": Verb,
                "providers": PROVIDERS,
                "nouns": _NOUNS,
                "whens": When,
                "receipts": DuplicateReceipt,
                "armed": self._faults.list_armed(),
                "settings": self._razorpay.settings,
                "stripe": self._stripe.settings,
                "tables": [
                    ("Links", facts.links),
                    ("Orders", facts.orders),
                    ("Payments", facts.payments),
                    ("Refunds", facts.refunds),
                ],
                "shown": _shown,
                "moment": _moment,
            },
        )

    async def _facts(self, request: Request) -> Response:
        del request
        return JSONResponse(self._accounts.money_facts().as_dict())

    async def _events(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        events = self._ledger.list_events(int(after) if after.isdigit() else 0)
        return JSONResponse({"events": [asdict(event) for event in events]})

    async def _list_faults(self, request: Request) -> Response:
        del request
        fired = [
            {"fault": describe_fault(one.fault), "verb": one.verb, "noun": one.noun, "subject": one.subject}
            for one in self._faults.list_fired()
        ]
        armed = [describe_fault(fault) for fault in self._faults.list_armed()]
        return JSONResponse({"armed": armed, "fired": fired})

    def _arm(self, request: Request, orders: Orders) -> Any:
        del request
        read: Readers = {
            "kind": FaultKind,
            "verb": Verb,
            "when": When,
            "provider": str,
            "noun": str,
            "count": int,
            "after": int,
            "seconds": float,
            "amount_minor": int,
            "times": int,
            "text": str,
        }
        given = {name: value for name, value in orders.items() if value not in ("", None)}
        if "kind" not in given:
            _bad("kind")
        return describe_fault(self._faults.arm(**_converted(given, read)))

    def _clear(self, request: Request, orders: Orders) -> Any:
        del request, orders
        self._faults.clear()
        return {"cleared": True}

    def _disarm(self, request: Request, orders: Orders) -> Any:
        del orders
        return {"disarmed": self._faults.disarm(request.path_params["id"])}

    def _advance(self, request: Request, orders: Orders) -> Any:
        del request
        self._ledger.clock.advance(_converted(orders, {"seconds": float}).get("seconds", 0.0))
        for account in self._accounts:
            account.settle_due()
        return {"now": self._ledger.clock.now_ms() / 1000}

    def _configure(self, request: Request, orders: Orders) -> Any:
        del request
        read: Readers = {
            "auto_capture": _flag,
            "duplicate_receipt": DuplicateReceipt,
            "refund_seconds": float,
            "idempotency_conflict_status": int,
            "empty_payments_as_null": _flag,
        }
        self._razorpay.configure(**_converted(orders, read))
        return asdict(self._razorpay.settings)

    def _pay(self, request: Request, orders: Orders) -> Any:
        del request
        read: Readers = {
            "link": str,
            "order_id": str,
            "outcome": Outcome,
            "method": str,
            "seconds": float,
            "amount": int,
        }
        given = _converted(orders, read)
        link, order_id = given.pop("link", None), given.pop("order_id", None)
        if (link is None) == (order_id is None):
            _bad("link")
        choice = Choice(**given)
        paid = self._customer.pay_link(link, choice) if link else self._customer.pay_order(order_id, choice)
        return asdict(paid)

    def _configure_stripe(self, request: Request, orders: Orders) -> Any:
        del request
        self._stripe.configure(**_converted(orders, {"manual_capture": _flag, "refund_seconds": float}))
        return asdict(self._stripe.settings)

    def _pay_session(self, request: Request, orders: Orders) -> Any:
        del request
        given = _converted(orders, {"session": str, "outcome": Outcome, "card": TestCard, "seconds": float})
        session = given.pop("session", None)
        if session is None:
            _bad("session")
        return asdict(self._card_holder.pay_session(session, CardChoice(**given)))

    def _configure_wompi(self, request: Request, orders: Orders) -> Any:
        del request
        self._wompi.configure(**_converted(orders, {"smallest_minor": int, "largest_minor": int, "empty_void": _flag}))
        return asdict(self._wompi.settings)

    def _pay_wompi(self, request: Request, orders: Orders) -> Any:
        del request
        read: Readers = {"url": str, "outcome": WompiOutcome, "method": str, "seconds": float, "amount": int}
        given = _converted(orders, read)
        url = given.pop("url", None)
        if url is None:
            _bad("url")
        return asdict(self._wompi_payer.pay(url, WompiChoice(**given)))

    def _configure_intasend(self, request: Request, orders: Orders) -> Any:
        del request
        read: Readers = {
            "prompt_seconds": float,
            "refund_seconds": float,
            "page_size": int,
            "bare_lists": _flag,
            "texts": _flag,
        }
        self._intasend.configure(**_converted(orders, read))
        return asdict(self._intasend.settings)

    def _answer_prompt(self, request: Request, orders: Orders) -> Any:
        del request
        given = _converted(orders, {"payment_id": str, "outcome": PhoneOutcome, "seconds": float})
        invoice_id = given.pop("payment_id", None)
        if invoice_id is None:
            _bad("payment_id")
        return asdict(self._mpesa_payer.answer(invoice_id, PhoneChoice(**given)))

    def _pay_intasend(self, request: Request, orders: Orders) -> Any:
        del request
        given = _converted(orders, {"url": str, "outcome": PhoneOutcome, "method": str, "seconds": float})
        url = given.pop("url", None)
        if url is None:
            _bad("url")
        return asdict(self._mpesa_payer.pay(url, PhoneChoice(**given)))


def _late(say: Callable[[str], str], request: Request, orders: Orders) -> Any:
    """A bank's late word about one payment."""
    del request
    return {"status": say(str(orders.get("payment_id")))}


async def _read_json(request: Request) -> Orders:
    try:
        orders = json.loads(await request.body() or b"{}")
    except ValueError:
        _bad("body")
    if not isinstance(orders, dict):
        _bad("body")
    return orders


def _converted(given: Orders, read: Readers) -> Orders:
    converted = {}
    for name, value in given.items():
        if name not in read:
            _bad(name)
        try:
            converted[name] = read[name](value)
        except (ValueError, TypeError):
            _bad(name)
    return converted


def _flag(value: object) -> bool:
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise ValueError(value)


def _bad(field: str) -> NoReturn:
    raise Invalid("sandbox_control", field=field)


def _shown(fact: Fact) -> str:
    """An amount by its provider's own table of minor units."""
    tables = {STRIPE: shown_by_stripe, WOMPI: shown_by_wompi, INTASEND: shown_by_intasend}
    shown = tables.get(fact.provider, shown_by_razorpay)
    return shown(fact.amount_minor, fact.currency)


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
