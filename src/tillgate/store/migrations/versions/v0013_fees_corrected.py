"""A fee has a note of the desk's, and says which one was written down in its place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision: str | None = "0012"


def upgrade() -> None:
    """Add the columns; neither is money, so that the guards of a consultation leave them alone."""
    op.add_column("consultation", sa.Column("note", sa.Text, nullable=False, server_default=""))
    op.add_column("consultation", sa.Column("replaced_by", sa.Text, nullable=False, server_default=""))
