"""Money that is not settled has an owner: work with a time in its row, or a person by the Exceptions list.

The one place that says so (product.md, Payment: money is never dropped; reliability.md 1.3, rules 7 and 9). Closing an
exception asks it, `tillgate`'s tests walk it, and whatever it lists is a fault of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, exists, select, union_all
from sqlalchemy import literal as said

from tillgate.domain.errors import MoneyMoved, Refused
from tillgate.domain.exceptions import CaptureDisposition
from tillgate.domain.payment import WAITING, Fulfilment, PaymentState, RefundState
from tillgate.services.refund_rows import OPEN_REFUNDS, OTHER_AMOUNT
from tillgate.store.models import capture, money_exception, outbox, payment, payment_attempt, refund
from tillgate.store.unit_of_work import UnitOfWork


class Forgotten(StrEnum):
    """What nobody would come back to."""

    REFUND = "refund"
    REFUND_PARKED = "refund_parked"
    REFUND_PENDING = "refund_pending"
    MONEY = "money"
    MONEY_LEFT = "money_left"
    CHECKOUT = "checkout"
    ORDERS = "orders"
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True)
class Loose:
    """One thing without an owner, by the number of its row: a refund, a payment, a capture or a piece of work."""

    what: Forgotten
    id: int
    payment_id: int | None


_open: Final = money_exception.c.closed_at.is_(None)
_mine: Final = refund.alias("its_refund")
_on_the_way: Final = exists().where(_mine.c.capture_id == capture.c.id, _mine.c.state.in_(OPEN_REFUNDS))


def _listed(column: Any, found: Any) -> ColumnElement[bool]:
    return exists().where(_open, column == found)


def _rows(what: Forgotten, row_id: Any, payment_id: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
    named = (said(what.value).label("what"), row_id.label("id"), payment_id.label("payment_id"))
    return select(*named).where(*conditions)


_refund_listed: Final = _listed(money_exception.c.refund_id, refund.c.id)
_capture_listed: Final = _listed(money_exception.c.capture_id, capture.c.id)
_needs_a_person: Final = (refund.c.state == RefundState.PARKED) | (refund.c.message == OTHER_AMOUNT)
_looked_after: Final = exists().where(
    payment_attempt.c.payment_id == payment.c.id,
    payment_attempt.c.live == 1,
    payment_attempt.c.next_check_at.is_not(None),
)
_RULES: Final = (
    # A refund on its way is driven; one that is parked, or that the provider tells otherwise, stands on the list too.
    _rows(
        Forgotten.REFUND, refund.c.id, refund.c.payment_id, refund.c.state.in_(OPEN_REFUNDS), refund.c.next_at.is_(None)
    ),
    _rows(
        Forgotten.REFUND_PARKED,
        refund.c.id,
        refund.c.payment_id,
        refund.c.state.in_(OPEN_REFUNDS),
        _needs_a_person,
        ~_refund_listed,
    ),
    _rows(
        Forgotten.REFUND_PENDING,
        payment.c.id,
        payment.c.id,
        payment.c.state == PaymentState.REFUND_PENDING,
        ~exists().where(capture.c.payment_id == payment.c.id, capture.c.main == 1, _on_the_way),
    ),
    # Money that nobody decided about, and money that was to go back, did not, and was not decided about again.
    _rows(
        Forgotten.MONEY,
        capture.c.id,
        capture.c.payment_id,
        capture.c.disposition == CaptureDisposition.ON_EXCEPTIONS,
        ~_capture_listed,
    ),
    _rows(
        Forgotten.MONEY_LEFT,
        capture.c.id,
        capture.c.payment_id,
        capture.c.disposition == CaptureDisposition.REFUNDING,
        capture.c.refunded_minor < capture.c.amount_minor,
        ~_on_the_way,
        ~_capture_listed,
    ),
    _rows(
        Forgotten.CHECKOUT,
        payment.c.id,
        payment.c.id,
        payment.c.state.in_(sorted(WAITING)),
        ~_looked_after,
        ~_listed(money_exception.c.payment_id, payment.c.id),
    ),
    _rows(
        Forgotten.ORDERS,
        payment.c.id,
        payment.c.id,
        payment.c.fulfilment == Fulfilment.PENDING,
        payment.c.fulfil_at.is_(None),
    ),
    # An invoice is owed to the law (services/outbox.py, cancel).
    _rows(
        Forgotten.INVOICE,
        outbox.c.id,
        outbox.c.payment_id,
        outbox.c.kind == "invoice",
        outbox.c.done_at.is_(None),
        outbox.c.next_at.is_(None),
        ~_listed(money_exception.c.outbox_id, outbox.c.id),
    ),
)


def list_forgotten(connection: Connection, payment_id: int | None = None) -> list[Loose]:
    """What has no owner, of one payment or of all: always nothing."""
    every = union_all(*_RULES).subquery()
    query = select(every).order_by(every.c.what, every.c.id)
    if payment_id is not None:
        query = query.where(every.c.payment_id == payment_id)
    return [Loose(Forgotten(row.what), row.id, row.payment_id) for row in connection.execute(query)]


def refuse_to_forget(uow: UnitOfWork, payment_id: int | None) -> None:
    """After a person's decision, in its transaction: nothing about that payment may be left without an owner.

    Raises Refused("would_be_forgotten"), naming what: the decision then changes nothing.
    """
    if payment_id is None:
        return
    loose = list_forgotten(uow.connection, payment_id)
    if loose:
        raise Refused("would_be_forgotten", payment=payment_id, what=loose[0].what.value, money_moved=MoneyMoved.YES)
