"""Write a bulk order down: its orders with full schedules, stock reserved and coupons held, all or nothing.

Items that can't be ordered are left out and named; the rest go on (ruling 12).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from tillgate.domain.amount_limits import check_limits
from tillgate.domain.errors import Refused
from tillgate.domain.instalments import (
    CURRENCY,
    BulkState,
    DeliveryAddress,
    FailedItem,
    InstalmentOrderState,
    ItemAsk,
    PayBy,
    due_on,
    new_bulk_number,
    new_order_number,
)
from tillgate.domain.money import Money, total
from tillgate.domain.settings import COMMISSION_BP, INSTALMENT_MINUTES
from tillgate.failpoints import fp
from tillgate.services.batch_rows import write_error
from tillgate.services.bulk_items import PricedItem, price_item, variants_meant
from tillgate.services.commissions import referrer_of
from tillgate.services.coupons import hold_coupon, lock_coupons
from tillgate.services.instalment_rows import BulkRecord, find_bulk_by_key, load_bulk
from tillgate.services.instalment_stock import lock_variants, take_pieces
from tillgate.services.till import Till
from tillgate.store.models import bulk_order, instalment_order
from tillgate.store.statements import Statement, insert_row
from tillgate.store.unit_of_work import UnitOfWork

# Of 810,000 numbers for a day one that is taken is rare, and so many in a row are not met.
_TRIES: Final = 20
# A whole schedule in one statement, as `Plan.amounts` and `due_on` have it: a row at a time takes four times as long.
_SCHEDULE: Final = """
    WITH RECURSIVE day(nth) AS (SELECT 1 UNION ALL SELECT nth + 1 FROM day WHERE nth < :days)
    INSERT INTO instalment (order_id, number, due_on, amount_minor, state)
    SELECT :order_id, nth, {due_on}, :least + CASE WHEN nth <= :dearer THEN 1 ELSE 0 END, 'DUE' FROM day
