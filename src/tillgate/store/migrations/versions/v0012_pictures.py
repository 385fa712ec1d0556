"""Pictures of products that the store brings in itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tillgate.store.migrations.guards import Guards, install

revision = "0012"
down_revision: str | None = "0011"
Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Under a name, which is the digest of the content, there is never another picture.
GUARDS = Guards(frozen={"picture": ("name", "content")})


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "picture",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", Int, nullable=False),
        sa.Column("added_at", Int, nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["staff.id"], name=op.f("fk_picture_added_by")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_picture")),
        sqlite_strict=True,
    )
    install(op.get_bind(), GUARDS)
