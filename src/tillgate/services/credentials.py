"""Proving who is at the till: the try is counted and committed first, then the PIN is compared (reliability.md 2.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn

from sqlalchemy import Connection, Row, select, text, update

from tillgate.domain.errors import NotAllowed, NotFound
from tillgate.domain.pins import Waiting, delay_after, locks, normal, waiting
from tillgate.domain.staff import Actor, Role
from tillgate.services.pin_hash import Pins
from tillgate.services.records import columns, record
from tillgate.services.till import Till
from tillgate.store.models import sign_in_guard, staff
from tillgate.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class StaffRecord:
    """A person of the store; never their PIN."""

    id: int
    name: str
    role: Role
    active: int
    failed_tries: int
    last_try_at: datetime | None
    next_try_at: datetime | None
    locked_at: datetime | None
    created_at: datetime
    version: int

    @property
    def subject(self) -> str:
        """How the audit names the person."""
        return f"staff:{self.id}"


_COLUMNS: Final = columns(StaffRecord, staff)
_FIRST_TRY: Final = text(
    "INSERT INTO sign_in_guard (till_id, failed_tries) VALUES (:till_id, 0) ON CONFLICT (till_id) DO NOTHING"
)


def load_staff(connection: Connection, staff_id: int, *, lock: bool = False) -> StaffRecord:
    """Raises NotFound("staff_unknown")."""
    query = select(*_COLUMNS).where(staff.c.id == staff_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("staff_unknown", staff=staff_id)
    return record(StaffRecord, row)


def find_by_name(connection: Connection, name: str) -> StaffRecord | None:
    """The person with a name, whatever its case."""
    wanted = normal(name).casefold()
    rows = connection.execute(select(*_COLUMNS))
    return next((record(StaffRecord, row) for row in rows if row.name.casefold() == wanted), None)


@dataclass(frozen=True, slots=True)
class _Try:
    """What counting a try came to: refused with a wait or a lock, or free to compare (`kept` None: nobody)."""

    person: StaffRecord | None
    kept: str | None
    wait_s: int = 0
    locked: bool = False


def prove(till: Till, pins: Pins, name: str, pin: str, *, purpose: str) -> StaffRecord:
    """The active person whose name and PIN these are; takes tens of milliseconds, with no transaction open.

    Raises NotAllowed("pin_wrong", wait_s), NotAllowed("pin_wait", wait_s) without comparing, or
    NotAllowed("staff_locked"). An unknown name takes as long and reads the same as a wrong PIN.
    """
    counted = till.db.transact(till.system, lambda uow: _count_try(uow, till, pins, name))
    if counted.locked:
        raise NotAllowed("staff_locked", name=name)
    if counted.wait_s:
        raise NotAllowed("pin_wait", wait_s=counted.wait_s)
    person = counted.person
    if person is None or counted.kept is None:
        pins.hash(normal(pin))
        _refuse(till, None, purpose)
    if not pins.matches(counted.kept, normal(pin)):
        _refuse(till, person, purpose)
    _let_in(till, pins, person, counted.kept, normal(pin))
    return person


def _count_try(uow: UnitOfWork, till: Till, pins: Pins, name: str) -> _Try:
    guard = _till_guard(uow, till.id)
    found = find_by_name(uow.connection, name)
    person = load_staff(uow.connection, found.id, lock=True) if found and found.active else None
    if person and person.locked_at:
        return _Try(person, None, locked=True)
    wait_s = _wait_s(uow, till, pins, guard, person)
    if wait_s:
        return _Try(person, None, wait_s=wait_s)
    _count(uow, till, pins, guard, person)
    return _Try(person, _kept(uow.connection, person.id) if person else None)


def _wait_s(uow: UnitOfWork, till: Till, pins: Pins, guard: Row[Any], person: StaffRecord | None) -> int:
    """Whole seconds until the next try, for the till and for the person. A clock set back starts the delay anew."""
    at_till = waiting(guard.failed_tries, guard.last_try_at, uow.now)
    if at_till.restarts:
        uow.execute(update(sign_in_guard).where(sign_in_guard.c.till_id == till.id).values(last_try_at=uow.now))
    longest = _longest(till, pins, _till_key(till), guard.failed_tries, at_till)
    if person is None:
        return longest
    own = waiting(person.failed_tries, person.last_try_at, uow.now)
    if own.restarts:
        changed = {"last_try_at": uow.now, "next_try_at": uow.now + own.left}
        uow.execute(update(staff).where(staff.c.id == person.id).values(changed))
    return max(longest, _longest(till, pins, person.subject, person.failed_tries, own))


def _longest(till: Till, pins: Pins, key: str, failed_tries: int, left: Waiting) -> int:
    """The wait by either clock; none after an unlock, which leaves no wrong tries."""
    if not delay_after(failed_tries):
        return 0
    return max(left.seconds, math.ceil(pins.held_s(key, till.clock.monotonic())))


def _count(uow: UnitOfWork, till: Till, pins: Pins, guard: Row[Any], person: StaffRecord | None) -> None:
    monotonic = till.clock.monotonic()
    at_till = guard.failed_tries + 1
    changed: dict[str, object] = {"failed_tries": at_till, "last_try_at": uow.now}
    uow.execute(update(sign_in_guard).where(sign_in_guard.c.till_id == till.id).values(changed))
    pins.hold(_till_key(till), monotonic + delay_after(at_till).total_seconds())
    if person is None:
        return
    tries = person.failed_tries + 1
    delay = delay_after(tries)
    changed = {"failed_tries": tries, "last_try_at": uow.now, "next_try_at": uow.now + delay}
    changed["locked_at"] = uow.now if locks(tries) else None
    uow.execute(update(staff).where(staff.c.id == person.id).values(changed))
    pins.hold(person.subject, monotonic + delay.total_seconds())


def _let_in(till: Till, pins: Pins, person: StaffRecord, kept: str, pin: str) -> None:
    """Take the count back; also write the PIN's hash anew where its cost has changed since."""
    fresh = pins.hash(pin) if pins.is_outdated(kept) else None

    def write(uow: UnitOfWork) -> None:
        none: dict[str, object] = {"failed_tries": 0, "last_try_at": None}
        uow.execute(update(sign_in_guard).where(sign_in_guard.c.till_id == till.id).values(none))
        none |= {"next_try_at": None, "locked_at": None}
        uow.execute(update(staff).where(staff.c.id == person.id).values(none))
        if fresh:
            same = (staff.c.id == person.id) & (staff.c.pin_hash == kept)
            uow.execute(update(staff).where(same).values(pin_hash=fresh))

    till.db.transact(actor_of(person, till.id, ""), write)


