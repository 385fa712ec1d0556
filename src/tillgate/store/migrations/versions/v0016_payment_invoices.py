"""Payment invoices by phone, their verifications and sums; payments may be for such an invoice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from tillgate.store.migrations.guards import Guards, install

revision = "0016"
down_revision: str | None = "0015"
Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

GUARDS = Guards(
    append_only=("invoice_verification",),
    never_deleted=("payment_invoice",),
    frozen={
        "payment_invoice": (
            *("number", "key", "provider", "amount_minor", "service_fee_minor", "provider_fee_bp"),
            *("provider_fee_minor", "expected_minor", "currency", "phone", "day", "till_id"),
            *("created_by", "created_at", "expires_at", "metadata"),
        ),
    },
    set_once={
        "payment_invoice": (
            *("provider_id", "payment_id", "order_id", "paid_at", "used_at", "used_by"),
            *("let_in_at", "let_in_by", "referred_at"),
        ),
    },
    moves={
        "payment_invoice": [
            *("CREATED>PENDING", "CREATED>COMPLETE", "CREATED>FAILED", "CREATED>EXPIRED"),
            *("PENDING>COMPLETE", "PENDING>FAILED", "PENDING>EXPIRED"),
            *("FAILED>COMPLETE", "EXPIRED>COMPLETE", "COMPLETE>USED"),
        ],
    },
    frozen_when={"payment_invoice": ("OLD.state = 'USED'", ("surplus_minor", "surplus_by", "late"))},
)

# An invoice follows its payment, whoever moves that: the prompt is out, it ended, or its money came.
_FOLLOW = """
UPDATE payment_invoice SET version = version + 1,
  state = CASE WHEN NEW.state IN ('PENDING', 'PROCESSING') THEN 'PENDING' WHEN NEW.state = 'CAPTURED' THEN 'COMPLETE'
    WHEN NEW.state = 'EXPIRED' THEN 'EXPIRED' ELSE 'FAILED' END,
  paid_at = CASE WHEN NEW.state = 'CAPTURED' THEN coalesce(paid_at, NEW.captured_at) ELSE paid_at END,
  late = CASE WHEN NEW.state = 'CAPTURED' AND state IN ('FAILED', 'EXPIRED') THEN 1 ELSE late END
WHERE payment_id = NEW.id AND (
  (state = 'CREATED' AND NEW.state IN ('PENDING', 'PROCESSING'))
  OR (state IN ('CREATED', 'PENDING') AND NEW.state IN ('FAILED', 'EXPIRED', 'CANCELLED'))
  OR (state IN ('CREATED', 'PENDING', 'FAILED', 'EXPIRED') AND NEW.state = 'CAPTURED'));
