"""Work that follows a fact: tried again until it is done, parked for a person after a day (reliability.md 1.4, row 40).

At least once: a process that dies after the work and before it is written down does it again.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, func, select, update

from tillgate.domain.errors import NotFound, Refused, Stale, TillgateError
from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.domain.notes import check_note
from tillgate.domain.staff import Action, Actor
from tillgate.failpoints import fp
from tillgate.services.access import authorize
from tillgate.services.attempt_lease import LEASE, is_due, is_free
from tillgate.services.exception_rows import close_about_work, open_exception
from tillgate.services.metrics import observe
from tillgate.services.payment_rows import hold_money
from tillgate.services.records import columns, record
from tillgate.services.till import Till
from tillgate.store.models import outbox
from tillgate.store.outbox_rows import enqueue
from tillgate.store.unit_of_work import UnitOfWork, refuse_inside_transaction

log: Final = logging.getLogger("tillgate.outbox")
_WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 360))
PARK_AFTER: Final = timedelta(hours=24)
# What waited for days for its mail server to be set up gets a fair go before anybody is bothered.
FEWEST_TRIES: Final = 5
# With the server down every try costs its whole deadline; the rest waits for the next round.
_FAILURES_IN_A_ROW: Final = 5
INVOICE: Final = "invoice"
MAIL: Final = "mail"
# What is noted of a mail that a manager let go unsent.
CANCELLED: Final = "cancelled"


class WorkState(StrEnum):
    """Where a piece of work stands."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class OutboxRecord:
    """One piece of work. `message` is the last failure's code, or what was noted when it was done."""

    id: int
    kind: str
    dedupe_key: str
    payment_id: int | None
    payload: Mapping[str, Any]
    tries: int
    created_at: datetime
    next_at: datetime | None
    done_at: datetime | None
    parked_at: datetime | None
    message: str | None
    lease_owner: str | None
    lease_until: datetime | None

    @property
    def subject(self) -> str:
        """How the audit names what it is about."""
        return f"outbox:{self.id}" if self.payment_id is None else f"payment:{self.payment_id}"

    def state(self, now: datetime) -> WorkState:
        """Where it stands at an instant."""
        if self.done_at is not None:
            return WorkState.DONE
        if self.parked_at is not None:
            return WorkState.PARKED
        leased = self.lease_until is not None and self.lease_until > now
        return WorkState.WORKING if leased else WorkState.WAITING


@dataclass(frozen=True, slots=True)
class Later:
    """What a work returns that can't be done yet and is nobody's failure."""

    wait: timedelta
    why: str


# Does one piece of work with no transaction open; returns a note for the record, or Later. Raises Refused for what
# will never work, and anything else for what may work another time.
Work = Callable[[Till, OutboxRecord], str | Later]
# The payload of a row that was damaged: no work is done on it, and it holds up no other.
UNREADABLE: Final[Mapping[str, Any]] = MappingProxyType({})
_OUTBOX: Final = columns(OutboxRecord, outbox)


def run_due(till: Till, works: Mapping[str, Work], *, limit: int = 20) -> int:
    """Do what is due, each in its own right: how many were tried. Kinds that `works` does not name wait.

    Work of one kind that fails several times in a row leaves the rest of its kind for the next round.
    """
    refuse_inside_transaction()
    tried, in_a_row = 0, dict.fromkeys(works, 0)
    for row_id, kind in _due(till, works, limit):
        if in_a_row[kind] >= _FAILURES_IN_A_ROW:
            continue
        row = _claim(till, row_id)
        if row is None:
            continue
        fp("outbox.after_claim")
        tried += 1
        in_a_row[kind] = 0 if _work(till, works[kind], row) else in_a_row[kind] + 1
    return tried


def next_due_at(connection: Connection) -> datetime | None:
    """When the next piece of work is due; None if nothing waits."""
    found: datetime | None = connection.execute(select(func.min(outbox.c.next_at))).scalar_one()
    return found


