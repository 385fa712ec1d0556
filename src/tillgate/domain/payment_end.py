"""How a payment came to rest, as the people at its till must hear of it."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.payment import ENDED_UNPAID, WAITING, Fulfilment, PaymentState

# Money that arrived and was not used: until a manager settles it nobody may say that the customer did not pay.
FOREIGN_MONEY: Final = frozenset(
    {
        ExceptionKind.LATE,
        ExceptionKind.UNDERPAID,
        ExceptionKind.OVERPAID,
        ExceptionKind.MISMATCH,
        ExceptionKind.CONFLICT,
    }
)


class End(StrEnum):
    """Where a payment came to rest. LATE, MISMATCHED, DOUBLE and REFUND_STUCK need a manager."""

    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    LATE = "late"
    MISMATCHED = "mismatched"
    DOUBLE = "double"
    REFUND_STUCK = "refund_stuck"


NEEDS_MANAGER: Final = frozenset({End.LATE, End.MISMATCHED, End.DOUBLE, End.REFUND_STUCK})
_UNPAID: Final = {
    PaymentState.FAILED: End.FAILED,
    PaymentState.EXPIRED: End.EXPIRED,
    PaymentState.CANCELLED: End.CANCELLED,
}
_CAPTURED: Final = {
    Fulfilment.DONE: End.PAID,
    Fulfilment.PENDING: None,
    Fulfilment.REFUSED: End.REFUND_STUCK,
}


def end_of(
    state: PaymentState, fulfilment: Fulfilment, open_exceptions: Collection[ExceptionKind], *, parked: bool = False
) -> End | None:
    """None while it is under way, and once a manager credited or closed what came late. `parked` is whether a refund
    of it waits for a person.

    A made sale stays PAID whatever a manager gives back of it: who did that knows.
    """
    if state in WAITING | ENDED_UNPAID:
        return End.MISMATCHED if not FOREIGN_MONEY.isdisjoint(open_exceptions) else _UNPAID.get(state)
    if ExceptionKind.DOUBLE in open_exceptions:
        return End.DOUBLE
    if fulfilment is Fulfilment.DONE:
        return End.PAID
    if state is PaymentState.CAPTURED:
        late = fulfilment is Fulfilment.NONE and not FOREIGN_MONEY.isdisjoint(open_exceptions)
        return End.LATE if late else _CAPTURED.get(fulfilment)
    if state is PaymentState.REFUND_PENDING:
        return End.REFUND_STUCK if parked else End.REFUNDING
    return End.REFUNDED
