"""Devices and their invoices as frozen records, and the one place that reads, locks and changes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, text

from tillgate.domain.devices import (
    DEVICE_INVOICE_THING,
    DeviceInvoiceState,
    DeviceStatus,
    InvoiceOrigin,
    new_number,
)
from tillgate.domain.errors import Bug, NotFound
from tillgate.domain.money import Money
from tillgate.services.records import columns
from tillgate.store.models import allocation, customer, device, device_invoice
from tillgate.store.statements import Statement, insert_row, update_rows
from tillgate.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A device that a customer owes a rate for, each store day that it is active."""

    id: int
    code: str
    name: str
    customer_id: int
    rate_minor: int
    currency: str
    status: DeviceStatus
    invoiced_until: date
    created_at: datetime
    version: int

    @property
    def rate(self) -> Money:
        """For one day."""
        return Money(self.rate_minor, self.currency)

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"device:{self.id}"


@dataclass(frozen=True, slots=True)
class DeviceInvoiceRecord:
    """What a device's customer owes for a day."""

    id: int
    device_id: int
    customer_id: int
    number: str
    day: date
    amount_minor: int
    currency: str
    origin: InvoiceOrigin
    state: DeviceInvoiceState
    created_at: datetime
    payment_id: int | None
    ended_at: datetime | None
    reason: str | None
    version: int

    @property
    def amount(self) -> Money:
        """What is owed."""
        return Money(self.amount_minor, self.currency)

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"device_invoice:{self.id}"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose device it is."""

    id: int
    name: str
    email: str
    phone: str


_DEVICE: Final = columns(DeviceRecord, device)
_INVOICE: Final = columns(DeviceInvoiceRecord, device_invoice)
_OWNER: Final = columns(Owner, customer)
_LOAD_OWNER: Final = Statement(select(*_OWNER).where(customer.c.id == bindparam("id")))
_LOAD: Final = Statement(select(*_DEVICE).where(device.c.id == bindparam("id")))
_LOCK: Final = Statement(select(*_DEVICE).where(device.c.id == bindparam("id")).with_for_update())
_BY_CODE: Final = Statement(select(*_DEVICE).where(device.c.code == bindparam("code")))
_LOAD_INVOICE: Final = Statement(select(*_INVOICE).where(device_invoice.c.id == bindparam("id")))
_LOCK_INVOICE: Final = Statement(select(*_INVOICE).where(device_invoice.c.id == bindparam("id")).with_for_update())
_PAID_FOR: Final = Statement(
    select(allocation.c.thing_id).where(
        allocation.c.payment_id == bindparam("payment_id"), allocation.c.thing_kind == DEVICE_INVOICE_THING
    )
)
_OPEN: Final = Statement(
    select(*_INVOICE)
    .where(device_invoice.c.device_id == bindparam("device_id"), text("device_invoice.state = 'open'"))
    .order_by(device_invoice.c.day, device_invoice.c.number)
    .limit(bindparam("most"))
)
_DAYS: Final = Statement(
    select(device_invoice.c.day).where(
        device_invoice.c.device_id == bindparam("device_id"),
        device_invoice.c.day >= bindparam("first", type_=device_invoice.c.day.type),
    )
)


def load_device(connection: Connection, device_id: int, *, lock: bool = False) -> DeviceRecord:
    """Raises NotFound("device_unknown")."""
    row = (_LOCK if lock else _LOAD).first(connection, id=device_id)
    if row is None:
        raise NotFound("device_unknown", device=device_id)
    return DeviceRecord(*row)


def find_by_code(connection: Connection, code: str) -> DeviceRecord | None:
    """A device by what is written on it, however it was typed."""
    row = _BY_CODE.first(connection, code=code.strip().upper()[:40])
    return DeviceRecord(*row) if row else None


def load_owner(connection: Connection, customer_id: int) -> Owner:
    """Whose device it is. Raises NotFound("customer_unknown")."""
    row = _LOAD_OWNER.first(connection, id=customer_id)
    if row is None:
        raise NotFound("customer_unknown", customer=customer_id)
    return Owner(*row)


def load_device_invoice(connection: Connection, invoice_id: int, *, lock: bool = False) -> DeviceInvoiceRecord:
    """Raises NotFound("device_invoice_unknown")."""
    row = (_LOCK_INVOICE if lock else _LOAD_INVOICE).first(connection, id=invoice_id)
    if row is None:
        raise NotFound("device_invoice_unknown", invoice=invoice_id)
    return DeviceInvoiceRecord(*row)


def list_open(connection: Connection, device_id: int, most: int) -> list[DeviceInvoiceRecord]:
    """A device's open invoices in the order of paying, at most so many (ruling 6)."""
    return [DeviceInvoiceRecord(*row) for row in _OPEN.rows(connection, device_id=device_id, most=most)]


def count_open(connection: Connection, device_id: int) -> int:
    """How many a device has open."""
    mine = (device_invoice.c.device_id == device_id) & (device_invoice.c.state == DeviceInvoiceState.OPEN)
    return int(connection.execute(select(func.count()).select_from(device_invoice).where(mine)).scalar_one())


def invoice_paid_by(connection: Connection, payment_id: int) -> int | None:
    """The device invoice that a payment is for."""
    row = _PAID_FOR.first(connection, payment_id=payment_id)
    return int(row[0]) if row else None


def days_invoiced(connection: Connection, device_id: int, first: date) -> set[date]:
    """Days from one on that a device has an invoice for, whatever became of it."""
    return {row[0] for row in _DAYS.rows(connection, device_id=device_id, first=first)}


def write_invoice(
    uow: UnitOfWork,
    owner: DeviceRecord,
    day: date,
    amount: Money,
    origin: InvoiceOrigin,
    *,
    number: str = "",
    customer_id: int | None = None,
) -> int:
    """Write down that a device owes an amount for a day; the invoice's id."""
    row: dict[str, Any] = {
        "device_id": owner.id,
        "customer_id": owner.customer_id if customer_id is None else customer_id,
        "number": number or str(new_number(owner.code, day)),
        "day": day,
        "amount_minor": amount.minor,
        "currency": amount.currency,
        "origin": origin,
        "state": DeviceInvoiceState.OPEN,
        "created_by": uow.actor.staff_id,
        "created_at": uow.now,
    }
    made = insert_row(uow.connection, device_invoice, row)
    uow.record("device_invoice.made", f"device_invoice:{made}", number=row["number"], origin=origin.value)
    return made


def change_invoice(uow: UnitOfWork, found: DeviceInvoiceRecord, **values: object) -> None:
    """Change columns of an invoice as it was read. Raises Bug if it changed since: it is locked before."""
    where = {"id": found.id, "version": found.version}
    if update_rows(uow.connection, device_invoice, where, {**values, "version": found.version + 1}) != 1:
        raise Bug("device_invoice_changed", invoice=found.id)
