"""What browsers bring back: stored and answered at once, looked at later; a hint, never the truth (reliability.md 2.2).

A good signature wakes the verifier. A bad one is audited and wakes it too: captured and matching goes on, and with
nothing authorised or captured the attempt has failed (product.md, Verified).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from tillgate.domain.payment import WAITING, AttemptState
from tillgate.failpoints import fp
from tillgate.ports import CancelWay
from tillgate.services.apply import end_attempt
from tillgate.services.metrics import observe
from tillgate.services.payment_rows import list_captures, load_attempt, load_payment
from tillgate.services.records import AttemptRecord
from tillgate.services.return_tokens import hash_of
from tillgate.services.settle import check_attempt, send_cancel
from tillgate.services.till import Till
from tillgate.store.models import payment_attempt, return_inbox
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

# A reload or a prefetch repeats a return; more different ones than this say nothing new.
MOST_RETURNS: Final = 20
log: Final = logging.getLogger("tillgate.returns")


class Verdict(StrEnum):
    """What a return turned out to be."""

    SIGNED = "signed"
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"
    ORPHAN = "orphan"


def store_return(till: Till, token: str, fields: Mapping[str, str]) -> bool:
    """Keep a return before it is answered; the same one is kept once. False for a token that is nobody's."""
    token_sha256 = hash_of(token)
    body = json.dumps(dict(fields), sort_keys=True)
    raw_sha256 = hashlib.sha256(body.encode()).hexdigest()

    def work(uow: UnitOfWork) -> bool:
        attempt_id = uow.execute(
            select(payment_attempt.c.id).where(payment_attempt.c.return_token_sha256 == token_sha256)
        ).scalar_one_or_none()
        if attempt_id is None:
            return False
        mine = select(func.count()).select_from(return_inbox).where(return_inbox.c.attempt_id == attempt_id)
        if uow.execute(mine).scalar_one() >= MOST_RETURNS:
            return True
        key = f"{token_sha256}:{raw_sha256}"
        if uow.execute(select(return_inbox.c.id).where(return_inbox.c.dedupe_key == key)).first() is None:
            row = {"attempt_id": attempt_id, "dedupe_key": key, "token_sha256": token_sha256}
            row |= {"raw_sha256": raw_sha256, "fields_json": body, "received_at": uow.now}
            # Another process may keep the same return at this moment.
            with suppress(IntegrityError), uow.savepoint():
                insert_row(uow.connection, return_inbox, row)
        return True

    known = till.db.transact(till.system, work)
    fp("return.after_store")
    return known


def settle_returns(till: Till, *, limit: int = 50) -> int:
    """Look at every return that nobody has looked at. How many there were."""
    query = select(return_inbox).where(return_inbox.c.verdict.is_(None)).order_by(return_inbox.c.id).limit(limit)
    with till.db.read() as connection:
        rows = connection.execute(query).all()
    for row in rows:
        try:
            _look_at(till, row.id, row.attempt_id, _read(row.fields_json))
        except Exception:
            log.exception("a return could not be looked at", extra={"return": row.id})
    return len(rows)


def _read(fields_json: str) -> dict[str, str]:
    """The fields; none where the row was damaged: it is a hint still."""
    try:
        fields = json.loads(fields_json)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _look_at(till: Till, return_id: int, attempt_id: int, fields: dict[str, str]) -> None:
    with till.db.read() as connection:
        attempt = load_attempt(connection, attempt_id)
    _close(till, return_id, attempt, hear_return(till, attempt, fields))


def hear_return(till: Till, attempt: AttemptRecord, fields: Mapping[str, str]) -> Verdict:
    """What a return is worth; whatever it is, the provider is asked, and only its word counts."""
    verdict = _verdict(till, attempt, fields)
    check_attempt(till, attempt.id, f"return:{verdict.value}")
    if verdict is Verdict.BAD_SIGNATURE:
        _reject(till, attempt.id)
    return verdict


def _verdict(till: Till, attempt: AttemptRecord, fields: Mapping[str, str]) -> Verdict:
    provider = till.providers.get(attempt.provider)
    if provider is None:
        return Verdict.ORPHAN
    if "razorpay_signature" not in fields and "signature" not in fields:
        # Dismissed or failed in the browser: providers don't sign that, so it only wakes the verifier.
        return Verdict.UNSIGNED
    return Verdict.SIGNED if provider.check_return(attempt.ref, fields) else Verdict.BAD_SIGNATURE


def _reject(till: Till, attempt_id: int) -> None:
    """After a forged return: with no money anywhere the attempt is over, at the provider first."""
    with till.db.read() as connection:
        attempt = load_attempt(connection, attempt_id)
    provider = till.providers.get(attempt.provider)
    if provider is None or not attempt.live or attempt.state is not AttemptState.OPEN:
        return
    if provider.capabilities.methods[attempt.method] is CancelWay.CLOSES:
        send_cancel(till, provider, attempt)
    if not check_attempt(till, attempt_id, "bad_signature", resend=False, hold_end=True).over:
        return

    def work(uow: UnitOfWork) -> None:
        owner = load_payment(uow.connection, attempt.payment_id, lock=True)
        found = load_attempt(uow.connection, attempt_id, lock=True)
        if found.live and owner.state in WAITING and not list_captures(uow.connection, owner.id):
            end_attempt(uow, owner, found, AttemptState.FAILED, "bad_signature")

    till.db.transact(till.system, work)


def _close(till: Till, return_id: int, attempt: AttemptRecord, verdict: Verdict) -> None:
    def work(uow: UnitOfWork) -> None:
        changed = uow.execute(
            update(return_inbox)
            .where(return_inbox.c.id == return_id, return_inbox.c.verdict.is_(None))
            .values(verdict=verdict.value)
        ).rowcount
        if changed:
            uow.record("payment.return", f"payment:{attempt.payment_id}", attempt=attempt.id, verdict=verdict.value)
            if verdict is Verdict.BAD_SIGNATURE:
                observe(uow, till, "error", "bad_signature", 0)

    till.db.transact(till.system, work)
