"""One computer at a time is a till, by the database's clock, whatever the computers' own clocks say."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from tests.factories.clock import FakeClock
from tests.factories.tills import make_till, second_engine
from tillgate.domain.errors import Refused
from tillgate.services.till import Till
from tillgate.services.till_lease import Place, TillLease
from tillgate.store.models import till_lease

FRONT, BACK = Place("front@front-desk", "front-desk"), Place("back@back-room", "back-room")


@pytest.fixture
def other(engine: Engine) -> Iterator[Till]:
    """Another computer with the same till id, and a clock of its own."""
    theirs = second_engine(engine)
    yield make_till(theirs, FakeClock())
    theirs.dispose()


def let_run_out(till: Till) -> None:
    """As the database's clock does by itself in a minute."""
    with till.db.write(till.system) as uow:
        uow.connection.exec_driver_sql("UPDATE till_lease SET lease_until = lease_until - 61000000")


def test_a_second_computer_is_refused_and_told_who_is_the_till(till: Till, other: Till) -> None:
    TillLease(till, FRONT).take()
    with pytest.raises(Refused, match="till_in_use") as refused:
        TillLease(other, BACK).take()
    assert refused.value.values["host"] == "front-desk"
    assert refused.value.values["till"] == till.id
    assert refused.value.values["since"].tzinfo is not None  # type: ignore[attr-defined]
    TillLease(dataclasses.replace(other, id="T2"), BACK).take()


def test_the_same_installation_takes_its_till_back_after_a_crash(till: Till, other: Till) -> None:
    crashed, again = TillLease(till, FRONT), TillLease(other, FRONT)
    crashed.take()
    again.take()
    assert again.trouble() == ""
    assert not crashed.renew()
    assert crashed.trouble() == "till_taken_over"


def test_a_dead_holders_till_is_free_when_its_lease_is_over(till: Till, other: Till) -> None:
    dead, next_one = TillLease(till, FRONT), TillLease(other, BACK)
    dead.take()
    let_run_out(till)
    next_one.take()
    assert next_one.renew()
    assert not dead.renew()
    assert not dead.renew()


def test_a_lease_let_go_is_free_at_once(till: Till, other: Till) -> None:
    first = TillLease(till, FRONT)
    first.take()
    first.release()
    assert first.trouble() == "till_unsure"
    TillLease(other, BACK).take()


# A file has the clock of its one computer.
@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_wrong_clock_takes_nothing(engine: Engine, till: Till) -> None:
    """A computer whose clock is a day ahead, or behind, is refused as any other."""
    TillLease(till, FRONT).take()
    for days in (1, -1, 400):
        theirs = second_engine(engine)
        clock = FakeClock()
        clock.wall += timedelta(days=days)
        with pytest.raises(Refused, match="till_in_use"):
            TillLease(make_till(theirs, clock), BACK).take()
        theirs.dispose()


@pytest.mark.parametrize("jumps", [lambda clock: clock.advance(61), lambda clock: clock.jump(61)])
def test_who_could_not_renew_sells_nothing_until_it_has(till: Till, clock: FakeClock, jumps: object) -> None:
    assert callable(jumps)
    held = TillLease(till, FRONT)
    assert held.trouble() == "till_unsure"
    held.take()
    clock.advance(59)
    assert held.trouble() == ""
    jumps(clock)
    assert held.trouble() == "till_unsure"
    assert held.renew()
    assert held.trouble() == ""


def test_of_many_that_come_at_once_one_is_the_till(engine: Engine, till: Till) -> None:
    engines = [second_engine(engine) for _ in range(6)]
    together = threading.Barrier(6)

    def come(number: int) -> bool:
        lease = TillLease(make_till(engines[number], FakeClock()), Place(f"i{number}", f"host-{number}"))
        together.wait(30)
        try:
            lease.take()
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(come, range(6)))
    for each in engines:
        each.dispose()
    assert won.count(True) == 1
    with till.db.read() as connection:
        hosts = connection.execute(select(till_lease.c.host)).scalars().all()
    assert hosts == [f"host-{won.index(True)}"]
