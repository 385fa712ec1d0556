"""The checkout screen in its window, worked as a cashier works it, over real services on a file of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from tests.factories.shop import Counter
from tests.ui.pages.at_the_keys import AtTheKeys
from tests.ui.pages.hands import click, press, type_text
from tillgate.domain.changes import Changes, Kind
from tillgate.domain.payment import Mode, PaymentState
from tillgate.i18n import active_language, mark
from tillgate.services.refunds import settle_refunds
from tillgate.services.settle import settle_attempts, settle_fulfilments
from tillgate.services.sign_in import sign_out
from tillgate.services.till import Till
from tillgate.store.models import payment
from tillgate.ui.screen import Screen, ScreenSpec, ShellState
from tillgate.ui.screens.checkout import CheckoutDesk, CheckoutScreen
from tillgate.ui.screens.checkout.held_dialog import HoldDialog
from tillgate.ui.screens.checkout.keys import Key
from tillgate.ui.screens.checkout.outcome_panel import _DEAF_MS
from tillgate.ui.screens.checkout.stages import Stage
from tillgate.ui.shell import Shell
from tillgate.ui.tasks import Tasks

GITANJALI, CARD, CAMERA, PHONE = "036000291452", "8900000000029", "4006381333931", "8900000000005"


class OffQtThread:
    """The books, which may not be opened on the Qt thread: a slow disk must never stop the window."""

    def __init__(self, inside: Any) -> None:
        self._inside = inside

    def __getattr__(self, name: str) -> Any:
        if name in {"read", "write", "transact"}:
            assert threading.current_thread() is not threading.main_thread(), f"db.{name} on the Qt thread"
        return getattr(self._inside, name)


def off_qt_thread(till: Till) -> Till:
    """The till as a screen is given it: neither books nor provider answer on the Qt thread."""
    return replace(till, db=cast(Any, OffQtThread(till.db)))


class CheckoutPage(AtTheKeys):
    """Keys, scans and presses, and what is seen of them."""

    def __init__(self, qtbot: QtBot, tasks: Tasks, counter: Counter, **desk: Any) -> None:
        self.qtbot, self.tasks, self.counter = qtbot, tasks, counter
        self.opened: list[str] = []
        self.opens = True
        self.way: tuple[str, str] | None = (counter.provider.name, "link")
        self._desk: dict[str, Any] = desk
        specs = [
            ScreenSpec("checkout", mark("Checkout"), "shopping-cart", self._make),
            ScreenSpec("elsewhere", mark("Elsewhere"), "package", Screen),
        ]
        self.shell = Shell(specs, Screen, tasks, scan_screen="checkout")
        qtbot.addWidget(self.shell)
        self.shell.resize(1280, 800)
        self.sign_in()
        with qtbot.waitActive(self.shell):
            self.shell.show()
        # What tests/ui/test_shell.py proves need not be waited for again: keys right after a change of screens.
        self.shell._quarantine._over()
        self.screen.ring_up.findings._timer.setInterval(0)
        self.settled()

    def sign_in(self) -> None:
        """As the window does: a session's screens, of which the one that sells is there at once."""
        actor = self.counter.cashier
        state = ShellState("Rang Mahal", "T1", Mode.TRAINING, staff_id=actor.staff_id, session=actor.session)
        self.shell.show_state(replace(state, person=actor.name, role=actor.role))
        self.shell.page("checkout")

    def lock(self) -> None:
        """The cashier leaves the till; the session is over."""
        sign_out(self.counter.till, self.counter.cashier)
        self.shell.show_state(replace(self.shell.state, staff_id=None, session="", person="", role=None))

    def _make(self) -> Screen:
        counter = self.counter
        return CheckoutScreen(
            CheckoutDesk(
                till=off_qt_thread(counter.till),
                actor=counter.cashier,
                tasks=self.tasks,
                commands=self.shell.commands,
                open_url=self._open,
                provider=lambda: self.way,
                zone=counter.till.zone,
                language=active_language(),
                put_above=self.shell.put_above,
                come_forward=lambda: self.shell.go("checkout"),
                **self._desk,
            )
        )

    def _open(self, url: str) -> bool:
        self.opened.append(url)
        return self.opens

    @property
    def screen(self) -> CheckoutScreen:
        found = self.shell.page("checkout")
        assert isinstance(found, CheckoutScreen)
        return found

    def go(self, key: str) -> None:
        """To another screen, and wait until it takes keys."""
        assert self.shell.go(key)
        self.shell._quarantine._over()

    # Hands

    def click(self, button: QWidget) -> None:
        assert button.isEnabled()
        assert button.isVisible()
        click(button)

    def do(self, key: Key) -> None:
        """A command from the palette."""
        action = self.shell.commands.action(key)
        assert action.isEnabled(), key
        action.trigger()

    # Waiting

    def until(self, holds: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(holds()))

    def settled(self) -> None:
        """Everything asked for is done and shown."""
        timer = self.screen.ring_up.findings._timer
        self.until(lambda: self.tasks.pending == 0 and self.screen.ringing.idle and not timer.isActive())

    def reached(self, stage: Stage) -> None:
        self.until(lambda: self.stage is stage)
        self.settled()

    def settle(self) -> None:
        """What the timer lane does, and says."""
        till = self.counter.till
        settle_attempts(till)
        settle_fulfilments(till)
        settle_refunds(till)
        self.tasks.broadcast(Changes.of(Kind.PAYMENT, Kind.ORDER, Kind.REFUND, origin="timer"))
        self.qtbot.wait(1)
        self.settled()

    # Eyes

    @property
    def news(self) -> str:
        """What the bar above the screens says."""
        bar = self.screen.news.bar
        return bar.text if bar.isVisible() else ""

    @property
    def lines(self) -> list[str]:
        """Each line as a screen reader says it."""
        rows = self.screen.view.cart.lines
        found = [rows.row(line_id) for line_id in rows.line_ids]
        return [row.accessibleName() for row in found if row is not None]

    @property
    def stage(self) -> Stage | None:
        now = self.screen.paying.situation
        return now.stage if now is not None else None

    @property
    def payments(self) -> list[PaymentState]:
        return [row.state for row in self.counter.rows(payment)]

    @property
    def reference(self) -> str:
        """Our name for the checkout on the screen."""
        now = self.screen.paying.situation
        assert now is not None
        assert now.view is not None
        assert now.view.attempt is not None
        return now.view.attempt.reference

    def shows(self, panel: QWidget) -> bool:
        """Whether a panel is the one at the right."""
        return self.screen.view.side is panel and panel.isVisible()

    def focus_in(self, panel: QWidget) -> bool:
        focus = QApplication.focusWidget()
        return focus is not None and (focus is panel or panel.isAncestorOf(focus))

    def has_focus(self, widget: QWidget) -> bool:
        return QApplication.focusWidget() is widget

    @property
    def toast(self) -> str:
        toast = self.screen.view.toast
        return toast.text if toast.isVisible() else ""

    def dialog(self) -> QDialog:
        """The dialog that is open, once it is."""
        self.until(self._dialogs)
        (found,) = self._dialogs()
        return found

    def _dialogs(self) -> list[QDialog]:
        return [found for found in self.shell.findChildren(QDialog) if found.isVisible()]

    @property
    def dialog_open(self) -> bool:
        return bool(self._dialogs())

    # Ways that many tests go

    def ring_up(self, *codes: str) -> None:
        for code in codes:
            self.screen.scan(code)
        self.settled()

    def hold(self, label: str = "") -> None:
        """F4, another label or none, and Enter."""
        self.press(Qt.Key.Key_F4)
        self.take_label(label)

    def take_label(self, label: str = "") -> None:
        """Answer the question under which label the cart is held."""
        dialog = self.dialog()
        assert isinstance(dialog, HoldDialog)
        assert dialog.label.line.selectedText() == dialog.label.text
        type_text(dialog.label.line, label)
        press(dialog.label.line, Qt.Key.Key_Return)
        self.settled()

    def pay(self) -> None:
        """F9, and the checkout is open."""
        self.press(Qt.Key.Key_F9)
        self.until(lambda: self.screen.paying.payment_id is not None and not self.screen.paying.busy)
        self.settled()

    def customer_pays(self, **money: Any) -> None:
        """The customer pays at the provider, and the timer lane hears of it."""
        self.counter.provider.pay(self.reference, **money)
        self.later(4)

    def later(self, seconds: float) -> None:
        """Time goes by, and the timer lane works."""
        cast(Any, self.counter.till.clock).advance(seconds)
        self.settle()


def awake(page: CheckoutPage) -> None:
    """Until the outcome on the screen may be answered."""
    page.until(lambda: page.screen.view.outcome._since.elapsed() >= _DEAF_MS)


def receipts_in(folder: Path) -> dict[str, Any]:
    """Papers that are written to a folder."""

    def save(name: str) -> Callable[[int], Path]:
        def write(number: int) -> Path:
            path = folder / f"{name}-{number}.pdf"
            path.write_bytes(b"%PDF")
            return path

        return write

    return {"save_receipt": save("receipt"), "save_invoice": save("invoice")}
