"""Where a payment stands, as a cashier needs to know it: one stage for every state that the screen can meet."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tillgate.domain.exceptions import ExceptionKind
from tillgate.domain.payment import WAITING, Fulfilment, PaymentState, RefundState
from tillgate.domain.payment_end import FOREIGN_MONEY, End
from tillgate.services.calls import OTHER_KEYS
from tillgate.services.payment_views import PaymentView


class Stage(StrEnum):
    """What the panel shows. CREATING to FINISHING wait for something; the others are where a payment comes to rest."""

    CREATING = "creating"
    UNSENT = "unsent"
    WAITING = "waiting"
    PROCESSING = "processing"
    CHECKING = "checking"
    OTHER_KEYS = "other_keys"
    KEYS_REFUSED = "keys_refused"
    OFFLINE = "offline"
    ENDING = "ending"
    FINISHING = "finishing"
    MISMATCHED = "mismatched"
    PAID = "paid"
    DOUBLE = "double"
    RETURNING = "returning"
    RETURNED = "returned"
    PARTLY_RETURNED = "partly_returned"
    LATE = "late"
    REFUNDING = "refunding"
    REFUND_STUCK = "refund_stuck"
    REFUNDED = "refunded"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


IN_PROGRESS: Final = frozenset(
    {
        Stage.CREATING,
        Stage.UNSENT,
        Stage.WAITING,
        Stage.PROCESSING,
        Stage.CHECKING,
        Stage.OTHER_KEYS,
        Stage.KEYS_REFUSED,
        Stage.OFFLINE,
        Stage.ENDING,
        Stage.FINISHING,
        Stage.MISMATCHED,
    }
)
# While one of these lasts nobody knows whether money moved, or it has moved: no second way to pay is offered.
_UNHEARD: Final = frozenset({Stage.CHECKING, Stage.OTHER_KEYS, Stage.KEYS_REFUSED, Stage.OFFLINE})
HELD: Final = _UNHEARD | {Stage.ENDING, Stage.FINISHING, Stage.MISMATCHED}
# The customer may pay now.
PAYABLE: Final = _UNHEARD | {Stage.WAITING, Stage.PROCESSING}
# The orders stand, whatever a manager gave back since.
SOLD: Final = frozenset({Stage.PAID, Stage.DOUBLE, Stage.RETURNING, Stage.RETURNED, Stage.PARTLY_RETURNED})
ENDED_WITHOUT_MONEY: Final = frozenset({Stage.FAILED, Stage.EXPIRED, Stage.CANCELLED})

# What somebody who saw a stage has been told (services/payment_news.py).
TELLS: Final = {
    **dict.fromkeys(SOLD, End.PAID),
    Stage.DOUBLE: End.DOUBLE,
    Stage.MISMATCHED: End.MISMATCHED,
    Stage.LATE: End.LATE,
    Stage.REFUNDING: End.REFUNDING,
    Stage.REFUND_STUCK: End.REFUND_STUCK,
    Stage.REFUNDED: End.REFUNDED,
    Stage.FAILED: End.FAILED,
    Stage.EXPIRED: End.EXPIRED,
    Stage.CANCELLED: End.CANCELLED,
}
_ENDED: Final = {
    PaymentState.FAILED: Stage.FAILED,
    PaymentState.EXPIRED: Stage.EXPIRED,
    PaymentState.CANCELLED: Stage.CANCELLED,
}
_SOLD: Final = {
    PaymentState.CAPTURED: Stage.PAID,
    PaymentState.REFUND_PENDING: Stage.RETURNING,
    PaymentState.REFUNDED: Stage.RETURNED,
    PaymentState.PARTIALLY_REFUNDED: Stage.PARTLY_RETURNED,
}


def stage_of(view: PaymentView) -> Stage:
    """The stage of a payment as it was read."""
    state = view.payment.state
    if state in WAITING:
        return _waiting(view)
    if state in _ENDED:
        return Stage.MISMATCHED if _has_foreign_money(view) else _ENDED[state]
    if view.payment.fulfilment is Fulfilment.DONE:
        return Stage.DOUBLE if ExceptionKind.DOUBLE in view.open_exceptions else _SOLD[state]
    if state is PaymentState.CAPTURED:
        return _captured(view)
    if state is PaymentState.REFUND_PENDING:
        stuck = any(each.state is RefundState.PARKED for each in view.refunds)
        return Stage.REFUND_STUCK if stuck else Stage.REFUNDING
    return Stage.REFUNDED


def _waiting(view: PaymentView) -> Stage:
    """The first that holds; what keeps the cashier from charging again comes first."""
    state, attempt = view.payment.state, view.attempt
    asked = (
        (Stage.MISMATCHED, _has_foreign_money(view)),
        (Stage.ENDING, attempt is not None and bool(attempt.ending)),
        (Stage.OTHER_KEYS, view.checking and view.last_message == OTHER_KEYS),
        (Stage.KEYS_REFUSED, view.keys_refused),
        (Stage.CHECKING, view.checking),
        (Stage.UNSENT, view.unsent and view.offline),
        (Stage.CREATING, state is PaymentState.CREATED),
        (Stage.OFFLINE, view.offline),
        (Stage.PROCESSING, state is PaymentState.PROCESSING),
    )
    return next((stage for stage, holds in asked if holds), Stage.WAITING)


def _captured(view: PaymentView) -> Stage:
    if view.payment.fulfilment is Fulfilment.PENDING:
        return Stage.FINISHING
    # Its refund failed, or it came after the payment had ended: a person decides.
    return Stage.REFUND_STUCK if view.payment.fulfilment is Fulfilment.REFUSED else Stage.LATE


def _has_foreign_money(view: PaymentView) -> bool:
    return not FOREIGN_MONEY.isdisjoint(view.open_exceptions)
