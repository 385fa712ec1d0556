"""The tills of the store: which there are, on which computers, when each was last heard of, and whether it is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from tillgate.domain.secret import Secret
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.till import Till
from tillgate.store.models import audit_head, till_lease
from tillgate.store.server_clock import database_now


@dataclass(frozen=True, slots=True)
class TillRecord:
    """One till. `computer` is who holds it, or held it last; "" for a database in a file, which has one till."""

    id: str
    computer: str
    open: bool
    opened_at: datetime | None
    seen_at: datetime | None
    mine: bool


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """What a person types at a new computer to make it a till of a store: the code comes from another till."""

    database: str
    password: Secret
    till: str
    code: Secret


def list_tills(till: Till, actor: Actor) -> tuple[TillRecord, ...]:
    """This till and every other one that ever wrote into the books, by its id."""
    authorize(till, actor, Action.VIEW_KEYS)
    with till.db.read() as connection:
        # A till holds its lease by the database's clock; a file has no clock but this computer's.
        now = database_now(connection, till.clock.now())
        heard = {row.till_id: row.at for row in connection.execute(select(audit_head))}
        leases = {row.till_id: row for row in connection.execute(select(till_lease))}
    found = []
    for till_id in sorted(heard.keys() | leases.keys() | {till.id}):
        lease, mine = leases.get(till_id), till_id == till.id
        seen = [at for at in (heard.get(till_id), min(lease.lease_until, now) if lease else None) if at is not None]
        found.append(
            TillRecord(
                id=till_id,
                computer=lease.host if lease else "",
                open=lease.lease_until > now if lease else mine,
                opened_at=lease.taken_at if lease else None,
                seen_at=max(seen, default=None),
                mine=mine,
            )
        )
    return tuple(found)


def till_ids(connection: Connection) -> frozenset[str]:
    """The names that are taken."""
    heads = connection.execute(select(audit_head.c.till_id)).scalars()
    return frozenset(heads) | frozenset(connection.execute(select(till_lease.c.till_id)).scalars())
