"""One item of a bulk order: what is offered, what it costs on its plan, or why it can't be ordered (ruling 12).

Nothing is written here; the planner asks the same before anything is ordered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, bindparam, select

from tillgate.domain.catalogue import ProductKind, check_code
from tillgate.domain.coupons import CouponAsk
from tillgate.domain.errors import Invalid, NotFound, Refused
from tillgate.domain.instalments import (
    CURRENCY,
    LEAST_DAILY,
    LONGEST_PLAN,
    OUT_OF_STOCK,
    ItemAsk,
    Plan,
    check_days,
    check_plan,
    check_quantity,
)
from tillgate.domain.money import Money, zero
from tillgate.services.coupons import Priced, price_coupon
from tillgate.store.models import product, variant, vendor
from tillgate.store.statements import Statement

_LONGEST_ID: Final = 18
_SHOWN: Final = 40
_OFFERED: Final[Select[Any]] = (
    select(
        product.c.id.label("product_id"),
        product.c.code.label("product_code"),
        product.c.name,
        product.c.image,
        product.c.category,
        product.c.kind,
        product.c.currency,
        variant.c.id.label("variant_id"),
        variant.c.code.label("variant_code"),
        variant.c.name.label("variant_name"),
        variant.c.price_minor,
        variant.c.stock,
        variant.c.smallest_quantity,
        (product.c.active * variant.c.active * vendor.c.active).label("active"),
    )
    .join(variant, variant.c.product_id == product.c.id)
    .join(vendor, vendor.c.id == product.c.vendor_id)
    # Without a variant the first one is meant: its price is the product's.
    .order_by(variant.c.id)
)
_BY_CODE: Final = Statement(_OFFERED.where(product.c.code == bindparam("product")))
_BY_ID: Final = Statement(_OFFERED.where(product.c.id == bindparam("product")))


class _Row(NamedTuple):
    """What `_OFFERED` reads of a variant."""

    product_id: int
    product_code: str
    name: str
    image: str
    category: str
    kind: ProductKind
    currency: str
    variant_id: int
    variant_code: str
    variant_name: str
    price_minor: int
    stock: int
    smallest_quantity: int
    active: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A variant as it is offered now."""

    product_id: int
    product_code: str
    name: str
    picture: str
    category: str
    variant_id: int
    variant_code: str
    variant_name: str
    unit: Money
    stock: int
    smallest_quantity: int


@dataclass(frozen=True, slots=True)
class PricedItem:
    """An item that can be ordered: `plan.total` is unit price x quantity less the coupon."""

    offer: Offer
    quantity: int
    plan: Plan
    coupon: Priced | None = None
    ask: CouponAsk | None = None

    @property
    def discount(self) -> Money:
        """What the coupon takes off."""
        return self.coupon.discount if self.coupon is not None else zero(self.plan.total.currency)


def price_item(connection: Connection, asked: ItemAsk, customer_id: int, today: date) -> PricedItem:
    """What an item comes to. Raises Refused with one of the codes that `describe_failure` knows."""
    offer = find_offer(connection, asked)
    quantity = check_quantity(asked.quantity)
    if quantity < offer.smallest_quantity:
        raise Refused("quantity_below_least", least=offer.smallest_quantity)
    if quantity > offer.stock:
        raise Refused(OUT_OF_STOCK, name=offer.name, left=offer.stock)
    days = check_days(asked.total_days)
    line = offer.unit * quantity
    if line.currency != CURRENCY:
        raise Refused("instalment_currency", currency=line.currency, expected=CURRENCY)
    if not asked.coupon.strip():
        return PricedItem(offer, quantity, _as_seen(asked, offer, check_plan(line, days)))
    # With more days than any plan has the daily amount says nothing yet.
    ask = CouponAsk(customer_id, offer.product_id, offer.category, line, min(days, LONGEST_PLAN), LEAST_DAILY)
    coupon = price_coupon(connection, asked.coupon, ask, today)
    plan = check_plan(line - coupon.discount, days)
    return PricedItem(offer, quantity, _as_seen(asked, offer, plan), coupon, ask)


def find_offer(connection: Connection, asked: ItemAsk) -> Offer:
    """The variant that is meant.

    Raises NotFound("product_not_found" | "variant_not_found"), Refused("product_not_offered") for what is not for sale.
    """
    rows = _rows_of(connection, asked.product)
    if not rows:
        raise NotFound("product_not_found", product=_shown(asked.product))
    meant = rows[0] if not asked.variant.strip() else _variant_of(rows, asked.variant)
    if meant is None:
        raise NotFound("variant_not_found", variant=_shown(asked.variant), product=rows[0].product_code)
    if not meant.active or meant.kind is not ProductKind.SALE:
        raise Refused("product_not_offered", name=meant.name)
    return Offer(
        product_id=meant.product_id,
        product_code=meant.product_code,
        name=meant.name,
        picture=meant.image,
        category=meant.category,
        variant_id=meant.variant_id,
        variant_code=meant.variant_code,
        variant_name=meant.variant_name,
        unit=Money(meant.price_minor, meant.currency),
        stock=meant.stock,
        smallest_quantity=meant.smallest_quantity,
    )


def variants_meant(connection: Connection, items: Iterable[ItemAsk]) -> set[int]:
    """The ids of the variants that items name, so that they can be held; an item that names none is left out."""
    found = set()
    for each in items:
        try:
            found.add(find_offer(connection, each).variant_id)
        except Refused:
            continue
    return found


def _as_seen(asked: ItemAsk, offer: Offer, plan: Plan) -> Plan:
    """Nobody pays another price than the one that was on the screen."""
    if asked.total is not None and asked.total != plan.total:
        raise Refused("total_changed", name=offer.name, now=plan.total, asked=asked.total)
    return plan


def _rows_of(connection: Connection, named: str) -> list[_Row]:
    """A product's variants, by its code or its number."""
    try:
        rows = [_Row(*row) for row in _BY_CODE.rows(connection, product=check_code(named))]
    except Invalid:
        return []
    number = named.strip()
    if rows or not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_ID):
        return rows
    return [_Row(*row) for row in _BY_ID.rows(connection, product=int(number))]


def _variant_of(rows: list[_Row], named: str) -> _Row | None:
    name = named.strip().upper()
    return next((row for row in rows if name in (row.variant_code, str(row.variant_id))), None)


def _shown(text: str) -> str:
    """What was typed, as far as a message has room and shows it."""
    return "".join(char for char in text.strip()[:_SHOWN] if char.isprintable())
