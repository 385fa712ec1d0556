"""What training mode starts with: sample data of every desk, people with PINs on screen, settings that fit."""

from __future__ import annotations

from tillgate.app.bootstrap import Shop
from tillgate.app.demo_people import CASHIER, MANAGER
from tillgate.domain.settings import ADMIN_EMAIL, RETURN_TO_TILL, STORE_NAME
from tillgate.services.sample_clinic import load_sample_clinic
from tillgate.services.sample_devices import load_sample_devices
from tillgate.services.sample_instalments import load_sample_instalments
from tillgate.services.sample_shop import load_sample_shop
from tillgate.services.settings import save_settings
from tillgate.services.sign_in import sign_in, sign_out
from tillgate.services.staff import NewPerson, create_first_manager, create_staff, has_staff


def prepare_training(shop: Shop) -> None:
    """Load what is missing; what is there stays."""
    load_sample_shop(shop.till)
    load_sample_clinic(shop.till)
    load_sample_devices(shop.till)
    load_sample_instalments(shop.till)
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
