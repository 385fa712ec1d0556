"""Razorpay over the wire where the sandbox is too well-behaved: echoes of secrets, lists that lag, keys forgotten."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers import razorpay_samples as sample
from tests.providers.raw_server import http, raw_server
from tillgate.domain.checkout_facts import CheckoutStatus, TryStatus
from tillgate.domain.money import Money
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.ports import Answer, AttemptRef, Outcome, RefundRequest
from tillgate.providers.razorpay import Razorpay, facts

AMOUNT = Money(118000, "INR")
LINK = AttemptRef(sample.REFERENCE, facts.LINK, AMOUNT, sample.LINK_ID)
ORDER = AttemptRef(sample.REFERENCE, facts.ORDER, AMOUNT, sample.ORDER_ID)
REFUND = RefundRequest(sample.KEY, sample.PAYMENT_ID, Money(50000, "INR"))
Routes = dict[str, Any]


class Played:
    """A Razorpay that answers each `METHOD path` with the next of its answers (the last one for good)."""

    def __init__(self, routes: Routes) -> None:
        self.answers = {asked: list(found) if isinstance(found, tuple) else [found] for asked, found in routes.items()}
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, plug: socket.socket, request: bytes) -> None:
        method, target, _ = request.split(b"\r\n", 1)[0].decode().split(" ")
        with self._lock:
            self.asked.append(f"{method} {target}")
            answers = self.answers.get(f"{method} {target}") or self.answers.get(f"{method} {target.split('?')[0]}")
            answer = answers.pop(0) if answers and len(answers) > 1 else answers[0] if answers else None
        if callable(answer):
            answer = answer(request)
        plug.sendall(encoded(answer))


def encoded(answer: Any) -> bytes:
    if isinstance(answer, bytes):
        return answer
    if answer is None:
        return http(json.dumps(sample.error("The requested URL was not found on the server.")), "404 Not Found")
    return http(json.dumps(answer), "400 Bad Request" if "error" in answer else "200 OK")


def refusal(description: str, status: str = "400 Bad Request", **more: Any) -> bytes:
    return http(json.dumps(sample.error(description, **more)), status)


@contextmanager
def played(routes: Routes) -> Iterator[tuple[Razorpay, Played]]:
    script = Played(routes)
    with raw_server(script) as server:
        provider = Razorpay(
            sample.KEY_ID,
            Secret(sample.KEY_SECRET),
            mode=Mode.TEST,
            base_url=server.url,
            now=lambda: datetime(2026, 4, 9, tzinfo=UTC),
        )
        yield provider, script
        provider.close()


def answer_of(routes: Routes, call: Callable[[Razorpay], Answer]) -> Answer:
    with played(routes) as (provider, _):
        return call(provider)


PATHS = {
    "link": f"GET /v1/payment_links/{sample.LINK_ID}",
    "order": f"GET /v1/orders/{sample.ORDER_ID}",
    "tries": f"GET /v1/orders/{sample.ORDER_ID}/payments",
    "payment": f"GET /v1/payments/{sample.PAYMENT_ID}",
    "refund": f"POST /v1/payments/{sample.PAYMENT_ID}/refund",
    "refunds": f"GET /v1/payments/{sample.PAYMENT_ID}/refunds",
    "capture": f"POST /v1/payments/{sample.PAYMENT_ID}/capture",
}
PAID = {
    PATHS["link"]: sample.link(),
    PATHS["order"]: sample.order(),
    PATHS["tries"]: sample.collection(sample.payment()),
    PATHS["payment"]: sample.payment(),
}


# --- fetching ---


@pytest.mark.parametrize(
    "order_id", [sample.ORDER_ID, sample.ORDER_ID.removeprefix("order_"), None], ids=["whole", "no prefix", "none"]
)
def test_a_links_payment_is_bound_to_the_link(order_id: str | None) -> None:
    answer = answer_of({**PAID, PATHS["link"]: sample.link(order_id=order_id)}, lambda one: one.fetch(LINK))
    assert answer.outcome is Outcome.SUCCESS
    assert answer.checkout is not None
    assert [(one.provider_ref, one.status, one.checkout_id) for one in answer.checkout.tries] == [
        (sample.PAYMENT_ID, TryStatus.CAPTURED, sample.LINK_ID)
    ]


def test_a_payment_of_another_order_is_not_the_links() -> None:
    """The link lists it, and the payment says otherwise: told as it is, for the verification to refuse."""
    strange = sample.payment(order_id="order_Another0000001")
    routes = {**PAID, PATHS["tries"]: sample.collection(), PATHS["payment"]: strange}
    answer = answer_of(routes, lambda one: one.fetch(LINK))
    assert answer.checkout is not None
    assert [one.checkout_id for one in answer.checkout.tries] == ["order_Another0000001"]


@pytest.mark.parametrize("attempt", [LINK, ORDER], ids=["link", "order"])
def test_paid_by_nobody_yet_is_not_an_answer(attempt: AttemptRef) -> None:
    routes = {**PAID, PATHS["link"]: sample.link(payments=None), PATHS["tries"]: sample.collection()}
    assert answer_of(routes, lambda one: one.fetch(attempt)).outcome is Outcome.UNKNOWN
    failed = {**routes, PATHS["tries"]: sample.collection(sample.payment(status="failed"))}
    assert answer_of(failed, lambda one: one.fetch(attempt)).outcome is Outcome.UNKNOWN


def test_one_payment_told_in_two_ways_is_not_an_answer() -> None:
    twice = sample.collection(sample.payment(), sample.payment(amount=1180))
    assert answer_of({**PAID, PATHS["tries"]: twice}, lambda one: one.fetch(ORDER)).outcome is Outcome.UNKNOWN
    same = sample.collection(sample.payment(), sample.payment())
    found = answer_of({**PAID, PATHS["tries"]: same}, lambda one: one.fetch(ORDER))
    assert found.checkout is not None
    assert len(found.checkout.tries) == 1


@pytest.mark.parametrize("attempt", [LINK, ORDER], ids=["link", "order"])
def test_another_checkout_than_the_one_asked_for_is_not_an_answer(attempt: AttemptRef) -> None:
    routes = {
        **PAID,
        PATHS["link"]: sample.link(id="plink_Another0000001"),
        PATHS["order"]: sample.order(id="order_Another0000001"),
    }
    assert answer_of(routes, lambda one: one.fetch(attempt)).outcome is Outcome.UNKNOWN


def test_what_a_later_request_came_to_is_not_what_the_call_came_to() -> None:
    """ "No such id" for the payments of a link that exists proves nothing about the link."""
    for body in (refusal("The id provided does not exist"), refusal("No"), refusal("x", "404 Not Found")):
        answer = answer_of({**PAID, PATHS["tries"]: body}, lambda one: one.fetch(LINK))
        assert (answer.outcome, answer.checkouts) == (Outcome.UNKNOWN, ())


@pytest.mark.parametrize("status", ["created", "partially_paid", "expired", "cancelled"])
def test_an_unpaid_link_without_an_order_needs_one_request(status: str) -> None:
    empty: list[Any] = [None, []]
    for payments in empty:
        link = sample.link(status=status, payments=payments, notes=None)
        del link["order_id"]
        with played({PATHS["link"]: link}) as (provider, script):
            answer = provider.fetch(LINK)
            assert script.asked == [PATHS["link"]]
        assert answer.checkout is not None
        assert answer.checkout.status is not CheckoutStatus.PAID
        raw = json.dumps(link).encode()
        assert answer.response_sha256 == hashlib.sha256(raw).hexdigest()


# --- finding ---


def test_a_list_that_was_not_filtered_is_not_an_answer() -> None:
    other = {"payment_links": [sample.link(reference_id="somebody-else")]}
    assert answer_of({"GET /v1/payment_links": other}, lambda one: one.find(LINK)).outcome is Outcome.UNKNOWN
    mixed = {"payment_links": [sample.link(reference_id="somebody-else"), sample.link()]}
    found = answer_of({"GET /v1/payment_links": mixed}, lambda one: one.find(LINK))
    assert [one.reference for one in found.checkouts] == [sample.REFERENCE]


def test_the_envelopes_are_not_mixed_up() -> None:
    links: Routes = {"payment_links": []}
    orders = sample.collection()
    for attempt, path in ((LINK, "GET /v1/payment_links"), (ORDER, "GET /v1/orders")):
        right, wrong = (links, orders) if attempt is LINK else (orders, links)
        for list_of, outcome in ((right, Outcome.NOT_FOUND), (wrong, Outcome.UNKNOWN)):
            with played({path: list_of}) as (provider, _):
                assert provider.find(attempt).outcome is outcome


# --- refusals of writings ---

BODY = {
    facts.LINK: f'{{"amount":118000,"currency":"INR","reference_id":"{sample.REFERENCE}"}}',
    facts.ORDER: f'{{"amount":118000,"currency":"INR","receipt":"{sample.REFERENCE}"}}',
}
DUPLICATES = [
    refusal("payment link creation with reference ID already attempted"),
    refusal(f"payment link with given reference_id: {sample.REFERENCE} already exists."),
    refusal("Order receipt should be unique.", metadata={"order_id": sample.ORDER_ID}),
    refusal("An order with the same receipt value has already been created"),
    refusal("Worded in a way that nobody has seen before"),
]


@pytest.mark.parametrize("method", [facts.LINK, facts.ORDER])
@pytest.mark.parametrize("words", DUPLICATES)
def test_a_refused_create_is_declined_only_if_nothing_bears_the_reference(method: str, words: bytes) -> None:
    path = "/v1/payment_links" if method == facts.LINK else "/v1/orders"
    there = {"payment_links": [sample.link()]} if method == facts.LINK else sample.collection(sample.order())
    nothing = {"payment_links": []} if method == facts.LINK else sample.collection()
    looks: list[tuple[Any, Outcome]] = [
        (there, Outcome.UNKNOWN),
        (nothing, Outcome.DECLINED),
        (http("<html>"), Outcome.UNKNOWN),
    ]
    for found, outcome in looks:
        answer = answer_of({f"POST {path}": words, f"GET {path}": found}, lambda one: one.create(method, BODY[method]))
        assert answer.outcome is outcome
        assert answer.message
        assert answer.checkouts == ()


def test_a_refund_whose_key_was_forgotten_is_found_again() -> None:
    """ "Fully refunded already": by our own first sending, whose answer was lost and whose key has expired."""
    routes = {PATHS["refund"]: refusal("The payment has been fully refunded already.")}
    mine = sample.collection(sample.refund(id="rfnd_Other000000001", receipt=None, notes=[]), sample.refund())
    answer = answer_of({**routes, PATHS["refunds"]: mine}, lambda one: one.refund(REFUND))
    assert answer.outcome is Outcome.SUCCESS
    assert [one.provider_ref for one in answer.refunds] == [sample.REFUND_ID]
    others = sample.collection(sample.refund(receipt=None, notes=[]))
    declined = answer_of({**routes, PATHS["refunds"]: others}, lambda one: one.refund(REFUND))
    assert (declined.outcome, declined.refunds) == (Outcome.DECLINED, ())
    assert declined.message == "The payment has been fully refunded already."


@pytest.mark.parametrize(
    "answer",
    [
        refusal("Another request with the same idempotency key is still in progress.", "409 Conflict"),
        refusal("Different request with the same idempotency key has already been processed.", "409 Conflict"),
        refusal("Different request with the same idempotency key has already been processed."),
        refusal("The receipt has already been taken."),
        refusal("Failed to fetch idempotency record", "500 Internal Server Error"),
        sample.refund(amount=1),
        sample.refund(payment_id="pay_Another000000001"),
        sample.refund(receipt="somebody-elses-key"),
        sample.payment(),
    ],
)
def test_a_refund_that_is_in_doubt_is_unknown(answer: Any) -> None:
    routes = {PATHS["refund"]: answer, PATHS["refunds"]: sample.collection()}
    found = answer_of(routes, lambda one: one.refund(REFUND))
    assert (found.outcome, found.refunds) == (Outcome.UNKNOWN, ())


def test_the_refund_key_travels_in_header_and_body() -> None:
    seen: list[bytes] = []

    def keep(request: bytes) -> bytes:
        seen.append(request)
        return http(json.dumps(sample.refund()))

    with played({PATHS["refund"]: keep}) as (provider, _):
        assert provider.refund(REFUND).outcome is Outcome.SUCCESS
        assert provider.refund(REFUND).outcome is Outcome.SUCCESS
    assert f"X-Refund-Idempotency: {sample.KEY}".encode() in seen[0]
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("answer", "there", "outcome"),
    [
        (sample.payment(), None, Outcome.SUCCESS),
        (sample.payment(status="refunded"), None, Outcome.SUCCESS),
        (sample.payment(status="authorized", captured=False), None, Outcome.UNKNOWN),
        (sample.payment(status="failed"), None, Outcome.UNKNOWN),
        (sample.payment(amount=1), None, Outcome.UNKNOWN),
        (sample.payment(id="pay_Another000000001"), None, Outcome.UNKNOWN),
        (refusal("This payment has already been captured"), sample.payment(), Outcome.SUCCESS),
        # The order was paid by another payment; this one only waits.
        (refusal("the order is already paid"), sample.payment(status="authorized", captured=False), Outcome.DECLINED),
        (refusal("This payment has already been captured"), sample.payment(amount=1), Outcome.DECLINED),
        (refusal("This payment has already been captured"), sample.payment(currency="USD"), Outcome.DECLINED),
        (refusal("This payment has already been captured"), http("<html>"), Outcome.UNKNOWN),
        (refusal("Authentication failed"), sample.payment(), Outcome.MISCONFIGURED),
    ],
)
def test_what_a_capture_came_to(answer: Any, there: Any, outcome: Outcome) -> None:
    routes = {PATHS["capture"]: answer, PATHS["payment"]: there}
    assert answer_of(routes, lambda one: one.capture(sample.PAYMENT_ID, AMOUNT)).outcome is outcome


# --- lists ---


def test_a_list_that_grows_while_it_is_read_is_read_once_each() -> None:
    """A new refund at the head pushes the last one of the first page onto the second."""
    refunds = [sample.refund(id=f"rfnd_{number:014d}", receipt=f"key-{number:08d}") for number in range(101)]
    path = PATHS["refunds"]
    routes = {
        f"{path}?count=100&skip=0": sample.collection(*refunds[:100]),
        f"{path}?count=100&skip=100": sample.collection(*refunds[99:]),
    }
    answer = answer_of(routes, lambda one: one.find_refunds(sample.PAYMENT_ID))
    assert [one.key for one in answer.refunds] == [f"key-{number:08d}" for number in range(101)]


def test_a_list_without_an_end_ends() -> None:
    full = sample.collection(*(sample.refund(id=f"rfnd_{number:014d}") for number in range(100)))
    with played({PATHS["refunds"]: full}) as (provider, script):
        answer = provider.find_refunds(sample.PAYMENT_ID)
        assert len(script.asked) == facts.MOST_PAGES
    assert (answer.outcome, answer.refunds) == (Outcome.UNKNOWN, ())


def test_a_strange_payment_without_link_or_order_is_still_told() -> None:
    lonely = sample.payment(order_id=None)
    routes = {
        "GET /v1/payments": sample.collection(lonely),
        "GET /v1/refunds": sample.collection(),
        "GET /v1/payment_links": {"payment_links": []},
    }
    answer = answer_of(routes, lambda one: one.list_recent(datetime(2026, 4, 8, tzinfo=UTC)))
    assert answer.outcome is Outcome.SUCCESS
    assert [one.provider_ref for one in answer.payments] == [sample.PAYMENT_ID]
    assert answer.checkouts == ()


# --- secrets ---


def echo(request: bytes) -> bytes:
    """An error that repeats everything it was sent, credentials too, with the customer's data."""
    text = request.decode() + " mail asha@example.in call +919876543210 card 4111111111111111"
    return refusal(text)


