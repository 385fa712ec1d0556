"""The people of the store: taking on, changing, letting go, unlocking. Nobody is ever deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from tillgate.domain.changes import Kind
from tillgate.domain.errors import Invalid, NotFound, Refused, Stale
from tillgate.domain.notes import check_name
from tillgate.domain.pins import check_pin
from tillgate.domain.staff import Action, Actor, Role
from tillgate.services.access import authorize, check_session
from tillgate.services.credentials import StaffRecord, find_by_name, load_staff, prove
from tillgate.services.pin_hash import Pins
from tillgate.services.records import columns, record
from tillgate.services.sign_in import end_sessions, unlock
from tillgate.services.till import Till
from tillgate.store.models import staff, staff_session
from tillgate.store.series import take_number
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

FIRST_MANAGER: Final = "staff.first_manager"
CHANGED: Final = frozenset({Kind.STAFF})


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to take on. `pin` is digits, or a passphrase."""

    name: str
    role: Role
    pin: str

    def __repr__(self) -> str:
        return f"NewPerson({self.name!r}, {self.role.value})"


@dataclass(frozen=True, slots=True)
class PersonChange:
    """A person as they shall be. `version` is the one seen; an empty `pin` leaves it as it is."""

    id: int
    version: int
    name: str
    role: Role
    active: bool
    pin: str = ""

    def __repr__(self) -> str:
        return f"PersonChange({self.id}, {self.name!r}, {self.role.value}, active={self.active})"


def has_staff(till: Till) -> bool:
    """Whether anybody was ever taken on; without anybody the first start's wizard runs."""
    with till.db.read() as connection:
        return connection.execute(select(staff.c.id).limit(1)).one_or_none() is not None


def create_first_manager(till: Till, pins: Pins, name: str, pin: str) -> StaffRecord:
    """The manager of an empty store. Raises Refused("staff_exists") where there is anybody; Invalid."""
    new = _checked(NewPerson(name, Role.MANAGER, pin))
    pin_hash = pins.hash(new.pin)

    def write(uow: UnitOfWork) -> StaffRecord:
        # The number is given once, so that of two first starts at one database one wins.
        first = take_number(uow.connection, FIRST_MANAGER) == 1
        if not first or uow.execute(select(func.count()).select_from(staff)).scalar_one():
            raise Refused("staff_exists")
        return _insert(uow, new, pin_hash)

    try:
        return till.db.transact(till.system, write)
    except IntegrityError as error:
        raise Refused("staff_exists") from error


def list_staff(till: Till, actor: Actor) -> list[StaffRecord]:
    """Everyone, those who left included, by name."""
    authorize(till, actor, Action.VIEW_STAFF)
    with till.db.read() as connection:
        rows = connection.execute(select(*columns(StaffRecord, staff)).order_by(staff.c.name)).all()
    return [record(StaffRecord, row) for row in rows]


def create_staff(till: Till, actor: Actor, pins: Pins, new: NewPerson) -> StaffRecord:
    """Take somebody on. Raises Invalid("name_taken") and those of the PIN rules, NotAllowed."""
    authorize(till, actor, Action.EDIT_STAFF)
    checked = _checked(new)
    pin_hash = pins.hash(checked.pin)

    def write(uow: UnitOfWork) -> StaffRecord:
        authorize(uow, actor, Action.EDIT_STAFF)
        _check_name_free(uow, checked.name, None)
        return _insert(uow, checked, pin_hash)

    return _with_free_name(till, actor, checked.name, write)


def update_staff(till: Till, actor: Actor, pins: Pins, change: PersonChange) -> StaffRecord:
    """Change a person. A new role, a new PIN or leaving ends their sessions; the last manager stays one.

    Raises Stale("staff_changed"), Refused("last_manager"), Invalid("name_taken"), ("pin_needed") for a cashier made
    manager without a new PIN, those of the PIN rules, NotAllowed.
    """
    authorize(till, actor, Action.EDIT_STAFF)
    name = check_name(change.name, field="name")
    pin_hash = pins.hash(check_pin(change.pin, change.role, name=name)) if change.pin else None

    def write(uow: UnitOfWork) -> StaffRecord:
        authorize(uow, actor, Action.EDIT_STAFF)
        before = load_staff(uow.connection, change.id, lock=True)
        if before.version != change.version:
            raise Stale("staff_changed", name=before.name)
        promoted = before.role is not Role.MANAGER and change.role is Role.MANAGER
        if promoted and pin_hash is None:
            raise Invalid("pin_needed", field="pin")
        _check_name_free(uow, name, change.id)
        _keep_a_manager(uow, before, change)
        return _write_change(uow, before, change, name, pin_hash)

    return _with_free_name(till, actor, name, write)


