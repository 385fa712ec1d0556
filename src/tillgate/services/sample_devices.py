"""The sample devices for training and the demo, in COP: BIKE001 owes the document's three invoices (rulings 6 and 7),
the others what the daily run makes of the days before today.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, select

from tillgate.domain.devices import DeviceStatus, InvoiceOrigin, parse_number
from tillgate.domain.money import Money
from tillgate.paths import resource
from tillgate.services.daily_invoices import invoice_until
from tillgate.services.device_rows import days_invoiced, load_device, write_invoice
from tillgate.services.devices import DeviceDraft, device_row, insert_device
from tillgate.services.till import Till
from tillgate.store.models import customer, device
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DeviceCounts:
    """What was added."""

    customers: int
    devices: int
    invoices: int


def load_sample_devices(till: Till) -> DeviceCounts:
    """Add what is missing of the sample devices, in one transaction; what is there stays as it is."""
    given = json.loads(resource("sample", "devices.json").read_text(encoding="utf-8"))
    today = till.store_day(till.clock.now())
    return till.db.transact(till.system, lambda uow: load_devices(uow, given, today))


def load_devices(uow: UnitOfWork, given: Mapping[str, Any], today: date) -> DeviceCounts:
    """The same for devices given as in devices.json, inside a transaction."""
    known = _ids(uow, customer.c.phone)
    people = [each for each in given["customers"] if each["phone"] not in known]
    for each in people:
        insert_row(uow.connection, customer, {**each, "note": "", "created_at": uow.now})
    there = _ids(uow, device.c.code)
    new = [each for each in given["devices"] if each["code"] not in there]
    made = sum(_add_device(uow, each, given["currency"], today) for each in new)
    made += _add_invoices(uow, given)
    counts = DeviceCounts(len(people), len(new), made)
    if people or new or made:
        uow.record("sample.loaded", "sample", devices=len(new), device_invoices=made, customers=len(people))
    return counts


def _add_device(uow: UnitOfWork, given: Mapping[str, Any], currency: str, today: date) -> int:
    """A device that has run for the days that it owes; how many invoices that made."""
    owner = _ids(uow, customer.c.phone)[given["customer"]]
    rate = Money(given["rate_minor"], currency)
    draft = DeviceDraft(given["code"], given["name"], owner, rate, DeviceStatus(given["status"]))
    starts_on = today - timedelta(days=given["owes_days"] - 1)
    made = insert_device(uow, device_row(draft), starts_on, today)
    return invoice_until(uow, load_device(uow.connection, made), today).invoices


def _add_invoices(uow: UnitOfWork, given: Mapping[str, Any]) -> int:
    """Those of days that their device has no invoice for; how many."""
    devices, made = _ids(uow, device.c.code), 0
    for each in given["invoices"]:
        number = parse_number(each["number"])
        owner = load_device(uow.connection, devices[number.device])
        if number.day not in days_invoiced(uow.connection, owner.id, number.day):
            amount = Money(each["amount_minor"], owner.currency)
            write_invoice(uow, owner, number.day, amount, InvoiceOrigin.IMPORTED, number=str(number))
            made += 1
    return made


def _ids(uow: UnitOfWork, key: Column[Any]) -> dict[str, int]:
    return {row[0]: int(row[1]) for row in uow.execute(select(key, key.table.c["id"]))}
