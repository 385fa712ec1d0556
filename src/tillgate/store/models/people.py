"""Staff, their approvals, and customers."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from tillgate.domain.staff import Role
from tillgate.store.columns import NUMBERED, STRICT, flag, instant, integer, link, metadata, number, one_of, text, words

staff = Table(
    "staff",
    metadata,
    number(),
    text("name", unique=True),
    words("role", Role),
    text("pin_hash"),
    integer("active", default=1),
    # Counted before a PIN is compared, so that a kill in between never gives a try back.
    integer("failed_tries", default=0),
    instant("next_try_at", null=True),
    instant("locked_at", null=True),
    instant("created_at"),
    integer("version", default=1),
    instant("last_try_at", null=True),
    one_of("role", Role),
    flag("active"),
    **NUMBERED,
)

# Wrong tries of a till in a row, whoever was tried.
sign_in_guard = Table(
    "sign_in_guard",
    metadata,
    Column("till_id", Text, primary_key=True),
    integer("failed_tries", default=0),
    instant("last_try_at", null=True),
    **STRICT,
)

# A signed-in person at a till; an action needs one that has not ended.
staff_session = Table(
    "staff_session",
    metadata,
    number(),
    text("key", unique=True),
    link("staff_id", "staff", index=True),
    text("till_id"),
    instant("started_at"),
    instant("expires_at"),
    # When the person last proved who they are; some actions want that to be recent.
    instant("confirmed_at"),
    instant("ended_at", null=True),
    text("ended_reason", null=True),
    **NUMBERED,
)

# A manager's own credential, bound to one action, subject and amount; used once within 60 s.
approval = Table(
    "approval",
    metadata,
    number(),
    text("token_sha256", unique=True),
    text("action"),
    text("subject"),
    integer("amount_minor", null=True),
    text("currency", null=True),
    link("requested_by", "staff"),
    link("approved_by", "staff"),
    text("reason"),
    instant("approved_at"),
    instant("expires_at"),
    instant("used_at", null=True),
    **NUMBERED,
)

customer = Table(
    "customer",
    metadata,
    number(),
    text("name"),
    text("email"),
    text("phone"),
    text("note"),
    integer("active", default=1),
    instant("created_at"),
    integer("version", default=1),
    flag("active"),
    Index("ix_customer_name", "name"),
    Index("ix_customer_phone", "phone"),
    **NUMBERED,
)
