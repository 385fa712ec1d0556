"""Payment invoices that phones are asked to pay, their verifications, and the sums that statistics read."""

from __future__ import annotations

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from tillgate.domain.invoice_checks import Reason
from tillgate.domain.payment_invoice import InvoiceStatus
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

payment_invoice = Table(
    "payment_invoice",
    metadata,
    number(),
    # Our own id, from before anything is sent; the provider's when it is known. Either finds it (ruling 19).
    text("number", unique=True),
    text("provider"),
    text("provider_id", null=True),
    # The key of the one press; a second press with it is the same invoice.
    text("key", unique=True),
    words("state", InvoiceStatus),
    # What is sold for, the terms of its fees, the fees, and what the phone is asked for (ruling 16).
    integer("amount_minor"),
    integer("service_fee_minor"),
    integer("provider_fee_bp"),
    integer("provider_fee_minor"),
    integer("expected_minor"),
    text("currency"),
    text("phone"),
    link("payment_id", "payment", null=True),
    # The store's day that it was made on, by which statistics are kept.
    day("day"),
    text("till_id"),
    link("created_by", "staff", null=True),
    instant("created_at"),
    instant("expires_at"),
    # JSON: what else the cashier's press said.
    text("metadata"),
    instant("paid_at", null=True),
    # Its money came after it had ended.
    integer("late", default=0),
    # It was complete and unused past its time, and was put on Exceptions.
    instant("referred_at", null=True),
    # A manager lets its money count although it came late or lay too long.
    instant("let_in_at", null=True),
    link("let_in_by", "staff", null=True),
    # What a manager accepts above what the order and its fees come to.
    integer("surplus_minor", default=0),
    link("surplus_by", "staff", null=True),
    link("order_id", "sales_order", null=True),
    instant("used_at", null=True),
    link("used_by", "staff", null=True),
    integer("version", default=1),
    # The cart that it is asked for, until it is over: nobody pays that otherwise. Without a foreign key, which SQLite
    # adds to no table that is there.
    integer("held_cart_id", null=True),
    one_of("state", InvoiceStatus),
    positive("amount_minor"),
    positive("expected_minor"),
    not_negative("service_fee_minor"),
    not_negative("provider_fee_bp"),
    not_negative("provider_fee_minor"),
    not_negative("surplus_minor"),
    flag("late"),
    UniqueConstraint("provider", "provider_id"),
    # One open prompt for a phone: a second one would be answered for the first.
    partial_index("uq_payment_invoice_phone", "phone", unique=True, where="state IN ('CREATED', 'PENDING')"),
    partial_index("uq_payment_invoice_payment", "payment_id", unique=True, where="payment_id IS NOT NULL"),
    partial_index("uq_payment_invoice_held_cart", "held_cart_id", unique=True, where="held_cart_id IS NOT NULL"),
    partial_index("ix_payment_invoice_open", "expires_at", where="state IN ('CREATED', 'PENDING')"),
    partial_index(
        "ix_payment_invoice_lying",
        "expires_at",
        where="state = 'COMPLETE' AND referred_at IS NULL AND let_in_at IS NULL",
    ),
    partial_index("ix_payment_invoice_late", "paid_at", where="late = 1"),
    partial_index("ix_payment_invoice_referred", "referred_at", where="referred_at IS NOT NULL"),
    Index("ix_payment_invoice_alike", "phone", "amount_minor", "created_at"),
    Index("ix_payment_invoice_created", "created_at", "id"),
    Index("ix_payment_invoice_day", "day", "state", "id"),
    **NUMBERED,
)

# Who checked which id when, and what came of it; ids that nobody has too.
invoice_verification = Table(
    "invoice_verification",
    metadata,
    number(),
    link("invoice_id", "payment_invoice", null=True, index=True),
    # As typed, pasted or scanned; of what can't be an id only the beginning.
    text("asked"),
    integer("amount_minor"),
    text("currency"),
    # The first check that failed, or NULL: it was found good.
    words("reason", Reason, null=True),
    integer("found_minor", null=True),
    text("till_id"),
    link("verified_by", "staff", null=True),
    instant("verified_at"),
    one_of("reason", Reason),
    Index("ix_invoice_verification_at", "verified_at", "id"),
    Index("ix_invoice_verification_asked", "asked", "id"),
    **NUMBERED,
)

# Counts and sums kept by triggers in the transaction of what they count, so that figures need no scan.
invoice_tally = Table(
    "invoice_tally",
    metadata,
    day("day"),
    text("currency"),
    text("provider"),
    # Who made them; 0 for the till itself.
    Column("staff_id", Int, nullable=False),
    words("state", InvoiceStatus),
    integer("late"),
    integer("number"),
    integer("amount_minor"),
    integer("expected_minor"),
    not_negative("number"),
    PrimaryKeyConstraint("day", "currency", "provider", "staff_id", "state", "late"),
    **STRICT,
)

# How many were paid within how long: exact to the second up to a minute, then in steps (migration 0016).
invoice_wait = Table(
    "invoice_wait",
    metadata,
    day("day"),
    text("provider"),
    Column("seconds", Int, nullable=False),
    integer("number"),
    not_negative("number"),
    PrimaryKeyConstraint("day", "provider", "seconds"),
    **STRICT,
)

# The same by who asked the phone, 0 where nobody did.
cashier_wait = Table(
    "cashier_wait",
    metadata,
    day("day"),
    Column("staff_id", Int, nullable=False),
    Column("seconds", Int, nullable=False),
    integer("number"),
    not_negative("number"),
    PrimaryKeyConstraint("day", "staff_id", "seconds"),
    **STRICT,
)

# Those of a month's days together, the month named by its first day.
month_wait = Table(
    "month_wait",
    metadata,
    day("month"),
    text("provider"),
    Column("seconds", Int, nullable=False),
    integer("number"),
    PrimaryKeyConstraint("month", "provider", "seconds"),
    **STRICT,
)
