"""A sealed head of the audit chain, and a final invoice that takes no more lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tillgate.store.migrations.guards import Guards, install
from tillgate.store.migrations.versions.v0002_guards_of_the_core import GUARDS as BEFORE

revision = "0006"
down_revision: str | None = "0005"

# Links that the first guards left out: who asked and who approved, for whom, of which cart, about what.
_FROZEN = {
    "payment": ("customer_id", "created_by"),
    "refund": ("requested_by", "approved_by", "created_at"),
    "sales_order": ("cart_id", "customer_id", "created_at"),
    "sales_invoice": ("vendor_id", "created_at"),
    "money_exception": ("kind", "dedupe_key", "payment_id", "attempt_id", "capture_id", "refund_id", "outbox_id"),
    "outbox": ("kind", "dedupe_key", "payment_id"),
    "return_inbox": ("attempt_id", "dedupe_key", "token_sha256", "raw_sha256", "received_at"),
}
_SET_ONCE = {"provider_call": ("attempt_id", "refund_id", "provider_ref"), "money_exception": ("closed_by",)}
GUARDS = Guards(
    frozen={name: (*BEFORE.frozen.get(name, ()), *columns) for name, columns in _FROZEN.items()},
    set_once={name: (*BEFORE.set_once.get(name, ()), *columns) for name, columns in _SET_ONCE.items()},
)

_FINAL = "(SELECT state FROM sales_invoice WHERE id = NEW.invoice_id) = 'FINALIZED'"
_FINAL_SQLITE = (
    f"CREATE TRIGGER sales_invoice_line_in_time BEFORE INSERT ON sales_invoice_line WHEN {_FINAL} "
    "BEGIN SELECT RAISE(ABORT, 'sales_invoice_final'); END"
)
_FINAL_POSTGRES = (
    "CREATE FUNCTION tillgate_line_in_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF {_FINAL} THEN RAISE EXCEPTION 'sales_invoice_final' USING ERRCODE = 'restrict_violation'; END IF; "
    "RETURN NEW; END $$",
    "CREATE TRIGGER sales_invoice_line_in_time BEFORE INSERT ON sales_invoice_line FOR EACH ROW "
    "EXECUTE FUNCTION tillgate_line_in_time()",
)


def upgrade() -> None:
    """Add the seal and write the triggers."""
    op.add_column("audit_head", sa.Column("seal", sa.Text, nullable=False, server_default=""))
    connection = op.get_bind()
    sqlite = connection.dialect.name == "sqlite"
    for kind, widened, before in (("frozen", _FROZEN, BEFORE.frozen), ("set_once", _SET_ONCE, BEFORE.set_once)):
        for table in widened.keys() & before.keys():
            op.execute(f"DROP TRIGGER guard_{table}_update_{kind}" + ("" if sqlite else f" ON {table}"))
    install(connection, GUARDS)
    for statement in (_FINAL_SQLITE,) if sqlite else _FINAL_POSTGRES:
        connection.exec_driver_sql(statement)
