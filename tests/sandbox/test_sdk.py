"""The official SDK against the sandbox: orders, links, capture, refunds and their errors."""

from __future__ import annotations

from typing import Any

import pytest
import razorpay
from razorpay.errors import BadRequestError, ServerError

from tillgate.sandbox import Choice, DuplicateReceipt, FaultKind, Outcome, SandboxServer, Verb

DECLINE = Choice(Outcome.DECLINE)


def test_an_order_from_creation_to_refund(sandbox: SandboxServer, sdk: Any, reference: str) -> None:
    sandbox.razorpay.configure(auto_capture=False)
    order = sdk.order.create({"amount": 129_900, "currency": "INR", "receipt": reference, "notes": {"till": "1"}})
    assert order == {
        "id": order["id"],
        "entity": "order",
        "amount": 129_900,
        "amount_paid": 0,
        "amount_due": 129_900,
        "currency": "INR",
        "receipt": reference,
        "offer_id": None,
        "status": "created",
        "attempts": 0,
        "notes": {"till": "1"},
        "created_at": order["created_at"],
    }
    paid = sandbox.customer.pay_order(order["id"])
    assert paid.status == "authorized"
    assert sdk.order.fetch(order["id"])["status"] == "attempted"
    captured = sdk.payment.capture(paid.payment_id, 129_900, {"currency": "INR"})
    assert (captured["status"], captured["captured"], captured["order_id"]) == ("captured", True, order["id"])
    assert captured["fee"] == 2598 + captured["tax"]
    [found] = sdk.order.all({"receipt": reference})["items"]
    assert (found["status"], found["amount_paid"], found["amount_due"], found["attempts"]) == ("paid", 129_900, 0, 1)
    assert sdk.order.payments(order["id"])["items"] == [sdk.payment.fetch(paid.payment_id)]
    refund = sdk.payment.refund(
        paid.payment_id,
        {"amount": 29_900, "receipt": reference, "notes": {}},
        headers={"X-Refund-Idempotency": f"refund-{reference}-0001"},
    )
    assert refund["entity"] == "refund" and refund["status"] == "processed" and refund["notes"] == []
    after = sdk.payment.fetch(paid.payment_id)
    assert (after["status"], after["amount_refunded"], after["refund_status"]) == ("captured", 29_900, "partial")
    sdk.payment.refund(paid.payment_id, {})
    after = sdk.payment.fetch(paid.payment_id)
    assert (after["status"], after["amount_refunded"], after["refund_status"]) == ("refunded", 129_900, "full")
    assert sdk.order.fetch(order["id"])["status"] == "paid"
    assert [one["amount"] for one in sdk.payment.fetch_multiple_refund(paid.payment_id)["items"]] == [100_000, 29_900]
    assert sdk.refund.fetch(refund["id"]) == sdk.payment.fetch_refund_id(paid.payment_id, refund["id"]) == refund


def test_a_payment_link_from_creation_to_cancel(sdk: Any, reference: str) -> None:
    link = sdk.payment_link.create(
        {
            "amount": 50_000,
            "currency": "INR",
            "reference_id": reference,
            "description": "Sale 1",
            "notify": {"sms": False, "email": False},
        }
    )
    assert "entity" not in link
    assert (link["status"], link["payments"], link["notes"], link["expire_by"]) == ("created", None, None, 0)
    assert sdk.payment_link.all({"reference_id": reference}) == {"payment_links": [link]}
    edited = sdk.payment_link.edit(link["id"], {"notes": {"till": "2"}})
    assert edited["notes"] == {"till": "2"}
    cancelled = sdk.payment_link.cancel(link["id"])
    assert cancelled["status"] == "cancelled" and cancelled["cancelled_at"] > 0
    with pytest.raises(BadRequestError, match="cannot cancel or expire an expired link"):
        sdk.payment_link.cancel(link["id"])
    with pytest.raises(BadRequestError, match="update can only be made in created or partially paid state"):
        sdk.payment_link.edit(link["id"], {"notes": {}})


def test_a_paid_link_names_its_order_and_captured_payments(sandbox: SandboxServer, sdk: Any, reference: str) -> None:
    link = sdk.payment_link.create({"amount": 50_000, "reference_id": reference})
    declined = sandbox.customer.pay_link(link["id"], DECLINE)
    assert declined.status == "failed" and declined.return_url is None
    open_still = sdk.payment_link.fetch(link["id"])
    assert (open_still["status"], open_still["payments"]) == ("created", None)
    paid = sandbox.customer.pay_link(link["short_url"], Choice(method="card"))
    done = sdk.payment_link.fetch(link["id"])
    assert (done["status"], done["amount_paid"]) == ("paid", 50_000)
    [line] = done["payments"]
    assert (line["payment_id"], line["plink_id"], line["amount"]) == (paid.payment_id, link["id"], 50_000)
    assert (line["method"], line["status"]) == ("card", "captured")
    order = sdk.order.fetch(done["order_id"])
    assert (order["receipt"], order["status"], order["attempts"]) == (reference, "paid", 2)
    statuses = [one["status"] for one in sdk.order.payments(order["id"])["items"]]
    assert statuses == ["captured", "failed"]
    assert sdk.payment_link.all({"payment_id": paid.payment_id})["payment_links"] == [done]
    with pytest.raises(BadRequestError, match="cannot cancel or expire an already paid/partially paid link"):
        sdk.payment_link.cancel(link["id"])


