"""Hold a till's id of a shared database while the till runs, and let it go with it."""

from __future__ import annotations

import logging
import platform
import secrets
import threading
from typing import Final

from tillgate.app.profile import Profile, write_private
from tillgate.domain.errors import TillgateError
from tillgate.services.till import Till
from tillgate.services.till_lease import RENEW_EVERY_S, Place, TillLease

log: Final = logging.getLogger("tillgate.holding")
_FILE: Final = "installation.id"


class Holding:
    """A held till. `trouble` says why it may not sell any more, "" while all is well."""

    def __init__(self, lease: TillLease, *, every_s: float = RENEW_EVERY_S) -> None:
        self._lease, self._every_s = lease, every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="till-lease", daemon=True)
        self._thread.start()

    def trouble(self) -> str:
        """The code of what stops selling."""
        return self._lease.trouble()

    def stop(self) -> None:
        """Let the till go; where the database can't be reached the lease runs out by itself."""
        self._over.set()
        self._thread.join()
        try:
            self._lease.release()
        except TillgateError as error:
            log.warning("the till could not be let go", extra={"code": error.code})

    def _renew(self) -> None:
        while not self._over.wait(self._every_s):
            try:
                if not self._lease.renew():
                    log.error("another computer is this till now")
                    return
            except Exception:
                log.exception("the till's lease could not be renewed")


def hold_till(profile: Profile, till: Till) -> Holding | None:
    """Become the till of a shared database; None for a file, which the profile's lock keeps for one process.

    Raises Refused("till_in_use").
    """
    if not profile.database_url:
        return None
    lease = TillLease(till, Place(_installation(profile), platform.node() or "?"))
    lease.take()
    return Holding(lease)


def _installation(profile: Profile) -> str:
    """This profile on this computer: a folder that was copied to another computer is another one."""
    path = profile.folder / _FILE
    if not path.exists():
        write_private(path, secrets.token_hex(16))
    return f"{path.read_text(encoding='ascii').strip()}@{platform.node()}"
