"""Tries to pay that a provider declined inside a checkout that stays open: noted once each, shown while it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from tillgate.domain.checkout_facts import ProviderTry
from tillgate.services.records import AttemptRecord, PaymentRecord
from tillgate.store.models import declined_try
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DeclinedTry:
    """One try that took nothing. `reason` is in the provider's words, "" where it gave none."""

    provider_ref: str
    reason: str
    at: datetime


def note_declined(
    uow: UnitOfWork, owner: PaymentRecord, attempt: AttemptRecord, declined: Sequence[ProviderTry]
) -> None:
    """Write down the tries that are not known yet; heard twice it changes nothing. The attempt is locked."""
    if not declined:
        return
    mine = (declined_try.c.provider == attempt.provider) & declined_try.c.provider_ref.in_(
        [each.provider_ref for each in declined]
    )
    known = set(uow.execute(select(declined_try.c.provider_ref).where(mine)).scalars())
    for each in declined:
        if each.provider_ref in known:
            continue
        row: dict[str, object] = {"attempt_id": attempt.id, "provider": attempt.provider}
        row |= {"provider_ref": each.provider_ref, "method": each.method, "reason": each.reason}
        row |= {"amount_minor": each.amount.minor, "currency": each.amount.currency}
        insert_row(uow.connection, declined_try, row | {"tried_at": each.created_at, "seen_at": uow.now})
        known.add(each.provider_ref)
        uow.record("payment.declined", owner.subject, provider_ref=each.provider_ref, reason=each.reason or "")


def list_declined(connection: Connection, attempt_id: int) -> tuple[DeclinedTry, ...]:
    """The declined tries of a checkout, oldest first."""
    table = declined_try.c
    query = select(table.provider_ref, table.reason, table.tried_at, table.seen_at)
    rows = connection.execute(query.where(table.attempt_id == attempt_id).order_by(table.id))
    return tuple(DeclinedTry(row.provider_ref, row.reason or "", row.tried_at or row.seen_at) for row in rows)
