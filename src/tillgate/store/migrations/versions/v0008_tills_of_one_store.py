"""Who holds a till's id, the store's secret on its way to a new till, and what went back elsewhere beyond the rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tillgate.store.migrations.guards import Guards, install

revision = "0008"
down_revision: str | None = "0007"
Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

GUARDS = Guards(
    never_deleted=("secret_offer",),
    frozen={"secret_offer": ("salt", "offered_till", "offered_by", "offered_at", "expires_at")},
    set_once={"secret_offer": ("ended_at", "ended_how", "taken_till")},
)


def upgrade() -> None:
    """Add the column and the tables."""
    op.add_column("capture", sa.Column("excess_minor", Int, nullable=False, server_default="0"))
    op.create_table(
        "till_lease",
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("installation", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("taken_at", Int, nullable=False),
        sa.Column("lease_until", Int, nullable=False),
        sa.PrimaryKeyConstraint("till_id", name=op.f("pk_till_lease")),
        sqlite_strict=True,
    )
    op.create_table(
        "secret_offer",
        sa.Column("id", Int, nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.Text(), nullable=False),
        sa.Column("offered_till", sa.Text(), nullable=False),
        sa.Column("offered_by", Int, nullable=False),
        sa.Column("offered_at", Int, nullable=False),
        sa.Column("expires_at", Int, nullable=False),
        sa.Column("tries", Int, server_default="0", nullable=False),
        sa.Column("ended_at", Int, nullable=True),
        sa.Column("ended_how", sa.Text(), nullable=True),
        sa.Column("taken_till", sa.Text(), nullable=True),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_secret_offer_tries_not_negative")),
        sa.ForeignKeyConstraint(["offered_by"], ["staff.id"], name=op.f("fk_secret_offer_offered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secret_offer")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    install(op.get_bind(), GUARDS)
