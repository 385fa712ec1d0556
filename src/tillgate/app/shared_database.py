"""The shared database by its address: which one, with whose password, and why it can't be had.

A password is never taken from an argument, where every user of the computer could read it: it comes from the keyring
(`tillgate password`), from PGPASSWORD or a .pgpass file as libpq reads them, or is asked for at the terminal.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import URL, Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from tillgate.domain.errors import Invalid, Refused, TillgateError, Unavailable
from tillgate.domain.secret import Secret
from tillgate.ports import SecretStore
from tillgate.store.engine import postgres_engine
from tillgate.store.schema import current_revision

_DRIVER: Final = "postgresql+psycopg"
_WRONG_LOGIN: Final = ("password authentication failed", "no password supplied", "authentication failed")


def checked_url(text: str) -> str:
    """The address as it is used. Raises Invalid("database_url_malformed"), Refused("database_password_given")."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise Invalid("database_url_malformed", field="database") from error
    if url.password is not None or any("password" in name.lower() for name in url.query):
        raise Refused("database_password_given")
    if url.get_backend_name() != "postgresql" or not url.database:
        raise Invalid("database_url_malformed", field="database")
    return url.set(drivername=_DRIVER).render_as_string()


def open_shared(text: str, keyring: SecretStore, password: Secret | None = None) -> tuple[Engine, bool]:
    """An engine on it, and whether it is empty.

    Raises Unavailable("database_unreachable" | "database_login_refused" | "database_absent").
    """
    url = make_url(text)
    engine = postgres_engine(text, password=password or kept_password(url, keyring))
    try:
        return engine, current_revision(engine) is None
    except DBAPIError as error:
        engine.dispose()
        raise _explained(url, error) from error


def keep_password(text: str, keyring: SecretStore, password: Secret) -> None:
    """Keep it in the keyring once the server took it. Raises as `open_shared`, and Unavailable without a keyring."""
    engine, _ = open_shared(text, keyring, password)
    engine.dispose()
    keyring.save(_name(make_url(text)), password.reveal())


def kept_password(url: URL, keyring: SecretStore) -> Secret | None:
    """What the keyring has for it; None leaves it to libpq."""
    try:
        found = keyring.load(_name(url))
    except TillgateError:
        return None
    return Secret(found) if found else None


def _name(url: URL) -> str:
    return f"database.{url.username or ''}@{url.host or ''}:{url.port or 5432}/{url.database}"


def _explained(url: URL, error: DBAPIError) -> Unavailable:
    said = str(error.orig)
    place = url.host or "localhost"
    if any(words in said for words in _WRONG_LOGIN):
        return Unavailable("database_login_refused", host=place, user=url.username or "")
    if f'database "{url.database}" does not exist' in said:
        return Unavailable("database_absent", host=place, name=url.database)
    return Unavailable("database_unreachable", host=place, port=url.port or 5432)
