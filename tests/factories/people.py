"""People who are signed in, without the cost of Argon2."""

from __future__ import annotations

import itertools
import secrets
from datetime import timedelta
from typing import Final

from sqlalchemy import insert

from tillgate.domain.staff import SESSION_LASTS, Actor, Role
from tillgate.services.pin_hash import Cost, Pins
from tillgate.services.till import Till
from tillgate.store.models import staff, staff_session
from tillgate.store.statements import insert_row

# The least that Argon2 allows: a comparison takes well under a millisecond.
QUICK: Final = Cost(memory_kib=8, passes=1)
PEPPER: Final = b"a pepper that only the tests know"
PIN: Final = {Role.CASHIER: "4069", Role.MANAGER: "739164"}
_numbers = itertools.count(1)


def quick_pins(pepper: bytes = PEPPER) -> Pins:
    """As in the application, and quick."""
    return Pins(pepper, QUICK)


def add_person(till: Till, name: str, role: Role, pin: str | None = None, pins: Pins | None = None) -> int:
    """A person of the store with a PIN (that of PIN for the role, if none is given); their staff id."""
    row = {"name": name, "role": role, "pin_hash": (pins or quick_pins()).hash(pin or PIN[role])}
    with till.db.write(till.system) as uow:
        return insert_row(uow.connection, staff, row | {"created_at": uow.now})


def signed_in(till: Till, role: Role, name: str = "", *, lasts: timedelta = SESSION_LASTS) -> Actor:
    """A new person of a role with a live session at the till; several may be signed in at once."""
    name = name or f"{role.value.capitalize()} {next(_numbers)}"
    return session_of(till, add_person(till, name, role), name, role, lasts=lasts)


def session_of(till: Till, staff_id: int, name: str, role: Role, *, lasts: timedelta = SESSION_LASTS) -> Actor:
    """A live session of a person who is there already."""
    actor = Actor(staff_id, name, role, till.id, secrets.token_hex(16))
    with till.db.write(till.system) as uow:
        row = {"key": actor.session, "staff_id": staff_id, "till_id": till.id, "confirmed_at": uow.now}
        uow.execute(insert(staff_session).values(row | {"started_at": uow.now, "expires_at": uow.now + lasts}))
    return actor
