"""Payments, what they are for, their attempts, calls, captures and refunds."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Table, Text, UniqueConstraint

from tillgate.domain.exceptions import CaptureDisposition
from tillgate.domain.payment import AttemptState, Fulfilment, Mode, PaymentState, Purpose, RefundState
from tillgate.store.columns import (
    NUMBERED,
    flag,
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

payment = Table(
    "payment",
    metadata,
    number(),
    words("purpose", Purpose),
    integer("amount_minor"),
    text("currency"),
    words("mode", Mode),
    words("state", PaymentState),
    integer("version", default=1),
    # The key of the cashier's one press; a second press with it is the same payment.
    text("idem_key", unique=True),
    text("request_sha256"),
    text("description"),
    link("customer_id", "customer", null=True),
    text("payer_name"),
    text("payer_email"),
    text("payer_phone"),
    text("till_id"),
    link("created_by", "staff", null=True),
    instant("created_at"),
    instant("captured_at", null=True),
    # Money that came after the payment had ended unpaid; it stays flagged for good.
    integer("late", default=0),
    text("ended_reason", null=True),
    words("fulfilment", Fulfilment),
    integer("fulfil_tries", default=0),
    instant("fulfil_at", null=True),
    instant("settled_at", null=True),
    # That of its newest checkout, for lists: what the attempts say, without reading them.
    Column("provider", Text, nullable=False, server_default=""),
    # The end of it that somebody at its till has seen (services/payment_news.py); "" while there is none.
    Column("told", Text, nullable=False, server_default=""),
    one_of("purpose", Purpose),
    one_of("mode", Mode),
    one_of("state", PaymentState),
    one_of("fulfilment", Fulfilment),
    positive("amount_minor"),
    flag("late"),
    Index("ix_payment_state_created", "state", "created_at"),
    # Lists and their sums read this index alone (migration 0005).
    Index("ix_payment_list", "created_at", "id", "state", "late", "provider", "currency", "amount_minor"),
    Index("ix_payment_amount", "amount_minor", "id"),
    partial_index("ix_payment_untold", "till_id", "id", where="told = ''"),
    partial_index("ix_payment_late", "created_at", where="late = 1"),
    partial_index("ix_payment_fulfil_at", "fulfil_at", where="fulfil_at IS NOT NULL"),
    partial_index("ix_payment_customer_id", "customer_id", where="customer_id IS NOT NULL"),
    **NUMBERED,
)

# At most one live payment per thing, held by the database (product.md, Payment).
allocation = Table(
    "allocation",
    metadata,
    number(),
    link("payment_id", "payment"),
    text("thing_kind"),
    integer("thing_id"),
    integer("amount_minor"),
    text("currency"),
    integer("live", default=1),
    positive("amount_minor"),
    flag("live"),
    UniqueConstraint("payment_id", "thing_kind", "thing_id"),
    partial_index("uq_allocation_live_thing", "thing_kind", "thing_id", unique=True, where="live = 1"),
    Index("ix_allocation_thing", "thing_kind", "thing_id"),
    **NUMBERED,
)

payment_attempt = Table(
    "payment_attempt",
    metadata,
    number(),
    link("payment_id", "payment", index=True),
    text("provider"),
    text("account"),
    text("method"),
    words("state", AttemptState),
    integer("version", default=1),
    integer("live", default=1),
    text("reference", unique=True),
    text("provider_id", null=True),
    text("parameters"),
    integer("amount_minor"),
    text("currency"),
    text("url", null=True),
    text("return_token_sha256", null=True),
    instant("expires_at", null=True),
    instant("created_at"),
    # The cashier asked for its end; kept until the provider is heard, over a restart too.
    integer("ending", default=0),
    instant("ended_at", null=True),
    text("ended_reason", null=True),
    instant("checked_at", null=True),
    integer("checks", default=0),
    # Look-ups by our reference that the provider answered with "no such thing".
    integer("missed", default=0),
    # The last answer's hash: a poll that says nothing new leaves no row in the journal.
    text("heard_sha256", null=True),
    # Money was seen at the provider first at this instant; verification time counts from it.
    instant("heard_at", null=True),
    instant("next_check_at", null=True),
    text("lease_owner", null=True),
    instant("lease_until", null=True),
    one_of("state", AttemptState),
    flag("live"),
    flag("ending"),
    UniqueConstraint("provider", "provider_id"),
    partial_index("uq_payment_attempt_live", "payment_id", unique=True, where="live = 1"),
    partial_index("ix_payment_attempt_next_check", "next_check_at", where="next_check_at IS NOT NULL"),
    **NUMBERED,
)

# Tries to pay inside a checkout that the provider declined: no money moved, and the checkout stays open for another.
declined_try = Table(
    "declined_try",
    metadata,
    number(),
    link("attempt_id", "payment_attempt", index=True),
    text("provider"),
    text("provider_ref"),
    integer("amount_minor"),
    text("currency"),
    text("method", null=True),
    text("reason", null=True),
    # As the provider dates it.
    instant("tried_at", null=True),
    instant("seen_at"),
    UniqueConstraint("provider", "provider_ref"),
    **NUMBERED,
)

# Every call that may change something at a provider: planned, sent, then what came of it.
provider_call = Table(
    "provider_call",
    metadata,
    number(),
    link("attempt_id", "payment_attempt", null=True, index=True),
    link("refund_id", "refund", null=True),
    text("provider"),
    text("kind"),
    text("request_sha256"),
    text("request_json"),
    text("outcome"),
    integer("http_status", null=True),
    text("provider_ref", null=True),
    text("response_sha256", null=True),
    text("message", null=True),
    integer("elapsed_ms", null=True),
    instant("planned_at"),
    instant("first_sent_at", null=True),
    instant("ended_at", null=True),
    partial_index("ix_provider_call_refund_id", "refund_id", where="refund_id IS NOT NULL"),
    **NUMBERED,
)

# Money that a provider says it took: one row for each provider payment, wherever it belongs.
capture = Table(
    "capture",
    metadata,
    number(),
    link("payment_id", "payment", null=True, index=True),
    link("attempt_id", "payment_attempt", null=True),
    text("provider"),
    text("provider_ref"),
    integer("amount_minor"),
    text("currency"),
    text("method", null=True),
    words("disposition", CaptureDisposition),
    integer("refunded_minor", default=0),
    # Given back on the provider's own pages beyond what was left; it comes off what a failed refund frees.
    integer("excess_minor", default=0),
    integer("late", default=0),
    # The one capture that made its payment CAPTURED.
    integer("main", default=0),
    instant("seen_at"),
    integer("version", default=1),
    # The number that the payer has of it, from the network that moved the money.
    text("receipt", null=True),
    one_of("disposition", CaptureDisposition),
    positive("amount_minor"),
    not_negative("refunded_minor"),
    # Refunds on their way count too: never more goes back than came in.
    CheckConstraint("refunded_minor <= amount_minor", name="refunded_within"),
    flag("late"),
    flag("main"),
    UniqueConstraint("provider", "provider_ref"),
    partial_index("uq_capture_main", "payment_id", unique=True, where="main = 1"),
    # No unique one: two providers' payments that bear one receipt are for a person to see, not to lose.
    partial_index("ix_capture_receipt", "receipt", where="receipt IS NOT NULL"),
    **NUMBERED,
)

refund = Table(
    "refund",
    metadata,
    number(),
    link("capture_id", "capture", index=True),
    link("payment_id", "payment", null=True, index=True),
    integer("amount_minor"),
    text("currency"),
    words("state", RefundState),
    integer("version", default=1),
    text("key", unique=True),
    text("provider"),
    text("provider_ref", null=True),
    text("reason"),
    integer("automatic", default=0),
    link("requested_by", "staff", null=True),
    link("approved_by", "staff", null=True),
    # Whether the goods are back, as whoever asked for it said.
    integer("return_goods", default=0),
    instant("created_at", index=True),
    instant("sent_at", null=True),
    instant("ended_at", null=True),
    text("message", null=True),
    integer("tries", default=0),
    instant("next_at", null=True),
    text("lease_owner", null=True),
    instant("lease_until", null=True),
    one_of("state", RefundState),
    positive("amount_minor"),
    flag("automatic"),
    flag("return_goods"),
    UniqueConstraint("provider", "provider_ref"),
    partial_index("ix_refund_next_at", "next_at", where="next_at IS NOT NULL"),
    **NUMBERED,
)

# What browsers brought back: stored, answered, looked at later; a hint, never the truth.
return_inbox = Table(
    "return_inbox",
    metadata,
    number(),
    link("attempt_id", "payment_attempt", null=True, index=True),
    text("dedupe_key", unique=True),
    text("token_sha256"),
    text("raw_sha256"),
    text("fields_json"),
    instant("received_at"),
    text("verdict", null=True),
    partial_index("ix_return_inbox_open", "id", where="verdict IS NULL"),
    **NUMBERED,
)
