"""A cart as a screen shows it: lines with their products, what each vendor's order comes to, and the whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, select

from tillgate.domain.catalogue import ProductKind
from tillgate.domain.money import Money
from tillgate.domain.orders import CartState
from tillgate.domain.payment import Fulfilment
from tillgate.domain.rental import span_of
from tillgate.domain.vendor_split import LineAmounts, Split, Totals, split_by_vendor
from tillgate.services.cart_content import list_line_rows, load_cart_row, load_content
from tillgate.services.customers import CustomerRecord, load_customer_in
from tillgate.store.models import allocation, cart_undo, payment
from tillgate.store.statements import Named

CART_THING: Final = "cart"
# What a cart says of mails to its customer: sent where there is an address, or none is wanted.
MAIL_AS_KNOWN: Final = ""
NO_MAIL: Final = "none"
_LIVE_PAYMENT: Final[Select[Any]] = (
    select(payment.c.id, payment.c.fulfilment)
    .join(allocation, allocation.c.payment_id == payment.c.id)
    .where(allocation.c.thing_kind == CART_THING, allocation.c.thing_id == bindparam("cart_id"), allocation.c.live == 1)
)
_LAST_EDIT: Final = (
    select(cart_undo.c.edit).where(cart_undo.c.cart_id == bindparam("cart_id")).order_by(cart_undo.c.id.desc()).limit(1)
)


@dataclass(frozen=True, slots=True)
class CartLineView:
    """One line. Dates and period are None for what is sold; `end_on` is the last day rented."""

    id: int
    product_id: int
    variant_id: int
    vendor_id: int
    vendor_name: str
    code: str
    name: str
    variant_name: str
    image: str
    kind: ProductKind
    quantity: int
    smallest_quantity: int
    stock: int
    unit_price: Money
    unit_deposit: Money
    tax_bp: int
    tax_name: str
    period_id: int | None
    period_name: str | None
    days: int | None
    start_on: date | None
    end_on: date | None
    amounts: LineAmounts


@dataclass(frozen=True, slots=True)
class CartVendorView:
    """What becomes one vendor's order."""

    vendor_id: int
    name: str
    brand_color: str
    brand_mark: str
    auto_approve: bool
    line_ids: tuple[int, ...]
    totals: Totals


@dataclass(frozen=True, slots=True)
class CartView:
    """The cart. `payment_id` is its live payment; while `locked` nothing in it may change.

    `undo` names the edit that Undo would take back: add, quantity, rental, remove, customer, clear or reprice.
    """

    id: int
    version: int
    state: CartState
    currency: str
    label: str
    customer: CustomerRecord | None
    lines: tuple[CartLineView, ...]
    vendors: tuple[CartVendorView, ...]
    totals: Totals
    payment_id: int | None
    locked: bool
    undo: str | None
    changed_at: datetime
    mail_wanted: bool = True

    @property
    def mail_to(self) -> str:
        """Where the customer's mails of this sale go; "" where none are sent."""
        return self.customer.email if self.customer is not None and self.mail_wanted else ""


def view_in(connection: Connection, cart_id: int) -> CartView:
    """The cart as it is now. Raises NotFound("cart_unknown")."""
    head = load_cart_row(connection, cart_id)
    rows = list_line_rows(connection, cart_id)
    split = split_by_vendor(load_content(connection, head, rows))
    paying = find_live_payment_of(connection, cart_id)
    return CartView(
        id=head.id,
        version=head.version,
        state=head.state,
        currency=head.currency,
        label=head.label,
        customer=load_customer_in(connection, head.customer_id) if head.customer_id else None,
        lines=tuple(_line_view(row, split.amounts[row.id], head.currency) for row in rows),
        vendors=_vendor_views(rows, split),
        totals=split.totals,
        payment_id=paying.id if paying else None,
        locked=locks(paying),
        undo=connection.execute(_LAST_EDIT, {"cart_id": cart_id}).scalar_one_or_none(),
        changed_at=head.changed_at,
        mail_wanted=head.mail != NO_MAIL,
    )


def find_live_payment_of(connection: Connection, cart_id: int) -> Row[Any] | None:
    """The cart's one live payment: `id` and `fulfilment`."""
    return connection.execute(_LIVE_PAYMENT, {"cart_id": cart_id}).one_or_none()


def locks(paying: Row[Any] | None) -> bool:
    """Whether a payment holds the cart still: not once its orders were refused and its money is on its way back."""
    return paying is not None and paying.fulfilment is not Fulfilment.REFUSED


def _line_view(row: Named, amounts: LineAmounts, currency: str) -> CartLineView:
    return CartLineView(
        id=row.id,
        product_id=row.product_id,
        variant_id=row.variant_id,
        vendor_id=row.vendor_id,
        vendor_name=row.vendor_name,
        code=row.code,
        name=row.name,
        variant_name=row.variant_name,
        image=row.image,
        kind=row.kind,
        quantity=row.quantity,
        smallest_quantity=row.smallest_quantity,
        stock=row.stock,
        unit_price=Money(row.unit_price_minor, currency),
        unit_deposit=Money(row.unit_deposit_minor, currency),
        tax_bp=row.tax_bp,
        tax_name=row.tax_name,
        period_id=row.rental_period_id,
        period_name=row.period_name,
        days=row.days,
        start_on=row.start_on,
        end_on=span_of(row.start_on, row.days).last if row.start_on else None,
        amounts=amounts,
    )


def _vendor_views(rows: Any, split: Split) -> tuple[CartVendorView, ...]:
    facts = {row.vendor_id: row for row in rows}
    return tuple(
        CartVendorView(
            vendor_id=part.vendor_id,
            name=facts[part.vendor_id].vendor_name,
            brand_color=facts[part.vendor_id].brand_color,
            brand_mark=facts[part.vendor_id].brand_mark,
            auto_approve=bool(facts[part.vendor_id].auto_approve),
            line_ids=tuple(line.id for line in part.lines),
            totals=part.totals,
        )
        for part in split.parts
    )
