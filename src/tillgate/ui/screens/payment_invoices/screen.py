"""Invoice verification: verify what a customer paid, ask a phone to pay, make the order; and the lists below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from tillgate.domain.errors import TillgateError
from tillgate.domain.money import Money
from tillgate.domain.mpesa import CURRENCY
from tillgate.i18n import mark, ntr, tr
from tillgate.services.cart_view import CartView
from tillgate.services.invoice_rows import PaymentInvoiceRecord
from tillgate.ui.screen import Screen
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.list_commands import ListCommands, commands_of
from tillgate.ui.screens.payment_invoices.ask_page import AskPage
from tillgate.ui.screens.payment_invoices.desk import InvoiceDesk
from tillgate.ui.screens.payment_invoices.desk_list import DeskList
from tillgate.ui.screens.payment_invoices.invoice_list import InvoiceList, LateList
from tillgate.ui.screens.payment_invoices.keys import (
    ASK,
    INVOICES,
    LATE,
    ONE,
    PAGES,
    SCREEN,
    VERIFICATIONS,
    VERIFY,
    WORK,
)
from tillgate.ui.screens.payment_invoices.selling import (
    CartChoice,
    Made,
    Selling,
    choice_of,
    find_asked,
    list_unfinished,
)
from tillgate.ui.screens.payment_invoices.sold_page import SoldPage
from tillgate.ui.screens.payment_invoices.verification_list import VerificationList
from tillgate.ui.screens.payment_invoices.verify_page import VerifyPage, show_refusal
from tillgate.ui.theme import Density, Tone, set_density
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.data_table import Query
from tillgate.ui.widgets.flow import FlowLayout
from tillgate.ui.widgets.labels import plain_label
from tillgate.ui.widgets.notices import InlineNotice, NoticeAction

SOLD: Final = "sold"
_CHIPS: Final = {
    VERIFY: mark("Verify"),
    ASK: mark("Ask a phone"),
    INVOICES: mark("Invoices"),
    VERIFICATIONS: mark("Verifications"),
    LATE: mark("Late money"),
}
# What the pages do themselves; the rest of the commands is the screen's.
_OF_ASK: Final = frozenset({"check_now", "give_up", "again", "leave", "use", "order", "payment", "exceptions"})
_OF_VERDICT: Final = frozenset({"order", "surplus", "print_slip", "save_slip", "payment", "orders", "exceptions"})
_OF_SOLD: Final = frozenset({"receipt", "next", "leave"})


class PaymentInvoicesScreen(Screen):
    """Opens with an invoice to be verified, or with the phone that is still being asked."""

    def __init__(self, office: BackOffice, desk: InvoiceDesk) -> None:
        super().__init__()
        self._office, self._desk = office, desk
        office.commands.add_all(commands_of(SCREEN, (*PAGES, *WORK), self._do))
        self.notice = InlineNotice(closable=True)
        self.selling = Selling(office, self)
        self.ask = AskPage(office, desk.checkout, self.selling)
        self.verify = VerifyPage(office, desk, self.selling)
        self.sold = SoldPage(office, desk.checkout)
        self.invoices = InvoiceList(office, self.notice, self._verify_invoice, self._show_prompt)
        self.lists: dict[str, DeskList] = {
            INVOICES: self.invoices,
            VERIFICATIONS: VerificationList(office, self.notice, self._verify_again),
            LATE: LateList(office, self.notice, self._verify_invoice, self._show_prompt),
        }
        self.front = VERIFY
        self.commands = ListCommands(self, office.commands, SCREEN, self.invoices.table, ONE)
        self.chips: dict[str, Button] = {}
        self._pages: dict[str, QWidget] = {VERIFY: self.verify, ASK: self.ask, SOLD: self.sold, **self.lists}
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()
        self.show_page(VERIFY)
        self._look_for_unfinished()

    def _lay_out(self) -> None:
        top = QWidget()
        set_density(top, Density.TOUCH)
        head = QHBoxLayout(top)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(8)
        head.addWidget(plain_label(tr("Invoice verification"), "heading"))
        head.addSpacing(8)
        chips = FlowLayout()
        head.addLayout(chips, 1)
        for key, title in _CHIPS.items():
            chip = Button(tr(title), tone=ButtonTone.CHIP, on_click=partial(self.show_page, key))
            chip.setCheckable(True)
            self.chips[key] = chip
            chips.addWidget(chip)
        for page in self._pages.values():
            self._stack.addWidget(page)
        for page in (self.verify, self.ask, self.sold):
            set_density(page, Density.TOUCH)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(12)
        column.addWidget(top)
        column.addWidget(self.notice)
        column.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.ask.turned.connect(self._show_commands)
        self.ask.use_asked.connect(self._verify_invoice)
        self.ask.verb_asked.connect(self._go)
        self.verify.turned.connect(self._show_commands)
        self.verify.verb_asked.connect(self._go)
        self.sold.asked.connect(self._do)
        self.selling.made.connect(self._made)
        self.selling.refused.connect(self._not_made)
        for page in self.lists.values():
            page.turned.connect(partial(self._turned, page))

    # What the shell tells

    def entered(self) -> None:
        """The focus goes to what is in front."""
        if self.front == VERIFY:
            self.verify.read_carts()
        self.ask.paying.resume()
        self.ask.tell_front(shown=self.front == ASK)
        self._take_focus()

    def left(self) -> None:
        """Another screen is in front: what ends here now is told above it."""
        self.ask.tell_front(shown=False)

    def go_back(self) -> bool:
        """Esc: close the details; then one page back, which changes nothing of a prompt."""
        if self.front in self.lists:
            table = self.lists[self.front].table
            was_open = not table.pane.isHidden()
            table.pane.close_pane()
            return was_open
        if self.front == SOLD:
            self.show_page(VERIFY)
            return True
        return False

    def scan(self, code: str) -> bool:
        """An invoice's id is verified, whatever is in front; with the amount that stands there."""
        self.show_page(VERIFY)
        self.verify.take(code)
        return True

    # The pages

    def show_page(self, key: str) -> None:
        """Show one of the pages."""
        self.front = key
        self._stack.setCurrentWidget(self._pages[key])
        for each, chip in self.chips.items():
            chip.setChecked(each == key)
        if key in self.lists:
            self.commands.turn_to(self.lists[key].table, self.lists[key].verbs)
        else:
            self.commands.follow({})
        if key == VERIFY:
            self.verify.read_carts()
        self._show_commands()
        self.ask.tell_front(shown=key == ASK and self.isVisible())
        if self.isVisible():
            self._take_focus()

    def _take_focus(self) -> None:
        page = self._pages[self.front]
        if isinstance(page, DeskList):
            page.table.setFocus()
        elif isinstance(page, VerifyPage | AskPage | SoldPage):
            page.take_focus()

    def carry(self, cart: CartView) -> None:
        """A cart of the checkout is to be paid by phone; the phone that is asked for it already is shown instead."""
        choice = choice_of(cart)
        work = partial(find_asked, self._office.till, self._office.actor, cart.id)
        self._office.tasks.run(
            self, work, partial(self._carried, choice), self.notice.show_error, label="payment invoices"
        )

    def verify_code(self, code: str, cart: CartView) -> None:
        """An id was scanned at the checkout: it is verified for the cart that is rung up there, if there is any."""
        choice = choice_of(cart)
        self.notice.clear()
        self.show_page(VERIFY)
        if choice.lines and not cart.locked and choice.total.currency == CURRENCY:
            self.verify.take(code, choice.total, cart_id=choice.id)
        else:
            self.verify.take(code)

    def _carried(self, cart: CartChoice, asked: PaymentInvoiceRecord | None) -> None:
        self.notice.clear()
        self.show_page(ASK)
        if asked is None:
            self.ask.carry(cart)
            return
        self.ask.fresh()
        self.ask.reopen(asked)
        self.notice.say(
            Tone.WAITING,
            tr("A phone was asked for this cart before."),
            tr("This is its prompt. No second one is sent."),
        )

    def show_payment_invoice(self, invoice: PaymentInvoiceRecord) -> None:
        """Show an invoice's details, from elsewhere."""
        self.show_page(INVOICES)
        self.invoices.show_invoice(invoice)

    def _verify_invoice(self, invoice: PaymentInvoiceRecord) -> None:
        self.notice.clear()
        self.show_page(VERIFY)
        self.verify.take_invoice(invoice)

    def _verify_again(self, ref: str, amount: Money) -> None:
        self.show_page(VERIFY)
        self.verify.take(ref, amount)

    def _show_prompt(self, invoice: PaymentInvoiceRecord) -> None:
        self.notice.clear()
        self.show_page(ASK)
        self.ask.fresh()
        self.ask.reopen(invoice)

    # After a restart

    def _look_for_unfinished(self) -> None:
        work = partial(list_unfinished, self._office.till, self._office.actor)
        self._office.tasks.run(self, work, self._show_unfinished, self.notice.show_error, label="payment invoices")

    def _show_unfinished(self, found: Sequence[PaymentInvoiceRecord]) -> None:
        if not found or self.ask.paying.situation is not None or self.ask.cart is not None:
            return
        self.ask.reopen(found[0])
        if self.front == VERIFY and not self.verify.ref.text:
            self.show_page(ASK)
        if len(found) > 1:
            text = ntr("{count} prompt is not finished.", "{count} prompts are not finished.", len(found))
            show = NoticeAction(tr("Show the list"), self._show_open, "receipt-text")
            self.notice.say(Tone.WAITING, text, tr("The newest is shown here."), [show])

    def _show_open(self) -> None:
        self.notice.clear()
        self.show_page(INVOICES)
        self.invoices.show_open()

    # The order

    @Slot(object)
    def _made(self, made: Made) -> None:
        self.notice.clear()
        self.verify.forget(made.sold.invoice)
        self.ask.forget(made)
        self.sold.show_made(made)
        self.show_page(SOLD)

    @Slot(object)
    def _not_made(self, error: TillgateError) -> None:
        invoice = self.ask.paying.invoice
        if self.front == ASK and invoice is not None:
            show_refusal(self.ask.panel.notice, error, partial(self._verify_invoice, invoice))

    # Commands

    def _do(self, verb: str) -> None:
        if verb in _CHIPS:
            self.show_page(verb)
        elif self._can(verb):
            self._act(verb)

    def _act(self, verb: str) -> None:
        if self.front in self.lists and verb in self.lists[self.front].verbs:
            self.lists[self.front].verbs[verb].click()
            return
        acts: dict[str, Callable[[], object]] = {
            "find": self._find,
            "customer": self.ask.choose_customer,
            "cart": self.verify.cart.setFocus,
            "go": self.ask.press if self.front == ASK else self.verify.press,
            "next": self._next,
            "receipt": self.sold.save_receipt,
        }
        if verb in acts:
            acts[verb]()
        elif self.front == ASK:
            self.ask.do(verb)
        elif self.front == VERIFY:
            self.verify.do(verb)
        elif verb == "leave":
            self.show_page(ASK)

    def _find(self) -> None:
        self.show_page(VERIFY)
        self.verify.take_focus()

    def _next(self) -> None:
        self.show_page(VERIFY)
        if self._desk.checkout.come_forward is not None:
            self._desk.checkout.come_forward()

    def _go(self, verb: str) -> None:
        """To another screen, with what the page in front is about."""
        office, result = self._office, self.verify.panel.result
        paid = self.ask.paying.payment_id
        if self.front == VERIFY and result is not None and result.invoice is not None:
            paid = result.invoice.payment_id
        if verb == "payment" and paid is not None and office.show_payment is not None:
            office.show_payment(paid)
        elif verb == "orders" and result is not None and office.show_orders is not None:
            office.show_orders(Query(result.orders[0]))
        elif verb == "exceptions" and self._desk.checkout.open_exceptions is not None:
            self._desk.checkout.open_exceptions()

    def _can(self, verb: str) -> bool:
        if self.front in self.lists:
            button = self.lists[self.front].verbs.get(verb)
            return verb == "find" or (button is not None and not button.isHidden() and button.isEnabled())
        always = {
            "find": True,
            "customer": self.front == ASK and self.ask.paying.situation is None and self.ask.cart is None,
            "cart": self.front == VERIFY,
            "go": (self.front == ASK and self.ask.paying.situation is None) or self.front == VERIFY,
        }
        if verb in always:
            return always[verb]
        if self.front == ASK:
            return verb in _OF_ASK and self.ask.can(verb)
        if self.front == VERIFY:
            return verb in _OF_VERDICT and self.verify.can(verb)
        return verb in _OF_SOLD and (verb != "receipt" or self._desk.checkout.save_receipt is not None)

    def _show_commands(self) -> None:
        for verb in WORK:
            self._office.commands.set_enabled(f"{SCREEN}.{verb.key}", self._can(verb.key))

    def _turned(self, page: DeskList) -> None:
        if self.front in self.lists and page is self.lists[self.front]:
            self.commands.follow(page.verbs)
            self._show_commands()
