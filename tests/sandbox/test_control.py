"""The control room: JSON calls, the page for people, and the oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from typing import Any

import httpx
import pytest

from tillgate.domain.errors import Invalid
from tillgate.sandbox import Choice, Outcome, RazorpaySettings, SandboxServer

Make = Callable[..., dict[str, Any]]
_ORDERS = (
    *("faults", "faults/clear", "advance"),
    *("razorpay/settings", "razorpay/approve", "razorpay/pay"),
    *("stripe/settings", "stripe/approve", "stripe/refuse", "stripe/pay"),
)


@pytest.fixture
def control(sandbox: SandboxServer) -> Iterator[httpx.Client]:
    headers = {"x-sandbox-token": sandbox.control_token}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=60, trust_env=False) as client:
        yield client


def test_nobody_without_the_token(sandbox: SandboxServer, browser: httpx.Client) -> None:
    for path in ("", "facts", "events", "faults", "?token=wrong"):
        assert browser.get(sandbox.control_url + path).status_code == 403
    for path in _ORDERS:
        assert browser.post(sandbox.control_url + path, json={}).status_code == 403
    assert browser.get(f"{sandbox.control_url}facts?token={sandbox.control_token}").status_code == 200


def test_faults_by_json(control: httpx.Client, api: httpx.Client) -> None:
    armed = control.post("faults", json={"kind": "server_error_500", "verb": "lookup", "count": 2}).json()
    assert (armed["kind"], armed["verb"], armed["when"], armed["count"]) == ("server_error_500", "lookup", "before", 2)
    assert control.get("faults").json()["armed"] == [armed]
    assert api.get("/orders").status_code == 500
    [fired] = control.get("faults").json()["fired"]
    assert (fired["fault"], fired["subject"]) == (armed, "/razorpay/v1/orders")
    assert control.post(f"faults/{armed['id']}/disarm", json={}).json() == {"disarmed": True}
    assert api.get("/orders").status_code == 200
    wrong: list[object] = [
        {"kind": "earthquake"},
        {"kind": []},
        {"kind": "nan", "how": 1},
        {"kind": "nan", "count": 0},
        {},
        [],
    ]
    for body in wrong:
        answer = control.post("faults", json=body)
        assert answer.status_code == 400, body
    assert control.post("faults/clear", json={}).json() == {"cleared": True}


def test_time_settings_and_payments_by_json(
    sandbox: SandboxServer, control: httpx.Client, api: httpx.Client, make_link: Make, make_order: Make
) -> None:
    before = sandbox.clock.now_ms()
    assert control.post("advance", json={"seconds": 900}).json()["now"] * 1000 >= before + 900_000
    assert control.post("advance", json={"seconds": -1}).status_code == 400
    changed = control.post("razorpay/settings", json={"auto_capture": False, "duplicate_receipt": "create"}).json()
    assert (changed["auto_capture"], changed["duplicate_receipt"]) == (False, "create")
    link, order = make_link(), make_order()
    assert control.post("razorpay/pay", json={"link": link["id"], "method": "card"}).json()["status"] == "authorized"
    failed = control.post("razorpay/pay", json={"order_id": order["id"], "outcome": "decline"}).json()
    assert failed["status"] == "failed"
    assert control.post("razorpay/approve", json={"payment_id": failed["payment_id"]}).json() == {
        "status": "authorized"
    }
    for body in ({}, {"link": "plink_x"}, {"order_id": order["id"], "method": "cash"}, {"link": "x", "outcome": "?"}):
        assert control.post("razorpay/pay", json=body).status_code == 400
    every = asdict(RazorpaySettings())
    assert set(every) == {one.name for one in fields(RazorpaySettings)}
    assert control.post("razorpay/settings", json=every).json() == every


def test_the_page_for_people(
    sandbox: SandboxServer, control: httpx.Client, browser: httpx.Client, make_link: Make
) -> None:
    link = make_link(description="<script>alert(1)</script>", reference_id="<i>R1</i>")
    failed = sandbox.customer.pay_link(link["id"], Choice(Outcome.DECLINE))
    shown = control.get("")
    assert shown.status_code == 200
    assert link["id"] in shown.text and failed.payment_id in shown.text
    assert "&lt;i&gt;R1&lt;/i&gt;" in shown.text and "<i>R1" not in shown.text
    address = f"{sandbox.control_url}faults?token={sandbox.control_token}"
    form = {"kind": "timeout", "verb": "create", "when": "after", "count": "1", "after": "0", "seconds": "3.5"}
    answer = browser.post(address, data=form, follow_redirects=True)
    assert "timeout" in answer.text
    [fault] = sandbox.faults.list_armed()
    assert (fault.kind, fault.when, fault.seconds) == ("timeout", "after", 3.5)
    address = f"{sandbox.control_url}razorpay/approve?token={sandbox.control_token}"
    browser.post(address, data={"payment_id": failed.payment_id})
    sandbox.faults.clear()
    assert [fact.status for fact in sandbox.money_facts().payments if fact.id == failed.payment_id] == ["captured"]


def test_the_oracle(sandbox: SandboxServer, control: httpx.Client, api: httpx.Client, make_link: Make) -> None:
    before = sandbox.money_facts()
    last = max((event.seq for event in sandbox.list_events()), default=0)
    link = make_link(amount=70_000)
    sandbox.customer.pay_link(link["id"], Choice(Outcome.DECLINE))
    paid = sandbox.customer.pay_link(link["id"])
    api.post(f"/payments/{paid.payment_id}/refund", json={"amount": 20_000, "receipt": "oracle"})
    facts = sandbox.money_facts()
    assert facts.captured_minor["INR"] - before.captured_minor.get("INR", 0) == 70_000
    assert facts.refunded_minor["INR"] - before.refunded_minor.get("INR", 0) == 20_000
    assert facts.links[-1].reference == link["reference_id"] and facts.links[-1].status == "paid"
    assert facts.captures[-1].id == paid.payment_id
    assert (facts.refunds[-1].reference, facts.refunds[-1].parent_id) == ("oracle", paid.payment_id)
    assert [fact.status for fact in facts.payments[-2:]] == ["failed", "captured"]
    assert control.get("facts").json() == facts.as_dict()
    events = control.get("events", params={"after": last}).json()["events"]
    told = [(event["kind"], event["event"]) for event in events]
    assert told == [
        ("payment_link", "created"),
        ("order", "created"),
        ("payment_link", "opened"),
        ("payment", "created"),
        ("order", "attempted"),
        ("payment", "failed"),
        ("payment", "created"),
        ("order", "attempted"),
        ("payment", "authorized"),
        ("payment", "captured"),
        ("order", "credited"),
        ("payment_link", "credited"),
        ("refund", "created"),
        ("payment", "refunded"),
        ("refund", "processed"),
    ]
    assert [event["amount_minor"] for event in events if event["event"] == "captured"] == [70_000]


def test_time_never_goes_back(sandbox: SandboxServer) -> None:
    with pytest.raises(Invalid, match="sandbox_clock_back"):
        sandbox.advance(-1)
