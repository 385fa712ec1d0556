"""The journal of provider calls: planned in the intent's transaction, marked sent, then what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, exists, func, select, update

from tillgate.failpoints import fp
from tillgate.ports import Answer, Outcome
from tillgate.services.till import Till
from tillgate.store.models import payment_attempt, provider_call
from tillgate.store.statements import insert_row, update_rows
from tillgate.store.unit_of_work import UnitOfWork

PLANNED: Final = "planned"
SENT: Final = "sent"
# Noted instead of the provider's words where they may be about another account.
OTHER_KEYS: Final = "keys_of_another_account"
# Outcomes that prove the provider did not act on the call.
PROVEN_IDLE: Final = frozenset({PLANNED, Outcome.NOT_SENT.value, Outcome.RATE_LIMITED.value})
# Outcomes that say nothing of the money; refused keys do not either (reliability.md, row 43).
UNSURE: Final = frozenset({SENT, Outcome.UNKNOWN.value, Outcome.MISCONFIGURED.value})

# They may change what a look at the checkout shows.
_ACTS: Final = frozenset({"cancel", "capture"})


@dataclass(frozen=True, slots=True)
class CallRecord:
    """The last call of a kind for an attempt or a refund."""

    id: int
    outcome: str
    message: str | None


def plan_call(
    uow: UnitOfWork,
    provider: str,
    kind: str,
    request: str,
    *,
    attempt_id: int | None = None,
    refund_id: int | None = None,
) -> int:
    """Write down a call before it is made; `request` is the exact body, which never holds a secret."""
    row = {
        "attempt_id": attempt_id,
        "refund_id": refund_id,
        "provider": provider,
        "kind": kind,
        "request_sha256": hashlib.sha256(request.encode()).hexdigest(),
        "request_json": request,
        "outcome": PLANNED,
        "planned_at": uow.now,
    }
    if attempt_id is not None and kind in _ACTS:
        # What is heard after it is news, though it was heard in the same words before.
        uow.execute(update(payment_attempt).where(payment_attempt.c.id == attempt_id).values(heard_sha256=None))
    return insert_row(uow.connection, provider_call, row)


def mark_sent(till: Till, call_id: int, kind: str) -> None:
    """Commit that the call is about to be sent: from here on it may have happened."""
    till.db.transact(till.system, lambda uow: note_sent(uow, call_id))
    fp(f"{kind}.after_sent_mark")


def note_sent(uow: UnitOfWork, call_id: int) -> None:
    """The same inside a transaction that is open already."""
    update_rows(uow.connection, provider_call, {"id": call_id}, {"outcome": SENT, "first_sent_at": uow.now})


def note_answer(uow: UnitOfWork, call_id: int, answer: Answer, provider_ref: str | None = None) -> None:
    """Write down what came of a call."""
    values = {
        "outcome": answer.outcome.value,
        "http_status": answer.http_status,
        "response_sha256": answer.response_sha256,
        "provider_ref": provider_ref,
        "message": answer.message or None,
        "elapsed_ms": answer.elapsed_ms,
        "ended_at": uow.now,
    }
    update_rows(uow.connection, provider_call, {"id": call_id}, values)


def last_call(
    connection: Connection, kind: str, *, attempt_id: int | None = None, refund_id: int | None = None
) -> CallRecord | None:
    """The newest call of a kind, or None."""
    table = provider_call.c
    owner = table.attempt_id == attempt_id if attempt_id is not None else table.refund_id == refund_id
    row = connection.execute(
        select(table.id, table.outcome, table.message)
        .where(owner, table.kind == kind)
        .order_by(table.id.desc())
        .limit(1)
    ).one_or_none()
    return CallRecord(row.id, row.outcome, row.message) if row else None


def was_sent(
    kind: str, *, of: ColumnElement[int] | int, before: ColumnElement[int] | int | None = None
) -> ColumnElement[bool]:
    """Whether a call of an attempt, one before another if it says so, may have reached the provider."""
    table = provider_call.alias().c
    found = exists().where(
        table.attempt_id == of, table.kind == kind, table.first_sent_at.is_not(None), table.outcome.not_in(PROVEN_IDLE)
    )
    return found if before is None else found.where(table.id < before)


def was_sent_before(connection: Connection, call_id: int, attempt_id: int) -> bool:
    """Whether an earlier create than this one may have reached the provider: who is turned away hears nothing of it."""
    return bool(connection.execute(select(was_sent("create", of=attempt_id, before=call_id))).scalar_one())


def sent_since(
    connection: Connection, kind: str, *, attempt_id: int | None = None, refund_id: int | None = None
) -> datetime | None:
    """When a call that may have reached the provider was first sent; None proves that none has."""
    return _sent(connection, func.min, kind, attempt_id, refund_id)


def last_sent(
    connection: Connection, kind: str, *, attempt_id: int | None = None, refund_id: int | None = None
) -> datetime | None:
    """When such a call was last sent: a provider's list may not show yet what that one made."""
    return _sent(connection, func.max, kind, attempt_id, refund_id)


def _sent(
    connection: Connection,
    which: Callable[[ColumnElement[datetime]], ColumnElement[datetime]],
    kind: str,
    attempt_id: int | None,
    refund_id: int | None,
) -> datetime | None:
    table = provider_call.c
    owner = table.attempt_id == attempt_id if attempt_id is not None else table.refund_id == refund_id
    sent: datetime | None = connection.execute(
        select(which(table.first_sent_at)).where(owner, table.kind == kind, table.outcome.not_in(PROVEN_IDLE))
    ).scalar_one()
    return sent
