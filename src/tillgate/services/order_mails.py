"""A vendor is never told of an order that is over: the mail that waits is withdrawn, one that went is taken back.

Runs in the transaction that cancels the order; the outbox and the audit keep the trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, Select, select, update

from tillgate.domain.exceptions import ExceptionAction
from tillgate.services.exception_rows import close_about_work
from tillgate.services.records import PaymentRecord
from tillgate.store.models import outbox
from tillgate.store.outbox_rows import enqueue
from tillgate.store.unit_of_work import UnitOfWork

NEW_ORDER: Final = "new_order"
ORDER_CANCELLED: Final = "order_cancelled"
# What the outbox notes of a mail that nobody needs any more.
WITHDRAWN: Final = "withdrawn"


class Told(StrEnum):
    """Whether a vendor was told of an order by mail."""

    YES = "yes"
    NO = "no"
    NOT_YET = "not_yet"


def withdraw_orders(uow: UnitOfWork, payment: PaymentRecord, orders: Mapping[int, str]) -> None:
    """Withdraw what waits to tell vendors of these orders, now cancelled, and tell those who know of them.

    One that is being sent this moment can't be called back; whether it went is known when the other mail is due.
    """
    for order_id in sorted(orders):
        went = False
        for row in uow.execute(_about(order_id).with_for_update()).all():
            leased = row.lease_until is not None and row.lease_until > uow.now
            if row.done_at is None and not leased:
                _withdraw(uow, payment, row.id, row.dedupe_key)
            else:
                went = went or row.done_at is None or not row.message
        if went:
            payload = {"template": ORDER_CANCELLED, "payment_id": payment.id, "order_id": order_id}
            enqueue(uow, "mail", f"mail:{ORDER_CANCELLED}:{order_id}", payload, payment_id=payment.id)


def told_of(reading: Connection, order_id: int) -> Told:
    """Whether the mail about a new order went; NOT_YET while it may still go."""
    rows = reading.execute(_about(order_id)).all()
    if any(row.done_at is not None and not row.message for row in rows):
        return Told.YES
    return Told.NOT_YET if any(row.done_at is None for row in rows) else Told.NO


def _about(order_id: int) -> Select[tuple[object, ...]]:
    """The mail about an order, and every repetition of it, as `outbox.send_again` names them."""
    key = f"mail:{NEW_ORDER}:{order_id}"
    same = (outbox.c.dedupe_key == key) | outbox.c.dedupe_key.startswith(f"{key}:again:", autoescape=True)
    columns = (outbox.c.id, outbox.c.dedupe_key, outbox.c.done_at, outbox.c.lease_until, outbox.c.message)
    return select(*columns).where(same).order_by(outbox.c.id)


def _withdraw(uow: UnitOfWork, payment: PaymentRecord, outbox_id: int, what: str) -> None:
    values = {"done_at": uow.now, "next_at": None, "parked_at": None, "message": WITHDRAWN}
    uow.execute(update(outbox).where(outbox.c.id == outbox_id).values(values))
    close_about_work(uow, outbox_id, ExceptionAction.CLOSE, WITHDRAWN)
    uow.record("outbox.withdrawn", payment.subject, outbox=outbox_id, what=what)
