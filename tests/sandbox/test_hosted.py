"""The hosted pages driven over HTTP, as a browser without JavaScript would."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tillgate.sandbox import FaultKind, SandboxServer, Verb

Make = Callable[..., dict[str, Any]]
CALLBACK = {"callback_url": "http://127.0.0.1:9/cb/token", "callback_method": "get"}


class Page(HTMLParser):
    """Elements by id, with their attributes; the hidden fields of forms."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.elements: dict[str, dict[str, str]] = {}
        self.hidden: dict[str, str] = {}
        self.refreshes = False
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.elements[values["id"]] = values
        if values.get("type") == "hidden":
            self.hidden[values["name"]] = values["value"]
        self.refreshes = self.refreshes or (tag == "meta" and values.get("http-equiv") == "refresh")

    @property
    def notice(self) -> str:
        return self.elements.get("notice", {}).get("data-notice", "")


@pytest.fixture
def pages() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60, trust_env=False) as client:
        yield client


def status_of(api: httpx.Client, link: dict[str, Any]) -> str:
    return str(api.get(f"/payment_links/{link['id']}").json()["status"])


def test_the_page_shows_what_is_asked_and_nothing_foreign(pages: httpx.Client, make_link: Make) -> None:
    link = make_link(amount=123_456, description="<b>Sale & more</b>")
    answer = pages.get(link["short_url"])
    assert answer.status_code == 200
    assert "INR 1,234.56" in answer.text and link["reference_id"] in answer.text
    assert "&lt;b&gt;Sale &amp; more&lt;/b&gt;" in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy == (
        "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    page = Page(answer)
    assert {"test-mark", "pay", "decline", "delay", "cancel", "method-upi", "method-card", "seconds"} <= set(
        page.elements
    )
    assert "part" not in page.elements
    style = pages.get(str(httpx.URL(link["short_url"]).join("/_sandbox/static/style.css")))
    assert style.headers["content-type"].startswith("text/css")
    assert pages.get(str(httpx.URL(link["short_url"]).join("/_sandbox/static/control.html"))).status_code == 404


def test_pay_goes_back_signed(
    sandbox: SandboxServer, api: httpx.Client, pages: httpx.Client, make_link: Make, sdk: Any
) -> None:
    link = make_link(**CALLBACK)
    answer = pages.post(link["short_url"], data={"outcome": "pay", "method": "netbanking"})
    assert answer.status_code == 303
    values = {name: value[0] for name, value in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert answer.headers["location"].startswith(CALLBACK["callback_url"] + "?")
    assert sdk.utility.verify_payment_link_signature(
        {
            "razorpay_payment_id": values["razorpay_payment_id"],
            "payment_link_id": link["id"],
            "payment_link_reference_id": link["reference_id"],
            "payment_link_status": "paid",
            "razorpay_signature": values["razorpay_signature"],
        }
    )
    assert api.get(f"/payments/{values['razorpay_payment_id']}").json()["method"] == "netbanking"
    assert status_of(api, link) == "paid"
    assert Page(pages.get(link["short_url"])).notice == "paid"


def test_a_declined_try_leaves_the_page_open(api: httpx.Client, pages: httpx.Client, make_link: Make) -> None:
    link = make_link(**CALLBACK)
    declined = pages.post(link["short_url"], data={"outcome": "decline"}, follow_redirects=True)
    assert declined.status_code == 200 and {"failure", "pay"} <= set(Page(declined).elements)
    assert status_of(api, link) == "created"
    closed = Page(pages.post(link["short_url"], data={"outcome": "cancel"}))
    assert closed.notice == "closed"
    again = httpx.URL(link["short_url"]).join(closed.elements["again"]["href"])
    assert "pay" in Page(pages.get(str(again))).elements
    assert pages.post(link["short_url"], data={"outcome": "pay"}).status_code == 303
    assert status_of(api, link) == "paid"


def test_a_delayed_approval_waits_then_goes_back(
    sandbox: SandboxServer, api: httpx.Client, pages: httpx.Client, make_link: Make
) -> None:
    link = make_link(**CALLBACK)
    sent = pages.post(link["short_url"], data={"outcome": "delay", "seconds": "30"})
    waiting = Page(pages.get(sent.headers["location"]))
    assert waiting.notice == "waiting" and waiting.refreshes
    assert status_of(api, link) == "created"
    sandbox.advance(31)
    back = pages.get(sent.headers["location"])
    assert back.status_code == 303 and back.headers["location"].startswith(CALLBACK["callback_url"])
    assert status_of(api, link) == "paid"


def test_a_delayed_approval_of_a_cancelled_link_is_received_without_a_return(
    sandbox: SandboxServer, api: httpx.Client, pages: httpx.Client, make_link: Make
) -> None:
    link = make_link(**CALLBACK)
    sent = pages.post(link["short_url"], data={"outcome": "delay", "seconds": "30"})
    api.post(f"/payment_links/{link['id']}/cancel", json={})
    sandbox.advance(31)
    assert Page(pages.get(sent.headers["location"])).notice == "received"


def test_links_that_take_nothing(
    sandbox: SandboxServer, api: httpx.Client, pages: httpx.Client, make_link: Make
) -> None:
    cancelled = make_link()
    api.post(f"/payment_links/{cancelled['id']}/cancel", json={})
    expired = make_link(expire_by=sandbox.clock.now_ms() // 1000 + 16 * 60)
    sandbox.advance(17 * 60)
    for link, status in ((cancelled, "cancelled"), (expired, "expired")):
        assert Page(pages.get(link["short_url"])).notice == status
        assert Page(pages.post(link["short_url"], data={"outcome": "pay"})).notice == status
        assert status_of(api, link) == status
    assert pages.get(cancelled["short_url"] + "x").status_code == 404
    open_link = make_link()
    for form in ({"outcome": "steal"}, {"method": "cash"}, {"outcome": "delay", "seconds": "soon"}):
        assert pages.post(open_link["short_url"], data=form).status_code == 400
    assert status_of(api, open_link) == "created"


def test_no_callback_shows_a_receipt(api: httpx.Client, pages: httpx.Client, make_link: Make) -> None:
    link = make_link()
    receipt = Page(pages.post(link["short_url"], data={"outcome": "pay"}))
    assert receipt.notice == "received" and "payment-id" in receipt.elements
    assert status_of(api, link) == "paid"


def test_a_part_payment_in_major_units(api: httpx.Client, pages: httpx.Client, make_link: Make) -> None:
    link = make_link(accept_partial=True)
    assert Page(pages.get(link["short_url"])).elements["part"]["value"] == "500.00"
    assert pages.post(link["short_url"], data={"outcome": "pay", "part": "123.45"}).status_code == 200
    assert api.get(f"/payment_links/{link['id']}").json()["amount_paid"] == 12_345


def embedded_form(sandbox: SandboxServer, order: dict[str, Any], **changes: str) -> dict[str, str]:
    return {
        "key_id": sandbox.razorpay.key_id,
        "order_id": order["id"],
        "amount": str(order["amount"]),
        "currency": "INR",
        "name": "Corner Shop",
        "prefill[contact]": "9000090000",
        "callback_url": "http://127.0.0.1:9/cb",
        "cancel_url": "http://127.0.0.1:9/cancelled",
        **changes,
    }


def test_the_embedded_form_posts_success_and_failure(
    sandbox: SandboxServer, pages: httpx.Client, make_order: Make, sdk: Any
) -> None:
    address = f"{sandbox.razorpay.base_url}/v1/checkout/embedded"
    order = make_order()
    shown = pages.post(address, data=embedded_form(sandbox, order), follow_redirects=True)
    assert "Corner Shop" in shown.text and "INR 500.00" in shown.text
    action = Page(shown).elements["pay-form"]["action"]
    failed = Page(pages.post(action, data={"outcome": "decline"}))
    assert failed.elements["return-form"]["action"] == "http://127.0.0.1:9/cb"
    assert failed.hidden["error[reason]"] == "payment_declined"
    assert json.loads(failed.hidden["error[metadata]"])["order_id"] == order["id"]
    assert pages.post(action, data={"outcome": "cancel"}).headers["location"] == "http://127.0.0.1:9/cancelled"
    paid = Page(pages.post(action, data={"outcome": "pay", "method": "card"}))
    assert set(paid.hidden) == {"razorpay_payment_id", "razorpay_order_id", "razorpay_signature"}
    assert sdk.utility.verify_payment_signature(paid.hidden)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"key_id": "rzp_test_other"}, "The api key provided is invalid"),
        ({"order_id": "order_00000000000000"}, "The id provided does not exist"),
        ({"amount": "1"}, "differs from the order"),
        ({"callback_url": "javascript:alert(1)"}, "The callback_url field is required."),
    ],
)
def test_the_embedded_form_refuses(
    sandbox: SandboxServer, pages: httpx.Client, make_order: Make, changes: dict[str, str], text: str
) -> None:
    form = embedded_form(sandbox, make_order(), **changes)
    answer = pages.post(f"{sandbox.razorpay.base_url}/v1/checkout/embedded", data=form, follow_redirects=True)
    assert answer.status_code == 400 and text in answer.text
    assert "pay" not in Page(answer).elements


def test_the_pages_obey_the_fault_menu(
    sandbox: SandboxServer, api: httpx.Client, pages: httpx.Client, make_link: Make
) -> None:
    link = make_link(**CALLBACK)
    sandbox.faults.arm(FaultKind.LATE_SUCCESS, Verb.PAY, seconds=20)
    assert "failed=" in pages.post(link["short_url"], data={"outcome": "pay"}).headers["location"]
    assert status_of(api, link) == "created"
    sandbox.advance(21)
    assert status_of(api, link) == "paid"
