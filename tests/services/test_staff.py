"""The people of the store: who may change whom, and that a manager always remains."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine

from tests.factories.clock import FakeClock
from tests.factories.people import PIN, quick_pins, session_of, signed_in
from tests.factories.tills import audit_rows, make_till, second_engine
from tillgate.domain.errors import Invalid, NotAllowed, Refused, Stale, TillgateError
from tillgate.domain.staff import Action, Actor, Role
from tillgate.services.access import authorize
from tillgate.services.credentials import StaffRecord
from tillgate.services.pin_hash import Pins
from tillgate.services.sign_in import sign_in
from tillgate.services.staff import (
    NewPerson,
    PersonChange,
    change_own_pin,
    create_first_manager,
    create_staff,
    has_staff,
    list_staff,
    unlock_staff,
    update_staff,
)
from tillgate.services.till import Till

MEERA, ASHA = "Meera", "Asha"
MANAGER_PIN = PIN[Role.MANAGER]


def change(person: StaffRecord, **changes: object) -> PersonChange:
    """A change that leaves everything else as it is."""
    kept: dict[str, object] = {"id": person.id, "version": person.version, "name": person.name, "role": person.role}
    return PersonChange(**(kept | {"active": bool(person.active)} | changes))  # type: ignore[arg-type]


def test_an_empty_store_gets_one_manager(till: Till, pins: Pins) -> None:
    assert not has_staff(till)
    with pytest.raises(Invalid, match="pin_too_short"):
        create_first_manager(till, pins, MEERA, "4069")
    assert not has_staff(till)
    create_first_manager(till, pins, MEERA, MANAGER_PIN)
    assert has_staff(till)
    with pytest.raises(Refused, match="staff_exists"):
        create_first_manager(till, pins, "Mallory", MANAGER_PIN)
    assert sign_in(till, pins, MEERA, MANAGER_PIN).actor.role is Role.MANAGER


def test_of_two_first_starts_one_wins(engine: Engine, clock: FakeClock) -> None:
    engines = [second_engine(engine) for _ in range(4)]
    together = Barrier(len(engines))

    def start(one: Engine) -> str:
        till = make_till(one, clock)
        together.wait()
        try:
            return create_first_manager(till, quick_pins(), f"Manager {id(one)}", MANAGER_PIN).name
        except TillgateError as error:
            return error.code

    with ThreadPoolExecutor(len(engines)) as lane:
        ended = list(lane.map(start, engines))
    assert ended.count("staff_exists") == 3
    for one in engines:
        one.dispose()


def test_somebody_is_taken_on_and_signs_in(till: Till, manager: Actor, pins: Pins) -> None:
    made = create_staff(till, manager, pins, NewPerson("  Asha  Rao ", Role.CASHIER, "4069"))
    assert made.name == "Asha Rao"
    with pytest.raises(Invalid, match="name_taken"):
        create_staff(till, manager, pins, NewPerson("ASHA RAO", Role.CASHIER, "4069"))
    assert sign_in(till, pins, "asha rao", "4069").actor.staff_id == made.id
    assert ("staff_created", {"name": "Asha Rao", "role": "cashier"}) in [
        (event, data) for _, event, _, data in audit_rows(till)
    ]


@pytest.fixture
def asha(till: Till, manager: Actor, pins: Pins) -> StaffRecord:
    return create_staff(till, manager, pins, NewPerson(ASHA, Role.CASHIER, "4069"))


@pytest.mark.parametrize(
    ("changes", "ends"),
    [
        ({"name": "Asha Rao"}, False),
        ({"pin": "5173"}, True),
        ({"role": Role.MANAGER, "pin": "846075"}, True),
        ({"active": False}, True),
    ],
)
def test_a_new_pin_role_or_leaving_ends_the_sessions(
    till: Till, manager: Actor, asha: StaffRecord, changes: dict[str, object], ends: bool
) -> None:
    actor = session_of(till, asha.id, asha.name, asha.role)
    changed = update_staff(till, manager, quick_pins(), change(asha, **changes))
    assert changed.version == asha.version + 1
    told = [data for _, event, _, data in audit_rows(till) if event == "staff_changed"]
    assert [set(data) for data in told] == [set(changes)]
    assert "5173" not in str(told)
    if ends:
        with pytest.raises(NotAllowed, match="session_over"):
            authorize(till, actor, Action.SELL)
    else:
        authorize(till, actor, Action.SELL)


def test_nothing_changed_is_nothing_written(till: Till, manager: Actor, pins: Pins, asha: StaffRecord) -> None:
    before = audit_rows(till)
    assert update_staff(till, manager, pins, change(asha)) == asha
    assert audit_rows(till) == before


def test_what_was_changed_meanwhile_is_looked_at_again(
    till: Till, manager: Actor, pins: Pins, asha: StaffRecord
) -> None:
    update_staff(till, manager, pins, change(asha, name="Asha Rao"))
    with pytest.raises(Stale, match="staff_changed"):
        update_staff(till, manager, pins, change(asha, active=False))


def test_a_cashier_made_manager_needs_a_manager_s_pin(
    till: Till, manager: Actor, pins: Pins, asha: StaffRecord
) -> None:
    for pin, code in (("", "pin_needed"), ("5173", "pin_too_short")):
        with pytest.raises(Invalid, match=code):
            update_staff(till, manager, pins, change(asha, role=Role.MANAGER, pin=pin))


def test_the_last_manager_stays(till: Till, manager: Actor, pins: Pins, asha: StaffRecord) -> None:
    me = next(person for person in list_staff(till, manager) if person.id == manager.staff_id)
    for changes in ({"active": False}, {"role": Role.CASHIER}):
        with pytest.raises(Refused, match="last_manager"):
            update_staff(till, manager, pins, change(me, **changes))
    update_staff(till, manager, pins, change(asha, role=Role.MANAGER, pin="846075"))
    assert not update_staff(till, manager, pins, change(me, active=False)).active


def test_of_the_last_two_managers_one_stays(till: Till, engine: Engine, clock: FakeClock, pins: Pins) -> None:
    """Each lets the other go at the same moment, at two tills."""
    pair = [signed_in(till, Role.MANAGER) for _ in range(2)]
    rows = {person.id: person for person in list_staff(till, pair[0])}
    engines = [second_engine(engine) for _ in pair]
    together = Barrier(2)

    def let_go(one: Engine, me: Actor, other: Actor) -> str:
        racing = make_till(one, clock)
        together.wait()
        try:
            update_staff(racing, me, quick_pins(), change(rows[other.staff_id or 0], active=False))
        except TillgateError as error:
            return error.code
        return "gone"

    with ThreadPoolExecutor(2) as lane:
        ended = list(lane.map(let_go, engines, pair, reversed(pair)))
    assert ended.count("gone") == 1
    for one in engines:
        one.dispose()


def test_everybody_changes_their_own_pin(till: Till, pins: Pins, asha: StaffRecord) -> None:
    actor = session_of(till, asha.id, asha.name, asha.role)
    for old, new, error in (("0000", "5173", NotAllowed), ("4069", "1234", Invalid)):
        with pytest.raises(error):
            change_own_pin(till, actor, pins, old, new)
    change_own_pin(till, actor, pins, "4069", "5173")
    authorize(till, actor, Action.SELL)
    assert sign_in(till, pins, ASHA, "5173").actor.staff_id == asha.id


def test_a_manager_unlocks(till: Till, clock: FakeClock, manager: Actor, pins: Pins, asha: StaffRecord) -> None:
    for _ in range(10):
        with pytest.raises(NotAllowed) as refused:
            sign_in(till, pins, ASHA, "0000")
        clock.advance(60)
    assert refused.value.code == "staff_locked"
    assert next(person for person in list_staff(till, manager) if person.id == asha.id).locked_at
    unlock_staff(till, manager, asha.id)
    unlock_staff(till, manager, asha.id)
    assert [actor for actor, event, *_ in audit_rows(till) if event == "staff_unlocked"] == [manager.label]
    assert sign_in(till, pins, ASHA, "4069").actor.staff_id == asha.id


def test_no_pin_shows_in_a_repr() -> None:
    shown = repr(NewPerson(ASHA, Role.CASHIER, "4069")) + repr(PersonChange(1, 1, ASHA, Role.CASHIER, True, "4069"))
    assert "4069" not in shown
