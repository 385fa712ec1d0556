"""Sums about payment invoices that the integrity check counts anew: how long they took to be paid, and what the ledger
keeps of them for orders to come. Those of the figures stand in `invoice_figures`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, case, func, select, type_coerce

from tillgate.domain.ledger import PREPAID
from tillgate.domain.money import Money
from tillgate.domain.payment import Fulfilment
from tillgate.domain.payment_invoice import InvoiceStatus
from tillgate.services.refund_rows import OPEN_REFUNDS
from tillgate.services.returned_refunds import CAME_BACK
from tillgate.store.models import (
    capture,
    cashier_wait,
    invoice_wait,
    ledger_entry,
    ledger_tx,
    month_wait,
    payment,
    payment_invoice,
    refund,
)

_I: Final = payment_invoice.c
# Where waits are counted, by what, and what of an invoice that is.
_WAITS: Final = (
    (invoice_wait, "provider", _I.provider),
    (cashier_wait, "staff_id", func.coalesce(_I.created_by, 0)),
)
_SECOND_US: Final = 1_000_000
# Up to so many seconds they are told in steps of so many, as migration 0016 has it; longer ones are a day.
_STEPS: Final = ((60, 1), (300, 5), (1_800, 30), (86_400, 600))


@dataclass(frozen=True, slots=True)
class Kept:
    """An invoice, or "" for money of none, of which the ledger keeps something else than is left of it."""

    number: str
    kept: Money
    ledger: Money


def wait_differences(connection: Connection) -> list[tuple[date, int, int]]:
    """Days on which other waits are counted than there are: the day, how many are kept, and how many there are. The
    numbers are alike where only the waits differ."""
    kept: Counter[tuple[Any, ...]] = Counter()
    counted: Counter[tuple[Any, ...]] = Counter()
    for waits, part, of in _WAITS:
        keys = (waits.c.day, waits.c[part], waits.c.seconds)
        # Names of providers and numbers of cashiers never meet.
        rows = connection.execute(select(*keys, waits.c.number).where(waits.c.number > 0))
        kept |= Counter({tuple(row[:3]): int(row[3]) for row in rows})
        by = (_I.day, of, _step())
        query = select(*by, func.count()).where(_I.paid_at.is_not(None)).group_by(*by)
        counted |= Counter({(row[0], row[1], int(row[2])): int(row[3]) for row in connection.execute(query)})
    days = _unlike_months(connection)
    days |= {key[0] for key in kept.keys() | counted.keys() if kept[key] != counted[key]}
    return [(day, _on(day, kept), _on(day, counted)) for day in sorted(days)]


def _unlike_months(connection: Connection) -> set[date]:
    """Days by whose first the months are named that have something else than their days."""
    keys = (invoice_wait.c.provider, invoice_wait.c.seconds)
    by_day: Counter[tuple[Any, ...]] = Counter()
    for row in connection.execute(select(invoice_wait.c.day, *keys, invoice_wait.c.number)):
        by_day[row[0].replace(day=1), row[1], row[2]] += int(row[3])
    by_month = {tuple(row[:3]): int(row[3]) for row in connection.execute(select(month_wait))}
    return {key[0] for key in by_day.keys() | by_month.keys() if by_day[key] != by_month.get(key, 0)}


def prepaid_differences(connection: Connection) -> Iterator[Kept]:
    """Complete invoices that made no order are kept in the ledger with what is left of their money, all others with
    nothing: so its account is the sum of those that are complete and not used."""
    for number, currency, kept, booked in connection.execute(_of_invoices()):
        yield Kept(number, Money(int(kept), currency), Money(-int(booked), currency))
    for currency, booked in connection.execute(_of_none()):
        yield Kept("", Money(0, currency), Money(-int(booked), currency))


def _on(day: date, waits: Counter[tuple[Any, ...]]) -> int:
    """Those of providers, which are all of them once."""
    return sum(number for key, number in waits.items() if key[0] == day and isinstance(key[1], str))


def _step() -> ColumnElement[int]:
    waited = (type_coerce(_I.paid_at, BigInteger) - type_coerce(_I.created_at, BigInteger)) // _SECOND_US
    steps = [(waited < most, waited // step * step) for most, step in _STEPS]
    return case((waited < 0, 0), *steps, else_=86_400)


def _of_invoices() -> Select[Any]:
    booked = (
        select(ledger_tx.c.payment_id, ledger_entry.c.currency, func.sum(ledger_entry.c.amount_minor).label("minor"))
        .join(ledger_entry, ledger_entry.c.tx_id == ledger_tx.c.id)
        .where(ledger_entry.c.account == PREPAID)
        .group_by(ledger_tx.c.payment_id, ledger_entry.c.currency)
        .subquery()
    )
    on_its_way = func.coalesce(
        select(func.sum(refund.c.amount_minor))
        .where(refund.c.capture_id == capture.c.id, refund.c.state.in_(OPEN_REFUNDS))
        .scalar_subquery(),
        0,
    )
    waits = (_I.state == InvoiceStatus.COMPLETE) & (payment.c.fulfilment == Fulfilment.DONE)
    left = func.coalesce(capture.c.amount_minor - capture.c.refunded_minor + on_its_way, 0)
    kept = case((waits, left), else_=0)
    came_back = ledger_tx.c.dedupe_key.startswith(CAME_BACK) & (ledger_tx.c.payment_id == payment.c.id)
    returned = select(ledger_tx.c.id).where(came_back).exists()
    minor = func.coalesce(booked.c.minor, 0)
    return (
        select(_I.number, _I.currency, kept, minor)
        .select_from(payment_invoice)
        .join(payment, payment.c.id == _I.payment_id)
        .join(capture, and_(capture.c.payment_id == payment.c.id, capture.c.main == 1), isouter=True)
        .join(booked, and_(booked.c.payment_id == payment.c.id, booked.c.currency == _I.currency), isouter=True)
        # What came back from a bank is owed to the customer, and neither kept nor gone.
        .where(kept + minor != 0, ~returned)
        .order_by(_I.id)
    )


def _of_none() -> Select[Any]:
    """What stands in the account for no payment invoice."""
    mine = and_(_I.payment_id == ledger_tx.c.payment_id, _I.currency == ledger_entry.c.currency)
    minor = func.sum(ledger_entry.c.amount_minor)
    return (
        select(ledger_entry.c.currency, minor)
        .join(ledger_tx, ledger_tx.c.id == ledger_entry.c.tx_id)
        .where(ledger_entry.c.account == PREPAID, ~select(_I.id).where(mine).exists())
        .group_by(ledger_entry.c.currency)
        .having(minor != 0)
    )
