"""Wallets with every move of theirs, top-ups, and what referrers earn; balances come from the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from tillgate.store.migrations.guards import Guards, install

revision = "0019"
down_revision: str | None = "0018"
Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

GUARDS = Guards(
    append_only=("wallet_transaction", "wallet_top_up", "commission_entry"),
    never_deleted=("wallet_balance",),
    frozen={"wallet_balance": ("customer_id", "currency"), "referral": ("customer_id",)},
)

# What the ledger owes customers already, from money that was credited on Exceptions.
_OWED = (
    "SELECT CAST(substr(ledger_entry.account, 8) AS {int}) AS customer_id, ledger_entry.currency AS currency, "
    "ledger_entry.tx_id AS tx_id, -CAST(sum(ledger_entry.amount_minor) AS {int}) AS amount_minor "
    "FROM ledger_entry WHERE ledger_entry.account LIKE 'wallet:%' "
    "GROUP BY ledger_entry.account, ledger_entry.currency, ledger_entry.tx_id HAVING sum(ledger_entry.amount_minor) <> 0"
)
_BALANCES = (
    "INSERT INTO wallet_balance (customer_id, currency, balance_minor, changed_at) "
    "SELECT owed.customer_id, owed.currency, CAST(sum(owed.amount_minor) AS {int}), max(ledger_tx.created_at) "
    "FROM ({owed}) AS owed JOIN ledger_tx ON ledger_tx.id = owed.tx_id GROUP BY owed.customer_id, owed.currency"
)
_MOVES = (
    "INSERT INTO wallet_transaction (customer_id, kind, amount_minor, currency, balance_after_minor, ledger_tx_id, "
    "payment_id, till_id, reason, created_at) "
    "SELECT owed.customer_id, CASE WHEN owed.amount_minor > 0 THEN 'CREDIT' ELSE 'WITHDRAWAL' END, owed.amount_minor, "
    "owed.currency, CAST(sum(owed.amount_minor) OVER (PARTITION BY owed.customer_id, owed.currency "
    "ORDER BY owed.tx_id) AS {int}), owed.tx_id, ledger_tx.payment_id, coalesce(payment.till_id, ''), '', "
    "ledger_tx.created_at FROM ({owed}) AS owed JOIN ledger_tx ON ledger_tx.id = owed.tx_id "
    "LEFT JOIN payment ON payment.id = ledger_tx.payment_id ORDER BY owed.tx_id"
)

# A move says the balance that it made: whatever the code does, none is written beside the balance.
_NAME = "wallet_transaction_is_the_balance"
_APART = (
    "NOT EXISTS (SELECT 1 FROM wallet_balance WHERE wallet_balance.customer_id = NEW.customer_id "
    "AND wallet_balance.currency = NEW.currency AND wallet_balance.balance_minor = NEW.balance_after_minor)"
)


def upgrade() -> None:
    """Make the tables, fill them from the ledger and write the triggers."""
    connection = op.get_bind()
    _create_wallets()
    _create_commissions()
    whole = "INTEGER" if connection.dialect.name == "sqlite" else "BIGINT"
    for filling in (_BALANCES, _MOVES):
        connection.execute(sa.text(filling.format(owed=_OWED.format(int=whole), int=whole)))
    install(connection, GUARDS)
    _refuse_apart(connection)


def _refuse_apart(connection: Connection) -> None:
    when = f"TRIGGER {_NAME} BEFORE INSERT ON wallet_transaction"
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"CREATE {when} WHEN {_APART} BEGIN SELECT RAISE(ABORT, '{_NAME}'); END")
        return
    connection.exec_driver_sql(
        f"CREATE FUNCTION tillgate_{_NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {_APART} THEN RAISE EXCEPTION '{_NAME}' USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END $$"
    )
    connection.exec_driver_sql(f"CREATE {when} FOR EACH ROW EXECUTE FUNCTION tillgate_{_NAME}()")


def _create_wallets() -> None:
    op.create_table(
        "wallet_balance",
        sa.Column("customer_id", Int, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("balance_minor", Int, nullable=False),
        sa.Column("changed_at", Int, nullable=False),
        sa.CheckConstraint("balance_minor >= 0", name=op.f("ck_wallet_balance_balance_minor_not_negative")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_wallet_balance_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "currency", name=op.f("pk_wallet_balance")),
        sqlite_strict=True,
    )
    op.create_table(
        "wallet_transaction",
        sa.Column("id", Int, nullable=False),
        sa.Column("customer_id", Int, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_minor", Int, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("balance_after_minor", Int, nullable=False),
        sa.Column("ledger_tx_id", Int, nullable=False),
        sa.Column("payment_id", Int, nullable=True),
        sa.Column("refund_id", Int, nullable=True),
        sa.Column("order_id", Int, nullable=True),
        sa.Column("staff_id", Int, nullable=True),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.CheckConstraint(
            "kind IN ('TOP_UP', 'PAYMENT', 'REFUND', 'WITHDRAWAL', 'COMMISSION', 'CREDIT', 'TOP_UP_RETURNED')",
            name=op.f("ck_wallet_transaction_kind_known"),
        ),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_wallet_transaction_amount_not_zero")),
        sa.CheckConstraint(
            "balance_after_minor >= 0", name=op.f("ck_wallet_transaction_balance_after_minor_not_negative")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_wallet_transaction_customer_id")),
        sa.ForeignKeyConstraint(["ledger_tx_id"], ["ledger_tx.id"], name=op.f("fk_wallet_transaction_ledger_tx_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_wallet_transaction_payment_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_wallet_transaction_refund_id")),
        sa.ForeignKeyConstraint(["order_id"], ["instalment_order.id"], name=op.f("fk_wallet_transaction_order_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_wallet_transaction_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_transaction")),
        sa.UniqueConstraint("ledger_tx_id", name=op.f("uq_wallet_transaction_ledger_tx_id")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_wallet_transaction_customer", "wallet_transaction", ["customer_id", "id"], unique=False)
    for name in ("payment_id", "refund_id", "order_id"):
        op.create_index(op.f(f"ix_wallet_transaction_{name}"), "wallet_transaction", [name], unique=False)
    op.create_table(
        "wallet_top_up",
        sa.Column("id", Int, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("customer_id", Int, nullable=False),
        sa.Column("amount_minor", Int, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("created_by", Int, nullable=True),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_wallet_top_up_amount_minor_positive")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_wallet_top_up_customer_id")),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_wallet_top_up_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_top_up")),
        sa.UniqueConstraint("key", name=op.f("uq_wallet_top_up_key")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_wallet_top_up_customer_id"), "wallet_top_up", ["customer_id"], unique=False)


def _create_commissions() -> None:
    op.create_table(
        "referral",
        sa.Column("customer_id", Int, autoincrement=False, nullable=False),
        sa.Column("referrer_id", Int, nullable=False),
        sa.Column("set_by", Int, nullable=True),
        sa.Column("set_at", Int, nullable=False),
        sa.CheckConstraint("referrer_id <> customer_id", name=op.f("ck_referral_not_oneself")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_referral_customer_id")),
        sa.ForeignKeyConstraint(["referrer_id"], ["customer.id"], name=op.f("fk_referral_referrer_id")),
        sa.ForeignKeyConstraint(["set_by"], ["staff.id"], name=op.f("fk_referral_set_by")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_referral")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_referral_referrer_id"), "referral", ["referrer_id"], unique=False)
    op.create_table(
        "commission_entry",
        sa.Column("id", Int, nullable=False),
        sa.Column("referrer_id", Int, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_minor", Int, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("ledger_tx_id", Int, nullable=False),
        sa.Column("order_id", Int, nullable=True),
        sa.Column("payment_id", Int, nullable=True),
        sa.Column("staff_id", Int, nullable=True),
        sa.Column("till_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Int, nullable=False),
        sa.CheckConstraint("kind IN ('EARNED', 'TAKEN_BACK', 'PAID_OUT')", name=op.f("ck_commission_entry_kind_known")),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_commission_entry_amount_not_zero")),
        sa.ForeignKeyConstraint(["referrer_id"], ["customer.id"], name=op.f("fk_commission_entry_referrer_id")),
        sa.ForeignKeyConstraint(["ledger_tx_id"], ["ledger_tx.id"], name=op.f("fk_commission_entry_ledger_tx_id")),
        sa.ForeignKeyConstraint(["order_id"], ["instalment_order.id"], name=op.f("fk_commission_entry_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_commission_entry_payment_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_commission_entry_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_entry")),
        sa.UniqueConstraint("ledger_tx_id", name=op.f("uq_commission_entry_ledger_tx_id")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_commission_entry_referrer", "commission_entry", ["referrer_id", "id"], unique=False)
    op.create_index(op.f("ix_commission_entry_order_id"), "commission_entry", ["order_id"], unique=False)
