"""Bulk orders, instalment orders and instalments as frozen records: how they are read, locked and changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func, select, update

from tillgate.domain.errors import Bug, NotFound
from tillgate.domain.instalments import (
    BULK_MOVES,
    INSTALMENT_THING,
    ORDER_MOVES,
    BulkState,
    DeliveryAddress,
    FailedItem,
    InstalmentOrderState,
    InstalmentState,
    PayBy,
    Plan,
)
from tillgate.domain.money import Money
from tillgate.services.batch_rows import read_error
from tillgate.services.records import columns
from tillgate.store.models import allocation, bulk_order, instalment, instalment_order
from tillgate.store.statements import Statement, update_rows
from tillgate.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class BulkRecord:
    """One press of Place order: several orders, one first payment."""

    id: int
    number: str
    key: str
    request_sha256: str
    customer_id: int
    currency: str
    pay_by: PayBy
    provider: str
    state: BulkState
    delivery_name: str
    delivery_phone: str
    address_line1: str
    address_line2: str
    city: str
    region: str
    pincode: str
    country: str
    landmark: str
    item_count: int
    failed_items: str
    first_total_minor: int
    first_payment_id: int | None
    day: date
    till_id: str
    created_by: int | None
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    version: int

    @property
    def first_total(self) -> Money:
        """The sum of the first instalments of its orders."""
        return Money(self.first_total_minor, self.currency)

    @property
    def address(self) -> DeliveryAddress:
        """Where it goes."""
        return DeliveryAddress(
            name=self.delivery_name,
            phone=self.delivery_phone,
            line1=self.address_line1,
            line2=self.address_line2,
            city=self.city,
            region=self.region,
            pincode=self.pincode,
            country=self.country,
            landmark=self.landmark,
        )

    @property
    def failed(self) -> tuple[FailedItem, ...]:
        """The items that were left out."""
        return tuple(_failed_item(row) for row in json.loads(self.failed_items))

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"bulk:{self.id}"


def _failed_item(row: dict[str, str | int]) -> FailedItem:
    error = read_error(str(row["reason"]), str(row["error_values"]))
    return FailedItem(int(row["index"]), error.code, error.values)


@dataclass(frozen=True, slots=True)
class InstalmentOrderRecord:
    """One product on one plan."""

    id: int
    number: str
    bulk_order_id: int
    position: int
    customer_id: int
    product_id: int
    variant_id: int
    product_name: str
    picture: str
    currency: str
    unit_minor: int
    quantity: int
    total_days: int
    discount_minor: int
    coupon_id: int | None
    total_minor: int
    paid_minor: int
    paid_count: int
    returned_minor: int
    state: InstalmentOrderState
    cancel_reason: str | None
    referrer_id: int | None
    commission_bp: int
    commission_minor: int
    created_at: datetime
    activated_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    version: int

    @property
    def total(self) -> Money:
        """Unit price x quantity less the coupon."""
        return Money(self.total_minor, self.currency)

    @property
    def discount(self) -> Money:
        """What its coupon takes off."""
        return Money(self.discount_minor, self.currency)

    @property
    def paid(self) -> Money:
        """The sum of its paid instalments."""
        return Money(self.paid_minor, self.currency)

    @property
    def returned(self) -> Money:
        """What of it went back while its instalments stay paid."""
        return Money(self.returned_minor, self.currency)

    @property
    def remaining(self) -> Money:
        """What is still to be paid; nothing of a cancelled order."""
        over = self.state is InstalmentOrderState.CANCELLED
        return Money(0 if over else self.total_minor - self.paid_minor, self.currency)

    @property
    def plan(self) -> Plan:
        """Its schedule."""
        return Plan(self.total, self.total_days)

    @property
    def daily(self) -> Money:
        """What a day costs: the first day's amount where the total is no multiple of the days."""
        return self.plan.daily

    @property
    def subject(self) -> str:
        """How the audit names it."""
        return f"instalment_order:{self.id}"


