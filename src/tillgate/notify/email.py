"""Mail over SMTP, or into a folder in training mode, where nothing ever leaves the till."""

from __future__ import annotations

import os
import re
import secrets
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from tillgate.domain.errors import Refused, Unavailable
from tillgate.domain.settings import (
    MAIL_FROM,
    SMTP_HOST,
    SMTP_PORT,
    SMTP_SECURITY,
    SMTP_USER,
    STORE_NAME,
    Settings,
)
from tillgate.notify.mime import Envelope, Sender, check_address, envelope
from tillgate.notify.wire import Conversation, Limits
from tillgate.ports import Clock, EmailMessage

__all__ = ["Account", "FolderNotifier", "Sender", "SmtpNotifier", "account_of", "check_address"]

DEADLINE_S: Final = 30.0
# The mail is larger than the server takes: no other try will make it smaller.
_TOO_LARGE: Final = 552
_ADDRESS: Final = re.compile(r"[^\s<>@]+@[^\s<>@]+")


@dataclass(frozen=True, slots=True)
class Account:
    """How to reach the mail server. `security` is "starttls", "tls" or, on this computer only, "none"."""

    host: str
    port: int
    security: str
    user: str
    sender: Sender


def account_of(settings: Settings) -> Account | None:
    """The account in the settings; None while mail is turned off."""
    if not settings[SMTP_HOST]:
        return None
    sender = Sender(settings[MAIL_FROM], settings[STORE_NAME])
    return Account(settings[SMTP_HOST], settings[SMTP_PORT], settings[SMTP_SECURITY], settings[SMTP_USER], sender)


class SmtpNotifier:
    """A Notifier over one SMTP account. `password` is asked for each mail, so that the keyring keeps it.

    `deadline_s` is for the whole conversation, whatever the server does.
    """

    def __init__(
        self,
        account: Account,
        password: Callable[[], str | None],
        clock: Clock,
        *,
        deadline_s: float = DEADLINE_S,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._account = account
        self._password = password
        self._clock = clock
        self._deadline_s = deadline_s
        self._tls = tls

    def send(self, message: EmailMessage) -> None:
        """Hand it over. Raises Refused for what never will be taken, Unavailable for what may be later.

        Refused("mail_header_unsafe" | "mail_address_malformed" | "mail_address_refused" | "mail_address_unsupported" |
        "mail_refused"); Unavailable("mail_unreachable" | "mail_slow" | "mail_tls_failed" | "mail_needs_encryption" |
        "mail_login_refused" | "mail_sender_refused" | "mail_deferred").
        """
        made = envelope(message, self._account.sender, self._clock.now())
        account = self._account
        if account.security == "none" and not _on_this_computer(account.host):
            raise Unavailable("mail_needs_encryption", host=account.host)
        limits = Limits(self._deadline_s, self._clock.monotonic)
        with _explained():
            conversation = Conversation(limits, self._tls(), tls_first=account.security == "tls")
            try:
                self._converse(conversation, made)
            finally:
                conversation.close()

    def _converse(self, conversation: Conversation, made: Envelope) -> None:
        account = self._account
        conversation.open(account.host, account.port)
        if account.security == "starttls":
            conversation.secure()
        if account.user:
            conversation.login(account.user, self._password() or "")
        conversation.ehlo_or_helo_if_needed()
        options = []
        if made.utf8:
            if not conversation.has_extn("smtputf8"):
                raise Refused("mail_address_unsupported")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        conversation.sendmail(made.sender, [made.recipient], made.content, options)
        conversation.part()


class FolderNotifier:
    """A Notifier that writes .eml files into a folder; a mail sent again replaces its file."""

    def __init__(self, folder: Path, sender: Sender, clock: Clock) -> None:
        self._folder = folder
        self._sender = sender
        self._clock = clock

    def send(self, message: EmailMessage) -> None:
        """Write it down. Raises Refused as SmtpNotifier does, Unavailable("mail_folder_failed")."""
        made = envelope(message, self._sender, self._clock.now(), leaves=False)
        name = re.sub(r"[^A-Za-z0-9._-]", "_", message.message_id.strip("<>"))
        draft = self._folder / f".{name}.{secrets.token_hex(4)}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
                file.write(made.content)
            draft.replace(self._folder / f"{name}.eml")
        except OSError as error:
            raise Unavailable("mail_folder_failed", error=error.strerror or "") from error


def _on_this_computer(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _explained() -> Iterator[None]:
    """Say in our words whose fault it was."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise _by_code("mail_address_refused", code, words) from error
    except smtplib.SMTPSenderRefused as error:
        if error.smtp_code == _TOO_LARGE:
            raise Refused("mail_refused", smtp=error.smtp_code, says=_masked(error.smtp_error)) from error
        raise Unavailable("mail_sender_refused", smtp=error.smtp_code, says=_masked(error.smtp_error)) from error
    except smtplib.SMTPDataError as error:
        raise _by_code("mail_refused", error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPAuthenticationError as error:
        raise Unavailable("mail_login_refused", smtp=error.smtp_code, says=_masked(error.smtp_error)) from error
    except smtplib.SMTPNotSupportedError as error:
        missing = "mail_login_refused" if "AUTH" in str(error) else "mail_tls_failed"
        raise Unavailable(missing, says=_masked(str(error))) from error
    except ssl.SSLError as error:
        raise Unavailable(
            "mail_tls_failed", says=_masked(getattr(error, "verify_message", "") or error.reason)
        ) from error
    except smtplib.SMTPResponseException as error:
        raise Unavailable("mail_unreachable", smtp=error.smtp_code, says=_masked(error.smtp_error)) from error
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise Unavailable("mail_slow" if _out_of_time(error) else "mail_unreachable") from error


def _by_code(code: str, smtp: int, words: bytes | str) -> Exception:
    """5xx is for good, anything else for now (RFC 5321, 4.2.1)."""
    if 500 <= smtp < 600:
        return Refused(code, smtp=smtp, says=_masked(words))
    return Unavailable("mail_deferred", smtp=smtp, says=_masked(words))


def _out_of_time(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, TimeoutError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _masked(words: bytes | str | None) -> str:
    """A server's own words, on one line, without anybody's address."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words or ""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return _ADDRESS.sub("[address]", plain)[:200]
