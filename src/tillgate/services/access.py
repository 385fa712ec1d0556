"""Who may do it: what every public service function asks before anything else; the answer is no by default."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from tillgate.domain.errors import Bug, NotAllowed, Unavailable
from tillgate.domain.money import Money
from tillgate.domain.notes import check_note
from tillgate.domain.staff import (
    APPROVABLE,
    APPROVAL_LASTS,
    CONFIRMATION_LASTS,
    CONFIRMED,
    GRANTS,
    WHILE_BLOCKED,
    Action,
    Actor,
    Role,
)
from tillgate.services.credentials import prove
from tillgate.services.pin_hash import Pins
from tillgate.services.till import Till
from tillgate.store.models import approval, staff, staff_session
from tillgate.store.statements import Statement
from tillgate.store.unit_of_work import UnitOfWork

_TOKEN_BYTES: Final = 32
# Clocks of tills differ a little, and time servers correct them.
_CLOCK_SLACK: Final = timedelta(minutes=5)


class _Session(NamedTuple):
    """What decides whether a session grants anything."""

    staff_id: int
    till_id: str
    started_at: datetime
    expires_at: datetime
    confirmed_at: datetime
    ended_at: datetime | None
    role: Role
    active: int


_SESSION_BY_KEY: Final = Statement(
    select(*(staff_session.c[name] for name in _Session._fields[:6]), staff.c.role, staff.c.active)
    .join(staff, staff.c.id == staff_session.c.staff_id)
    .where(staff_session.c.key == bindparam("key"))
)


def authorize(
    where: Till | UnitOfWork,
    actor: Actor,
    action: Action,
    *,
    subject: str = "",
    amount: Money | None = None,
    approval_token: str | None = None,
    on: Connection | None = None,
) -> int | None:
    """Raises NotAllowed unless a live session of an active person grants the action, by role or by an approval.

    An approval is consumed in the unit of work given, so that it comes and goes with the action itself; the approving
    manager's staff id is returned, and None where the role was enough. The codes are "session_over", "not_allowed",
    "approval_needed", "confirm_needed" and those of `use_approval`. The system is refused too: it has no button.
    Raises Unavailable("till_blocked") for what a till may not do that a start-up gate keeps from selling. With a till,
    `on` is a connection that the caller reads through anyway.
    """
    session, now = _live_session(where, actor, on)
    if isinstance(where, Till) and action not in WHILE_BLOCKED and (stopped := where.blocked()):
        raise Unavailable("till_blocked", because=stopped)
    role: Role = session.role
    if action in GRANTS[role]:
        if action in CONFIRMED and not _is_recent(session.confirmed_at, now):
            raise NotAllowed("confirm_needed", action=action.value)
        return None
    if action not in APPROVABLE:
        raise NotAllowed("not_allowed", action=action.value, needs_manager=True)
    if approval_token is None:
        raise NotAllowed("approval_needed", action=action.value)
    if not isinstance(where, UnitOfWork):
        raise Bug("approval_outside_transaction", action=action.value)
    return use_approval(where, actor, approval_token, action=action, subject=subject, amount=amount)


def check_session(where: Till | UnitOfWork, actor: Actor) -> None:
    """For what everyone signed in may do. Raises NotAllowed("session_over")."""
    _live_session(where, actor)


def allow_export(till: Till, actor: Actor, what: str) -> None:
    """Permission to write a list to a file, audited with the list's name. Raises NotAllowed."""

    def write(uow: UnitOfWork) -> None:
        authorize(uow, actor, Action.EXPORT)
        uow.record("exported", f"list:{what}")

    till.db.transact(actor, write)


