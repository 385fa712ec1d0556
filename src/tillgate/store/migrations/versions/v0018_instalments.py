"""Coupons, and bulk orders that are paid by instalments; payments may be for instalments, or top up a wallet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from tillgate.store.migrations.guards import Guards, install

revision = "0018"
down_revision: str | None = "0017"
Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

GUARDS = Guards(
    never_deleted=("coupon", "coupon_use", "bulk_order", "instalment_order", "instalment"),
    frozen={
        "coupon": ("code", "kind", "value", "currency", "created_by", "created_at"),
        "coupon_use": ("coupon_id", "order_id", "customer_id", "created_at"),
        "bulk_order": (
            *("number", "key", "request_sha256", "customer_id", "currency", "pay_by", "provider"),
            *("delivery_name", "delivery_phone", "address_line1", "address_line2", "city", "region"),
            *("pincode", "country", "landmark", "item_count", "failed_items", "first_total_minor"),
            *("day", "till_id", "created_by", "created_at", "expires_at"),
        ),
        "instalment_order": (
            *("number", "bulk_order_id", "position", "customer_id", "product_id", "variant_id", "product_name"),
            *("picture", "currency", "unit_minor", "quantity", "total_days", "discount_minor", "coupon_id"),
            *("total_minor", "referrer_id", "commission_bp", "created_at"),
        ),
        "instalment": ("order_id", "number", "amount_minor"),
    },
    set_once={"instalment_order": ("activated_at",)},
    moves={
        "coupon_use": ["HELD>USED", "HELD>RELEASED", "USED>RELEASED", "RELEASED>USED"],
        "bulk_order": ["PENDING>ACTIVE", "PENDING>CANCELLED", "CANCELLED>ACTIVE"],
        "instalment_order": [
            *("PENDING>ACTIVE", "PENDING>CANCELLED", "ACTIVE>COMPLETED", "ACTIVE>CANCELLED"),
            *("COMPLETED>ACTIVE", "COMPLETED>CANCELLED", "CANCELLED>ACTIVE"),
        ],
        "instalment": ["DUE>PAID", "DUE>CANCELLED", "PAID>DUE", "PAID>CANCELLED", "CANCELLED>DUE"],
    },
    # Until its first payment is made a bulk order may be paid by another one.
    frozen_when={"bulk_order": ("OLD.state = 'ACTIVE'", ("first_payment_id",))},
)

# No instalment is paid without money that came for it, whatever the code above says; nor paid from the start.
_PAYING = "NEW.state = 'PAID' AND OLD.state <> 'PAID'"
_UNPAID = (
    "NOT EXISTS (SELECT 1 FROM payment JOIN allocation ON allocation.payment_id = payment.id "
    "WHERE payment.id = NEW.payment_id AND payment.state = 'CAPTURED' AND allocation.thing_kind = 'instalment' "
    "AND allocation.thing_id = NEW.id AND allocation.amount_minor = NEW.amount_minor)"
)
_PURPOSES = "'checkout', 'consultation', 'device_invoice', 'payment_invoice', 'instalments', 'wallet_top_up'"


def upgrade() -> None:
    """Let payments be for instalments and for wallets, make the tables and write the triggers."""
    connection = op.get_bind()
    connection.exec_driver_sql("ALTER TABLE payment DROP CONSTRAINT ck_payment_purpose_known")
    connection.exec_driver_sql(
        f"ALTER TABLE payment ADD CONSTRAINT ck_payment_purpose_known CHECK (purpose IN ({_PURPOSES}))"
    )
    op.add_column("stock_move", sa.Column("instalment_order_id", Int, nullable=True))
    op.create_index(
        "ix_stock_move_instalment_order",
        "stock_move",
        ["instalment_order_id"],
        unique=False,
        sqlite_where=sa.text("instalment_order_id IS NOT NULL"),
        postgresql_where=sa.text("instalment_order_id IS NOT NULL"),
    )
    _create_coupons()
    _create_bulk_orders()
    _create_orders()
    _create_instalments()
    _create_uses()
    install(connection, GUARDS)
    _guard(connection, "UPDATE OF state", _PAYING, _UNPAID, "instalment_without_money")
    _guard(connection, "INSERT", "NEW.state = 'PAID'", "", "instalment_paid_at_once")


def _guard(connection: Connection, when: str, own: str, refused: str, name: str) -> None:
    """A trigger on instalments that refuses where both conditions hold; `refused` may ask other tables."""
    if connection.dialect.name == "sqlite":
        whole = f"({own}) AND ({refused})" if refused else own
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE {when} ON instalment WHEN {whole} BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )
        return
    connection.exec_driver_sql(
        f"CREATE FUNCTION tillgate_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {refused or 'true'} THEN "
        f"RAISE EXCEPTION '{name}' USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {name} BEFORE {when} ON instalment FOR EACH ROW WHEN ({own}) "
        f"EXECUTE FUNCTION tillgate_{name}()"
    )


def _create_coupons() -> None:
    op.create_table(
        "coupon",
        sa.Column("id", Int, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", Int, nullable=False),
        sa.Column("cap_minor", Int, nullable=True),
        sa.Column("minimum_minor", Int, server_default="0", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Text(), nullable=False),
        sa.Column("per_customer_limit", Int, nullable=True),
        sa.Column("total_limit", Int, nullable=True),
        sa.Column("product_id", Int, nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("active", Int, server_default="1", nullable=False),
        sa.Column("used_count", Int, server_default="0", nullable=False),
        sa.Column("created_by", Int, nullable=True),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("version", Int, server_default="1", nullable=False),
        sa.CheckConstraint("kind <> 'PERCENT' OR value <= 10000", name=op.f("ck_coupon_percent_at_most_all")),
        sa.CheckConstraint("kind IN ('FLAT', 'PERCENT')", name=op.f("ck_coupon_kind_known")),
        sa.CheckConstraint("active IN (0, 1)", name=op.f("ck_coupon_active_flag")),
        sa.CheckConstraint("cap_minor > 0", name=op.f("ck_coupon_cap_minor_positive")),
        sa.CheckConstraint("minimum_minor >= 0", name=op.f("ck_coupon_minimum_minor_not_negative")),
        sa.CheckConstraint("per_customer_limit > 0", name=op.f("ck_coupon_per_customer_limit_positive")),
        sa.CheckConstraint("total_limit > 0", name=op.f("ck_coupon_total_limit_positive")),
        sa.CheckConstraint(
            "used_count >= 0 AND (total_limit IS NULL OR used_count <= total_limit)", name=op.f("ck_coupon_used_within")
        ),
        sa.CheckConstraint("valid_from <= valid_until", name=op.f("ck_coupon_valid_some_day")),
        sa.CheckConstraint("value > 0", name=op.f("ck_coupon_value_positive")),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_coupon_created_by")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_coupon_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon")),
        sa.UniqueConstraint("code", name=op.f("uq_coupon_code")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )


def _create_bulk_orders() -> None:
    op.create_table(
        "bulk_order",
        sa.Column("id", Int, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column("customer_id", Int, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("pay_by", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("delivery_name", sa.Text(), nullable=False),
        sa.Column("delivery_phone", sa.Text(), nullable=False),
        sa.Column("address_line1", sa.Text(), nullable=False),
        sa.Column("address_line2", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("pincode", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("landmark", sa.Text(), nullable=False),
        sa.Column("item_count", Int, nullable=False),
        sa.Column("failed_items", sa.Text(), nullable=False),
        sa.Column("first_total_minor", Int, nullable=False),
        sa.Column("first_payment_id", Int, nullable=True),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("created_by", Int, nullable=True),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("expires_at", Int, nullable=False),
        sa.Column("ended_at", Int, nullable=True),
        sa.Column("version", Int, server_default="1", nullable=False),
        sa.CheckConstraint("pay_by IN ('RAZORPAY', 'WALLET')", name=op.f("ck_bulk_order_pay_by_known")),
        sa.CheckConstraint("state IN ('PENDING', 'ACTIVE', 'CANCELLED')", name=op.f("ck_bulk_order_state_known")),
        sa.CheckConstraint("first_total_minor > 0", name=op.f("ck_bulk_order_first_total_minor_positive")),
        sa.CheckConstraint("item_count > 0", name=op.f("ck_bulk_order_item_count_positive")),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_bulk_order_created_by")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_bulk_order_customer_id")),
        sa.ForeignKeyConstraint(["first_payment_id"], ["payment.id"], name=op.f("fk_bulk_order_first_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_order")),
        sa.UniqueConstraint("key", name=op.f("uq_bulk_order_key")),
        sa.UniqueConstraint("number", name=op.f("uq_bulk_order_number")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_bulk_order_created", "bulk_order", ["created_at", "id"], unique=False)
    op.create_index(op.f("ix_bulk_order_customer_id"), "bulk_order", ["customer_id"], unique=False)
    op.create_index(
        "ix_bulk_order_unpaid",
        "bulk_order",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'PENDING'"),
        postgresql_where=sa.text("state = 'PENDING'"),
    )
    op.create_index(
        "uq_bulk_order_first_payment",
        "bulk_order",
        ["first_payment_id"],
        unique=True,
        sqlite_where=sa.text("first_payment_id IS NOT NULL"),
        postgresql_where=sa.text("first_payment_id IS NOT NULL"),
    )


def _create_orders() -> None:
    op.create_table(
        "instalment_order",
        sa.Column("id", Int, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("bulk_order_id", Int, nullable=False),
        sa.Column("position", Int, nullable=False),
        sa.Column("customer_id", Int, nullable=False),
        sa.Column("product_id", Int, nullable=False),
        sa.Column("variant_id", Int, nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("picture", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("unit_minor", Int, nullable=False),
        sa.Column("quantity", Int, nullable=False),
        sa.Column("total_days", Int, nullable=False),
        sa.Column("discount_minor", Int, server_default="0", nullable=False),
        sa.Column("coupon_id", Int, nullable=True),
        sa.Column("total_minor", Int, nullable=False),
        sa.Column("paid_minor", Int, server_default="0", nullable=False),
        sa.Column("paid_count", Int, server_default="0", nullable=False),
        sa.Column("returned_minor", Int, server_default="0", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("referrer_id", Int, nullable=True),
        sa.Column("commission_bp", Int, server_default="0", nullable=False),
        sa.Column("commission_minor", Int, server_default="0", nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("activated_at", Int, nullable=True),
        sa.Column("completed_at", Int, nullable=True),
        sa.Column("cancelled_at", Int, nullable=True),
        sa.Column("version", Int, server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'CANCELLED') = (cancelled_at IS NOT NULL)", name=op.f("ck_instalment_order_cancelled_when")
        ),
        sa.CheckConstraint(
            "state <> 'COMPLETED' OR (paid_count = total_days AND paid_minor = total_minor)",
            name=op.f("ck_instalment_order_completed_paid"),
        ),
        sa.CheckConstraint(
            "state = 'CANCELLED' OR (state IN ('ACTIVE', 'COMPLETED')) = (paid_count > 0)",
            name=op.f("ck_instalment_order_paid_while_active"),
        ),
        sa.CheckConstraint(
            "state IN ('PENDING', 'ACTIVE', 'COMPLETED', 'CANCELLED')", name=op.f("ck_instalment_order_state_known")
        ),
        sa.CheckConstraint("commission_bp >= 0", name=op.f("ck_instalment_order_commission_bp_not_negative")),
        sa.CheckConstraint("commission_minor >= 0", name=op.f("ck_instalment_order_commission_minor_not_negative")),
        sa.CheckConstraint("discount_minor >= 0", name=op.f("ck_instalment_order_discount_minor_not_negative")),
        sa.CheckConstraint("paid_count BETWEEN 0 AND total_days", name=op.f("ck_instalment_order_paid_count_within")),
        sa.CheckConstraint("paid_minor BETWEEN 0 AND total_minor", name=op.f("ck_instalment_order_paid_within")),
        sa.CheckConstraint("position >= 0", name=op.f("ck_instalment_order_position_not_negative")),
        sa.CheckConstraint("quantity BETWEEN 1 AND 10", name=op.f("ck_instalment_order_quantity_within")),
        sa.CheckConstraint("returned_minor BETWEEN 0 AND paid_minor", name=op.f("ck_instalment_order_returned_within")),
        sa.CheckConstraint("total_days BETWEEN 1 AND 365", name=op.f("ck_instalment_order_total_days_within")),
        sa.CheckConstraint(
            "total_minor = unit_minor * quantity - discount_minor", name=op.f("ck_instalment_order_total_is_price")
        ),
        sa.CheckConstraint("total_minor > 0", name=op.f("ck_instalment_order_total_minor_positive")),
        sa.CheckConstraint("unit_minor >= 0", name=op.f("ck_instalment_order_unit_minor_not_negative")),
        sa.ForeignKeyConstraint(["bulk_order_id"], ["bulk_order.id"], name=op.f("fk_instalment_order_bulk_order_id")),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("fk_instalment_order_coupon_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_instalment_order_customer_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_instalment_order_product_id")),
        sa.ForeignKeyConstraint(["referrer_id"], ["customer.id"], name=op.f("fk_instalment_order_referrer_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_instalment_order_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalment_order")),
        sa.UniqueConstraint("bulk_order_id", "position", name=op.f("uq_instalment_order_bulk_order_id_position")),
        sa.UniqueConstraint("number", name=op.f("uq_instalment_order_number")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_instalment_order_coupon_id"), "instalment_order", ["coupon_id"], unique=False)
    op.create_index("ix_instalment_order_customer", "instalment_order", ["customer_id", "state", "id"], unique=False)
    op.create_index(op.f("ix_instalment_order_product_id"), "instalment_order", ["product_id"], unique=False)
    op.create_index(op.f("ix_instalment_order_referrer_id"), "instalment_order", ["referrer_id"], unique=False)
    op.create_index("ix_instalment_order_state", "instalment_order", ["state", "id"], unique=False)


def _create_instalments() -> None:
    op.create_table(
        "instalment",
        sa.Column("id", Int, nullable=False),
        sa.Column("order_id", Int, nullable=False),
        sa.Column("number", Int, nullable=False),
        sa.Column("due_on", sa.Text(), nullable=False),
        sa.Column("amount_minor", Int, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("payment_id", Int, nullable=True),
        sa.Column("paid_at", Int, nullable=True),
        sa.Column("returned_minor", Int, server_default="0", nullable=False),
        sa.CheckConstraint("(state = 'PAID') = (payment_id IS NOT NULL)", name=op.f("ck_instalment_paid_with")),
        sa.CheckConstraint(
            "returned_minor BETWEEN 0 AND amount_minor AND (returned_minor = 0 OR state <> 'DUE')",
            name=op.f("ck_instalment_returned_within"),
        ),
        sa.CheckConstraint("state IN ('DUE', 'PAID', 'CANCELLED')", name=op.f("ck_instalment_state_known")),
        sa.CheckConstraint("(payment_id IS NULL) = (paid_at IS NULL)", name=op.f("ck_instalment_paid_when")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_instalment_amount_minor_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["instalment_order.id"], name=op.f("fk_instalment_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_instalment_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalment")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_instalment_order_id_number")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(
        "ix_instalment_due",
        "instalment",
        ["due_on", "order_id", "amount_minor", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'DUE'"),
        postgresql_where=sa.text("state = 'DUE'"),
    )
    op.create_index(
        "ix_instalment_payment",
        "instalment",
        ["payment_id"],
        unique=False,
        sqlite_where=sa.text("payment_id IS NOT NULL"),
        postgresql_where=sa.text("payment_id IS NOT NULL"),
    )


def _create_uses() -> None:
    op.create_table(
        "coupon_use",
        sa.Column("id", Int, nullable=False),
        sa.Column("coupon_id", Int, nullable=False),
        sa.Column("order_id", Int, nullable=False),
        sa.Column("customer_id", Int, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("ended_at", Int, nullable=True),
        sa.CheckConstraint("state IN ('HELD', 'USED', 'RELEASED')", name=op.f("ck_coupon_use_state_known")),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupon.id"], name=op.f("fk_coupon_use_coupon_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_coupon_use_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["instalment_order.id"], name=op.f("fk_coupon_use_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_use")),
        sa.UniqueConstraint("order_id", name=op.f("uq_coupon_use_order_id")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_coupon_use_customer", "coupon_use", ["coupon_id", "customer_id", "state"], unique=False)
