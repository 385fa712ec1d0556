"""The daily run: each active device owes its rate for each store day, once (product.md, ruling 7).

A day is invoiced as it begins, in the store's own zone. Days on which no till ran are caught up by the next run, at
most MOST_DAYS_BACK of them; a day that a device has an invoice for already, whatever became of it and wherever it came
from, gets no second one. Runs of several tills lock a device before they look, and the database holds what the lock
is for: one invoice of the run per device and day, one per device, day and rate.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Final

from sqlalchemy import ColumnElement, Exists, select

from tillgate.domain.devices import DeviceStatus, InvoiceOrigin, days_due
from tillgate.domain.staff import Action, Actor
from tillgate.failpoints import fp
from tillgate.services.access import authorize
from tillgate.services.device_rows import DeviceRecord, days_invoiced, load_device, write_invoice
from tillgate.services.till import Till
from tillgate.store.models import device, device_invoice
from tillgate.store.statements import update_rows
from tillgate.store.unit_of_work import UnitOfWork

log: Final = logging.getLogger("tillgate.devices")


@dataclass(frozen=True, slots=True)
class DailyRun:
    """What a run made. `left_out` are days too far back for it; `failed` devices are tried again by the next run."""

    devices: int = 0
    invoices: int = 0
    left_out: int = 0
    failed: int = 0

    def __add__(self, other: DailyRun) -> DailyRun:
        return DailyRun(
            self.devices + other.devices,
            self.invoices + other.invoices,
            self.left_out + other.left_out,
            self.failed + other.failed,
        )


def make_daily_invoices(till: Till, actor: Actor) -> DailyRun:
    """The button: run now rather than when the timer does. Needs a manager."""
    authorize(till, actor, Action.EDIT_CATALOGUE)
    return run_daily(till, by=actor)


def run_daily(till: Till, *, by: Actor | None = None) -> DailyRun:
    """Invoice every active device up to today, each in a transaction of its own: one that fails holds up no other.

    Run it as often as you like: a second run makes nothing.
    """
    today = till.store_day(till.clock.now())
    ran = DailyRun()
    for device_id in list_due_devices(till, today):
        try:
            ran += till.db.transact(by or till.system, partial(_invoice_one, till, device_id))
        except Exception:
            log.exception("a device could not be invoiced", extra={"device": device_id})
            ran += DailyRun(failed=1)
    if ran.invoices or ran.failed:
        log.info("daily invoices", extra={"devices": ran.devices, "invoices": ran.invoices, "failed": ran.failed})
    return ran


def list_due_devices(till: Till, today: date) -> list[int]:
    """Active devices that are not invoiced up to today, or were invoiced ahead of it by a clock that was wrong."""
    due = (device.c.invoiced_until < today) | ((device.c.invoiced_until > today) & _ran_ahead(device.c.id, today))
    query = select(device.c.id).where(device.c.status == DeviceStatus.ACTIVE, due)
    with till.db.read() as connection:
        return [int(row.id) for row in connection.execute(query.order_by(device.c.id))]


def invoice_until(uow: UnitOfWork, here: DeviceRecord, last: date) -> DailyRun:
    """Invoice a locked device up to a day; nothing where it is not active, or is invoiced so far already."""
    if here.status is not DeviceStatus.ACTIVE or here.invoiced_until == last:
        return DailyRun()
    until = here.invoiced_until
    if until > last:
        # A device that begins later has no invoice yet; one with days that are still to come was ahead with the clock.
        if not uow.connection.execute(select(_ran_ahead(here.id, last))).scalar_one():
            return DailyRun()
        # Days between then and now may be those of a pause, so that nobody is charged for them.
        uow.record("device.clock_was_ahead", here.subject, until=until.isoformat(), today=last.isoformat())
        until = last - timedelta(days=1)
    due = days_due(until, last)
    there = days_invoiced(uow.connection, here.id, due.first)
    missing = [each for each in due.days if each not in there]
    for each in missing:
        write_invoice(uow, here, each, here.rate, InvoiceOrigin.DAILY)
        fp("daily.inside")
    update_rows(uow.connection, device, {"id": here.id}, {"invoiced_until": last, "version": here.version + 1})
    if due.left_out:
        first = until + timedelta(days=1)
        uow.record("device.days_left_out", here.subject, first=first.isoformat(), days=due.left_out)
    return DailyRun(int(bool(missing)), len(missing), due.left_out)


def _ran_ahead(device_id: ColumnElement[int] | int, today: date) -> Exists:
    """Whether the daily run made an invoice for a day after today."""
    mine = (device_invoice.c.device_id == device_id) & (device_invoice.c.day > today)
    return select(device_invoice.c.id).where(mine, device_invoice.c.origin == InvoiceOrigin.DAILY).exists()


def _invoice_one(till: Till, device_id: int, uow: UnitOfWork) -> DailyRun:
    """Up to the day that it is now: midnight, and another till's run, may have come since the run began."""
    here = load_device(uow.connection, device_id, lock=True)
    return invoice_until(uow, here, till.store_day(till.clock.now()))
