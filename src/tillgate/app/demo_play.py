"""The demo that plays by itself: a sale through the real window by its keys, paid over HTTP at the hosted page."""

from __future__ import annotations

import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tillgate.app.clean_counter import prepare_play
from tillgate.app.crashes import Crashes
from tillgate.app.demo_people import CASHIER, MANAGER, DemoPerson
from tillgate.app.log import configure
from tillgate.app.main import Application, make_qt
from tillgate.app.masking import KnownSecrets
from tillgate.app.papers import save_invoice, save_receipt
from tillgate.app.profile import Profile
from tillgate.app.window import TillWindow
from tillgate.domain.staff import Actor
from tillgate.services import carts
from tillgate.services.catalogue import load_product, search_products
from tillgate.services.invoices import InvoiceRecord, list_invoices
from tillgate.services.payment_views import view_payment
from tillgate.services.sign_in import list_people
from tillgate.ui.garbage import Sweeper

PATIENCE_S: Final = 30.0
# Three vendors, one of which approves its orders by itself.
PRODUCTS: Final = ("AirPods Pro", "Amul Ghee", "Anchor Extension")
CUSTOMER: Final = "Ananya"
BACK_OFFICE: Final = ("payments", "orders", "exceptions", "metrics")
T = TypeVar("T")


class DemoStuckError(Exception):
    """The demo waited in vain; its text says for what."""


class Play:
    """Plays one sale; pictures and papers go to `output`. `run` raises DemoStuckError where it gets stuck."""

    def __init__(self, profile: Profile, output: Path) -> None:
        output.mkdir(parents=True, exist_ok=True)
        profile.make()
        self.qt = make_qt()
        self.output = output
        self.application = Application(profile, prepare_play)
        self._pictures = 0
        self._paying: int | None = None

    def run(self) -> int:
        """Play it to its end; 0 when the sale was paid and its papers are there."""
        # What Qt says of a platform without a screen belongs into the log, as what it says of any.
        configure(KnownSecrets(), self.application.profile.logs, to_stderr=False)
        crashes = Crashes()
        crashes.take_over(self.application.profile.logs)
        sweeper = Sweeper()
        self.application.start()
        try:
            self._wait("the till to open", lambda: open_till(self.application))
            self._sell()
            self._look_around()
        finally:
            self.application.stop()
            sweeper.stop()
            crashes.give_back()
        self._say(f"Pictures and papers are in {self.output.resolve()}")
        return 0

    @property
    def till(self) -> TillWindow:
        """The open till's window."""
        if self.application.till is None:
            raise DemoStuckError("the till")
        return self.application.till

    def _sell(self) -> None:
        self._sign_in(CASHIER)
        self._picture("checkout")
        for name in PRODUCTS:
            self._scan(self._barcode(name))
        self._choose_customer()
        self._picture("cart")
        self._press("F9")
        url = self._wait("the payment link", self._url)
        self._pause(0.5)
        self._picture("waiting-for-the-customer")
        self._say(f"Paying at {url}")
        pay_at_hosted_page(url)
        invoices = self._wait("the invoices", self._invoices)
        self._pause(1.5)
        self._picture("paid")
        self._save_papers(invoices)
        self._press("Return")

    def _look_around(self) -> None:
        self._press("Ctrl+L")
        self._sign_in(MANAGER)
        for key in BACK_OFFICE:
            if self.till.shell.go(key):
                self._pause(1.0)
                self._picture(key)

    # What a person does

    def _sign_in(self, person: DemoPerson) -> None:
        self._pause(0.5)
        self._picture("sign-in")
        self._press("Esc")
        names = [each.name for each in list_people(self.till.shop.till)]
        for _ in range(names.index(person.name)):
            self._press("Right")
        self._press("Return")
        QTest.keyClicks(self._focus(), person.pin)
        # As quick as this it would be a scan.
        self._pause(0.2)
        self._press("Return")
        self._wait("the sign-in", lambda: self.till.session)
        self._pause(0.8)

    def _scan(self, code: str) -> None:
        before = self._lines()
        self.till.shell.scanner.scanned.emit(code)
        self._wait(f"{code} in the cart", lambda: self._lines() > before)
        self._pause(0.3)

    def _choose_customer(self) -> None:
        """F3, a name, Enter: a customer gets the mails."""
        self._press("F3")
        QTest.keyClicks(self._focus(), CUSTOMER)
        self._pause(0.8)
        self._press("Return")
        till, actor = self.till.shop.till, self._actor()
        self._wait("the customer", lambda: carts.open_cart(till, actor).customer)
        self._pause(0.5)

    def _press(self, keys: str) -> None:
        QTest.keySequence(self._focus(), QKeySequence(keys))
        self._pause(0.3)

    def _focus(self) -> QWidget:
        if QApplication.activeWindow() is None:
            # Without a window system nobody hands the focus back.
            self.till.shell.activateWindow()
            self._pause(0.1)
        return QApplication.focusWidget() or self.till.shell

    # What is looked at

    def _actor(self) -> Actor:
        return self._wait("somebody signed in", lambda: self.till.session).actor

    def _barcode(self, name: str) -> str:
        till, actor = self.till.shop.till, self._actor()
        hit = search_products(till, actor, name)[0]
        variant = load_product(till, actor, hit.product.id).variants[0]
        return variant.barcode or variant.code

    def _lines(self) -> int:
        return len(carts.open_cart(self.till.shop.till, self._actor()).lines)

    def _payment_id(self) -> int | None:
        return carts.open_cart(self.till.shop.till, self._actor()).payment_id

    def _url(self) -> str | None:
        self._paying = self._payment_id() or self._paying
        if self._paying is None:
            return None
        return view_payment(self.till.shop.till, self._actor(), self._paying).url

    def _invoices(self) -> list[InvoiceRecord]:
        if self._paying is None:
            return []
        with self.till.shop.till.db.read() as reading:
            return list_invoices(reading, self._paying)

    def _save_papers(self, invoices: list[InvoiceRecord]) -> None:
        shop, actor = self.till.shop, self._actor()
        papers = [save_invoice(shop, actor, invoice.id) for invoice in invoices]
        if self._paying is not None:
            papers.append(save_receipt(shop, actor, self._paying))
        for paper in papers:
            (self.output / paper.name).write_bytes(paper.read_bytes())

    def _picture(self, name: str) -> None:
        self._pictures += 1
        self._pause(0.2)
        path = self.output / f"{self._pictures:02d}-{name}.png"
        if not self.till.shell.grab().save(str(path)):
            raise DemoStuckError(str(path))
        self._say(f"{path.name}")

    def _say(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.qt.processEvents()
            time.sleep(0.01)

    def _wait(self, what: str, look: Callable[[], T | None]) -> T:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            found = look()
            if found:
                return found
            self._pause(0.05)
        raise DemoStuckError(what)


def open_till(application: Application) -> TillWindow | None:
    """The till's window once what is behind it is open; people can be chosen a while before."""
    window = application.till
    return window if window is not None and window.is_open else None


def pay_at_hosted_page(url: str) -> None:
    """What a customer does in a browser: open the sandbox's page and press Pay."""
    if not url.startswith("http://127.0.0.1:"):
        raise DemoStuckError(url)
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as page:  # noqa: S310 - checked above
        page.read()
    form = urllib.parse.urlencode({"method": "upi", "outcome": "pay"}).encode()
    with urllib.request.urlopen(url, data=form, timeout=PATIENCE_S) as answer:  # noqa: S310 - checked above
        answer.read()
