"""Make an order with a verified invoice: which carts there are for it, and the one press."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Signal

from tillgate.domain.errors import NotFound
from tillgate.domain.money import Money
from tillgate.domain.mpesa import CURRENCY
from tillgate.domain.orders import CartState
from tillgate.domain.payment_invoice import OPEN, InvoiceStatus
from tillgate.domain.staff import Actor
from tillgate.i18n import tr
from tillgate.services import carts
from tillgate.services.cart_view import CartView
from tillgate.services.invoice_lists import InvoiceQuery, list_payment_invoices
from tillgate.services.invoice_rows import PaymentInvoiceRecord
from tillgate.services.invoice_verification import Sold, sell_with_invoice
from tillgate.services.order_reads import OrderDetail, list_orders_of
from tillgate.services.till import Till
from tillgate.ui.one_at_a_time import OneAtATime
from tillgate.ui.screens.back_office import BackOffice

# The name under which an invoice's notes keep the cart that it was asked for.
CART_NOTE: Final = "cart"
_MOST: Final = 100
_STANDING: Final = frozenset({CartState.OPEN, CartState.HELD})


@dataclass(frozen=True, slots=True)
class CartChoice:
    """A cart that an order can be made of; `customer_id`, `who`, `email` and `phone` are its customer's."""

    id: int
    total: Money
    lines: int
    held: bool
    label: str = ""
    customer_id: int | None = None
    who: str = ""
    email: str = ""
    phone: str = ""

    @property
    def name(self) -> str:
        """Whose it is, as people call it."""
        if self.held:
            return self.label or self.who or tr("Held cart")
        return self.who or tr("Open cart")


@dataclass(frozen=True, slots=True)
class Made:
    """Orders made of a cart with an invoice."""

    sold: Sold
    orders: tuple[OrderDetail, ...]
    cart_id: int


def choice_of(cart: CartView) -> CartChoice:
    """A cart as it stands."""
    whose = cart.customer
    return CartChoice(
        id=cart.id,
        total=cart.totals.total,
        lines=len(cart.lines),
        held=cart.state is CartState.HELD,
        label=cart.label,
        customer_id=whose.id if whose is not None else None,
        who=whose.name if whose is not None else "",
        email=cart.mail_to,
        phone=whose.phone if whose is not None else "",
    )


def list_carts(till: Till, actor: Actor) -> tuple[CartChoice, ...]:
    """The till's open cart, if there is anything in it, then the held ones: those in shillings that nobody pays."""
    here = carts.open_cart(till, actor)
    found = [choice_of(here)] if here.lines and not here.locked else []
    found += [
        CartChoice(each.id, each.total, each.lines, held=True, label=each.label, who=each.customer_name)
        for each in carts.list_held(till, actor)
        if each.lines and not each.in_payment
    ]
    return tuple(each for each in found if each.total.currency == CURRENCY and each.total.minor > 0)


def find_cart(till: Till, actor: Actor, cart_id: int) -> CartChoice | None:
    """A cart as it stands, while an order can still be made of it."""
    try:
        found = carts.view_cart(till, actor, cart_id)
    except NotFound:
        return None
    return choice_of(found) if found.state in _STANDING and found.lines and not found.locked else None


def make_order(till: Till, actor: Actor, cart_id: int, ref: str) -> Made:
    """The orders of a cart, which is recalled first where it is held. Raises as `sell_with_invoice` and `recall`."""
    if carts.view_cart(till, actor, cart_id).state is CartState.HELD:
        carts.recall(till, actor, cart_id)
    sold = sell_with_invoice(till, actor, cart_id, ref)
    return Made(sold, list_orders_of(till, actor, sold.payment.id), cart_id)


def cart_of(invoice: PaymentInvoiceRecord) -> int | None:
    """The cart that an invoice was asked for."""
    noted = json.loads(invoice.metadata or "{}").get(CART_NOTE, "")
    return int(noted) if isinstance(noted, str) and noted.isascii() and noted.isdigit() else None


def list_unfinished(till: Till, actor: Actor) -> tuple[PaymentInvoiceRecord, ...]:
    """What a restart must show again: this till's open prompts, then what was paid for a cart that still stands."""
    return tuple(each for each in _unfinished(till, actor) if each.till_id == till.id)


def find_asked(till: Till, actor: Actor, cart_id: int) -> PaymentInvoiceRecord | None:
    """The invoice that a cart waits for, or that was paid for it: no second phone is asked beside it."""
    return next((each for each in _unfinished(till, actor) if cart_of(each) == cart_id), None)


def _unfinished(till: Till, actor: Actor) -> list[PaymentInvoiceRecord]:
    asked = InvoiceQuery(states=OPEN)
    paid = InvoiceQuery(states=frozenset({InvoiceStatus.COMPLETE}))
    found = [row.invoice for query in (asked, paid) for row in list_payment_invoices(till, actor, query, limit=_MOST)]
    return [each for each in found if each.payment_id is not None and (each.state in OPEN or _waits(till, actor, each))]


def _waits(till: Till, actor: Actor, invoice: PaymentInvoiceRecord) -> bool:
    cart_id = cart_of(invoice)
    if cart_id is None or invoice.late or invoice.referred_at is not None:
        return False
    return find_cart(till, actor, cart_id) is not None


class Selling(QObject):
    """`made(Made)` once the orders stand, `refused(TillgateError)` where they could not be made."""

    made = Signal(object)
    refused = Signal(object)

    def __init__(self, office: BackOffice, parent: QObject) -> None:
        super().__init__(parent)
        self._office = office
        self._act = OneAtATime(office.tasks, self)

    @property
    def busy(self) -> bool:
        """Whether a press is under way."""
        return self._act.running

    def press(self, cart_id: int, ref: str) -> bool:
        """Make the order; False, and nothing happens, while the last press is under way."""
        work = partial(make_order, self._office.till, self._office.actor, cart_id, ref)
        return self._act.run(work, self.made.emit, self.refused.emit, label="invoice.order")
