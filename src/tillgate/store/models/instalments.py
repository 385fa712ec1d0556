"""Bulk orders, their instalment orders with a row for each day, and coupons."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint

from tillgate.domain.coupons import CouponKind, CouponUse
from tillgate.domain.instalments import (
    LONGEST_PLAN,
    MOST_QUANTITY,
    BulkState,
    InstalmentOrderState,
    InstalmentState,
    PayBy,
)
from tillgate.store.columns import (
    NUMBERED,
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

coupon = Table(
    "coupon",
    metadata,
    number(),
    # In capitals.
    text("code", unique=True),
    words("kind", CouponKind),
    # Minor units off the line, or basis points of it.
    integer("value"),
    # The most that a share comes to.
    integer("cap_minor", null=True),
    # The least line before the discount.
    integer("minimum_minor", default=0),
    text("currency"),
    # Store days, both included.
    day("valid_from"),
    day("valid_until"),
    integer("per_customer_limit", null=True),
    integer("total_limit", null=True),
    link("product_id", "product", null=True),
    text("category", null=True),
    integer("active", default=1),
    # Uses that are held or used.
    integer("used_count", default=0),
    link("created_by", "staff", null=True),
    instant("created_at"),
    integer("version", default=1),
    one_of("kind", CouponKind),
    positive("value"),
    positive("cap_minor"),
    not_negative("minimum_minor"),
    positive("per_customer_limit"),
    positive("total_limit"),
    flag("active"),
    CheckConstraint("kind <> 'PERCENT' OR value <= 10000", name="percent_at_most_all"),
    CheckConstraint("used_count >= 0 AND (total_limit IS NULL OR used_count <= total_limit)", name="used_within"),
    CheckConstraint("valid_from <= valid_until", name="valid_some_day"),
    **NUMBERED,
)

bulk_order = Table(
    "bulk_order",
    metadata,
    number(),
    text("number", unique=True),
    # The key of the one press; a second press with it is the same bulk order.
    text("key", unique=True),
    # What tells whether a replay has the same content.
    text("request_sha256"),
    link("customer_id", "customer", index=True),
    text("currency"),
    words("pay_by", PayBy),
    text("provider"),
    words("state", BulkState),
    text("delivery_name"),
    text("delivery_phone"),
    text("address_line1"),
    text("address_line2"),
    text("city"),
    text("region"),
    text("pincode"),
    text("country"),
    text("landmark"),
    integer("item_count"),
    # Those left out: index, code and what fills its words, as JSON.
    text("failed_items"),
    integer("first_total_minor"),
    link("first_payment_id", "payment", null=True),
    # The store day that it was ordered on.
    day("day"),
    text("till_id"),
    link("created_by", "staff", null=True),
    instant("created_at"),
    # Unpaid then, it is cancelled.
    instant("expires_at"),
    instant("ended_at", null=True),
    integer("version", default=1),
    one_of("pay_by", PayBy),
    one_of("state", BulkState),
    positive("first_total_minor"),
    positive("item_count"),
    Index("ix_bulk_order_created", "created_at", "id"),
    partial_index("uq_bulk_order_first_payment", "first_payment_id", unique=True, where="first_payment_id IS NOT NULL"),
    partial_index("ix_bulk_order_unpaid", "expires_at", where="state = 'PENDING'"),
    **NUMBERED,
)

instalment_order = Table(
    "instalment_order",
    metadata,
    number(),
    text("number", unique=True),
    link("bulk_order_id", "bulk_order"),
    # Its item's place in the request, from 0.
    integer("position"),
    link("customer_id", "customer"),
    link("product_id", "product", index=True),
    link("variant_id", "variant"),
    # As they were when it was ordered.
    text("product_name"),
    text("picture"),
    text("currency"),
    integer("unit_minor"),
    integer("quantity"),
    integer("total_days"),
    integer("discount_minor", default=0),
    link("coupon_id", "coupon", null=True),
    integer("total_minor"),
    # The sum of its paid instalments and how many those are; of that, what went back while they stay paid.
    integer("paid_minor", default=0),
    integer("paid_count", default=0),
    integer("returned_minor", default=0),
    words("state", InstalmentOrderState),
    # A CancelReason, or what a manager wrote.
    text("cancel_reason", null=True),
    link("referrer_id", "customer", null=True),
    integer("commission_bp", default=0),
    # Credited so far, less what was taken back.
    integer("commission_minor", default=0),
    instant("created_at"),
    instant("activated_at", null=True),
    instant("completed_at", null=True),
    instant("cancelled_at", null=True),
    integer("version", default=1),
    one_of("state", InstalmentOrderState),
    not_negative("position"),
    not_negative("unit_minor"),
    not_negative("discount_minor"),
    positive("total_minor"),
    not_negative("commission_bp"),
    not_negative("commission_minor"),
    CheckConstraint(f"quantity BETWEEN 1 AND {MOST_QUANTITY}", name="quantity_within"),
    CheckConstraint(f"total_days BETWEEN 1 AND {LONGEST_PLAN}", name="total_days_within"),
    CheckConstraint("total_minor = unit_minor * quantity - discount_minor", name="total_is_price"),
    CheckConstraint("paid_minor BETWEEN 0 AND total_minor", name="paid_within"),
    CheckConstraint("paid_count BETWEEN 0 AND total_days", name="paid_count_within"),
    CheckConstraint("returned_minor BETWEEN 0 AND paid_minor", name="returned_within"),
    CheckConstraint(
        "state <> 'COMPLETED' OR (paid_count = total_days AND paid_minor = total_minor)", name="completed_paid"
    ),
    CheckConstraint(
        "state = 'CANCELLED' OR (state IN ('ACTIVE', 'COMPLETED')) = (paid_count > 0)", name="paid_while_active"
    ),
    CheckConstraint("(state = 'CANCELLED') = (cancelled_at IS NOT NULL)", name="cancelled_when"),
    UniqueConstraint("bulk_order_id", "position"),
    Index("ix_instalment_order_customer", "customer_id", "state", "id"),
    Index("ix_instalment_order_state", "state", "id"),
    partial_index("ix_instalment_order_coupon_id", "coupon_id", where="coupon_id IS NOT NULL"),
    partial_index("ix_instalment_order_referrer_id", "referrer_id", where="referrer_id IS NOT NULL"),
    **NUMBERED,
)

instalment = Table(
    "instalment",
    metadata,
    number(),
    link("order_id", "instalment_order"),
    # From 1 to the plan's days.
    integer("number"),
    # A store day.
    day("due_on"),
    integer("amount_minor"),
    words("state", InstalmentState),
    # The payment that it is paid with, while it is.
    link("payment_id", "payment", null=True),
    instant("paid_at", null=True),
    # What of it went back while it stays paid.
    integer("returned_minor", default=0),
    one_of("state", InstalmentState),
    positive("amount_minor"),
    CheckConstraint("(state = 'PAID') = (payment_id IS NOT NULL)", name="paid_with"),
    CheckConstraint("(payment_id IS NULL) = (paid_at IS NULL)", name="paid_when"),
    CheckConstraint(
        "returned_minor BETWEEN 0 AND amount_minor AND (returned_minor = 0 OR state <> 'DUE')", name="returned_within"
    ),
    UniqueConstraint("order_id", "number"),
    # What is due reads this index alone.
    partial_index("ix_instalment_due", "due_on", "order_id", "amount_minor", "id", where="state = 'DUE'"),
    partial_index("ix_instalment_payment", "payment_id", where="payment_id IS NOT NULL"),
    **NUMBERED,
)

# At most one for an order.
coupon_use = Table(
    "coupon_use",
    metadata,
    number(),
    link("coupon_id", "coupon"),
    link("order_id", "instalment_order"),
    link("customer_id", "customer"),
    words("state", CouponUse),
    instant("created_at"),
    instant("ended_at", null=True),
    one_of("state", CouponUse),
    UniqueConstraint("order_id"),
    Index("ix_coupon_use_customer", "coupon_id", "customer_id", "state"),
    **NUMBERED,
)
