"""The books: number series, ledger, audit chain, exceptions, outbox, metrics and settings."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, PrimaryKeyConstraint, Table, Text

from tillgate.domain.exceptions import ExceptionKind
from tillgate.store.columns import (
    NUMBERED,
    STRICT,
    Int,
    day,
    instant,
    integer,
    link,
    metadata,
    number,
    one_of,
    partial_index,
    text,
    words,
)

# The row is locked and counted up inside the transaction that uses the number, so no number is lost.
number_series = Table(
    "number_series", metadata, Column("name", Text, primary_key=True), integer("next", default=1), **STRICT
)

ledger_tx = Table(
    "ledger_tx",
    metadata,
    number(),
    text("kind"),
    text("dedupe_key", unique=True),
    link("payment_id", "payment", null=True, index=True),
    instant("created_at", index=True),
    **NUMBERED,
)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    number(),
    link("tx_id", "ledger_tx", index=True),
    text("account"),
    integer("amount_minor"),
    text("currency"),
    CheckConstraint("amount_minor <> 0", name="amount_not_zero"),
    Index("ix_ledger_entry_account", "account", "currency", "amount_minor"),
    **NUMBERED,
)

audit = Table(
    "audit",
    metadata,
    text("till_id"),
    integer("seq"),
    instant("at", index=True),
    text("actor"),
    text("event"),
    text("subject"),
    text("data"),
    text("prev"),
    text("mac"),
    PrimaryKeyConstraint("till_id", "seq"),
    Index("ix_audit_subject", "subject"),
    **STRICT,
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("till_id", Text, primary_key=True),
    integer("seq"),
    instant("at"),
    text("mac"),
    # Keyed as the entries are: without the secret nobody can make an earlier entry the last one.
    Column("seal", Text, nullable=False, server_default=""),
    **STRICT,
)

money_exception = Table(
    "money_exception",
    metadata,
    number(),
    words("kind", ExceptionKind),
    text("dedupe_key", unique=True),
    link("payment_id", "payment", null=True, index=True),
    link("attempt_id", "payment_attempt", null=True),
    link("capture_id", "capture", null=True, index=True),
    link("refund_id", "refund", null=True, index=True),
    link("outbox_id", "outbox", null=True, index=True),
    text("evidence"),
    instant("opened_at"),
    instant("closed_at", null=True),
    link("closed_by", "staff", null=True),
    text("action", null=True),
    text("reason", null=True),
    integer("version", default=1),
    one_of("kind", ExceptionKind),
    partial_index("ix_money_exception_open", "opened_at", where="closed_at IS NULL"),
    **NUMBERED,
)

# Work that follows a fact, written in the fact's own transaction; a failure is a row to try again.
outbox = Table(
    "outbox",
    metadata,
    number(),
    text("kind"),
    text("dedupe_key", unique=True),
    link("payment_id", "payment", null=True, index=True),
    text("payload"),
    integer("tries", default=0),
    instant("created_at"),
    instant("next_at", null=True),
    instant("done_at", null=True),
    instant("parked_at", null=True),
    text("message", null=True),
    text("lease_owner", null=True),
    instant("lease_until", null=True),
    partial_index("ix_outbox_due", "next_at", where="next_at IS NOT NULL"),
    **NUMBERED,
)

# Durations and counts that no other row tells, summed by day.
metric = Table(
    "metric",
    metadata,
    day("day"),
    text("name"),
    text("label"),
    integer("count"),
    integer("sum_ms"),
    integer("max_ms"),
    PrimaryKeyConstraint("day", "name", "label"),
    **STRICT,
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    text("value"),
    instant("changed_at"),
    Column("changed_by", Int, nullable=True),
    **STRICT,
)
