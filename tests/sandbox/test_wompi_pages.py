"""Wompi's API by hand, its pages in a browser without JavaScript, its control calls, and what a restart keeps."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tillgate.domain.errors import Invalid
from tillgate.sandbox import FaultKind, SandboxServer, Verb, WompiChoice, WompiKeys, WompiOutcome, WompiSettings
from tillgate.sandbox.wompi.records import moment

AMOUNT = 9_500_000
TILL = "http://127.0.0.1:9/cb/token"
LINK: dict[str, Any] = {
    "name": "Arriendo <b>",
    "description": "INV-BIKE001-20261121-01 <b>",
    "single_use": True,
    "collect_shipping": False,
    "currency": "COP",
    "amount_in_cents": AMOUNT,
    "sku": "TG-1",
}


def api_of(sandbox: SandboxServer, key: str | None = None) -> httpx.Client:
    headers = {"authorization": f"Bearer {key or sandbox.wompi.key_secret}"}
    return httpx.Client(base_url=sandbox.wompi.base_url + "/v1", headers=headers, timeout=60, trust_env=False)


def make_link(sandbox: SandboxServer, **changes: Any) -> dict[str, Any]:
    with api_of(sandbox) as api:
        answer = api.post("/payment_links", json=LINK | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


def listed(sandbox: SandboxServer, **query: str) -> list[dict[str, Any]]:
    with api_of(sandbox) as api:
        answer = api.get("/transactions", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def of_reference(sandbox: SandboxServer, reference: str) -> list[tuple[str, str]]:
    return [(one["status"], one["payment_method_type"]) for one in listed(sandbox, reference=reference)]


def web_address(sandbox: SandboxServer, named: str, **changes: str) -> str:
    """A Web Checkout's address under a reference, signed as it is before the changes."""
    query = {
        "public-key": sandbox.wompi.key_id,
        "currency": "COP",
        "amount-in-cents": str(AMOUNT),
        "reference": named,
        "expiration-time": "2099-06-09T20:28:50.000Z",
    }
    text = f"{named}{AMOUNT}COP2099-06-09T20:28:50.000Z{sandbox.wompi.keys.integrity}"
    query |= {"signature:integrity": hashlib.sha256(text.encode()).hexdigest(), **changes}
    return f"{sandbox.wompi.base_url}/p/?{urlencode({name: value for name, value in query.items() if value})}"


def test_a_link_takes_tries_until_one_is_approved(sandbox: SandboxServer, browser: httpx.Client) -> None:
    link = make_link(sandbox, redirect_url=TILL)
    assert "url" not in link and link["expires_at"] is None and link["merchant_public_key"] == sandbox.wompi.key_id
    url = f"{sandbox.wompi.base_url}/l/{link['id']}"
    shown = browser.get(url)
    assert shown.status_code == 200
    assert "COP 95.000" in shown.text and "BIKE001-20261121-01 &lt;b&gt;" in shown.text and "TEST" in shown.text
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    for outcome, word in (("decline", "DECLINED"), ("error", "ERROR")):
        again = browser.post(url, data={"outcome": outcome, "method": "PSE"})
        assert (again.status_code, 'id="failure"' in again.text, word in again.text) == (402, True, True)
    assert 'data-notice="closed"' in browser.post(url, data={"outcome": "cancel"}).text
    paid = browser.post(url, data={"outcome": "pay", "method": "CARD"})
    assert paid.status_code == 303
    transaction_id = paid.headers["location"].removeprefix(f"{TILL}?id=").removesuffix("&env=test")
    with api_of(sandbox) as api:
        told = api.get(f"/transactions/{transaction_id}").json()["data"]
        assert api.get(f"/payment_links/{link['id']}").json()["data"]["active"] is True
    assert (told["status"], told["payment_link_id"], told["amount_in_cents"]) == ("APPROVED", link["id"], AMOUNT)
    assert told["reference"].startswith(f"{link['id']}_")
    assert 'data-notice="paid"' in browser.get(url).text
    assert 'data-notice="paid"' in browser.post(url, data={"outcome": "pay"}).text
    events = [one.event for one in sandbox.list_events() if one.id == transaction_id]
    assert events == ["created", "approved"]


