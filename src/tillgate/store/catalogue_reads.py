"""Reads of products with their vendors, variants and rental periods."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, or_, select

from tillgate.store.models import product, rental_period, variant, vendor
from tillgate.store.search import find_ids

_LONGEST_SCAN: Final = 64
PRODUCT_COLUMNS: Final = (*product.c, vendor.c.name.label("vendor_name"), vendor.c.active.label("vendor_active"))
_PRODUCTS: Final = select(*PRODUCT_COLUMNS).join(vendor, vendor.c.id == product.c.vendor_id)
_BY_IDS: Final = _PRODUCTS.where(product.c.id.in_(bindparam("ids", expanding=True)))
_FIRST_BY_NAME: Final = (
    select(product.c.id).where(product.c.active == 1).order_by(product.c.name, product.c.id).limit(bindparam("limit"))
)
_EXACT: Final = (
    select(variant.c.id, variant.c.product_id)
    .join(product, product.c.id == variant.c.product_id)
    .where(
        or_(variant.c.code == bindparam("code"), variant.c.barcode == bindparam("barcode")),
        variant.c.active == 1,
        product.c.active == 1,
    )
    .order_by(variant.c.id)
)
_EXACT_PRODUCT: Final = select(product.c.id).where(product.c.code == bindparam("code"), product.c.active == 1)
_VARIANTS: Final = select(variant).where(variant.c.product_id.in_(bindparam("ids", expanding=True)))
_PERIODS: Final = (
    select(rental_period)
    .where(rental_period.c.variant_id.in_(bindparam("ids", expanding=True)))
    .order_by(rental_period.c.variant_id, rental_period.c.days)
)
_SELLABLE: Final = (
    select(
        variant,
        product.c.kind,
        product.c.currency,
        product.c.tax_bp,
        product.c.tax_name,
        product.c.vendor_id,
        product.c.name.label("product_name"),
        product.c.active.label("product_active"),
        vendor.c.active.label("vendor_active"),
        vendor.c.fee_flat_minor,
        vendor.c.fee_bp,
    )
    .join(product, product.c.id == variant.c.product_id)
    .join(vendor, vendor.c.id == product.c.vendor_id)
    .where(variant.c.id.in_(bindparam("ids", expanding=True)))
)


def find_exact(connection: Connection, text: str) -> list[tuple[int, int]]:
    """Active variants of exactly this code or barcode: (variant, product)."""
    scanned = _scanned(text)
    if not scanned:
        return []
    found = connection.execute(_EXACT, {"code": scanned.upper(), "barcode": scanned})
    return [(int(row.id), int(row.product_id)) for row in found]


def search_ids(connection: Connection, text: str, words: Sequence[str], limit: int) -> list[list[int]]:
    """Active products in two groups: of exactly this code, and all others that match."""
    if not words:
        return [[int(row.id) for row in connection.execute(_FIRST_BY_NAME, {"limit": limit})]]
    exact = [int(row.id) for row in connection.execute(_EXACT_PRODUCT, {"code": _scanned(text).upper()})]
    return [exact, find_ids(connection, product, words, limit)]


def _scanned(text: str) -> str:
    """A text that may be a code or barcode, or nothing: they are printable and short."""
    plain = text.strip()
    return plain if len(plain) <= _LONGEST_SCAN and plain.isprintable() else ""


def list_products_by_id(connection: Connection, ids: Collection[int]) -> dict[int, Row[Any]]:
    """Products with `vendor_name` and `vendor_active`, by id."""
    return {row.id: row for row in connection.execute(_BY_IDS, {"ids": list(ids)})} if ids else {}


def list_variants_of(connection: Connection, product_ids: Collection[int]) -> list[Row[Any]]:
    """Variants of products, in the order they were made."""
    if not product_ids:
        return []
    return list(connection.execute(_VARIANTS.order_by(variant.c.id), {"ids": list(product_ids)}))


def list_periods_of(connection: Connection, variant_ids: Collection[int]) -> list[Row[Any]]:
    """Rental periods of variants, the shortest first."""
    return list(connection.execute(_PERIODS, {"ids": list(variant_ids)})) if variant_ids else []


def list_sellable(connection: Connection, variant_ids: Collection[int]) -> dict[int, Row[Any]]:
    """Variants with all that a line is rung up from, by id."""
    if not variant_ids:
        return {}
    return {row.id: row for row in connection.execute(_SELLABLE, {"ids": list(variant_ids)})}
