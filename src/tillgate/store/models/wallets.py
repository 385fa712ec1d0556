"""Customers' wallets, what moved them, top-ups, and what referrers earn; the ledger has the same sums."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint, Table

from tillgate.domain.commission import CommissionKind
from tillgate.domain.wallet import WalletKind
from tillgate.store.columns import (
    NUMBERED,
    STRICT,
    Int,
    instant,
    integer,
    link,
    metadata,
    not_negative,
    number,
    one_of,
    partial_index,
    positive,
    text,
    words,
)

# What the store owes a customer. Changed by one conditional update, and never below nothing.
wallet_balance = Table(
    "wallet_balance",
    metadata,
    link("customer_id", "customer"),
    text("currency"),
    integer("balance_minor"),
    instant("changed_at"),
    not_negative("balance_minor"),
    PrimaryKeyConstraint("customer_id", "currency"),
    **STRICT,
)

# Each move of a balance with its ledger entry, in the order in which they happened.
wallet_transaction = Table(
    "wallet_transaction",
    metadata,
    number(),
    link("customer_id", "customer"),
    words("kind", WalletKind),
    # Above zero into the wallet, below zero out of it.
    integer("amount_minor"),
    text("currency"),
    integer("balance_after_minor"),
    Column("ledger_tx_id", Int, ForeignKey("ledger_tx.id"), nullable=False, unique=True),
    link("payment_id", "payment", null=True),
    link("refund_id", "refund", null=True),
    link("order_id", "instalment_order", null=True),
    link("staff_id", "staff", null=True),
    text("till_id"),
    text("reason"),
    instant("created_at"),
    one_of("kind", WalletKind),
    CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
    not_negative("balance_after_minor"),
    Index("ix_wallet_transaction_customer", "customer_id", "id"),
    partial_index("ix_wallet_transaction_payment_id", "payment_id", where="payment_id IS NOT NULL"),
    partial_index("ix_wallet_transaction_refund_id", "refund_id", where="refund_id IS NOT NULL"),
    partial_index("ix_wallet_transaction_order_id", "order_id", where="order_id IS NOT NULL"),
    **NUMBERED,
)

# What a top-up's payment is for: one row for each press.
wallet_top_up = Table(
    "wallet_top_up",
    metadata,
    number(),
    text("key", unique=True),
    link("customer_id", "customer", index=True),
    integer("amount_minor"),
    text("currency"),
    link("created_by", "staff", null=True),
    text("till_id"),
    instant("created_at"),
    positive("amount_minor"),
    **NUMBERED,
)

# Who brought a customer: earns from the orders that they make from then on.
referral = Table(
    "referral",
    metadata,
    Column("customer_id", Int, ForeignKey("customer.id"), primary_key=True, autoincrement=False),
    link("referrer_id", "customer", index=True),
    link("set_by", "staff", null=True),
    instant("set_at"),
    CheckConstraint("referrer_id <> customer_id", name="not_oneself"),
    **STRICT,
)

# What was credited to a referrer, taken back, and paid out into their wallet.
commission_entry = Table(
    "commission_entry",
    metadata,
    number(),
    link("referrer_id", "customer"),
    words("kind", CommissionKind),
    # Above zero what the referrer is owed more, below zero what they are owed less.
    integer("amount_minor"),
    text("currency"),
    Column("ledger_tx_id", Int, ForeignKey("ledger_tx.id"), nullable=False, unique=True),
    link("order_id", "instalment_order", null=True, index=True),
    link("payment_id", "payment", null=True),
    link("staff_id", "staff", null=True),
    text("till_id"),
    text("reason"),
    instant("created_at"),
    one_of("kind", CommissionKind),
    CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
    Index("ix_commission_entry_referrer", "referrer_id", "id"),
    **NUMBERED,
)
