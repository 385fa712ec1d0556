"""A wall clock that is set back: what was put off by the time before is due now (reliability.md 1.4, row 33)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import update

from tillgate.ports import Clock
from tillgate.services.till import Till
from tillgate.store.models import outbox, payment, payment_attempt, refund
from tillgate.store.unit_of_work import UnitOfWork

CLOCK_SLACK: Final = timedelta(seconds=5)
_SECOND: Final = timedelta(seconds=1)
_HALF: Final = _SECOND / 2
_DUE: Final = (payment_attempt.c.next_check_at, refund.c.next_at, outbox.c.next_at, payment.c.fulfil_at)


class ClockWatch:
    """Compares the wall clock with the one that only runs on. A computer's sleep looks like a jump ahead: no matter."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._before = self._ahead()

    def set_back_by(self) -> timedelta:
        """How far it was set back since it was last put right; nothing where that is not more than clocks drift."""
        first, now = self._ahead(), self._ahead()
        lost = self._before - now
        if abs(first - now) > _SECOND:
            # Something came between the two clocks.
            return timedelta()
        if lost > CLOCK_SLACK:
            return lost
        self._before = now
        return timedelta()

    def is_put_right(self) -> None:
        """The till goes by the new time from here on."""
        self._before = self._ahead()

    def _ahead(self) -> timedelta:
        """How far the wall is ahead of the other, whenever that began."""
        wall = self._clock.now().timestamp()
        return timedelta(seconds=wall - self._clock.monotonic())


def go_by_the_new_time(till: Till, behind: timedelta) -> None:
    """Look at once at all that was put off by a clock that was ahead; audited."""

    def work(uow: UnitOfWork) -> None:
        for due in _DUE:
            uow.execute(update(due.table).where(due > uow.now).values({due.name: uow.now}))
        uow.record("clock_jump", f"till:{till.id}", behind_s=(behind + _HALF) // _SECOND)

    till.db.transact(till.system, work)
