"""A cart's content between its rows, the domain, and the text that undo keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, delete, insert, select, update

from tillgate.domain.cart import Content, Fee, Line, Rental, Terms
from tillgate.domain.catalogue import ProductKind
from tillgate.domain.errors import NotFound
from tillgate.domain.money import Money
from tillgate.store.models import cart, cart_fee, cart_line, product, rental_period, variant, vendor
from tillgate.store.statements import Named, Statement
from tillgate.store.unit_of_work import UnitOfWork

_OF_CART: Final = select(cart).where(cart.c.id == bindparam("cart_id"))
_CART: Final = Statement(_OF_CART)
_CART_LOCKED: Final = Statement(_OF_CART.with_for_update())
# What a line says, what it is of, and what the shop offers for it today.
_OF_LINES: Final[Select[Any]] = (
    select(
        cart_line,
        product.c.id.label("product_id"),
        product.c.vendor_id,
        product.c.kind,
        product.c.code,
        product.c.name,
        product.c.image,
        product.c.currency.label("offer_currency"),
        product.c.tax_bp.label("offer_tax_bp"),
        product.c.tax_name.label("offer_tax_name"),
        product.c.active.label("product_active"),
        variant.c.name.label("variant_name"),
        variant.c.price_minor.label("offer_price_minor"),
        variant.c.deposit_minor.label("offer_deposit_minor"),
        variant.c.stock,
        variant.c.smallest_quantity,
        variant.c.active.label("variant_active"),
        vendor.c.name.label("vendor_name"),
        vendor.c.brand_color,
        vendor.c.brand_mark,
        vendor.c.auto_approve,
        vendor.c.email.label("vendor_email"),
        vendor.c.fee_flat_minor,
        vendor.c.fee_bp,
        vendor.c.active.label("vendor_active"),
        rental_period.c.name.label("period_name"),
        rental_period.c.days,
        rental_period.c.price_minor.label("period_price_minor"),
        rental_period.c.active.label("period_active"),
    )
    .join(variant, variant.c.id == cart_line.c.variant_id)
    .join(product, product.c.id == variant.c.product_id)
    .join(vendor, vendor.c.id == product.c.vendor_id)
    .outerjoin(rental_period, rental_period.c.id == cart_line.c.rental_period_id)
    .where(cart_line.c.cart_id == bindparam("cart_id"))
)
# In the order of the variants' ids, so that two tills never wait for each other; not against those who only refer to
# a variant: another till goes on ringing up.
_IN_ORDER: Final = _OF_LINES.order_by(variant.c.id, cart_line.c.id)
_LINES_LOCKED: Final = Statement(_IN_ORDER.with_for_update(of=variant, key_share=True))
_LINES: Final = Statement(_OF_LINES)
_FEES: Final = Statement(select(cart_fee).where(cart_fee.c.cart_id == bindparam("cart_id")))


def load_cart_row(connection: Connection, cart_id: int, *, lock: bool = False) -> Named:
    """Raises NotFound("cart_unknown")."""
    rows = (_CART_LOCKED if lock else _CART).named(connection, cart_id=cart_id)
    if not rows:
        raise NotFound("cart_unknown", cart=cart_id)
    return rows[0]


def list_line_rows(connection: Connection, cart_id: int, *, lock: bool = False) -> Sequence[Named]:
    """The cart's lines with what a screen, the checks and an order need to know of each, in their order.

    `lock` holds the variants until the transaction ends, so that what is left of them stays left.
    """
    found = (_LINES_LOCKED if lock else _LINES).named(connection, cart_id=cart_id)
    return sorted(found, key=attrgetter("position"))


def load_content(connection: Connection, head: Named, lines: Sequence[Named]) -> Content:
    """What the rows say, fees included."""
    currency = head.currency
    fees = {
        row.vendor_id: Fee(Money(row.flat_minor, currency), row.bp) for row in _FEES.named(connection, cart_id=head.id)
    }
    return Content(currency, head.customer_id, tuple(_line(row, currency) for row in lines), fees)


def write_content(uow: UnitOfWork, cart_id: int, old: Content, new: Content) -> None:
    """Make the rows say `new` where they said `old`; lines keep their ids."""
    before, after = {line.id: line for line in old.lines}, {line.id for line in new.lines}
    gone = [line_id for line_id in before if line_id not in after]
    if gone:
        uow.execute(delete(cart_line).where(cart_line.c.id.in_(gone)))
    for line in new.lines:
        row = _row(line)
        if line.id not in before:
            values = row | {"cart_id": cart_id} | ({"id": line.id} if line.id else {})
            uow.execute(insert(cart_line), values)
        elif line != before[line.id]:
            uow.execute(update(cart_line).where(cart_line.c.id == line.id), row)
    if new.fees != old.fees:
        uow.execute(delete(cart_fee).where(cart_fee.c.cart_id == cart_id))
        rows = [
            {"cart_id": cart_id, "vendor_id": vendor_id, "flat_minor": fee.flat.minor, "bp": fee.rate_bp}
            for vendor_id, fee in new.fees.items()
        ]
        if rows:
            uow.execute(insert(cart_fee), rows)


def content_to_json(content: Content) -> str:
    """A content as text to keep."""
    lines = []
    for line in content.lines:
        row = _row(line)
        row["start_on"] = line.rental.start_on.isoformat() if line.rental else None
        lines.append(row | {"id": line.id, "vendor_id": line.vendor_id, "days": line.rental and line.rental.days})
        lines[-1]["kind"] = line.kind.value
    fees = [[vendor_id, fee.flat.minor, fee.rate_bp] for vendor_id, fee in content.fees.items()]
    return json.dumps({"customer_id": content.customer_id, "lines": lines, "fees": fees}, separators=(",", ":"))


def content_from_json(text: str, currency: str) -> Content:
    """A kept content."""
    kept = json.loads(text)
    lines = tuple(_kept_line(row, currency) for row in kept["lines"])
    fees = {vendor_id: Fee(Money(flat, currency), rate_bp) for vendor_id, flat, rate_bp in kept["fees"]}
    return Content(currency, kept["customer_id"], lines, fees)


def _line(row: Named, currency: str) -> Line:
    rental = None
    if row.rental_period_id is not None:
        rental = Rental(row.rental_period_id, row.days, row.start_on)
    return Line(
        id=row.id,
        position=row.position,
        variant_id=row.variant_id,
        vendor_id=row.vendor_id,
        kind=row.kind,
        quantity=row.quantity,
        terms=Terms(
            Money(row.unit_price_minor, currency), Money(row.unit_deposit_minor, currency), row.tax_bp, row.tax_name
        ),
        rental=rental,
    )


def _row(line: Line) -> dict[str, Any]:
    return {
        "position": line.position,
        "variant_id": line.variant_id,
        "quantity": line.quantity,
        "rental_period_id": line.rental.period_id if line.rental else None,
        "start_on": line.rental.start_on if line.rental else None,
        "unit_price_minor": line.terms.price.minor,
        "unit_deposit_minor": line.terms.deposit.minor,
        "tax_bp": line.terms.tax_bp,
        "tax_name": line.terms.tax_name,
    }


def _kept_line(row: dict[str, Any], currency: str) -> Line:
    rental = None
    if row["rental_period_id"] is not None:
        rental = Rental(row["rental_period_id"], row["days"], date.fromisoformat(row["start_on"]))
    price, deposit = Money(row["unit_price_minor"], currency), Money(row["unit_deposit_minor"], currency)
    return Line(
        id=row["id"],
        position=row["position"],
        variant_id=row["variant_id"],
        vendor_id=row["vendor_id"],
        kind=ProductKind(row["kind"]),
        quantity=row["quantity"],
        terms=Terms(price, deposit, row["tax_bp"], row["tax_name"]),
        rental=rental,
    )
