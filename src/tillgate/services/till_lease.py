"""One computer at a time is a till of a shared database (reliability.md 1.4, row 41).

The lease runs on the database's clock, so no computer's wrong clock takes a till away or keeps it. Who could not renew
it for as long as it lasts sells nothing until it has: another computer may be that till by now.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update

from tillgate.domain.errors import Refused
from tillgate.services.till import Till
from tillgate.store.models import till_lease
from tillgate.store.server_clock import database_now
from tillgate.store.statements import insert_unless_there
from tillgate.store.unit_of_work import UnitOfWork

LEASE: Final = timedelta(seconds=60)
RENEW_EVERY_S: Final = 15.0
# What lies further ahead was written while the server's clock was wrong.
_LONGEST: Final = LEASE + timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Place:
    """Who wants to be the till: an installation, which may take its own till back after a crash, and its computer."""

    installation: str
    host: str


class TillLease:
    """A till's id, held for this process. `trouble` is what `Till.blocked` asks before every use case that writes."""

    def __init__(self, till: Till, place: Place) -> None:
        self._till, self._place = till, place
        self._holder = secrets.token_hex(16)
        self._heard: tuple[float, datetime] | None = None
        self._lost = ""

    def take(self) -> None:
        """Become the till. Raises Refused("till_in_use") naming the computer that is it now."""
        asked = self._times()
        self._till.db.transact(self._till.system, self._take)
        self._heard, self._lost = asked, ""

    def renew(self) -> bool:
        """Go on being the till; False once another computer is it. Raises Unavailable while nobody can be asked."""
        asked = self._times()
        if self._lost or not self._till.db.transact(self._till.system, lambda uow: self._hold_until(uow, LEASE)):
            self._lost = "till_taken_over"
            return False
        self._heard = asked
        return True

    def release(self) -> None:
        """Let another computer be the till at once."""
        self._till.db.transact(self._till.system, lambda uow: self._hold_until(uow, timedelta()))
        self._heard = None

    def trouble(self) -> str:
        """The code of why this computer may not be the till any more, or "" where it is."""
        if self._lost or self._heard is None:
            return self._lost or "till_unsure"
        # Of a computer that slept only the wall clock tells; of one whose clock was set only the other.
        ticks, wall = self._times()
        since = max(ticks - self._heard[0], (wall - self._heard[1]).total_seconds())
        return "till_unsure" if since >= LEASE.total_seconds() else ""

    def _times(self) -> tuple[float, datetime]:
        return self._till.clock.monotonic(), self._till.clock.now()

    def _take(self, uow: UnitOfWork) -> None:
        now = database_now(uow.connection, uow.now)
        mine: dict[str, object] = {"holder": self._holder, "installation": self._place.installation}
        mine |= {"host": self._place.host, "taken_at": now, "lease_until": now + LEASE}
        first = insert_unless_there(uow.connection, till_lease, {"till_id": self._till.id, **mine})
        if uow.execute(first).first() is None:
            query = select(till_lease).where(till_lease.c.till_id == self._till.id).with_for_update()
            found = uow.execute(query).one()
            held = now < found.lease_until <= now + _LONGEST
            if held and found.installation != self._place.installation:
                raise Refused("till_in_use", till=self._till.id, host=found.host, since=found.taken_at)
            uow.execute(update(till_lease).where(till_lease.c.till_id == self._till.id).values(mine))
        uow.record("till.taken", f"till:{self._till.id}", host=self._place.host)

    def _hold_until(self, uow: UnitOfWork, lasts: timedelta) -> bool:
        until = database_now(uow.connection, uow.now) + lasts
        mine = (till_lease.c.till_id == self._till.id) & (till_lease.c.holder == self._holder)
        return bool(uow.execute(update(till_lease).where(mine).values(lease_until=until)).rowcount)
