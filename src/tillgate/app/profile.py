"""One installation's place on disk: a folder for each mode, so that training, test and live money never meet."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tillgate.domain.payment import Mode


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
