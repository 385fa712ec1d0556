"""Options: checked, kept, audited, read without waiting; and what no version or till can break."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import Engine, insert

from tests.factories.clock import FakeClock
from tests.factories.people import signed_in
from tests.factories.tills import audit_rows, make_till
from tillgate.domain.currencies import ACTIVE
from tillgate.domain.errors import Invalid
from tillgate.domain.settings import LINK_MINUTES, MAIL_FROM, OPTIONS, SMTP_PORT, STORE_CURRENCY, STORE_NAME, Settings
from tillgate.domain.staff import Actor, Role
from tillgate.services.settings import StoredSettings, save_settings
from tillgate.services.till import Till
from tillgate.store.models import setting


@pytest.fixture
def till(engine: Engine, clock: FakeClock) -> Till:
    bare = make_till(engine, clock)
    return dataclasses.replace(bare, settings=StoredSettings(bare.db))


def test_an_empty_store_has_the_defaults(till: Till) -> None:
    assert till.settings()[STORE_CURRENCY] == "INR"
    assert till.settings()[LINK_MINUTES] == 30
    assert {option.name for option in OPTIONS if option.read(str(option.default)) != option.default} == set()


def test_a_change_is_read_at_once_and_audited(till: Till, manager: Actor) -> None:
    save_settings(till, manager, {"store.name": "  Corner Shop ", "razorpay.link_minutes": "60"})
    assert till.settings()[STORE_NAME] == "Corner Shop"
    assert till.settings()[LINK_MINUTES] == 60
    save_settings(till, manager, {"store.name": "Corner Shop", "razorpay.link_minutes": "45"})
    told = [(actor, subject, data) for actor, event, subject, data in audit_rows(till) if event == "setting_changed"]
    assert told == [
        (manager.label, "setting:store.name", {"old": "", "new": "Corner Shop"}),
        (manager.label, "setting:razorpay.link_minutes", {"old": "30", "new": "60"}),
        (manager.label, "setting:razorpay.link_minutes", {"old": "60", "new": "45"}),
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"store.name": "Shop", "razorpay.link_minutes": "15"}, "razorpay.link_minutes"),
        ({"store.name": "Shop", "no.such": "1"}, "no.such"),
        ({"store.name": "Shop\nBcc: x@example.com"}, "store.name"),
        ({"mail.from": "nobody"}, "mail.from"),
        ({"mail.host": "mail.example.com", "mail.security": "none"}, "mail.security"),
        ({"store.zone": "Asia/Atlantis"}, "store.zone"),
        ({"store.currency": "rupees"}, "store.currency"),
        ({"store.currency": "ZZZ"}, "store.currency"),
        ({"store.currency": "XAU"}, "store.currency"),
    ],
)
def test_one_bad_option_and_nothing_changes(till: Till, manager: Actor, changes: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        save_settings(till, manager, changes)
    assert refused.value.values["field"] == field
    assert till.settings.refresh() == Settings({})  # type: ignore[attr-defined]
    assert not [event for _, event, *_ in audit_rows(till) if event == "setting_changed"]


def test_every_currency_in_use_can_be_the_stores_and_one_that_was_is_still_read(till: Till, manager: Actor) -> None:
    assert len(ACTIVE) == 155
    assert {"INR", "COP", "KES", "PHP", "IDR", "USD", "JPY", "KWD"} <= ACTIVE
    assert save_settings(till, manager, {"store.currency": "MVR"})[STORE_CURRENCY] == "MVR"
    assert Settings({"store.currency": "HRK"})[STORE_CURRENCY] == "HRK"


def test_open_mail_is_for_this_computer_only(till: Till, manager: Actor) -> None:
    save_settings(till, manager, {"mail.security": "none", "mail.host": "127.0.0.1", "mail.port": "2525"})
    assert till.settings()[SMTP_PORT] == 2525
    with pytest.raises(Invalid, match="mail_unencrypted"):
        save_settings(till, manager, {"mail.host": "mail.example.com"})


def test_an_address_is_kept_in_its_normal_form(till: Till, manager: Actor) -> None:
    save_settings(till, manager, {"mail.from": " Till@EXAMPLE.com "})
    assert till.settings()[MAIL_FROM] == "Till@example.com"
    save_settings(till, manager, {"mail.from": ""})
    assert till.settings()[MAIL_FROM] == ""


def test_another_till_s_change_is_seen_on_the_next_refresh(till: Till, clock: FakeClock) -> None:
    other = make_till(till.db.engine, clock, till_id="T2")
    assert till.settings()[STORE_CURRENCY] == "INR"
    save_settings(other, signed_in(other, Role.MANAGER), {"store.currency": "KES"})
    assert till.settings()[STORE_CURRENCY] == "INR"
    assert isinstance(till.settings, StoredSettings)
    till.settings.refresh()
    assert till.settings()[STORE_CURRENCY] == "KES"


def test_an_option_of_another_version_is_left_alone(till: Till) -> None:
    with till.db.write(till.system) as uow:
        uow.execute(insert(setting).values(name="from.the.future", value="1", changed_at=uow.now))
    assert till.settings().stored == {}
