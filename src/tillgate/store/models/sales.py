"""Carts, orders and sales invoices."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from tillgate.domain.orders import CartState, InvoiceState, LineType, OrderState
from tillgate.store.columns import (
    NUMBERED,
    STRICT,
    Int,
    day,
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

cart = Table(
    "cart",
    metadata,
    number(),
    text("till_id"),
    words("state", CartState),
    text("currency"),
    link("customer_id", "customer", null=True),
    text("label"),
    link("created_by", "staff", null=True),
    instant("created_at"),
    instant("changed_at"),
    integer("version", default=1),
    # "none" where the customer wants no mail of it.
    Column("mail", Text, nullable=False, server_default=""),
    one_of("state", CartState),
    # A till rings up one cart at a time.
    partial_index("uq_cart_open_till", "till_id", unique=True, where="state = 'open'"),
    Index("ix_cart_state", "state", "changed_at"),
    **NUMBERED,
)

# Prices stand as they were when the line was rung up; a change since is a finding of the validation.
cart_line = Table(
    "cart_line",
    metadata,
    number(),
    link("cart_id", "cart"),
    integer("position"),
    link("variant_id", "variant"),
    integer("quantity"),
    link("rental_period_id", "rental_period", null=True),
    day("start_on", null=True),
    integer("unit_price_minor"),
    integer("unit_deposit_minor", default=0),
    integer("tax_bp", default=0),
    text("tax_name"),
    positive("quantity"),
    not_negative("unit_price_minor"),
    not_negative("unit_deposit_minor"),
    not_negative("tax_bp"),
    UniqueConstraint("cart_id", "position"),
    **NUMBERED,
)

# A vendor's service fee as it was when the vendor's first line was rung up.
cart_fee = Table(
    "cart_fee",
    metadata,
    Column("cart_id", Int, ForeignKey("cart.id"), nullable=False),
    Column("vendor_id", Int, ForeignKey("vendor.id"), nullable=False),
    integer("flat_minor"),
    integer("bp"),
    not_negative("flat_minor"),
    not_negative("bp"),
    PrimaryKeyConstraint("cart_id", "vendor_id"),
    **STRICT,
)

# What a cart held before each of its last edits, so that undo outlives the process.
cart_undo = Table(
    "cart_undo",
    metadata,
    number(),
    link("cart_id", "cart", index=True),
    text("till_id"),
    text("edit"),
    text("content"),
    Index("ix_cart_undo_till", "till_id", "cart_id"),
    **NUMBERED,
)

sales_order = Table(
    "sales_order",
    metadata,
    number(),
    text("number", unique=True),
    link("payment_id", "payment"),
    link("cart_id", "cart", null=True, index=True),
    link("vendor_id", "vendor", index=True),
    link("customer_id", "customer", null=True),
    words("state", OrderState),
    text("currency"),
    integer("items_minor"),
    integer("deposit_minor"),
    integer("fee_minor"),
    integer("tax_minor"),
    integer("total_minor"),
    text("till_id"),
    instant("created_at", index=True),
    integer("version", default=1),
    instant("cancelled_at", null=True),
    text("cancel_reason", null=True),
    one_of("state", OrderState),
    not_negative("total_minor"),
    CheckConstraint("state <> 'CANCELLED' OR cancelled_at IS NOT NULL", name="cancelled_when"),
    # One order per vendor for a checkout payment (ruling 2).
    UniqueConstraint("payment_id", "vendor_id"),
    Index("ix_sales_order_state", "state", "id"),
    partial_index("ix_sales_order_customer_id", "customer_id", where="customer_id IS NOT NULL"),
    **NUMBERED,
)

order_item = Table(
    "order_item",
    metadata,
    number(),
    link("order_id", "sales_order"),
    integer("position"),
    link("product_id", "product"),
    link("variant_id", "variant"),
    link("rental_period_id", "rental_period", null=True),
    text("description"),
    integer("quantity"),
    integer("unit_price_minor"),
    integer("unit_deposit_minor"),
    integer("tax_bp"),
    text("tax_name"),
    integer("tax_minor"),
    day("start_on", null=True),
    day("end_on", null=True),
    positive("quantity"),
    UniqueConstraint("order_id", "position"),
    **NUMBERED,
)

sales_invoice = Table(
    "sales_invoice",
    metadata,
    number(),
    link("order_id", "sales_order"),
    link("payment_id", "payment", index=True),
    link("vendor_id", "vendor"),
    text("number", unique=True),
    words("state", InvoiceState),
    text("currency"),
    integer("total_minor"),
    # Seller, buyer, store, zone and language as they were: a paper made again says what the first one said.
    text("letterhead"),
    instant("created_at", index=True),
    instant("finalized_at", null=True),
    one_of("state", InvoiceState),
    not_negative("total_minor"),
    # One invoice per order.
    UniqueConstraint("order_id"),
    **NUMBERED,
)

sales_invoice_line = Table(
    "sales_invoice_line",
    metadata,
    number(),
    link("invoice_id", "sales_invoice"),
    integer("position"),
    text("description"),
    integer("quantity"),
    integer("unit_price_minor"),
    integer("total_minor"),
    words("type", LineType),
    CheckConstraint("type IN ('sale', 'rental', 'deposit', 'fee', 'tax')", name="type_known"),
    UniqueConstraint("invoice_id", "position"),
    **NUMBERED,
)

# What reverses a sales invoice, in full or in part: one for each refund and invoice. Lines are below zero.
sales_credit_note = Table(
    "sales_credit_note",
    metadata,
    number(),
    link("invoice_id", "sales_invoice", index=True),
    link("order_id", "sales_order", index=True),
    link("payment_id", "payment", index=True),
    link("refund_id", "refund"),
    text("number", unique=True),
    text("currency"),
    integer("amount_minor"),
    text("letterhead"),
    instant("issued_at", index=True),
    positive("amount_minor"),
    UniqueConstraint("refund_id", "invoice_id"),
    **NUMBERED,
)

sales_credit_note_line = Table(
    "sales_credit_note_line",
    metadata,
    number(),
    link("note_id", "sales_credit_note"),
    integer("position"),
    text("description"),
    integer("quantity"),
    integer("unit_price_minor"),
    integer("total_minor"),
    words("type", LineType),
    one_of("type", LineType),
    CheckConstraint("total_minor <= 0", name="total_minor_not_above_zero"),
    UniqueConstraint("note_id", "position"),
    **NUMBERED,
)
