"""IntaSend's official SDK pointed at the sandbox: prompts, states, the hosted checkout, chargebacks, refusals."""

from __future__ import annotations

import json
from typing import Any

import intasend.client
import pytest
from intasend import APIService
from intasend.exceptions import IntaSendBadRequest, IntaSendNotAllowed, IntaSendServerError

from tillgate.sandbox import FaultKind, PhoneChoice, PhoneOutcome, SandboxServer, Verb

PHONE = "254712345678"
FAILURES = {
    PhoneOutcome.WRONG_PIN: "2001",
    PhoneOutcome.NO_FUNDS: "1",
    PhoneOutcome.CANCEL: "1032",
    PhoneOutcome.IGNORE: "1037",
}


@pytest.fixture
def money(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> SandboxServer:
    """The file's sandbox, where the SDK looks for IntaSend."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def address(endpoint: str, test: bool = False) -> str:
        assert test, "the SDK goes to the live service unless it is told not to"
        return f"{sandbox.intasend.base_url}/api/v1/{endpoint}"

    monkeypatch.setattr(intasend.client, "get_service_url", address)
    return sandbox


@pytest.fixture
def sdk(money: SandboxServer) -> Any:
    return APIService(token=money.intasend.key_secret, publishable_key=money.intasend.key_id, test=True)


def push(sdk: Any, reference: str, amount: int = 1180) -> Any:
    return sdk.collect.mpesa_stk_push(PHONE, amount, "Purchase", api_ref=reference)


def test_a_prompt_from_the_push_to_the_chargeback(money: SandboxServer, sdk: Any, reference: str) -> None:
    pushed = push(sdk, reference)
    invoice = pushed["invoice"]
    assert (invoice["state"], invoice["value"], invoice["currency"]) == ("PENDING", 1180, "KES")
    assert (invoice["api_ref"], invoice["account"], invoice["mpesa_reference"]) == (reference, PHONE, None)
    assert pushed["customer"]["phone_number"] == PHONE
    money.mpesa_payer.answer(invoice["invoice_id"], PhoneChoice(PhoneOutcome.DELAY, seconds=30))
    assert sdk.collect.status(invoice["invoice_id"])["invoice"]["state"] == "PROCESSING"
    money.advance(31)
    paid = sdk.collect.status(invoice["invoice_id"])["invoice"]
    assert (paid["state"], paid["value"], len(paid["mpesa_reference"])) == ("COMPLETE", 1180, 10)
    assert (paid["charges"], paid["net_amount"]) == ("35.40", "1144.60")
    asked = sdk.chargebacks.create(invoice["invoice_id"], 1180, "Unavailable service", "It came back")
    assert (asked["status"], asked["invoice"], asked["amount"]) == ("PENDING", invoice["invoice_id"], 1180)
    money.advance(6)
    assert sdk.chargebacks.retrieve(asked["id"])["status"] == "COMPLETED"
    assert asked["id"] in [one["id"] for one in sdk.chargebacks.retrieve()]
    with pytest.raises(IntaSendBadRequest, match="more than the amount billed"):
        sdk.chargebacks.create(invoice["invoice_id"], 1, "Twice")


@pytest.mark.parametrize("outcome", FAILURES)
def test_a_prompt_that_takes_nothing_says_why(
    money: SandboxServer, sdk: Any, reference: str, outcome: PhoneOutcome
) -> None:
    invoice_id = push(sdk, reference)["invoice"]["invoice_id"]
    money.mpesa_payer.answer(invoice_id, PhoneChoice(outcome))
    failed = sdk.collect.status(invoice_id)["invoice"]
    assert (failed["state"], failed["failed_code"]) == ("FAILED", FAILURES[outcome])
    assert failed["failed_reason"]


def test_a_phone_has_one_prompt_and_shows_it_for_a_minute(money: SandboxServer, sdk: Any, reference: str) -> None:
    first, second = (push(sdk, reference)["invoice"]["invoice_id"] for _ in range(2))
    assert money.mpesa_payer.list_prompts(PHONE) == [second]
    money.advance(61)
    for invoice_id in (first, second):
        assert sdk.collect.status(invoice_id)["invoice"]["failed_code"] == "1037"
    # M-Pesa's word may come after the failure that was told.
    assert money.mpesa_payer.approve_late(second) == "COMPLETE"
    assert sdk.collect.status(second)["invoice"]["state"] == "COMPLETE"


def test_a_hosted_checkout_is_paid_and_asked_for_by_its_signature(
    money: SandboxServer, sdk: Any, reference: str
) -> None:
    made = sdk.collect.checkout(
        "wanjiku@example.co.ke", 500, "KES", api_ref=reference, redirect_url="http://127.0.0.1:9/back?a=1"
    )
    assert made["url"] == money.intasend.checkout_url(made["id"])
    assert made["amount"] == "500.00"
    paid = money.mpesa_payer.pay(made["url"], PhoneChoice(method="CARD-PAYMENT"))
    assert paid.return_url is not None
    assert paid.return_url.startswith(f"http://127.0.0.1:9/back?a=1&tracking_id={paid.payment_id}&signature=ey")
    told = sdk.collect.status(paid.payment_id, checkout_id=made["id"], signature=made["signature"])
    assert (told["invoice"]["state"], told["invoice"]["provider"]) == ("COMPLETE", "CARD-PAYMENT")
    with pytest.raises(IntaSendBadRequest, match="signature"):
        sdk.collect.status(paid.payment_id, checkout_id=made["id"], signature="eyJ.x.y")


def test_a_hosted_checkout_by_mpesa_has_an_invoice_for_each_try(money: SandboxServer, sdk: Any, reference: str) -> None:
    made = sdk.collect.checkout(None, 1180, "KES", api_ref=reference, method="M-PESA", phone_number=PHONE)
    failed = money.mpesa_payer.pay(made["id"], PhoneChoice(PhoneOutcome.WRONG_PIN))
    paid = money.mpesa_payer.pay(made["id"])
    proof = {"checkout_id": made["id"], "signature": made["signature"]}
    tries = [sdk.collect.status(each.payment_id, **proof)["invoice"] for each in (failed, paid)]
    assert [(one["state"], one["failed_code"], one["api_ref"]) for one in tries] == [
        ("FAILED", "2001", reference),
        ("COMPLETE", None, reference),
    ]
    assert tries[0]["mpesa_reference"] is None and len(tries[1]["mpesa_reference"]) == 10


def test_an_invoice_is_charged_back_in_parts_up_to_what_was_billed(
    money: SandboxServer, sdk: Any, reference: str
) -> None:
    invoice_id = push(sdk, reference)["invoice"]["invoice_id"]
    with pytest.raises(IntaSendBadRequest):
        sdk.chargebacks.create(invoice_id, 500, "Not paid yet")
    money.mpesa_payer.answer(invoice_id)
    first = sdk.chargebacks.create(invoice_id, 500, "Delayed shipping")
    with pytest.raises(IntaSendBadRequest, match="more than the amount billed"):
        sdk.chargebacks.create(invoice_id, 681, "Too much")
    second = sdk.chargebacks.create(invoice_id, 680, "The rest")
    money.advance(6)
    assert [sdk.chargebacks.details(each["id"])["status"] for each in (first, second)] == ["COMPLETED"] * 2
    mine = [one["amount"] for one in sdk.chargebacks.retrieve() if one["invoice"] == invoice_id]
    assert sorted(mine) == [500, 680]


def test_what_is_refused(money: SandboxServer, sdk: Any, reference: str) -> None:
    for amount in (10.5, 0, 250_001):
        with pytest.raises(IntaSendBadRequest, match="amount"):
            sdk.collect.mpesa_stk_push(PHONE, amount, "Purchase", api_ref=reference)
    for number in ("0712345678", "254812345678", None):
        with pytest.raises(IntaSendBadRequest, match="phone_number"):
            sdk.collect.mpesa_stk_push(number, 10, "Purchase", api_ref=reference)
    with pytest.raises(IntaSendBadRequest, match="currency"):
        sdk.collect.mpesa_stk_push(PHONE, 10, "Purchase", currency="USD", api_ref=reference)
    keys = money.intasend.keys
    for token, publishable in (("ISSecretKey_test_other", keys.key_id), (keys.key_secret, "ISPubKey_test_other")):
        other = APIService(token=token, publishable_key=publishable, test=True)
        with pytest.raises(IntaSendNotAllowed, match="Invalid api token"):
            other.chargebacks.retrieve() if token != keys.key_secret else other.collect.status("AAAAAAA")
    assert [one for one in money.money_facts().payments if one.reference == reference] == []


def test_the_sdk_meets_the_fault_menu(money: SandboxServer, sdk: Any, reference: str) -> None:
    money.faults.arm(FaultKind.SERVER_ERROR_500, Verb.CREATE, provider="intasend", noun="invoice")
    with pytest.raises(IntaSendServerError, match="server_error"):
        push(sdk, reference)
    # Neither a 404 nor a 429 is an error to the SDK, and what is no JSON is one of its own.
    assert sdk.collect.status("ZZZZZZZ")["errors"][0]["code"] == "not_found"
    money.faults.arm(FaultKind.RATE_LIMITED_429, Verb.FETCH, provider="intasend")
    assert sdk.collect.status("ZZZZZZZ")["errors"][0]["code"] == "throttled"
    money.faults.arm(FaultKind.BAD_GATEWAY_502, Verb.LOOKUP, provider="intasend", noun="chargeback")
    with pytest.raises(json.JSONDecodeError):
        sdk.chargebacks.retrieve()