def test_a_delayed_try_is_pending_until_the_bank_speaks(sandbox: SandboxServer, browser: httpx.Client) -> None:
    url = f"{sandbox.wompi.base_url}/l/{make_link(sandbox)['id']}"
    on_its_way = browser.post(url, data={"outcome": "delay", "method": "PSE", "seconds": "30"})
    waiting = browser.get(on_its_way.headers["location"]).text
    assert 'data-notice="waiting"' in waiting and 'http-equiv="refresh"' in waiting
    # Another try may be made meanwhile; then both may be approved.
    assert browser.get(url).status_code == 200
    sandbox.advance(31)
    received = browser.get(on_its_way.headers["location"]).text
    assert 'data-notice="received"' in received and "COP 95.000" in received


def test_a_web_checkout_is_opened_as_it_was_signed_and_not_otherwise(
    sandbox: SandboxServer, browser: httpx.Client
) -> None:
    url = web_address(sandbox, "POS-1")
    assert "COP 95.000" in browser.get(url).text
    assert browser.post(url, data={"outcome": "decline"}).status_code == 402
    assert 'data-notice="received"' in browser.post(url, data={"outcome": "pay", "method": "NEQUI"}).text
    # The second try of a checkout bears the same reference.
    assert of_reference(sandbox, "POS-1") == [("APPROVED", "NEQUI"), ("DECLINED", "CARD")]
    assert 'data-notice="paid"' in browser.get(url).text
    for changes, part in (
        ({"amount-in-cents": str(AMOUNT - 1)}, "signature"),
        ({"reference": "POS-2"}, "signature"),
        ({"expiration-time": ""}, "signature"),
        ({"signature:integrity": ""}, "signature"),
        ({"signature:integrity": "0" * 64}, "signature"),
        ({"currency": "USD"}, "currency"),
        ({"amount-in-cents": "95000.00"}, "amount-in-cents"),
        ({"amount-in-cents": "100"}, "amount-in-cents"),
        ({"public-key": "pub_test_nobodys"}, "public-key"),
        ({"reference": ""}, "reference"),
        ({"expiration-time": "mañana"}, "expiration-time"),
        ({"redirect-url": "javascript:alert(1)"}, "redirect-url"),
    ):
        refused = browser.get(web_address(sandbox, "POS-1", **changes))
        assert (refused.status_code, f"({part})" in refused.text) == (422, True), changes
        assert browser.post(web_address(sandbox, "POS-1", **changes), data={"outcome": "pay"}).status_code == 422
    assert browser.get(f"{sandbox.wompi.base_url}/l/test_nobody").status_code == 404


def test_links_end_by_time_and_by_being_made_inactive(sandbox: SandboxServer, browser: httpx.Client) -> None:
    soon = make_link(sandbox, expires_at=moment(sandbox.clock.now_ms() + 60_000))
    closed = make_link(sandbox)
    with api_of(sandbox) as api:
        assert api.patch(f"/payment_links/{closed['id']}", json={"active": False}).json()["data"]["active"] is False
        assert api.patch(f"/payment_links/{closed['id']}", json={"name": "other"}).status_code == 422
    sandbox.advance(61)
    for link, word in ((soon, "expired"), (closed, "inactive")):
        page = browser.post(f"{sandbox.wompi.base_url}/l/{link['id']}", data={"outcome": "pay"})
        assert f'data-notice="{word}"' in page.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": None}, "name"),
        ({"single_use": "true"}, "single_use"),
        ({"amount_in_cents": 95_000.5}, "amount_in_cents"),
        ({"amount_in_cents": 149_999}, "amount_in_cents"),
        ({"amount_in_cents": 9_900_000_001}, "amount_in_cents"),
        ({"amount_in_cents": True}, "amount_in_cents"),
        ({"currency": "USD"}, "currency"),
        ({"sku": "s" * 37}, "sku"),
        ({"expires_at": "2020-01-01T00:00:00.000Z"}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"redirect_url": "ftp://x"}, "redirect_url"),
        ({"reference": "mine"}, "reference"),
        ({"customer_data": {"customer_references": [{"label": "x" * 25}]}}, "customer_data"),
        ({"taxes": {}}, "taxes"),
    ],
)
def test_a_body_that_is_not_right_is_refused_by_its_field(
    sandbox: SandboxServer, changes: dict[str, Any], field: str
) -> None:
    with api_of(sandbox) as api:
        answer = api.post("/payment_links", json=LINK | changes)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], list(error["messages"])) == (422, "INPUT_VALIDATION_ERROR", [field])


