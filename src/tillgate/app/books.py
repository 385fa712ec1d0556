"""Open a till's files: the store's secret, the database at this version's schema, the options. Nobody is called."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine

from tillgate.app.log import configure, log_audit
from tillgate.app.masking import KnownSecrets
from tillgate.app.profile import Profile
from tillgate.app.shared_database import open_shared
from tillgate.app.system_clock import SystemClock
from tillgate.domain.errors import Refused, Unavailable
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.keystore.file_secrets import StoreSecret, load_store_secret
from tillgate.keystore.keyring_store import KeyringStore, MemoryStore
from tillgate.ports import Clock, SecretStore
from tillgate.services.settings import StoredSettings
from tillgate.services.start_gates import Findings, check_database, check_mode
from tillgate.services.till import Till
from tillgate.store.audit import AuditEntry, AuditKey
from tillgate.store.engine import sqlite_engine
from tillgate.store.schema import beginning_alone, upgrade
from tillgate.store.unit_of_work import Database

Listener = Callable[[list[AuditEntry]], None]


@dataclass(slots=True)
class Books:
    """A till's open files. `listeners` are told the audit entries of every commit; `till` has no providers yet."""

    profile: Profile
    till: Till
    settings: StoredSettings
    keyring: SecretStore
    secret: StoreSecret
    findings: Findings
    known_secrets: KnownSecrets
    listeners: list[Listener] = field(default_factory=list)


def open_books(profile: Profile, *, clock: Clock | None = None, password: Secret | None = None) -> Books:
    """Open them. `password` is a shared database's, where it was typed in.

    Raises Refused("database_newer" | "database_other_mode" | "store_secret_wanted" | …), Unavailable for what can't be
    opened or reached.
    """
    profile.make()
    known = KnownSecrets()
    configure(known, profile.logs, to_stderr=False)
    keyring = keyring_of(profile)
    engine, is_new = _open_engine(profile, keyring, password)
    findings = Findings()
    if is_new and profile.database_url:
        # Other computers may open the store's empty database at this moment; its secret is made once.
        with beginning_alone(engine) as still_new:
            secret = _load_secret(profile, keyring, engine, create=still_new)
            _bring_up_to_date(profile, engine, findings)
    else:
        secret = _load_secret(profile, keyring, engine, create=is_new)
        _bring_up_to_date(profile, engine, findings)
    for key in (secret.pepper, secret.audit_key):
        known.add(Secret(key.hex()))
    listeners: list[Listener] = [log_audit]
    database = Database(
        engine,
        clock or SystemClock(),
        AuditKey(secret.audit_key),
        on_committed=lambda entries: _tell(listeners, entries),
    )
    settings = StoredSettings(database)
    till = Till(
        id=profile.till_id,
        db=database,
        clock=database.clock,
        mode=profile.mode,
        worker=f"{profile.till_id}:{os.getpid()}:{secrets.token_hex(4)}",
        providers={},
        fulfilling={},
        settings=settings,
        blocked=findings.blocked_by,
    )
    return Books(profile, till, settings, keyring, secret, findings, known, listeners)


def _bring_up_to_date(profile: Profile, engine: Engine, findings: Findings) -> None:
    findings.take([check_database(engine)])
    if not findings.blocked:
        upgrade(engine)
        check_mode(engine, profile.mode)


def keyring_of(profile: Profile) -> SecretStore:
    """Where this mode's secrets are: training keeps none."""
    return MemoryStore() if profile.mode is Mode.TRAINING else KeyringStore("tillgate")


def _load_secret(profile: Profile, keyring: SecretStore, engine: Engine, *, create: bool) -> StoreSecret:
    try:
        return load_store_secret(profile.folder, None if profile.mode is Mode.TRAINING else keyring, create=create)
    except (Refused, Unavailable) as error:
        engine.dispose()
        if profile.database_url and error.code in ("store_secret_missing", "keyring_absent"):
            # A new till of a store that is there: it gets the secret from another till.
            raise Refused("store_secret_wanted", till=profile.till_id) from error
        raise


def _open_engine(profile: Profile, keyring: SecretStore, password: Secret | None) -> tuple[Engine, bool]:
    if profile.database_url:
        return open_shared(profile.database_url, keyring, password)
    is_new = not profile.database.exists()
    return sqlite_engine(profile.database), is_new


def _tell(listeners: list[Listener], entries: list[AuditEntry]) -> None:
    for listen in list(listeners):
        listen(entries)
