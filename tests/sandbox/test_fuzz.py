"""Whatever is sent, Razorpay answers in its own words: never a crash, never money out of nothing."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import httpx
from hypothesis import given
from hypothesis import strategies as st

from tillgate.sandbox import SandboxServer

_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(0, 60_000),
    st.floats(allow_nan=False),
    st.text(max_size=50),
    st.sampled_from(["INR", "KWD", "manual", "get", "\ud800", "\0", "http://127.0.0.1:9/"]),
)
_values = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
_names = st.sampled_from(
    [
        "amount",
        "currency",
        "receipt",
        "reference_id",
        "notes",
        "payment",
        "payment_capture",
        "partial_payment",
        "first_payment_min_amount",
        "accept_partial",
        "description",
        "customer",
        "notify",
        "expire_by",
        "callback_url",
        "callback_method",
        "speed",
        "from",
    ]
)
_bodies = st.dictionaries(_names, _values, max_size=6)


def calls(sandbox: SandboxServer) -> list[tuple[str, str]]:
    """Every call that takes a body, on things that exist."""
    with httpx.Client(auth=(sandbox.razorpay.key_id, sandbox.razorpay.key_secret), trust_env=False) as client:
        base = sandbox.razorpay.base_url + "/v1"
        link = client.post(base + "/payment_links", json={"amount": 50_000}).json()["id"]
        order = client.post(base + "/orders", json={"amount": 50_000, "currency": "INR"}).json()["id"]
    payment = sandbox.customer.pay_order(order).payment_id
    return [
        ("POST", "/orders"),
        ("PATCH", f"/orders/{order}"),
        ("POST", "/payment_links"),
        ("PATCH", f"/payment_links/{link}"),
        ("POST", f"/payments/{payment}/capture"),
        ("POST", f"/payments/{payment}/refund"),
    ]


def test_no_body_breaks_it_and_no_refund_exceeds_the_capture(running_sandbox: SandboxServer) -> None:
    sandbox = running_sandbox
    targets = calls(sandbox)
    keys = sandbox.razorpay.keys
    with httpx.Client(auth=(keys.key_id, keys.key_secret), trust_env=False, timeout=60) as client:

        @given(st.sampled_from(targets), _bodies)
        def send(target: tuple[str, str], body: dict[str, Any]) -> None:
            method, path = target
            answer = client.request(method, sandbox.razorpay.base_url + "/v1" + path, content=json.dumps(body))
            assert answer.status_code in {200, 400}, answer.text
            if answer.status_code == 400:
                error = answer.json()["error"]
                assert error["code"] == "BAD_REQUEST_ERROR" and error["description"]

        send()
    facts = sandbox.money_facts()
    for capture in facts.captures:
        refunded = [one.amount_minor for one in facts.refunds if one.parent_id == capture.id and one.status != "failed"]
        assert sum(refunded) <= capture.amount_minor


@given(st.dictionaries(st.text(max_size=10) | st.sampled_from(["count", "from", "to", "skip", "receipt"]), st.text()))
def query_breaks_nothing(client: httpx.Client, address: str, query: dict[str, str]) -> None:
    encoded = urlencode(query, errors="surrogatepass")
    answer = client.get(f"{address}?{encoded}")
    assert answer.status_code in {200, 400}, answer.text


def test_no_query_breaks_it(running_sandbox: SandboxServer) -> None:
    keys = running_sandbox.razorpay.keys
    with httpx.Client(auth=(keys.key_id, keys.key_secret), trust_env=False, timeout=60) as client:
        query_breaks_nothing(client, running_sandbox.razorpay.base_url + "/v1/orders")
        query_breaks_nothing(client, running_sandbox.razorpay.base_url + "/v1/payment_links")
