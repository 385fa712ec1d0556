"""The rows behind the store's options, and behind what is kept beside them under names of its own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select
from sqlalchemy import text as sql

from tillgate.domain.settings import STORE_ZONE
from tillgate.store.models import setting
from tillgate.store.unit_of_work import UnitOfWork

_SAVE: Final = sql(
    "INSERT INTO setting (name, value, changed_at, changed_by) VALUES (:name, :value, :changed_at, :changed_by) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at, "
    "changed_by = excluded.changed_by"
).bindparams(bindparam("changed_at", type_=setting.c.changed_at.type))


def find_setting(connection: Connection, name: str) -> str | None:
    """The text kept under a name."""
    return connection.execute(select(setting.c.value).where(setting.c.name == name)).scalar_one_or_none()


def store_day(connection: Connection, instant: datetime) -> date:
    """The store's calendar day at an instant, where there is no till to ask."""
    zone = find_setting(connection, STORE_ZONE.name) or STORE_ZONE.default
    return instant.astimezone(ZoneInfo(zone)).date()


def write_setting(uow: UnitOfWork, name: str, text: str) -> None:
    """Keep a text under a name, as the actor's."""
    row = {"name": name, "value": text, "changed_at": uow.now, "changed_by": uow.actor.staff_id}
    uow.execute(_SAVE, row)
