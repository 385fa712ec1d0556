"""The store's own secret, from which the PIN pepper and the audit key are derived (product.md, Secrets).

It is kept in the keyring or, where there is none, in a file beside the database that only its owner can read. Losing
it would break every PIN and the audit chain, so it is made only for a new store and never replaced.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import re
import secrets
import stat
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tillgate.domain.errors import Refused, Unavailable
from tillgate.domain.secret import Secret
from tillgate.ports import SecretStore

FILE_NAME: Final = "store.secret"
SECRET_NAME: Final = "store-secret"  # noqa: S105 - the name of a secret, not one
_BYTES: Final = 32
_SHAPE: Final = re.compile(r"[0-9a-f]{64}")
_WINDOWS: Final = sys.platform == "win32"


class Place(StrEnum):
    """Where the store's secret is kept."""

    KEYRING = "keyring"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class StoreSecret:
    """The secret and where it is, as the security page says it; `path` is the file's."""

    place: Place
    path: Path | None
    _secret: Secret

    @property
    def pepper(self) -> bytes:
        """What PINs are hashed with."""
        return self._derive("pin-pepper")

    @property
    def audit_key(self) -> bytes:
        """What the audit chain is keyed with."""
        return self._derive("audit-chain")

    @property
    def whole(self) -> Secret:
        """The secret itself, for another till of the same store and nobody else."""
        return self._secret

    def _derive(self, purpose: str) -> bytes:
        return hmac.digest(bytes.fromhex(self._secret.reveal()), f"tillgate:{purpose}".encode(), "sha256")


def load_store_secret(folder: Path, keyring: SecretStore | None, *, create: bool) -> StoreSecret:
    """The secret of the store whose database is in a folder. `create` makes one: for a new database only.

    `keyring` None keeps it in the file: training mode, whose keys are in no keyring. A file that is there wins.
    Raises Refused("secret_file_unsafe" | "secret_file_damaged" | "store_secret_missing") and, while a keyring is
    locked or does not answer, Unavailable: another secret must not take its place.
    """
    path = folder / FILE_NAME
    if path.is_symlink() or path.exists():
        return StoreSecret(Place.FILE, path, _read(path))
    kept = _from_keyring(keyring, create=create) if keyring is not None else None
    if kept is not None:
        return StoreSecret(Place.KEYRING, None, kept)
    if not create:
        raise Refused("store_secret_missing", folder=str(folder))
    return StoreSecret(Place.FILE, path, _write(path, secrets.token_hex(_BYTES)))


def has_store_secret(folder: Path, keyring: SecretStore | None) -> bool:
    """Whether this installation has a secret already. Raises Unavailable while a keyring can't tell."""
    path = folder / FILE_NAME
    if path.is_symlink() or path.exists():
        return True
    try:
        return keyring is not None and keyring.load(SECRET_NAME) is not None
    except Unavailable as error:
        if error.code == "keyring_absent":
            return False
        raise


def adopt_store_secret(
    folder: Path, keyring: SecretStore | None, secret: Secret, *, instead: bool = False
) -> StoreSecret:
    """Keep the secret of the store that this till joins: in the keyring or, where there is none, in the file.

    `instead` of the one that a new installation made for books which are empty still.
    """
    path = folder / FILE_NAME
    try:
        # A file that is there wins over the keyring, so it is what has to change.
        if keyring is not None and not path.exists():
            keyring.save(SECRET_NAME, secret.reveal())
            return StoreSecret(Place.KEYRING, None, secret)
    except Unavailable as error:
        if error.code != "keyring_absent":
            raise
    return StoreSecret(Place.FILE, path, _write(path, secret.reveal(), instead=instead))


def _from_keyring(keyring: SecretStore, *, create: bool) -> Secret | None:
    """What the keyring holds or, with `create`, was made to hold; None if there is no keyring for a new store."""
    try:
        found = keyring.load(SECRET_NAME)
        if found is None and create:
            keyring.save(SECRET_NAME, secrets.token_hex(_BYTES))
            found = keyring.load(SECRET_NAME)
    except Unavailable as error:
        if create and error.code == "keyring_absent":
            return None
        raise
    if found is not None and not _SHAPE.fullmatch(found):
        raise Refused("store_secret_damaged")
    return None if found is None else Secret(found)


def _read(path: Path) -> Secret:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        opened = os.open(path, flags)
    except OSError as error:
        raise Refused("secret_file_unsafe", path=str(path), problem="unreadable") from error
    try:
        problem = _problem(os.fstat(opened))
        if problem:
            raise Refused("secret_file_unsafe", path=str(path), problem=problem)
        content = os.read(opened, 200).decode("ascii", "replace").strip()
    finally:
        os.close(opened)
    if not _SHAPE.fullmatch(content):
        raise Refused("secret_file_damaged", path=str(path))
    return Secret(content)


def _problem(found: os.stat_result) -> str:
    """Why a file can't be trusted; Windows keeps it from others by its folder's access list instead of a mode."""
    if not stat.S_ISREG(found.st_mode):
        return "not_a_file"
    if _WINDOWS:
        return ""
    if found.st_uid != os.geteuid():
        return "owner"
    return "mode" if found.st_mode & 0o077 else ""


def _write(path: Path, secret: str, *, instead: bool = False) -> Secret:
    """Whole or not at all; over another only `instead` of it: of two processes that make one, both use the first."""
    try:
        _publish(path, secret, instead=instead)
    except OSError as error:
        raise Unavailable("secret_file_unwritable", path=str(path), error=error.strerror or "") from error
    return _read(path)


def _publish(path: Path, secret: str, *, instead: bool) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.write(secret.encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        if instead:
            draft.replace(path)
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if _WINDOWS:
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
