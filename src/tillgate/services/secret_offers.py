"""The store's secret on its way to a new till: wrapped under a code that only a person carries from one to the other.

The database holds nothing that helps without the code, which has 125 random bits; the wrapping is blanked when it was
taken, has run out, was replaced, or after five wrong codes. One secret of 32 bytes is wrapped under one key that is
used once: the pad is as long as the secret, and a MAC over all of it tells a wrong code.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from argon2.low_level import Type, hash_secret_raw
from sqlalchemy import Connection, Engine, Row, select, update

from tillgate.domain.errors import Refused
from tillgate.domain.secret import Secret
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.till import Till
from tillgate.store.models import secret_offer, staff
from tillgate.store.server_clock import database_now
from tillgate.store.statements import insert_row
from tillgate.store.unit_of_work import UnitOfWork

OFFER_LASTS: Final = timedelta(minutes=15)
MOST_TRIES: Final = 5
# Crockford's: no letter looks like a digit, and none is left out of a word.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _GROUP = 5, 5
_ALIKE: Final = str.maketrans("OIL", "011", " -")
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Offer:
    """What a manager writes down or reads out; shown once, kept nowhere."""

    code: Secret
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """A code that waits to be typed in; `tries` were wrong."""

    offered_by: str
    offered_till: str
    expires_at: datetime
    tries: int


def offer_secret(till: Till, actor: Actor, store_secret: Secret) -> Offer:
    """Wrap the store's secret for a new till; an offer that was open before is over. Raises NotAllowed."""
    authorize(till, actor, Action.EDIT_KEYS)
    code = "".join(secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP))
    salt = secrets.token_bytes(16)
    wrapped = _wrap(store_secret, code, salt)

    def work(uow: UnitOfWork) -> datetime:
        authorize(uow, actor, Action.EDIT_KEYS)
        now = database_now(uow.connection, uow.now)
        open_before = secret_offer.c.ended_at.is_(None)
        uow.execute(update(secret_offer).where(open_before).values(ended_at=now, ended_how="replaced", wrapped=""))
        row = {"salt": salt.hex(), "wrapped": wrapped, "offered_till": till.id, "offered_by": actor.staff_id}
        number = insert_row(uow.connection, secret_offer, row | {"offered_at": now, "expires_at": now + OFFER_LASTS})
        uow.record("secret.offered", f"till:{till.id}", offer=number)
        return now + OFFER_LASTS

    expires_at = till.db.transact(actor, work)
    shown = "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))
    return Offer(Secret(shown), expires_at)


def find_offer(till: Till, actor: Actor) -> OpenOffer | None:
    """The code that can be typed in now, without the code: that was shown once."""
    authorize(till, actor, Action.VIEW_KEYS)
    query = (
        select(secret_offer, staff.c.name)
        .join(staff, staff.c.id == secret_offer.c.offered_by)
        .where(secret_offer.c.ended_at.is_(None))
        .order_by(secret_offer.c.id.desc())
        .limit(1)
    )
    with till.db.read() as connection:
        row = connection.execute(query).one_or_none()
        over = row is None or row.expires_at <= database_now(connection, till.clock.now())
    return None if row is None or over else OpenOffer(row.name, row.offered_till, row.expires_at, row.tries)


def revoke_offer(till: Till, actor: Actor) -> bool:
    """Take the open code back; False if there was none any more. Raises NotAllowed."""
    authorize(till, actor, Action.EDIT_KEYS)

    def work(uow: UnitOfWork) -> bool:
        authorize(uow, actor, Action.EDIT_KEYS)
        now = database_now(uow.connection, uow.now)
        ended = {"ended_at": now, "ended_how": "revoked", "wrapped": ""}
        open_now = secret_offer.c.ended_at.is_(None)
        done = bool(uow.execute(update(secret_offer).where(open_now).values(ended)).rowcount)
        if done:
            uow.record("secret.revoked", f"till:{till.id}")
        return done

    return till.db.transact(actor, work)


def take_secret(engine: Engine, local_now: datetime, code: Secret, till_id: str) -> Secret:
    """The store's secret for the code that was read out; it can be taken once.

    Every try is counted before it is looked at. Raises Refused("offer_none" | "offer_over" | "offer_code_wrong").
    """
    offered = _count_try(engine, local_now)
    found = _unwrap(offered.wrapped, code.reveal().upper().translate(_ALIKE), bytes.fromhex(offered.salt))
    left = MOST_TRIES - offered.tries - 1
    if found is None and left > 0:
        raise Refused("offer_code_wrong", left=left)
    how, taken_till = ("taken", till_id) if found is not None else ("guessed", None)
    with engine.execution_options(writing=True).begin() as connection:
        first = _end(connection, offered.id, local_now, how, taken_till)
    if found is None or not first:
        raise Refused("offer_over")
    return found


def _count_try(engine: Engine, local_now: datetime) -> Row[Any]:
    """The open offer, with one try more written down."""
    query = select(secret_offer).where(secret_offer.c.ended_at.is_(None)).order_by(secret_offer.c.id.desc()).limit(1)
    with engine.execution_options(writing=True).begin() as connection:
        row = connection.execute(query.with_for_update()).one_or_none()
        if row is None:
            raise Refused("offer_none")
        over = row.tries >= MOST_TRIES or row.expires_at <= database_now(connection, local_now)
        if over:
            _end(connection, row.id, local_now, "expired", None)
        else:
            connection.execute(update(secret_offer).where(secret_offer.c.id == row.id).values(tries=row.tries + 1))
    if over:
        raise Refused("offer_over")
    return row


def _end(connection: Connection, offer_id: int, local_now: datetime, how: str, taken_till: str | None) -> bool:
    """End an offer and blank it; False if it was over already."""
    mine = (secret_offer.c.id == offer_id) & secret_offer.c.ended_at.is_(None)
    now = database_now(connection, local_now)
    ended = {"ended_at": now, "ended_how": how, "taken_till": taken_till, "wrapped": ""}
    return connection.execute(update(secret_offer).where(mine).values(ended)).rowcount == 1


def _keys(code: str, salt: bytes) -> tuple[bytes, bytes]:
    made = hash_secret_raw(
        code.encode(), salt, time_cost=2, memory_cost=19_456, parallelism=1, hash_len=64, type=Type.ID
    )
    return made[:_BYTES], made[_BYTES:]


def _wrap(store_secret: Secret, code: str, salt: bytes) -> str:
    pad, key = _keys(code, salt)
    hidden = bytes(a ^ b for a, b in zip(bytes.fromhex(store_secret.reveal()), pad, strict=True))
    return (hidden + hmac.digest(key, salt + hidden, hashlib.sha256)).hex()


def _unwrap(wrapped: str, code: str, salt: bytes) -> Secret | None:
    pad, key = _keys(code, salt)
    raw = bytes.fromhex(wrapped)
    hidden, mac = raw[:_BYTES], raw[_BYTES:]
    if not hmac.compare_digest(hmac.digest(key, salt + hidden, hashlib.sha256), mac):
        return None
    return Secret(bytes(a ^ b for a, b in zip(hidden, pad, strict=True)).hex())
