"""Answers to presses of Pay: the payment that each came to, and the replies that are kept for a replay (ruling 22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, literal_column, select, text

from tillgate.domain.consultation import REPLAY_FOR
from tillgate.domain.errors import NotFound
from tillgate.domain.money import Money
from tillgate.domain.payment import WAITING, AttemptState, PaymentState
from tillgate.services.till import Till
from tillgate.store.models import consultation_invoice, idempotent_reply, payment, payment_attempt, staff
from tillgate.store.statements import Statement
from tillgate.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class ActivePayment:
    """The payment that a press came to, as a warning names it. `url` is where the patient pays, while that is open and
    known; `taken_by` is empty for a person who is gone."""

    id: int
    amount: Money
    state: PaymentState
    created_at: datetime
    taken_by: str
    till_id: str
    provider: str
    method: str
    url: str | None
    invoice_number: str
    late: bool

    @property
    def waiting(self) -> bool:
        """Whether it still waits for money: then its checkout can be opened again."""
        return self.state in WAITING


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered to a key before."""

    request_sha256: str
    expires_at: datetime
    payment: ActivePayment


# Written out, so that the partial index serves it and a replay binds nothing but its key.
_LIVE: Final = (payment_attempt.c.payment_id == payment.c.id) & (payment_attempt.c.live == literal_column("1"))
_NONE: Final[ColumnElement[str]] = literal_column("''")
_NEWEST_INVOICE: Final = (
    select(consultation_invoice.c.number)
    .where(consultation_invoice.c.payment_id == payment.c.id)
    .order_by(consultation_invoice.c.id.desc())
    .limit(literal_column("1"))
    .scalar_subquery()
)
_ACTIVE: Final = (
    payment.c.id,
    payment.c.amount_minor,
    payment.c.currency,
    payment.c.state,
    payment.c.created_at,
    func.coalesce(staff.c.name, _NONE),
    payment.c.till_id,
    payment.c.provider,
    func.coalesce(payment_attempt.c.method, _NONE),
    payment_attempt.c.state.label("attempt_state"),
    payment_attempt.c.url,
    func.coalesce(_NEWEST_INVOICE, _NONE),
    payment.c.late,
)
_JOINED: Final = payment.outerjoin(payment_attempt, _LIVE).outerjoin(staff, staff.c.id == payment.c.created_by)
_BY_PAYMENT: Final = Statement(select(*_ACTIVE).select_from(_JOINED).where(payment.c.id == bindparam("id")))
_BY_KEY: Final = Statement(
    select(idempotent_reply.c.request_sha256, idempotent_reply.c.expires_at, *_ACTIVE)
    .select_from(_JOINED.join(idempotent_reply, idempotent_reply.c.payment_id == payment.c.id))
    .where(idempotent_reply.c.key == bindparam("key"))
)
_AT: Final = idempotent_reply.c.expires_at
_NOW: Final = bindparam("now", type_=_AT.type)
_OVER: Final = Statement(select(_AT).where(_AT <= _NOW).limit(1))
_FORGET: Final = Statement(text("DELETE FROM idempotent_reply WHERE expires_at <= :now").bindparams(_NOW))
_KEEP: Final = Statement(
    insert(idempotent_reply).values({each.name: bindparam(each.name) for each in idempotent_reply.c})
)
_OPEN: Final = (AttemptState.OPEN, AttemptState.PROCESSING)


def find_active(connection: Connection, payment_id: int) -> ActivePayment:
    """A payment as a warning names it. Raises NotFound("payment_unknown")."""
    row = _BY_PAYMENT.first(connection, id=payment_id)
    if row is None:
        raise NotFound("payment_unknown", payment=payment_id)
    return _active(*row)


def find_reply(connection: Connection, key: str, now: datetime) -> Reply | None:
    """What was answered to a key, while it may be replayed: one look."""
    row = _BY_KEY.first(connection, key=key)
    if row is None or row[1] <= now:
        return None
    return Reply(row[0], row[1], _active(*row[2:]))


def keep_reply(uow: UnitOfWork, key: str, request_sha256: str, payment_id: int) -> None:
    """Keep the answer to a press for 300 s, in the transaction that makes it true."""
    row = {"key": key, "request_sha256": request_sha256, "payment_id": payment_id}
    _KEEP.count(uow.connection, **row, created_at=uow.now, expires_at=uow.now + REPLAY_FOR)


def purge_replies(till: Till) -> int:
    """Forget replies whose time is over; how many those were. After it the live payment is found all the same."""
    with till.db.read() as connection:
        if not _OVER.rows(connection, now=till.clock.now()):
            return 0
    return till.db.transact(till.system, lambda uow: _FORGET.count(uow.connection, now=uow.now))


def _active(  # noqa: PLR0917 - a row
    number: int,
    minor: int,
    currency: str,
    state: PaymentState,
    created_at: datetime,
    taken_by: str,
    till_id: str,
    provider: str,
    method: str,
    attempt_state: AttemptState | None,
    url: str | None,
    invoice: str,
    late: Any,
) -> ActivePayment:
    payable = state in WAITING and attempt_state in _OPEN
    amount, shown = Money(minor, currency), url if payable else None
    return ActivePayment(
        number, amount, state, created_at, taken_by, till_id, provider, method, shown, invoice, bool(late)
    )
