"""A consultation's fee in the real application: pressed for at two tills, warned of, and paid once at Stripe's page."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as shown
from selenium.webdriver.support.ui import WebDriverWait

from tests.e2e.counter import PATIENCE_S, Counter, wait_for
from tillgate.app.demo_people import CASHIER
from tillgate.paths import resource

ROOT = resource("").parent
LOG = ("till", "training", "logs", "tillgate.log")


def said(counter: Counter, event: str) -> dict[str, object] | None:
    """The till's newest line of its log about something."""
    lines = counter.folder.joinpath(*LOG).read_text(encoding="utf-8").splitlines()
    found = [line for line in map(json.loads, lines) if line["event"] == event]
    return found[-1] if found else None


def test_a_fee_that_another_till_put_up_is_warned_of_and_paid_once(counter: Counter) -> None:
    counter.open_till()
    counter.sign_in(CASHIER.pin)
    for key in ("alt+2", "Down", "Return", "F9"):
        counter.press_until_shown(key)
    command = [sys.executable, "-m", "tests.e2e.other_till", str(counter.folder / "till")]
    other = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    first = {int(number): payment for number, payment in json.loads(other.stdout).items()}
    assert counter.count("SELECT count(*) FROM payment") == len(first) > 1

    event = "Payment: Existing payment found"
    warned = counter.press_until("Return", "the warning", lambda: said(counter, event))
    assert warned["payment_id"] in first.values()
    assert not counter.browser_profile.exists(), "no checkout opens by itself"
    # Nobody answers a warning in the moment in which it comes.
    time.sleep(1.0)
    counter.press_until("Return", "the first checkout", counter.browser_profile.exists)
    with counter.customer() as browser:
        WebDriverWait(browser, PATIENCE_S).until(shown.element_to_be_clickable((By.ID, "decline"))).click()
        WebDriverWait(browser, PATIENCE_S).until(shown.presence_of_element_located((By.ID, "failure")))
        browser.find_element(By.ID, "pay").click()
        WebDriverWait(browser, PATIENCE_S).until(
            shown.presence_of_element_located((By.CSS_SELECTOR, "[data-notice=received]"))
        )
    paid = (
        "SELECT payment.id, thing_id FROM payment JOIN allocation ON payment_id = payment.id WHERE state = 'CAPTURED'"
    )
    [(payment, consultation)] = wait_for("the capture", lambda: counter.read(paid))
    assert (payment, first[consultation]) == (warned["payment_id"], payment)
    finals = "SELECT payment_id FROM consultation_invoice WHERE state = 'final'"
    assert counter.read(finals) == [(payment,)]
    assert counter.count("SELECT count(*) FROM payment") == len(first), "nobody was charged twice"
    assert counter.count("SELECT count(*) FROM money_exception") == 0