def test_an_echo_of_our_secrets_goes_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    everything = dict.fromkeys([*PATHS.values(), "POST /v1/payment_links", "GET /v1/payment_links"], echo)
    with played(everything) as (provider, _):
        answers = [
            provider.create(facts.LINK, BODY[facts.LINK]),
            provider.find(LINK),
            provider.fetch(LINK),
            provider.fetch(ORDER),
            provider.capture(sample.PAYMENT_ID, AMOUNT),
            provider.refund(REFUND),
            provider.find_refunds(sample.PAYMENT_ID),
        ]
        shown = "\n".join([*map(repr, answers), caplog.text, *(str(vars(one)) for one in caplog.records)])
    assert all(answer.message for answer in answers)
    token = base64.b64encode(f"{sample.KEY_ID}:{sample.KEY_SECRET}".encode()).decode()
    for hidden in (sample.KEY_SECRET, token, "asha@", "9876543210", "4111111111111111"):
        assert hidden not in shown


# --- any bytes at all ---


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[tuple[Razorpay, Played]]:
    with played({}) as pair:
        yield pair


RAW = {path: http(json.dumps(value)) for path, value in PAID.items()}


@given(data=st.data())
def test_no_mutated_answer_makes_a_false_success(fuzzed: tuple[Razorpay, Played], data: st.DataObject) -> None:
    """Bytes of the bodies changed at random: what is understood is well-formed, typed, and nothing is raised."""
    provider, script = fuzzed
    attempt = data.draw(st.sampled_from([LINK, ORDER]))
    script.answers = {path: [raw] for path, raw in RAW.items()}
    path = data.draw(st.sampled_from(sorted(RAW)))
    body = bytearray(json.dumps(PAID[path]).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b"0", b'"', b"-", b"e1", b".0", b"null", b"true", b"[", b"}"])
        )
    script.answers[path] = [http(bytes(body))]
    answer = provider.fetch(attempt)
    assert answer.outcome in (Outcome.SUCCESS, Outcome.UNKNOWN)
    if answer.outcome is Outcome.UNKNOWN:
        assert (answer.checkouts, answer.payments) == ((), ())
        return
    assert answer.checkout is not None
    assert answer.checkout.provider_id == attempt.provider_id
    for amount in (answer.checkout.amount, *(one.amount for one in answer.checkout.tries)):
        assert type(amount.minor) is int
        assert amount.minor > 0
    if answer.checkout.status is CheckoutStatus.PAID:
        assert any(one.took_money for one in answer.checkout.tries)