def approve(
    till: Till,
    actor: Actor,
    pins: Pins,
    approver_name: str,
    approver_pin: str,
    *,
    action: Action,
    subject: str,
    amount: Money | None,
    reason: str,
) -> str:
    """A manager's approval, given in place with their own PIN: a token for this one action, subject and amount, good
    for one use within 60 s by the person who asked.

    Raises NotAllowed("approval_by_self"), ("approval_by_cashier"), those of `prove`; Invalid for a bad reason.
    """
    check_session(till, actor)
    if action not in APPROVABLE or actor.staff_id is None:
        raise NotAllowed("not_allowed", action=action.value, needs_manager=True)
    words = check_note(reason, field="reason")
    approver = prove(till, pins, approver_name, approver_pin, purpose="approve")
    if approver.id == actor.staff_id:
        raise NotAllowed("approval_by_self")
    if action not in GRANTS[approver.role]:
        raise NotAllowed("approval_by_cashier", name=approver.name)
    token = secrets.token_urlsafe(_TOKEN_BYTES)

    def write(uow: UnitOfWork) -> None:
        row: dict[str, object] = {
            "token_sha256": _sha256(token),
            "action": action.value,
            "subject": subject,
            "reason": words,
        }
        row |= {"amount_minor": amount.minor if amount else None, "currency": amount.currency if amount else None}
        row |= {"requested_by": actor.staff_id, "approved_by": approver.id}
        row |= {"approved_at": uow.now, "expires_at": uow.now + APPROVAL_LASTS}
        uow.execute(insert(approval).values(row))
        shown = str(amount) if amount else ""
        uow.record("approved", subject, action=action.value, amount=shown, approver=approver.id, reason=words)

    till.db.transact(actor, write)
    return token


def use_approval(
    uow: UnitOfWork, actor: Actor, token: str, *, action: Action, subject: str, amount: Money | None
) -> int:
    """Consume an approval in the transaction of the action it is for; the approving manager's staff id.

    Raises NotAllowed("approval_invalid"), ("approval_used"), ("approval_expired") or, where it was given to somebody
    else or for something else, ("approval_other").
    """
    query = select(approval, staff.c.role, staff.c.active).join(staff, staff.c.id == approval.c.approved_by)
    found = uow.execute(query.where(approval.c.token_sha256 == _sha256(token)).with_for_update(of=approval))
    row = found.one_or_none()
    if row is None or not row.active or action not in GRANTS[row.role]:
        raise NotAllowed("approval_invalid")
    if row.used_at is not None:
        raise NotAllowed("approval_used")
    meant = (row.requested_by, row.action, row.subject, row.amount_minor, row.currency)
    minor, currency = (amount.minor, amount.currency) if amount else (None, None)
    if meant != (actor.staff_id, action.value, subject, minor, currency):
        raise NotAllowed("approval_other")
    if not row.approved_at <= uow.now < row.expires_at:
        raise NotAllowed("approval_expired")
    unused = (approval.c.id == row.id) & approval.c.used_at.is_(None)
    if uow.execute(update(approval).where(unused).values(used_at=uow.now)).rowcount != 1:
        raise NotAllowed("approval_used")
    uow.record("approval_used", subject, action=action.value, approver=row.approved_by, reason=row.reason)
    return int(row.approved_by)


def _live_session(where: Till | UnitOfWork, actor: Actor, on: Connection | None = None) -> tuple[_Session, datetime]:
    if isinstance(where, UnitOfWork):
        session, now = _find_session(where.connection, actor), where.now
    elif on is not None:
        session, now = _find_session(on, actor), where.clock.now()
    else:
        with where.db.read() as connection:
            session, now = _find_session(connection, actor), where.clock.now()
    if session is None or not _is_live(session, actor, now):
        raise NotAllowed("session_over")
    return session, now


def _find_session(connection: Connection, actor: Actor) -> _Session | None:
    if actor.staff_id is None or not actor.session:
        return None
    row = _SESSION_BY_KEY.first(connection, key=actor.session)
    return _Session(*row) if row else None


def _is_live(session: _Session, actor: Actor, now: datetime) -> bool:
    mine = session.staff_id == actor.staff_id and session.till_id == actor.till_id
    begun = session.started_at - _CLOCK_SLACK <= now
    return bool(mine and session.active and session.ended_at is None and begun and now < session.expires_at)


def _is_recent(confirmed_at: datetime, now: datetime) -> bool:
    return -_CLOCK_SLACK <= now - confirmed_at < CONFIRMATION_LASTS


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
