"""Devices, what they owe for each day, and batches that pay it one after another."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint

from tillgate.domain.batch import FEWEST, MOST, BatchState, ItemState
from tillgate.domain.devices import DeviceInvoiceState, DeviceStatus, InvoiceOrigin
from tillgate.store.columns import (
    NUMBERED,
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

device = Table(
    "device",
    metadata,
    number(),
    text("code", unique=True),
    text("name"),
    link("customer_id", "customer", index=True),
    # For each store day, in the device's own currency: it need not be the store's.
    integer("rate_minor"),
    text("currency"),
    words("status", DeviceStatus),
    # The last day that the daily run is done with.
    day("invoiced_until"),
    link("created_by", "staff", null=True),
    instant("created_at"),
    integer("version", default=1),
    one_of("status", DeviceStatus),
    positive("rate_minor"),
    Index("ix_device_status", "status", "invoiced_until"),
    **NUMBERED,
)

# One per (device, day, rate), wherever it came from, and of the daily run one per device and day (ruling 7).
device_invoice = Table(
    "device_invoice",
    metadata,
    number(),
    link("device_id", "device"),
    # Who owed it on that day, whoever has the device now.
    link("customer_id", "customer", index=True),
    text("number", unique=True),
    day("day"),
    integer("amount_minor"),
    text("currency"),
    words("origin", InvoiceOrigin),
    words("state", DeviceInvoiceState),
    link("created_by", "staff", null=True),
    instant("created_at"),
    # The payment that it is paid with.
    link("payment_id", "payment", null=True),
    instant("ended_at", null=True),
    text("reason", null=True),
    integer("version", default=1),
    one_of("origin", InvoiceOrigin),
    one_of("state", DeviceInvoiceState),
    positive("amount_minor"),
    CheckConstraint("(state IN ('paid', 'refunded')) = (payment_id IS NOT NULL)", name="paid_with"),
    UniqueConstraint("device_id", "day", "amount_minor"),
    partial_index("uq_device_invoice_daily", "device_id", "day", unique=True, where="origin = 'daily'"),
    partial_index("uq_device_invoice_payment", "payment_id", unique=True, where="payment_id IS NOT NULL"),
    Index("ix_device_invoice_state", "device_id", "state", "day", "number"),
    Index("ix_device_invoice_day", "day", "id"),
    **NUMBERED,
)

payment_batch = Table(
    "payment_batch",
    metadata,
    number(),
    # The key of the one press; a second press with it is the same batch.
    text("key", unique=True),
    link("device_id", "device", index=True),
    integer("wanted"),
    text("email"),
    text("provider"),
    text("method"),
    words("state", BatchState),
    integer("stop_asked", default=0),
    # Why it stands still, or "".
    text("reason"),
    text("till_id"),
    link("created_by", "staff", null=True),
    instant("created_at", index=True),
    instant("ended_at", null=True),
    text("lease_owner", null=True),
    instant("lease_until", null=True),
    integer("version", default=1),
    one_of("state", BatchState),
    flag("stop_asked"),
    CheckConstraint(f"wanted BETWEEN {FEWEST} AND {MOST}", name="wanted_within"),
    Index("ix_payment_batch_state", "state", "till_id", "id"),
    **NUMBERED,
)

payment_batch_item = Table(
    "payment_batch_item",
    metadata,
    number(),
    link("batch_id", "payment_batch"),
    integer("position"),
    link("invoice_id", "device_invoice", index=True),
    words("state", ItemState),
    link("payment_id", "payment", null=True, index=True),
    # Its link was open before this batch came to it.
    integer("reused", default=0),
    # Why it was skipped, or the code of what failed; `error_values` fill that code's words.
    text("reason", null=True),
    text("error_values", null=True),
    integer("tries", default=0),
    # When its page was opened in a browser of the till.
    instant("page_opened_at", null=True),
    instant("tried_at", null=True),
    integer("version", default=1),
    one_of("state", ItemState),
    flag("reused"),
    not_negative("tries"),
    CheckConstraint("state <> 'taken' OR payment_id IS NOT NULL", name="taken_with"),
    UniqueConstraint("batch_id", "position"),
    UniqueConstraint("batch_id", "invoice_id"),
    **NUMBERED,
)
