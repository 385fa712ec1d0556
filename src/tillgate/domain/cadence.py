"""When to ask a provider again, by the age of what is waited for (product.md, Payment)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

_S, _M, _H, _D = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# (until this age, ask every): on screen for five minutes, then in the background to day 7.
_OPEN: Final = (
    (30 * _S, 3 * _S),
    (2 * _M, 5 * _S),
    (5 * _M, 15 * _S),
    (10 * _M, _M),
    (30 * _M, 5 * _M),
    (2 * _H, 15 * _M),
    (12 * _H, _H),
    (2 * _D, 6 * _H),
    (7 * _D, _D),
)
_REFUND: Final = ((_M, 5 * _S), (10 * _M, _M), (_H, 5 * _M), (6 * _H, 15 * _M), (_D, _H), (7 * _D, 6 * _H))
# A checkout that ended unpaid is watched for three days: banks authorise late.
_WATCH: Final = ((10 * _M, _M), (_H, 5 * _M), (6 * _H, _H), (3 * _D, 6 * _H))
# Orders that could not be written for a reason of ours: three tries within a minute, then the money goes back.
FULFIL_WAITS: Final = (2 * _S, 10 * _S)


def _next(steps: tuple[tuple[timedelta, timedelta], ...], since: datetime, now: datetime) -> datetime | None:
    age = now - since
    for until, wait in steps:
        if age < until:
            return now + wait
    return None


def next_check(opened_at: datetime, now: datetime, expires_at: datetime | None = None) -> datetime | None:
    """When to look at an open checkout again; None after day 7: then it is a person's."""
    due = _next(_OPEN, opened_at, now)
    if due is not None and expires_at is not None and now < expires_at + 2 * _S < due:
        return expires_at + 2 * _S
    return due


def next_look(opened_at: datetime, now: datetime, expires_at: datetime | None = None) -> datetime:
    """The same, and once a day after day 7: it stands on Exceptions then, or a clock was wrong."""
    return next_check(opened_at, now, expires_at) or now + _D


def next_refund_check(asked_at: datetime, now: datetime) -> datetime | None:
    """When to look at a refund again; None after day 7."""
    return _next(_REFUND, asked_at, now)


def next_watch(ended_at: datetime, now: datetime) -> datetime | None:
    """When to look at an ended checkout again; None after three days."""
    return _next(_WATCH, ended_at, now)
