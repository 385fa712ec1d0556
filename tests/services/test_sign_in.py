"""Signing in: what a guesser gets, what a kill or a clock gives back (nothing), and what the audit says."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, select

from tests.factories.clock import FakeClock
from tests.factories.people import PEPPER, PIN, QUICK, add_person, quick_pins, signed_in
from tests.factories.tills import audit_rows, make_till, new_sqlite, second_engine
from tillgate.domain.errors import NotAllowed, NotFound, Refused
from tillgate.domain.staff import SESSION_LASTS, Action, Role
from tillgate.services.access import authorize
from tillgate.services.pin_hash import LEAST, USUAL, Cost, Pins
from tillgate.services.sign_in import confirm, list_people, sign_in, sign_out, unlock_in_place
from tillgate.services.staff import release_lock
from tillgate.services.till import Till
from tillgate.store.engine import sqlite_engine
from tillgate.store.models import sign_in_guard, staff

ASHA, RAVI, MEERA = "Asha", "Ravi", "Meera"
RIGHT = PIN[Role.CASHIER]
GUESSES = 10_000 if os.environ.get("TILLGATE_CAMPAIGN") else 1_000


class CountingPins(Pins):
    """Knows how many PINs were really compared."""

    compared = 0

    def matches(self, kept: str, pin: str) -> bool:
        self.compared += 1
        return super().matches(kept, pin)


@pytest.fixture
def shop(till: Till) -> Till:
    """A till with two cashiers and a manager."""
    for name, role in ((ASHA, Role.CASHIER), (RAVI, Role.CASHIER), (MEERA, Role.MANAGER)):
        add_person(till, name, role)
    return till


def refused(till: Till, pins: Pins, name: str = ASHA, pin: str = "0000") -> NotAllowed:
    with pytest.raises(NotAllowed) as caught:
        sign_in(till, pins, name, pin)
    return caught.value


def waited(error: NotAllowed) -> int:
    seconds = error.values["wait_s"]
    assert isinstance(seconds, int)
    return seconds


def miss(till: Till, clock: FakeClock, pins: Pins, times: int, name: str = ASHA) -> None:
    """Wrong tries, each as soon as it is allowed."""
    for _ in range(times):
        error = refused(till, pins, name)
        clock.advance(waited(error) if error.code == "pin_wrong" else 0)


def test_a_right_pin_starts_a_session(shop: Till, pins: Pins) -> None:
    session = sign_in(shop, pins, " asha ", f" {RIGHT} ")
    assert (session.actor.name, session.actor.role) == (ASHA, Role.CASHIER)
    assert session.expires_at - session.started_at == SESSION_LASTS
    authorize(shop, session.actor, Action.SELL)
    actor, event, subject, data = audit_rows(shop)[-1]
    assert (actor, event, subject) == (
        f"staff:{session.actor.staff_id}",
        "signed_in",
        f"staff:{session.actor.staff_id}",
    )
    assert data["till"] == shop.id


def test_delays_grow_and_the_tenth_wrong_try_locks(shop: Till, clock: FakeClock, pins: Pins) -> None:
    waits = []
    for _ in range(9):
        error = refused(shop, pins)
        assert error.code == "pin_wrong"
        waits.append(waited(error))
        clock.advance(waits[-1])
    assert waits == [0, 0, 0, 2, 5, 15, 30, 60, 60]
    assert refused(shop, pins).code == "staff_locked"
    clock.advance(10**6)
    assert refused(shop, pins, pin=RIGHT).code == "staff_locked"
    assert [event for _, event, *_ in audit_rows(shop)].count("staff_locked") == 1
    unlock_in_place(shop, pins, MEERA, PIN[Role.MANAGER], ASHA)
    assert sign_in(shop, pins, ASHA, RIGHT).actor.name == ASHA


def test_a_right_pin_is_not_even_compared_during_a_delay(shop: Till, clock: FakeClock) -> None:
    pins = CountingPins(PEPPER, QUICK)
    miss(shop, clock, pins, 3)
    assert waited(refused(shop, pins)) == 2
    for _ in range(2):
        assert refused(shop, pins, pin=RIGHT).code == "pin_wait"
        clock.advance(0.9)
    assert pins.compared == 4
    clock.advance(0.3)
    sign_in(shop, pins, ASHA, RIGHT)
    # A right PIN clears the count.
    assert waited(refused(shop, pins)) == 0


def test_thousands_of_guesses_get_ten_comparisons(tmp_path: Path, clock: FakeClock) -> None:
    """A guesser who waits, hurries, restarts the till and turns its clock, at random."""
    engine = sqlite_engine(new_sqlite(tmp_path))
    till = make_till(engine, clock)
    add_person(till, ASHA, Role.CASHIER)
    chance = random.Random(20261116)
    compared = 0
    for guess in range(GUESSES):
        pins = CountingPins(PEPPER, QUICK)
        error = refused(till, pins, pin=f"{guess % 4000:04}")
        compared += pins.compared
        assert error.code in {"pin_wrong", "pin_wait", "staff_locked"}
        clock.jump(chance.choice([0, 0, 1, 70, -3600, 3600]))
        clock.ticks += 0.1
    assert compared == 10
    engine.dispose()


def test_every_person_of_a_till_slows_the_next_guess_down(shop: Till, pins: Pins) -> None:
    """Three free tries are the till's, not each person's."""
    for name in (ASHA, RAVI, "Nobody"):
        assert waited(refused(shop, pins, name)) == 0
    assert waited(refused(shop, pins, MEERA)) == 2
    assert refused(shop, pins, RAVI).code == "pin_wait"


def test_another_till_knows_the_person_s_tries(shop: Till, engine: Engine, clock: FakeClock, pins: Pins) -> None:
    miss(shop, clock, pins, 4)
    other_engine = second_engine(engine)
    other = make_till(other_engine, clock, till_id="T2")
    assert waited(refused(other, quick_pins())) == 5
    other_engine.dispose()


def test_an_unknown_or_former_person_reads_the_same(shop: Till, clock: FakeClock) -> None:
    pins = CountingPins(PEPPER, QUICK)
    with shop.db.write(shop.system) as uow:
        uow.execute(staff.update().where(staff.c.name == RAVI).values(active=0))
    for name in ("Nobody", RAVI):
        assert refused(shop, pins, name, RIGHT).code == "pin_wrong"
    assert pins.compared == 0
    assert [person.name for person in list_people(shop)] == [ASHA, MEERA]


@pytest.mark.parametrize("moved", [-86_400, -7, 7, 86_400])
def test_setting_the_clock_shortens_no_delay(shop: Till, clock: FakeClock, pins: Pins, moved: int) -> None:
    miss(shop, clock, pins, 5)
    assert waited(refused(shop, pins)) == 15
    clock.jump(moved)
    for _ in range(14):
        assert refused(shop, pins, pin=RIGHT).code == "pin_wait"
        clock.advance(1)
    clock.advance(1)
    sign_in(shop, pins, ASHA, RIGHT)


def test_a_restart_and_a_clock_set_back_shorten_no_delay(shop: Till, clock: FakeClock, pins: Pins) -> None:
    miss(shop, clock, pins, 5)
    assert waited(refused(shop, pins)) == 15
    clock.set_back(3600)
    restarted = quick_pins()
    for _ in range(15):
        assert refused(shop, restarted, pin=RIGHT).code == "pin_wait"
        clock.advance(1)
    sign_in(shop, restarted, ASHA, RIGHT)


KILLED = """
import os, signal, sys
from pathlib import Path
from threading import Barrier
from tests.factories.clock import FakeClock
from tests.factories.people import PEPPER, QUICK
from tests.factories.tills import make_till
from tillgate.services.pin_hash import Pins
from tillgate.services.sign_in import sign_in
from tillgate.store.engine import sqlite_engine

