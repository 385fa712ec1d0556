"""PINs as the database keeps them: Argon2id over an HMAC with the store's pepper (reliability.md 2.1).

A stolen database alone gives no PIN away: the pepper is in the keyring.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tillgate.domain.errors import Bug

SHORTEST_PEPPER: Final = 32


@dataclass(frozen=True, slots=True)
class Cost:
    """What one comparison costs: memory in KiB, passes over it, lanes."""

    memory_kib: int
    passes: int
    lanes: int = 1


# OWASP's least is 19 MiB, two passes, one lane; a till has time for more.
LEAST: Final = Cost(19 * 1024, 2)
USUAL: Final = Cost(46 * 1024, 2)


class Pins:
    """Makes and compares PIN hashes, and remembers for this process how long nobody may try again.

    The memory is by the monotonic clock, so that setting the wall clock forward shortens no delay either.
    """

    def __init__(self, pepper: bytes, cost: Cost = USUAL) -> None:
        if len(pepper) < SHORTEST_PEPPER:
            raise Bug("pepper_short")
        self._pepper = pepper
        self._hasher = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes)
        self._not_before: dict[str, float] = {}

    def __repr__(self) -> str:
        return "Pins(***)"

    def hash(self, pin: str) -> str:
        """The text to keep of a PIN; takes tens of milliseconds."""
        return self._hasher.hash(self._peppered(pin))

    def matches(self, kept: str, pin: str) -> bool:
        """Whether a PIN is the one that was kept; a hash that can't be read matches nothing."""
        try:
            return self._hasher.verify(kept, self._peppered(pin))
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made at another cost."""
        return self._hasher.check_needs_rehash(kept)

    def hold(self, who: str, until: float) -> None:
        """Remember that nobody may try `who` again before a monotonic instant, in seconds."""
        self._not_before[who] = max(until, self._not_before.get(who, until))

    def held_s(self, who: str, monotonic: float) -> float:
        """How many seconds `who` is still held."""
        return max(0.0, self._not_before.get(who, 0.0) - monotonic)

    def _peppered(self, pin: str) -> bytes:
        return hmac.new(self._pepper, pin.encode(), hashlib.sha256).digest()
