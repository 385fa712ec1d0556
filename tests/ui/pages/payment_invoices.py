"""Invoice verification as its user has it, in the window, beside the checkout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.factories.people import quick_pins, signed_in
from tests.factories.prompting import Kiosk
from tests.ui.pages.at_the_keys import AtTheKeys
from tests.ui.pages.checkout import off_qt_thread
from tillgate.app.news import changes_of
from tillgate.domain.changes import Changes, Kind
from tillgate.domain.checkout_facts import CheckoutStatus
from tillgate.domain.payment import Mode
from tillgate.domain.payment_end import End
from tillgate.domain.staff import Action, Actor, Role
from tillgate.i18n import mark
from tillgate.services.invoice_rows import PaymentInvoiceRecord
from tillgate.services.invoice_verification import Verification
from tillgate.services.sign_in import sign_out
from tillgate.store.audit import AuditEntry
from tillgate.ui.dialogs.approval import Door
from tillgate.ui.screen import Screen, ScreenSpec, ShellState
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout import CheckoutDesk, CheckoutScreen
from tillgate.ui.screens.payment_invoices import InvoiceDesk, PaymentInvoicesScreen
from tillgate.ui.screens.payment_invoices.keys import ASK, SCREEN
from tillgate.ui.screens.payment_invoices.prompt_panel import DEAF_MS
from tillgate.ui.shell import Shell
from tillgate.ui.tasks import Tasks
from tillgate.ui.widgets.data_table import Query

D = TypeVar("D", bound=QWidget)


@dataclass
class InvoicePage(AtTheKeys):
    """Opens the window on invoice verification for the kiosk's cashier, or for `who`."""

    qtbot: QtBot
    tasks: Tasks
    kiosk: Kiosk
    folder: Path
    who: Actor | None = None
    language: str = "en"
    slips: list[Verification] = field(default_factory=list)
    fronts: list[dict[int, End | None]] = field(default_factory=list)
    shown: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.actor = self.who or self.kiosk.cashier
        self.kiosk.till.db.on_committed = self._tell
        specs = [
            ScreenSpec(SCREEN, mark("Verification"), "badge-check", self._make, Action.VIEW_PAYMENTS),
            ScreenSpec("checkout", mark("Checkout"), "shopping-cart", self._make_checkout, Action.SELL),
        ]
        self.shell = Shell(specs, Screen, self.tasks, idle_minutes=600)
        self.shell.resize(1024, 768)
        self.qtbot.addWidget(self.shell)
        self._sign_in("s1")
        self.shell.show()
        # Until then its shortcuts are nobody's.
        self.settled(self.shell.isActiveWindow)
        self.take_keys()

    def take_keys(self) -> None:
        """What tests/ui/test_shell.py proves need not be waited for again: keys right after a change of screens."""
        self.shell._quarantine._over()

    def _sign_in(self, session: str, *, locked: bool = False) -> None:
        self.shell.show_state(
            ShellState(
                "Duka",
                "T1",
                Mode.TRAINING,
                session=session,
                staff_id=self.actor.staff_id,
                person=self.actor.name,
                role=None if locked else self.actor.role,
            )
        )

    def open_again(self) -> None:
        """As after a restart: the screens are others."""
        self._sign_in("", locked=True)
        self._sign_in(token_hex(4))
        self.settled()
        self.take_keys()

    def come_back(self) -> None:
        """Locked in the middle, and signed in again: another session, another screen."""
        sign_out(self.kiosk.till, self.actor, "lock")
        self._sign_in("", locked=True)
        self.actor = self.kiosk.cashier = signed_in(self.kiosk.till, Role.CASHIER, "Back again")
        self._sign_in(token_hex(4))
        self.settled()
        self.take_keys()

    def _desk(self) -> CheckoutDesk:
        till = off_qt_thread(self.kiosk.till)
        return CheckoutDesk(
            till=till,
            actor=self.actor,
            tasks=self.tasks,
            commands=self.shell.commands,
            open_url=lambda _url: True,
            provider=lambda: ("intasend", "stk"),
            zone=till.zone,
            language=self.language,
            save_receipt=self._save("receipt"),
            save_invoice=self._save("invoice"),
            open_settings=lambda: self.shown.append("settings"),
            open_exceptions=lambda: self.shown.append("exceptions"),
            come_forward=lambda: self.shell.go("checkout"),
            put_above=self.shell.put_above,
            show_payment=self.shown.append,
            in_front=lambda fronts: self.fronts.append(dict(fronts)),
            ask_phone=self._carry,
            verify_invoice=self._verify_code,
        )

    def _make(self) -> PaymentInvoicesScreen:
        till = off_qt_thread(self.kiosk.till)
        office = BackOffice(
            door=Door(till, quick_pins(), self.actor, self.tasks),
            commands=self.shell.commands,
            zone=till.zone,
            language=self.language,
            show_payment=self.shown.append,
            show_orders=self._show,
            show_exceptions=self._show,
        )
        return PaymentInvoicesScreen(office, InvoiceDesk(self._desk(), self._save_slip, self.slips.append))

    def _make_checkout(self) -> CheckoutScreen:
        return CheckoutScreen(self._desk())

    def _carry(self, cart: Any) -> None:
        self.shell.go(SCREEN)
        self.screen.carry(cart)

    def _verify_code(self, code: str, cart: Any) -> None:
        self.shell.go(SCREEN)
        self.screen.verify_code(code, cart)

    def _show(self, query: Query) -> None:
        self.shown.append(query)

    def _save(self, name: str) -> Callable[[int], Path]:
        return lambda number: self.folder / f"{name}-{number}.pdf"

    def _save_slip(self, result: Verification) -> Path:
        self.slips.append(result)
        return self.folder / f"verification-{result.id}.pdf"

    def _tell(self, entries: list[AuditEntry]) -> None:
        changes = changes_of(entries)
        if changes is not None:
            self.tasks.broadcast(changes)

    # What it shows

    @property
    def screen(self) -> PaymentInvoicesScreen:
        page = self.shell.page(SCREEN)
        assert isinstance(page, PaymentInvoicesScreen)
        return page

    @property
    def checkout(self) -> CheckoutScreen:
        page = self.shell.page("checkout")
        assert isinstance(page, CheckoutScreen)
        return page

    @property
    def invoice(self) -> PaymentInvoiceRecord:
        """The invoice whose prompt is in front."""
        found = self.screen.ask.paying.invoice
        assert found is not None
        return found

    @property
    def prompt(self) -> str:
        """The prompt in words."""
        return self.screen.ask.panel.spoken

    @property
    def verdict(self) -> str:
        """The verdict in words."""
        return self.screen.verify.panel.spoken

    @property
    def rules(self) -> list[tuple[str, str, str, str]]:
        """Check, verdict, expected, found: a row each."""
        rows = self.screen.verify.panel.rows
        return [(row.row.check.value, row.row.verdict.value, row.expected, row.found) for row in rows]

    def offers(self) -> set[str]:
        """The buttons that the page in front offers of its prompt or verdict."""
        page = self.screen.ask if self.screen.front == ASK else self.screen.verify
        return {verb for verb, button in page.panel.buttons.items() if not button.isHidden()}

    def dialog(self, kind: type[D]) -> D:
        """The dialog that is open, once it is."""
        self.settled(lambda: any(each.isVisible() for each in self.shell.findChildren(kind)))
        (found,) = (each for each in self.shell.findChildren(kind) if each.isVisible())
        return found

    # What a person does

    def command(self, verb: str) -> None:
        """Give a command, as its key or its entry in a menu does."""
        action = self.shell.commands.action(f"{SCREEN}.{verb}")
        assert action.isEnabled(), verb
        action.trigger()

    def can(self, verb: str) -> bool:
        """Whether a command can be given."""
        return self.shell.commands.action(f"{SCREEN}.{verb}").isEnabled()

    def ask(self, phone: str = "0712 345 678", amount: str = "1000") -> None:
        """Ask a phone; until its prompt is on the way and shown."""
        self.screen.show_page(ASK)
        page = self.screen.ask
        page.phone.set_text(phone)
        page.amount.set_text(amount)
        self.settled(lambda: page.fees.fees is not None)
        page.press()
        self.settled(lambda: page.paying.invoice is not None or page.notice.text != "" or page.phone.error != "")

    def answer(self, **how: Any) -> None:
        """The customer types the PIN, and the timer lane hears of it."""
        payment_id = self.invoice.payment_id
        assert payment_id is not None
        self.kiosk.provider.pay(self.kiosk.reference(payment_id), **how)
        self.later(4)

    def ends(self, reason: str | None, status: CheckoutStatus = CheckoutStatus.FAILED) -> None:
        """The prompt ends unpaid, and the timer lane hears of it."""
        payment_id = self.invoice.payment_id
        assert payment_id is not None
        reference, checkouts = self.kiosk.reference(payment_id), self.kiosk.provider.checkouts
        found = next(each for each in checkouts.values() if each.reference == reference)
        checkouts[found.provider_id] = replace(found, status=status, reason=reason)
        self.later(4)

    def later(self, seconds: float) -> None:
        """Time goes by, and the timer lane works."""
        self.kiosk.clock.advance(seconds)
        self.kiosk.settle()
        self.tasks.broadcast(Changes.of(Kind.PAYMENT, Kind.ORDER, Kind.REFUND, origin="timer"))
        self.qtbot.wait(1)
        self.settled()

    def verify(self, ref: str, amount: str = "1000") -> None:
        """Fill the fields in and press Verify; until the verdict stands."""
        page = self.screen.verify
        self.screen.show_page("verify")
        before = page.panel.result
        page.ref.set_text(ref)
        page.amount.set_text(amount)
        page.press()
        self.settled(lambda: page.panel.result is not before)

    def awake(self) -> None:
        """Until what is in front may be answered."""
        for panel in (self.screen.ask.panel, self.screen.verify.panel, self.screen.sold):
            self.qtbot.waitUntil(partial(_is_awake, panel))

    def settled(self, until: Callable[[], object] = lambda: True) -> None:
        """Wait until nothing is under way and something holds."""
        self.qtbot.waitUntil(lambda: self.tasks.pending == 0 and bool(until()))


def _is_awake(panel: Any) -> bool:
    since = panel._since
    return not since.isValid() or since.elapsed() >= DEAF_MS


def verdicts(rules: Sequence[tuple[str, str, str, str]]) -> list[str]:
    """The verdicts alone."""
    return [verdict for _check, verdict, _expected, _found in rules]