def test_wrong_keys(sandbox: SandboxServer, sdk: Any) -> None:
    for auth in (("rzp_test_wrong", sandbox.razorpay.key_secret), (sandbox.razorpay.key_id, "wrong")):
        stranger = razorpay.Client(auth=auth, base_url=sandbox.razorpay.base_url)
        with pytest.raises(BadRequestError, match="Authentication failed"):
            stranger.order.create({"amount": 100, "currency": "INR"})
        with pytest.raises(BadRequestError, match=r"The api (key|secret) provided is invalid"):
            stranger.payment_link.all()
        stranger.session.close()


def test_capture_errors(sandbox: SandboxServer, sdk: Any) -> None:
    order = sdk.order.create({"amount": 50_000, "currency": "INR", "payment": {"capture": "manual"}})
    failed = sandbox.customer.pay_order(order["id"], DECLINE)
    with pytest.raises(BadRequestError, match="authorized and not yet captured"):
        sdk.payment.capture(failed.payment_id, 50_000, {"currency": "INR"})
    paid = sandbox.customer.pay_order(order["id"])
    for amount, currency, text in (
        (49_999, "INR", "Capture amount must be equal to the amount authorized"),
        (50_000, "USD", "currency"),
        ("50000", "INR", "The amount must be an integer"),
    ):
        with pytest.raises(BadRequestError, match=text):
            sdk.payment.capture(paid.payment_id, amount, {"currency": currency})
    with pytest.raises(BadRequestError, match="The currency field is required"):
        sdk.payment.capture(paid.payment_id, 50_000, {})
    sdk.payment.capture(paid.payment_id, 50_000, {"currency": "INR"})
    with pytest.raises(BadRequestError, match="already been captured"):
        sdk.payment.capture(paid.payment_id, 50_000, {"currency": "INR"})
    with pytest.raises(BadRequestError, match="The id provided does not exist"):
        sdk.payment.fetch("pay_00000000000000")
    with pytest.raises(BadRequestError, match="x is not a valid id"):
        sdk.payment.fetch("pay_x")


REPLAY, REFUSE, CREATE = DuplicateReceipt.REPLAY, DuplicateReceipt.REFUSE, DuplicateReceipt.CREATE


@pytest.mark.parametrize(
    ("behaviour", "body", "text"),
    [
        (REFUSE, {}, "Order receipt should be unique."),
        (REFUSE, {"unique_receipt": True}, "unique_receipt is/are not required"),
        (REPLAY, {}, "Order receipt should be unique."),
    ],
)
def test_a_receipt_used_before_is_refused(
    sandbox: SandboxServer, sdk: Any, behaviour: DuplicateReceipt, body: dict[str, Any], text: str
) -> None:
    sandbox.razorpay.configure(duplicate_receipt=behaviour)
    wanted = {"amount": 50_000, "currency": "INR", "receipt": f"{behaviour}-{len(body)}"}
    first = sdk.order.create(wanted)
    with pytest.raises(BadRequestError, match=text):
        sdk.order.create({**wanted, **body})
    assert sdk.order.all({"receipt": wanted["receipt"]})["items"] == [first]


@pytest.mark.parametrize(("behaviour", "body"), [(REPLAY, {"unique_receipt": True}), (CREATE, {})])
def test_a_receipt_used_before_is_taken(
    sandbox: SandboxServer, sdk: Any, reference: str, behaviour: DuplicateReceipt, body: dict[str, Any]
) -> None:
    sandbox.razorpay.configure(duplicate_receipt=behaviour)
    wanted = {"amount": 50_000, "currency": "INR", "receipt": reference, **body}
    first, second = sdk.order.create(wanted), sdk.order.create(wanted)
    assert (second["id"] == first["id"]) is (behaviour is REPLAY)
    assert sdk.order.all({"receipt": reference})["count"] == (1 if behaviour is REPLAY else 2)


def test_a_server_error_and_html_as_the_sdk_sees_them(sandbox: SandboxServer, sdk: Any) -> None:
    sandbox.faults.arm(FaultKind.SERVER_ERROR_500, Verb.LOOKUP)
    with pytest.raises(ServerError, match="facing some trouble"):
        sdk.order.all()
    sandbox.faults.arm(FaultKind.BAD_GATEWAY_502, Verb.LOOKUP)
    with pytest.raises(ValueError, match="Expecting value"):  # the SDK takes every body for JSON
        sdk.order.all()
    assert sdk.order.all()["entity"] == "collection"
