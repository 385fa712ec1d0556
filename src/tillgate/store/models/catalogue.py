"""Vendors, products, variants, rental periods and stock."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from tillgate.domain.catalogue import ProductKind
from tillgate.store.columns import (
    NUMBERED,
    STRICT,
    Int,
    day,
    flag,
    instant,
    integer,
    link,
    metadata,
    not_negative,
    number,
    one_of,
    partial_index,
    positive,
    text,
    words,
)

vendor = Table(
    "vendor",
    metadata,
    number(),
    text("code", unique=True),
    text("name"),
    text("email"),
    text("phone"),
    text("address"),
    text("tax_number"),
    text("brand_color"),
    text("brand_mark"),
    integer("auto_approve", default=0),
    # The service fee is per vendor order: a flat amount plus a rate in basis points.
    integer("fee_flat_minor", default=0),
    integer("fee_bp", default=0),
    text("currency"),
    integer("active", default=1),
    integer("version", default=1),
    flag("auto_approve"),
    flag("active"),
    not_negative("fee_flat_minor"),
    not_negative("fee_bp"),
    **NUMBERED,
)

product = Table(
    "product",
    metadata,
    number(),
    link("vendor_id", "vendor", index=True),
    text("code", unique=True),
    text("name"),
    text("description"),
    text("category"),
    text("image"),
    words("kind", ProductKind),
    text("currency"),
    integer("tax_bp", default=0),
    text("tax_name"),
    integer("active", default=1),
    integer("version", default=1),
    one_of("kind", ProductKind),
    not_negative("tax_bp"),
    flag("active"),
    **NUMBERED,
)

# A picture that a product shows by its name; named by the digest of its content, which never changes.
picture = Table(
    "picture",
    metadata,
    Column("name", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    link("added_by", "staff"),
    instant("added_at"),
    **STRICT,
)

# Every product has at least one variant; price, deposit, barcode and stock are the variant's.
variant = Table(
    "variant",
    metadata,
    number(),
    link("product_id", "product", index=True),
    text("code", unique=True),
    text("barcode", null=True, unique=True),
    text("name"),
    integer("price_minor"),
    integer("deposit_minor", default=0),
    # For sale: pieces left. For rent: how many units there are; days taken are rental_day rows.
    integer("stock"),
    integer("smallest_quantity", default=1),
    integer("active", default=1),
    integer("version", default=1),
    not_negative("price_minor"),
    not_negative("deposit_minor"),
    not_negative("stock"),
    positive("smallest_quantity"),
    flag("active"),
    **NUMBERED,
)

# A price for a number of days: "Day" 1, "Weekend" 3, "Week" 7.
rental_period = Table(
    "rental_period",
    metadata,
    number(),
    link("variant_id", "variant"),
    text("name"),
    integer("days"),
    integer("price_minor"),
    integer("active", default=1),
    flag("active"),
    positive("days"),
    positive("price_minor"),
    UniqueConstraint("variant_id", "days"),
    **NUMBERED,
)

# Rental stock is units: one row for each unit and day taken, so two tills can't both have it (ruling 2).
rental_day = Table(
    "rental_day",
    metadata,
    Column("variant_id", Int, ForeignKey("variant.id"), nullable=False),
    integer("unit"),
    day("day"),
    link("order_item_id", "order_item", index=True),
    PrimaryKeyConstraint("variant_id", "unit", "day"),
    positive("unit"),
    **STRICT,
)

# Each change of sale stock with its reason; they sum to what was taken.
stock_move = Table(
    "stock_move",
    metadata,
    number(),
    link("variant_id", "variant", index=True),
    integer("quantity"),
    text("reason"),
    link("order_item_id", "order_item", null=True, index=True),
    # An instalment order that has them reserved; without a foreign key, which SQLite adds to no table that is there.
    integer("instalment_order_id", null=True),
    CheckConstraint("quantity <> 0", name="quantity_not_zero"),
    partial_index("ix_stock_move_instalment_order", "instalment_order_id", where="instalment_order_id IS NOT NULL"),
    **NUMBERED,
)
Index("ix_product_name", product.c.name)
