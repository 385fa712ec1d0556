"""Devices, their daily invoices, and batches that pay them one after another; payments may be for such an invoice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from tillgate.store.migrations.guards import Guards, install

revision = "0014"
down_revision: str | None = "0013"
Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

GUARDS = Guards(
    never_deleted=("device", "device_invoice", "payment_batch", "payment_batch_item"),
    frozen={
        "device": ("code", "currency", "created_by", "created_at"),
        "device_invoice": (
            *("device_id", "customer_id", "number", "day", "amount_minor", "currency"),
            *("origin", "created_by", "created_at"),
        ),
        "payment_batch": (
            *("key", "device_id", "wanted", "email", "provider", "method"),
            *("till_id", "created_by", "created_at"),
        ),
        "payment_batch_item": ("batch_id", "position", "invoice_id"),
    },
    moves={
        "device_invoice": ["open>paid", "open>cancelled", "paid>refunded", "refunded>open"],
        "payment_batch": ["running>stopped", "running>done", "stopped>running", "done>running"],
        "payment_batch_item": [
            *("waiting>working", "waiting>skipped", "working>taken", "working>skipped", "working>failed"),
            *("taken>waiting", "skipped>waiting", "failed>waiting"),
        ],
    },
)

# Nothing is paid without a verified payment that is for this very invoice, whatever the code above says.
_UNPAID = (
    "NOT EXISTS (SELECT 1 FROM payment JOIN allocation ON allocation.payment_id = payment.id "
    "WHERE payment.id = NEW.payment_id AND payment.state = 'CAPTURED' AND allocation.thing_kind = 'device_invoice' "
    "AND allocation.thing_id = NEW.id AND allocation.amount_minor = NEW.amount_minor "
    "AND allocation.currency = NEW.currency)"
)
# The link to its payment is made as it is paid and loosed as it is reopened, never otherwise.
_RELINKED = (
    "coalesce(OLD.payment_id, 0) <> coalesce(NEW.payment_id, 0) "
    "AND (OLD.state = NEW.state OR (OLD.payment_id IS NOT NULL AND NEW.payment_id IS NOT NULL))"
)
_PAYING = "NEW.state = 'paid' AND OLD.state <> 'paid'"
_SQLITE = (
    f"CREATE TRIGGER device_invoice_needs_money BEFORE UPDATE OF state ON device_invoice WHEN {_PAYING} AND {_UNPAID} "
    "BEGIN SELECT RAISE(ABORT, 'device_invoice_without_money'); END",
    f"CREATE TRIGGER guard_device_invoice_update_set_once BEFORE UPDATE ON device_invoice WHEN {_RELINKED} "
    "BEGIN SELECT RAISE(ABORT, 'device_invoice_set_once'); END",
)
_POSTGRES = (
    "CREATE FUNCTION tillgate_device_invoice_paid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF {_UNPAID} THEN RAISE EXCEPTION 'device_invoice_without_money' USING ERRCODE = 'restrict_violation'; END IF; "
    "RETURN NEW; END $$",
    "CREATE TRIGGER device_invoice_needs_money BEFORE UPDATE OF state ON device_invoice FOR EACH ROW "
    f"WHEN ({_PAYING}) EXECUTE FUNCTION tillgate_device_invoice_paid()",
    "CREATE TRIGGER guard_device_invoice_update_set_once BEFORE UPDATE ON device_invoice FOR EACH ROW "
    f"WHEN ({_RELINKED}) EXECUTE FUNCTION tillgate_refuse('device_invoice_set_once')",
)


def upgrade() -> None:
    """Let payments be for device invoices, make the tables and write the triggers."""
    connection = op.get_bind()
    _allow_purpose(connection)
    _create_devices()
    _create_batches()
    install(connection, GUARDS)
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES:
        connection.exec_driver_sql(statement)


def _allow_purpose(connection: Connection) -> None:
    """One more word for a payment's purpose."""
    known = "CHECK (purpose IN ('checkout', 'consultation', 'device_invoice'))"
    connection.exec_driver_sql("ALTER TABLE payment DROP CONSTRAINT ck_payment_purpose_known")
    connection.exec_driver_sql(f"ALTER TABLE payment ADD CONSTRAINT ck_payment_purpose_known {known}")