def unlock_staff(till: Till, actor: Actor, staff_id: int) -> None:
    """Let a locked person try again at once. Raises NotFound, NotAllowed."""

    def write(uow: UnitOfWork) -> None:
        authorize(uow, actor, Action.UNLOCK_STAFF)
        person = load_staff(uow.connection, staff_id, lock=True)
        if person.failed_tries:
            unlock(uow, person)

    till.db.transact(actor, write)


def change_own_pin(till: Till, actor: Actor, pins: Pins, old_pin: str, new_pin: str) -> None:
    """Anybody's own PIN, proved by the old one. Raises NotAllowed as signing in does, Invalid for a weak one."""
    check_session(till, actor)
    person = prove(till, pins, actor.name, old_pin, purpose="change_pin")
    pin_hash = pins.hash(check_pin(new_pin, person.role, name=person.name))

    def write(uow: UnitOfWork) -> None:
        check_session(uow, actor)
        changed = {"pin_hash": pin_hash, "version": staff.c.version + 1}
        uow.execute(update(staff).where(staff.c.id == person.id).values(changed))
        uow.record("pin_changed", person.subject)

    till.db.transact(actor, write)


def release_lock(till: Till, name: str) -> StaffRecord:
    """For the owner of the machine, at its command line: unlock the only manager.

    Raises NotFound("staff_unknown") or Refused("not_locked").
    """

    def write(uow: UnitOfWork) -> StaffRecord:
        person = find_by_name(uow.connection, name)
        if person is None:
            raise NotFound("staff_unknown", staff=name)
        if not person.locked_at:
            raise Refused("not_locked", name=person.name)
        unlock(uow, person)
        return load_staff(uow.connection, person.id)

    return till.db.transact(till.system, write)


def _with_free_name(till: Till, actor: Actor, name: str, write: Callable[[UnitOfWork], StaffRecord]) -> StaffRecord:
    try:
        return till.db.transact(actor, write)
    except IntegrityError as error:
        # Another till took the name between the look and the write.
        raise Invalid("name_taken", field="name", name=name) from error


def _checked(new: NewPerson) -> NewPerson:
    name = check_name(new.name, field="name")
    return NewPerson(name, new.role, check_pin(new.pin, new.role, name=name))


def _insert(uow: UnitOfWork, new: NewPerson, pin_hash: str) -> StaffRecord:
    row = {"name": new.name, "role": new.role, "pin_hash": pin_hash, "created_at": uow.now}
    person = load_staff(uow.connection, insert_row(uow.connection, staff, row))
    uow.record("staff_created", person.subject, name=person.name, role=person.role.value)
    return person


def _write_change(
    uow: UnitOfWork, before: StaffRecord, change: PersonChange, name: str, pin_hash: str | None
) -> StaffRecord:
    values: dict[str, object] = {"name": name, "role": change.role, "active": int(change.active)}
    told = {key: f"{getattr(before, key)} → {value}" for key, value in values.items() if getattr(before, key) != value}
    if pin_hash:
        values["pin_hash"], told["pin"] = pin_hash, "changed"
    if not told:
        return before
    uow.execute(update(staff).where(staff.c.id == before.id).values(values | {"version": before.version + 1}))
    uow.record("staff_changed", before.subject, **told)
    if set(told) & {"role", "active", "pin"}:
        end_sessions(uow, staff_session.c.staff_id == before.id, "staff_changed")
    return load_staff(uow.connection, before.id)


def _check_name_free(uow: UnitOfWork, name: str, staff_id: int | None) -> None:
    found = find_by_name(uow.connection, name)
    if found is not None and found.id != staff_id:
        raise Invalid("name_taken", field="name", name=found.name)


def _keep_a_manager(uow: UnitOfWork, before: StaffRecord, change: PersonChange) -> None:
    """The managers' rows are locked in one order, so that two tills never let the last two go at once."""
    stays = change.active and change.role is Role.MANAGER
    if stays or not (before.active and before.role is Role.MANAGER):
        return
    managing = select(staff.c.id).where(staff.c.role == Role.MANAGER, staff.c.active == 1)
    others = [row.id for row in uow.execute(managing.order_by(staff.c.id).with_for_update()) if row.id != before.id]
    if not others:
        raise Refused("last_manager", name=before.name)
