"""Guards of the core: what is never deleted or changed, and the moves a state may make."""

from __future__ import annotations

from alembic import op

from tillgate.store.migrations.guards import Guards, install

revision = "0002"
down_revision: str | None = "0001"

_PAYMENT_MOVES = [
    "CREATED>PENDING",
    "CREATED>PROCESSING",
    "CREATED>CAPTURED",
    "CREATED>FAILED",
    "CREATED>EXPIRED",
    "CREATED>CANCELLED",
    "PENDING>PROCESSING",
    "PENDING>CAPTURED",
    "PENDING>FAILED",
    "PENDING>EXPIRED",
    "PENDING>CANCELLED",
    "PROCESSING>PENDING",
    "PROCESSING>CAPTURED",
    "PROCESSING>FAILED",
    "PROCESSING>EXPIRED",
    "PROCESSING>CANCELLED",
    "CAPTURED>REFUND_PENDING",
    "REFUND_PENDING>REFUNDED",
    "REFUND_PENDING>PARTIALLY_REFUNDED",
    "REFUND_PENDING>CAPTURED",
    "PARTIALLY_REFUNDED>REFUND_PENDING",
    "FAILED>CAPTURED",
    "EXPIRED>CAPTURED",
    "CANCELLED>CAPTURED",
]

GUARDS = Guards(
    append_only=("audit", "ledger_tx", "ledger_entry", "stock_move", "order_item"),
    never_deleted=(
        "audit_head",
        "payment",
        "allocation",
        "payment_attempt",
        "provider_call",
        "capture",
        "refund",
        "return_inbox",
        "money_exception",
        "outbox",
        "sales_order",
        "sales_invoice",
        "sales_invoice_line",
        "staff",
        "approval",
    ),
    frozen={
        "payment": ("purpose", "amount_minor", "currency", "mode", "idem_key", "request_sha256", "created_at"),
        "allocation": ("payment_id", "thing_kind", "thing_id", "amount_minor", "currency"),
        "payment_attempt": ("payment_id", "provider", "method", "reference", "parameters", "amount_minor", "currency"),
        "provider_call": ("provider", "kind", "request_sha256", "request_json"),
        "capture": ("provider", "provider_ref", "amount_minor", "currency", "seen_at"),
        "refund": ("capture_id", "payment_id", "amount_minor", "currency", "key", "provider"),
        "sales_order": (
            *("number", "payment_id", "vendor_id", "currency", "items_minor"),
            *("deposit_minor", "fee_minor", "tax_minor", "total_minor"),
        ),
        "sales_invoice": ("order_id", "payment_id", "number", "currency", "letterhead"),
        "sales_invoice_line": (
            *("invoice_id", "position", "description", "quantity"),
            *("unit_price_minor", "total_minor", "type"),
        ),
        "approval": ("token_sha256", "action", "subject", "amount_minor", "requested_by", "approved_by", "expires_at"),
    },
    set_once={
        "payment_attempt": ("provider_id",),
        "capture": ("payment_id", "attempt_id"),
        "refund": ("provider_ref",),
        "return_inbox": ("verdict",),
        "approval": ("used_at",),
        "money_exception": ("closed_at", "action"),
    },
    moves={"payment": _PAYMENT_MOVES},
    frozen_when={
        "sales_invoice": ("OLD.state = 'FINALIZED'", ("total_minor", "state")),
    },
)

# An ended payment lets go of its things, whoever ended it.
_RELEASE_SQLITE = (
    "CREATE TRIGGER payment_releases_things AFTER UPDATE OF state ON payment "
    "WHEN NEW.state IN ('FAILED', 'EXPIRED', 'CANCELLED', 'REFUNDED') "
    "BEGIN UPDATE allocation SET live = 0 WHERE payment_id = NEW.id AND live = 1; END"
)
_RELEASE_POSTGRES = (
    "CREATE FUNCTION tillgate_release() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "UPDATE allocation SET live = 0 WHERE payment_id = NEW.id AND live = 1; RETURN NULL; END $$",
    "CREATE TRIGGER payment_releases_things AFTER UPDATE OF state ON payment FOR EACH ROW "
    "WHEN (NEW.state IN ('FAILED', 'EXPIRED', 'CANCELLED', 'REFUNDED')) EXECUTE FUNCTION tillgate_release()",
)

# No orders without a verified payment, whatever the code above says (seed 004, property 18).
_UNPAID = "(SELECT state FROM payment WHERE id = NEW.payment_id) <> 'CAPTURED'"
_PAID_ONLY_SQLITE = (
    f"CREATE TRIGGER sales_order_needs_money BEFORE INSERT ON sales_order WHEN {_UNPAID} "
    "BEGIN SELECT RAISE(ABORT, 'sales_order_without_money'); END"
)
_PAID_ONLY_POSTGRES = (
    "CREATE FUNCTION tillgate_paid_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF {_UNPAID} THEN RAISE EXCEPTION 'sales_order_without_money' USING ERRCODE = 'restrict_violation'; END IF; "
    "RETURN NEW; END $$",
    "CREATE TRIGGER sales_order_needs_money BEFORE INSERT ON sales_order FOR EACH ROW "
    "EXECUTE FUNCTION tillgate_paid_only()",
)


def upgrade() -> None:
    """Write the triggers."""
    connection = op.get_bind()
    install(connection, GUARDS)
    sqlite = connection.dialect.name == "sqlite"
    here = (_RELEASE_SQLITE, _PAID_ONLY_SQLITE) if sqlite else (*_RELEASE_POSTGRES, *_PAID_ONLY_POSTGRES)
    for statement in here:
        connection.exec_driver_sql(statement)
