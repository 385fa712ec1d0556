"""Reads and compare-and-set writes of payments and attempts; the one place that moves a payment's state."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, bindparam, select, text, update

from tillgate.domain.errors import Bug, NotFound, Stale
from tillgate.domain.payment import (
    ATTEMPT_ENDED,
    ATTEMPT_LIVE,
    AttemptState,
    Fulfilment,
    PaymentState,
    is_late,
    may_move,
)
from tillgate.services.records import AttemptRecord, CaptureRecord, PaymentRecord, columns, record, with_values
from tillgate.store.models import allocation, capture, payment, payment_attempt
from tillgate.store.statements import Statement, insert_returning, update_rows
from tillgate.store.unit_of_work import UnitOfWork

_PAYMENT: Final = columns(PaymentRecord, payment)
_ATTEMPT: Final = columns(AttemptRecord, payment_attempt)
_CAPTURE: Final = columns(CaptureRecord, capture)
_LOAD_PAYMENT: Final = Statement(select(*_PAYMENT).where(payment.c.id == bindparam("id")))
_LOCK_PAYMENT: Final = Statement(select(*_PAYMENT).where(payment.c.id == bindparam("id")).with_for_update())
_LOCK_OWNER: Final = Statement(
    select(*_PAYMENT)
    .where(
        payment.c.id
        == select(payment_attempt.c.payment_id).where(payment_attempt.c.id == bindparam("id")).scalar_subquery()
    )
    .with_for_update()
)
_BY_KEY: Final = Statement(select(*_PAYMENT, payment.c.request_sha256).where(payment.c.idem_key == bindparam("key")))
_LIVE_PAYMENT: Final = Statement(
    select(*_PAYMENT)
    .join(allocation, allocation.c.payment_id == payment.c.id)
    .where(
        allocation.c.thing_kind == bindparam("kind"),
        allocation.c.thing_id == bindparam("thing"),
        # Written out, so that the partial index serves it.
        text("allocation.live = 1"),
    )
)
_LOAD_ATTEMPT: Final = Statement(select(*_ATTEMPT).where(payment_attempt.c.id == bindparam("id")))
_LOCK_ATTEMPT: Final = Statement(select(*_ATTEMPT).where(payment_attempt.c.id == bindparam("id")).with_for_update())
_ATTEMPTS: Final = Statement(
    select(*_ATTEMPT).where(payment_attempt.c.payment_id == bindparam("payment")).order_by(payment_attempt.c.id)
)
_LIVE_ATTEMPT: Final = Statement(
    # Written out, so that the partial index serves it.
    select(*_ATTEMPT).where(payment_attempt.c.payment_id == bindparam("payment"), text("payment_attempt.live = 1"))
)
_FIND_CAPTURE: Final = Statement(
    select(*_CAPTURE).where(capture.c.provider == bindparam("provider"), capture.c.provider_ref == bindparam("ref"))
)
_TAKEN: Final = Statement(
    select(payment_attempt.c.id).where(
        payment_attempt.c.provider == bindparam("provider"), payment_attempt.c.provider_id == bindparam("provider_id")
    )
)


def insert_payment(connection: Connection, row: Mapping[str, object]) -> PaymentRecord:
    """A new payment, as it is kept."""
    return PaymentRecord(*insert_returning(connection, payment, row, _PAYMENT))


def load_payment(connection: Connection, payment_id: int, *, lock: bool = False) -> PaymentRecord:
    """Raises NotFound("payment_unknown")."""
    row = (_LOCK_PAYMENT if lock else _LOAD_PAYMENT).first(connection, id=payment_id)
    if row is None:
        raise NotFound("payment_unknown", payment=payment_id)
    return PaymentRecord(*row)


def lock_owner(connection: Connection, attempt_id: int) -> PaymentRecord:
    """The payment of an attempt, locked. Raises NotFound("attempt_unknown")."""
    row = _LOCK_OWNER.first(connection, id=attempt_id)
    if row is None:
        raise NotFound("attempt_unknown", attempt=attempt_id)
    return PaymentRecord(*row)


def find_payment_by_key(connection: Connection, key: str) -> tuple[PaymentRecord, str] | None:
    """The payment that a press made, with its request's hash."""
    row = _BY_KEY.first(connection, key=key)
    return (PaymentRecord(*row[:-1]), row[-1]) if row else None


def find_live_payment(connection: Connection, kind: str, thing_id: int) -> PaymentRecord | None:
    """The one live payment of a thing."""
    row = _LIVE_PAYMENT.first(connection, kind=kind, thing=thing_id)
    return PaymentRecord(*row) if row else None


def list_things(connection: Connection, payment_id: int) -> list[tuple[str, int, int]]:
    """What a payment is for: (kind, id, amount in minor units)."""
    query = select(allocation).where(allocation.c.payment_id == payment_id).order_by(allocation.c.id)
    return [(row.thing_kind, row.thing_id, row.amount_minor) for row in connection.execute(query)]


def load_attempt(connection: Connection, attempt_id: int, *, lock: bool = False) -> AttemptRecord:
    """Raises NotFound("attempt_unknown")."""
    row = (_LOCK_ATTEMPT if lock else _LOAD_ATTEMPT).first(connection, id=attempt_id)
    if row is None:
        raise NotFound("attempt_unknown", attempt=attempt_id)
    return AttemptRecord(*row)


