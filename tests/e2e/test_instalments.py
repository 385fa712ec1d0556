"""The document's bulk order in the real application, paid in a browser over a power cut; then a day's collection."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as shown
from selenium.webdriver.support.ui import WebDriverWait

from tests.e2e.counter import PATIENCE_S, wait_for
from tests.e2e.watched import WatchedCounter
from tests.factories.clock import FakeClock
from tests.factories.instalments import ADDRESS, ITEMS, inr
from tillgate.app.books import open_books
from tillgate.app.bootstrap import open_shop
from tillgate.app.demo_people import CASHIER, MANAGER
from tillgate.app.profile import Profile
from tillgate.app.sample import prepare_training
from tillgate.domain.instalments import PayBy
from tillgate.domain.ledger import UNAPPLIED
from tillgate.domain.payment import Mode
from tillgate.domain.settings import RAZORPAY_METHOD, STORE_ZONE
from tillgate.domain.wallet import WalletKind
from tillgate.sandbox.clock import SandboxClock
from tillgate.sandbox.ledger import Ledger
from tillgate.services.book_checks import inspect_books
from tillgate.services.bulk_lists import load_bulk_details
from tillgate.services.bulk_orders import PlaceBulk, new_bulk_key, place_bulk_order
from tillgate.services.commissions import owed_to
from tillgate.services.customers import search_customers
from tillgate.services.instalment_documents import details_document, verified_document
from tillgate.services.payment_news import acknowledge, list_news
from tillgate.services.pin_hash import Pins
from tillgate.services.settings import save_settings
from tillgate.services.sign_in import sign_in, sign_out
from tillgate.services.wallet_rows import WalletMove, move_wallet

CUSTOMER, FINDER, DUE = "Customer’s name, phone or e-mail", "Search products or scan", "Due instalments"
VARIANT, QUANTITY, COUPON, PLANS = "Variant", "Quantity of the item", "Coupon (optional)", "Plans"
FRAME = (By.CSS_SELECTOR, ".razorpay-checkout-frame")
# Until the bank answers: longer than anybody takes to pull the plug.
DELAY_S = 300
# Payments whose page the till serves.
CHECKOUTS = """SELECT payment.amount_minor, payment.state FROM payment JOIN payment_attempt ON payment_id = payment.id
    WHERE url LIKE '%/pay/%' AND payment.state <> 'CREATED' ORDER BY payment.id"""
BULKS = """SELECT number, state, first_total_minor, address_line1, pincode FROM bulk_order ORDER BY id"""
ORDERS = """SELECT total_days, quantity, instalment_order.state, total_minor, paid_minor, paid_count, commission_minor
    FROM instalment_order JOIN bulk_order ON bulk_order.id = bulk_order_id WHERE bulk_order.number = '{}'
    ORDER BY position"""
SCHEDULES = """SELECT count(*), sum(amount_minor), max(due_on) = date(min(due_on), '+' || (count(*) - 1) || ' days'),
    sum(instalment.state = 'PAID'), max(CASE instalment.state WHEN 'PAID' THEN instalment.number END)
    FROM instalment JOIN instalment_order ON instalment_order.id = order_id
    JOIN bulk_order ON bulk_order.id = bulk_order_id WHERE bulk_order.number = '{}'
    GROUP BY order_id ORDER BY position"""
STOCK = "SELECT code, stock FROM variant WHERE code IN ('IPHONE-15-PRO', 'VAR-001', 'AIRPODS-PRO') ORDER BY code"


def profile_of(counter: WatchedCounter) -> Profile:
    return Profile(Mode.TRAINING, counter.folder / "till")


def open_bazaar_of_yesterday(folder: Path) -> None:
    """Training, in which John Doe ordered the document's three items a day ago, so that their second day is due now."""
    now = datetime.now(UTC)
    shop = open_shop(Profile(Mode.TRAINING, folder), clock=FakeClock(now - timedelta(days=1)))
    prepare_training(shop)
    manager = sign_in(shop.till, shop.pins, MANAGER.name, MANAGER.pin).actor
    # It is about noon where the store is, so that its day does not end during the test.
    save_settings(shop.till, manager, {RAZORPAY_METHOD.name: "order", STORE_ZONE.name: f"Etc/GMT{now.hour - 12:+d}"})
    (john,) = search_customers(shop.till, manager, "John Doe")
    with shop.till.db.write(shop.till.system) as uow:
        move_wallet(uow, WalletMove(john.id, WalletKind.CREDIT, inr(1300), UNAPPLIED, "credit", "gift"))
    place_bulk_order(shop.till, manager, PlaceBulk(new_bulk_key(), john.id, ITEMS, ADDRESS, PayBy.WALLET.value))
    acknowledge(shop.till, manager, [(each.payment_id, each.end) for each in list_news(shop.till, manager)])
    sign_out(shop.till, manager)
    shop.close()


