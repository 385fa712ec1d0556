"""The daily run: each device owes each store day once, however often, late, or by whatever clock it is run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, update

from tests.factories.clock import START, FakeClock
from tests.factories.depot import RATE, Depot, open_depot
from tests.factories.tills import audit_rows, make_till
from tillgate.domain.devices import MOST_DAYS_BACK, DeviceStatus, InvoiceOrigin
from tillgate.domain.money import Money
from tillgate.domain.settings import STORE_ZONE, Settings
from tillgate.services.daily_invoices import make_daily_invoices, run_daily
from tillgate.services.device_invoices import cancel_invoice
from tillgate.services.devices import DeviceDraft, save_device
from tillgate.store.models import device, device_invoice

TODAY = START.date()
_DAY_S = 86_400


def days_of(depot: Depot, device_id: int) -> list[date]:
    return [each.day for each in depot.rows(device_invoice) if each.device_id == device_id]


def test_a_day_is_invoiced_once_and_days_that_the_till_was_off_are_caught_up(depot: Depot, clock: FakeClock) -> None:
    made = save_device(depot.till, depot.manager, depot.draft())
    assert make_daily_invoices(depot.till, depot.manager).invoices == 1
    assert run_daily(depot.till).invoices == run_daily(depot.till_of("T2").till).invoices == 0
    clock.advance(5 * 86_400)
    assert run_daily(depot.till).invoices == 5
    assert days_of(depot, made) == [TODAY + timedelta(days=n) for n in range(6)]
    (row, *_) = [each for each in depot.rows(device_invoice) if each.device_id == made]
    assert (row.amount_minor, row.currency, row.customer_id) == (RATE.minor, "COP", depot.customer_id)
    assert row.number.startswith("INV-BIKE007-20261116-")
    clock.set_back(3 * 86_400)
    assert run_daily(depot.till).invoices == 0


def test_the_day_is_the_stores_own(here: Depot, clock: FakeClock) -> None:
    """09:00 UTC: in Bogotá it is still the same day for twenty hours more, in Auckland not for three."""
    zones = {"America/Bogota": TODAY, "Pacific/Auckland": TODAY + timedelta(days=1)}
    clock.advance(4 * 3_600)
    for zone, day in zones.items():
        there = replace(here, till=replace(here.till, settings=partial(Settings, {STORE_ZONE.name: zone})))
        made = save_device(there.till, there.manager, there.draft(zone[:3].upper()))
        run_daily(there.till)
        assert days_of(there, made) == [day]


def test_midnight_in_the_middle_of_the_run_is_nobodys_wrong_clock(here: Depot, clock: FakeClock) -> None:
    """Another till's run begins after it, and is done before this one comes to its second device."""
    made = [save_device(here.till, here.manager, here.draft(f"BIKE00{n}")) for n in (7, 8, 9)]
    run_daily(here.till)
    clock.advance(_DAY_S)
    ran = []

    def midnight(_entries: object) -> None:
        here.till.db.on_committed = told
        clock.advance(_DAY_S)
        ran.append(run_daily(here.till_of("T2").till))

    told, here.till.db.on_committed = here.till.db.on_committed, midnight
    ran += [run_daily(here.till), run_daily(here.till)]
    assert (len(ran), sum(each.invoices for each in ran)) == (3, 6)
    assert {tuple(days_of(here, each)) for each in made} == {tuple(TODAY + timedelta(days=n) for n in range(3))}
    assert [each for each in audit_rows(here.till) if each[1] == "device.clock_was_ahead"] == []


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("America/New_York", datetime(2026, 10, 31, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 7, tzinfo=UTC)),
        ("Africa/Cairo", datetime(2026, 4, 23, tzinfo=UTC)),
        ("America/Bogota", datetime(2026, 12, 30, tzinfo=UTC)),
    ],
)
def test_a_day_of_23_or_25_hours_is_one_day(sqlite_only: Engine, zone: str, start: datetime) -> None:
    """Run each hour over a change to summer time, at midnight in Cairo, and back, and over the end of a year."""
    clock = FakeClock(start)
    till = make_till(sqlite_only, clock, settings=partial(Settings, {STORE_ZONE.name: zone}))
    here = open_depot(till)
    made = save_device(here.till, here.manager, here.draft())
    for _ in range(4 * 24):
        run_daily(here.till)
        clock.advance(3_600)
    last = here.till.store_day(clock.now() - timedelta(hours=1))
    first = here.till.store_day(start)
    assert days_of(here, made) == [first + timedelta(days=n) for n in range((last - first).days + 1)]


