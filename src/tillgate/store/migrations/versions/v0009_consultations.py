"""Consultations: clinics, fees, tax rules and records, invoices with their credit notes, replies kept for a replay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from tillgate.store.migrations.guards import Guards, install

revision = "0009"
down_revision: str | None = "0008"
Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_FOR_GOOD = ("clinic", "practitioner", "consultation", "tax_rule", "consultation_invoice")
GUARDS = Guards(
    append_only=("tax_record", "consultation_credit_note"),
    never_deleted=_FOR_GOOD,
    frozen={
        "clinic": ("code", "country", "currency"),
        "practitioner": ("clinic_id", "code"),
        "consultation": (
            *("code", "clinic_id", "practitioner_id", "patient_id"),
            *("fee_minor", "currency", "held_at", "created_by", "created_at"),
        ),
        "tax_rule": ("name", "rate_ppm", "effect", "country", "valid_from"),
        "consultation_invoice": (
            *("consultation_id", "payment_id", "number", "currency"),
            *("fee_minor", "total_minor", "letterhead", "description", "issued_at"),
        ),
        "idempotent_reply": ("key", "request_sha256", "payment_id", "created_at", "expires_at"),
    },
    set_once={
        "consultation": ("payment_id",),
        "consultation_invoice": ("finalized_at", "voided_at"),
        "tax_rule": ("valid_until",),
    },
    moves={
        "consultation": ["open>paid", "open>cancelled", "paid>refunded"],
        "consultation_invoice": ["pending>final", "pending>void"],
    },
)

# An invoice is void when its payment ends without money, whoever ended it (ruling 21).
_ENDED = "NEW.state IN ('FAILED', 'EXPIRED', 'CANCELLED')"
_VOID = (
    "UPDATE consultation_invoice SET state = 'void', voided_at = coalesce(NEW.settled_at, issued_at) "
    "WHERE payment_id = NEW.id AND state = 'pending';"
)
# Nothing is paid without a verified payment, whatever the code above says.
_UNPAID = "coalesce((SELECT state FROM payment WHERE id = NEW.payment_id), '') <> 'CAPTURED'"
_SQLITE = (
    f"CREATE TRIGGER payment_voids_invoice AFTER UPDATE OF state ON payment WHEN {_ENDED} BEGIN {_VOID} END",
    f"CREATE TRIGGER consultation_needs_money BEFORE UPDATE OF state ON consultation WHEN NEW.state = 'paid' "
    f"AND OLD.state <> 'paid' AND {_UNPAID} BEGIN SELECT RAISE(ABORT, 'consultation_without_money'); END",
)
_POSTGRES = (
    f"CREATE FUNCTION tillgate_void_invoice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_VOID} RETURN NULL; END $$",
    "CREATE TRIGGER payment_voids_invoice AFTER UPDATE OF state ON payment FOR EACH ROW "
    f"WHEN ({_ENDED}) EXECUTE FUNCTION tillgate_void_invoice()",
    "CREATE FUNCTION tillgate_consultation_paid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF {_UNPAID} THEN RAISE EXCEPTION 'consultation_without_money' USING ERRCODE = 'restrict_violation'; END IF; "
    "RETURN NEW; END $$",
    "CREATE TRIGGER consultation_needs_money BEFORE UPDATE OF state ON consultation FOR EACH ROW "
    "WHEN (NEW.state = 'paid' AND OLD.state <> 'paid') EXECUTE FUNCTION tillgate_consultation_paid()",
)


def upgrade() -> None:
    """Let payments be for consultations, make the tables and write the triggers."""
    connection = op.get_bind()
    _allow_purpose(connection)
    _create_tables()
    install(connection, GUARDS)
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES:
        connection.exec_driver_sql(statement)


def _allow_purpose(connection: Connection) -> None:
    """One more word for a payment's purpose. Both databases change a check in place; SQLite does since 3.53."""
    known = "CHECK (purpose IN ('checkout', 'consultation'))"
    connection.exec_driver_sql("ALTER TABLE payment DROP CONSTRAINT ck_payment_purpose_known")
    connection.exec_driver_sql(f"ALTER TABLE payment ADD CONSTRAINT ck_payment_purpose_known {known}")


