"""A cart has one live way of being paid: a checkout of its own, or a phone that is asked for it (product.md, Payment).

Whoever begins either holds the cart's row, and the database refuses the second (migration 0022).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, select

from tillgate.domain.errors import MoneyMoved, Refused
from tillgate.domain.orders import CartState
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.services.cart_content import load_cart_row
from tillgate.services.cart_view import CART_THING
from tillgate.services.invoice_rows import PaymentInvoiceRecord, change_invoice, load_invoice
from tillgate.services.payments import refuse_live_thing
from tillgate.store.models import payment_invoice
from tillgate.store.statements import Statement
from tillgate.store.unit_of_work import UnitOfWork

# An invoice without a payment is one whose press is under way, or was cut off before anything was sent.
CUT_OFF_AFTER: Final = timedelta(minutes=1)
_STANDING: Final = frozenset({CartState.OPEN, CartState.HELD})
_HOLDER: Final = Statement(select(payment_invoice.c.id).where(payment_invoice.c.held_cart_id == bindparam("cart")))


def hold_cart(uow: UnitOfWork, cart_id: int) -> None:
    """Before a phone is asked for a cart: nobody pays it in another way.

    Raises NotFound("cart_unknown"), Refused("cart_not_open" | "already_being_paid" | "cart_prompted").
    """
    head = load_cart_row(uow.connection, cart_id, lock=True)
    if head.state not in _STANDING:
        raise Refused("cart_not_open", cart=cart_id, state=head.state.value, till=head.till_id)
    refuse_live_thing(uow.connection, CART_THING, cart_id)
    refuse_held(uow, cart_id)


def refuse_held(uow: UnitOfWork, cart_id: int, *, besides: int | None = None) -> None:
    """Raises Refused("cart_prompted") where a phone is asked for a cart that the caller holds, or has paid for it, by
    another invoice than that of the number `besides`. One whose press was cut off holds up nobody."""
    held = find_holder(uow.connection, cart_id)
    if held is None or held.id == besides:
        return
    if is_cut_off(held, uow.now):
        never_sent(uow, held)
        return
    moved = MoneyMoved.YES if held.state is InvoiceStatus.COMPLETE else MoneyMoved.UNKNOWN
    raise Refused("cart_prompted", money_moved=moved, number=held.number, amount=held.expected, invoice=held.id)


def find_holder(connection: Connection, cart_id: int) -> PaymentInvoiceRecord | None:
    """The payment invoice by which a cart is being paid."""
    row = _HOLDER.first(connection, cart=cart_id)
    return load_invoice(connection, int(row[0])) if row else None


def is_cut_off(held: PaymentInvoiceRecord, now: datetime) -> bool:
    """Whether nothing was ever sent for an invoice, and nothing will be."""
    return held.payment_id is None and abs(now - held.created_at) >= CUT_OFF_AFTER


def never_sent(uow: UnitOfWork, held: PaymentInvoiceRecord) -> None:
    """End such an invoice."""
    change_invoice(uow, load_invoice(uow.connection, held.id, lock=True), state=InvoiceStatus.EXPIRED)
    uow.record("payment_invoice.expired", held.subject, number=held.number, reason="never_sent")
