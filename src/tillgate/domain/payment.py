"""A payment's life: states, allowed moves, and what counts as live (product.md, Payment)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Mode(StrEnum):
    """Which money is meant; each has a database of its own, and keys of one are refused in another."""

    TRAINING = "training"
    TEST = "test"
    LIVE = "live"


class Purpose(StrEnum):
    """What a payment collects for; decides what is made when it is captured."""

    CHECKOUT = "checkout"
    CONSULTATION = "consultation"
    DEVICE_INVOICE = "device_invoice"
    PAYMENT_INVOICE = "payment_invoice"
    INSTALMENTS = "instalments"
    WALLET_TOP_UP = "wallet_top_up"


class PaymentState(StrEnum):
    """The one vocabulary for every purpose and provider."""

    CREATED = "CREATED"
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    CAPTURED = "CAPTURED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    REFUND_PENDING = "REFUND_PENDING"
    REFUNDED = "REFUNDED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"


class AttemptState(StrEnum):
    """One checkout, link or prompt at one provider; PLANNED means that nothing was sent yet."""

    PLANNED = "PLANNED"
    OPEN = "OPEN"
    PROCESSING = "PROCESSING"
    CAPTURED = "CAPTURED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class RefundState(StrEnum):
    """A refund on its way back; PARKED waits on the Exceptions list for a person."""

    PENDING = "PENDING"
    SENT = "SENT"
    DONE = "DONE"
    FAILED = "FAILED"
    PARKED = "PARKED"


class Fulfilment(StrEnum):
    """Whether the things paid for have been made."""

    NONE = "none"
    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


_P = PaymentState
_OPEN: Final = frozenset({_P.CREATED, _P.PENDING, _P.PROCESSING})
ENDED_UNPAID: Final = frozenset({_P.FAILED, _P.EXPIRED, _P.CANCELLED})
DEAD: Final = ENDED_UNPAID | {_P.REFUNDED}
LIVE: Final = frozenset(PaymentState) - DEAD
WAITING: Final = _OPEN

MOVES: Final[dict[PaymentState, frozenset[PaymentState]]] = {
    _P.CREATED: frozenset({_P.PENDING, _P.PROCESSING, _P.CAPTURED}) | ENDED_UNPAID,
    _P.PENDING: frozenset({_P.PROCESSING, _P.CAPTURED}) | ENDED_UNPAID,
    # A declined try inside an open checkout leaves it open for another one.
    _P.PROCESSING: frozenset({_P.PENDING, _P.CAPTURED}) | ENDED_UNPAID,
    _P.CAPTURED: frozenset({_P.REFUND_PENDING}),
    _P.REFUND_PENDING: frozenset({_P.REFUNDED, _P.PARTIALLY_REFUNDED, _P.CAPTURED}),
    _P.PARTIALLY_REFUNDED: frozenset({_P.REFUND_PENDING}),
    # Late money: always flagged, never silently used.
    _P.FAILED: frozenset({_P.CAPTURED}),
    _P.EXPIRED: frozenset({_P.CAPTURED}),
    _P.CANCELLED: frozenset({_P.CAPTURED}),
    _P.REFUNDED: frozenset(),
}

ATTEMPT_LIVE: Final = frozenset(
    {AttemptState.PLANNED, AttemptState.OPEN, AttemptState.PROCESSING, AttemptState.CAPTURED}
)
ATTEMPT_ENDED: Final = frozenset(AttemptState) - ATTEMPT_LIVE


def may_move(source: PaymentState, target: PaymentState) -> bool:
    """Whether the table of moves has this one; staying put is not a move."""
    return target in MOVES[source]


def is_late(source: PaymentState, target: PaymentState) -> bool:
    """Money for a payment that had ended unpaid."""
    return source in ENDED_UNPAID and target is PaymentState.CAPTURED
