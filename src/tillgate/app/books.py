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
from tillgate.app.system_clock import SystemClock
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.keystore.file_secrets import StoreSecret, load_store_secret
from tillgate.keystore.keyring_store import KeyringStore, MemoryStore
from tillgate.ports import Clock, SecretStore
from tillgate.services.settings import StoredSettings
from tillgate.services.start_gates import Findings, check_database, check_mode
from tillgate.services.till import Till
from tillgate.store.audit import AuditEntry, AuditKey
from tillgate.store.engine import postgres_engine, sqlite_engine
from tillgate.store.schema import current_revision, upgrade
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


def open_books(profile: Profile, *, clock: Clock | None = None) -> Books:
    """Open them. Raises Refused("database_newer" | "database_other_mode" | …), Unavailable for an unusable file."""
    profile.make()
    known = KnownSecrets()
    configure(known, profile.logs, to_stderr=False)
    keyring: SecretStore = MemoryStore() if profile.mode is Mode.TRAINING else KeyringStore("tillgate")
    engine, is_new = _open_engine(profile)
    secret = load_store_secret(profile.folder, None if profile.mode is Mode.TRAINING else keyring, create=is_new)
    for key in (secret.pepper, secret.audit_key):
        known.add(Secret(key.hex()))
    findings = Findings()
    findings.take([check_database(engine)])
    if not findings.blocked:
        upgrade(engine)
        check_mode(engine, profile.mode)
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


def _open_engine(profile: Profile) -> tuple[Engine, bool]:
    if profile.database_url:
        engine = postgres_engine(profile.database_url)
        return engine, current_revision(engine) is None
    is_new = not profile.database.exists()
    return sqlite_engine(profile.database), is_new


def _tell(listeners: list[Listener], entries: list[AuditEntry]) -> None:
    for listen in list(listeners):
        listen(entries)
