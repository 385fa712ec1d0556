"""A fee that went back whole can be asked for again: its invoice is reversed, and a new payment brings a new one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tillgate.store.migrations.guards import Guards, install

revision = "0010"
down_revision: str | None = "0009"
Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

GUARDS = Guards(
    set_once={"consultation_invoice": ("finalized_at", "voided_at", "reversed_at")},
    moves={"consultation": ["open>paid", "open>cancelled", "paid>refunded", "refunded>paid"]},
)
_REPLACED = (("consultation", "set_once"), ("consultation", "move"), ("consultation_invoice", "set_once"))
# The payment of a consultation changes only where the one before was given back.
_PAID_BY = "OLD.payment_id IS NOT NULL AND NOT (OLD.state = 'refunded' AND NEW.state = 'paid')"
_STANDING = "state <> 'void' AND reversed_at IS NULL"


def upgrade() -> None:
    """Add the column, let the index count what stands, and replace the guards that know of it."""
    connection = op.get_bind()
    sqlite = connection.dialect.name == "sqlite"
    op.add_column("consultation_invoice", sa.Column("reversed_at", Int, nullable=True))
    op.drop_index("uq_consultation_invoice_standing", "consultation_invoice")
    standing = sa.text(_STANDING)
    op.create_index(
        "uq_consultation_invoice_standing",
        "consultation_invoice",
        ["consultation_id"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    for table, kind in _REPLACED:
        op.execute(f"DROP TRIGGER guard_{table}_update_{kind}" + ("" if sqlite else f" ON {table}"))
    install(connection, GUARDS)
    differs = "IS NOT" if sqlite else "IS DISTINCT FROM"
    changed = f"({_PAID_BY} AND OLD.payment_id {differs} NEW.payment_id)"
    refusal = (
        f"WHEN {changed} BEGIN SELECT RAISE(ABORT, 'consultation_set_once'); END"
        if sqlite
        else f"FOR EACH ROW WHEN {changed} EXECUTE FUNCTION tillgate_refuse('consultation_set_once')"
    )
    op.execute(f"CREATE TRIGGER guard_consultation_update_set_once BEFORE UPDATE ON consultation {refusal}")
