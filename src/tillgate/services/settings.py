"""The store's options: read from a snapshot that never waits for the disk, changed with an audit of old and new."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, select

from tillgate.domain.currencies import check_store_currency
from tillgate.domain.errors import Invalid
from tillgate.domain.settings import (
    ADMIN_EMAIL,
    MAIL_FROM,
    OPTIONS,
    SMTP_HOST,
    SMTP_SECURITY,
    STORE_CURRENCY,
    Option,
    Settings,
)
from tillgate.domain.staff import Action, Actor
from tillgate.services.access import authorize
from tillgate.services.contacts import check_email
from tillgate.services.setting_rows import write_setting
from tillgate.services.till import Till
from tillgate.store.models import setting
from tillgate.store.unit_of_work import Database, UnitOfWork

_BY_NAME: Final[dict[str, Option[str] | Option[int]]] = {option.name: option for option in OPTIONS}
_ADDRESSES: Final = frozenset({ADMIN_EMAIL.name, MAIL_FROM.name})
_THIS_COMPUTER: Final = frozenset({"", "localhost", "127.0.0.1", "::1"})


class StoredSettings:
    """What `Till.settings` is: the options as last read. Calling it touches the database the first time only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reading = threading.Lock()
        self._last: Settings | None = None

    def __call__(self) -> Settings:
        return self._last or self.refresh()

    def refresh(self) -> Settings:
        """Read the options anew: at start, after a change, and on a timer for what other tills changed."""
        with self._reading, self._database.read() as connection:
            self._last = Settings(_stored(connection))
            return self._last


def check_settings(changes: Mapping[str, str]) -> dict[str, str]:
    """The texts as they would be stored. Raises Invalid with `field` naming the option, as `save_settings`."""
    return {name: _checked(name, text) for name, text in changes.items()}


def save_settings(till: Till, actor: Actor, changes: Mapping[str, str]) -> Settings:
    """Change options by name; all of them or none.

    Raises Invalid with `field` naming the option: "setting_unknown", "setting_invalid", "setting_out_of_range",
    "email_malformed", "mail_unencrypted" for an open connection to another computer; NotAllowed.
    """
    authorize(till, actor, Action.EDIT_SETTINGS)
    texts = check_settings(changes)

    def write(uow: UnitOfWork) -> Settings:
        authorize(uow, actor, Action.EDIT_SETTINGS)
        before = _stored(uow.connection)
        after = Settings(before | texts)
        _check_together(after)
        for name, text in texts.items():
            _write(uow, name, before.get(name), text)
        return after

    saved = till.db.transact(actor, write)
    return till.settings.refresh() if isinstance(till.settings, StoredSettings) else saved


def _checked(name: str, text: str) -> str:
    """The text as it is stored."""
    option = _BY_NAME.get(name)
    if option is None:
        raise Invalid("setting_unknown", field=name)
    try:
        stored = str(option.read(text))
        # Only what is set now: a store whose currency goes out of use still opens.
        if option is STORE_CURRENCY:
            check_store_currency(stored)
        return check_email(stored) if name in _ADDRESSES else stored
    except Invalid as error:
        # A rule used elsewhere names a field of its own.
        error.values["field"] = name
        raise


def _check_together(settings: Settings) -> None:
    if settings[SMTP_SECURITY] == "none" and settings[SMTP_HOST] not in _THIS_COMPUTER:
        raise Invalid("mail_unencrypted", field=SMTP_SECURITY.name)


def _write(uow: UnitOfWork, name: str, before: str | None, text: str) -> None:
    shown = str(_BY_NAME[name].default) if before is None else before
    if text == shown:
        return
    write_setting(uow, name, text)
    uow.record("setting_changed", f"setting:{name}", old=shown, new=text)


def _stored(connection: Connection) -> dict[str, str]:
    """Only what this version knows; an option of another version is left alone."""
    rows = connection.execute(select(setting.c.name, setting.c.value))
    return {row.name: row.value for row in rows if row.name in _BY_NAME}
