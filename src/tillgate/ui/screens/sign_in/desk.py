"""What the sign-in screen is given: it is on screen before the till is open, so it knows the services by call only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tillgate.domain.payment import Mode
from tillgate.domain.staff import Person

if TYPE_CHECKING:
    from tillgate.services.sign_in import Session


@dataclass(frozen=True, slots=True)
class SignInDesk:
    """The calls run on the work lane, may wait there until the till is open, and raise as `services.sign_in` does."""

    store: str
    till_id: str
    mode: Mode
    list_people: Callable[[], list[Person]]
    # A name and a PIN.
    sign_in: Callable[[str, str], Session]
    # A manager's name and PIN, and the name of who is locked.
    unlock: Callable[[str, str, str], None]
