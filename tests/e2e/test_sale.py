"""A whole sale: the real application under X, paid by a real browser at the hosted page, and at the till's own page."""

from __future__ import annotations

import time
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as shown
from selenium.webdriver.support.ui import WebDriverWait

from tests.e2e.counter import PATIENCE_S, Counter, wait_for
from tillgate.app.bootstrap import open_shop
from tillgate.app.demo_people import CASHIER, MANAGER
from tillgate.app.profile import Profile
from tillgate.app.sample import prepare_training
from tillgate.domain.payment import Mode
from tillgate.domain.settings import RAZORPAY_METHOD
from tillgate.services.settings import save_settings
from tillgate.services.sign_in import sign_in, sign_out

BARCODES = "SELECT barcode FROM variant JOIN product ON product.id = product_id WHERE product.name LIKE '{}%' LIMIT 1"


def ring_up(counter: Counter) -> None:
    """Sign in and scan two vendors' things, by keyboard alone."""
    counter.open_till()
    counter.sign_in(CASHIER.pin)
    for name in ("AirPods Pro", "Amul Ghee"):
        counter.scan(str(counter.read(BARCODES.format(name))[0][0]))
    time.sleep(0.5)


def finish(counter: Counter) -> None:
    """The payment is captured, and every order has its invoice."""
    wait_for("the capture", lambda: counter.state() == "CAPTURED")
    wait_for("the invoices", lambda: counter.count("SELECT count(*) FROM sales_invoice") == 2)
    assert counter.read("SELECT count(*), sum(total_minor) FROM sales_order") == counter.read(
        "SELECT 2, amount_minor FROM payment"
    )
    assert counter.count("SELECT count(*) FROM money_exception") == 0


def test_a_link_is_paid_in_the_browser(counter: Counter) -> None:
    ring_up(counter)
    counter.keys("F9")
    wait_for("the link", lambda: counter.state() == "PENDING")
    with counter.customer() as browser:
        WebDriverWait(browser, PATIENCE_S).until(shown.element_to_be_clickable((By.ID, "decline"))).click()
        WebDriverWait(browser, PATIENCE_S).until(shown.presence_of_element_located((By.ID, "failure")))
        browser.find_element(By.ID, "pay").click()
        WebDriverWait(browser, PATIENCE_S).until(shown.title_is("Go back to the till"))
    finish(counter)
    wait_for("the return", lambda: counter.read("SELECT verdict FROM return_inbox") == [("signed",)])
    counter.keys("Return")
    wait_for("the next sale", lambda: counter.count("SELECT count(*) FROM cart WHERE state = 'open'") == 1)


def test_a_till_that_dies_while_the_customer_pays_knows_it_when_it_is_back(counter: Counter) -> None:
    ring_up(counter)
    counter.keys("F9")
    wait_for("the link", lambda: counter.state() == "PENDING")
    with counter.customer() as browser:
        WebDriverWait(browser, PATIENCE_S).until(shown.element_to_be_clickable((By.ID, "delay")))
        browser.execute_script("document.getElementById('seconds').value = '0.2'")
        browser.find_element(By.ID, "delay").click()
        time.sleep(0.3)
        counter.kill_till()
    counter.open_till()
    finish(counter)


def test_an_order_is_paid_on_the_tills_own_page(counter: Counter) -> None:
    pay_by_order(counter.folder / "till")
    ring_up(counter)
    counter.keys("F9")
    wait_for("the page", lambda: counter.read("SELECT url FROM payment_attempt WHERE url LIKE '%/pay/%'"))
    with counter.customer() as browser:
        frame = (By.CSS_SELECTOR, ".razorpay-checkout-frame")
        WebDriverWait(browser, PATIENCE_S).until(shown.frame_to_be_available_and_switch_to_it(frame))
        WebDriverWait(browser, PATIENCE_S).until(shown.element_to_be_clickable((By.ID, "pay"))).click()
        browser.switch_to.default_content()
        WebDriverWait(browser, PATIENCE_S).until(shown.title_is("Go back to the till"))
    finish(counter)
    wait_for("the return", lambda: counter.read("SELECT verdict FROM return_inbox") == [("signed",)])


def pay_by_order(folder: Path) -> None:
    """Set the till to Razorpay's standard checkout, as a manager does in the settings."""
    shop = open_shop(Profile(Mode.TRAINING, folder))
    try:
        prepare_training(shop)
        session = sign_in(shop.till, shop.pins, MANAGER.name, MANAGER.pin)
        save_settings(shop.till, session.actor, {RAZORPAY_METHOD.name: "order"})
        sign_out(shop.till, session.actor)
    finally:
        shop.close()
