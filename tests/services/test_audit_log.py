"""The audit as a list: every entry once, the newest first, found by words, areas and days; a broken chain is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.factories.clock import START, FakeClock
from tests.factories.people import signed_in
from tests.factories.tills import make_till
from tillgate.domain.staff import Actor, Role
from tillgate.services.audit_log import AuditArea, AuditQuery, AuditRecord, check_audit, count_audit, list_audit
from tillgate.services.till import Till

EVERYTHING = AuditQuery()


@pytest.fixture
def told(till: Till, clock: FakeClock, engine: Engine, manager: Actor) -> Till:
    """Twelve entries of two tills over three days, some of them at one instant."""
    other = make_till(engine, clock, till_id="T2")
    cashier = signed_in(till, Role.CASHIER, "Asha 100%")
    for _day in range(3):
        for one, actor in ((till, cashier), (other, other.system)):
            with one.db.write(actor) as uow:
                uow.record("signed_in", actor.label, till=one.id)
                uow.record("payment_captured", "payment:17", amount="INR 25.00")
        clock.advance(86_400)
    return till


def everything(till: Till, actor: Actor, query: AuditQuery, window: int) -> list[AuditRecord]:
    """All rows by keyset windows."""
    found: list[AuditRecord] = []
    while rows := list_audit(till, actor, query, found[-1].position if found else None, skip=0, limit=window):
        found += rows
    return found


@pytest.fixture
def manager(till: Till) -> Actor:
    return signed_in(till, Role.MANAGER, lasts=timedelta(days=30))


@pytest.mark.parametrize("window", [1, 5, 100])
def test_every_entry_comes_once_and_in_order(told: Till, manager: Actor, window: int) -> None:
    rows = everything(told, manager, EVERYTHING, window)
    assert len(rows) == count_audit(told, manager, EVERYTHING) == 12
    positions = [row.position for row in rows]
    assert positions == sorted(set(positions), reverse=True)
    assert list_audit(told, manager, EVERYTHING, positions[2], skip=4, limit=2) == rows[7:9]


def test_an_entry_says_who_did_what_where(told: Till, manager: Actor) -> None:
    oldest = everything(told, manager, EVERYTHING, 100)[-1]
    assert (oldest.till_id, oldest.seq, oldest.at) == ("T1", 1, START)
    assert (oldest.person, oldest.event, oldest.values) == ("Asha 100%", "signed_in", {"till": "T1"})
    system = [row for row in everything(told, manager, EVERYTHING, 100) if row.till_id == "T2"]
    assert {row.person for row in system} == {""}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (AuditQuery(text="payment 17"), 6),
        (AuditQuery(text="ASHA 100%"), 6),
        (AuditQuery(text="100_"), 0),
        (AuditQuery(text="25.00"), 6),
        (AuditQuery(area=AuditArea.SIGN_IN), 6),
        (AuditQuery(area=AuditArea.MONEY), 6),
        (AuditQuery(area=AuditArea.SETTINGS), 0),
        (AuditQuery(since=START + timedelta(days=1), until=START + timedelta(days=2)), 4),
        (AuditQuery(text="payment", area=AuditArea.MONEY, until=START + timedelta(seconds=1)), 2),
    ],
)
def test_it_is_found(told: Till, manager: Actor, query: AuditQuery, count: int) -> None:
    assert len(everything(told, manager, query, 4)) == count_audit(told, manager, query) == count


def test_a_chain_that_holds_and_one_that_does_not(told: Till, manager: Actor, engine: Engine) -> None:
    status = check_audit(told, manager)
    assert (status.holds, status.entries) == (True, 12)
    with engine.execution_options(writing=True).begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER guard_audit_update")
        else:
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER ALL")
        connection.exec_driver_sql("UPDATE audit SET actor = 'staff:99' WHERE till_id = 'T2' AND seq = 3")
        if engine.dialect.name != "sqlite":
            connection.exec_driver_sql("ALTER TABLE audit ENABLE TRIGGER ALL")
    status = check_audit(told, manager)
    assert status.fault is not None
    assert (status.fault.till_id, status.fault.seq, status.fault.reason) == ("T2", 3, "row_changed")
