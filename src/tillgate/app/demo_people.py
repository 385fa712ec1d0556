"""The two people of training mode, whose PINs are on screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tillgate.domain.staff import Role


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the sample shop; the PIN is shown on the sign-in screen of training mode and opens nothing else."""

    name: str
    role: Role
    pin: str


MANAGER: Final = DemoPerson("Meera Nair", Role.MANAGER, "739164")
CASHIER: Final = DemoPerson("Asha Rao", Role.CASHIER, "4069")
DEMO_PINS: Final = {person.name: person.pin for person in (CASHIER, MANAGER)}
