"""Devices and what they owe, as screens show them: the list, one device with its open invoices, and all invoices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from tillgate.domain.catalogue import search_words
from tillgate.domain.devices import DEVICE_INVOICE_THING, DeviceInvoiceState, DeviceStatus, InvoiceOrigin
from tillgate.domain.errors import NotFound
from tillgate.domain.money import Money, total
from tillgate.domain.payment import PaymentState
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.customers import cleaned
from tillgate.services.device_rows import (
    DeviceInvoiceRecord,
    DeviceRecord,
    Owner,
    count_open,
    find_by_code,
    list_open,
    load_device,
    load_owner,
)
from tillgate.services.records import columns
from tillgate.services.till import Till
from tillgate.store.keyset import Key, page
from tillgate.store.models import allocation, customer, device, device_invoice, payment
from tillgate.store.search import matching

MOST_OPEN: Final = 200
_ORDER: Final = (device.c.code, device.c.id)
_INVOICE_ORDER: Final = (device_invoice.c.day, device_invoice.c.id)
_DEVICE: Final = columns(DeviceRecord, device)
_INVOICE: Final = columns(DeviceInvoiceRecord, device_invoice)


@dataclass(frozen=True, slots=True)
class DeviceQuery:
    """What the list is narrowed to: a text finds the beginning of a code, a device's name or a phone number, and a
    customer as their list does. `statuses` empty means any; `owing` those with an open invoice."""

    text: str = ""
    statuses: frozenset[DeviceStatus] = frozenset()
    customer_id: int | None = None
    owing: bool = False
    descending: bool = False


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device in a list, with what it owes; `oldest` is the day of its oldest open invoice."""

    device: DeviceRecord
    customer: str
    phone: str
    open_count: int
    owed: Money
    oldest: date | None


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An open invoice in its turn. `age_days` counts from its day to today; `payment_state` is of the payment that
    holds it, if somebody has put it up: its link is then reused rather than opened again."""

    invoice: DeviceInvoiceRecord
    age_days: int
    payment_id: int | None
    payment_state: PaymentState | None

    @property
    def being_paid(self) -> bool:
        """Whether a link for it may be open."""
        return self.payment_id is not None


@dataclass(frozen=True, slots=True)
class DeviceDetails:
    """One device, read at one moment: `open` has its open invoices in the order of paying, at most MOST_OPEN."""

    device: DeviceRecord
    owner: Owner
    open: tuple[OpenInvoice, ...]
    open_count: int

    def chosen(self, count: int) -> tuple[OpenInvoice, ...]:
        """Those that a batch of so many takes."""
        return self.open[: max(0, count)]

    def due(self, count: int) -> Money:
        """What those come to."""
        return total((each.invoice.amount for each in self.chosen(count)), self.device.currency)


@dataclass(frozen=True, slots=True)
class InvoiceQuery:
    """What the list of invoices is narrowed to: a text finds the beginning of a number or a device's code, and a
    customer as their list does. `states` empty means any; the days are the invoices' own."""

    text: str = ""
    states: frozenset[DeviceInvoiceState] = frozenset()
    device_id: int | None = None
    first: date | None = None
    last: date | None = None
    descending: bool = True


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice in a list, with the payment that holds it."""

    id: int
    number: str
    device_id: int
    device_code: str
    customer: str
    day: date
    amount: Money
    origin: InvoiceOrigin
    state: DeviceInvoiceState
    created_at: datetime
    reason: str
    version: int
    payment_id: int | None
    payment_state: PaymentState | None

    @property
    def being_paid(self) -> bool:
        """Whether it is open and somebody has put it up for payment."""
        return self.state is DeviceInvoiceState.OPEN and self.payment_id is not None


def list_devices(
    till: Till, actor: Actor, query: DeviceQuery, *, after: Key | None = None, skip: int = 0, limit: int = 100
) -> tuple[DeviceRow, ...]:
    """A page of the list by code, behind a device's `device_key`."""
    authorize(till, actor, Action.SELL)
    mine = (device_invoice.c.device_id == device.c.id) & (device_invoice.c.state == DeviceInvoiceState.OPEN)
    owed = [
        select(what).where(mine).scalar_subquery().label(name)
        for name, what in (
            ("open_count", func.count(device_invoice.c.id)),
            ("owed_minor", func.coalesce(func.sum(device_invoice.c.amount_minor), 0)),
            ("oldest", func.min(device_invoice.c.day)),
        )
    ]
    listed = select(*_DEVICE, customer.c.name.label("owner"), customer.c.phone, *owed)
    with till.db.read() as connection:
        chosen = _devices(connection, listed, query)
        wanted = page(chosen, _ORDER, descending=query.descending, after=after, skip=skip, limit=limit)
        return tuple(_device_row(row) for row in connection.execute(wanted))


def device_key(row: DeviceRow) -> Key:
    """Where a row stands in the list."""
    return (row.device.code, row.device.id)


def count_devices(till: Till, actor: Actor, query: DeviceQuery) -> int:
    """How many the list has."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        return int(connection.execute(_devices(connection, select(func.count(device.c.id)), query)).scalar_one())


def load_device_details(till: Till, actor: Actor, device_id: int) -> DeviceDetails:
    """One device with what it owes, oldest first. Raises NotFound("device_unknown")."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        return _details(till, connection, load_device(connection, device_id))