def _create_tables() -> None:
    op.create_table(
        "clinic",
        sa.Column("id", Int, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("tax_number", sa.Text(), nullable=False),
        sa.Column("brand_color", sa.Text(), nullable=False),
        sa.Column("brand_mark", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("active", Int, server_default="1", nullable=False),
        sa.Column("version", Int, server_default="1", nullable=False),
        sa.CheckConstraint("active IN (0, 1)", name=op.f("ck_clinic_active_flag")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic")),
        sa.UniqueConstraint("code", name=op.f("uq_clinic_code")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "tax_rule",
        sa.Column("id", Int, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rate_ppm", Int, nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "effect IN ('informational', 'included', 'added', 'withheld')", name=op.f("ck_tax_rule_effect_known")
        ),
        sa.CheckConstraint("rate_ppm BETWEEN 1 AND 1000000", name=op.f("ck_tax_rule_rate_ppm_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rule")),
        sa.UniqueConstraint("country", "name", "valid_from", name=op.f("uq_tax_rule_country_name_valid_from")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "practitioner",
        sa.Column("id", Int, nullable=False),
        sa.Column("clinic_id", Int, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("specialty", sa.Text(), nullable=False),
        sa.Column("active", Int, server_default="1", nullable=False),
        sa.Column("version", Int, server_default="1", nullable=False),
        sa.CheckConstraint("active IN (0, 1)", name=op.f("ck_practitioner_active_flag")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_practitioner_clinic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practitioner")),
        sa.UniqueConstraint("code", name=op.f("uq_practitioner_code")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_practitioner_clinic_id"), "practitioner", ["clinic_id"], unique=False)
    op.create_table(
        "consultation",
        sa.Column("id", Int, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("clinic_id", Int, nullable=False),
        sa.Column("practitioner_id", Int, nullable=False),
        sa.Column("patient_id", Int, nullable=False),
        sa.Column("fee_minor", Int, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held_at", Int, nullable=False),
        sa.Column("created_by", Int, nullable=True),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("ended_at", Int, nullable=True),
        sa.Column("payment_id", Int, nullable=True),
        sa.Column("version", Int, server_default="1", nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'paid', 'refunded', 'cancelled')", name=op.f("ck_consultation_state_known")
        ),
        sa.CheckConstraint("fee_minor > 0", name=op.f("ck_consultation_fee_minor_positive")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_consultation_clinic_id")),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_consultation_created_by")),
        sa.ForeignKeyConstraint(["patient_id"], ["customer.id"], name=op.f("fk_consultation_patient_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_consultation_payment_id")),
        sa.ForeignKeyConstraint(["practitioner_id"], ["practitioner.id"], name=op.f("fk_consultation_practitioner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
        sa.UniqueConstraint("code", name=op.f("uq_consultation_code")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_consultation_clinic_id"), "consultation", ["clinic_id"], unique=False)
    op.create_index("ix_consultation_held", "consultation", ["held_at", "id"], unique=False)
    op.create_index(op.f("ix_consultation_patient_id"), "consultation", ["patient_id"], unique=False)
    op.create_index(op.f("ix_consultation_practitioner_id"), "consultation", ["practitioner_id"], unique=False)
    op.create_index("ix_consultation_state", "consultation", ["state", "held_at", "id"], unique=False)
    op.create_index(
        "uq_consultation_payment",
        "consultation",
        ["payment_id"],
        unique=True,
        sqlite_where=sa.text("payment_id IS NOT NULL"),
        postgresql_where=sa.text("payment_id IS NOT NULL"),
    )
    op.create_table(
        "idempotent_reply",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column("payment_id", Int, nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("expires_at", Int, nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_idempotent_reply_payment_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotent_reply")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_idempotent_reply_expires_at"), "idempotent_reply", ["expires_at"], unique=False)
    op.create_table(
        "tax_record",
        sa.Column("id", Int, nullable=False),
        sa.Column("payment_id", Int, nullable=False),
        sa.Column("rule_id", Int, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rate_ppm", Int, nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("base_minor", Int, nullable=False),
        sa.Column("amount_minor", Int, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "effect IN ('informational', 'included', 'added', 'withheld')", name=op.f("ck_tax_record_effect_known")
        ),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_tax_record_amount_minor_not_negative")),
        sa.CheckConstraint("rate_ppm BETWEEN 1 AND 1000000", name=op.f("ck_tax_record_rate_ppm_known")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_tax_record_payment_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["tax_rule.id"], name=op.f("fk_tax_record_rule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_record")),
        sa.UniqueConstraint("payment_id", "name", name=op.f("uq_tax_record_payment_id_name")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "consultation_invoice",
        sa.Column("id", Int, nullable=False),
        sa.Column("consultation_id", Int, nullable=False),
        sa.Column("payment_id", Int, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("fee_minor", Int, nullable=False),
        sa.Column("total_minor", Int, nullable=False),
        sa.Column("letterhead", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("issued_at", Int, nullable=False),
        sa.Column("finalized_at", Int, nullable=True),
        sa.Column("voided_at", Int, nullable=True),
        sa.CheckConstraint("state IN ('pending', 'final', 'void')", name=op.f("ck_consultation_invoice_state_known")),
        sa.CheckConstraint("total_minor > 0", name=op.f("ck_consultation_invoice_total_minor_positive")),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_consultation_invoice_consultation_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_consultation_invoice_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_invoice")),
        sa.UniqueConstraint("number", name=op.f("uq_consultation_invoice_number")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_consultation_invoice_consultation_id"), "consultation_invoice", ["consultation_id"], unique=False
    )
    op.create_index(op.f("ix_consultation_invoice_payment_id"), "consultation_invoice", ["payment_id"], unique=False)
    op.create_index(
        "uq_consultation_invoice_standing",
        "consultation_invoice",
        ["consultation_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'void'"),
        postgresql_where=sa.text("state <> 'void'"),
    )
    op.create_table(
        "consultation_credit_note",
        sa.Column("id", Int, nullable=False),
        sa.Column("invoice_id", Int, nullable=False),
        sa.Column("refund_id", Int, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("amount_minor", Int, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("issued_at", Int, nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_consultation_credit_note_amount_minor_positive")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["consultation_invoice.id"], name=op.f("fk_consultation_credit_note_invoice_id")
        ),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_consultation_credit_note_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_credit_note")),
        sa.UniqueConstraint("number", name=op.f("uq_consultation_credit_note_number")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_consultation_credit_note_refund_id")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_consultation_credit_note_invoice_id"), "consultation_credit_note", ["invoice_id"], unique=False
    )
