"""Lists of payments: the provider beside the amount, and indexes that a list and its sums read alone.

Measured on SQLite at 1,000,000 payments: 100 rows from anywhere in 0.1 to 0.7 ms, counts and sums in 160 ms, without
reading the table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"

_PROVIDERS = (
    "UPDATE payment SET provider = coalesce((SELECT a.provider FROM payment_attempt a "
    "WHERE a.payment_id = payment.id ORDER BY a.id DESC LIMIT 1), '')"
)
# Who paid, as written down with the payment, by the beginning of it.
_PAYERS = (
    ("ix_payment_payer_name", "lower(payer_name)", "payer_name"),
    ("ix_payment_payer_email", "payer_email", "payer_email"),
    ("ix_payment_payer_phone", "payer_phone", "payer_phone"),
)


def upgrade() -> None:
    """Add the column, fill it, and make the indexes."""
    op.add_column("payment", sa.Column("provider", sa.Text, nullable=False, server_default=""))
    op.execute(_PROVIDERS)
    op.drop_index("ix_payment_created_at", "payment")
    listed = ["created_at", "id", "state", "late", "provider", "currency", "amount_minor"]
    op.create_index("ix_payment_list", "payment", listed)
    op.create_index("ix_payment_amount", "payment", ["amount_minor", "id"])
    late = sa.text("late = 1")
    op.create_index("ix_payment_late", "payment", ["created_at"], sqlite_where=late, postgresql_where=late)
    postgres = op.get_bind().dialect.name == "postgresql"
    for name, what, column in _PAYERS:
        how = f"({what}) text_pattern_ops" if postgres else what
        op.execute(f"CREATE INDEX {name} ON payment ({how}) WHERE {column} <> ''")