"""
_FOLLOWED = "NEW.purpose = 'payment_invoice' AND OLD.state <> NEW.state"
# The provider's name for it, once it is known.
_NAME = (
    "UPDATE payment_invoice SET provider_id = NEW.provider_id, version = version + 1 "
    "WHERE payment_id = NEW.payment_id AND provider_id IS NULL AND provider = NEW.provider;"
)
_NAMED = "OLD.provider_id IS NULL AND NEW.provider_id IS NOT NULL"

# Nothing is complete without money that came, none is used but in the order that this money paid, whatever the code
# above says.
_COMPLETING = "NEW.state = 'COMPLETE' AND OLD.state <> 'COMPLETE'"
_UNPAID = (
    "NOT EXISTS (SELECT 1 FROM payment JOIN allocation ON allocation.payment_id = payment.id "
    "WHERE payment.id = NEW.payment_id AND payment.state = 'CAPTURED' AND allocation.thing_kind = 'payment_invoice' "
    "AND allocation.thing_id = NEW.id AND allocation.amount_minor = NEW.expected_minor "
    "AND allocation.currency = NEW.currency)"
)
_USING = "NEW.state = 'USED' AND OLD.state <> 'USED'"
_ORDERLESS = (
    "NOT EXISTS (SELECT 1 FROM sales_order WHERE sales_order.id = NEW.order_id "
    "AND sales_order.payment_id = NEW.payment_id AND sales_order.currency = NEW.currency)"
)

# Sums: what an invoice counted as it was, off; what it counts as now, on. The waits of those that were paid beside it.
_ADD = (
    "INSERT INTO invoice_tally (day, currency, provider, staff_id, state, late, number, amount_minor, expected_minor) "
    "VALUES (NEW.day, NEW.currency, NEW.provider, coalesce(NEW.created_by, 0), NEW.state, NEW.late, 1, "
    "NEW.amount_minor, NEW.expected_minor) "
    "ON CONFLICT (day, currency, provider, staff_id, state, late) DO UPDATE SET "
    "number = invoice_tally.number + 1, amount_minor = invoice_tally.amount_minor + excluded.amount_minor, "
    "expected_minor = invoice_tally.expected_minor + excluded.expected_minor;"
)
_TAKE = (
    "UPDATE invoice_tally SET number = number - 1, amount_minor = amount_minor - OLD.amount_minor, "
    "expected_minor = expected_minor - OLD.expected_minor WHERE day = OLD.day AND currency = OLD.currency "
    "AND provider = OLD.provider AND staff_id = coalesce(OLD.created_by, 0) AND state = OLD.state AND late = OLD.late;"
)
_WAITED = "((NEW.paid_at - NEW.created_at) / 1000000)"
_STEP = (
    f"CASE WHEN {_WAITED} < 0 THEN 0 WHEN {_WAITED} < 60 THEN {_WAITED} WHEN {_WAITED} < 300 THEN {_WAITED} / 5 * 5 "
    f"WHEN {_WAITED} < 1800 THEN {_WAITED} / 30 * 30 WHEN {_WAITED} < 86400 THEN {_WAITED} / 600 * 600 ELSE 86400 END"
)
_WAIT = (
    "INSERT INTO invoice_wait (day, provider, seconds, number) VALUES (NEW.day, NEW.provider, {step}, 1) "
    "ON CONFLICT (day, provider, seconds) DO UPDATE SET number = invoice_wait.number + 1;"
).replace("{step}", _STEP)
_COUNTED = "OLD.state <> NEW.state OR OLD.late <> NEW.late"
_PAID = "OLD.paid_at IS NULL AND NEW.paid_at IS NOT NULL"

# name, when, condition, what; refusals are of the name that they raise.
_DOES = (
    ("payment_moves_invoice", "AFTER UPDATE OF state ON payment", _FOLLOWED, _FOLLOW),
    ("attempt_names_invoice", "AFTER UPDATE OF provider_id ON payment_attempt", _NAMED, _NAME),
    ("payment_invoice_counted", "AFTER INSERT ON payment_invoice", "", _ADD),
    ("payment_invoice_recounted", "AFTER UPDATE ON payment_invoice", _COUNTED, _TAKE + _ADD),
    ("payment_invoice_waited", "AFTER UPDATE ON payment_invoice", _PAID, _WAIT),
)
_REFUSES = (
    ("payment_invoice_without_money", "payment_invoice", _COMPLETING, _UNPAID),
    ("payment_invoice_without_order", "payment_invoice", _USING, _ORDERLESS),
)


def upgrade() -> None:
    """Let payments be for payment invoices, make the tables and write the triggers."""
    connection = op.get_bind()
    known = "CHECK (purpose IN ('checkout', 'consultation', 'device_invoice', 'payment_invoice'))"
    connection.exec_driver_sql("ALTER TABLE payment DROP CONSTRAINT ck_payment_purpose_known")
    connection.exec_driver_sql(f"ALTER TABLE payment ADD CONSTRAINT ck_payment_purpose_known {known}")
    _create_invoices()
    _create_records()
    install(connection, GUARDS)
    write = _on_sqlite if connection.dialect.name == "sqlite" else _on_postgres
    write(connection)


def _on_sqlite(connection: Connection) -> None:
    for name, when, condition, body in _DOES:
        shown = f"WHEN {condition} " if condition else ""
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {when} {shown}BEGIN {body} END")
    for name, table, when, wrong in _REFUSES:
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE UPDATE OF state ON {table} WHEN {when} AND {wrong} "
            f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )


def _on_postgres(connection: Connection) -> None:
    for name, when, condition, body in _DOES:
        shown = f"WHEN ({condition}) " if condition else ""
        _function(connection, name, f"{body} RETURN NULL;")
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} {when} FOR EACH ROW {shown}EXECUTE FUNCTION tillgate_{name}()"
        )
    for name, table, when, wrong in _REFUSES:
        refuse = f"RAISE EXCEPTION '{name}' USING ERRCODE = 'restrict_violation'"
        _function(connection, name, f"IF {wrong} THEN {refuse}; END IF; RETURN NEW;")
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE UPDATE OF state ON {table} FOR EACH ROW WHEN ({when}) "
            f"EXECUTE FUNCTION tillgate_{name}()"
        )


def _function(connection: Connection, name: str, body: str) -> None:
    connection.exec_driver_sql(
        f"CREATE FUNCTION tillgate_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
    )


def _create_invoices() -> None:
    op.create_table(
        "payment_invoice",
        sa.Column("id", Int, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_minor", Int, nullable=False),
        sa.Column("service_fee_minor", Int, nullable=False),
        sa.Column("provider_fee_bp", Int, nullable=False),
        sa.Column("provider_fee_minor", Int, nullable=False),
        sa.Column("expected_minor", Int, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("payment_id", Int, nullable=True),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("created_by", Int, nullable=True),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("expires_at", Int, nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("paid_at", Int, nullable=True),
        sa.Column("late", Int, server_default="0", nullable=False),
        sa.Column("referred_at", Int, nullable=True),
        sa.Column("let_in_at", Int, nullable=True),
        sa.Column("let_in_by", Int, nullable=True),
        sa.Column("surplus_minor", Int, server_default="0", nullable=False),
        sa.Column("surplus_by", Int, nullable=True),
        sa.Column("order_id", Int, nullable=True),
        sa.Column("used_at", Int, nullable=True),
        sa.Column("used_by", Int, nullable=True),
        sa.Column("version", Int, server_default="1", nullable=False),
        sa.CheckConstraint(
            "state IN ('CREATED', 'PENDING', 'COMPLETE', 'FAILED', 'EXPIRED', 'USED')",
            name=op.f("ck_payment_invoice_state_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_invoice_amount_minor_positive")),
        sa.CheckConstraint("expected_minor > 0", name=op.f("ck_payment_invoice_expected_minor_positive")),
        sa.CheckConstraint("late IN (0, 1)", name=op.f("ck_payment_invoice_late_flag")),
        sa.CheckConstraint("provider_fee_bp >= 0", name=op.f("ck_payment_invoice_provider_fee_bp_not_negative")),
        sa.CheckConstraint("provider_fee_minor >= 0", name=op.f("ck_payment_invoice_provider_fee_minor_not_negative")),
        sa.CheckConstraint("service_fee_minor >= 0", name=op.f("ck_payment_invoice_service_fee_minor_not_negative")),
        sa.CheckConstraint("surplus_minor >= 0", name=op.f("ck_payment_invoice_surplus_minor_not_negative")),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_payment_invoice_created_by")),
        sa.ForeignKeyConstraint(["let_in_by"], ["staff.id"], name=op.f("fk_payment_invoice_let_in_by")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_payment_invoice_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_invoice_payment_id")),
        sa.ForeignKeyConstraint(["surplus_by"], ["staff.id"], name=op.f("fk_payment_invoice_surplus_by")),
        sa.ForeignKeyConstraint(["used_by"], ["staff.id"], name=op.f("fk_payment_invoice_used_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_invoice")),
        sa.UniqueConstraint("key", name=op.f("uq_payment_invoice_key")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_invoice_number")),
        sa.UniqueConstraint("provider", "provider_id", name=op.f("uq_payment_invoice_provider_provider_id")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(
        "ix_payment_invoice_alike", "payment_invoice", ["phone", "amount_minor", "created_at"], unique=False
    )
    op.create_index("ix_payment_invoice_created", "payment_invoice", ["created_at", "id"], unique=False)
    op.create_index("ix_payment_invoice_day", "payment_invoice", ["day", "state", "id"], unique=False)
    op.create_index(
        "ix_payment_invoice_late",
        "payment_invoice",
        ["paid_at"],
        unique=False,
        sqlite_where=sa.text("late = 1"),
        postgresql_where=sa.text("late = 1"),
    )
    op.create_index(
        "ix_payment_invoice_lying",
        "payment_invoice",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'COMPLETE' AND referred_at IS NULL AND let_in_at IS NULL"),
        postgresql_where=sa.text("state = 'COMPLETE' AND referred_at IS NULL AND let_in_at IS NULL"),
    )
    op.create_index(
        "ix_payment_invoice_open",
        "payment_invoice",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('CREATED', 'PENDING')"),
        postgresql_where=sa.text("state IN ('CREATED', 'PENDING')"),
    )
    op.create_index(
        "uq_payment_invoice_payment",
        "payment_invoice",
        ["payment_id"],
        unique=True,
        sqlite_where=sa.text("payment_id IS NOT NULL"),
        postgresql_where=sa.text("payment_id IS NOT NULL"),
    )
    op.create_index(
        "uq_payment_invoice_phone",
        "payment_invoice",
        ["phone"],
        unique=True,
        sqlite_where=sa.text("state IN ('CREATED', 'PENDING')"),
        postgresql_where=sa.text("state IN ('CREATED', 'PENDING')"),
    )
    op.create_index(
        "ix_payment_invoice_referred",
        "payment_invoice",
        ["referred_at"],
        unique=False,
        sqlite_where=sa.text("referred_at IS NOT NULL"),
        postgresql_where=sa.text("referred_at IS NOT NULL"),
    )


def _create_records() -> None:
    op.create_table(
        "invoice_verification",
        sa.Column("id", Int, nullable=False),
        sa.Column("invoice_id", Int, nullable=True),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("amount_minor", Int, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("found_minor", Int, nullable=True),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("verified_by", Int, nullable=True),
        sa.Column("verified_at", Int, nullable=False),
        sa.CheckConstraint(
            "reason IN ('not_found', 'already_used', 'expired', 'failed', 'not_completed', 'amount_mismatch', 'currency_mismatch')",
            name=op.f("ck_invoice_verification_reason_known"),
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["payment_invoice.id"], name=op.f("fk_invoice_verification_invoice_id")
        ),
        sa.ForeignKeyConstraint(["verified_by"], ["staff.id"], name=op.f("fk_invoice_verification_verified_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_verification")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_invoice_verification_at", "invoice_verification", ["verified_at", "id"], unique=False)
    op.create_index(op.f("ix_invoice_verification_invoice_id"), "invoice_verification", ["invoice_id"], unique=False)
    op.create_table(
        "invoice_tally",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("staff_id", Int, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("late", Int, nullable=False),
        sa.Column("number", Int, nullable=False),
        sa.Column("amount_minor", Int, nullable=False),
        sa.Column("expected_minor", Int, nullable=False),
        sa.CheckConstraint("number >= 0", name=op.f("ck_invoice_tally_number_not_negative")),
        sa.PrimaryKeyConstraint(
            "day", "currency", "provider", "staff_id", "state", "late", name=op.f("pk_invoice_tally")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "invoice_wait",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("seconds", Int, nullable=False),
        sa.Column("number", Int, nullable=False),
        sa.CheckConstraint("number >= 0", name=op.f("ck_invoice_wait_number_not_negative")),
        sa.PrimaryKeyConstraint("day", "provider", "seconds", name=op.f("pk_invoice_wait")),
        sqlite_strict=True,
    )
