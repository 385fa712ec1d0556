"""What training mode starts with: the sample shop, two people whose PINs are on screen, and settings that fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tillgate.app.bootstrap import Shop
from tillgate.domain.settings import ADMIN_EMAIL, RETURN_TO_TILL, STORE_NAME
from tillgate.domain.staff import Role
from tillgate.services.sample_shop import load_sample_shop
from tillgate.services.settings import save_settings
from tillgate.services.sign_in import sign_in, sign_out
from tillgate.services.staff import NewPerson, create_first_manager, create_staff, has_staff


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the sample shop; the PIN is shown on the sign-in screen of training mode and opens nothing else."""

    name: str
    role: Role
    pin: str


MANAGER: Final = DemoPerson("Meera Nair", Role.MANAGER, "739164")
CASHIER: Final = DemoPerson("Asha Rao", Role.CASHIER, "4069")
DEMO_PINS: Final = {person.name: person.pin for person in (CASHIER, MANAGER)}


def prepare_training(shop: Shop) -> None:
    """Load what is missing; what is there stays."""
    load_sample_shop(shop.till)
    if has_staff(shop.till):
        return
    create_first_manager(shop.till, shop.pins, MANAGER.name, MANAGER.pin)
    session = sign_in(shop.till, shop.pins, MANAGER.name, MANAGER.pin)
    create_staff(shop.till, session.actor, shop.pins, NewPerson(CASHIER.name, CASHIER.role, CASHIER.pin))
    texts = {
        STORE_NAME.name: "Tillgate Bazaar",
        ADMIN_EMAIL.name: "owner@example.com",
        # In training the browser is on this computer, so it can come back here.
        RETURN_TO_TILL.name: "yes",
    }
    save_settings(shop.till, session.actor, texts)
    sign_out(shop.till, session.actor)
