"""What letters about instalments say: which orders a payment was for, which of their days, and what is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection

from tillgate.domain.money import Money, total
from tillgate.services.instalment_rows import InstalmentOrderRecord, instalments_of_payment, load_bulk, load_order
from tillgate.services.records import PaymentRecord


@dataclass(frozen=True, slots=True)
class InstalmentLine:
    """One order in a letter; `first` and `last` are the days that this payment is for, in words."""

    order: InstalmentOrderRecord
    days: int
    first: str
    last: str
    amount: Money


def instalment_context(reading: Connection, owner: PaymentRecord, written: Callable[[date], str]) -> dict[str, Any]:
    """The values of every template about instalments; `written` puts a day into words."""
    lines = []
    for order_id, found in groupby(instalments_of_payment(reading, owner.id), attrgetter("order_id")):
        order, days = load_order(reading, order_id), list(found)
        amount = total((Money(each.amount_minor, order.currency) for each in days), order.currency)
        lines.append(InstalmentLine(order, len(days), written(days[0].due_on), written(days[-1].due_on), amount))
    bulks = [load_bulk(reading, number) for number in sorted({each.order.bulk_order_id for each in lines})]
    places = [", ".join(filter(None, (b.address_line1, b.address_line2, b.city, b.region, b.pincode))) for b in bulks]
    return {
        "lines": lines,
        "bulk_numbers": ", ".join(bulk.number for bulk in bulks),
        "delivery": "; ".join(places),
    }
