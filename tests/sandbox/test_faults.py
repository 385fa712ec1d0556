"""Every fault of the menu, as a client or a bare socket sees it, and what the provider did meanwhile."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tillgate.domain.errors import Invalid
from tillgate.sandbox import Choice, FaultKind, Outcome, SandboxServer, Verb, When
from tillgate.sandbox.razorpay.signatures import order_signature

Make = Callable[..., dict[str, Any]]


def bare_call(sandbox: SandboxServer, api: httpx.Client, path: str, timeout: float = 3) -> tuple[bytes, bool]:
    """GET over a bare socket: every byte that came, and whether the end was a reset rather than a close."""
    request = api.build_request("GET", path)
    signed = next(api.auth.auth_flow(request)) if api.auth else request
    host = urlsplit(sandbox.origin).netloc
    target = f"/razorpay/v1{path}"
    head = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {signed.headers['authorization']}\r\n\r\n"
    address, port = host.split(":")
    received = b""
    with socket.create_connection((address, int(port)), timeout=timeout) as plug:
        plug.sendall(head.encode())
        try:
            while chunk := plug.recv(65536):
                received += chunk
        except ConnectionResetError:
            return received, True
    return received, False


def body_of(received: bytes) -> bytes:
    return received.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.TIMEOUT,
        FaultKind.SERVER_ERROR_500,
        FaultKind.BAD_GATEWAY_502,
        FaultKind.UNAVAILABLE_503,
        FaultKind.RESET_BEFORE_ANSWER,
    ],
)
def test_before_or_after_acting(
    sandbox: SandboxServer, api: httpx.Client, reference: str, kind: FaultKind, when: When
) -> None:
    fault = sandbox.faults.arm(kind, Verb.CREATE, when=when, seconds=30)
    body = {"amount": 50_000, "reference_id": reference}
    try:
        # Only who gets no answer gives up: however busy the machine is, an answer is waited for.
        patience = httpx.Timeout(60, read=0.2 if kind is FaultKind.TIMEOUT else 60)
        seen = str(api.post("/payment_links", json=body, timeout=patience).status_code)
    except httpx.HTTPError as error:
        seen = type(error).__name__
    expected = {
        FaultKind.TIMEOUT: "ReadTimeout",
        FaultKind.RESET_BEFORE_ANSWER: "ReadError",
        FaultKind.SERVER_ERROR_500: "500",
        FaultKind.BAD_GATEWAY_502: "502",
        FaultKind.UNAVAILABLE_503: "503",
    }
    assert seen == expected[kind]
    deadline = time.monotonic() + 60
    query, made = {"reference_id": reference}, 1 if when is When.AFTER else 0
    while (
        len(api.get("/payment_links", params=query).json()["payment_links"]) != made or not sandbox.faults.list_fired()
    ):
        assert time.monotonic() < deadline
    assert [firing.fault for firing in sandbox.faults.list_fired()] == [fault]
    assert sandbox.faults.list_armed() == []


def test_a_slow_call_acts_though_its_caller_has_gone(sandbox: SandboxServer, api: httpx.Client, reference: str) -> None:
    sandbox.faults.arm(FaultKind.SLOW, Verb.CREATE, seconds=1.5)
    with pytest.raises(httpx.ReadTimeout):
        body = {"amount": 50_000, "reference_id": reference}
        api.post("/payment_links", json=body, timeout=httpx.Timeout(60, read=0.1))
    query = {"reference_id": reference}
    assert api.get("/payment_links", params=query).json()["payment_links"] == []
    deadline = time.monotonic() + 60
    while not (found := api.get("/payment_links", params=query).json()["payment_links"]):
        assert time.monotonic() < deadline
    assert len(found) == 1


def test_too_many_requests(sandbox: SandboxServer, api: httpx.Client, reference: str) -> None:
    sandbox.faults.arm(FaultKind.RATE_LIMITED_429, Verb.CREATE, seconds=7)
    sandbox.faults.arm(FaultKind.RATE_LIMITED_429, Verb.CREATE)
    body = {"amount": 50_000, "reference_id": reference}
    first, second, third = (api.post("/payment_links", json=body) for _ in range(3))
    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert (second.status_code, "retry-after" in second.headers) == (429, False)
    assert second.json()["error"]["code"] == "BAD_REQUEST_ERROR"
    assert third.status_code == 200


def test_counts_verbs_and_nouns(sandbox: SandboxServer, api: httpx.Client, make_link: Make) -> None:
    sandbox.faults.arm(FaultKind.SERVER_ERROR_500, Verb.FETCH, noun="payment_link", after=1, count=2)
    link, path = make_link(), "/payment_links/"
    assert api.get("/orders/order_00000000000000").status_code == 400
    statuses = [api.get(path + link["id"]).status_code for _ in range(4)]
    assert statuses == [200, 500, 500, 200]
    disarmed = sandbox.faults.arm(FaultKind.SERVER_ERROR_500)
    assert sandbox.faults.disarm(disarmed.id) is True
    assert sandbox.faults.disarm(disarmed.id) is False
    assert api.get(path + link["id"]).status_code == 200


def test_what_the_menu_does_not_have(sandbox: SandboxServer) -> None:
    for kind, verb in (
        (FaultKind.LATE_SUCCESS, Verb.CREATE),
        (FaultKind.TIMEOUT, Verb.PAY),
        (FaultKind.NAN, Verb.RETURN),
        (FaultKind.REFUND_FAILS, Verb.CAPTURE),
    ):
        with pytest.raises(Invalid, match="sandbox_fault_verb"):
            sandbox.faults.arm(kind, verb)
    with pytest.raises(Invalid, match="sandbox_fault_count"):
        sandbox.faults.arm(FaultKind.TIMEOUT, count=0)


def spoilt(
    sandbox: SandboxServer, api: httpx.Client, link: dict[str, Any], kind: FaultKind, **how: Any
) -> httpx.Response:
    sandbox.faults.arm(kind, Verb.FETCH, **how)
    return api.get(f"/payment_links/{link['id']}")


def test_bodies_that_are_not_json(sandbox: SandboxServer, api: httpx.Client, make_link: Make) -> None:
    link = make_link()
    for kind in (FaultKind.MALFORMED_JSON, FaultKind.HTML_200, FaultKind.EMPTY_BODY):
        answer = spoilt(sandbox, api, link, kind)
        assert answer.status_code == 200
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            json.loads(answer.content)
    bad_utf8 = spoilt(sandbox, api, link, FaultKind.BAD_UTF8).content
    with pytest.raises(UnicodeDecodeError):
        bad_utf8.decode()
    with pytest.raises(RecursionError):
        json.loads(spoilt(sandbox, api, link, FaultKind.DEEP_NESTING).content)


def test_bodies_that_are_json_but_not_sane(sandbox: SandboxServer, api: httpx.Client, make_link: Make) -> None:
    link = make_link()
    assert b'"amount":NaN' in spoilt(sandbox, api, link, FaultKind.NAN).content
    pairs = json.loads(spoilt(sandbox, api, link, FaultKind.DUPLICATE_KEYS).content, object_pairs_hook=list)
    assert [value for name, value in pairs if name == "status"] == ["failed", "created"]
    assert spoilt(sandbox, api, link, FaultKind.HUGE_INTEGER).json()["amount"] == 10**30
    large = spoilt(sandbox, api, link, FaultKind.TOO_LARGE)
    assert len(large.content) > 256 * 1024 and large.json()["id"] == link["id"]
    for text, amount in (
        ("string", "50000"),
        ("null", None),
        ("bool", True),
        ("negative", -50_000),
        ("list", [50_000]),
    ):
        assert spoilt(sandbox, api, link, FaultKind.WRONG_TYPES, text=text).json()["amount"] == amount
    assert b'"amount":50000.0' in spoilt(sandbox, api, link, FaultKind.WRONG_TYPES, text="float").content
    assert api.get(f"/payment_links/{link['id']}").json() == link


def test_answers_about_something_else(sandbox: SandboxServer, api: httpx.Client, make_link: Make) -> None:
    link = make_link()
    sandbox.customer.pay_link(link["id"])
    sound = api.get(f"/payment_links/{link['id']}").json()
    less = spoilt(sandbox, api, link, FaultKind.WRONG_AMOUNT).json()
    assert (less["amount"], less["amount_paid"], less["payments"][0]["amount"]) == (49_900, 49_900, 49_900)
    more = spoilt(sandbox, api, link, FaultKind.WRONG_AMOUNT, amount_minor=1).json()
    assert more["amount_paid"] == 50_001
    assert spoilt(sandbox, api, link, FaultKind.WRONG_CURRENCY).json()["currency"] == "USD"
    other = spoilt(sandbox, api, link, FaultKind.WRONG_REFERENCE).json()
    assert other["reference_id"] != link["reference_id"] and other["order_id"] != sound["order_id"]
    assert {**other, "reference_id": "", "order_id": "", "payments": []} == {
        **sound,
        "reference_id": "",
        "order_id": "",
        "payments": [],
    }
    gone = spoilt(sandbox, api, link, FaultKind.WRONG_MODE)
    assert (gone.status_code, gone.json()["error"]["description"]) == (400, "The id provided does not exist")
    sandbox.faults.arm(FaultKind.WRONG_MODE, Verb.LOOKUP)
    assert api.get("/payment_links").json() == {"payment_links": []}
    sandbox.faults.arm(FaultKind.WRONG_MODE, Verb.CREATE)
    assert make_link()["short_url"].startswith("https://rzp.io/")
    assert spoilt(sandbox, api, link, FaultKind.UNAUTHORISED_401).status_code == 401


def test_a_redirect_leads_elsewhere(sandbox: SandboxServer, api: httpx.Client, make_link: Make) -> None:
    link = make_link()
    answer = spoilt(sandbox, api, link, FaultKind.REDIRECT)
    assert (answer.status_code, answer.headers["location"]) == (302, "https://elsewhere.invalid/")
    answer = spoilt(sandbox, api, link, FaultKind.REDIRECT, text="http://127.0.0.1:1/x")
    assert answer.headers["location"] == "http://127.0.0.1:1/x"


def test_resets_and_half_bodies(sandbox: SandboxServer, api: httpx.Client, make_link: Make) -> None:
    path = f"/payment_links/{make_link()['id']}"
    sandbox.faults.arm(FaultKind.RESET_BEFORE_ANSWER, Verb.FETCH)
    assert bare_call(sandbox, api, path) == (b"", True)
    for kind, reset in ((FaultKind.RESET_MID_BODY, True), (FaultKind.CLOSE_MID_BODY, False)):
        sandbox.faults.arm(kind, Verb.FETCH)
        received, was_reset = bare_call(sandbox, api, path)
        length = int(received.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        assert was_reset is reset
        assert len(body_of(received)) == length // 2
        sandbox.faults.arm(kind, Verb.FETCH)
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            api.get(path)


@pytest.mark.parametrize("kind", [FaultKind.SLOW_HEADERS, FaultKind.SLOW_BODY])
def test_drips(sandbox: SandboxServer, api: httpx.Client, kind: FaultKind) -> None:
    path = "/orders?receipt=nobody"
    sandbox.faults.arm(kind, Verb.LOOKUP, seconds=0.001)
    received, was_reset = bare_call(sandbox, api, path)
    assert not was_reset
    assert json.loads(body_of(received)) == api.get(path).json() == {"entity": "collection", "count": 0, "items": []}
    sandbox.faults.arm(kind, Verb.LOOKUP, seconds=0.01)
    started = time.monotonic()
    with api.stream("GET", path, timeout=5) as answer:
        until_headers = time.monotonic() - started
        answer.read()
    whole = time.monotonic() - started
    # About 90 bytes of headers and 43 of body; no single wait comes near the client's time-out.
    assert whole > 0.4
    assert until_headers > 0.5 or kind is FaultKind.SLOW_BODY


def test_the_server_stops_though_a_call_is_held() -> None:
    sandbox = SandboxServer().start()
    sandbox.faults.arm(FaultKind.TIMEOUT, Verb.LOOKUP, seconds=600)
    keys = sandbox.razorpay.keys
    with httpx.Client(auth=(keys.key_id, keys.key_secret), trust_env=False, timeout=10) as client:
        seen: list[str] = []

        def call() -> None:
            try:
                client.get(f"{sandbox.razorpay.base_url}/v1/orders")
            except httpx.HTTPError as error:
                seen.append(type(error).__name__)

        held = threading.Thread(target=call)
        held.start()
        while not sandbox.faults.list_fired():
            held.join(timeout=0.01)
        started = time.monotonic()
        sandbox.stop()
        held.join()
    assert time.monotonic() - started < 60
    assert seen == ["RemoteProtocolError"]


def test_paid_wrongly(sandbox: SandboxServer, api: httpx.Client, make_link: Make) -> None:
    link = make_link()
    sandbox.faults.arm(FaultKind.WRONG_AMOUNT, Verb.PAY, amount_minor=-1)
    short = sandbox.customer.pay_link(link["id"])
    after = api.get(f"/payment_links/{link['id']}").json()
    assert (after["status"], after["amount_paid"]) == ("paid", 49_999)
    assert api.get(f"/payments/{short.payment_id}").json()["amount"] == 49_999
    other = make_link()
    sandbox.faults.arm(FaultKind.WRONG_CURRENCY, Verb.PAY)
    paid = sandbox.customer.pay_link(other["id"])
    assert api.get(f"/payments/{paid.payment_id}").json()["currency"] == "USD"
    captured = {fact.id: (fact.amount_minor, fact.currency) for fact in sandbox.money_facts().captures}
    assert captured[short.payment_id] == (49_999, "INR")
    assert captured[paid.payment_id] == (50_000, "USD")


def test_late_success_after_failure(sandbox: SandboxServer, api: httpx.Client, make_link: Make) -> None:
    link = make_link()
    sandbox.faults.arm(FaultKind.LATE_SUCCESS, Verb.PAY, seconds=60)
    paid = sandbox.customer.pay_link(link["id"])
    assert paid.status == "failed"
    assert api.get(f"/payments/{paid.payment_id}").json()["error_reason"] == "payment_failed"
    sandbox.advance(61)
    assert api.get(f"/payment_links/{link['id']}").json()["status"] == "paid"
    declined = sandbox.customer.pay_link(make_link()["id"], Choice(Outcome.DECLINE))
    assert sandbox.customer.approve_late(declined.payment_id) == "captured"


def test_captured_twice(sandbox: SandboxServer, api: httpx.Client, make_link: Make) -> None:
    link = make_link()
    sandbox.faults.arm(FaultKind.CAPTURED_TWICE)
    sandbox.customer.pay_link(link["id"])
    after = api.get(f"/payment_links/{link['id']}").json()
    assert (after["status"], after["amount_paid"], len(after["payments"])) == ("paid", 100_000, 2)


def test_already_captured(sandbox: SandboxServer, api: httpx.Client, make_order: Make) -> None:
    sandbox.razorpay.configure(auto_capture=False)
    payment_id = sandbox.customer.pay_order(make_order()["id"]).payment_id
    sandbox.faults.arm(FaultKind.ALREADY_CAPTURED)
    answer = api.post(f"/payments/{payment_id}/capture", json={"amount": 50_000, "currency": "INR"})
    assert (answer.status_code, answer.json()["error"]["description"]) == (
        400,
        "This payment has already been captured",
    )
    assert api.get(f"/payments/{payment_id}").json()["status"] == "captured"


def test_refunds_go_wrong(sandbox: SandboxServer, api: httpx.Client, make_order: Make) -> None:
    payment_id = sandbox.customer.pay_order(make_order()["id"]).payment_id
    path = f"/payments/{payment_id}/refund"
    sandbox.faults.arm(FaultKind.REFUND_REFUSED)
    refused = api.post(path, json={}, headers={"X-Refund-Idempotency": "refund-key-1"})
    assert refused.status_code == 400 and "enough balance" in refused.json()["error"]["description"]
    sandbox.faults.arm(FaultKind.REFUND_FAILS, seconds=60)
    failing = api.post(path, json={}, headers={"X-Refund-Idempotency": "refund-key-1"}).json()
    assert failing["status"] == "pending"
    assert api.get(f"/payments/{payment_id}").json()["status"] == "refunded"
    sandbox.advance(61)
    assert api.get(f"/refunds/{failing['id']}").json()["status"] == "failed"
    back = api.get(f"/payments/{payment_id}").json()
    assert (back["status"], back["amount_refunded"], back["refund_status"]) == ("captured", 0, None)
    sandbox.faults.arm(FaultKind.REFUND_PENDING, seconds=60)
    pending = api.post(path, json={}, headers={"X-Refund-Idempotency": "refund-key-2"}).json()
    assert pending["status"] == "pending"
    sandbox.advance(61)
    assert api.get(f"/refunds/{pending['id']}").json()["status"] == "processed"


class Till(HTTPServer):
    """A return address that remembers who knocked."""

    def __init__(self) -> None:
        self.knocks: list[str] = []
        knocks = self.knocks

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                knocks.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/cb/token"


@pytest.fixture
def till() -> Iterator[Till]:
    server = Till()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_duplicate_returns(sandbox: SandboxServer, make_link: Make, till: Till) -> None:
    link = make_link(callback_url=till.url, callback_method="get")
    sandbox.faults.arm(FaultKind.DUPLICATE_RETURN, times=3)
    url = sandbox.customer.pay_link(link["id"]).return_url
    assert url is not None
    deadline = time.monotonic() + 60
    while len(till.knocks) < 3 and time.monotonic() < deadline:
        select.select([], [], [], 0.01)
    assert till.knocks == [url.removeprefix(till.url.removesuffix("/cb/token"))] * 3


def test_a_bad_signature_on_the_way_back(sandbox: SandboxServer, make_link: Make, make_order: Make) -> None:
    def signature_of(**how: Any) -> str:
        link = make_link(callback_url="http://127.0.0.1:9/", callback_method="get")
        if how:
            sandbox.faults.arm(FaultKind.BAD_SIGNATURE, text=how["text"])
        url = sandbox.customer.pay_link(link["id"]).return_url or ""
        return parse_qs(urlsplit(url).query).get("razorpay_signature", [""])[0]

    assert len(signature_of()) == 64
    assert len(signature_of(text=None)) == 64
    assert signature_of(text="absent") == ""
    order = make_order()
    sandbox.faults.arm(FaultKind.BAD_SIGNATURE)
    response = sandbox.customer.pay_order(order["id"]).response or {}
    right = order_signature(sandbox.razorpay.key_secret, order["id"], response["razorpay_payment_id"])
    assert response["razorpay_signature"] != right
    assert response["razorpay_signature"][:-1] == right[:-1]


def test_every_fault_is_in_a_test() -> None:
    """A new fault without a test of its own is not on the menu yet."""
    text = Path(__file__).read_text("utf-8")
    assert [kind for kind in FaultKind if f"FaultKind.{kind.name}" not in text] == []
