"""A mail as bytes, with nothing in its headers but what belongs there."""

from __future__ import annotations

import email.message
import email.policy
import email.utils
import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from typing import Final

from email_validator import EmailNotValidError, validate_email

from tillgate.domain.errors import Invalid, Refused
from tillgate.ports import EmailMessage

_SHAPE: Final = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_MESSAGE_ID: Final = re.compile(r"<[A-Za-z0-9._-]{1,120}@[A-Za-z0-9.-]{1,80}>")
_CONTENT_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]+")


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom mails come from; `name` may be empty."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail ready to be handed over. `utf8` where an address has letters that ASCII has not (RFC 6531)."""

    sender: str
    recipient: str
    content: bytes
    utf8: bool


def check_address(text: str, *, reachable: bool = True) -> str:
    """The address as mail servers want it. Raises Invalid("address_malformed"); the domain is not looked up.

    Unless it must be `reachable`, its domain may be one of those kept for examples and tests.
    """
    if not reachable and _SHAPE.fullmatch(text):
        return text
    try:
        found = validate_email(text, check_deliverability=False)
    except EmailNotValidError as error:
        raise Invalid("address_malformed", field="email") from error
    return found.ascii_email or found.normalized


def envelope(message: EmailMessage, sender: Sender, sent_at: datetime, *, leaves: bool = True) -> Envelope:
    """Raises Refused("mail_header_unsafe" | "mail_address_malformed") for what could never be sent.

    A mail that never `leaves` the till may have addresses that nobody has, like those of a sample shop.
    """
    names = [each.filename for each in message.attachments]
    for text in (message.to, message.subject, message.message_id, sender.address, sender.name, *names):
        if any(not char.isprintable() for char in text):
            raise Refused("mail_header_unsafe")
    if not _MESSAGE_ID.fullmatch(message.message_id):
        raise Refused("mail_header_unsafe")
    try:
        recipient, origin = (check_address(each, reachable=leaves) for each in (message.to, sender.address))
    except Invalid as error:
        raise Refused("mail_address_malformed") from error
    utf8 = not (recipient.isascii() and origin.isascii())
    made = email.message.EmailMessage(policy=email.policy.SMTPUTF8 if utf8 else email.policy.SMTP)
    made["From"] = _address(origin, sender.name)
    made["To"] = _address(recipient)
    made["Subject"] = message.subject
    made["Date"] = email.utils.format_datetime(sent_at)
    made["Message-ID"] = message.message_id
    # Holiday replies and mailing lists leave such mail alone (RFC 3834).
    made["Auto-Submitted"] = "auto-generated"
    _fill(made, message)
    return Envelope(origin, recipient, made.as_bytes(), utf8)


def _address(address: str, name: str = "") -> Address:
    user, _, domain = address.rpartition("@")
    return Address(name, user, domain)


def _fill(made: email.message.EmailMessage, message: EmailMessage) -> None:
    made.set_content(message.text)
    if message.html:
        made.add_alternative(message.html, subtype="html")
    for each in message.attachments:
        if not _CONTENT_TYPE.fullmatch(each.content_type):
            raise Refused("mail_header_unsafe")
        maintype, _, subtype = each.content_type.partition("/")
        made.add_attachment(each.content, maintype=maintype, subtype=subtype, filename=each.filename)
