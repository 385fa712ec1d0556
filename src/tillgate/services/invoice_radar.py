"""What a manager should look at among payment invoices: patterns of fraud and of mistakes (issue 5, radar).

Nothing is refused because of it: each finding names its rows, and a person judges.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, func, select, text

from tillgate.domain.invoice_checks import Reason
from tillgate.domain.money import Money
from tillgate.domain.payment_invoice import masked_phone
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.till import Till
from tillgate.store.models import invoice_verification, payment_invoice, staff

_I: Final = payment_invoice.c
_V: Final = invoice_verification.c
# Two prompts of one phone and amount so close to each other are one purchase charged twice, or one code shown twice.
ALIKE_WITHIN: Final = timedelta(minutes=10)
# A used code that is shown once again may be a mistake.
USED_AGAIN: Final = 2
FAILURES: Final = 5
MOST: Final = 100


class Signal(StrEnum):
    """What stands out."""

    ALIKE = "alike"  # the same phone and amount within minutes
    USED_AGAIN = "used_again"  # a used code verified again and again
    EXPIRED_PAID = "expired_paid"  # paid after it had ended
    MANY_FAILURES = "many_failures"  # many failed verifications by one cashier


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. `count` is how often, `since` and `until` when first and last; `invoice_ids` and
    `staff_id` open its rows. `phone` is masked, "" where it is about no phone."""

    signal: Signal
    count: int
    since: datetime
    until: datetime
    invoice_ids: tuple[int, ...] = ()
    numbers: tuple[str, ...] = ()
    phone: str = ""
    amount: Money | None = None
    staff_id: int | None = None
    cashier: str = ""


def scan_invoices(till: Till, actor: Actor, since: datetime) -> tuple[Finding, ...]:
    """What stands out since an instant, at most 100 of each signal, the newest first; a manager's."""
    authorize(till, actor, Action.VIEW_EXCEPTIONS)
    with till.db.read() as connection:
        found = (
            *_alike(connection, since),
            *_used_again(connection, since),
            *_late(connection, since),
            *_failures(connection, since),
        )
    return tuple(sorted(found, key=lambda each: each.until, reverse=True))


def _alike(connection: Connection, since: datetime) -> list[Finding]:
    """Each prompt with the one before it of the same phone and amount, by the index over these."""
    before = payment_invoice.alias("before")
    span = select(_I.id, _I.number, _I.phone, _I.amount_minor, _I.currency, _I.created_at).where(_I.created_at >= since)
    recent = span.order_by(_I.created_at.desc()).limit(MOST * MOST).subquery()
    near = (
        (before.c.phone == recent.c.phone)
        & (before.c.amount_minor == recent.c.amount_minor)
        & (before.c.currency == recent.c.currency)
        & (before.c.id < recent.c.id)
        & (before.c.created_at >= since - ALIKE_WITHIN)
    )
    query = select(recent, before.c.id, before.c.number, before.c.created_at).join(before, near)
    found: list[Finding] = []
    for row in connection.execute(query.order_by(recent.c.id.desc(), before.c.id.desc())):
        number, name, phone, minor, currency, at, earlier, earlier_name, earlier_at = row
        if at - earlier_at <= ALIKE_WITHIN and (not found or found[-1].invoice_ids[1] != number):
            ids, names = (earlier, number), (earlier_name, name)
            found.append(
                Finding(Signal.ALIKE, 2, earlier_at, at, ids, names, masked_phone(phone), Money(minor, currency))
            )
    return found[:MOST]


def _used_again(connection: Connection, since: datetime) -> list[Finding]:
    seen = (func.count(), func.min(_V.verified_at), func.max(_V.verified_at))
    query = (
        select(_I.id, _I.number, _I.phone, _I.amount_minor, _I.currency, *seen)
        .join(invoice_verification, _V.invoice_id == _I.id)
        .where(_V.verified_at >= since, _V.reason == Reason.ALREADY_USED)
        .group_by(_I.id, _I.number, _I.phone, _I.amount_minor, _I.currency)
        .having(func.count() >= USED_AGAIN)
        .order_by(func.max(_V.verified_at).desc())
        .limit(MOST)
    )
    return [_about(Signal.USED_AGAIN, row) for row in connection.execute(query)]


def _late(connection: Connection, since: datetime) -> list[Finding]:
    """What was paid after it had ended, and what lay complete past its time; each by an index of its own."""
    columns = (_I.id, _I.number, _I.phone, _I.amount_minor, _I.currency)
    found = []
    for at, which in ((_I.paid_at, _I.late == text("1")), (_I.referred_at, _I.referred_at.is_not(None))):
        query = select(*columns, at).where(which, at >= since).order_by(at.desc()).limit(MOST)
        found += [_about(Signal.EXPIRED_PAID, (*row[:5], 1, row[5], row[5])) for row in connection.execute(query)]
    return found


def _failures(connection: Connection, since: datetime) -> list[Finding]:
    seen = (func.count(), func.min(_V.verified_at), func.max(_V.verified_at))
    query = (
        select(staff.c.id, staff.c.name, *seen)
        .join(invoice_verification, _V.verified_by == staff.c.id)
        .where(_V.verified_at >= since, _V.reason.is_not(None))
        .group_by(staff.c.id, staff.c.name)
        .having(func.count() >= FAILURES)
        .order_by(func.count().desc(), staff.c.id)
        .limit(MOST)
    )
    return [
        Finding(Signal.MANY_FAILURES, count, first, last, staff_id=number, cashier=name)
        for number, name, count, first, last in connection.execute(query)
    ]


def _about(signal: Signal, row: Any) -> Finding:
    number, name, phone, minor, currency, count, first, last = row
    shown = Money(minor, currency)
    return Finding(signal, count, first, last, (number,), (name,), masked_phone(phone), shown)
