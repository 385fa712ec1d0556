"""Batch payment in the crash tests: a device's days are invoiced and paid one after another, and what must hold once a
killed till has come back and the batch was resumed."""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final, Protocol

from sqlalchemy import select

from tests.crash.shop import Shop
from tillgate.domain.batch import BatchState, ItemState
from tillgate.domain.devices import DEVICE_INVOICE_THING, DeviceInvoiceState
from tillgate.domain.money import Money
from tillgate.domain.payment import Fulfilment, Purpose
from tillgate.services.batch_payment import StartBatch, new_batch_key, run_batch, start_batch
from tillgate.services.batch_views import ItemView
from tillgate.services.daily_invoices import run_daily
from tillgate.services.devices import DeviceDraft, save_device
from tillgate.store.models import payment_batch

TABLES: Final = ("device", "device_invoice", "payment_batch", "payment_batch_item")
_RATE: Final = Money(450_000, "INR")
_DAYS: Final = 3


class Books(Protocol):
    """Every row of ours by table."""

    rows: dict[str, list[Any]]


def pay_a_new_device(shop: Shop) -> tuple[ItemView, ...]:
    """A device that has run for three days is invoiced for them, twice, and its batch paid: pressed for twice."""
    till = shop.till
    code = f"BIKE{secrets.token_hex(6).upper()}"
    first = till.store_day(shop.clock.now()) - timedelta(days=_DAYS - 1)
    save_device(till, shop.manager, DeviceDraft(code, "Bicycle", shop.customer_id, _RATE, starts_on=first))
    run_daily(till)
    run_daily(till)
    press = StartBatch(new_batch_key(), code, _DAYS, "payer@example.com", "razorpay", "link")
    numbers = {start_batch(till, shop.cashier, press) for _ in range(2)}
    assert len(numbers) == 1, f"one press made the batches {numbers}"
    return run_batch(till, shop.cashier, numbers.pop()).items


def resume(shop: Shop) -> None:
    """After a restart the days are caught up, and the cashier resumes every batch that was cut off."""
    run_daily(shop.till)
    with shop.till.db.read() as connection:
        query = select(payment_batch.c.id).where(payment_batch.c.state == BatchState.RUNNING)
        numbers = [int(row.id) for row in connection.execute(query.order_by(payment_batch.c.id))]
    for each in numbers:
        run_batch(shop.till, shop.cashier, each)


def every_day_is_owed_once(story: Books) -> Iterator[str]:
    """A device has one invoice for each day up to the last that the run is done with, and none besides."""
    days: dict[int, Counter[Any]] = defaultdict(Counter)
    for each in story.rows["device_invoice"]:
        days[each.device_id][each.day] += 1
    for each in story.rows["device"]:
        found = days[each.id]
        missing = max(found, default=each.invoiced_until) != each.invoiced_until
        if missing or any(count != 1 for count in found.values()) or len(found) < _DAYS:
            yield f"device {each.code} has invoices {dict(found)} up to {each.invoiced_until}"


def each_invoice_is_paid_once(story: Books) -> Iterator[str]:
    """An invoice is paid where one payment for it was used, by exactly that one."""
    things = {
        each.payment_id: each.thing_id for each in story.rows["allocation"] if each.thing_kind == DEVICE_INVOICE_THING
    }
    used: dict[int, list[int]] = defaultdict(list)
    for each in story.rows["payment"]:
        if each.purpose is Purpose.DEVICE_INVOICE and each.fulfilment is Fulfilment.DONE:
            used[things[each.id]].append(each.id)
    for each in story.rows["device_invoice"]:
        settled = each.state in (DeviceInvoiceState.PAID, DeviceInvoiceState.REFUNDED)
        if used[each.id] != ([each.payment_id] if settled else []):
            yield f"invoice {each.number} is {each.state} by {each.payment_id}; used were {used[each.id]}"


def no_batch_is_left_half_way(story: Books) -> Iterator[str]:
    """Every batch was seen through: each of its invoices has its payment, or a reason why not."""
    for each in story.rows["payment_batch"]:
        if each.state is not BatchState.DONE or each.lease_until is not None:
            yield f"batch {each.id} is {each.state}"
    for each in story.rows["payment_batch_item"]:
        if each.state in (ItemState.WAITING, ItemState.WORKING):
            yield f"item {each.position} of batch {each.batch_id} is {each.state}"
        if each.state is ItemState.FAILED:
            yield f"item {each.position} of batch {each.batch_id} failed: {each.reason}"
