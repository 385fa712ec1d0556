"""What several computers on one database need: who is which till, and the store's secret on its way to a new one."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from tillgate.store.columns import NUMBERED, STRICT, instant, integer, link, metadata, not_negative, number, text

# One computer at a time is a till; by the database's clock, so that a wrong clock takes nothing.
till_lease = Table(
    "till_lease",
    metadata,
    Column("till_id", Text, primary_key=True),
    # Names the process, so that one that was put to sleep and woken knows that it lost the till.
    text("holder"),
    # Names the installation: the same one may take its own till back at once after a crash.
    text("installation"),
    text("host"),
    instant("taken_at"),
    instant("lease_until"),
    **STRICT,
)

# The store's secret for a new till, wrapped under a code that only a person carries; blanked once it is over.
secret_offer = Table(
    "secret_offer",
    metadata,
    number(),
    text("salt"),
    text("wrapped"),
    text("offered_till"),
    link("offered_by", "staff"),
    instant("offered_at"),
    instant("expires_at"),
    integer("tries", default=0),
    instant("ended_at", null=True),
    # taken, expired, guessed, replaced or revoked.
    text("ended_how", null=True),
    text("taken_till", null=True),
    not_negative("tries"),
    **NUMBERED,
)
