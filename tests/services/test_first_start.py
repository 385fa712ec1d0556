"""The first start: all of it or nothing that anybody would notice."""

from __future__ import annotations

import dataclasses

import pytest

from tillgate.domain.errors import Invalid, Refused
from tillgate.domain.settings import STORE_CURRENCY, STORE_NAME
from tillgate.domain.staff import Action, Role
from tillgate.services.access import authorize
from tillgate.services.first_start import open_store
from tillgate.services.pin_hash import Pins
from tillgate.services.settings import StoredSettings
from tillgate.services.staff import has_staff
from tillgate.services.till import Till

OPTIONS = {"store.name": "Rang Mahal", "store.currency": "KES", "store.zone": "Africa/Nairobi"}


@pytest.fixture
def fresh(till: Till) -> Till:
    return dataclasses.replace(till, settings=StoredSettings(till.db))


def test_a_store_opens_with_its_manager_signed_in(fresh: Till, pins: Pins) -> None:
    session = open_store(fresh, pins, manager="Meera Shah", pin="739164", options=OPTIONS)
    assert session.actor.role is Role.MANAGER
    authorize(fresh, session.actor, Action.EDIT_KEYS)
    assert (fresh.settings()[STORE_NAME], fresh.settings()[STORE_CURRENCY]) == ("Rang Mahal", "KES")
    with pytest.raises(Refused, match="staff_exists"):
        open_store(fresh, pins, manager="Mallory", pin="739164", options=OPTIONS)


@pytest.mark.parametrize(
    ("manager", "pin", "options", "code"),
    [
        ("Meera", "123456", OPTIONS, "pin_guessable"),
        ("", "739164", OPTIONS, "name_missing"),
        ("Meera", "739164", OPTIONS | {"store.zone": "Mars/Olympus"}, "setting_invalid"),
    ],
)
def test_what_is_wrong_leaves_nothing(fresh: Till, manager: str, pin: str, options: dict[str, str], code: str) -> None:
    pins = Pins(b"a pepper of thirty-two bytes, at least")
    with pytest.raises(Invalid, match=code):
        open_store(fresh, pins, manager=manager, pin=pin, options=options)
    assert not has_staff(fresh)
