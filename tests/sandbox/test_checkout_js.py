"""checkout.js in a real browser, on a page whose policy allows the sandbox's script and frame and nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from tests.conftest import IN_CI
from tillgate.sandbox import FaultKind, SandboxServer, Verb

Make = Callable[..., dict[str, Any]]

CHROMIUM = "/usr/bin/chromium"
CHROMEDRIVER = "/usr/bin/chromedriver"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
PAGE = b"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>Shop</title></head>
<body><button id="open">Open</button><ol id="told"></ol>
<script src="%s"></script><script src="/shop.js"></script></body></html>"""
SHOP_JS = b"""
"use strict";
function tell(what, value) {
  var line = document.createElement("li");
  line.textContent = JSON.stringify([what, value]);
  document.getElementById("told").appendChild(line);
}
document.addEventListener("securitypolicyviolation", function (event) { tell("violation", event.violatedDirective); });
document.getElementById("open").addEventListener("click", function () {
  var options = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  if (!options.redirect) { options.handler = function (response) { tell("handler", response); }; }
  options.modal = { ondismiss: function () { tell("dismissed", null); } };
  var checkout = new Razorpay(options);
  checkout.on("payment.failed", function (event) { tell("failed", event.error); });
  checkout.open();
});
"""


class Shop(ThreadingHTTPServer):
    """The embedding page, its policy, and the callback that redirect:true posts to."""

    daemon_threads = True

    def __init__(self, sandbox: SandboxServer) -> None:
        self.posted: list[dict[str, str]] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                script = self.path == "/shop.js"
                body = SHOP_JS if script else PAGE % sandbox.razorpay.checkout_js_url.encode()
                self._answer(body, "text/javascript" if script else "text/html")

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                shop.posted.append(dict(parse_qsl(raw.decode())))
                self._answer(b"<p id='posted'>Thank you</p>", "text/html")

            def _answer(self, body: bytes, media_type: str) -> None:
                self.send_response(200)
                self.send_header("content-type", media_type)
                self.send_header("content-length", str(len(body)))
                self.send_header(
                    "content-security-policy",
                    f"default-src 'none'; script-src 'self' {sandbox.origin}; frame-src {sandbox.origin};"
                    " form-action 'self'",
                )
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture(scope="module")
def shop(running_sandbox: SandboxServer) -> Iterator[Shop]:
    server = Shop(running_sandbox)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    if not IN_CI and not Path(CHROMIUM).exists():
        pytest.skip(f"needs {CHROMIUM}")
    options = Options()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(executable_path=CHROMEDRIVER))
    yield driver
    driver.quit()


class Checkout:
    """The shop's page with the checkout open in its frame."""

    def __init__(self, driver: WebDriver, shop: Shop, options: dict[str, Any]) -> None:
        self.driver = driver
        self.shop = shop
        driver.get("about:blank")
        driver.get(f"{shop.origin}/#{json.dumps(options)}")
        driver.find_element(By.ID, "open").click()
        self.enter()

    def enter(self) -> None:
        self.driver.switch_to.default_content()
        self.until(lambda: self.driver.find_elements(By.CSS_SELECTOR, "iframe.razorpay-checkout-frame"))
        self.driver.switch_to.frame(self.driver.find_element(By.CSS_SELECTOR, "iframe.razorpay-checkout-frame"))

    def press(self, element_id: str) -> None:
        self.until(lambda: self.driver.find_elements(By.ID, element_id))
        self.driver.find_element(By.ID, element_id).click()

    def until(self, condition: Callable[[], object]) -> None:
        WebDriverWait(self.driver, 10, poll_frequency=0.02).until(lambda _driver: condition())

    def told(self, count: int) -> list[tuple[str, Any]]:
        """What the shop's page heard, once it heard that much."""
        self.driver.switch_to.default_content()
        self.until(lambda: len(self.driver.find_elements(By.CSS_SELECTOR, "#told li")) >= count)
        lines = [json.loads(line.text) for line in self.driver.find_elements(By.CSS_SELECTOR, "#told li")]
        return [(what, value) for what, value in lines]

    def until_posted(self) -> None:
        """Until the shop's page has given way to the callback's."""
        self.driver.switch_to.default_content()
        self.until(lambda: self.driver.find_elements(By.ID, "posted"))

    @property
    def is_open(self) -> bool:
        self.driver.switch_to.default_content()
        return bool(self.driver.find_elements(By.TAG_NAME, "iframe"))