@dataclass(frozen=True, slots=True)
class InstalmentRecord:
    """One day of an order."""

    id: int
    order_id: int
    number: int
    due_on: date
    amount_minor: int
    state: InstalmentState
    payment_id: int | None
    paid_at: datetime | None
    returned_minor: int


_BULK: Final = columns(BulkRecord, bulk_order)
_ORDER: Final = columns(InstalmentOrderRecord, instalment_order)
_INSTALMENT: Final = columns(InstalmentRecord, instalment)
_B, _O, _I = bulk_order.c, instalment_order.c, instalment.c
_LOAD: Final = Statement(select(*_BULK).where(_B.id == bindparam("id")))
_LOCK: Final = Statement(select(*_BULK).where(_B.id == bindparam("id")).with_for_update())
_BY_NUMBER: Final = Statement(select(*_BULK).where(_B.number == bindparam("number")))
_BY_KEY: Final = Statement(select(*_BULK).where(_B.key == bindparam("key")))
_LOAD_ORDER: Final = Statement(select(*_ORDER).where(_O.id == bindparam("id")))
_LOCK_ORDER: Final = Statement(select(*_ORDER).where(_O.id == bindparam("id")).with_for_update())
_ORDER_BY_NUMBER: Final = Statement(select(*_ORDER).where(_O.number == bindparam("number")))
_OF_BULK: Final = Statement(select(*_ORDER).where(_O.bulk_order_id == bindparam("bulk")).order_by(_O.position))
_LOCK_OF_BULK: Final = Statement(
    select(*_ORDER).where(_O.bulk_order_id == bindparam("bulk")).order_by(_O.id).with_for_update()
)
_OF_ORDER: Final = Statement(select(*_INSTALMENT).where(_I.order_id == bindparam("order")).order_by(_I.number))
_FIRST_OF_BULK: Final = Statement(
    select(*_INSTALMENT)
    .join(instalment_order, _O.id == _I.order_id)
    .where(_O.bulk_order_id == bindparam("bulk"), _I.number == 1)
    .order_by(_O.position)
)
_OF_PAYMENT: Final = Statement(
    select(*_INSTALMENT)
    .join(allocation, (allocation.c.thing_kind == INSTALMENT_THING) & (allocation.c.thing_id == _I.id))
    .where(allocation.c.payment_id == bindparam("payment"))
    .order_by(_I.order_id, _I.number)
)


def load_bulk(connection: Connection, bulk_id: int, *, lock: bool = False) -> BulkRecord:
    """Raises NotFound("bulk_unknown")."""
    row = (_LOCK if lock else _LOAD).first(connection, id=bulk_id)
    if row is None:
        raise NotFound("bulk_unknown", bulk=bulk_id)
    return BulkRecord(*row)


def find_bulk(connection: Connection, number: str) -> BulkRecord | None:
    """By its number, as `clean_bulk_number` gives it."""
    row = _BY_NUMBER.first(connection, number=number)
    return BulkRecord(*row) if row else None


def find_bulk_by_key(connection: Connection, key: str) -> BulkRecord | None:
    """The bulk order that a press made."""
    row = _BY_KEY.first(connection, key=key)
    return BulkRecord(*row) if row else None


def list_orders_of(connection: Connection, bulk_id: int, *, lock: bool = False) -> list[InstalmentOrderRecord]:
    """A bulk order's orders; in the order of its items, or locked in that of their ids."""
    return [InstalmentOrderRecord(*row) for row in (_LOCK_OF_BULK if lock else _OF_BULK).rows(connection, bulk=bulk_id)]


def load_order(connection: Connection, order_id: int, *, lock: bool = False) -> InstalmentOrderRecord:
    """Raises NotFound("instalment_order_unknown")."""
    row = (_LOCK_ORDER if lock else _LOAD_ORDER).first(connection, id=order_id)
    if row is None:
        raise NotFound("instalment_order_unknown", order=order_id)
    return InstalmentOrderRecord(*row)


