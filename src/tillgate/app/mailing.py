"""Mail by the settings of the moment, so that a change of the mail server needs no restart."""

from __future__ import annotations

from collections.abc import Callable

from tillgate.domain.errors import Unavailable
from tillgate.domain.settings import Settings
from tillgate.notify.email import SmtpNotifier, account_of
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
        account = account_of(self._settings())
        if account is None:
            raise Unavailable("mail_off")
        SmtpNotifier(account, lambda: self._keyring.load(MAIL_PASSWORD), self._clock).send(message)