def test_a_store_that_moves_to_another_zone_and_back_owes_each_day_once(here: Depot, clock: FakeClock) -> None:
    clock.advance(5 * 3_600)
    made = save_device(here.till, here.manager, here.draft())
    zones = ("America/Bogota", "Pacific/Auckland", "America/Bogota", "America/Bogota", "Pacific/Auckland")
    for zone in zones:
        till = replace(here.till, settings=partial(Settings, {STORE_ZONE.name: zone}))
        run_daily(till)
        run_daily(till)
        if zone == "America/Bogota":
            clock.advance(_DAY_S)
    assert days_of(here, made) == [TODAY + timedelta(days=n) for n in range(5)]


def test_what_lies_too_far_back_is_left_out_and_said_so(here: Depot, clock: FakeClock) -> None:
    made = save_device(here.till, here.manager, here.draft())
    run_daily(here.till)
    clock.advance(400 * 86_400)
    ran = run_daily(here.till)
    assert (ran.invoices, ran.left_out) == (MOST_DAYS_BACK, 400 - MOST_DAYS_BACK)
    assert days_of(here, made)[-1] == here.till.store_day(clock.now())
    assert [each[3]["days"] for each in audit_rows(here.till) if each[1] == "device.days_left_out"] == [340]
    assert run_daily(here.till).invoices == 0


def test_a_clock_that_was_a_year_ahead_stops_no_device(depot: Depot, clock: FakeClock) -> None:
    depot.device("BIKE007", status=DeviceStatus.ACTIVE)
    later = DeviceDraft("BIKE008", "Begins later", depot.customer_id, Money(5_000_000, "COP"),
                        starts_on=START.date() + timedelta(days=366))  # fmt: skip
    save_device(depot.till, depot.manager, later)
    run_daily(depot.till)
    clock.jump(365 * _DAY_S)
    assert run_daily(depot.till).left_out > 0
    clock.jump(-364 * _DAY_S)
    assert run_daily(depot.till).invoices == 1
    assert run_daily(depot.till).invoices == 0
    clock.advance(_DAY_S)
    assert run_daily(depot.till).invoices == 1
    days = [each.day for each in depot.rows(device_invoice) if each.origin is InvoiceOrigin.DAILY]
    assert len(days) == len(set(days)) == MOST_DAYS_BACK + 3


def test_a_day_that_has_an_invoice_gets_no_second_one(here: Depot, clock: FakeClock) -> None:
    """Imported, or cancelled: the run makes none beside it."""
    made = save_device(here.till, here.manager, here.draft(starts_on=TODAY + timedelta(days=1)))
    here.devices["BIKE007"] = made
    (imported,) = here.owe(1_000_000, code="BIKE007", first=TODAY + timedelta(days=1))
    clock.advance(2 * 86_400)
    here.sign_in_again()
    assert run_daily(here.till).invoices == 1
    cancel_invoice(here.till, here.manager, imported, "not owed after all")
    back = update(device).where(device.c.id == made).values(invoiced_until=TODAY)
    here.till.db.transact(here.till.system, lambda uow: uow.execute(back))
    assert run_daily(here.till).invoices == 0


def test_a_change_counts_from_tomorrow_and_a_pause_is_not_made_up_for(here: Depot, clock: FakeClock) -> None:
    made = save_device(here.till, here.manager, here.draft())
    clock.advance(2 * 86_400)
    here.sign_in_again()
    dearer = here.draft(rate=Money(7_000_000, "COP"))
    save_device(here.till, here.manager, dearer, device_id=made, version=1)
    paused = replace(dearer, status=DeviceStatus.PAUSED)
    clock.advance(86_400)
    here.sign_in_again()
    save_device(here.till, here.manager, paused, device_id=made, version=3)
    clock.advance(5 * 86_400)
    here.sign_in_again()
    assert run_daily(here.till).invoices == 0
    version = next(each.version for each in here.rows(device) if each.id == made)
    save_device(here.till, here.manager, dearer, device_id=made, version=version)
    run_daily(here.till)
    owed = [(each.day.day, each.amount_minor) for each in here.rows(device_invoice) if each.device_id == made]
    assert owed == [(16, 5_000_000), (17, 5_000_000), (18, 5_000_000), (19, 7_000_000), (24, 7_000_000)]
