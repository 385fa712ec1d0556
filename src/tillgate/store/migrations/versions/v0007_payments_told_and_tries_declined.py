"""How each payment ended is told to somebody at its till; declined tries are kept; whether a cart's buyer wants mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tillgate.store.migrations.guards import Guards, install

revision = "0007"
down_revision: str | None = "0006"
Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

GUARDS = Guards(append_only=("declined_try",))
# What ended before anybody kept this is no news any more.
_OLD = "UPDATE payment SET told = 'before' WHERE state NOT IN ('CREATED', 'PENDING', 'PROCESSING')"


def upgrade() -> None:
    """Add the columns and the table, and let old payments be old."""
    op.add_column("payment", sa.Column("told", sa.Text, nullable=False, server_default=""))
    op.execute(_OLD)
    untold = sa.text("told = ''")
    op.create_index("ix_payment_untold", "payment", ["till_id", "id"], sqlite_where=untold, postgresql_where=untold)
    op.add_column("cart", sa.Column("mail", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "declined_try",
        sa.Column("id", Int, nullable=False),
        sa.Column("attempt_id", Int, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("amount_minor", Int, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("tried_at", Int, nullable=True),
        sa.Column("seen_at", Int, nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["payment_attempt.id"], name=op.f("fk_declined_try_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declined_try")),
        sa.UniqueConstraint("provider", "provider_ref", name=op.f("uq_declined_try_provider_provider_ref")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_declined_try_attempt_id"), "declined_try", ["attempt_id"], unique=False)
    install(op.get_bind(), GUARDS)
