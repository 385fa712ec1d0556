"""The audit as a list: what happened, who did it, at which till; and whether its chain still holds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, String, and_, cast, func, literal, or_, select, tuple_
from sqlalchemy.sql.selectable import FromClause

from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.till import Till
from tillgate.store.audit import ChainFault, verify_chain
from tillgate.store.chain_witness import contradicted
from tillgate.store.models import audit, staff

AuditPosition = tuple[datetime, str, int]


class AuditArea(StrEnum):
    """Groups of events to look through."""

    SIGN_IN = "sign_in"
    STAFF = "staff"
    APPROVALS = "approvals"
    SETTINGS = "settings"
    MONEY = "money"


_EVENTS: Final[Mapping[AuditArea, frozenset[str]]] = {
    AuditArea.SIGN_IN: frozenset({"signed_in", "signed_out", "pin_refused", "staff_locked", "confirmed"}),
    AuditArea.STAFF: frozenset({"staff_created", "staff_changed", "staff_unlocked", "pin_changed"}),
    AuditArea.APPROVALS: frozenset({"approved", "approval_used"}),
    AuditArea.SETTINGS: frozenset(
        {"setting_changed", "keys_changing", "keys_changed", "keys_not_changed", "keys_forgotten", "keys_tested"}
    ),
}
_NOT_MONEY: Final = frozenset().union(*_EVENTS.values()) | {"clock_jump"}


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What to show: words found in event, subject or values; an area; instants from `since` to before `until`."""

    text: str = ""
    area: AuditArea | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One entry of a till's chain. `person` is the actor's name, "" for the till itself."""

    till_id: str
    seq: int
    at: datetime
    person: str
    event: str
    subject: str
    values: Mapping[str, Any] = field(hash=False)

    @property
    def position(self) -> AuditPosition:
        """Where it stands in the list."""
        return self.at, self.till_id, self.seq


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """How many entries were walked, and the first fault, if there is one."""

    entries: int
    fault: ChainFault | None

    @property
    def holds(self) -> bool:
        """Every entry is what was written."""
        return self.fault is None


def list_audit(
    till: Till, actor: Actor, query: AuditQuery, after: AuditPosition | None, *, skip: int, limit: int
) -> Sequence[AuditRecord]:
    """Entries of every till behind a position, the newest first. Raises NotAllowed."""
    authorize(till, actor, Action.VIEW_AUDIT)
    place = tuple_(audit.c.at, audit.c.till_id, audit.c.seq)
    statement = (
        select(audit, func.coalesce(staff.c.name, "").label("person"))
        .select_from(_with_people())
        .where(*_conditions(query))
        .order_by(audit.c.at.desc(), audit.c.till_id.desc(), audit.c.seq.desc())
        .offset(skip)
        .limit(limit)
    )
    if after is not None:
        at, till_id, seq = after
        statement = statement.where(place < tuple_(literal(at, audit.c.at.type), till_id, seq))
    with till.db.read() as connection:
        return [_record(row) for row in connection.execute(statement)]


def count_audit(till: Till, actor: Actor, query: AuditQuery) -> int:
    """How many entries a query has. Raises NotAllowed."""
    authorize(till, actor, Action.VIEW_AUDIT)
    statement = select(func.count()).select_from(_with_people()).where(*_conditions(query))
    with till.db.read() as connection:
        return int(connection.execute(statement).scalar_one())


def check_audit(till: Till, actor: Actor) -> ChainStatus:
    """Walk every till's whole chain; seconds for a long one. Raises NotAllowed."""
    authorize(till, actor, Action.VIEW_AUDIT)
    with till.db.read() as connection:
        entries = int(connection.execute(select(func.count()).select_from(audit)).scalar_one())
        return ChainStatus(entries, verify_chain(connection, till.db.audit_key) or contradicted(connection))


def _with_people() -> FromClause:
    return audit.join(staff, audit.c.actor == literal("staff:") + cast(staff.c.id, String), isouter=True)


def _conditions(query: AuditQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for word in query.text.split():
        columns = (audit.c.event, audit.c.subject, audit.c.data, staff.c.name)
        found.append(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    if query.area is AuditArea.MONEY:
        found.append(audit.c.event.not_in(_NOT_MONEY))
    elif query.area is not None:
        found.append(audit.c.event.in_(_EVENTS[query.area]))
    if query.since is not None:
        found.append(audit.c.at >= query.since)
    if query.until is not None:
        found.append(audit.c.at < query.until)
    return [and_(*found)] if found else []


def _record(row: Row[Any]) -> AuditRecord:
    values = json.loads(row.data)
    return AuditRecord(row.till_id, row.seq, row.at, row.person, row.event, row.subject, values)
