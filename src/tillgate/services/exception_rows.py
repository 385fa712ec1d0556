"""Put money or work on the Exceptions list, once, with its evidence."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update

from tillgate.domain.exceptions import ExceptionAction, ExceptionKind
from tillgate.services.records import AttemptRecord, RefundRecord
from tillgate.store.models import money_exception
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

_AGAIN: Final = "#"


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


def open_again(
    uow: UnitOfWork,
    kind: ExceptionKind,
    dedupe_key: str,
    *,
    evidence: dict[str, object],
    payment_id: int | None = None,
    attempt_id: int | None = None,
    capture_id: int | None = None,
    refund_id: int | None = None,
) -> int:
    """The same for what is still so after somebody answered it: then it stands on the list anew."""
    same = (money_exception.c.dedupe_key == dedupe_key) | money_exception.c.dedupe_key.startswith(
        f"{dedupe_key}{_AGAIN}", autoescape=True
    )
    before = uow.execute(select(money_exception.c.id, money_exception.c.closed_at).where(same)).all()
    for row in before:
        if row.closed_at is None:
            return int(row.id)
    key = f"{dedupe_key}{_AGAIN}{len(before)}" if before else dedupe_key
    return open_exception(
        uow,
        kind,
        key,
        evidence=evidence,
        payment_id=payment_id,
        attempt_id=attempt_id,
        capture_id=capture_id,
        refund_id=refund_id,
    )


def open_unanswered(uow: UnitOfWork, attempt: AttemptRecord, why: str = "") -> None:
    """Put a checkout that nobody could be heard about on the list; `why` is the last answer's message."""
    evidence: dict[str, object] = {"reference": attempt.reference, "amount": str(attempt.amount)}
    evidence |= {"opened": attempt.created_at} | ({"provider_says": why} if why else {})
    open_again(
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


def close_about_refund(
    uow: UnitOfWork, refund_id: int, kinds: Collection[ExceptionKind], reason: str, *, besides: int | None = None
) -> None:
    """Close what asks about a refund and is answered by what was heard of it since."""
    query = select(money_exception.c.id).where(
        money_exception.c.refund_id == refund_id,
        money_exception.c.closed_at.is_(None),
        money_exception.c.kind.in_(kinds),
    )
    for found in uow.execute(query.order_by(money_exception.c.id)).all():
        if found.id != besides:
            close_exception(uow, int(found.id), ExceptionAction.CLOSE.value, reason)


def was_answered_by(uow: UnitOfWork, found: RefundRecord) -> bool:
    """Whether a refund of ours that had failed was taken for given back when this one, made elsewhere, was heard of."""
    table = money_exception.c
    same = (table.capture_id == found.capture_id) & (table.kind == ExceptionKind.REFUND_FAILED)
    # In one transaction: whoever wrote the one down closed the other.
    then = (table.closed_at == found.created_at) & (table.reason == found.reason)
    return uow.execute(select(table.id).where(same, then)).first() is not None


def close_about_work(uow: UnitOfWork, outbox_id: int, action: ExceptionAction, reason: str) -> None:
    """Close what asks about a piece of work that is done, or not to be done any more."""
    query = select(money_exception.c.id).where(
        money_exception.c.outbox_id == outbox_id, money_exception.c.closed_at.is_(None)
    )
    for found in uow.execute(query.order_by(money_exception.c.id)).all():
        close_exception(uow, int(found.id), action.value, reason)


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """What stands on the list about some money; `evidence` by name, as it was written."""

    id: int
    evidence: Mapping[str, str]


def find_open_about(uow: UnitOfWork, capture_id: int, kind: ExceptionKind) -> OpenEntry | None:
    """The open exception of a kind about some money."""
    query = select(money_exception.c.id, money_exception.c.evidence).where(
        money_exception.c.capture_id == capture_id,
        money_exception.c.closed_at.is_(None),
        money_exception.c.kind == kind,
    )
    row = uow.execute(query.order_by(money_exception.c.id)).first()
    return None if row is None else OpenEntry(row.id, json.loads(row.evidence))


def note_evidence(uow: UnitOfWork, exception_id: int, **more: object) -> None:
    """Add to the evidence of an open exception what was heard since."""
    query = select(money_exception.c.evidence).where(money_exception.c.id == exception_id)
    known = json.loads(uow.execute(query).scalar_one())
    evidence = json.dumps(known | more, default=str, sort_keys=True)
    still_open = (money_exception.c.id == exception_id) & money_exception.c.closed_at.is_(None)
    values = {"evidence": evidence, "version": money_exception.c.version + 1}
    uow.execute(update(money_exception).where(still_open).values(values))
