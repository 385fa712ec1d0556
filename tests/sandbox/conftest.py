"""A running sandbox for a file of tests, the official SDK pointed at it, and a plain HTTP client."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import razorpay

from tillgate.sandbox import IntaSendSettings, RazorpaySettings, SandboxServer, WompiSettings

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def running_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(running_sandbox: SandboxServer) -> Iterator[SandboxServer]:
    """The file's sandbox, with nothing armed and every setting as it comes."""
    running_sandbox.faults.clear()
    running_sandbox.razorpay.settings = RazorpaySettings()
    running_sandbox.wompi.settings = WompiSettings()
    running_sandbox.intasend.settings = IntaSendSettings()
    yield running_sandbox
    running_sandbox.faults.clear()


@pytest.fixture
def sdk(sandbox: SandboxServer) -> Iterator[Any]:
    """Razorpay's own client."""
    keys = sandbox.razorpay.keys
    client = razorpay.Client(auth=(keys.key_id, keys.key_secret), base_url=sandbox.razorpay.base_url)
    yield client
    client.session.close()


@pytest.fixture
def api(sandbox: SandboxServer) -> Iterator[httpx.Client]:
    """A client with the test key, that follows nothing."""
    keys = sandbox.razorpay.keys
    base_url = sandbox.razorpay.base_url + "/v1"
    with httpx.Client(base_url=base_url, auth=(keys.key_id, keys.key_secret), timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    """A browser without JavaScript: follows redirects only where a test asks for it."""
    with httpx.Client(timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture
def reference() -> str:
    """A reference that no other test uses."""
    return f"ref-{next(_numbers)}"


@pytest.fixture
def make_link(api: httpx.Client) -> Callable[..., dict[str, Any]]:
    """Creates a payment link; keyword arguments replace or add fields."""

    def make(**fields: Any) -> dict[str, Any]:
        body = {"amount": 50_000, "currency": "INR", "reference_id": f"made-{next(_numbers)}", **fields}
        answer = api.post("/payment_links", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    return make


@pytest.fixture
def make_order(api: httpx.Client) -> Callable[..., dict[str, Any]]:
    """Creates an order; keyword arguments replace or add fields."""

    def make(**fields: Any) -> dict[str, Any]:
        answer = api.post("/orders", json={"amount": 50_000, "currency": "INR", **fields})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    return make