def list_attempts(connection: Connection, payment_id: int) -> list[AttemptRecord]:
    """All attempts of a payment, oldest first."""
    return [AttemptRecord(*row) for row in _ATTEMPTS.rows(connection, payment=payment_id)]


def find_live_attempt(connection: Connection, payment_id: int) -> AttemptRecord | None:
    """The one live attempt of a payment."""
    row = _LIVE_ATTEMPT.first(connection, payment=payment_id)
    return AttemptRecord(*row) if row else None


def is_taken(connection: Connection, provider: str, provider_id: str) -> bool:
    """Whether a provider's name for a checkout is some attempt's."""
    return _TAKEN.first(connection, provider=provider, provider_id=provider_id) is not None


def load_capture(connection: Connection, capture_id: int, *, lock: bool = False) -> CaptureRecord:
    """Raises NotFound("capture_unknown")."""
    query = select(*_CAPTURE).where(capture.c.id == capture_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("capture_unknown", capture=capture_id)
    return record(CaptureRecord, row)


def hold_money(connection: Connection, payment_id: int | None, capture_id: int | None) -> None:
    """Lock what is locked before all else about some money, its refunds, exceptions and work: the payment that it came
    for, or the money itself where that is nobody's. Two tills then never wait for each other."""
    if payment_id is None and capture_id is not None:
        payment_id = load_capture(connection, capture_id).payment_id
    if payment_id is not None:
        load_payment(connection, payment_id, lock=True)
    elif capture_id is not None:
        load_capture(connection, capture_id, lock=True)


def find_capture(connection: Connection, provider: str, provider_ref: str) -> CaptureRecord | None:
    """Money by the provider's name for it."""
    row = _FIND_CAPTURE.first(connection, provider=provider, ref=provider_ref)
    return CaptureRecord(*row) if row else None


def note_receipt(uow: UnitOfWork, found: CaptureRecord, receipt: str | None) -> None:
    """Keep the payer's number of money that came without it; one that is known never changes."""
    if not receipt or found.receipt is not None:
        return
    query = update(capture).where(capture.c.id == found.id, capture.c.receipt.is_(None)).values(receipt=receipt)
    if uow.execute(query).rowcount == 1 and found.payment_id is not None:
        values = {"capture": found.id, "provider_ref": found.provider_ref, "receipt": receipt}
        uow.record("payment.receipt", f"payment:{found.payment_id}", **values)


def list_captures(connection: Connection, payment_id: int) -> list[CaptureRecord]:
    """All money that came for a payment."""
    query = select(*_CAPTURE).where(capture.c.payment_id == payment_id).order_by(capture.c.id)
    return [record(CaptureRecord, row) for row in connection.execute(query)]


def find_main_capture(connection: Connection, payment_id: int) -> CaptureRecord | None:
    """The capture that made a payment CAPTURED."""
    query = select(*_CAPTURE).where(capture.c.payment_id == payment_id, capture.c.main == 1)
    row = connection.execute(query).one_or_none()
    return record(CaptureRecord, row) if row else None


def move_payment(uow: UnitOfWork, found: PaymentRecord, target: PaymentState, **values: object) -> PaymentRecord:
    """Move a payment along the table of moves; its later money is flagged late.

    Raises Bug for a move that the table does not have, Stale if the row changed since it was read.
    """
    if not may_move(found.state, target):
        raise Bug("move_not_allowed", source=found.state.value, target=target.value)
    if is_late(found.state, target):
        values["late"] = 1
    uow.record("payment.moved", found.subject, source=found.state.value, target=target.value, **_plain(values))
    if found.fulfilment is not Fulfilment.DONE:
        # News at its till, whatever was told before; what a manager gives back of a made sale is none.
        values["told"] = ""
    return change_payment(uow, found, state=target, **values)


def change_payment(uow: UnitOfWork, found: PaymentRecord, **values: object) -> PaymentRecord:
    """Change columns of a payment as it was read. Raises Stale if it changed since."""
    where = {"id": found.id, "state": found.state, "version": found.version}
    new = {"version": found.version + 1, **values}
    if update_rows(uow.connection, payment, where, new) != 1:
        raise Stale("payment_changed", payment=found.id)
    return with_values(found, new)


def change_attempt(uow: UnitOfWork, found: AttemptRecord, **values: object) -> AttemptRecord:
    """Change columns of an attempt as it was read; an ended one is no longer live. Raises Stale if it changed since."""
    state = values.get("state")
    if state is not None:
        values["live"] = int(state in ATTEMPT_LIVE and bool(found.live))
    if state in ATTEMPT_ENDED:
        values.setdefault("ended_at", uow.now)
    where = {"id": found.id, "version": found.version}
    new = {"version": found.version + 1, **values}
    if update_rows(uow.connection, payment_attempt, where, new) != 1:
        raise Stale("attempt_changed", attempt=found.id)
    return with_values(found, new)


def new_reference(prefix: str = "TG") -> str:
    """Our name for an attempt at its provider: 32 characters, 150 random bits."""
    return f"{prefix}{secrets.token_hex(15).upper()}"


def ended_as(state: AttemptState) -> PaymentState:
    """A payment ends as its live attempt ended."""
    return PaymentState(state.value)


def _plain(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if isinstance(value, (str, int))}