def _refuse(till: Till, person: StaffRecord | None, purpose: str) -> NoReturn:
    tries = person.failed_tries + 1 if person else 0
    subject = person.subject if person else "staff:unknown"

    def write(uow: UnitOfWork) -> int:
        uow.record("pin_refused", subject, purpose=purpose, tries=tries)
        if locks(tries):
            uow.record("staff_locked", subject, tries=tries)
        guard = _till_guard(uow, till.id)
        return max(delay_after(tries), delay_after(guard.failed_tries)).seconds

    wait_s = till.db.transact(till.system, write)
    if locks(tries):
        raise NotAllowed("staff_locked", name=person.name if person else "")
    raise NotAllowed("pin_wrong", wait_s=wait_s)


def actor_of(person: StaffRecord, till_id: str, session: str) -> Actor:
    """A person at a till."""
    return Actor(person.id, person.name, person.role, till_id, session)


def forget_tries(uow: UnitOfWork, staff_id: int) -> None:
    """Unlock: the person may try again at once."""
    none = {"failed_tries": 0, "last_try_at": None, "next_try_at": None, "locked_at": None}
    uow.execute(update(staff).where(staff.c.id == staff_id).values(none))


def _till_key(till: Till) -> str:
    return f"till:{till.id}"


def _kept(connection: Connection, staff_id: int) -> str:
    return str(connection.execute(select(staff.c.pin_hash).where(staff.c.id == staff_id)).scalar_one())


def _till_guard(uow: UnitOfWork, till_id: str) -> Row[Any]:
    """The till's own count, locked until the transaction ends; made by whoever tries first."""
    query = select(sign_in_guard).where(sign_in_guard.c.till_id == till_id).with_for_update()
    found = uow.connection.execute(query).one_or_none()
    if found is None:
        uow.execute(_FIRST_TRY, {"till_id": till_id})
    return found or uow.connection.execute(query).one()
