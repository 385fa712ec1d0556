"""Money that came has the number by which its payer knows it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tillgate.store.migrations.guards import Guards, install

revision = "0017"
down_revision: str | None = "0016"

# As before, with the new column: a receipt that is told once never changes.
_GUARDS = Guards(set_once={"capture": ("payment_id", "attempt_id", "receipt")})


def upgrade() -> None:
    """Add the column with its index, and widen the guard."""
    op.add_column("capture", sa.Column("receipt", sa.Text(), nullable=True))
    told = sa.text("receipt IS NOT NULL")
    op.create_index(
        "ix_capture_receipt", "capture", ["receipt"], unique=False, sqlite_where=told, postgresql_where=told
    )
    connection = op.get_bind()
    op.execute(
        "DROP TRIGGER guard_capture_update_set_once" + ("" if connection.dialect.name == "sqlite" else " ON capture")
    )
    install(connection, _GUARDS)