def choose_item(
    counter: WatchedCounter, words: str, *plan: str, variant: str = "", quantity: int = 1, coupon: str = ""
) -> None:
    """By keyboard, from the search to the plan, which is known by its row in the list. `variant` is "" where there is
    but one."""
    counter.at(FINDER)
    counter.write(words)
    if variant:
        if not counter.press_on("Return", VARIANT).holds.startswith(variant):
            counter.press_until("Down", variant, lambda: counter.look().holds.startswith(variant))
        counter.press_on("Tab", QUANTITY)
    else:
        counter.press_on("Return", QUANTITY)
    counter.write(str(quantity))
    counter.press_on("Return", COUPON)
    if coupon:
        counter.write(coupon)
    counter.press_on("Return", PLANS)
    counter.mark(*plan)
    counter.press_on("Return", FINDER)


def place_order(counter: WatchedCounter) -> str:
    """The document's request, to where yesterday's went: its number."""
    counter.press_on("alt+5", CUSTOMER)
    counter.write("John Doe")
    counter.press_on("Return", FINDER)
    choose_item(counter, "iPhone", "100 days", "₹800.00 a day", variant="Renewed", quantity=2, coupon="SAVE10")
    choose_item(counter, "iPhone", "200 days", "₹400.00 a day", variant="Natural")
    choose_item(counter, "AirPods", "50 days", "₹100.00 a day")
    counter.until("the sum", lambda shown: "Place the order ₹1,300.00" in shown.able)
    assert counter.press_until("F9", "its checkout", lambda: counter.read(CHECKOUTS)) == [(130_000, "PENDING")]
    (_, (number, *bulk)) = counter.read(BULKS)
    assert bulk == ["PENDING", 130_000, ADDRESS.line1, ADDRESS.pincode]
    return str(number)


def go_to_checkout(browser: WebDriver) -> None:
    """The frame in which one pays for an order, with its amount."""
    WebDriverWait(browser, PATIENCE_S).until(shown.frame_to_be_available_and_switch_to_it(FRAME))
    WebDriverWait(browser, PATIENCE_S).until(shown.element_to_be_clickable((By.ID, "pay")))
    assert browser.find_element(By.ID, "amount").text == "INR 1,300.00"


def pay_over_a_power_cut(counter: WatchedCounter) -> None:
    """The bank's yes comes while the till is off."""
    with counter.customer() as browser:
        go_to_checkout(browser)
        browser.execute_script("document.getElementById('seconds').value = arguments[0]", DELAY_S)
        browser.find_element(By.ID, "delay").click()
        waiting = shown.presence_of_element_located((By.CSS_SELECTOR, "[data-notice=waiting]"))
        WebDriverWait(browser, PATIENCE_S).until(waiting)
    # It may have seen by now that the bank was asked.
    [(_, state)] = counter.read(CHECKOUTS)
    assert state in ("PENDING", "PROCESSING")
    counter.cut_the_power()
    bank = Ledger(profile_of(counter).sandbox_ledger, SandboxClock())
    bank.clock.advance(DELAY_S)
    bank.close()
    counter.open_till()
    counter.sign_in(CASHIER.pin)


def see_it_paid(counter: WatchedCounter, number: str) -> None:
    """After the power cut: nobody asked for it, and the till knows and says that it was paid."""
    here = counter.until("the news", lambda shown: shown.has(f"Bulk order {number}: 3 items"))
    assert any(each.startswith("John Doe paid ₹1,300.00") for each in here.texts)
    assert counter.read(CHECKOUTS) == [(130_000, "CAPTURED")]
    assert counter.read(ORDERS.format(number)) == [
        (100, 2, "ACTIVE", 8_000_000, 80_000, 1, 8_000),
        (200, 1, "ACTIVE", 8_000_000, 40_000, 1, 4_000),
        (50, 1, "ACTIVE", 500_000, 10_000, 1, 1_000),
    ]
    # Days in a row that sum to the total, of which the first is paid.
    assert counter.read(SCHEDULES.format(number)) == [
        (100, 8_000_000, 1, 1, 1),
        (200, 8_000_000, 1, 1, 1),
        (50, 500_000, 1, 1, 1),
    ]
    # Yesterday's order took as much.
    assert counter.read(STOCK) == [("AIRPODS-PRO", 58), ("IPHONE-15-PRO", 38), ("VAR-001", 36)]
    counter.press_on("alt+5", CUSTOMER)
    counter.press_on("ctrl+3", "Bulk orders")
    counter.until("the bulk order", lambda shown: number in shown.holds)
    figures = ("₹1,65,000.00", "₹1,300.00", "₹1,63,700.00")
    counter.press_until("Return", "its figures", lambda: counter.look().has(number, *figures))


