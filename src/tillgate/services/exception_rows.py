"""Put money or work on the Exceptions list, once, with its evidence."""

from __future__ import annotations

import json

from sqlalchemy import select, update

from tillgate.domain.exceptions import ExceptionKind
from tillgate.services.records import AttemptRecord
from tillgate.store.models import money_exception
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork


def open_exception(
    uow: UnitOfWork,
    kind: ExceptionKind,
    dedupe_key: str,
    *,
    evidence: dict[str, object],
    payment_id: int | None = None,
    attempt_id: int | None = None,
    capture_id: int | None = None,
    refund_id: int | None = None,
    outbox_id: int | None = None,
) -> int:
    """The exception's number; the same `dedupe_key` opens one only, and an answered one is not opened again."""
    found = uow.execute(
        select(money_exception.c.id).where(money_exception.c.dedupe_key == dedupe_key)
    ).scalar_one_or_none()
    if found is not None:
        return int(found)
    row = {
        "kind": kind,
        "dedupe_key": dedupe_key,
        "payment_id": payment_id,
        "attempt_id": attempt_id,
        "capture_id": capture_id,
        "refund_id": refund_id,
        "outbox_id": outbox_id,
        "evidence": json.dumps(evidence, default=str, sort_keys=True),
        "opened_at": uow.now,
    }
    number = insert_row(uow.connection, money_exception, row)
    subject = f"payment:{payment_id}" if payment_id is not None else f"exception:{number}"
    uow.record("exception.opened", subject, exception=number, kind=kind.value)
    return number


def open_unanswered(uow: UnitOfWork, attempt: AttemptRecord, why: str = "") -> None:
    """Put a checkout that nobody could be heard about on the list; `why` is the last answer's message."""
    evidence: dict[str, object] = {"reference": attempt.reference, "amount": str(attempt.amount)}
    evidence |= {"opened": attempt.created_at} | ({"provider_says": why} if why else {})
    open_exception(
        uow,
        ExceptionKind.UNANSWERED,
        f"unanswered:{attempt.id}",
        payment_id=attempt.payment_id,
        attempt_id=attempt.id,
        evidence=evidence,
    )


def close_exception(uow: UnitOfWork, exception_id: int, action: str, reason: str) -> bool:
    """Close an open exception; False if somebody closed it first."""
    changed = uow.execute(
        update(money_exception)
        .where(money_exception.c.id == exception_id, money_exception.c.closed_at.is_(None))
        .values(
            closed_at=uow.now,
            closed_by=uow.actor.staff_id,
            action=action,
            reason=reason,
            version=money_exception.c.version + 1,
        )
    ).rowcount
    if changed:
        uow.record("exception.closed", f"exception:{exception_id}", action=action, reason=reason)
    return bool(changed)
