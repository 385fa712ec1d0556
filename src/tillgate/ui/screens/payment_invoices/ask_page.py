"""Ask a phone to pay: the number, the amount with its fees, and Send at the left; the prompt at the right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.errors import Refused, TillgateError, Unavailable
from tillgate.domain.money import Money
from tillgate.domain.mpesa import CURRENCY
from tillgate.domain.payment_invoice import FeeBreakdown
from tillgate.domain.staff import Action
from tillgate.i18n import tr
from tillgate.services.cancel import Ended
from tillgate.services.customers import CustomerRecord, load_customer
from tillgate.services.invoice_lists import PromptView, view_prompt
from tillgate.services.invoice_rows import PaymentInvoiceRecord
from tillgate.services.prompts import AskPhone, Prompted, new_prompt_key, quote_fees
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.amounts import PayButton
from tillgate.ui.screens.checkout.customer_dialog import CustomerDialog
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.stages import TELLS, Stage
from tillgate.ui.screens.form_dialog import sentence
from tillgate.ui.screens.payment_invoices.fee_lines import FeeLines
from tillgate.ui.screens.payment_invoices.keys import SCREEN
from tillgate.ui.screens.payment_invoices.phone_field import PhoneField
from tillgate.ui.screens.payment_invoices.prompt_panel import PromptPanel
from tillgate.ui.screens.payment_invoices.prompting import PromptPaying
from tillgate.ui.screens.payment_invoices.selling import CART_NOTE, CartChoice, Made, Selling, cart_of, find_cart
from tillgate.ui.screens.payment_invoices.sides import lay_out_sides
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.buttons import Button, ButtonTone
from tillgate.ui.widgets.fields import MoneyField
from tillgate.ui.widgets.labels import ElidedLabel
from tillgate.ui.widgets.notices import EmptyState, InlineNotice, NoticeAction, announce


class AskPage(QWidget):
    """`turned` when other commands can be given; `use_asked(PaymentInvoiceRecord)` to verify what was paid;
    `verb_asked(str)` for what the screen does itself."""

    turned = Signal()
    use_asked = Signal(object)
    verb_asked = Signal(str)

    def __init__(self, office: BackOffice, desk: CheckoutDesk, selling: Selling) -> None:
        super().__init__()
        self._office, self._desk, self._selling = office, desk, selling
        self._key = new_prompt_key()
        self._phone = ""
        self._stage: Stage | None = None
        self.cart: CartChoice | None = None
        self.customer: CustomerRecord | None = None
        self.paying = PromptPaying(desk, self)
        self.phone = PhoneField()
        self.amount = MoneyField(tr("Amount before fees"), CURRENCY)
        self.fees = FeeLines(office)
        self.notice = InlineNotice(closable=True)
        self.who = ElidedLabel(role="strong")
        self.choose = Button(tr("Customer"), icon="user", hint=office.hint(f"{SCREEN}.customer"),
                             on_click=self.choose_customer)  # fmt: skip
        self.for_cart = ElidedLabel(role="strong")
        self.drop_cart = Button(tone=ButtonTone.ICON, icon="x", name=tr("Ask for no cart"), on_click=self.forget_cart)
        self.send = PayButton()
        self.send.clicked.connect(self.press)
        self.panel = PromptPanel(office)
        self.panel.asked.connect(self.do)
        self.empty = EmptyState(
            "smartphone",
            tr("No phone is being asked"),
            tr("Type the customer’s M-Pesa phone and the amount. The fees are shown before anything is sent."),
        )
        self._lay_out()
        self._connect()
        self._show_cart()
        self._show_send()

    def _lay_out(self) -> None:
        self._cart_row = QWidget()
        cart = QHBoxLayout(self._cart_row)
        cart.setContentsMargins(0, 0, 0, 0)
        cart.addWidget(self.for_cart, 1)
        cart.addWidget(self.drop_cart)
        whose = QHBoxLayout()
        whose.setSpacing(8)
        whose.addWidget(self.who, 1)
        whose.addWidget(self.choose)
        parts = (self._cart_row, self.phone, self.amount, whose, self.fees)
        results = (self.empty, self.panel)
        self._right = lay_out_sides(self, tr("Ask a phone to pay"), parts, (self.notice, self.send), results)

    def _connect(self) -> None:
        self.amount.amount_changed.connect(self._quote)
        self.phone.changed.connect(lambda _text: self._show_send())
        self.phone.submitted.connect(self.amount.setFocus)
        self.amount.submitted.connect(self.press)
        self.paying.changed.connect(self._show_prompt)
        self.paying.sent.connect(self._sent)
        self.paying.not_started.connect(self._not_sent)
        self.paying.refused.connect(self.panel.notice.show_error)
        self.paying.ended.connect(self._given_up)
        self._selling.refused.connect(lambda _error: self._show_verbs())
        self._office.tasks.watch(self, {Kind.SETTING}, lambda _changes: self._quote())

    # What is asked for

    @property
    def way(self) -> tuple[str, str] | None:
        """The provider that asks phones, and its method; None while there is none."""
        return self._desk.prompt_way()

    def carry(self, cart: CartChoice) -> None:
        """Ask for a cart: its total, and its customer's phone."""
        self.fresh()
        self.cart = cart
        self.amount.set_amount(cart.total)
        self.phone.set_text(cart.phone)
        self.customer = None
        self._show_cart()
        (self.phone if not self.phone.normal else self.send).setFocus()
        self.turned.emit()

    @Slot()
    def forget_cart(self) -> None:
        """The amount is for no cart."""
        self.cart = None
        self._show_cart()
        self.phone.setFocus()
        self.turned.emit()

    @Slot()
    def choose_customer(self) -> None:
        """Who is asked: the receipt and mails name them."""
        if self.cart is None:
            named = self.customer is not None
            CustomerDialog(self, self._desk, self._chosen, named=named).open()

    def _chosen(self, customer_id: int | None) -> None:
        if customer_id is None:
            self.customer = None
            self._show_cart()
            return
        work = partial(load_customer, self._office.till, self._office.actor, customer_id)
        self._office.tasks.run(self, work, self._take_customer, self.notice.show_error, label="customer")

    def _take_customer(self, found: CustomerRecord) -> None:
        self.customer = found
        if not self.phone.text:
            self.phone.set_text(found.phone)
        self._show_cart()

    @Slot()
    def _quote(self) -> None:
        amount = self.amount.peek()
        if amount is None:
            self._show_fees(None)
            return
        work = partial(quote_fees, self._office.till, self._office.actor, amount)
        self._office.tasks.run(self, work, self._quoted, lambda _error: self._show_fees(None), label="fees")

    def _quoted(self, fees: FeeBreakdown) -> None:
        if fees.amount == self.amount.peek():
            self._show_fees(fees)

    def _show_fees(self, fees: FeeBreakdown | None) -> None:
        self.fees.show_fees(fees)
        self._show_send()

    # Send

    @Slot()
    def press(self) -> None:
        """Ask the phone, for what stands in the fields; what is wrong with it is said at its field."""
        if self.paying.busy or not self.send.isEnabled():
            return
        self.notice.clear()
        self.phone.show_error("")
        amount, fees, way = self.amount.amount(), self.fees.fees, self.way
        if way is None:
            self._not_sent(Unavailable("provider_off", provider="intasend"))
        elif amount is None:
            self.amount.setFocus()
        elif fees is not None:
            self._phone = self.phone.normal or self.phone.text
            self.paying.press(self._command(amount, way), fees.total)

    def _command(self, amount: Money, way: tuple[str, str]) -> AskPhone:
        provider, method = way
        cart, whose = self.cart, self.customer
        if cart is not None:
            notes = {CART_NOTE: str(cart.id)}
            return AskPhone(self._key, self.phone.text, amount, provider, method, cart.customer_id, cart.who,
                            cart.email, notes, cart.id)  # fmt: skip
        if whose is not None:
            return AskPhone(self._key, self.phone.text, amount, provider, method, whose.id, whose.name, whose.email)
        return AskPhone(self._key, self.phone.text, amount, provider, method)

    @Slot(object)
    def _sent(self, prompted: Prompted) -> None:
        self._phone = prompted.invoice.phone

    @Slot(object)
    def _not_sent(self, error: TillgateError) -> None:
        """Nothing was sent: why, and which press it is from now on."""
        self._stage = None
        self._right.setCurrentWidget(self.empty)
        if isinstance(error, Refused | Unavailable):
            # That invoice is over; our own mistake may have been written down, and the same press finds it again.
            self._key = new_prompt_key()
        self._show_send()
        self.turned.emit()
        field = {"phone": self.phone, "amount": self.amount}.get(str(error.values.get("field", "")))
        if field is not None:
            field.show_error(sentence(error))
            field.setFocus()
            return
        actions = []
        there, settings = error.values.get("invoice"), self._desk.open_settings
        if error.code == "prompt_open" and isinstance(there, int):
            actions.append(NoticeAction(tr("Show that prompt"), partial(self.show_invoice, there), "smartphone"))
        elif error.code == "provider_off" and settings is not None:
            actions.append(NoticeAction(tr("Open Settings"), settings, "settings"))
        self.notice.show_error(error, actions)

    # The prompt

    def show_invoice(self, invoice_id: int) -> None:
        """Show the prompt of an invoice."""
        work: Callable[[], PromptView] = partial(view_prompt, self._office.till, self._office.actor, invoice_id)

        def show(found: PromptView) -> None:
            self.reopen(found.invoice)

        self._office.tasks.run(self, work, show, self.notice.show_error, label="prompt")

    def reopen(self, invoice: PaymentInvoiceRecord) -> None:
        """Show a prompt as it stands: nothing is sent."""
        self.notice.clear()
        self._phone, self._stage = invoice.phone, None
        self.paying.reopen_prompt(invoice)

    def fresh(self) -> None:
        """Another press: the panel is free for the next phone, and what is under way goes on without it."""
        self._key = new_prompt_key()
        self.paying.forget()
        self._stage = None
        self.notice.clear()
        self.panel.notice.clear()
        self._right.setCurrentWidget(self.empty)
        self.cart = self.customer = None
        self.phone.clear()
        self.amount.clear()
        self._show_cart()
        self._show_fees(None)
        self.tell_front(shown=False)
        self.turned.emit()

    def forget(self, made: Made) -> None:
        """That invoice or cart is sold: the panel is free, unless it is about another."""
        asked = self.paying.invoice
        sold_cart = self.paying.situation is None and self.cart is not None and self.cart.id == made.cart_id
        if sold_cart or (asked is not None and asked.id == made.sold.invoice.id):
            self.fresh()

    def do(self, verb: str) -> None:
        """A command of the prompt, or its button."""
        if not self.can(verb):
            return
        self.panel.notice.clear()
        if verb == "check_now":
            self.paying.check()
        elif verb == "give_up":
            self.paying.cancel()
        elif verb == "leave":
            self.fresh()
            self.phone.setFocus()
        elif verb == "again":
            self._again()
        elif verb == "order":
            self._order()
        elif verb == "use" and self.paying.invoice is not None:
            self.use_asked.emit(self.paying.invoice)
        else:
            self.verb_asked.emit(verb)

    def can(self, verb: str) -> bool:
        """Whether a command has something to do now."""
        can = self.panel.can(self.paying.situation, self.paying.invoice, cart=self._cart_id is not None)
        can["payment"] = can["payment"] and self._office.show_payment is not None
        manages = self._office.may(Action.VIEW_EXCEPTIONS) and self._desk.open_exceptions is not None
        can["exceptions"] = can["exceptions"] and manages
        return can.get(verb, False)

    @property
    def _cart_id(self) -> int | None:
        invoice = self.paying.invoice
        return cart_of(invoice) if invoice is not None else None

    def _again(self) -> None:
        """The same once more: a new invoice, for the phone that stands there; a cart's total is read anew."""
        invoice, cart_id, whose = self.paying.invoice, self._cart_id, self.customer
        if invoice is None:
            return
        if cart_id is not None:
            work = partial(find_cart, self._office.till, self._office.actor, cart_id)
            again = partial(self._fill_again, invoice, whose)
            self._office.tasks.run(self, work, again, self.panel.notice.show_error, label="cart")
        else:
            self._fill_again(invoice, whose, None)

    def _fill_again(self, invoice: PaymentInvoiceRecord, whose: CustomerRecord | None, cart: CartChoice | None) -> None:
        if self.paying.invoice is None or self.paying.invoice.id != invoice.id:
            return
        self.fresh()
        if cart is not None:
            self.carry(cart)
        else:
            self.amount.set_amount(invoice.amount)
            self.customer = whose
            self._show_cart()
        self.phone.set_text(invoice.phone)
        self.phone.setFocus()
        self.turned.emit()

    def _order(self) -> None:
        invoice, cart_id = self.paying.invoice, self._cart_id
        if invoice is not None and cart_id is not None:
            self._selling.press(cart_id, invoice.number)
            self._show_verbs()

    @Slot(object)
    def _given_up(self, ended: Ended) -> None:
        if ended is Ended.CHECKING:
            self.panel.notice.say(
                Tone.WAITING,
                tr("The prompt is still on the phone, and the customer may be typing the PIN."),
                tr("Do not charge again. It ends by itself in a few minutes."),
            )

    # What is shown

    @Slot()
    def _show_prompt(self) -> None:
        now = self.paying.situation
        if now is None:
            return
        moved, self._stage = now.stage is not self._stage, now.stage
        turned = self._right.currentWidget() is not self.panel
        self.panel.show_prompt(now, self.paying.invoice, self._phone, self._cart_words())
        self._show_verbs()
        self._right.setCurrentWidget(self.panel)
        self._show_send()
        if self.isVisible():
            self.tell_front(shown=True)
        if turned or moved:
            self.panel.take_focus()
        if moved:
            announce(self.panel, self.panel.spoken)

    def _show_verbs(self) -> None:
        self.panel.show_verbs({verb: self.can(verb) for verb in self.panel.buttons}, working=self._selling.busy)
        self.turned.emit()

    def _cart_words(self) -> str:
        cart_id = self._cart_id
        if cart_id is None:
            return ""
        if self.cart is not None and self.cart.id == cart_id:
            return tr("Cart: {cart}", cart=self.cart.name)
        return tr("For a cart of the checkout")

    def _show_cart(self) -> None:
        cart, whose = self.cart, self.customer
        self._cart_row.setVisible(cart is not None)
        self.for_cart.show_text(tr("Cart: {cart}", cart=cart.name) if cart is not None else "")
        # What is asked for a cart is its total: another amount could never pay for it.
        self.amount.line.setReadOnly(cart is not None)
        self.choose.setVisible(cart is None)
        self.who.setVisible(cart is None)
        self.who.show_text(whose.name if whose is not None else tr("No customer"))

    def _show_send(self) -> None:
        amount, fees = self.amount.peek(), self.fees.fees
        asked = self.paying.situation is not None
        ready = amount is None or (fees is not None and fees.amount == amount)
        total = self._office.money(fees.total) if fees is not None and amount is not None else ""
        self.send.show_amount(tr("Send the prompt"), total, self._office.hint(f"{SCREEN}.go"))
        self.send.setEnabled(ready and not asked)
        for field in (self.phone, self.amount, self.choose, self.drop_cart):
            field.setEnabled(not asked)

    def tell_front(self, *, shown: bool) -> None:
        """What is told here of a payment's end is told nowhere else."""
        now = self.paying.situation
        if self._desk.in_front is None:
            return
        number = self.paying.payment_id
        tells = shown and now is not None and now.view is not None and number is not None
        self._desk.in_front({number: TELLS.get(now.stage)} if tells and now and number else {})

    def take_focus(self) -> None:
        """In front again."""
        if self.paying.situation is None:
            self.phone.setFocus()
        else:
            self.panel.take_focus()
