"""One installation's place on disk: a folder for each mode, so that training, test and live money never meet."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tillgate.domain.errors import Refused
from tillgate.domain.payment import Mode

FIRST_TILL: Final = "T1"
_PLACE: Final = "store.json"


@dataclass(frozen=True, slots=True)
class Profile:
    """Where one mode keeps its files. `database_url` is a shared PostgreSQL instead of the local file."""

    mode: Mode
    root: Path
    till_id: str = "T1"
    database_url: str | None = None

    @property
    def folder(self) -> Path:
        """This mode's folder; made when the application starts, for its owner alone."""
        return self.root / self.mode.value

    @property
    def database(self) -> Path:
        """The local database file."""
        return self.folder / "tillgate.db"

    @property
    def logs(self) -> Path:
        """Structured logs."""
        return self.folder / "logs"

    @property
    def mails(self) -> Path:
        """Where training mode puts mails instead of sending them."""
        return self.folder / "mails"

    @property
    def papers(self) -> Path:
        """Where invoices and receipts are saved."""
        return self.folder / "papers"

    @property
    def sandbox_ledger(self) -> Path:
        """The sandbox's own books, in training mode."""
        return self.folder / "sandbox.db"

    def make(self) -> None:
        """Make the folders."""
        for folder in (self.root, self.folder, self.logs, self.mails, self.papers):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def kept_profile(mode: Mode, root: Path, till_id: str | None, database_url: str | None) -> Profile:
    """The profile of a start: what it named, else what joining a store kept, else the first till of a local file.

    Raises Refused("place_damaged") where nobody can tell any more which store this computer belongs to.
    """
    plain = Profile(mode, root, till_id or FIRST_TILL, database_url)
    path = plain.folder / _PLACE
    if database_url is not None or not path.exists():
        return plain
    try:
        kept = json.loads(path.read_text("utf-8"))
        return replace(plain, till_id=till_id or str(kept["till"]), database_url=str(kept["database"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused("place_damaged", path=str(path)) from error


def keep_place(profile: Profile) -> None:
    """Remember the store's database and the till's name, for starts that name neither. No password is in it."""
    text = json.dumps({"database": profile.database_url, "till": profile.till_id})
    write_private(profile.folder / _PLACE, text)


def write_private(path: Path, text: str) -> None:
    """Write a small file that only its owner can read, whatever mode it had and whatever the umask is."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="ascii") as file:
        if hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), 0o600)
        file.write(text)


def default_root() -> Path:
    """Where the operating system keeps an application's data."""
    from platformdirs import user_data_path  # noqa: PLC0415 - not needed where a folder was named

    return user_data_path("Tillgate", appauthor=False)
