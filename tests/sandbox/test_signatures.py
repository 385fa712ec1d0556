"""The published vectors, and the official SDK's helpers on what the sandbox signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from razorpay.errors import SignatureVerificationError

from tillgate.sandbox import SandboxServer
from tillgate.sandbox.razorpay.signatures import link_signature, order_signature, signature

_PUBLISHED_SECRET = "EnLs21M47BllR3X8PSFtjtbd"
_OWN_SECRET = "LocalSecret00000000000001"


@pytest.mark.parametrize(
    ("secret", "message", "expected"),
    [
        (
            "key_secret",
            "fake_order_id|fake_payment_id",
            "b2335e3b0801106b84a7faff035df56ecffde06918c9ddd1f0fafbb37a51cc89",
        ),
        (
            _PUBLISHED_SECRET,
            "order_IEIaMR65cu6nz3|pay_IH4NVgf4Dreq1l",
            "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f",
        ),
        (
            _PUBLISHED_SECRET,
            "plink_IH3cNucfVEgV68|TSsd1989|paid|pay_IH3d0ara9bSsjQ",
            "07ae18789e35093e51d0a491eb9922646f3f82773547e5b0f67ee3f2d3bf7d5b",
        ),
        (
            "123456",
            '{"a":1,"b":2,"c":{"d":3}}',
            "2fe04e22977002e6c7cb553adab8b460cb9e2a4970d5953cb27a8472752e3bbc",
        ),
    ],
)
def test_published_vectors(secret: str, message: str, expected: str) -> None:
    assert signature(secret, message.encode()) == expected


def test_order_and_link_messages() -> None:
    assert (
        order_signature(_OWN_SECRET, "order_Local000000001", "pay_Local00000000001")
        == "d73bd74188963d2abcfe4217fd7656961dc78169c75677912fcc2e7b475101dd"
    )
    assert (
        link_signature(_OWN_SECRET, "plink_Local000000001", "", "paid", "pay_Local00000000001")
        == "71ae19a24b419a7418170909a732a5f371db4fb8aed21528652cb538181a74e5"
    )
    assert (
        link_signature(_PUBLISHED_SECRET, "plink_IH3cNucfVEgV68", "TSsd1989", "paid", "pay_IH3d0ara9bSsjQ")
        == "07ae18789e35093e51d0a491eb9922646f3f82773547e5b0f67ee3f2d3bf7d5b"
    )


def test_the_sdk_accepts_a_checkout_and_refuses_a_changed_one(
    sandbox: SandboxServer, sdk: Any, make_order: Callable[..., dict[str, Any]]
) -> None:
    response = sandbox.customer.pay_order(make_order()["id"]).response
    assert response is not None
    assert sdk.utility.verify_payment_signature(response) is True
    for name in response:
        changed = {**response, name: response[name].swapcase()}
        with pytest.raises(SignatureVerificationError):
            sdk.utility.verify_payment_signature(changed)


def test_the_sdk_accepts_a_links_return_and_refuses_a_changed_one(
    sandbox: SandboxServer, sdk: Any, make_link: Callable[..., dict[str, Any]]
) -> None:
    link = make_link(callback_url="http://127.0.0.1:9/cb/token?lang=en", callback_method="get")
    url = sandbox.customer.pay_link(link["id"]).return_url
    assert url is not None and url.startswith("http://127.0.0.1:9/cb/token?lang=en&razorpay_payment_id=pay_")
    values = dict(parse_qsl(urlsplit(url).query))
    assert set(values) == {
        "lang",
        "razorpay_payment_id",
        "razorpay_payment_link_id",
        "razorpay_payment_link_reference_id",
        "razorpay_payment_link_status",
        "razorpay_signature",
    }
    named = {
        "razorpay_payment_id": values["razorpay_payment_id"],
        "payment_link_id": values["razorpay_payment_link_id"],
        "payment_link_reference_id": values["razorpay_payment_link_reference_id"],
        "payment_link_status": values["razorpay_payment_link_status"],
        "razorpay_signature": values["razorpay_signature"],
    }
    assert named["payment_link_reference_id"] == link["reference_id"]
    assert named["payment_link_status"] == "paid"
    assert sdk.utility.verify_payment_link_signature(named) is True
    for name, value in named.items():
        with pytest.raises(SignatureVerificationError):
            sdk.utility.verify_payment_link_signature({**named, name: value + "x"})
