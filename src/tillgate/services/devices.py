"""Devices, kept by a manager: out of use instead of deleted. What they owe: services/device_lists.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from tillgate.domain.catalogue import HIGHEST_PRICE_MINOR, check_code, check_title
from tillgate.domain.devices import DeviceStatus
from tillgate.domain.errors import Invalid, Refused, Stale
from tillgate.domain.money import Money
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.customers import load_customer_in
from tillgate.services.daily_invoices import invoice_until
from tillgate.services.device_rows import load_device
from tillgate.services.till import Till
from tillgate.store.models import device
from tillgate.store.statements import insert_row, update_rows
from tillgate.store.unit_of_work import UnitOfWork

_DAY: Final = timedelta(days=1)
# How far ahead, or back, a new device may begin to be invoiced.
_LATEST_START: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class DeviceDraft:
    """A device as it should be. Its code and currency stay what they were when it was made.

    `starts_on` is the first day that it is invoiced for, today if not given; it counts for a new device only.
    """

    code: str
    name: str
    customer_id: int
    rate: Money
    status: DeviceStatus = DeviceStatus.ACTIVE
    starts_on: date | None = None


def save_device(till: Till, actor: Actor, draft: DeviceDraft, *, device_id: int | None = None, version: int = 0) -> int:
    """Make a device, or change the one of `device_id` as it was at `version`; its number. Needs a manager.

    What changes counts from tomorrow: the days up to today are first invoiced as the device was, to whom had it. One
    that is made active again is invoiced from today on, and not for the time between.

    Raises Invalid with the field, Refused("code_taken" | "device_fixed"), NotFound("device_unknown" |
    "customer_unknown"), Stale("device_changed").
    """
    authorize(till, actor, Action.EDIT_CATALOGUE)
    today = till.store_day(till.clock.now())
    row = device_row(draft)

    def work(uow: UnitOfWork) -> int:
        load_customer_in(uow.connection, draft.customer_id)
        if device_id is not None:
            return _change(uow, device_id, version, row, today)
        return insert_device(uow, row, draft.starts_on or today, today)

    try:
        return till.db.transact(actor, work)
    except IntegrityError as error:
        raise Refused("code_taken", field="code") from error


def device_row(draft: DeviceDraft) -> dict[str, Any]:
    """The row of a device. Raises Invalid with the field."""
    if not 0 < draft.rate.minor <= HIGHEST_PRICE_MINOR:
        highest = Money(HIGHEST_PRICE_MINOR, draft.rate.currency)
        raise Invalid("device_rate", field="rate", highest=highest)
    return {
        "code": check_code(draft.code),
        "name": check_title(draft.name),
        "customer_id": draft.customer_id,
        "rate_minor": draft.rate.minor,
        "currency": draft.rate.currency,
        "status": draft.status,
    }


def insert_device(uow: UnitOfWork, row: dict[str, Any], starts_on: date, today: date) -> int:
    """Insert a checked row, audited. Raises Invalid("device_start")."""
    if abs(starts_on - today) > _LATEST_START:
        raise Invalid("device_start", field="starts_on", day=starts_on.isoformat())
    whole = {**row, "invoiced_until": starts_on - _DAY, "created_by": uow.actor.staff_id, "created_at": uow.now}
    made = insert_row(uow.connection, device, whole)
    uow.record("device.saved", f"device:{made}", made=True, **_said(row))
    return made


def _change(uow: UnitOfWork, device_id: int, version: int, row: dict[str, Any], today: date) -> int:
    here = load_device(uow.connection, device_id, lock=True)
    if here.version != version:
        raise Stale("device_changed", device=device_id)
    for name in ("code", "currency"):
        if getattr(here, name) != row[name]:
            raise Refused("device_fixed", field=name)
    invoice_until(uow, here, today)
    here = load_device(uow.connection, device_id)
    if row["status"] is DeviceStatus.ACTIVE and here.status is not DeviceStatus.ACTIVE:
        row = {**row, "invoiced_until": max(here.invoiced_until, today - _DAY)}
    update_rows(uow.connection, device, {"id": device_id}, {**row, "version": here.version + 1})
    uow.record("device.saved", here.subject, made=False, **_said(row))
    return device_id


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("code", "customer_id", "rate_minor", "currency", "status")}