@pytest.fixture
def open_checkout(
    sandbox: SandboxServer, chromium: WebDriver, shop: Shop, make_order: Make
) -> Callable[..., tuple[Checkout, dict[str, Any]]]:
    def opened(**options: Any) -> tuple[Checkout, dict[str, Any]]:
        order = make_order()
        known = {
            "key": sandbox.razorpay.key_id,
            "order_id": order["id"],
            "name": "Corner Shop",
            "description": "Sale 1",
        }
        return Checkout(chromium, shop, {**known, "amount": 50_000, "currency": "INR", **options}), order

    return opened


Open = Callable[..., tuple[Checkout, dict[str, Any]]]


def test_a_decline_then_a_success_verified_by_the_sdk(open_checkout: Open, sdk: Any) -> None:
    checkout, order = open_checkout(prefill={"method": "card"})
    assert checkout.driver.find_element(By.ID, "amount").text == "INR 500.00"
    assert checkout.driver.find_element(By.ID, "method-card").is_selected()
    checkout.press("decline")
    checkout.until(lambda: checkout.driver.find_elements(By.ID, "failure"))
    [(what, error)] = checkout.told(1)
    assert (what, error["reason"], error["metadata"]["order_id"]) == ("failed", "payment_declined", order["id"])
    checkout.enter()
    checkout.press("pay")
    told = checkout.told(2)
    assert [what for what, _ in told] == ["failed", "handler"]
    response = told[1][1]
    assert set(response) == {"razorpay_payment_id", "razorpay_order_id", "razorpay_signature"}
    assert response["razorpay_order_id"] == order["id"]
    assert sdk.utility.verify_payment_signature(response)
    assert sdk.payment.fetch(response["razorpay_payment_id"])["method"] == "card"
    assert not checkout.is_open


def test_closing_and_escape_dismiss(open_checkout: Open, sdk: Any) -> None:
    checkout, order = open_checkout()
    checkout.press("cancel")
    assert checkout.told(1) == [("dismissed", None)]
    assert not checkout.is_open
    assert sdk.order.fetch(order["id"])["status"] == "created"
    checkout, _ = open_checkout()
    checkout.driver.find_element(By.ID, "pay").send_keys(Keys.ESCAPE)
    assert checkout.told(1) == [("dismissed", None)]


def test_a_delayed_approval_comes_to_the_handler(open_checkout: Open, sdk: Any) -> None:
    checkout, order = open_checkout()
    field = checkout.driver.find_element(By.ID, "seconds")
    field.clear()
    field.send_keys("0.5")
    checkout.press("delay")
    checkout.until(lambda: checkout.driver.find_elements(By.CSS_SELECTOR, "[data-notice=waiting]"))
    assert sdk.order.fetch(order["id"])["status"] == "attempted"
    [(what, response)] = checkout.told(1)
    assert what == "handler" and sdk.utility.verify_payment_signature(response)
    assert sdk.order.fetch(order["id"])["status"] == "paid"


def test_a_response_told_three_times(sandbox: SandboxServer, open_checkout: Open) -> None:
    sandbox.faults.arm(FaultKind.DUPLICATE_RETURN, Verb.RETURN)
    checkout, _ = open_checkout()
    checkout.press("pay")
    told = checkout.told(3)
    assert told[0][0] == "handler" and told == [told[0]] * 3


def test_redirect_posts_success_and_failure(open_checkout: Open, shop: Shop, sdk: Any) -> None:
    callback = {"callback_url": shop.origin + "/back", "redirect": True}
    for press, field in (("decline", "error[reason]"), ("pay", "razorpay_signature")):
        shop.posted.clear()
        checkout, _ = open_checkout(**callback)
        checkout.press(press)
        checkout.until_posted()
        [values] = shop.posted
        assert field in values
    assert sdk.utility.verify_payment_signature(values)


def test_a_checkout_that_can_not_be(open_checkout: Open) -> None:
    checkout, _ = open_checkout(key="rzp_test_other")
    checkout.until(lambda: checkout.driver.find_elements(By.CSS_SELECTOR, "[data-notice=refused]"))
    checkout.press("close")
    assert checkout.told(1) == [("dismissed", None)]


def test_no_retry_and_time_out(open_checkout: Open) -> None:
    checkout, _ = open_checkout(retry={"enabled": False})
    checkout.press("decline")
    checkout.press("close")
    assert [what for what, _ in checkout.told(2)] == ["failed", "dismissed"]
    checkout, _ = open_checkout(timeout=0.3)
    assert checkout.told(1) == [("dismissed", None)]


def test_the_script_speaks_of_its_own_origin_only() -> None:
    text = (Path(__file__).parents[2] / "src/tillgate/sandbox/pages/checkout.js").read_text("utf-8")
    assert "http" not in text and "fetch(" not in text and "XMLHttpRequest" not in text
