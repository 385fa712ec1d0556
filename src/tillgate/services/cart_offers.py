"""What the shop offers today for the lines of a cart, as the checks and the orders need it."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from tillgate.domain.cart import Content, Fee, Line, Terms
from tillgate.domain.cart_checks import Offer
from tillgate.domain.money import Money
from tillgate.store.catalogue_reads import list_periods_of, list_sellable
from tillgate.store.models import rental_day

_TAKEN: Final = select(rental_day.c.variant_id, rental_day.c.unit, rental_day.c.day).where(
    rental_day.c.variant_id.in_(bindparam("ids", expanding=True)),
    rental_day.c.day.between(bindparam("first"), bindparam("last")),
)
Taken = dict[int, dict[int, set[date]]]


def load_offers(connection: Connection, content: Content, *, lock: bool = False) -> dict[int, Offer]:
    """By line id. `lock` holds the variants until the transaction ends, so that what is found stays true."""
    rows = list_sellable(connection, sorted({line.variant_id for line in content.lines}), lock=lock)
    rented = [line for line in content.lines if line.rental is not None]
    prices = _prices(connection, rented)
    taken = _taken(connection, rented)
    return {
        line.id: _offer(rows[line.variant_id], line, prices, taken.get(line.variant_id, {})) for line in content.lines
    }


def _prices(connection: Connection, rented: list[Line]) -> dict[int, int]:
    found = list_periods_of(connection, sorted({line.variant_id for line in rented}))
    return {row.id: row.price_minor for row in found if row.active}


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


def _offer(row: Row[Any], line: Line, prices: dict[int, int], taken: dict[int, set[date]]) -> Offer:
    price = prices.get(line.rental.period_id) if line.rental else row.price_minor
    terms = None
    if price is not None:
        deposit = Money(row.deposit_minor, row.currency)
        terms = Terms(Money(price, row.currency), deposit, row.tax_bp, row.tax_name)
    return Offer(
        name=row.product_name,
        active=bool(row.active and row.product_active and row.vendor_active),
        currency=row.currency,
        terms=terms,
        fee=Fee(Money(row.fee_flat_minor, row.currency), row.fee_bp),
        stock=row.stock,
        smallest_quantity=row.smallest_quantity,
        taken=taken,
    )