def find_device(till: Till, actor: Actor, code: str) -> DeviceDetails:
    """The same by what is written or printed on the device. Raises NotFound("device_unknown")."""
    authorize(till, actor, Action.SELL)
    with till.db.read() as connection:
        here = find_by_code(connection, cleaned(code))
        if here is None:
            raise NotFound("device_unknown", field="device", device=code.strip()[:40])
        return _details(till, connection, here)


def list_device_invoices(
    till: Till, actor: Actor, query: InvoiceQuery, *, after: Key | None = None, skip: int = 0, limit: int = 100
) -> tuple[InvoiceRow, ...]:
    """A page of the list by day, behind an invoice's `invoice_key`."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    held = [payment.c.id.label("held_by"), payment.c.state.label("held_state")]
    listed = select(*_INVOICE, device.c.code, customer.c.name.label("owner"), *held)
    with till.db.read() as connection:
        chosen = _invoices(connection, listed, query)
        wanted = page(chosen, _INVOICE_ORDER, descending=query.descending, after=after, skip=skip, limit=limit)
        return tuple(_invoice_row(row) for row in connection.execute(wanted))


def invoice_key(row: InvoiceRow) -> Key:
    """Where a row stands in the list."""
    return (row.day, row.id)


def count_device_invoices(till: Till, actor: Actor, query: InvoiceQuery) -> int:
    """How many the list has."""
    authorize(till, actor, Action.VIEW_PAYMENTS)
    with till.db.read() as connection:
        return int(
            connection.execute(_invoices(connection, select(func.count(device_invoice.c.id)), query)).scalar_one()
        )


def _found(connection: Connection, text: str, *names: ColumnElement[str]) -> list[ColumnElement[bool]]:
    """Its own name begins so, or its customer is found as in the list of customers: by any word, without accents."""
    text = cleaned(text)
    words = text.strip().lower()
    if not words:
        return []
    own = [func.lower(name).startswith(words, autoescape=True) for name in names]
    of_owner = search_words(text)
    return [or_(*own, *([matching(connection, customer, of_owner)] if of_owner else []))]


def _devices(connection: Connection, query: Any, wanted: DeviceQuery) -> Any:
    conditions = _found(connection, wanted.text, device.c.code, device.c.name, customer.c.phone)
    if wanted.statuses:
        conditions.append(device.c.status.in_(sorted(wanted.statuses)))
    if wanted.customer_id is not None:
        conditions.append(device.c.customer_id == wanted.customer_id)
    if wanted.owing:
        mine = (device_invoice.c.device_id == device.c.id) & (device_invoice.c.state == DeviceInvoiceState.OPEN)
        conditions.append(select(device_invoice.c.id).where(mine).exists())
    return query.select_from(device.join(customer, customer.c.id == device.c.customer_id)).where(*conditions)


def _invoices(connection: Connection, query: Any, wanted: InvoiceQuery) -> Any:
    mine = (allocation.c.thing_kind == DEVICE_INVOICE_THING) & (allocation.c.live == 1)
    tables = (
        device_invoice.join(device, device.c.id == device_invoice.c.device_id)
        .join(customer, customer.c.id == device_invoice.c.customer_id)
        .outerjoin(allocation, mine & (allocation.c.thing_id == device_invoice.c.id))
        .outerjoin(payment, payment.c.id == allocation.c.payment_id)
    )
    conditions = _found(connection, wanted.text, device_invoice.c.number, device.c.code)
    if wanted.states:
        conditions.append(device_invoice.c.state.in_(sorted(wanted.states)))
    if wanted.device_id is not None:
        conditions.append(device_invoice.c.device_id == wanted.device_id)
    if wanted.first is not None:
        conditions.append(device_invoice.c.day >= wanted.first)
    if wanted.last is not None:
        conditions.append(device_invoice.c.day <= wanted.last)
    return query.select_from(tables).where(*conditions)


def _details(till: Till, connection: Connection, here: DeviceRecord) -> DeviceDetails:
    invoices = list_open(connection, here.id, MOST_OPEN)
    holders = _holders(connection, [each.id for each in invoices])
    today = till.store_day(till.clock.now())
    rows = (
        OpenInvoice(each, (today - each.day).days, *holders.get(each.id, (None, None)))
        for each in invoices
    )  # fmt: skip
    return DeviceDetails(here, load_owner(connection, here.customer_id), tuple(rows), count_open(connection, here.id))


def _holders(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[int, PaymentState]]:
    """The live payments of invoices: one look for all."""
    mine = (allocation.c.thing_kind == DEVICE_INVOICE_THING) & allocation.c.thing_id.in_(ids) & (allocation.c.live == 1)
    query = select(allocation.c.thing_id, payment.c.id, payment.c.state)
    rows = connection.execute(query.join(payment, payment.c.id == allocation.c.payment_id).where(mine))
    return {row[0]: (row[1], row[2]) for row in rows}


def _device_row(row: Row[Any]) -> DeviceRow:
    here = DeviceRecord(*row[: len(_DEVICE)])
    owed = Money(int(row.owed_minor), here.currency)
    return DeviceRow(here, row.owner, row.phone, row.open_count, owed, row.oldest)


def _invoice_row(row: Row[Any]) -> InvoiceRow:
    return InvoiceRow(
        id=row.id,
        number=row.number,
        device_id=row.device_id,
        device_code=row.code,
        customer=row.owner,
        day=row.day,
        amount=Money(row.amount_minor, row.currency),
        origin=row.origin,
        state=row.state,
        created_at=row.created_at,
        reason=row.reason or "",
        version=row.version,
        payment_id=row.held_by,
        payment_state=row.held_state,
    )
