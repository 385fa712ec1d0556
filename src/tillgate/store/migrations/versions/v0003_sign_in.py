"""Guards of sign-in: sessions, and an approval that is never one's own."""

from __future__ import annotations

from alembic import op

from tillgate.store.migrations.guards import Guards, install

revision = "0003"
down_revision: str | None = "0002"

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
    """Write the triggers."""
    connection = op.get_bind()
    install(connection, GUARDS)
    sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql(_NOT_SELF_SQLITE if sqlite else _NOT_SELF_POSTGRES)
