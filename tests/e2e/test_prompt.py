"""A phone is asked in the real application, the power goes, the customer pays, and the order is made of it."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as shown
from selenium.webdriver.support.ui import WebDriverWait

from tests.e2e.counter import PATIENCE_S, Counter, wait_for
from tests.factories.prompting import SETTINGS, SHOP
from tillgate.app.bootstrap import open_shop
from tillgate.app.demo_people import CASHIER, MANAGER
from tillgate.app.profile import Profile
from tillgate.app.sample import prepare_training
from tillgate.domain.payment import Mode
from tillgate.services.sample_shop import load_shop
from tillgate.services.settings import save_settings
from tillgate.services.sign_in import sign_in, sign_out

INVOICE = "SELECT number, provider_id, order_id FROM payment_invoice WHERE state = '{state}'"
VERIFIED = "SELECT count(*) FROM invoice_verification WHERE reason IS NULL"
RADIO = "8900000000005"


def open_kiosk(folder: Path) -> None:
    """A shop in Nairobi, as training leaves it; a prompt stays on the phone for as long as a slow machine takes."""
    shop = open_shop(Profile(Mode.TRAINING, folder))
    prepare_training(shop)
    with shop.till.db.write(shop.till.system) as uow:
        load_shop(uow, SHOP)
    manager = sign_in(shop.till, shop.pins, MANAGER.name, MANAGER.pin).actor
    save_settings(shop.till, manager, SETTINGS.stored)
    sign_out(shop.till, manager)
    assert shop.sandbox is not None
    shop.sandbox.intasend.configure(prompt_seconds=3_600)
    shop.close()


def ask(counter: Counter) -> tuple[str, str]:
    """Send the prompt for the cart; keys that a busy machine lost again, for a phone that is asked takes none."""
    counter.press_until_turned("ctrl+F9")
    for patience_s in (15.0, 15.0, PATIENCE_S):
        counter.keys("ctrl+2", "ctrl+a")
        counter.type("0712345678")
        counter.keys("F9")
        with suppress(AssertionError):
            return wait_for("the prompt", lambda: counter.read(INVOICE.format(state="PENDING")), patience_s)[0][:2]
    raise AssertionError("no phone was asked")


def accept(counter: Counter, phones: str, prompt: str) -> None:
    """The customer finds the one prompt on the phone, and types the PIN."""
    with counter.customer() as browser:
        browser.get(phones)
        prompts = browser.find_elements(By.CSS_SELECTOR, "#prompts a")
        assert [each.text for each in prompts] == ["254712345678: KES 1,032"]
        browser.find_element(By.ID, f"prompt-{prompt}").click()
        WebDriverWait(browser, PATIENCE_S).until(shown.element_to_be_clickable((By.ID, "pay"))).click()
        received = shown.presence_of_element_located((By.CSS_SELECTOR, "[data-notice=received]"))
        WebDriverWait(browser, PATIENCE_S).until(received)


def verify(counter: Counter, number: str) -> int:
    """Type the id and the amount before fees, as from a customer's paper; keys that a busy machine lost again."""
    counter.press_until_turned("alt+4")
    for patience_s in (15.0, 15.0, PATIENCE_S):
        counter.keys("ctrl+1", "F2", "ctrl+a")
        counter.type(number)
        counter.keys("Return", "ctrl+a")
        counter.type("1000")
        counter.keys("Return")
        with suppress(AssertionError):
            return wait_for("the verification", lambda: counter.count(VERIFIED), patience_s)
    raise AssertionError("nothing was verified")


def test_a_phone_pays_for_an_order_over_a_power_cut(counter: Counter) -> None:
    folder = counter.folder / "till"
    open_kiosk(folder)
    counter.open_till()
    counter.sign_in(CASHIER.pin)
    counter.scan(RADIO)
    number, prompt = ask(counter)

    counter.kill_till()
    with subprocess.Popen([counter.browser, "about:blank"]) as opened:
        try:
            counter.open_till()
            counter.sign_in(CASHIER.pin)
            port = (folder / "training" / "sandbox.port").read_text(encoding="ascii")
            accept(counter, f"http://127.0.0.1:{port}/intasend/phone/", prompt)
        finally:
            opened.terminate()

    wait_for("the money", lambda: counter.read(INVOICE.format(state="COMPLETE")))
    verify(counter, number)
    used = INVOICE.format(state="USED")
    assert counter.count("SELECT count(*) FROM sales_order") == 0
    # The prompt that was on the phone when the power went is there again, with the cart that it was for.
    counter.keys("ctrl+2")
    [(sold, same, order)] = counter.press_until("F12", "the order", lambda: counter.read(used))
    assert (sold, same) == (number, prompt)
    assert counter.read("SELECT id, total_minor FROM sales_order") == [(order, 100_000)]
    asked = counter.read("SELECT amount_minor, state, provider FROM payment")
    assert asked == [(103_200, "CAPTURED", "intasend")], "the phone was asked more than once"
    assert counter.count("SELECT count(*) FROM money_exception") == 0