def load_work(connection: Connection, outbox_id: int, *, lock: bool = False) -> OutboxRecord:
    """Raises NotFound("work_unknown")."""
    query = select(*_OUTBOX).where(outbox.c.id == outbox_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("work_unknown", outbox=outbox_id)
    return _record(row)


def _lock(uow: UnitOfWork, outbox_id: int) -> OutboxRecord:
    row = load_work(uow.connection, outbox_id)
    hold_money(uow.connection, row.payment_id, None)
    return load_work(uow.connection, outbox_id, lock=True)


def list_work(connection: Connection, payment_id: int) -> list[OutboxRecord]:
    """What follows or followed a payment, oldest first."""
    query = select(*_OUTBOX).where(outbox.c.payment_id == payment_id).order_by(outbox.c.id)
    return [_record(row) for row in connection.execute(query)]


def retry(uow: UnitOfWork, outbox_id: int) -> OutboxRecord:
    """Begin anew with what waits or is parked, from now. Raises Refused("work_done" | "work_under_way")."""
    row = _open_row(uow, outbox_id)
    again = {"parked_at": None, "next_at": uow.now, "created_at": uow.now, "tries": 0, "lease_until": None}
    uow.execute(update(outbox).where(outbox.c.id == outbox_id).values(again))
    uow.record("outbox.retried", row.subject, outbox=row.id, what=row.dedupe_key)
    return load_work(uow.connection, outbox_id)


def retry_now(till: Till, actor: Actor, outbox_id: int) -> OutboxRecord:
    """A person wants it tried now. Raises NotAllowed, NotFound, Refused("work_done" | "work_under_way")."""
    authorize(till, actor, Action.RESEND_NOTICE)
    return till.db.transact(actor, lambda uow: retry(uow, outbox_id))


def send_again(till: Till, actor: Actor, outbox_id: int) -> None:
    """Send a mail that was sent before once more, as a new one. Raises NotAllowed, Refused("work_not_repeatable")."""
    authorize(till, actor, Action.RESEND_NOTICE)

    def work(uow: UnitOfWork) -> None:
        row = _lock(uow, outbox_id)
        if row.kind != MAIL or row.done_at is None or row.payload is UNREADABLE:
            raise Refused("work_not_repeatable", outbox=outbox_id)
        key = f"{row.dedupe_key}:again:{secrets.token_hex(4)}"
        enqueue(uow, row.kind, key, row.payload, payment_id=row.payment_id)
        uow.record("outbox.repeated", row.subject, outbox=row.id, what=row.dedupe_key)

    till.db.transact(actor, work)


def cancel(till: Till, actor: Actor, outbox_id: int, reason: str) -> None:
    """A manager lets a mail go unsent; what is on the Exceptions list for it is closed with the reason.

    Raises NotAllowed, Invalid for a bad reason, Refused("work_done" | "work_under_way" | "work_needed").
    """
    authorize(till, actor, Action.SETTLE_EXCEPTION)
    words = check_note(reason, field="reason")

    def work(uow: UnitOfWork) -> None:
        row = _open_row(uow, outbox_id)
        if row.kind != MAIL:
            raise Refused("work_needed", outbox=outbox_id, kind=row.kind)
        values = {"done_at": uow.now, "next_at": None, "parked_at": None, "message": CANCELLED}
        uow.execute(update(outbox).where(outbox.c.id == outbox_id).values(values))
        close_about_work(uow, outbox_id, ExceptionAction.CLOSE, words)
        uow.record("outbox.cancelled", row.subject, outbox=row.id, what=row.dedupe_key, reason=words)

    till.db.transact(actor, work)


def _open_row(uow: UnitOfWork, outbox_id: int) -> OutboxRecord:
    row = _lock(uow, outbox_id)
    state = row.state(uow.now)
    if state is WorkState.DONE:
        raise Refused("work_done", outbox=outbox_id)
    if state is WorkState.WORKING:
        raise Refused("work_under_way", outbox=outbox_id)
    return row


def _due(till: Till, kinds: Collection[str], limit: int) -> list[tuple[int, str]]:
    now = till.clock.now()
    query = (
        select(outbox.c.id, outbox.c.kind)
        .where(is_due(outbox.c.next_at, now), outbox.c.kind.in_(kinds), is_free(outbox, now))
        .order_by(outbox.c.next_at, outbox.c.id)
        .limit(limit)
    )
    with till.db.read() as connection:
        return [(int(row.id), row.kind) for row in connection.execute(query)]


def _claim(till: Till, row_id: int) -> OutboxRecord | None:
    """Take the lease; None if another process was quicker. The owner's name is new each time: it fences the result."""
    owner = f"{till.worker}:{secrets.token_hex(4)}"

    def work(uow: UnitOfWork) -> OutboxRecord | None:
        row = uow.execute(
            update(outbox)
            .where(outbox.c.id == row_id, is_due(outbox.c.next_at, uow.now), is_free(outbox, uow.now))
            .values(lease_owner=owner, lease_until=uow.now + LEASE, tries=outbox.c.tries + 1)
            .returning(*_OUTBOX)
        ).one_or_none()
        return None if row is None else _record(row)

    return till.db.transact(till.system, work)


def _work(till: Till, work: Work, row: OutboxRecord) -> bool:
    """Do one piece of work and write down what came of it; False if it failed."""
    if row.payload is UNREADABLE:
        _failed(till, row, "payload_unreadable", "payload_unreadable", hopeless=True)
        return True
    try:
        came = work(till, row)
    except TillgateError as failure:
        # What somebody else changed meanwhile is read afresh by the next try.
        hopeless = isinstance(failure, Refused) and not isinstance(failure, Stale)
        _failed(till, row, failure.code, str(failure), hopeless=hopeless)
        return False
    except Exception as failure:
        log.exception("work of the outbox failed", extra={"outbox": row.id, "kind": row.kind})
        _failed(till, row, type(failure).__name__, type(failure).__name__, hopeless=False)
        return False
    fp("outbox.after_send")
    if isinstance(came, Later):
        wait = came.wait
        till.db.transact(
            till.system,
            lambda uow: _settle(uow, row, tries=row.tries - 1, next_at=uow.now + wait, message=came.why),
        )
    else:
        till.db.transact(till.system, lambda uow: _done(uow, row, came))
    return True


def _done(uow: UnitOfWork, row: OutboxRecord, note: str) -> None:
    if _settle(uow, row, done_at=uow.now, next_at=None, message=note or None):
        close_about_work(uow, row.id, ExceptionAction.RETRY, "done")
        uow.record("outbox.done", row.subject, outbox=row.id, what=row.dedupe_key, note=note, tries=row.tries)


def _failed(till: Till, row: OutboxRecord, code: str, message: str, *, hopeless: bool) -> None:
    def write(uow: UnitOfWork) -> None:
        observe(uow, till, "error", f"outbox:{code}", 0)
        over = row.created_at + PARK_AFTER
        if hopeless or (uow.now >= over and row.tries >= FEWEST_TRIES):
            _park(uow, row, message)
            return
        due = uow.now + _WAITS[min(row.tries, len(_WAITS)) - 1]
        # The last try comes when the day is over, not up to six hours after it.
        _settle(uow, row, next_at=min(due, over) if uow.now < over else due, message=message[:300])
        uow.record("outbox.failed", row.subject, outbox=row.id, what=row.dedupe_key, error=code, tries=row.tries)

    till.db.transact(till.system, write)


def _park(uow: UnitOfWork, row: OutboxRecord, message: str) -> None:
    # What comes to stand on Exceptions names the payment.
    hold_money(uow.connection, row.payment_id, None)
    if not _settle(uow, row, next_at=None, parked_at=uow.now, message=message[:300]):
        return
    kind = ExceptionKind.INVOICE_STUCK if row.kind == INVOICE else ExceptionKind.NOTICE_PARKED
    open_exception(
        uow,
        kind,
        f"outbox:{row.id}:{uow.now.isoformat()}",
        payment_id=row.payment_id,
        outbox_id=row.id,
        evidence={"what": row.dedupe_key, "error": message[:300], "tries": row.tries, "since": row.created_at},
    )
    uow.record("outbox.parked", row.subject, outbox=row.id, what=row.dedupe_key, tries=row.tries)


def _settle(uow: UnitOfWork, row: OutboxRecord, **values: object) -> bool:
    """Write the outcome and give the lease back; nothing if the lease has gone to another."""
    changed = uow.execute(
        update(outbox)
        .where(outbox.c.id == row.id, outbox.c.lease_owner == row.lease_owner, outbox.c.done_at.is_(None))
        .values(lease_owner=None, lease_until=None, **values)
    ).rowcount
    if not changed:
        uow.record("outbox.lease_lost", row.subject, outbox=row.id, what=row.dedupe_key)
    return bool(changed)


def _record(row: Any) -> OutboxRecord:
    return replace(record(OutboxRecord, row), payload=_read(row.payload))


def _read(payload: str) -> Mapping[str, Any]:
    """What a row says is to be done; UNREADABLE where nobody can tell, so that the row alone is given up."""
    try:
        read = json.loads(payload)
    except ValueError:
        return UNREADABLE
    return read if isinstance(read, dict) else UNREADABLE
