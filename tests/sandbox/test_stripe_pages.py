"""Stripe's hosted page in a browser without JavaScript, its control calls, and what a restart keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tillgate.domain.errors import Invalid
from tillgate.sandbox import CardChoice, FaultKind, Outcome, SandboxServer, StripeKeys, Verb

Make = Callable[..., dict[str, Any]]
TILL = "http://127.0.0.1:9/cb/token?checkout=done&session_id={CHECKOUT_SESSION_ID}"


def api_of(sandbox: SandboxServer) -> httpx.Client:
    headers = {"authorization": f"Bearer {sandbox.stripe.key_secret}"}
    return httpx.Client(base_url=sandbox.stripe.base_url + "/v1", headers=headers, timeout=60, trust_env=False)


def make_session(sandbox: SandboxServer, **changes: str) -> dict[str, Any]:
    form = {
        "mode": "payment",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "php",
        "line_items[0][price_data][unit_amount]": "500000",
        "line_items[0][price_data][product_data][name]": "Consultation <b>",
        "client_reference_id": "ref-1",
        "success_url": TILL,
        "cancel_url": "http://127.0.0.1:9/cb/token?checkout=left",
        **changes,
    }
    with api_of(sandbox) as api:
        answer = api.post("/checkout/sessions", data={name: value for name, value in form.items() if value})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def status_of(sandbox: SandboxServer, session: dict[str, Any]) -> tuple[str, str]:
    with api_of(sandbox) as api:
        found = api.get(f"/checkout/sessions/{session['id']}").json()
    return found["status"], found["payment_status"]


def test_the_page_takes_the_money_and_goes_back_to_the_till(sandbox: SandboxServer, browser: httpx.Client) -> None:
    session = make_session(sandbox)
    shown = browser.get(session["url"])
    assert shown.status_code == 200
    assert "PHP 5,000.00" in shown.text and "Consultation &lt;b&gt;" in shown.text and "TEST" in shown.text
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    paid = browser.post(session["url"], data={"outcome": "pay", "card": "4242"})
    assert (paid.status_code, paid.headers["location"]) == (303, TILL.replace("{CHECKOUT_SESSION_ID}", session["id"]))
    assert status_of(sandbox, session) == ("complete", "paid")
    assert 'data-notice="complete"' in browser.get(session["url"]).text
    again = browser.post(session["url"], data={"outcome": "pay"})
    assert 'data-notice="complete"' in again.text
    known = sandbox.money_facts()
    [intent] = [one for one in known.orders if one.parent_id == session["id"]]
    assert len([one for one in known.captures if one.parent_id == intent.id]) == 1


def test_a_declined_card_comes_back_to_the_open_page_with_the_banks_words(
    sandbox: SandboxServer, browser: httpx.Client
) -> None:
    session = make_session(sandbox)
    for form, words in (
        ({"outcome": "pay", "card": "9995"}, "Your card has insufficient funds."),
        ({"outcome": "decline", "card": "4242"}, "Your card was declined."),
    ):
        declined = browser.post(session["url"], data=form)
        assert declined.status_code == 303
        assert words in browser.get(declined.headers["location"]).text
    assert status_of(sandbox, session) == ("open", "unpaid")
    for form in ({"outcome": "rob"}, {"card": "1111"}, {"seconds": "x"}, {"outcome": "delay", "seconds": "-1"}):
        assert browser.post(session["url"], data=form).status_code == 400
    assert browser.get(sandbox.stripe.page_url("cs_test_none")).status_code == 404
    assert browser.post(sandbox.stripe.page_url("cs_test_none")).status_code == 404


def test_the_back_link_ends_nothing(sandbox: SandboxServer, browser: httpx.Client) -> None:
    session = make_session(sandbox)
    left = browser.post(session["url"], data={"outcome": "cancel"})
    assert (left.status_code, left.headers["location"]) == (303, "http://127.0.0.1:9/cb/token?checkout=left")
    assert status_of(sandbox, session) == ("open", "unpaid")
    without = make_session(sandbox, cancel_url="")
    assert 'id="again"' in browser.post(without["url"], data={"outcome": "cancel"}).text


def test_no_browser_is_sent_into_the_world(sandbox: SandboxServer, browser: httpx.Client) -> None:
    outside = {"success_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/"}
    session = make_session(sandbox, **outside)
    left = browser.post(session["url"], data={"outcome": "cancel"})
    paid = browser.post(session["url"], data={"outcome": "pay"})
    assert (left.status_code, paid.status_code) == (200, 200)
    assert 'data-notice="received"' in paid.text and "https://shop.example/thanks" in paid.text
    slow = make_session(sandbox, **outside)
    waiting = browser.post(slow["url"], data={"outcome": "delay", "seconds": "60"})
    assert 'data-notice="waiting"' in waiting.text
    assert status_of(sandbox, slow) == ("complete", "unpaid")
    sandbox.advance(61)
    assert status_of(sandbox, slow) == ("complete", "paid")


def test_extra_visits_reach_the_till(sandbox: SandboxServer) -> None:
    session = make_session(sandbox)
    sandbox.faults.arm(FaultKind.DUPLICATE_RETURN, provider="stripe", times=2)
    paid = sandbox.card_holder.pay_session(session["id"])
    assert paid.return_url == TILL.replace("{CHECKOUT_SESSION_ID}", session["id"])
    assert [one.fault.kind for one in sandbox.faults.list_fired()] == [FaultKind.DUPLICATE_RETURN]
    with pytest.raises(Invalid):
        sandbox.faults.arm(FaultKind.BAD_SIGNATURE, Verb.RETURN, provider="stripe")


def test_the_control_room_pays_settles_and_configures(sandbox: SandboxServer, browser: httpx.Client) -> None:
    headers = {"x-sandbox-token": sandbox.control_token}

    def order(path: str, **orders: Any) -> httpx.Response:
        return browser.post(f"{sandbox.control_url}{path}", json=orders, headers=headers)

    session = make_session(sandbox)
    waiting = order("stripe/pay", session=session["id"], outcome="delay", seconds=900).json()
    assert waiting["status"] == "pending"
    shown = browser.get(sandbox.control_page_url).text
    assert waiting["payment_id"] in shown and "PHP 5,000.00" in shown and 'action="stripe/refuse' in shown
    assert order("stripe/approve", payment_id=waiting["payment_id"]).json() == {"status": "succeeded"}
    other = order("stripe/pay", session=make_session(sandbox)["url"], card="9987").json()
    assert other["status"] == "failed"
    slow = order("stripe/pay", session=make_session(sandbox)["id"], outcome="delay").json()
    assert order("stripe/refuse", payment_id=slow["payment_id"]).json() == {"status": "failed"}
    settings = order("stripe/settings", manual_capture=True).json()
    assert settings["manual_capture"] is True
    order("stripe/settings", manual_capture=False)
    for path, orders in (
        ("stripe/pay", {}),
        ("stripe/pay", {"session": "cs_test_none"}),
        ("stripe/pay", {"session": "x", "card": "0000"}),
        ("stripe/settings", {"colour": "red"}),
        ("stripe/approve", {"payment_id": "py_none"}),
    ):
        assert order(path, **orders).status_code == 400, path
    armed = order("faults", kind="timeout", verb="create", provider="stripe").json()
    assert armed["provider"] == "stripe"
    assert "<td>stripe</td>" in browser.get(sandbox.control_page_url).text


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    with SandboxServer(ledger=file) as first:
        keys = first.stripe.keys
        session = make_session(first)
        waiting = first.card_holder.pay_session(session["id"], CardChoice(Outcome.DELAY, seconds=60))
        with api_of(first) as api:
            key = {"idempotency-key": "kept-over-a-restart"}
            made = api.post("/refunds", data={"charge": "ch_none"}, headers=key)
            assert made.status_code == 404
        first.stripe.configure(refund_seconds=30)
    with SandboxServer(ledger=file) as second:
        assert second.stripe.keys == keys
        assert second.stripe.settings.refund_seconds == 30
        assert status_of(second, session) == ("complete", "unpaid")
        second.advance(61)
        assert status_of(second, session) == ("complete", "paid")
        [capture] = [one for one in second.money_facts().captures if one.provider == "stripe"]
        assert (capture.id, capture.amount_minor, capture.currency) == (waiting.payment_id, 500_000, "PHP")
        described = second.describe()["stripe"]
        assert described == {
            "base_url": second.stripe.base_url,
            "publishable_key": keys.key_id,
            "secret_key": keys.key_secret,
            "api_version": "2026-10-28.endive",
        }
    with pytest.raises(Invalid):
        StripeKeys("pk_live_x", "sk_live_x")
    assert keys.key_secret not in repr(keys)


def test_a_request_that_is_no_form_breaks_nothing(sandbox: SandboxServer) -> None:
    with api_of(sandbox) as api:
        for body in (b"\xff\xfe=%00", b"a[b=1", b"[x]=1", b"a=1&a[b]=2", b"a[b]=1&a=2", b"&".join([b"x=1"] * 1200)):
            answer = api.post("/checkout/sessions", content=body)
            assert answer.status_code == 400, body[:20]
            assert answer.json()["error"]["type"] == "invalid_request_error"
        wrong = api.get("/charges", headers={"stripe-version": "yesterday"})
        assert wrong.status_code == 400
        key = api.post("/refunds", data={"charge": "ch_x"}, headers={"idempotency-key": "k" * 256})
        assert (key.status_code, "255 characters" in key.text) == (400, True)