"""
_WRITE_SCHEDULE: Final = {
    dialect: Statement(text(_SCHEDULE.format(due_on=due_on)))
    for dialect, due_on in (
        ("sqlite", "date(:first, (nth - 1) || ' days')"),
        ("postgresql", "to_char(CAST(:first AS date) + (nth - 1), 'YYYY-MM-DD')"),
    )
}


@dataclass(frozen=True, slots=True)
class NewBulk:
    """What is asked for, checked as far as it can be without the database. `provider` is where it is paid."""

    key: str
    sha256: str
    customer_id: int
    items: tuple[ItemAsk, ...]
    address: DeliveryAddress
    pay_by: PayBy
    provider: str


@dataclass(frozen=True, slots=True)
class _Writing:
    """What every part of the writing needs."""

    uow: UnitOfWork
    till: Till
    wanted: NewBulk
    today: date


class _ItemRefused(Exception):
    """An item that turned out not to go while it was written: the others are written again without it."""

    def __init__(self, index: int, error: Refused) -> None:
        super().__init__(index)
        self.index = index
        self.error = error


def write_bulk(uow: UnitOfWork, till: Till, wanted: NewBulk) -> BulkRecord:
    """Raises Refused("bulk_all_failed") with `failed` where no item can be ordered."""
    today = till.store_day(uow.now)
    lock_variants(uow, variants_meant(uow.connection, wanted.items))
    lock_coupons(uow, (each.coupon for each in wanted.items if each.coupon.strip()))
    writing = _Writing(uow, till, wanted, today)
    failed: dict[int, Refused] = {}
    priced = _price(uow.connection, wanted, today, failed)
    taken = 0
    while priced:
        try:
            with uow.savepoint():
                return _write(writing, priced, failed)
        except _ItemRefused as refused:
            failed[refused.index] = refused.error
            del priced[refused.index]
        except IntegrityError:
            # One of the numbers is taken; or the whole press was made at another till a moment ago.
            taken += 1
            if taken > _TRIES or find_bulk_by_key(uow.connection, wanted.key) is not None:
                raise
    raise Refused("bulk_all_failed", failed=tuple(_named(failed)))


def _price(connection: Connection, wanted: NewBulk, today: date, failed: dict[int, Refused]) -> dict[int, PricedItem]:
    priced = {}
    for index, asked in enumerate(wanted.items):
        try:
            priced[index] = price_item(connection, asked, wanted.customer_id, today)
        except Refused as error:
            failed[index] = error
    return priced


def _named(failed: Mapping[int, Refused]) -> list[FailedItem]:
    return [FailedItem(index, error.code, error.values) for index, error in sorted(failed.items())]


def _write(writing: _Writing, priced: Mapping[int, PricedItem], failed: Mapping[int, Refused]) -> BulkRecord:
    uow, wanted, options = writing.uow, writing.wanted, writing.till.settings()
    first_total = total((each.plan.daily for each in priced.values()), CURRENCY)
    if wanted.pay_by is PayBy.RAZORPAY:
        check_limits(wanted.provider, first_total, options)
    bulk = _bulk_row(writing, first_total, failed)
    bulk_id = insert_row(uow.connection, bulk_order, bulk)
    referrer = referrer_of(uow.connection, wanted.customer_id)
    terms = {"referrer_id": referrer, "commission_bp": options[COMMISSION_BP] if referrer is not None else 0}
    for index, item in priced.items():
        row = _order_row(writing, item) | terms | {"bulk_order_id": bulk_id, "position": index}
        order_id = insert_row(uow.connection, instalment_order, row)
        _hold(uow, index, order_id, item, writing.today)
        _plan(uow, order_id, item, writing.today)
        fp("bulk.after_order")
        uow.record("instalment_order.created", f"bulk:{bulk_id}", order=row["number"], total=row["total_minor"])
    uow.record("bulk.created", f"bulk:{bulk_id}", bulk=bulk["number"], orders=len(priced), failed=len(failed))
    return load_bulk(uow.connection, bulk_id)


def _hold(uow: UnitOfWork, index: int, order_id: int, item: PricedItem, today: date) -> None:
    """Stock and coupon: an item before it in the same bulk order may have taken the last of either."""
    try:
        take_pieces(uow, order_id, item.offer.variant_id, item.quantity, item.offer.name)
        if item.coupon is not None and item.ask is not None:
            hold_coupon(uow, item.coupon, item.ask, today, order_id=order_id)
    except Refused as error:
        raise _ItemRefused(index, error) from error


def _plan(uow: UnitOfWork, order_id: int, item: PricedItem, today: date) -> None:
    plan, first = item.plan, due_on(today, 1)
    values = {"days": plan.days, "least": plan.least.minor, "dearer": plan.dearer_days, "first": first.isoformat()}
    _WRITE_SCHEDULE[uow.connection.dialect.name].count(uow.connection, order_id=order_id, **values)


def _bulk_row(writing: _Writing, first_total: Money, failed: Mapping[int, Refused]) -> dict[str, Any]:
    uow, wanted = writing.uow, writing.wanted
    place = wanted.address
    left_out = [{"index": index, **write_error(error)} for index, error in sorted(failed.items())]
    return {
        "number": new_bulk_number(writing.today),
        "key": wanted.key,
        "request_sha256": wanted.sha256,
        "customer_id": wanted.customer_id,
        "currency": CURRENCY,
        "pay_by": wanted.pay_by,
        "provider": wanted.provider,
        "state": BulkState.PENDING,
        "delivery_name": place.name,
        "delivery_phone": place.phone,
        "address_line1": place.line1,
        "address_line2": place.line2,
        "city": place.city,
        "region": place.region,
        "pincode": place.pincode,
        "country": place.country,
        "landmark": place.landmark,
        "item_count": len(wanted.items),
        "failed_items": json.dumps(left_out),
        "first_total_minor": first_total.minor,
        "day": writing.today,
        "till_id": writing.till.id,
        "created_by": uow.actor.staff_id,
        "created_at": uow.now,
        "expires_at": uow.now + timedelta(minutes=writing.till.settings()[INSTALMENT_MINUTES]),
    }


def _order_row(writing: _Writing, item: PricedItem) -> dict[str, Any]:
    offer = item.offer
    return {
        "number": new_order_number(writing.today),
        "customer_id": writing.wanted.customer_id,
        "product_id": offer.product_id,
        "variant_id": offer.variant_id,
        "product_name": offer.name,
        "picture": offer.picture,
        "currency": CURRENCY,
        "unit_minor": offer.unit.minor,
        "quantity": item.quantity,
        "total_days": item.plan.days,
        "discount_minor": item.discount.minor,
        "coupon_id": item.coupon.coupon_id if item.coupon is not None else None,
        "total_minor": item.plan.total.minor,
        "state": InstalmentOrderState.PENDING,
        "created_at": writing.uow.now,
    }
