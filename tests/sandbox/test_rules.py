"""What the real API refuses, the sandbox refuses: fields, amounts, times, and lists as documented."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tillgate.domain.errors import Invalid, Refused
from tillgate.sandbox import Choice, DuplicateReceipt, FaultKind, Outcome, SandboxServer, Verb

Make = Callable[..., dict[str, Any]]
DAY = 24 * 3600


def refusal(answer: httpx.Response, status: int = 400) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    error = dict(answer.json()["error"])
    assert error["code"] == "BAD_REQUEST_ERROR"
    return error


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"amount": "50000"}, "The amount must be an integer."),
        ({"amount": 100.5}, "The amount must be an integer."),
        ({"amount": True}, "The amount must be an integer."),
        ({"amount": None}, "The amount field is required."),
        ({"amount": 99}, "The amount must be at least INR 1.00."),
        ({"amount": -50000}, "The amount must be at least INR 1.00."),
        ({"currency": None}, "The currency field is required."),
        ({"currency": "inr"}, "The selected currency is invalid."),
        ({"amount": 99_991, "currency": "KWD"}, "The amount is invalid for the currency."),
        ({"receipt": "x" * 41}, "The receipt may not be greater than 40 characters."),
        ({"receipt": "\ud800"}, "The receipt contains invalid characters."),
        ({"notes": {"a": "\0"}}, "The notes contain invalid characters."),
        ({"amount": 10**13}, "The amount exceeds the maximum allowed."),
        ({"notes": {str(number): "x" for number in range(16)}}, "less than or equal to 15"),
        ({"notes": {"a": "x" * 257}}, "the length must not be greater than 256"),
        ({"idempotency_key": "x", "receipt": "fine"}, "idempotency_key is/are not required and should not be sent"),
        ({"payment": {"capture": "later"}}, "The selected capture is invalid."),
        ({"payment": {"capture": "manual", "until": 1}}, "until is/are not required"),
    ],
)
def test_orders_refuse(api: httpx.Client, changes: dict[str, Any], text: str) -> None:
    body = {"amount": 50_000, "currency": "INR", **changes}
    given = {name: value for name, value in body.items() if value is not None}
    error = refusal(api.post("/orders", content=json.dumps(given)))
    assert text in error["description"]
    assert (error["source"], error["step"]) == ("business", "payment_initiation")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"amount": 99}, "amount: amount should be minimum 100 for INR."),
        ({"amount": "100"}, "The amount must be an integer."),
        ({"reference_id": "x" * 41}, "The reference_id may not be greater than 40 characters."),
        ({"description": "x" * 2049}, "The description may not be greater than 2048 characters."),
        ({"notes": {"a": "x" * 256}}, "value: the length must not be greater than 255."),
        ({"callback_url": "http://127.0.0.1:9/"}, "callback_method: must be get"),
        ({"callback_url": "ftp://127.0.0.1/", "callback_method": "get"}, "callback_url: must be a valid URL."),
        ({"upi_link": True}, "UPI Payment Links is not supported in Test Mode."),
        ({"receipt": "x"}, "receipt is/are not required and should not be sent"),
        ({"customer": {"phone": "1"}}, "phone is/are not required"),
    ],
)
def test_links_refuse(api: httpx.Client, changes: dict[str, Any], text: str) -> None:
    error = refusal(api.post("/payment_links", json={"amount": 50_000, "currency": "INR", **changes}))
    assert text in error["description"]
    assert (error["source"], error["step"], error["reason"]) == ("NA", "NA", "NA") or "extra" in error["reason"]


def test_a_reference_serves_one_link(api: httpx.Client, make_link: Make, reference: str) -> None:
    first = make_link(reference_id=reference)
    text = refusal(api.post("/payment_links", json={"amount": 100, "reference_id": reference}))["description"]
    assert text == (
        f"payment link with given reference_id: {reference} already exists. Please create a payment link with a"
        " different reference_id"
    )
    found = api.get("/payment_links", params={"reference_id": reference}).json()
    assert found == {"payment_links": [first]}
    other = make_link()
    moved = {"reference_id": f"{reference}-moved", "notes": {"a": []}}
    refusal(api.patch(f"/payment_links/{other['id']}", json=moved))
    assert make_link(reference_id=f"{reference}-moved")["status"] == "created"
    assert (
        "already exists"
        in refusal(api.patch(f"/payment_links/{other['id']}", json={"reference_id": reference}))["description"]
    )


def test_a_link_expires_when_its_time_comes(sandbox: SandboxServer, api: httpx.Client, make_link: Make) -> None:
    now = sandbox.clock.now_ms() // 1000
    too_soon = {"amount": 50_000, "expire_by": now + 14 * 60}
    assert "atleast 15 minutes" in refusal(api.post("/payment_links", json=too_soon))["description"]
    too_late = {"amount": 50_000, "expire_by": now + 190 * DAY}
    assert "6 months" in refusal(api.post("/payment_links", json=too_late))["description"]
    link = make_link(expire_by=now + 20 * 60)
    moved = make_link(expire_by=now + 20 * 60)
    api.patch(f"/payment_links/{moved['id']}", json={"expire_by": now + 40 * 60})
    sandbox.advance(21 * 60)
    expired = api.get(f"/payment_links/{link['id']}").json()
    assert (expired["status"], expired["expired_at"]) == ("expired", now + 20 * 60)
    assert api.get(f"/payment_links/{moved['id']}").json()["status"] == "created"
    text = refusal(api.post(f"/payment_links/{link['id']}/cancel", json={}))["description"]
    assert text == "cannot cancel or expire an expired link"


def test_empty_payments_are_null_or_a_list(sandbox: SandboxServer, make_link: Make) -> None:
    assert make_link()["payments"] is None
    sandbox.razorpay.configure(empty_payments_as_null=False)
    assert make_link()["payments"] == []


def test_late_money_reaches_a_cancelled_link(sandbox: SandboxServer, api: httpx.Client, make_link: Make) -> None:
    link = make_link()
    slow = sandbox.customer.pay_link(link["id"], Choice(Outcome.DELAY, seconds=90))
    assert slow.status == "created" and slow.return_url is None
    assert api.post(f"/payment_links/{link['id']}/cancel", json={}).json()["status"] == "cancelled"
    sandbox.advance(91)
    after = api.get(f"/payment_links/{link['id']}").json()
    assert (after["status"], after["amount_paid"]) == ("cancelled", 50_000)
    assert [one["payment_id"] for one in after["payments"]] == [slow.payment_id]


def test_failed_is_not_final(sandbox: SandboxServer, api: httpx.Client, make_order: Make) -> None:
    order = make_order()
    slow = sandbox.customer.pay_order(order["id"], Choice(Outcome.DELAY, seconds=3600))
    sandbox.advance(601)
    payment = api.get(f"/payments/{slow.payment_id}").json()
    assert (payment["status"], payment["error_code"], payment["captured"]) == ("failed", "GATEWAY_ERROR", False)
    assert api.get(f"/orders/{order['id']}").json()["status"] == "attempted"
    sandbox.advance(3600)
    payment = api.get(f"/payments/{slow.payment_id}").json()
    assert (payment["status"], payment["error_code"], payment["captured"]) == ("captured", None, True)
    assert api.get(f"/orders/{order['id']}").json()["status"] == "paid"


def test_a_second_late_success_goes_back(sandbox: SandboxServer, api: httpx.Client, make_order: Make) -> None:
    order = make_order()
    slow = sandbox.customer.pay_order(order["id"], Choice(Outcome.DELAY, seconds=90))
    assert sandbox.customer.pay_order(order["id"]).status == "captured"
    sandbox.advance(91)
    payment = api.get(f"/payments/{slow.payment_id}").json()
    assert (payment["status"], payment["captured"], payment["refund_status"]) == ("refunded", False, "full")
    refund = api.get(f"/payments/{slow.payment_id}/refunds").json()["items"][0]
    assert (refund["amount"], refund["status"]) == (50_000, "processed")
    assert sum(one["status"] == "captured" for one in api.get(f"/orders/{order['id']}/payments").json()["items"]) == 1


def test_authorised_money_goes_back_after_three_days(
    sandbox: SandboxServer, api: httpx.Client, make_order: Make
) -> None:
    sandbox.razorpay.configure(auto_capture=False)
    kept, left = make_order(), make_order()
    paid = {order["id"]: sandbox.customer.pay_order(order["id"]).payment_id for order in (kept, left)}
    with pytest.raises(Refused, match="sandbox_order_authorised"):
        sandbox.customer.pay_order(left["id"])
    body = {"amount": 50_000, "currency": "INR"}
    assert api.post(f"/payments/{paid[kept['id']]}/capture", json=body).json()["status"] == "captured"
    sandbox.advance(3 * DAY + 60)
    assert api.get(f"/payments/{paid[kept['id']]}").json()["status"] == "captured"
    assert api.get(f"/payments/{paid[left['id']]}").json()["status"] == "refunded"


def test_part_payments(sandbox: SandboxServer, api: httpx.Client, make_link: Make) -> None:
    link = make_link(accept_partial=True, first_min_partial_amount=20_000)
    with pytest.raises(Invalid, match="sandbox_part_payment"):
        sandbox.customer.pay_link(link["id"], Choice(amount=19_999))
    sandbox.customer.pay_link(link["id"], Choice(amount=20_000))
    half = api.get(f"/payment_links/{link['id']}").json()
    assert (half["status"], half["amount_paid"]) == ("partially_paid", 20_000)
    text = refusal(api.post(f"/payment_links/{link['id']}/cancel", json={}))["description"]
    assert text == "cannot cancel or expire an already paid/partially paid link"
    sandbox.customer.pay_link(link["id"])
    whole = api.get(f"/payment_links/{link['id']}").json()
    assert (whole["status"], whole["amount_paid"], len(whole["payments"])) == ("paid", 50_000, 2)


def test_empty_notes(sandbox: SandboxServer, api: httpx.Client, make_order: Make, make_link: Make) -> None:
    order = make_order(notes={})
    payment = api.get(f"/payments/{sandbox.customer.pay_order(order['id']).payment_id}").json()
    assert (order["notes"], payment["notes"], make_link()["notes"]) == ([], [], None)


def test_lists_are_paged_newest_first(api: httpx.Client, make_order: Make) -> None:
    made = [make_order()["id"] for _ in range(12)][::-1]
    first = api.get("/orders").json()
    assert (first["entity"], first["count"]) == ("collection", 10)
    ids = [one["id"] for one in first["items"]]
    assert ids == made[:10]
    rest = api.get("/orders", params={"count": 2, "skip": 10}).json()["items"]
    assert [one["id"] for one in rest] == made[10:]
    now = first["items"][0]["created_at"]
    assert api.get("/orders", params={"from": now + 60}).json()["count"] == 0
    for query in ({"count": 101}, {"from": 1}, {"skip": "x"}, {"status": "paid"}):
        refusal(api.get("/orders", params=query))
    expanded = api.get(f"/orders/{made[0]}", params={"expand[]": "payments"}).json()
    assert expanded["payments"] == {"entity": "collection", "count": 0, "items": []}


def test_orders_by_whether_money_was_authorised(
    sandbox: SandboxServer, api: httpx.Client, make_order: Make, reference: str
) -> None:
    sandbox.razorpay.configure(duplicate_receipt=DuplicateReceipt.CREATE)
    untouched, declined, paid = (make_order(receipt=reference)["id"] for _ in range(3))
    sandbox.customer.pay_order(declined, Choice(Outcome.DECLINE))
    sandbox.customer.pay_order(paid)

    def found(authorized: int) -> list[str]:
        query: dict[str, str | int] = {"receipt": reference, "authorized": authorized}
        return [one["id"] for one in api.get("/orders", params=query).json()["items"]]

    assert found(1) == [paid]
    assert found(0) == [declined, untouched]


def test_old_orders_are_only_in_reports(sandbox: SandboxServer, api: httpx.Client, make_order: Make) -> None:
    order = make_order()
    sandbox.advance(181 * DAY)
    assert "180 days" in refusal(api.get(f"/orders/{order['id']}"))["description"]


def test_ids_paths_bodies_and_keys(sandbox: SandboxServer, api: httpx.Client, browser: httpx.Client) -> None:
    assert refusal(api.get("/orders/order_00000000000000"))["description"] == "The id provided does not exist"
    assert refusal(api.get("/orders/order_x"))["description"] == "x is not a valid id"
    assert "invalid input [strippedId]" in refusal(api.get("/payment_links/plink_x"))["description"]
    assert "was not found" in refusal(api.get("/nothing"), 404)["description"]
    assert "was not found" in refusal(api.delete("/orders"), 404)["description"]
    for raw in (b"{", b"[]", b'{"amount": NaN}', b"[" * 5000):
        assert "not valid JSON" in refusal(api.post("/orders", content=raw))["description"]
    keys = f"{sandbox.razorpay.key_id}:{sandbox.razorpay.key_secret}"
    encoded = base64.b64encode(keys.encode()).decode()
    url = f"{sandbox.razorpay.base_url}/v1/payments"
    assert browser.get(url, headers={"authorization": f"Basic {encoded}"}).status_code == 200
    for header in ({}, {"authorization": f"basic {encoded}"}, {"authorization": "Basic ???"}):
        answer = browser.get(url, headers=header)
        refusal(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert browser.get(url, headers={"host": "evil.example"}).status_code == 421


def test_one_reference_pressed_by_eight_tills_is_one_link(api: httpx.Client, reference: str) -> None:
    answers = at_once(lambda: api.post("/payment_links", json={"amount": 50_000, "reference_id": reference}))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert len(api.get("/payment_links", params={"reference_id": reference}).json()["payment_links"]) == 1


def test_eight_tills_never_refund_more_than_was_captured(
    sandbox: SandboxServer, api: httpx.Client, make_order: Make
) -> None:
    payment_id = sandbox.customer.pay_order(make_order()["id"]).payment_id
    answers = at_once(lambda: api.post(f"/payments/{payment_id}/refund", json={"amount": 15_000}))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [400] * 5
    assert api.get(f"/payments/{payment_id}").json()["amount_refunded"] == 45_000


def at_once(call: Callable[[], httpx.Response]) -> list[httpx.Response]:
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(call())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_refund_keys(sandbox: SandboxServer, api: httpx.Client, make_order: Make, reference: str) -> None:
    path = f"/payments/{sandbox.customer.pay_order(make_order()['id']).payment_id}/refund"
    key = {"X-Refund-Idempotency": f"{reference}-0123456789"}
    body = {"amount": 10_000, "receipt": reference, "notes": {"why": "broken"}}
    first = api.post(path, json=body, headers=key).json()
    assert api.post(path, json=body, headers=key).json() == first
    for status in (409, 400):
        sandbox.razorpay.configure(idempotency_conflict_status=status)
        conflict = refusal(api.post(path, json={**body, "amount": 20_000}, headers=key), status)
        assert "Different request with the same idempotency key" in conflict["description"]
    again = api.post(path, json=body, headers={"X-Refund-Idempotency": f"{reference}-other-key"})
    assert "receipt" in refusal(again)["description"]
    for bad in ("short", "has space in it"):
        refusal(api.post(path, json={}, headers={"X-Refund-Idempotency": bad}))
    assert len(api.get(path + "s").json()["items"]) == 1


def test_a_refund_key_still_in_use(sandbox: SandboxServer, api: httpx.Client, make_order: Make) -> None:
    path = f"/payments/{sandbox.customer.pay_order(make_order()['id']).payment_id}/refund"
    key = {"X-Refund-Idempotency": "the-same-key-twice"}
    sandbox.faults.arm(FaultKind.SLOW, Verb.REFUND, seconds=1.5)
    slow: list[httpx.Response] = []
    first = threading.Thread(target=lambda: slow.append(api.post(path, json={"amount": 10_000}, headers=key)))
    first.start()
    while not sandbox.faults.list_fired():
        first.join(timeout=0.01)
    in_progress = api.post(path, json={"amount": 10_000}, headers=key)
    first.join()
    assert "still in progress" in refusal(in_progress, 409)["description"]
    assert slow[0].status_code == 200
    assert api.post(path, json={"amount": 10_000}, headers=key).json() == slow[0].json()


def test_refunds_that_take_their_time(sandbox: SandboxServer, api: httpx.Client, make_order: Make) -> None:
    sandbox.razorpay.configure(refund_seconds=30)
    payment_id = sandbox.customer.pay_order(make_order()["id"]).payment_id
    path = f"/payments/{payment_id}/refund"
    refund = api.post(path, json={}).json()
    assert (refund["status"], refund["amount"]) == ("pending", 50_000)
    assert "fully refunded already" in refusal(api.post(path, json={}))["description"]
    sandbox.advance(31)
    assert api.get(f"/refunds/{refund['id']}").json()["status"] == "processed"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"amount": 50_001}, "The refund amount provided is greater than amount captured."),
        ({"amount": 99}, "The amount must be at least INR 1.00."),
        ({"amount": "100"}, "The amount must be an integer."),
        ({"speed": "fast"}, "The selected speed is invalid."),
        ({"reason": "x"}, "reason is/are not required and should not be sent"),
    ],
)
def test_refunds_refuse(
    sandbox: SandboxServer, api: httpx.Client, make_order: Make, body: dict[str, Any], text: str
) -> None:
    payment_id = sandbox.customer.pay_order(make_order()["id"]).payment_id
    assert text in refusal(api.post(f"/payments/{payment_id}/refund", json=body))["description"]
    assert api.get(f"/payments/{payment_id}/refunds").json()["items"] == []


def test_only_captured_money_is_refunded(sandbox: SandboxServer, api: httpx.Client, make_order: Make) -> None:
    failed = sandbox.customer.pay_order(make_order()["id"], Choice(Outcome.DECLINE)).payment_id
    text = refusal(api.post(f"/payments/{failed}/refund", json={}))["description"]
    assert text == "The payment status should be captured for action to be taken"