class Killed(Pins):
    def matches(self, kept, pin):
        os.kill(os.getpid(), signal.SIGKILL)

sign_in(make_till(sqlite_engine(Path(sys.argv[1])), FakeClock()), Killed(PEPPER, QUICK), "Asha", sys.argv[2])
"""


def test_a_kill_between_guess_and_answer_gives_no_try_back(tmp_path: Path, clock: FakeClock) -> None:
    path = new_sqlite(tmp_path)
    engine = sqlite_engine(path)
    till = make_till(engine, clock)
    add_person(till, ASHA, Role.CASHIER)
    miss(till, clock, quick_pins(), 9)
    engine.dispose()
    with sqlite_engine(path).begin() as connection:
        # As if the last delay were over by the other process's clock.
        connection.exec_driver_sql("UPDATE staff SET last_try_at = 0")
        connection.exec_driver_sql("UPDATE sign_in_guard SET last_try_at = 0")
    command = [sys.executable, "-c", KILLED, str(path), RIGHT]
    ended = subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
    assert ended.returncode == -signal.SIGKILL
    clock.advance(10**6)
    engine = sqlite_engine(path)
    assert refused(make_till(engine, clock), quick_pins(), pin=RIGHT).code == "staff_locked"
    engine.dispose()


def test_a_session_ends_with_sign_out_time_or_the_next_one(shop: Till, clock: FakeClock, pins: Pins) -> None:
    def over(actor: object) -> bool:
        with pytest.raises(NotAllowed) as caught:
            authorize(shop, actor, Action.SELL)  # type: ignore[arg-type]
        return caught.value.code == "session_over"

    first = sign_in(shop, pins, ASHA, RIGHT).actor
    second = sign_in(shop, pins, RAVI, RIGHT).actor
    assert over(first)
    sign_out(shop, second, "locked")
    sign_out(shop, second)
    assert over(second)
    assert [data["reason"] for _, event, _, data in audit_rows(shop) if event == "signed_out"] == ["locked"]
    third = sign_in(shop, pins, ASHA, RIGHT).actor
    clock.advance(SESSION_LASTS.total_seconds() - 1)
    authorize(shop, third, Action.SELL)
    clock.advance(1)
    assert over(third)
    fourth = sign_in(shop, pins, ASHA, RIGHT).actor
    clock.set_back(timedelta(hours=2).total_seconds())
    assert over(fourth)


def test_what_moves_money_wants_a_recent_proof(shop: Till, clock: FakeClock, pins: Pins) -> None:
    actor = sign_in(shop, pins, MEERA, PIN[Role.MANAGER]).actor
    authorize(shop, actor, Action.REFUND)
    clock.advance(301)
    with pytest.raises(NotAllowed, match="confirm_needed"):
        authorize(shop, actor, Action.REFUND)
    authorize(shop, actor, Action.VIEW_METRICS)
    with pytest.raises(NotAllowed, match="pin_wrong"):
        confirm(shop, actor, pins, "846075")
    confirm(shop, actor, pins, PIN[Role.MANAGER])
    authorize(shop, actor, Action.REFUND)


def test_a_cashier_unlocks_nobody(shop: Till, clock: FakeClock, pins: Pins) -> None:
    miss(shop, clock, pins, 10)
    clock.advance(60)
    with pytest.raises(NotAllowed, match="not_allowed"):
        unlock_in_place(shop, pins, RAVI, RIGHT, ASHA)
    assert refused(shop, pins, pin=RIGHT).code == "staff_locked"
    assert next(person for person in list_people(shop) if person.name == ASHA).locked


def test_the_machine_s_owner_unlocks_the_only_manager(shop: Till, clock: FakeClock, pins: Pins) -> None:
    with pytest.raises(Refused, match="not_locked"):
        release_lock(shop, MEERA)
    with pytest.raises(NotFound):
        release_lock(shop, "Nobody")
    miss(shop, clock, pins, 10, MEERA)
    release_lock(shop, MEERA)
    clock.advance(60)
    sign_in(shop, pins, MEERA, PIN[Role.MANAGER])
    assert ("system", "staff_unlocked") in [(actor, event) for actor, event, *_ in audit_rows(shop)]


def test_a_hash_made_at_another_cost_is_made_anew(shop: Till, pins: Pins) -> None:
    def kept() -> str:
        with shop.db.read() as connection:
            return str(connection.execute(select(staff.c.pin_hash).where(staff.c.name == ASHA)).scalar_one())

    before = kept()
    dearer = Pins(PEPPER, Cost(memory_kib=16, passes=1))
    sign_in(shop, dearer, ASHA, RIGHT)
    assert kept() != before
    assert "m=16,t=1,p=1" in kept()
    sign_in(shop, dearer, ASHA, RIGHT)


def test_a_hash_is_worth_nothing_without_the_pepper(shop: Till) -> None:
    assert refused(shop, quick_pins(b"another pepper, of another store"), pin=RIGHT).code == "pin_wrong"


def test_the_usual_cost_is_at_least_the_recommended_one() -> None:
    assert (LEAST.memory_kib, LEAST.passes) == (19 * 1024, 2)
    assert USUAL.memory_kib >= LEAST.memory_kib
    assert USUAL.passes >= LEAST.passes
    kept = Pins(PEPPER).hash(RIGHT)
    assert kept.startswith(f"$argon2id$v=19$m={USUAL.memory_kib},t={USUAL.passes},p=1$")
    assert Pins(PEPPER).matches(kept, RIGHT)
    assert not Pins(PEPPER).matches("$argon2id$broken", RIGHT)


def test_no_pin_reaches_the_audit(shop: Till, clock: FakeClock, pins: Pins) -> None:
    signed_in(shop, Role.MANAGER)
    miss(shop, clock, pins, 10)
    clock.advance(60)
    sign_in(shop, pins, RAVI, RIGHT)
    text = json.dumps(audit_rows(shop))
    assert "0000" not in text
    assert RIGHT not in text
    assert os.fsdecode(PEPPER) not in text


def test_two_first_tries_at_one_moment_both_count(shop: Till, engine: Engine, clock: FakeClock) -> None:
    engines = [second_engine(engine) for _ in range(2)]
    together = Barrier(2)

    def guess(one: Engine) -> str:
        racing = make_till(one, clock)
        together.wait()
        return refused(racing, quick_pins()).code

    with ThreadPoolExecutor(2) as lane:
        assert list(lane.map(guess, engines)) == ["pin_wrong", "pin_wrong"]
    with shop.db.read() as connection:
        tries = connection.execute(select(staff.c.failed_tries).where(staff.c.name == ASHA)).scalar_one()
        assert (tries, connection.execute(select(sign_in_guard.c.failed_tries)).scalar_one()) == (2, 2)
    for one in engines:
        one.dispose()
