"""Money and work that a person must look at: kinds, what may be done about each (product.md, Payment)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class CaptureDisposition(StrEnum):
    """What became of money a provider took."""

    APPLIED = "applied"
    ON_EXCEPTIONS = "on_exceptions"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    CREDITED = "credited"
    CLOSED = "closed"


class ExceptionKind(StrEnum):
    """Why it stands on the list."""

    LATE = "late"
    DOUBLE = "double"
    UNDERPAID = "underpaid"
    OVERPAID = "overpaid"
    MISMATCH = "mismatch"
    UNKNOWN_MONEY = "unknown_money"
    MISSING_MONEY = "missing_money"
    UNANSWERED = "unanswered"
    REFUND_STUCK = "refund_stuck"
    REFUND_FAILED = "refund_failed"
    NOTICE_PARKED = "notice_parked"
    INVOICE_STUCK = "invoice_stuck"
    CONFLICT = "conflict"


class ExceptionAction(StrEnum):
    """What a manager may do about it."""

    APPLY = "apply"
    REFUND = "refund"
    CREDIT = "credit"
    RETRY = "retry"
    ACCEPT = "accept"
    CLOSE = "close"


# In the evidence of money that came with a wrong answer: when a later one agreed in everything.
AGREED: Final = "agreed"
# In the evidence of a refund that failed: how much of it was done and came back.
RETURNED: Final = "refund_returned"
_A = ExceptionAction
_K = ExceptionKind
# CLOSE always needs a reason. Money that does not match what was asked is never applied, except a surplus; what
# disagreed only once is applied if a later answer of the provider agrees in everything.
ALLOWED: Final[dict[ExceptionKind, tuple[ExceptionAction, ...]]] = {
    _K.LATE: (_A.APPLY, _A.REFUND, _A.CREDIT, _A.CLOSE),
    _K.DOUBLE: (_A.REFUND, _A.CREDIT, _A.CLOSE),
    _K.UNDERPAID: (_A.REFUND, _A.CREDIT, _A.CLOSE),
    _K.OVERPAID: (_A.APPLY, _A.REFUND, _A.CREDIT, _A.CLOSE),
    _K.MISMATCH: (_A.APPLY, _A.REFUND, _A.CLOSE),
    _K.UNKNOWN_MONEY: (_A.REFUND, _A.CREDIT, _A.CLOSE),
    _K.MISSING_MONEY: (_A.CLOSE,),
    _K.UNANSWERED: (_A.RETRY, _A.CLOSE),
    _K.REFUND_STUCK: (_A.RETRY, _A.CLOSE),
    _K.REFUND_FAILED: (_A.RETRY, _A.CREDIT, _A.CLOSE),
    _K.NOTICE_PARKED: (_A.RETRY, _A.CLOSE),
    _K.INVOICE_STUCK: (_A.RETRY, _A.CLOSE),
    _K.CONFLICT: (_A.ACCEPT, _A.RETRY, _A.CLOSE),
}


def allowed(kind: ExceptionKind, *, of_refund: bool) -> tuple[ExceptionAction, ...]:
    """What may be done: a contradiction about a refund can be taken in or asked about again; another only closed."""
    return ALLOWED[kind] if of_refund or kind is not _K.CONFLICT else (_A.CLOSE,)
