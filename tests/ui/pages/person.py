"""Somebody at the application's own window, over its own till in training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import Table, func, select

from tests.ui.pages.back_office_panes import button
from tests.ui.pages.hands import NONE, press, type_text
from tillgate.app.demo_people import CASHIER, MANAGER, DemoPerson
from tillgate.app.demo_play import pay_at_hosted_page
from tillgate.app.main import Application
from tillgate.app.profile import Profile
from tillgate.app.sample import prepare_training
from tillgate.app.window import TillWindow
from tillgate.domain.payment import Mode
from tillgate.store.models import cart_line, payment, payment_attempt, product, refund, sales_invoice, variant
from tillgate.ui.scanner import GAP_MS
from tillgate.ui.screens.checkout import CheckoutScreen
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.screens.payments import PaymentsScreen
from tillgate.ui.screens.payments.refund_dialog import RefundDialog

T = TypeVar("T")
# Whatever else this machine does: nobody waits for it where all is well.
PATIENCE_MS = 60_000


class Person:
    """Somebody at the till, whose own looks into the books are not the application's."""

    def __init__(self, qtbot: QtBot, application: Application) -> None:
        self.qtbot, self.application = qtbot, application
        self.lane = ThreadPoolExecutor(1)

    @property
    def till(self) -> TillWindow:
        assert self.application.till is not None
        return self.application.till

    def until(self, holds: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(holds()), timeout=PATIENCE_MS)

    def aside(self, act: Callable[[], T]) -> T:
        """Done in another thread, while the window lives on."""
        future = self.lane.submit(act)
        self.until(future.done)
        return future.result()

    def number(self, query: object) -> int:
        """One number from the books."""

        def look() -> int:
            with self.till.shop.till.db.read() as connection:
                return int(connection.execute(query).scalar() or 0)  # type: ignore[call-overload]

        return self.aside(look)

    def count(self, table: Table) -> int:
        return self.number(select(func.count()).select_from(table))

    def settled(self) -> None:
        self.qtbot.wait(20)
        self.until(lambda: self.till.tasks.pending == 0)

    def focus(self) -> QWidget:
        if QApplication.activeWindow() is None:
            self.till.shell.activateWindow()
            self.until(lambda: QApplication.activeWindow() is not None)
        self.until(lambda: not self.till.shell._quarantine.active)
        return QApplication.focusWidget() or self.till.shell

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
        press(self.focus(), key, held)
        self.settled()

    def sign_in(self, person: DemoPerson) -> None:
        """The tiles, by keys: whoever comes first in the alphabet is the first of them."""
        self.press(Qt.Key.Key_Escape)
        for _ in range([CASHIER, MANAGER].index(person)):
            self.press(Qt.Key.Key_Right)
        self.press(Qt.Key.Key_Return)
        type_text(self.focus(), person.pin)
        # Without a pause it would be a scan.
        self.qtbot.wait(2 * GAP_MS)
        self.press(Qt.Key.Key_Return)
        self.until(lambda: self.till.session is not None and self.till.session.actor.name == person.name)
        self.settled()

    def sell(self) -> None:
        """Scan, pay, be paid over HTTP at the hosted page, and go on to the next."""
        name = select(product.c.id).where(product.c.name.like("AirPods Pro%")).limit(1).scalar_subquery()
        code = select(variant.c.barcode).where(variant.c.product_id == name).limit(1)
        self.till.shell.scanner.scanned.emit(f"{self.number(code):013d}")
        self.until(lambda: self.count(cart_line) == 1)
        screen = self.till.shell.page("checkout")
        assert isinstance(screen, CheckoutScreen)
        self.settled()
        self.press(Qt.Key.Key_F9)
        self.until(lambda: screen.paying.situation and screen.paying.situation.stage is Stage.WAITING)
        self.aside(lambda: pay_at_hosted_page(self._url()))
        self.until(lambda: screen.paying.situation and screen.paying.situation.stage is Stage.PAID)
        self.until(lambda: self.count(sales_invoice) == 1)

    def _url(self) -> str:
        with self.till.shop.till.db.read() as connection:
            return str(connection.execute(select(payment_attempt.c.url)).scalar_one())

    def refund(self) -> None:
        """The newest payment of the list, in full."""
        assert self.till.shell.go("payments")
        self.settled()
        screen = self.till.shell.page("payments")
        assert isinstance(screen, PaymentsScreen)
        self.until(lambda: screen.table.model.rowCount() == 1)
        screen.table.view.select_row(0)
        screen.table.open_row(0)
        self.settled()
        pane = screen.table.pane.body
        assert pane is not None
        button(pane, "Refund…").click()
        self.settled()
        (dialog,) = (each for each in self.till.shell.findChildren(RefundDialog) if each.isVisible())
        dialog.reason.set_text("It came back")
        dialog.go.click()
        self.settled()
        self.until(lambda: self.number(select(func.count()).where(refund.c.state == "DONE")) == 1)
        self.until(lambda: self.number(select(func.count()).where(payment.c.state == "REFUNDED")) == 1)
        self.settled()


@contextmanager
def at_the_window(qtbot: QtBot, folder: Path) -> Iterator[Person]:
    """The application with its window open at the door; it ends with the block, if it has not yet."""
    profile = Profile(Mode.TRAINING, folder)
    profile.make()
    application = Application(profile, prepare_training)
    ready: list[object] = []
    application.ready.connect(ready.append)
    application.start()
    qtbot.waitUntil(lambda: bool(ready), timeout=PATIENCE_MS)
    found = Person(qtbot, application)
    found.settled()
    yield found
    found.lane.shutdown()
    if application.window is not None:
        application.window.close()
    application.stop()
