"""IntaSend's phones and hosted page in a browser without JavaScript, its control calls, and what a restart keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tillgate.domain.errors import Invalid
from tillgate.sandbox import FaultKind, IntaSendKeys, IntaSendSettings, PhoneChoice, PhoneOutcome, SandboxServer, Verb

TILL = "http://127.0.0.1:9/cb/token"


def asked(sandbox: SandboxServer, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    headers = {"authorization": f"Bearer {sandbox.intasend.key_secret}"}
    url = f"{sandbox.intasend.base_url}/api/v1/{path}"
    answer = httpx.request(method, url, json=body, headers=headers, timeout=5, trust_env=False)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def push(sandbox: SandboxServer, **changes: Any) -> str:
    body = {"amount": 1180, "phone_number": "254712345678", "api_ref": "POS-1", "narrative": "Hire <b>", **changes}
    return str(asked(sandbox, "POST", "payment/mpesa-stk-push/", body)["invoice"]["invoice_id"])


def test_a_prompt_is_answered_on_the_phones_page(sandbox: SandboxServer, browser: httpx.Client) -> None:
    first, second = push(sandbox), push(sandbox, phone_number="254112345678")
    phones = browser.get(sandbox.intasend.phones_url).text
    assert f'id="prompt-{first}"' in phones and "254112345678: KES 1,180" in phones and "Hire &lt;b&gt;" in phones
    url = f"{sandbox.intasend.phones_url}{first}"
    assert "Type the PIN and pay KES 1,180" in browser.get(url).text
    assert 'data-notice="ignored"' in browser.post(url, data={"outcome": "ignore"}).text
    received = browser.post(url, data={"outcome": "pay"}).text
    assert 'data-notice="received"' in received and "confirmed" in received
    assert 'data-notice="received"' in browser.post(url, data={"outcome": "pay"}).text
    other = f"{sandbox.intasend.phones_url}{second}"
    assert browser.post(other, data={"outcome": "steal"}).status_code == 400
    assert 'data-notice="waiting"' in browser.post(other, data={"outcome": "delay", "seconds": "9"}).text
    sandbox.advance(10)
    assert 'data-notice="received"' in browser.get(other).text
    third = push(sandbox)
    assert third != push(sandbox)
    assert 'data-notice="replaced"' in browser.get(f"{sandbox.intasend.phones_url}{third}").text
    failed = browser.post(f"{sandbox.intasend.phones_url}{push(sandbox)}", data={"outcome": "wrong_pin"}).text
    assert 'data-notice="failed"' in failed
    assert browser.get(f"{sandbox.intasend.phones_url}NOBODY1").status_code == 404


def test_the_hosted_checkout_takes_tries_until_one_pays(sandbox: SandboxServer, browser: httpx.Client) -> None:
    body = {"public_key": sandbox.intasend.key_id, "amount": "500", "currency": "KES", "redirect_url": TILL}
    made = asked(sandbox, "POST", "checkout/", body | {"comment": "A <b>", "api_ref": "POS-2"})
    shown = browser.get(made["url"])
    assert "KES 500" in shown.text and "A &lt;b&gt;" in shown.text and "TEST" in shown.text
    again = browser.post(made["url"], data={"outcome": "no_funds"})
    assert (again.status_code, 'id="failure"' in again.text) == (402, True)
    assert 'data-notice="closed"' in browser.post(made["url"], data={"outcome": "cancel"}).text
    paid = browser.post(made["url"], data={"outcome": "pay", "method": "CARD-PAYMENT"})
    assert (paid.status_code, paid.headers["location"].split("&")[0][:-7]) == (303, f"{TILL}?tracking_id=")
    assert 'data-notice="paid"' in browser.post(made["url"], data={"outcome": "pay"}).text
    states = [
        (one["state"], one["provider"], one["failed_reason"])
        for one in asked(sandbox, "GET", "invoices/")["results"]
        if one["api_ref"] == "POS-2"
    ]
    assert states[0] == ("COMPLETE", "CARD-PAYMENT", None)
    assert states[1][0] == "FAILED"


def test_lists_come_in_pages_or_bare_and_amounts_as_numbers_or_texts(sandbox: SandboxServer) -> None:
    sandbox.intasend.configure(page_size=2)
    pushed = [push(sandbox, phone_number=f"25470000000{number}") for number in range(5)]
    first = asked(sandbox, "GET", "invoices/")
    assert [one["invoice_id"] for one in first["results"]] == pushed[:2:-1]
    assert first["next"].endswith("/intasend/api/v1/invoices/?page=2")
    assert asked(sandbox, "GET", "invoices/?page=2")["previous"].endswith("page=1")
    assert asked(sandbox, "GET", f"invoices/{pushed[0]}/")["value"] == 1180
    sandbox.intasend.configure(bare_lists=True, texts=True)
    bare = asked(sandbox, "GET", "invoices/")
    assert bare[0]["value"] == "1180.00" and len(bare) >= 5


def test_the_control_room_answers_pays_and_settles(sandbox: SandboxServer) -> None:
    invoice = push(sandbox, api_ref="POS-3", phone_number="254722222222")
    headers = {"x-sandbox-token": sandbox.control_token}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=5, trust_env=False) as control:
        late = control.post("intasend/answer", json={"payment_id": invoice, "outcome": "delay", "seconds": 900}).json()
        assert late["status"] == "PROCESSING"
        assert control.post("intasend/refuse", json={"payment_id": invoice}).json() == {"status": "FAILED"}
        assert control.post("intasend/approve", json={"payment_id": invoice}).json() == {"status": "COMPLETE"}
        page = control.get("").text
        assert "KES 1,180" in page and "intasend" in page
        assert control.post("intasend/settings", json={"prompt_seconds": 90}).json()["prompt_seconds"] == 90.0
        for path, wrong in (
            ("intasend/answer", {}),
            ("intasend/answer", {"payment_id": invoice}),
            ("intasend/answer", {"payment_id": "NOBODY1", "outcome": "pay"}),
            ("intasend/pay", {"url": "nobody"}),
            ("intasend/pay", {"url": "x", "outcome": "steal"}),
            ("intasend/settings", {"page_size": "many"}),
        ):
            assert control.post(path, json=wrong).status_code == 400, (path, wrong)
    for kind in (FaultKind.BAD_SIGNATURE, FaultKind.ALREADY_CAPTURED):
        with pytest.raises(Invalid, match="sandbox_fault_verb"):
            sandbox.faults.arm(kind, provider="intasend")
    assert sandbox.faults.arm(FaultKind.REFUND_FAILS, provider="intasend").verb is Verb.REFUND


def test_keys_prompts_and_plans_outlive_a_restart(tmp_path: Path) -> None:
    ledger = tmp_path / "sandbox.sqlite"
    with SandboxServer(ledger=ledger) as first:
        first.intasend.configure(prompt_seconds=70.0)
        keys, waiting, paying = first.intasend.keys, push(first), push(first, phone_number="254733333333")
        first.mpesa_payer.answer(paying, PhoneChoice(PhoneOutcome.DELAY, seconds=50))
        assert first.describe()["intasend"] == {
            "base_url": first.intasend.base_url,
            "publishable_key": keys.key_id,
            "secret_key": keys.key_secret,
            "phones": f"{first.intasend.base_url}/phone/",
        }
        assert keys.key_secret not in repr(keys)
    with SandboxServer(ledger=ledger) as second:
        assert (second.intasend.keys, second.intasend.settings) == (keys, IntaSendSettings(prompt_seconds=70.0))
        assert second.mpesa_payer.list_prompts() == [waiting]
        second.advance(71)
        assert {fact.id: fact.status for fact in second.money_facts().payments} == {
            waiting: "FAILED",
            paying: "COMPLETE",
        }
    with pytest.raises(Invalid, match="sandbox_intasend_key"):
        IntaSendKeys("ISPubKey_live_x", "ISSecretKey_test_x")
