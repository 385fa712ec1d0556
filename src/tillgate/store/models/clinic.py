"""Clinics, their practitioners, consultations, what is taxed on a fee, its papers, and replies kept for a replay."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Table, Text, UniqueConstraint

from tillgate.domain.consultation import ConsultationInvoiceState, ConsultationState
from tillgate.domain.tax_rules import TaxEffect
from tillgate.store.columns import (
    NUMBERED,
    STRICT,
    day,
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


def _rate() -> CheckConstraint:
    return CheckConstraint("rate_ppm BETWEEN 1 AND 1000000", name="rate_ppm_known")


# Its country says which tax rules apply, its currency what its fees are in: it need not be the store's.
clinic = Table(
    "clinic",
    metadata,
    number(),
    text("code", unique=True),
    text("name"),
    text("address"),
    text("email"),
    text("phone"),
    text("tax_number"),
    text("brand_color"),
    text("brand_mark"),
    text("country"),
    text("currency"),
    integer("active", default=1),
    integer("version", default=1),
    flag("active"),
    **NUMBERED,
)

practitioner = Table(
    "practitioner",
    metadata,
    number(),
    link("clinic_id", "clinic", index=True),
    text("code", unique=True),
    text("name"),
    text("specialty"),
    integer("active", default=1),
    integer("version", default=1),
    flag("active"),
    **NUMBERED,
)

# A patient is a customer.
consultation = Table(
    "consultation",
    metadata,
    number(),
    text("code", unique=True),
    link("clinic_id", "clinic", index=True),
    link("practitioner_id", "practitioner", index=True),
    link("patient_id", "customer", index=True),
    integer("fee_minor"),
    text("currency"),
    words("state", ConsultationState),
    instant("held_at"),
    link("created_by", "staff", null=True),
    instant("created_at"),
    instant("ended_at", null=True),
    # The payment that it is paid with.
    link("payment_id", "payment", null=True),
    # The desk's, on no paper.
    Column("note", Text, nullable=False, server_default=""),
    # The code of the fee that was written down in its place.
    Column("replaced_by", Text, nullable=False, server_default=""),
    integer("version", default=1),
    one_of("state", ConsultationState),
    positive("fee_minor"),
    Index("ix_consultation_state", "state", "held_at", "id"),
    Index("ix_consultation_held", "held_at", "id"),
    partial_index("uq_consultation_payment", "payment_id", unique=True, where="payment_id IS NOT NULL"),
    **NUMBERED,
)

# A rate never changes: an old rule ends and a new one begins.
tax_rule = Table(
    "tax_rule",
    metadata,
    number(),
    text("name"),
    integer("rate_ppm"),
    words("effect", TaxEffect),
    text("country"),
    day("valid_from"),
    day("valid_until", null=True),
    _rate(),
    one_of("effect", TaxEffect),
    UniqueConstraint("country", "name", "valid_from"),
    **NUMBERED,
)

# The taxes of a payment's fee as they were when it was put up.
tax_record = Table(
    "tax_record",
    metadata,
    number(),
    link("payment_id", "payment"),
    link("rule_id", "tax_rule", null=True),
    text("name"),
    integer("rate_ppm"),
    words("effect", TaxEffect),
    integer("base_minor"),
    integer("amount_minor"),
    text("currency"),
    _rate(),
    one_of("effect", TaxEffect),
    not_negative("amount_minor"),
    UniqueConstraint("payment_id", "name"),
    **NUMBERED,
)

# At most one per consultation that is neither void nor reversed by a refund in full, whatever the code above does.
consultation_invoice = Table(
    "consultation_invoice",
    metadata,
    number(),
    link("consultation_id", "consultation", index=True),
    link("payment_id", "payment", index=True),
    text("number", unique=True),
    words("state", ConsultationInvoiceState),
    text("currency"),
    integer("fee_minor"),
    integer("total_minor"),
    # Clinic, patient, store, zone and language as they were.
    text("letterhead"),
    text("description"),
    instant("issued_at"),
    instant("finalized_at", null=True),
    instant("voided_at", null=True),
    instant("reversed_at", null=True),
    one_of("state", ConsultationInvoiceState),
    positive("total_minor"),
    partial_index(
        "uq_consultation_invoice_standing",
        "consultation_id",
        unique=True,
        where="state <> 'void' AND reversed_at IS NULL",
    ),
    **NUMBERED,
)

# What reverses a final invoice, one for each refund.
consultation_credit_note = Table(
    "consultation_credit_note",
    metadata,
    number(),
    link("invoice_id", "consultation_invoice", index=True),
    link("refund_id", "refund"),
    text("number", unique=True),
    integer("amount_minor"),
    text("currency"),
    instant("issued_at"),
    positive("amount_minor"),
    UniqueConstraint("refund_id"),
    **NUMBERED,
)

# The first answer to a press, found by its key while it may be replayed; then the row may go.
idempotent_reply = Table(
    "idempotent_reply",
    metadata,
    Column("key", Text, primary_key=True),
    text("request_sha256"),
    link("payment_id", "payment"),
    instant("created_at"),
    instant("expires_at", index=True),
    **STRICT,
)