def collect_the_day(counter: WatchedCounter) -> None:
    """What the orders of yesterday owe today, in one payment."""
    counter.press_on("ctrl+2", DUE)
    counter.until("what is due", lambda shown: len(shown.lists.get(DUE, [])) == 3)
    counter.press_until("Return", "the amount", lambda: "Collect ₹1,300.00 for 3 orders" in counter.look().able)
    counter.press_until("F9", "its checkout", lambda: len(counter.read(CHECKOUTS)) == 2)
    with counter.customer() as browser:
        go_to_checkout(browser)
        browser.find_element(By.ID, "pay").click()
        browser.switch_to.default_content()
        WebDriverWait(browser, PATIENCE_S).until(shown.title_is("Go back to the till"))
    counter.until("the end", lambda shown: shown.has("Daily instalments", "Paid"))
    counter.press_until("F4", "that nothing is due any more", lambda: counter.look().has("Nothing is due"))


def letters(counter: WatchedCounter, words: str) -> list[tuple[str, str]]:
    """To whom mails went that say something, and what they say, oldest first."""
    read = [message_from_bytes(each.read_bytes(), policy=policy.default) for each in _mails(counter)]
    told = [(str(each["to"]), each.get_body(("plain",))) for each in read]
    return [(to, body.get_content()) for to, body in told if body is not None and words in body.get_content()]


def _mails(counter: WatchedCounter) -> list[Path]:
    return sorted(profile_of(counter).mails.glob("*.eml"), key=lambda path: int(path.name.split("-")[1]))


def look_into_the_books(counter: WatchedCounter, number: str, before: str) -> None:
    """As the document tells of both bulk orders; and nothing that the integrity check finds."""
    books = open_books(replace(profile_of(counter), till_id="T2"))
    till = books.till
    manager = sign_in(till, Pins(books.secret.pepper), MANAGER.name, MANAGER.pin).actor
    asked = {name: load_bulk_details(till, manager, name) for name in (number, before)}
    summaries = {name: details_document(each)["data"]["summary"] for name, each in asked.items()}
    counts = {"PENDING": 0, "ACTIVE": 3, "COMPLETED": 0, "CANCELLED": 0}
    both = {"totalOrders": 3, "totalAmount": 165_000, "totalFirstPayment": 1_300, "statusCounts": counts}
    assert summaries[number] == both | {"totalPaid": 1_300, "remainingAmount": 163_700}
    assert summaries[before] == both | {"totalPaid": 2_600, "remainingAmount": 162_400}
    verified = verified_document(asked[number].placed)["data"]
    assert [(each["amount"], each["status"]) for each in verified["payments"]] == [
        (800, "COMPLETED"),
        (400, "COMPLETED"),
        (100, "COMPLETED"),
    ]
    (meera,) = search_customers(till, manager, "Meera Nair")
    with till.db.read() as connection:
        assert owed_to(connection, meera.id, "INR") == inr(390)
    report = inspect_books(till)
    assert report.ok, [each.faults for each in report.results if not each.ok]
    till.db.close()


def test_the_documents_order_is_paid_over_a_power_cut_and_the_days_due_in_one_payment(watched: WatchedCounter) -> None:
    open_bazaar_of_yesterday(watched.folder / "till")
    (before, *_) = watched.read(BULKS)[0]
    watched.open_till()
    watched.sign_in(CASHIER.pin)
    number = place_order(watched)
    pay_over_a_power_cut(watched)
    see_it_paid(watched, number)
    collect_the_day(watched)

    assert watched.read(CHECKOUTS) == [(130_000, "CAPTURED")] * 2
    assert watched.count("SELECT count(*) FROM money_exception") == 0
    told = wait_for("the mails", lambda: found if len(found := letters(watched, number)) == 2 else None)
    assert [to for to, _text in told] == ["john@example.com", "owner@example.com"]
    assert all("₹800.00 of ₹80,000.00 paid, 1 of 100 days" in text for _to, text in told)
    [(to, text)] = wait_for("the receipt", lambda: letters(watched, "2 of 100 days"))
    assert (to, "₹1,300.00" in text, "2 of 200 days" in text) == ("john@example.com", True, True)
    look_into_the_books(watched, number, str(before))
