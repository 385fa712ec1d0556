"""Whatever is sent, Wompi answers in its own words: never a crash, never money out of nothing."""

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
    st.integers(0, 10_000_000),
    st.floats(allow_nan=False),
    st.text(max_size=50),
    st.sampled_from(["COP", "CARD", "\ud800", "\0", "http://[", "http://127.0.0.1:9/", "2099-01-01T00:00:00.000Z"]),
)
_values = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
_good = {"name": "n", "description": "d", "single_use": True, "collect_shipping": False, "amount_in_cents": 5_000_000}
_names = st.sampled_from(
    [*_good, "currency", "sku", "expires_at", "redirect_url", "image_url", "customer_data", "taxes", "active", "other"]
)
_bodies = st.dictionaries(_names, _values, max_size=4)
_query_names = st.sampled_from(
    ["reference", "from_date", "until_date", "page", "page_size", "order", "status", "id", "order_by"]
)
_checkout_names = st.sampled_from(
    ["public-key", "currency", "amount-in-cents", "reference", "expiration-time", "signature:integrity", "redirect-url"]
)
_texts = st.text(max_size=30) | st.sampled_from(["2026-11-21", "1", "0", "COP", "²", "9" * 30, "http://["])


def api_of(sandbox: SandboxServer) -> httpx.Client:
    headers = {"authorization": f"Bearer {sandbox.wompi.key_secret}"}
    return httpx.Client(base_url=sandbox.wompi.base_url, headers=headers, timeout=60, trust_env=False)


def test_no_body_breaks_it_and_no_void_exceeds_the_payment(running_sandbox: SandboxServer) -> None:
    sandbox = running_sandbox
    with api_of(sandbox) as client:
        link = client.post("/v1/payment_links", json=_good).json()["data"]["id"]
        paid = sandbox.wompi_payer.pay(link).payment_id
        targets = [
            ("POST", "/v1/payment_links"),
            ("PATCH", f"/v1/payment_links/{link}"),
            ("POST", f"/v1/transactions/{paid}/void"),
        ]

        @given(st.sampled_from(targets), _bodies, st.booleans())
        def send(target: tuple[str, str], body: dict[str, Any], whole: bool) -> None:
            method, path = target
            sent = {**_good, **body} if whole else body
            answer = client.request(method, path, content=json.dumps(sent))
            assert answer.status_code in {200, 201, 422}, answer.text
            if answer.status_code == 422:
                error = answer.json()["error"]
                assert error["type"] in {"INPUT_VALIDATION_ERROR", "UNPROCESSABLE"}
                assert error.get("messages") or error.get("reason")

        send()
        broken = client.post("/v1/payment_links", content=b"[" * 100_000)
        assert broken.status_code == 422
    facts = sandbox.money_facts()
    for capture in facts.captures:
        assert sum(one.amount_minor for one in facts.refunds if one.parent_id == capture.id) <= capture.amount_minor


def test_no_query_and_no_form_breaks_it(running_sandbox: SandboxServer) -> None:
    sandbox = running_sandbox
    with api_of(sandbox) as client:
        link = client.post("/v1/payment_links", json=_good).json()["data"]["id"]

        @given(st.dictionaries(_query_names, _texts, max_size=5), st.dictionaries(_checkout_names, _texts, max_size=6))
        def ask(query: dict[str, str], checkout: dict[str, str]) -> None:
            listed = client.get(f"/v1/transactions?{urlencode(query, errors='surrogatepass')}")
            assert listed.status_code in {200, 422}, listed.text
            page = client.get(f"/p/?{urlencode(checkout, errors='surrogatepass')}")
            assert page.status_code == 422

        @given(st.dictionaries(st.sampled_from(["outcome", "method", "seconds", "pesos"]), _texts, max_size=4))
        def press(form: dict[str, str]) -> None:
            answer = client.post(f"/l/{link}", content=urlencode(form, errors="surrogatepass"))
            assert answer.status_code in {200, 303, 400, 402}, answer.text

        ask()
        press()
    taken = [fact for fact in sandbox.money_facts().captures if fact.parent_id == link]
    assert len(taken) <= 1
