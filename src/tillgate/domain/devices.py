"""Devices that owe an invoice for each day: states, numbers, and which days are due (product.md, rulings 6 and 7)."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Protocol

from tillgate.domain.catalogue import check_code
from tillgate.domain.errors import Invalid

# How a payment names what it is for.
DEVICE_INVOICE_THING: Final = "device_invoice"
# So many days are caught up; what lies further back a person brings in by a file, if it is owed at all. A clock that
# was set years ahead therefore makes two months of invoices at the most.
MOST_DAYS_BACK: Final = 60
_DAY: Final = timedelta(days=1)
_STAMP: Final = "%Y%m%d"
# Without letters and digits that are taken for each other.
_LETTERS: Final = "23456789abcdefghjkmnpqrstvwxyz"
_SUFFIX: Final = 6
_NUMBER: Final = re.compile(
    r"INV-(?P<device>[A-Z0-9][A-Z0-9._/-]{0,31})-(?P<day>[0-9]{8})-(?P<suffix>[A-Za-z0-9]{3,16})"
)


class DeviceStatus(StrEnum):
    """Only an active device is invoiced; what a paused or retired one owes can still be paid."""

    ACTIVE = "active"
    PAUSED = "paused"
    RETIRED = "retired"


class InvoiceOrigin(StrEnum):
    """Made by the daily run, or brought in by a file."""

    DAILY = "daily"
    IMPORTED = "imported"


class DeviceInvoiceState(StrEnum):
    """Where an invoice stands. That it is being paid is no state of its own: its live allocation says so.

    A refund in full makes it refunded, not open. A batch takes the oldest open invoices without anyone looking at each,
    so an invoice that a manager gave back on purpose would be charged again by the next press. Where the customer owes
    it after all a manager reopens it with a reason (a REFUNDED payment holds nothing: product.md, Payment).
    """

    OPEN = "open"
    PAID = "paid"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class InvoiceNumber:
    """`INV-<device>-<yyyymmdd>-<suffix>`."""

    device: str
    day: date
    suffix: str

    def __str__(self) -> str:
        return f"INV-{self.device}-{self.day.strftime(_STAMP)}-{self.suffix}"


def new_number(device: str, day: date) -> InvoiceNumber:
    """A number with a suffix of its own; a device has one a day, so two never come out alike in practice."""
    return InvoiceNumber(device, day, "".join(secrets.choice(_LETTERS) for _ in range(_SUFFIX)))


def parse_number(text: str) -> InvoiceNumber:
    """Read a number. Raises Invalid("device_invoice_number")."""
    found = _NUMBER.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError(text)
        stamp = found["day"]
        day = date(int(stamp[:4]), int(stamp[4:6]), int(stamp[6:]))
    except ValueError as error:
        raise Invalid("device_invoice_number", field="number", text=text[:60]) from error
    return InvoiceNumber(check_code(found["device"]), day, found["suffix"])


class Dated(Protocol):
    """What an invoice is put in order by."""

    @property
    def day(self) -> date:
        """Its date."""

    @property
    def number(self) -> str:
        """Its number."""


def oldest_first(invoice: Dated) -> tuple[date, str]:
    """The order of paying: by invoice date, then number (ruling 6)."""
    return invoice.day, invoice.number


@dataclass(frozen=True, slots=True)
class DaysDue:
    """Days to be invoiced, from `first` to `last`; `left_out` lie too far back, and are nobody's automatically."""

    first: date
    last: date
    left_out: int = 0

    @property
    def days(self) -> tuple[date, ...]:
        """Each of them; none where `last` lies before `first`."""
        return tuple(self.first + _DAY * number for number in range((self.last - self.first).days + 1))


def days_due(invoiced_until: date, today: date, most: int = MOST_DAYS_BACK) -> DaysDue:
    """The days after `invoiced_until` up to today, at most the last `most`; none where the clock lies behind."""
    first = invoiced_until + _DAY
    earliest = max(first, today - _DAY * (most - 1))
    return DaysDue(earliest, today, (earliest - first).days)
