"""What a manager should look at among payment invoices: patterns of fraud and of mistakes (issue 5, radar).

Nothing is refused because of it: each finding names its rows, and a person judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, func, select, text, true, type_coerce

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


def scan_invoices(till: Till, actor: Actor, since: datetime, until: datetime | None = None) -> tuple[Finding, ...]:
    """What stands out from an instant on (to another, not included), at most 100 of each signal, the newest first; a
    manager's. Prompts alike are looked for among the 10,000 newest of the time."""
    authorize(till, actor, Action.VIEW_EXCEPTIONS)
    span = _Span(since, until)
    with till.db.read() as connection:
        found = (*_alike(connection, span), *_late(connection, span), *_verified(connection, span))
    return tuple(sorted(found, key=lambda each: each.until, reverse=True))


@dataclass(frozen=True, slots=True)
class _Span:
    since: datetime
    until: datetime | None

    def has(self, at: Any) -> ColumnElement[bool]:
        return and_(at >= self.since, at < self.until if self.until is not None else true())


def _alike(connection: Connection, span: _Span) -> list[Finding]:
    """Each prompt with the one before it of the same phone and amount, by the index over these."""
    before, prior = payment_invoice.alias("before"), payment_invoice.alias("prior")
    newest = select(_I.id, _I.number, _I.phone, _I.amount_minor, _I.currency, _I.created_at).where(
        span.has(_I.created_at)
    )
    recent = newest.order_by(_I.created_at.desc(), _I.id.desc()).limit(MOST * MOST).subquery()
    twin = (
        select(func.max(prior.c.id))
        .where(
            prior.c.phone == recent.c.phone,
            prior.c.amount_minor == recent.c.amount_minor,
            prior.c.created_at <= recent.c.created_at,
            type_coerce(prior.c.created_at, BigInteger)
            >= type_coerce(recent.c.created_at, BigInteger) - ALIKE_WITHIN // timedelta(microseconds=1),
            prior.c.currency == recent.c.currency,
            prior.c.id < recent.c.id,
        )
        .correlate(recent)
        .scalar_subquery()
    )
    query = (
        select(recent, before.c.id, before.c.number, before.c.created_at)
        .select_from(recent)
        .join(before, before.c.id == twin)
        .order_by(recent.c.created_at.desc(), recent.c.id.desc())
        .limit(MOST)
    )
    return [
        Finding(
            Signal.ALIKE, 2, earlier_at, at, (earlier, number), (earlier_name, name), masked_phone(phone),
            Money(minor, currency),
        )
        for number, name, phone, minor, currency, at, earlier, earlier_name, earlier_at in connection.execute(query)
    ]  # fmt: skip


def _verified(connection: Connection, span: _Span) -> list[Finding]:
    """Codes that were shown again, and cashiers who were shown many bad ones: by one look at what was found wrong."""
    seen = (func.count(), func.min(_V.verified_at), func.max(_V.verified_at))
    used_again = case((_V.reason == Reason.ALREADY_USED, _V.invoice_id))
    query = (
        select(_V.verified_by, used_again, *seen)
        .where(span.has(_V.verified_at), _V.reason.is_not(None))
        .group_by(_V.verified_by, used_again)
    )
    by_person: dict[int | None, _Seen] = {}
    by_code: dict[int | None, _Seen] = {}
    for person, code, *facts in connection.execute(query):
        for key, seen_by in ((person, by_person), (code, by_code)):
            seen_by[key] = _Seen(*facts) + seen_by.get(key)
    return [*_used_again(connection, _most(by_code, USED_AGAIN)), *_failures(connection, _most(by_person, FAILURES))]


@dataclass(frozen=True, slots=True)
class _Seen:
    count: int
    first: datetime
    last: datetime

    def __add__(self, other: _Seen | None) -> _Seen:
        if other is None:
            return self
        return _Seen(self.count + other.count, min(self.first, other.first), max(self.last, other.last))


def _most(found: Mapping[int | None, _Seen], least: int) -> dict[int, _Seen]:
    """Those seen so often at least, the last seen first."""
    often = [(key, seen) for key, seen in found.items() if key is not None and seen.count >= least]
    return dict(sorted(often, key=lambda each: each[1].last, reverse=True)[:MOST])


def _used_again(connection: Connection, often: Mapping[int, _Seen]) -> list[Finding]:
    columns = (_I.id, _I.number, _I.phone, _I.amount_minor, _I.currency)
    rows = connection.execute(select(*columns).where(_I.id.in_(often)))
    return [_about(Signal.USED_AGAIN, row, often[row[0]]) for row in rows]


def _failures(connection: Connection, often: Mapping[int, _Seen]) -> list[Finding]:
    rows = connection.execute(select(staff.c.id, staff.c.name).where(staff.c.id.in_(often)))
    return [
        Finding(Signal.MANY_FAILURES, seen.count, seen.first, seen.last, staff_id=number, cashier=name)
        for number, name, seen in ((row[0], row[1], often[row[0]]) for row in rows)
    ]


def _late(connection: Connection, span: _Span) -> list[Finding]:
    """What was paid after it had ended, and what lay complete past its time; each by an index of its own."""
    columns = (_I.id, _I.number, _I.phone, _I.amount_minor, _I.currency)
    found = []
    for at, which in ((_I.paid_at, _I.late == text("1")), (_I.referred_at, _I.referred_at.is_not(None))):
        query = select(*columns, at).where(which, span.has(at)).order_by(at.desc()).limit(MOST)
        found += [_about(Signal.EXPIRED_PAID, row, _Seen(1, row[5], row[5])) for row in connection.execute(query)]
    return found


def _about(signal: Signal, row: Any, seen: _Seen) -> Finding:
    number, name, phone, minor, currency = row[:5]
    shown = Money(minor, currency)
    return Finding(signal, seen.count, seen.first, seen.last, (number,), (name,), masked_phone(phone), shown)
