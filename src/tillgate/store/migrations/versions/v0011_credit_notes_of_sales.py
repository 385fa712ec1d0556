"""A sale that went back: credit notes against its invoices, cancelled orders, and whether the goods came back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from tillgate.store.migrations.guards import Guards, install
from tillgate.store.migrations.versions.v0006_sealed_heads_and_final_papers import GUARDS as BEFORE

revision = "0011"
down_revision: str | None = "0010"
Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

GUARDS = Guards(
    append_only=("sales_credit_note", "sales_credit_note_line"),
    frozen={"refund": (*BEFORE.frozen["refund"], "return_goods")},
    set_once={"sales_order": ("cancelled_at", "cancel_reason")},
    moves={
        "sales_order": [
            "PENDING_VENDOR_APPROVAL>AUTO_APPROVED",
            "PENDING_VENDOR_APPROVAL>CANCELLED",
            "AUTO_APPROVED>CANCELLED",
        ]
    },
)

# Of an invoice no more is reversed than it comes to, and of a note's lines no more than the note says.
_ABOVE = (
    "NEW.amount_minor + (SELECT coalesce(sum(amount_minor), 0) FROM sales_credit_note "
    "WHERE invoice_id = NEW.invoice_id) > (SELECT total_minor FROM sales_invoice WHERE id = NEW.invoice_id)"
)
_BELOW = (
    "NEW.total_minor + (SELECT coalesce(sum(total_minor), 0) FROM sales_credit_note_line WHERE note_id = NEW.note_id) "
    "< -(SELECT amount_minor FROM sales_credit_note WHERE id = NEW.note_id)"
)
# An order is cancelled by its money going back, whatever the code above says.
_KEPT = "coalesce((SELECT state FROM payment WHERE id = NEW.payment_id), '') <> 'REFUNDED'"
_ENDING = "NEW.state = 'CANCELLED' AND OLD.state <> 'CANCELLED'"
# Trigger, when, what of the row itself, what refuses it, and the words of the refusal.
_GUARDED = (
    (
        "sales_credit_note_fits",
        "BEFORE INSERT ON sales_credit_note",
        "1 = 1",
        _ABOVE,
        "sales_credit_note_above_invoice",
    ),
    (
        "sales_credit_note_line_fits",
        "BEFORE INSERT ON sales_credit_note_line",
        "1 = 1",
        _BELOW,
        "sales_credit_note_full",
    ),
    ("sales_order_needs_refund", "BEFORE UPDATE OF state ON sales_order", _ENDING, _KEPT, "sales_order_not_refunded"),
)


def upgrade() -> None:
    """Widen what a state may be, make the columns and tables, write the triggers."""
    connection = op.get_bind()
    sqlite = connection.dialect.name == "sqlite"
    op.add_column("refund", sa.Column("return_goods", Int, nullable=False, server_default="0"))
    op.add_column("sales_order", sa.Column("cancelled_at", Int, nullable=True))
    op.add_column("sales_order", sa.Column("cancel_reason", sa.Text(), nullable=True))
    _check(connection, "refund", "return_goods_flag", "return_goods IN (0, 1)")
    connection.exec_driver_sql("ALTER TABLE sales_order DROP CONSTRAINT ck_sales_order_state_known")
    _check(
        connection, "sales_order", "state_known", "state IN ('PENDING_VENDOR_APPROVAL', 'AUTO_APPROVED', 'CANCELLED')"
    )
    _check(connection, "sales_order", "cancelled_when", "state <> 'CANCELLED' OR cancelled_at IS NOT NULL")
    _create_tables()
    op.execute("DROP TRIGGER guard_refund_update_frozen" + ("" if sqlite else " ON refund"))
    install(connection, GUARDS)
    for name, when, own, refused, message in _GUARDED:
        _guard(connection, name, when, own=own, refused=refused, message=message)


def _check(connection: Connection, table: str, name: str, condition: str) -> None:
    connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({condition})")


def _guard(connection: Connection, name: str, when: str, *, own: str, refused: str, message: str) -> None:
    """A trigger that refuses where both conditions hold; `refused` may ask other tables."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} {when} WHEN ({own}) AND ({refused}) BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    connection.exec_driver_sql(
        f"CREATE FUNCTION tillgate_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {refused} THEN "
        f"RAISE EXCEPTION '{message}' USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {name} {when} FOR EACH ROW WHEN ({own}) EXECUTE FUNCTION tillgate_{name}()"
    )


def _create_tables() -> None:
    op.create_table(
        "sales_credit_note",
        sa.Column("id", Int, nullable=False),
        sa.Column("invoice_id", Int, nullable=False),
        sa.Column("order_id", Int, nullable=False),
        sa.Column("payment_id", Int, nullable=False),
        sa.Column("refund_id", Int, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", Int, nullable=False),
        sa.Column("letterhead", sa.Text(), nullable=False),
        sa.Column("issued_at", Int, nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_sales_credit_note_amount_minor_positive")),
        sa.ForeignKeyConstraint(["invoice_id"], ["sales_invoice.id"], name=op.f("fk_sales_credit_note_invoice_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_sales_credit_note_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_sales_credit_note_payment_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_sales_credit_note_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_credit_note")),
        sa.UniqueConstraint("number", name=op.f("uq_sales_credit_note_number")),
        sa.UniqueConstraint("refund_id", "invoice_id", name=op.f("uq_sales_credit_note_refund_id_invoice_id")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    for column in ("invoice_id", "issued_at", "order_id", "payment_id"):
        op.create_index(op.f(f"ix_sales_credit_note_{column}"), "sales_credit_note", [column], unique=False)
    op.create_table(
        "sales_credit_note_line",
        sa.Column("id", Int, nullable=False),
        sa.Column("note_id", Int, nullable=False),
        sa.Column("position", Int, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", Int, nullable=False),
        sa.Column("unit_price_minor", Int, nullable=False),
        sa.Column("total_minor", Int, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "type IN ('sale', 'rental', 'deposit', 'fee', 'tax', 'refund')",
            name=op.f("ck_sales_credit_note_line_type_known"),
        ),
        sa.CheckConstraint("total_minor <= 0", name=op.f("ck_sales_credit_note_line_total_minor_not_above_zero")),
        sa.ForeignKeyConstraint(["note_id"], ["sales_credit_note.id"], name=op.f("fk_sales_credit_note_line_note_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_credit_note_line")),
        sa.UniqueConstraint("note_id", "position", name=op.f("uq_sales_credit_note_line_note_id_position")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_sales_credit_note_line_note_id"), "sales_credit_note_line", ["note_id"], unique=False)