def find_order(connection: Connection, number: str) -> InstalmentOrderRecord | None:
    """By its number, as `clean_order_number` gives it."""
    row = _ORDER_BY_NUMBER.first(connection, number=number)
    return InstalmentOrderRecord(*row) if row else None


def list_instalments(connection: Connection, order_id: int) -> list[InstalmentRecord]:
    """An order's schedule, day by day."""
    return [InstalmentRecord(*row) for row in _OF_ORDER.rows(connection, order=order_id)]


def list_first_instalments(connection: Connection, bulk_id: int) -> list[InstalmentRecord]:
    """What a bulk order's first payment is for, in the order of its items."""
    return [InstalmentRecord(*row) for row in _FIRST_OF_BULK.rows(connection, bulk=bulk_id)]


def instalments_of_payment(connection: Connection, payment_id: int) -> list[InstalmentRecord]:
    """What a payment is for, whether it pays them or not; by order, then day."""
    return [InstalmentRecord(*row) for row in _OF_PAYMENT.rows(connection, payment=payment_id)]


def change_bulk(uow: UnitOfWork, found: BulkRecord, **values: object) -> None:
    """Change columns of a bulk order that is locked. Raises Bug for a move that the table does not have."""
    target = values.get("state", found.state)
    if isinstance(target, BulkState) and target is not found.state and target not in BULK_MOVES[found.state]:
        raise Bug("bulk_move", source=found.state.value, target=target.value)
    where = {"id": found.id, "version": found.version}
    if update_rows(uow.connection, bulk_order, where, {**values, "version": found.version + 1}) != 1:
        raise Bug("bulk_changed", bulk=found.id)


def change_order(uow: UnitOfWork, found: InstalmentOrderRecord, **values: object) -> InstalmentOrderRecord:
    """Change columns of an order that is locked; as it is then. Raises Bug for a move that the table does not have."""
    target = values.get("state", found.state)
    known = isinstance(target, InstalmentOrderState)
    if known and target is not found.state and target not in ORDER_MOVES[found.state]:
        raise Bug("instalment_order_move", source=found.state.value, target=str(target))
    where = {"id": found.id, "version": found.version}
    if update_rows(uow.connection, instalment_order, where, {**values, "version": found.version + 1}) != 1:
        raise Bug("instalment_order_changed", order=found.id)
    return load_order(uow.connection, found.id)


def move_instalments(
    uow: UnitOfWork, ids: Iterable[int], source: InstalmentState, target: InstalmentState, **values: object
) -> None:
    """Move instalments of orders that are locked. Raises Bug unless each of them is where it is said to be."""
    wanted = sorted(ids)
    mine = _I.id.in_(wanted) & (_I.state == source)
    if uow.execute(update(instalment).where(mine).values(state=target, **values)).rowcount != len(wanted):
        raise Bug("instalments_changed", source=source.value, target=target.value)


def move_all(uow: UnitOfWork, order_id: int, source: InstalmentState, target: InstalmentState) -> int:
    """Move every instalment of an order that is in a state; how many those were."""
    mine = (_I.order_id == order_id) & (_I.state == source)
    return int(uow.execute(update(instalment).where(mine).values(state=target)).rowcount)


def sum_paid(connection: Connection, order_id: int) -> tuple[int, int, int]:
    """Of an order's paid instalments: their sum, how many there are, and what of them went back."""
    mine = (_I.order_id == order_id) & (_I.state == InstalmentState.PAID)
    sums = (func.coalesce(func.sum(_I.amount_minor), 0), func.count(), func.coalesce(func.sum(_I.returned_minor), 0))
    paid, count, returned = connection.execute(select(*sums).where(mine)).one()
    return int(paid), int(count), int(returned)