def test_which_key_opens_what(sandbox: SandboxServer) -> None:
    link = make_link(sandbox)
    asks = {
        "public": ("GET", f"/payment_links/{link['id']}"),
        "merchant": ("GET", f"/merchants/{sandbox.wompi.key_id}"),
        "private": ("GET", "/transactions?reference=x"),
        "change": ("PATCH", f"/payment_links/{link['id']}"),
    }
    for key, allowed in (
        (sandbox.wompi.key_secret, set(asks)),
        (sandbox.wompi.key_id, {"public", "merchant"}),
        ("prv_prod_another", set()),
    ):
        with api_of(sandbox, key) as api:
            for name, (method, path) in asks.items():
                answer = api.request(method, path, json={"active": True} if method == "PATCH" else None)
                if name in allowed:
                    assert answer.status_code == 200, (key, name)
                else:
                    assert answer.status_code == 401, (key, name)
                    assert answer.json()["error"]["type"] == "INVALID_ACCESS_TOKEN"
    nobody = httpx.get(f"{sandbox.wompi.base_url}/v1/payment_links/{link['id']}", trust_env=False)
    assert nobody.status_code == 200
    gone = httpx.get(f"{sandbox.wompi.base_url}/v1/transactions/1-2-3", trust_env=False)
    assert (gone.status_code, gone.json()["error"]["type"]) == (404, "NOT_FOUND_ERROR")


def test_a_search_wants_days_and_a_page_or_a_reference(sandbox: SandboxServer) -> None:
    sandbox.advance(3 * 86_400)
    link = make_link(sandbox)
    today = moment(sandbox.clock.now_ms())[:10]
    for _ in range(3):
        sandbox.wompi_payer.pay(link["id"], WompiChoice(WompiOutcome.DECLINE))
        sandbox.advance(1)
    whole = {"from_date": today, "until_date": "2099-01-01", "page_size": "2", "order": "DESC"}
    first, second = listed(sandbox, **whole, page="1"), listed(sandbox, **whole, page="2")
    made = [one["created_at"] for one in first + second]
    assert (len(first), len(second), made) == (2, 1, sorted(made, reverse=True))
    assert listed(sandbox, **whole | {"from_date": "2020-01-01", "until_date": "2020-01-02"}, page="1") == []
    with api_of(sandbox) as api:
        for wrong in ({}, {**whole}, {**whole, "page": "0"}, {**whole, "page": "1", "from_date": "21/11/2026"}):
            assert api.get("/transactions", params=wrong).status_code == 422


def test_a_void_is_of_the_day_and_answers_in_either_way(sandbox: SandboxServer) -> None:
    for empty in (False, True):
        sandbox.wompi.configure(empty_void=empty)
        paid = sandbox.wompi_payer.pay(make_link(sandbox)["id"])
        with api_of(sandbox) as api:
            answer = api.post(f"/transactions/{paid.payment_id}/void")
            again = api.post(f"/transactions/{paid.payment_id}/void")
        assert (answer.status_code, again.status_code) == (201, 422)
        if empty:
            assert answer.content == b""
        else:
            told = answer.json()["data"]
            assert (told["status"], told["transaction"]["status"]) == ("APPROVED", "VOIDED")
    nequi = sandbox.wompi_payer.pay(make_link(sandbox)["id"], WompiChoice(method="NEQUI"))
    card = sandbox.wompi_payer.pay(make_link(sandbox)["id"])
    sandbox.advance(25 * 3600)
    with api_of(sandbox) as api:
        for paid in (nequi, card):
            assert api.post(f"/transactions/{paid.payment_id}/void").json()["error"]["type"] == "UNPROCESSABLE"