def _create_devices() -> None:
    op.create_table(
        "device",
        sa.Column("id", Int, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("customer_id", Int, nullable=False),
        sa.Column("rate_minor", Int, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("invoiced_until", sa.Text(), nullable=False),
        sa.Column("created_by", Int, nullable=True),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("version", Int, server_default="1", nullable=False),
        sa.CheckConstraint("status IN ('active', 'paused', 'retired')", name=op.f("ck_device_status_known")),
        sa.CheckConstraint("rate_minor > 0", name=op.f("ck_device_rate_minor_positive")),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_device_created_by")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_device_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("code", name=op.f("uq_device_code")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_device_customer_id"), "device", ["customer_id"], unique=False)
    op.create_index("ix_device_status", "device", ["status", "invoiced_until"], unique=False)
    op.create_table(
        "device_invoice",
        sa.Column("id", Int, nullable=False),
        sa.Column("device_id", Int, nullable=False),
        sa.Column("customer_id", Int, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("amount_minor", Int, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_by", Int, nullable=True),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("payment_id", Int, nullable=True),
        sa.Column("ended_at", Int, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("version", Int, server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state IN ('paid', 'refunded')) = (payment_id IS NOT NULL)", name=op.f("ck_device_invoice_paid_with")
        ),
        sa.CheckConstraint("origin IN ('daily', 'imported')", name=op.f("ck_device_invoice_origin_known")),
        sa.CheckConstraint(
            "state IN ('open', 'paid', 'refunded', 'cancelled')", name=op.f("ck_device_invoice_state_known")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_device_invoice_amount_minor_positive")),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_device_invoice_created_by")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_device_invoice_customer_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_invoice_device_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_device_invoice_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_invoice")),
        sa.UniqueConstraint(
            "device_id", "day", "amount_minor", name=op.f("uq_device_invoice_device_id_day_amount_minor")
        ),
        sa.UniqueConstraint("number", name=op.f("uq_device_invoice_number")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_device_invoice_customer_id"), "device_invoice", ["customer_id"], unique=False)
    op.create_index("ix_device_invoice_day", "device_invoice", ["day", "id"], unique=False)
    op.create_index("ix_device_invoice_state", "device_invoice", ["device_id", "state", "day", "number"], unique=False)
    op.create_index(
        "uq_device_invoice_daily",
        "device_invoice",
        ["device_id", "day"],
        unique=True,
        sqlite_where=sa.text("origin = 'daily'"),
        postgresql_where=sa.text("origin = 'daily'"),
    )
    op.create_index(
        "uq_device_invoice_payment",
        "device_invoice",
        ["payment_id"],
        unique=True,
        sqlite_where=sa.text("payment_id IS NOT NULL"),
        postgresql_where=sa.text("payment_id IS NOT NULL"),
    )


def _create_batches() -> None:
    op.create_table(
        "payment_batch",
        sa.Column("id", Int, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("device_id", Int, nullable=False),
        sa.Column("wanted", Int, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stop_asked", Int, server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("created_by", Int, nullable=True),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("ended_at", Int, nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", Int, nullable=True),
        sa.Column("version", Int, server_default="1", nullable=False),
        sa.CheckConstraint("state IN ('running', 'stopped', 'done')", name=op.f("ck_payment_batch_state_known")),
        sa.CheckConstraint("stop_asked IN (0, 1)", name=op.f("ck_payment_batch_stop_asked_flag")),
        sa.CheckConstraint("wanted BETWEEN 1 AND 10", name=op.f("ck_payment_batch_wanted_within")),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_payment_batch_created_by")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_payment_batch_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_batch")),
        sa.UniqueConstraint("key", name=op.f("uq_payment_batch_key")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_payment_batch_created_at"), "payment_batch", ["created_at"], unique=False)
    op.create_index(op.f("ix_payment_batch_device_id"), "payment_batch", ["device_id"], unique=False)
    op.create_index("ix_payment_batch_state", "payment_batch", ["state", "till_id", "id"], unique=False)
    op.create_table(
        "payment_batch_item",
        sa.Column("id", Int, nullable=False),
        sa.Column("batch_id", Int, nullable=False),
        sa.Column("position", Int, nullable=False),
        sa.Column("invoice_id", Int, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("payment_id", Int, nullable=True),
        sa.Column("reused", Int, server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("error_values", sa.Text(), nullable=True),
        sa.Column("tries", Int, server_default="0", nullable=False),
        sa.Column("page_opened_at", Int, nullable=True),
        sa.Column("tried_at", Int, nullable=True),
        sa.Column("version", Int, server_default="1", nullable=False),
        sa.CheckConstraint("state <> 'taken' OR payment_id IS NOT NULL", name=op.f("ck_payment_batch_item_taken_with")),
        sa.CheckConstraint(
            "state IN ('waiting', 'working', 'taken', 'skipped', 'failed')",
            name=op.f("ck_payment_batch_item_state_known"),
        ),
        sa.CheckConstraint("reused IN (0, 1)", name=op.f("ck_payment_batch_item_reused_flag")),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_payment_batch_item_tries_not_negative")),
        sa.ForeignKeyConstraint(["batch_id"], ["payment_batch.id"], name=op.f("fk_payment_batch_item_batch_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["device_invoice.id"], name=op.f("fk_payment_batch_item_invoice_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_batch_item_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_batch_item")),
        sa.UniqueConstraint("batch_id", "invoice_id", name=op.f("uq_payment_batch_item_batch_id_invoice_id")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_payment_batch_item_batch_id_position")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_payment_batch_item_invoice_id"), "payment_batch_item", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_payment_batch_item_payment_id"), "payment_batch_item", ["payment_id"], unique=False)
