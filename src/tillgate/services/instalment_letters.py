"""What letters about instalments say: which orders a payment was for, which of their days, and what is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, select

from tillgate.domain.instalments import CURRENCY, DeliveryAddress, InstalmentOrderState, InstalmentState
from tillgate.domain.money import Money, total
from tillgate.services.instalment_rows import (
    InstalmentOrderRecord,
    InstalmentRecord,
    instalments_of_payment,
    list_instalments,
    load_bulk,
    load_order,
)
from tillgate.services.records import PaymentRecord
from tillgate.store.models import instalment_order


@dataclass(frozen=True, slots=True)
class InstalmentLine:
    """One order in a letter; `first` and `last` are the days that this payment is for, in words."""

    order: InstalmentOrderRecord
    days: int
    first: str
    last: str
    amount: Money


def due_context(reading: Connection, customer_id: int, today: date, written: Callable[[date], str]) -> dict[str, Any]:
    """The values of a reminder: what a customer's orders owe until a day, the longest overdue first."""
    orders = select(instalment_order.c.id).where(
        instalment_order.c.customer_id == customer_id, instalment_order.c.state == InstalmentOrderState.ACTIVE
    )
    lines = []
    for order_id in reading.execute(orders.order_by(instalment_order.c.id)).scalars():
        order = load_order(reading, order_id)
        days = [
            each
            for each in list_instalments(reading, order_id)
            if each.state is InstalmentState.DUE and each.due_on <= today
        ]
        if days:
            lines.append(_line(order, days, written))
    return {"lines": lines, "due": total((line.amount for line in lines), CURRENCY)}


def instalment_context(reading: Connection, owner: PaymentRecord, written: Callable[[date], str]) -> dict[str, Any]:
    """The values of every template about instalments; `written` puts a day into words."""
    lines = []
    for order_id, found in groupby(instalments_of_payment(reading, owner.id), attrgetter("order_id")):
        lines.append(_line(load_order(reading, order_id), list(found), written))
    bulks = [load_bulk(reading, number) for number in sorted({each.order.bulk_order_id for each in lines})]
    return {
        "lines": lines,
        "bulk_numbers": ", ".join(bulk.number for bulk in bulks),
        "delivery": "; ".join(_delivery(bulk.address) for bulk in bulks),
    }


def _delivery(to: DeliveryAddress) -> str:
    """Whom it goes to, and all that helps to find the door."""
    parts = (to.name, to.line1, to.line2, to.landmark, to.city, to.region, to.pincode, to.country, to.phone)
    return ", ".join(filter(None, parts))


def _line(
    order: InstalmentOrderRecord, days: Sequence[InstalmentRecord], written: Callable[[date], str]
) -> InstalmentLine:
    amount = total((Money(each.amount_minor, order.currency) for each in days), order.currency)
    return InstalmentLine(order, len(days), written(days[0].due_on), written(days[-1].due_on), amount)
