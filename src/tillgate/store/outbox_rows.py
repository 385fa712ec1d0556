"""Work that follows a fact, written with it (reliability.md 1.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select

from tillgate.store.models.books import outbox
from tillgate.store.statements import Statement, insert_rows
from tillgate.store.unit_of_work import UnitOfWork

_THERE: Final = Statement(select(outbox.c.id).where(outbox.c.dedupe_key == bindparam("key")))


def enqueue(
    uow: UnitOfWork,
    kind: str,
    dedupe_key: str,
    payload: Mapping[str, object],
    *,
    payment_id: int | None = None,
    at: datetime | None = None,
) -> None:
    """Write one item; the same `dedupe_key` is written once."""
    if _THERE.first(uow.connection, key=dedupe_key) is None:
        enqueue_new(uow, [(kind, dedupe_key, payload)], payment_id=payment_id, at=at)


def enqueue_new(
    uow: UnitOfWork,
    items: Sequence[tuple[str, str, Mapping[str, object]]],
    *,
    payment_id: int | None = None,
    at: datetime | None = None,
) -> None:
    """Write several items (kind, dedupe key, payload) that can't be there yet."""
    rows = [
        {
            "kind": kind,
            "dedupe_key": key,
            "payload": json.dumps(payload, sort_keys=True),
            "payment_id": payment_id,
            "created_at": uow.now,
            "next_at": at or uow.now,
        }
        for kind, key, payload in items
    ]
    insert_rows(uow.connection, outbox, rows)
