"""Verify an invoice: its id, the amount and the cart at the left; the verdict at the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from tillgate.domain.changes import Kind
from tillgate.domain.errors import TillgateError
from tillgate.domain.money import Money
from tillgate.domain.mpesa import CURRENCY
from tillgate.domain.payment_invoice import LONGEST_REF, clean_ref
from tillgate.domain.staff import Action
from tillgate.i18n import ntr, tr
from tillgate.services.invoice_rows import PaymentInvoiceRecord
from tillgate.services.invoice_verification import Verification, verify_invoice
from tillgate.ui.message_text import message_for
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.print_paper import print_paper
from tillgate.ui.screens.back_office import BackOffice
from tillgate.ui.screens.checkout.amounts import PayButton
from tillgate.ui.screens.form_dialog import ChoiceField, sentence
from tillgate.ui.screens.payment_invoices.desk import InvoiceDesk
from tillgate.ui.screens.payment_invoices.keys import SCREEN
from tillgate.ui.screens.payment_invoices.selling import CartChoice, Selling, cart_of, list_carts
from tillgate.ui.screens.payment_invoices.sides import lay_out_sides
from tillgate.ui.screens.payment_invoices.surplus_dialog import SurplusDialog
from tillgate.ui.screens.payment_invoices.verdict import VerdictPanel
from tillgate.ui.screens.payment_invoices.words import reason_why, waits_on_exceptions
from tillgate.ui.text import shown
from tillgate.ui.theme import Tone
from tillgate.ui.widgets.fields import MoneyField, TextField
from tillgate.ui.widgets.notices import EmptyState, InlineNotice, NoticeAction, announce


class VerifyPage(QWidget):
    """`turned` when other commands can be given; `verb_asked(str)` for what the screen does itself."""

    turned = Signal()
    verb_asked = Signal(str)

    def __init__(self, office: BackOffice, desk: InvoiceDesk, selling: Selling) -> None:
        super().__init__()
        self._office, self._desk, self._selling = office, desk, selling
        self._carts: tuple[CartChoice, ...] = ()
        self._reading = self._read_again = False
        self._wanted_cart: int | None = None
        self._act = OneAtATime(office.tasks, self)
        self._next: Callable[[], object] | None = None
        self.ref = TextField(tr("Invoice id"), placeholder="PI-…", limit=LONGEST_REF + 40)
        self.amount = MoneyField(tr("Expected amount before fees"), CURRENCY)
        self.cart = ChoiceField(tr("Cart for the order"))
        self.notice = InlineNotice(closable=True)
        self.go = PayButton()
        self.go.clicked.connect(self.press)
        self.panel = VerdictPanel(office)
        self.panel.asked.connect(self.do)
        self.empty = EmptyState(
            "badge-check",
            tr("No invoice verified yet"),
            tr("Scan, paste or type the customer’s invoice id and the amount before fees. Every rule is shown here."),
        )
        self._lay_out()
        self._show_carts()
        self._show_go()
        self.ref.submitted.connect(self._entered_ref)
        self.ref.changed.connect(lambda _text: self._show_verbs())
        self.amount.submitted.connect(self.press)
        self.cart.changed.connect(self._cart_chosen)
        selling.refused.connect(self._not_made)
        office.tasks.watch(self, {Kind.CART, Kind.ORDER}, lambda _changes: self.read_carts())

    def _lay_out(self) -> None:
        parts = (self.ref, self.amount, self.cart)
        results = (self.empty, self.panel)
        self._right = lay_out_sides(self, tr("Verify an invoice"), parts, (self.notice, self.go), results)

    # The id and the amount

    def take(self, ref: str, amount: Money | None = None, *, cart_id: int | None = None) -> None:
        """An id was scanned or chosen; with an amount it is verified at once, or after the one that is under way."""
        if self._act.running:
            self._next = partial(self.take, ref, amount, cart_id=cart_id)
            return
        self.ref.set_text(ref.strip())
        if amount is not None:
            self._choose_cart(cart_id)
            self.amount.set_amount(amount)
        if self.amount.peek() is not None:
            self.press()
        else:
            self.amount.setFocus()

    def take_invoice(self, invoice: PaymentInvoiceRecord) -> None:
        """Verify an invoice for what it was asked for."""
        self.take(invoice.number, invoice.amount, cart_id=cart_of(invoice))

    @Slot()
    def _entered_ref(self) -> None:
        if self.amount.text:
            self.press()
        else:
            self.amount.setFocus()

    @Slot()
    def press(self) -> None:
        """Verify what stands in the fields."""
        self.notice.clear()
        amount = self.amount.amount()
        if not self.ref.text:
            self.ref.show_error(tr("Type, paste or scan the invoice’s id."))
            self.ref.setFocus()
        elif amount is None:
            self.amount.setFocus()
        else:
            ref = self.ref.text
            work: Callable[[], Verification] = partial(
                verify_invoice, self._office.till, self._office.actor, ref, amount
            )
            if self._act.run(work, self._show, self._failed, label="verify"):
                self._show_go()

    def _show(self, result: Verification) -> None:
        self.panel.show_result(result)
        self._right.setCurrentWidget(self.panel)
        self._show_go()
        self._show_verbs()
        self.panel.take_focus()
        announce(self.panel, self.panel.spoken)
        self._take_next()

    def forget(self, invoice: PaymentInvoiceRecord) -> None:
        """It was sold with: its verdict holds no more."""
        result = self.panel.result
        if result is None or result.invoice is None or result.invoice.id != invoice.id or self._act.running:
            return
        self.panel.result = None
        self._right.setCurrentWidget(self.empty)
        self.ref.clear()
        self.amount.clear()
        self._show_verbs()

    def _take_next(self) -> None:
        """What was scanned while another was verified is not thrown away."""
        waiting, self._next = self._next, None
        if waiting is not None:
            waiting()

    def _failed(self, error: TillgateError) -> None:
        self._show_go()
        field = {"amount": self.amount}.get(str(error.values.get("field", "")))
        if field is not None:
            field.show_error(sentence(error))
            field.setFocus()
        else:
            self.notice.show_error(error)
        self._take_next()

    def _show_go(self) -> None:
        verb = tr("Verifying…") if self._act.running else tr("Verify")
        self.go.show_amount(verb, "", self._office.hint(f"{SCREEN}.go"))
        self.go.setEnabled(not self._act.running)

    # The cart

    @Slot()
    def read_carts(self) -> None:
        """Which carts there are."""
        if self._reading:
            self._read_again = True
            return
        self._reading = True
        work = partial(list_carts, self._office.till, self._office.actor)
        self._office.tasks.run(self, work, self._take_carts, self._no_carts, label="carts")

    def _take_carts(self, found: Sequence[CartChoice]) -> None:
        self._reading = False
        if tuple(found) != self._carts:
            self._carts = tuple(found)
            self._show_carts()
            self._show_verbs()
        if self._read_again:
            self._read_again = False
            self.read_carts()

    def _no_carts(self, _error: TillgateError) -> None:
        self._reading = self._read_again = False

    def _show_carts(self) -> None:
        chosen = self._wanted_cart if self._wanted_cart is not None else self._cart_id
        combo = self.cart.combo
        combo.blockSignals(True)
        combo.clear()
        combo.addItem(tr("No cart"), None)
        for each in self._carts:
            lines = ntr("{count} line", "{count} lines", each.lines)
            text = tr("{cart}: {total}, {lines}", cart=each.name, total=self._office.money(each.total), lines=lines)
            combo.addItem(shown(text, 90), each.id)
        self.cart.choose(chosen)
        combo.blockSignals(False)
        if self._cart_id is not None:
            self._wanted_cart = None

    def _choose_cart(self, cart_id: int | None) -> None:
        self._wanted_cart = cart_id
        self.cart.choose(cart_id)
        self.read_carts()

    @Slot()
    def _cart_chosen(self) -> None:
        self._wanted_cart = None
        chosen = next((each for each in self._carts if each.id == self._cart_id), None)
        if chosen is not None:
            self.amount.set_amount(chosen.total)
        self._show_verbs()

    @property
    def _cart_id(self) -> int | None:
        value = self.cart.value
        return value if isinstance(value, int) else None

    # What can be done with the verdict

    def do(self, verb: str) -> None:
        """A command, or a button, of the verdict."""
        result = self.panel.result
        if result is None or not self.can(verb):
            return
        self.panel.notice.clear()
        if verb == "order" and self._cart_id is not None and result.invoice is not None:
            self._selling.press(self._cart_id, result.invoice.number)
            self._show_verbs()
        elif verb == "surplus":
            self._ask_surplus(result)
        elif verb == "save_slip":
            self._save_slip(result)
        elif verb == "print_slip":
            self._print_slip(result)
        else:
            self.verb_asked.emit(verb)

    def can(self, verb: str) -> bool:
        """Whether a command has something to do now."""
        result = self.panel.result
        if result is None or self._act.running:
            return False
        paid = result.invoice is not None and result.invoice.payment_id is not None
        exceptions = self._desk.checkout.open_exceptions is not None and self._office.may(Action.VIEW_EXCEPTIONS)
        can = {
            "order": result.success and self._cart_id is not None and self._is_of_field(result),
            "surplus": result.surplus is not None and not waits_on_exceptions(result) and self._is_of_field(result),
            "save_slip": self._desk.save_slip is not None,
            "print_slip": self._desk.print_slip is not None,
            "payment": paid and self._office.show_payment is not None,
            "orders": bool(result.order_ids) and self._office.show_orders is not None,
            "exceptions": exceptions and waits_on_exceptions(result),
        }
        return can.get(verb, False)

    def _is_of_field(self, result: Verification) -> bool:
        """Whether the verdict is of the id that stands in the field: nothing is done with another's."""
        found = result.invoice
        names = (found.number, found.provider_id or "", result.receipt) if found is not None else ()
        typed = (clean_ref(self.ref.text) or "").upper()
        return typed in {name.upper() for name in (result.asked, *names) if name}

    def _show_verbs(self) -> None:
        self.panel.show_verbs({verb: self.can(verb) for verb in self.panel.buttons}, working=self._selling.busy)
        result = self.panel.result
        self.panel.show_cart_missing(missing=result is not None and result.success and self._cart_id is None)
        self.turned.emit()

    @Slot(object)
    def _not_made(self, error: TillgateError) -> None:
        if self.isVisible():
            self._show_verbs()
            show_refusal(self.panel.notice, error, self.press)

    def _ask_surplus(self, result: Verification) -> None:
        dialog = SurplusDialog(self, self._office, result)
        dialog.accepted_surplus.connect(self._accepted)
        dialog.open()

    @Slot(object)
    def _accepted(self, result: Verification) -> None:
        self._show(result)

    def _save_slip(self, result: Verification) -> None:
        saving = self._desk.save_slip
        if saving is not None:
            work: Callable[[], Path] = partial(saving, result)
            self._office.tasks.run(self, work, self._saved, self.panel.notice.show_error, label="slip")

    def _saved(self, path: Path) -> None:
        opening = self._office.open_file
        actions = [NoticeAction(tr("Open the file"), partial(opening, path), "folder-open")] if opening else []
        self.panel.notice.say(Tone.SETTLED, tr("Saved as {name}.", name=path.name), str(path.parent), actions)

    def _print_slip(self, result: Verification) -> None:
        told = tr("The slip was sent to the printer.")
        print_paper(self._office.tasks, self, self._desk.print_slip, result, self.panel.notice, told=told)

    def take_focus(self) -> None:
        """In front again."""
        self.ref.setFocus()
        self.ref.line.selectAll()


def show_refusal(notice: InlineNotice, error: TillgateError, verify: Callable[[], object]) -> None:
    """Why no order was made: nothing was sold and the invoice is as it was."""
    why = reason_why(error)
    if not why:
        notice.show_error(error)
        return
    words = message_for(error)
    again = NoticeAction(tr("Verify it again"), verify, "badge-check")
    notice.say(Tone.FAILED, words.what, why, [again])
