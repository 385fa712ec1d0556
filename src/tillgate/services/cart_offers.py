"""What the shop offers today for the lines of a cart, as the checks and the orders need it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from tillgate.domain.cart import Content, Fee, Line, Terms
from tillgate.domain.cart_checks import Offer
from tillgate.domain.money import Money
from tillgate.store.models import rental_day

_TAKEN: Final = select(rental_day.c.variant_id, rental_day.c.unit, rental_day.c.day).where(
    rental_day.c.variant_id.in_(bindparam("ids", expanding=True)),
    rental_day.c.day.between(bindparam("first"), bindparam("last")),
)
Taken = dict[int, dict[int, set[date]]]


def load_offers(connection: Connection, content: Content, rows: Sequence[Row[Any]]) -> dict[int, Offer]:
    """By line id; `rows` are the content's, as `list_line_rows` gives them."""
    taken = _taken(connection, [line for line in content.lines if line.rental is not None])
    return {row.id: _offer(row, taken.get(row.variant_id, {})) for row in rows}


def _taken(connection: Connection, rented: list[Line]) -> Taken:
    spans = [line.rental.span for line in rented if line.rental is not None]
    if not spans:
        return {}
    values = {
        "ids": sorted({line.variant_id for line in rented}),
        "first": min(span.first for span in spans),
        "last": max(span.last for span in spans),
    }
    taken: Taken = {}
    for row in connection.execute(_TAKEN, values):
        taken.setdefault(row.variant_id, {}).setdefault(row.unit, set()).add(row.day)
    return taken


def _offer(row: Row[Any], taken: dict[int, set[date]]) -> Offer:
    currency, price = row.offer_currency, row.offer_price_minor
    if row.rental_period_id is not None:
        price = row.period_price_minor if row.period_active else None
    terms = None
    if price is not None:
        deposit = Money(row.offer_deposit_minor, currency)
        terms = Terms(Money(price, currency), deposit, row.offer_tax_bp, row.offer_tax_name)
    return Offer(
        name=row.name,
        active=bool(row.variant_active and row.product_active and row.vendor_active),
        currency=currency,
        terms=terms,
        fee=Fee(Money(row.fee_flat_minor, currency), row.fee_bp),
        stock=row.stock,
        smallest_quantity=row.smallest_quantity,
        taken=taken,
    )
