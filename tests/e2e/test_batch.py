"""A device's three invoices in the real application, one after another, paid by a real browser at Wompi's page."""

from __future__ import annotations

from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as shown
from selenium.webdriver.support.ui import WebDriverWait

from tests.e2e.counter import PATIENCE_S, Counter, wait_for
from tillgate.app.demo_people import CASHIER

STATES = "SELECT state, count(*) FROM payment GROUP BY state"
PAGES = "SELECT count(*) FROM payment_batch_item WHERE page_opened_at IS NOT NULL"


def test_three_invoices_are_paid_in_the_browser(counter: Counter) -> None:
    counter.write_browser("--password-store=basic")
    counter.open_till()
    counter.sign_in(CASHIER.pin)
    counter.press_until_shown("alt+3")
    counter.type("BIKE001")
    counter.press_until_shown("Return")
    batch = "SELECT count(*) FROM payment_batch_item"
    assert counter.press_until("F9", "the batch", lambda: counter.count(batch)) == 3
    wait_for("the links", lambda: counter.read(STATES) == [("PENDING", 3)])
    wait_for("the pages", lambda: counter.count(PAGES) == 3)
    with counter.customer() as browser:
        wait_for("three pages", lambda: len(_checkouts(browser)) == 3)
        for page in _checkouts(browser):
            browser.switch_to.window(page)
            WebDriverWait(browser, PATIENCE_S).until(shown.element_to_be_clickable((By.ID, "pay"))).click()
            WebDriverWait(browser, PATIENCE_S).until(shown.title_is("Go back to the till"))
    wait_for("the captures", lambda: counter.read(STATES) == [("CAPTURED", 3)])
    paid = "SELECT amount_minor FROM device_invoice WHERE state = 'paid' ORDER BY day"
    assert [row[0] for row in wait_for("the invoices", lambda: counter.read(paid))] == [6_000_000, 4_500_000, 5_000_000]
    assert counter.count("SELECT count(*) FROM money_exception") == 0


def _checkouts(browser: WebDriver) -> list[str]:
    """The tabs that show a checkout, first opened first."""
    found = []
    for handle in browser.window_handles:
        browser.switch_to.window(handle)
        if "/wompi/l/" in browser.current_url:
            found.append(handle)
    return found