def test_an_open_amount_is_the_payers_to_choose(sandbox: SandboxServer, browser: httpx.Client) -> None:
    link = make_link(sandbox, amount_in_cents=None)
    url = f"{sandbox.wompi.base_url}/l/{link['id']}"
    assert link["amount_in_cents"] is None and 'name="pesos"' in browser.get(url).text
    assert browser.post(url, data={"outcome": "pay"}).status_code == 400
    assert "COP 12.000" in browser.post(url, data={"outcome": "pay", "pesos": "12000"}).text


def test_the_control_room_plays_the_payer(sandbox: SandboxServer) -> None:
    control = httpx.Client(
        base_url=sandbox.control_url, headers={"x-sandbox-token": sandbox.control_token}, timeout=60, trust_env=False
    )
    with control:
        link = make_link(sandbox)
        late = control.post("wompi/pay", json={"url": link["id"], "outcome": "delay", "seconds": 900}).json()
        assert late["status"] == "PENDING"
        page = control.get("").text
        assert 'action="wompi/approve' in page and "COP 95.000" in page and "wompi" in page
        assert control.post("wompi/refuse", json={"payment_id": late["payment_id"]}).json() == {"status": "DECLINED"}
        waits = control.post("wompi/pay", json={"url": web_address(sandbox, "POS-3"), "outcome": "delay"}).json()
        assert control.post("wompi/approve", json={"payment_id": waits["payment_id"]}).json() == {"status": "APPROVED"}
        assert control.post("wompi/settings", json={"smallest_minor": 5}).json()["smallest_minor"] == 5
        for wrong in (
            {"outcome": "pay"},
            {"url": link["id"], "outcome": "nothing"},
            {"url": "test_nobody"},
            {"url": link["id"], "method": "CASH"},
            {"url": web_address(sandbox, "POS-4", currency="USD")},
        ):
            assert control.post("wompi/pay", json=wrong).status_code == 400, wrong
    for kind in (FaultKind.BAD_SIGNATURE, FaultKind.ALREADY_CAPTURED, FaultKind.REFUND_PENDING):
        with pytest.raises(Invalid, match="sandbox_fault_verb"):
            sandbox.faults.arm(kind, provider="wompi")
    assert sandbox.faults.arm(FaultKind.CAPTURED_TWICE, provider="wompi").verb is Verb.PAY


def test_keys_settings_and_money_outlive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with SandboxServer(ledger=file) as first:
        first.wompi.configure(smallest_minor=7)
        keys, link = first.wompi.keys, make_link(first)
        paid = first.wompi_payer.pay(link["id"], WompiChoice(WompiOutcome.DELAY, seconds=50))
        described = first.describe()["wompi"]
        assert described == {
            "base_url": first.wompi.base_url,
            "public_key": keys.key_id,
            "private_key": keys.key_secret,
            "integrity_secret": keys.integrity,
            "events_secret": keys.events,
        }
        assert keys.key_secret not in repr(keys)
    with SandboxServer(ledger=file) as second:
        assert (second.wompi.keys, second.wompi.settings) == (keys, WompiSettings(smallest_minor=7))
        second.advance(51)
        assert [fact.id for fact in second.money_facts().captures] == [paid.payment_id]
    with pytest.raises(Invalid, match="sandbox_wompi_key"):
        WompiKeys("pub_prod_x", "prv_test_x", "test_integrity_x", "test_events_x")
