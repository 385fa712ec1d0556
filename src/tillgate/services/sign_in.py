"""Signing in and out at a till, and proving again who is there."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, insert, select, update

from tillgate.domain.errors import NotAllowed
from tillgate.domain.pins import waiting
from tillgate.domain.staff import GRANTS, SESSION_LASTS, Action, Actor, Person
from tillgate.services.access import check_session
from tillgate.services.credentials import StaffRecord, actor_of, find_by_name, forget_tries, prove
from tillgate.services.pin_hash import Pins
from tillgate.services.till import Till
from tillgate.store.models import staff, staff_session
from tillgate.store.unit_of_work import UnitOfWork

_KEY_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person at this till; over at `expires_at`, whatever happens."""

    actor: Actor
    started_at: datetime
    expires_at: datetime


def list_people(till: Till) -> list[Person]:
    """Everyone who can sign in, by name."""
    now = till.clock.now()
    with till.db.read() as connection:
        rows = connection.execute(select(staff).where(staff.c.active == 1).order_by(staff.c.name)).all()
    return [
        Person(
            id=row.id,
            name=row.name,
            role=row.role,
            locked=row.locked_at is not None,
            wait_s=waiting(row.failed_tries, row.last_try_at, now).seconds,
        )
        for row in rows
    ]


def sign_in(till: Till, pins: Pins, name: str, pin: str) -> Session:
    """Start a session of at most 12 h; one that was open at this till ends.

    Raises NotAllowed("pin_wrong", wait_s), ("pin_wait", wait_s) or ("staff_locked").
    """
    person = prove(till, pins, name, pin, purpose="sign_in")
    actor = actor_of(person, till.id, secrets.token_hex(_KEY_BYTES))
    return till.db.transact(actor, lambda uow: start_session(uow, actor))


def start_session(uow: UnitOfWork, actor: Actor) -> Session:
    """Write a session of somebody who has just proved who they are."""
    end_sessions(uow, staff_session.c.till_id == actor.till_id, "replaced")
    session = Session(actor, uow.now, uow.now + SESSION_LASTS)
    row = {"key": actor.session, "staff_id": actor.staff_id, "till_id": actor.till_id, "confirmed_at": uow.now}
    row |= {"started_at": session.started_at, "expires_at": session.expires_at}
    number = uow.execute(insert(staff_session).values(row)).inserted_primary_key[0]
    uow.record("signed_in", f"staff:{actor.staff_id}", session=number, till=actor.till_id)
    return session


def sign_out(till: Till, actor: Actor, reason: str = "sign_out") -> None:
    """End the session: "sign_out", "lock" by Ctrl+L, or "idle". One that is over already is left as it is."""

    def write(uow: UnitOfWork) -> None:
        if end_sessions(uow, staff_session.c.key == actor.session, reason):
            uow.record("signed_out", f"staff:{actor.staff_id}", reason=reason)

    till.db.transact(actor, write)


def end_sessions(uow: UnitOfWork, which: ColumnElement[bool], reason: str) -> int:
    """End the open sessions that a condition selects; how many."""
    still_open = staff_session.c.ended_at.is_(None)
    ended = uow.execute(update(staff_session).where(which, still_open).values(ended_at=uow.now, ended_reason=reason))
    return int(ended.rowcount)


def confirm(till: Till, actor: Actor, pins: Pins, pin: str) -> None:
    """Prove again who is at the till, for what wants a recent proof; good for some minutes.

    Raises NotAllowed("session_over") and those of `sign_in`.
    """
    check_session(till, actor)
    prove(till, pins, actor.name, pin, purpose="confirm")

    def write(uow: UnitOfWork) -> None:
        mine = (staff_session.c.key == actor.session) & staff_session.c.ended_at.is_(None)
        uow.execute(update(staff_session).where(mine).values(confirmed_at=uow.now))
        uow.record("confirmed", f"staff:{actor.staff_id}")

    till.db.transact(actor, write)


def unlock_in_place(till: Till, pins: Pins, manager_name: str, manager_pin: str, locked_name: str) -> None:
    """A manager unlocks somebody at the sign-in screen, without signing in.

    Raises NotAllowed("not_allowed") where the PIN is right and not a manager's, and those of `sign_in`.
    """
    manager = prove(till, pins, manager_name, manager_pin, purpose="unlock")
    if Action.UNLOCK_STAFF not in GRANTS[manager.role]:
        raise NotAllowed("not_allowed", action=Action.UNLOCK_STAFF.value, needs_manager=True)

    def write(uow: UnitOfWork) -> None:
        person = find_by_name(uow.connection, locked_name)
        if person is not None and person.locked_at:
            unlock(uow, person)

    till.db.transact(actor_of(manager, till.id, ""), write)


def unlock(uow: UnitOfWork, person: StaffRecord) -> None:
    """Let a person try again at once, audited."""
    forget_tries(uow, person.id)
    uow.record("staff_unlocked", person.subject, tries=person.failed_tries)
