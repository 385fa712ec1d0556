"""The pictures of the README, taken from the real window in training:  python -m tests.ui.readme_pictures [FOLDER]

A morning of sales through the sandbox, then the checkout, a sale that is paid, an order in instalments as it is put
together, and the figures in dark, each as a PNG.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QApplication

from tests.factories.instalments import ADDRESS
from tillgate.app.demo_people import MANAGER
from tillgate.app.demo_play import open_till, pay_at_hosted_page
from tillgate.app.main import Application, make_qt
from tillgate.app.profile import Profile
from tillgate.app.sample import prepare_training
from tillgate.domain.catalogue import ProductKind
from tillgate.domain.payment import Mode
from tillgate.services import carts
from tillgate.services.cancel import cancel
from tillgate.services.catalogue import load_product, search_products
from tillgate.services.checkout import new_key, put_up_for_payment
from tillgate.services.customers import search_customers
from tillgate.services.payment_news import acknowledge, list_news
from tillgate.services.payment_views import view_payment
from tillgate.services.settle import check_now
from tillgate.services.sign_in import Session, sign_in
from tillgate.ui import theme
from tillgate.ui.garbage import Sweeper
from tillgate.ui.screens.checkout import CheckoutScreen
from tillgate.ui.screens.checkout.keys import Key
from tillgate.ui.screens.instalments import InstalmentsScreen
from tillgate.ui.screens.instalments.new_order_page import NewOrderPage
from tillgate.ui.theme import Scheme

SIZE: Final = (1280, 832)
MORNING: Final = ("Amul", "Books", "Bansuri", "Anchor", "Asian", "Bean", "Baby", "Cricket", "Desk", "Electric", "Fan")
BASKET: Final = ("AirPods Pro", "Amul Ghee", "Anchor Extension")
# Product, quantity and days.
PLANS: Final = (("iPhone 15 Pro", 1, 200), ("AirPods Pro", 1, 50), ("Mi Smart TV", 1, 180))
PATIENCE_S: Final = 60.0


class Studio:
    """The till of a training shop, and a camera."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.folder = folder
        self.qt: QApplication = make_qt()
        # As the application does: what a worker collected might be a widget.
        self.sweeper = Sweeper()
        profile = Profile(Mode.TRAINING, home)
        profile.make()
        self.application = Application(profile, prepare_training)
        self.application.start()
        self.until(lambda: open_till(self.application))
        window = self.application.till
        assert window is not None
        self.window, self.shop = window, window.shop
        self.shell = window.shell
        self.shell.resize(*SIZE)
        self.session: Session = sign_in(self.shop.till, self.shop.pins, MANAGER.name, MANAGER.pin)

    def until(self, holds: Callable[[], object], calm_ms: int = 400) -> None:
        """Let the window live until something is so, and a moment more."""
        begun = time.monotonic()
        while not holds():
            self.qt.processEvents()
            assert time.monotonic() - begun < PATIENCE_S, "the window did not get there"
        calm = time.monotonic() + calm_ms / 1000
        while time.monotonic() < calm:
            self.qt.processEvents()

    def settled(self, calm_ms: int = 600) -> None:
        """Nothing is on its way."""
        self.until(lambda: self.window.tasks.pending == 0, calm_ms)

    def take(self, name: str, scheme: Scheme = Scheme.LIGHT) -> None:
        """One picture."""
        theme.current().choose(scheme)
        self.settled()
        self.shell.grab().save(str(self.folder / f"{name}.png"))
        theme.current().choose(Scheme.LIGHT)

    def piece(self, words: str) -> int:
        """A variant of the first product found."""
        actor = self.session.actor
        found = (
            *search_products(self.shop.till, actor, words),
            *search_products(self.shop.till, actor, "a", limit=200),
        )
        sold = next(hit for hit in found if hit.product.kind is ProductKind.SALE)
        return load_product(self.shop.till, actor, sold.product.id).variants[0].id

    def sell(self, words: str, *, pays: bool) -> None:
        """A sale of the morning, paid at the hosted page or given up."""
        till, actor = self.shop.till, self.session.actor
        cart = carts.open_cart(till, actor)
        cart = carts.add_variant(till, actor, cart.id, self.piece(words))
        begun = put_up_for_payment(till, actor, cart.id, key=new_key(), provider="razorpay", method="link").payment
        url = view_payment(till, actor, begun.id).url
        if pays and url is not None:
            pay_at_hosted_page(url)
            check_now(till, actor, begun.id)
        else:
            cancel(till, actor, begun.id)
            carts.clear(till, actor, cart.id)

    def seen(self) -> None:
        """The morning's ends were seen, so that no bar tells of them."""
        till, actor = self.shop.till, self.session.actor
        acknowledge(till, actor, [(each.payment_id, each.end) for each in list_news(till, actor)])

    def ring_up(self) -> CheckoutScreen:
        """A basket of three vendors for a customer."""
        screen = self.shell.page("checkout")
        assert isinstance(screen, CheckoutScreen)
        for words in BASKET:
            screen.ringing.add(self.piece(words))
        self.settled()
        (customer, *_) = search_customers(self.shop.till, self.session.actor, "Ananya")
        screen.ringing.set_customer(customer.id)
        self.settled()
        return screen

    def put_together(self) -> None:
        """Three products, each on a plan of its own, one of which is looked at again."""
        screen = self.shell.page("instalments")
        assert isinstance(screen, InstalmentsScreen)
        page = screen.pages["order"]
        assert isinstance(page, NewOrderPage)
        (john,) = search_customers(self.shop.till, self.session.actor, "John Doe")
        page.side.customer.show_person(john.id, john.name, john.phone)
        for words, quantity, days in PLANS:
            (hit, *_) = search_products(self.shop.till, self.session.actor, words)
            page.finder.chosen.emit(hit)
            self.settled()
            page.planner.quantity.set_value(quantity)
            self.settled()
            offered = [each.value.days for each in page.planner.plans.choices]
            page.planner.plans.step(offered.index(days))
            page.planner.choose.click()
            self.settled()
        page.address.fill(ADDRESS)
        page.open_item(page.items[0].number)
        self.settled()


def main(folder: Path) -> None:
    """Take them all."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        studio = Studio(Path(home), folder)
        for number, words in enumerate(MORNING):
            studio.sell(words, pays=number % 4 != 3)
        studio.seen()
        studio.window.enter(studio.session)
        studio.settled()
        screen = studio.ring_up()
        studio.take("checkout")
        screen._do(Key.PAY)
        studio.until(lambda: screen.paying.situation is not None and screen.paying.situation.url)
        now = screen.paying.situation
        assert now is not None
        assert now.url is not None
        pay_at_hosted_page(now.url)
        screen.paying.check()
        studio.until(lambda: screen.view.side is screen.view.outcome, 2_500)
        studio.take("paid")
        screen._next_sale()
        studio.shell.go("instalments")
        studio.settled()
        studio.put_together()
        studio.take("instalments")
        studio.shell.go("metrics")
        studio.settled(1_500)
        studio.take("figures", Scheme.DARK)
        studio.application.stop()
        studio.sweeper.stop()


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("resources/pictures"))
