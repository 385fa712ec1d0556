"""What the shop offers today for the lines of a cart, as the checks and the orders need it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, select

from tillgate.domain.cart import Content, Fee, Line, Terms
from tillgate.domain.cart_checks import Offer
from tillgate.domain.money import Money
from tillgate.store.models import rental_day
from tillgate.store.statements import Named, Statement

_TAKEN: Final = Statement(
    select(rental_day.c.unit, rental_day.c.day).where(
        rental_day.c.variant_id == bindparam("variant"),
        rental_day.c.day.between(bindparam("first"), bindparam("last")),
    )
)
Taken = dict[int, dict[int, set[date]]]


def load_offers(connection: Connection, content: Content, rows: Sequence[Named]) -> dict[int, Offer]:
    """By line id; `rows` are the content's, as `list_line_rows` gives them."""
    taken = _taken(connection, [line for line in content.lines if line.rental is not None])
    return {row.id: _offer(row, taken.get(row.variant_id, {})) for row in rows}


def _taken(connection: Connection, rented: list[Line]) -> Taken:
    spans = [line.rental.span for line in rented if line.rental is not None]
    if not spans:
        return {}
    first, last = min(span.first for span in spans), max(span.last for span in spans)
    taken: Taken = {}
    for variant in {line.variant_id for line in rented}:
        units = taken.setdefault(variant, {})
        for unit, day in _TAKEN.rows(connection, variant=variant, first=first, last=last):
            units.setdefault(unit, set()).add(day)
    return taken


def _offer(row: Named, taken: dict[int, set[date]]) -> Offer:
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
