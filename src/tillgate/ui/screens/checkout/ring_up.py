"""Ringing up as the cashier does it: picks, dialogs, presses on lines, and what is said of each edit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from tillgate.domain.catalogue import ProductKind
from tillgate.domain.errors import TillgateError
from tillgate.domain.payment_invoice import is_number
from tillgate.i18n import tr
from tillgate.services.cart_view import CartLineView, CartView
from tillgate.services.carts import list_held
from tillgate.services.catalogue import ProductHit, ProductView, load_product
from tillgate.ui.screens.checkout.customer_dialog import CustomerDialog
from tillgate.ui.screens.checkout.desk import CheckoutDesk
from tillgate.ui.screens.checkout.email_dialog import EmailDialog
from tillgate.ui.screens.checkout.finding_words import Advice, Fix
from tillgate.ui.screens.checkout.findings import Findings
from tillgate.ui.screens.checkout.held_dialog import HeldDialog, HoldDialog, label_for
from tillgate.ui.screens.checkout.ring_up_dialogs import RentalDialog, VariantDialog
from tillgate.ui.screens.checkout.ringing import Edited, Ringing
from tillgate.ui.screens.checkout.view import CheckoutView
from tillgate.ui.text import shown


class RingUp(QObject):
    """`cart_changed(CartView)` whenever a cart is shown, `other_cart` when it is another one than before."""

    cart_shown = Signal(object)
    other_cart = Signal()

    def __init__(self, screen: QWidget, desk: CheckoutDesk, view: CheckoutView, ringing: Ringing) -> None:
        super().__init__(screen)
        self._screen, self._desk, self._view, self.ringing = screen, desk, view, ringing
        self.findings = Findings(desk, self)
        lines = view.cart.lines
        lines.quantity_asked.connect(ringing.set_quantity)
        lines.remove_asked.connect(ringing.remove)
        lines.rental_asked.connect(self.change_rental)
        lines.advice_taken.connect(self.take_advice)
        view.cart.advice.taken.connect(lambda advice: self.take_advice(0, advice))
        ringing.shown.connect(self.show_cart)
        ringing.edited.connect(self._edited)
        self.findings.changed.connect(self.show_cart)

    # Products

    def pick(self, hit: ProductHit) -> None:
        """Ring a product found up; what is varied or rented asks first."""
        rented = hit.product.kind is ProductKind.RENTAL
        if hit.variant_id is not None and not rented:
            self.ringing.add(hit.variant_id)
        else:
            self._load(hit.product.id, lambda found: self._ask_about(found, hit.variant_id))

    def _load(self, product_id: int, then: Callable[[ProductView], None]) -> None:
        till, actor = self._desk.till, self._desk.actor
        self._desk.tasks.run(
            self, lambda: load_product(till, actor, product_id), then, self._not_loaded, label="product"
        )

    def _not_loaded(self, error: TillgateError) -> None:
        self._view.cart.notice.show_error(error)

    def _ask_about(self, product: ProductView, variant_id: int | None) -> None:
        def rent(chosen: int, period_id: int, start_on: date) -> None:
            self.ringing.add(chosen, period_id=period_id, start_on=start_on)

        if product.product.kind is ProductKind.RENTAL:
            RentalDialog(self._screen, self._desk, product, rent, variant_id=variant_id).open()
        else:
            VariantDialog(self._screen, self._desk, product, lambda chosen: self.ringing.add(chosen.id)).open()

    # Lines

    @property
    def marked(self) -> int | None:
        """The line that keys act on."""
        return self._view.cart.lines.selected

    def remove_marked(self) -> None:
        """Take the marked line out."""
        if self.marked is not None:
            self.ringing.remove(self.marked)

    def change_marked_rental(self) -> None:
        """Other dates for the marked line."""
        if self.marked is not None:
            self.change_rental(self.marked)

    @Slot(int)
    def change_rental(self, line_id: int) -> None:
        """Ask for another period or first day of a line."""
        line = self._line(line_id)
        if line is None or line.kind is not ProductKind.RENTAL:
            return

        def chosen(_variant_id: int, period_id: int, start_on: date) -> None:
            self.ringing.set_rental(line_id, period_id=period_id, start_on=start_on)

        def ask(product: ProductView) -> None:
            RentalDialog(self._screen, self._desk, product, chosen, line=line).open()

        self._load(line.product_id, ask)

    @Slot(int, object)
    def take_advice(self, line_id: int, advice: Advice) -> None:
        """Do what a finding's button says."""
        match advice.fix:
            case Fix.REPRICE:
                self.ringing.reprice()
            case Fix.QUANTITY:
                self.ringing.set_quantity(line_id, advice.quantity)
            case Fix.RENTAL:
                self.change_rental(line_id)
            case Fix.REMOVE:
                self.ringing.remove(line_id)
            case Fix.CUSTOMER:
                self.choose_customer()
            case Fix.NOTHING:
                pass

    def _line(self, line_id: int) -> CartLineView | None:
        cart = self.ringing.cart
        return next((line for line in cart.lines if line.id == line_id), None) if cart is not None else None

    # Carts

    def choose_customer(self) -> None:
        """Ask whose cart it is."""
        named = self.ringing.cart is not None and self.ringing.cart.customer is not None
        CustomerDialog(self._screen, self._desk, self.ringing.set_customer, named=named).open()

    def ask_about_mail(self) -> None:
        """Mail or none: pressed again it is the other; without an address it is asked for."""
        cart = self.ringing.cart
        if cart is None or cart.customer is None:
            self.choose_customer()
        elif cart.mail_to:
            self.ringing.set_mail_wanted(wanted=False)
        elif cart.customer.email:
            self.ringing.set_mail_wanted(wanted=True)
        else:
            EmailDialog(self._screen, self._desk, cart.customer, self._take_email).open()

    def _take_email(self) -> None:
        self.ringing.set_mail_wanted(wanted=True)
        self.ringing.reload()

    def hold(self) -> None:
        """Put the cart aside, under a label that only needs Enter."""
        self._view.cart.lines.finish_entry()
        self.ringing.when_done(self._ask_label)

    def _ask_label(self, cart: CartView) -> None:
        if cart.lines:
            HoldDialog(self._screen, label_for(cart, self._desk), self.ringing.hold).open()

    def ask_phone(self) -> None:
        """Carry the cart to where its customer's phone is asked, with the fees."""
        self._view.cart.lines.finish_entry()
        self.ringing.when_done(self._carry)

    def _carry(self, cart: CartView) -> None:
        if self._desk.ask_phone is not None and cart.lines and not cart.locked:
            self._desk.ask_phone(cart)

    def takes_invoice(self, code: str) -> bool:
        """Carry a scanned payment invoice to where it is verified; False for any other code."""
        verifying = self._desk.verify_invoice
        if verifying is None or not is_number(code):
            return False

        def verify(cart: CartView) -> None:
            verifying(code.strip(), cart)

        self.ringing.when_done(verify)
        return True

    def recall(self) -> None:
        """Ask which cart to go on with."""
        self._view.cart.lines.finish_entry()
        HeldDialog(self._screen, self._desk, self.ringing.recall).open()

    def count_held(self) -> None:
        """Show how many carts wait."""
        till, actor = self._desk.till, self._desk.actor
        self._desk.tasks.run(self, lambda: len(list_held(till, actor)), self._view.cart.show_held, label="held")

    @Slot()
    def show_cart(self) -> None:
        """Show the cart as it is now."""
        cart = self.ringing.cart
        if cart is None:
            return
        quantities = {line.id: self.ringing.quantity(line.id, line.quantity) for line in cart.lines}
        self._view.cart.show_cart(cart, quantities, self.findings.of_lines(), self.findings.of_cart())
        self.findings.watch(cart)
        self.cart_shown.emit(cart)

    @Slot(object)
    def _edited(self, edit: Edited) -> None:
        if edit.line is not None:
            self._view.cart.lines.select(edit.line)
        self._view.cart.notice.clear()
        self._say(edit)
        if edit.before.id != edit.after.id:
            self.count_held()
            self.other_cart.emit()

    def _say(self, edit: Edited) -> None:
        toast, undo = self._view.toast, self.ringing.undo
        match edit.name:
            case "remove":
                name = _gone(edit.before, edit.after)
                toast.show_text(tr("{name} was removed.", name=name), undo)
            case "clear":
                toast.show_text(tr("The cart was cleared."), undo)
            case "reprice":
                toast.show_text(tr("The prices are those of today."), undo)
            case "undo":
                toast.show_text(tr("The last change was taken back."))
            case "hold":
                held = edit.before.id
                toast.show_text(tr("The cart is held."), lambda: self.ringing.recall(held))
            case _:
                toast.hide()


def _gone(before: CartView, after: CartView) -> str:
    left = {line.id for line in after.lines}
    return next((shown(line.name, 60) for line in before.lines if line.id not in left), "")
