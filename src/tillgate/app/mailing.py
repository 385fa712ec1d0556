"""Where mails go: by the settings of the moment, so that a change of the mail server needs no restart.

What writes and sends them is loaded with the first one: a till that starts has none to send.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tillgate.domain.errors import Unavailable
from tillgate.domain.settings import Settings
from tillgate.ports import Clock, EmailMessage, SecretStore
from tillgate.services.provider_keys import MAIL_PASSWORD


class SettingsNotifier:
    """A Notifier over whatever account the settings name now."""

    def __init__(self, settings: Callable[[], Settings], keyring: SecretStore, clock: Clock) -> None:
        self._settings = settings
        self._keyring = keyring
        self._clock = clock

    def send(self, message: EmailMessage) -> None:
        """Raises as SmtpNotifier does, and Unavailable("mail_off") while no mail server is set."""
        from tillgate.notify.email import SmtpNotifier, account_of  # noqa: PLC0415

        account = account_of(self._settings())
        if account is None:
            raise Unavailable("mail_off")
        SmtpNotifier(account, lambda: self._keyring.load(MAIL_PASSWORD), self._clock).send(message)


class TrainingNotifier:
    """A Notifier that writes mails into a folder: nothing leaves the computer."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def send(self, message: EmailMessage) -> None:
        """Raises as FolderNotifier does."""
        from tillgate.notify.email import FolderNotifier, Sender  # noqa: PLC0415

        FolderNotifier(self._folder, Sender("training@tillgate.invalid", "Tillgate"), self._clock).send(message)
