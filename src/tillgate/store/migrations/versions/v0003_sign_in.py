"""Sign-in: sessions, a till's own count of wrong tries, and an approval that is never one's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tillgate.store.migrations.guards import Guards, install

revision = "0003"
down_revision: str | None = "0002"
Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

GUARDS = Guards(
    never_deleted=("staff_session",),
    frozen={"staff_session": ("key", "staff_id", "till_id", "started_at", "expires_at")},
    set_once={"staff_session": ("ended_at", "ended_reason")},
    frozen_when={"approval": ("OLD.id IS NOT NULL", ("currency", "reason", "approved_at"))},
)
_NOT_SELF_SQLITE = (
    "CREATE TRIGGER approval_not_self BEFORE INSERT ON approval WHEN NEW.requested_by = NEW.approved_by "
    "BEGIN SELECT RAISE(ABORT, 'approval_not_self'); END"
)
_NOT_SELF_POSTGRES = (
    "CREATE TRIGGER approval_not_self BEFORE INSERT ON approval FOR EACH ROW "
    "WHEN (NEW.requested_by = NEW.approved_by) EXECUTE FUNCTION tillgate_refuse('approval_not_self')"
)


def upgrade() -> None:
    """Add the tables and their guards."""
    op.add_column("staff", sa.Column("last_try_at", Int, nullable=True))
    op.create_table(
        "sign_in_guard",
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("failed_tries", Int, server_default="0", nullable=False),
        sa.Column("last_try_at", Int, nullable=True),
        sa.PrimaryKeyConstraint("till_id", name=op.f("pk_sign_in_guard")),
        sqlite_strict=True,
    )
    op.create_table(
        "staff_session",
        sa.Column("id", Int, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("staff_id", Int, nullable=False),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("started_at", Int, nullable=False),
        sa.Column("expires_at", Int, nullable=False),
        sa.Column("confirmed_at", Int, nullable=False),
        sa.Column("ended_at", Int, nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("key", name=op.f("uq_staff_session_key")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_staff_session_staff_id"), "staff_session", ["staff_id"], unique=False)
    connection = op.get_bind()
    install(connection, GUARDS)
    sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql(_NOT_SELF_SQLITE if sqlite else _NOT_SELF_POSTGRES)
