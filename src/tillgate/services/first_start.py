"""The first start for real use: a store's options and its first manager, who is signed in at once."""

from __future__ import annotations

from collections.abc import Mapping

from tillgate.services.pin_hash import Pins
from tillgate.services.settings import check_settings, save_settings
from tillgate.services.sign_in import Session, sign_in
from tillgate.services.staff import create_first_manager
from tillgate.services.till import Till


def open_store(till: Till, pins: Pins, *, manager: str, pin: str, options: Mapping[str, str]) -> Session:
    """Check everything, then make the manager, sign them in, and keep the options.

    Raises Invalid for what was typed, with nothing made; Refused("staff_exists"). After a power cut in between the
    manager is there and the options are the defaults, which the settings screen changes.
    """
    check_settings(options)
    create_first_manager(till, pins, manager, pin)
    session = sign_in(till, pins, manager, pin)
    save_settings(till, session.actor, options)
    return session
