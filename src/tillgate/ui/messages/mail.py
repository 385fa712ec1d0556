"""Texts of the errors of mail: its server, its addresses, and the folder of training mails."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

_WAITS: Final = mark("The mail waits; the till tries again by itself.")
_SETTINGS: Final = mark("A manager corrects the mail settings; the mail waits until then.")
_ADDRESS: Final = mark("Correct the address, then send it again.")
_KEEPER: Final = mark("Tell the person who looks after this till.")

TEXTS: Final[dict[str, Entry]] = {
    "address_malformed": Entry(
        mark("This is not an e-mail address."), mark("Write it as name@example.com."), about_money=False
    ),
    "mail_address_malformed": Entry(mark("The mail has an address that is none."), _ADDRESS, about_money=False),
    "mail_address_refused": Entry(mark("The mail server does not take this address."), _ADDRESS, about_money=False),
    "mail_address_unsupported": Entry(
        mark("The mail server can’t write to an address with such letters."), _ADDRESS, about_money=False
    ),
    "mail_header_unsafe": Entry(
        mark("The mail was not sent: its address or subject holds characters that can’t be shown."),
        _KEEPER,
        about_money=False,
    ),
    "mail_off": Entry(mark("Mail is switched off: no mail server is set."), _SETTINGS, about_money=False),
    "mail_needs_encryption": Entry(
        mark("Mail to {host} has to be encrypted, so it was not sent."), _SETTINGS, about_money=False
    ),
    "mail_login_refused": Entry(
        mark("The mail server did not take the user or the password: {says}."), _SETTINGS, about_money=False
    ),
    "mail_sender_refused": Entry(
        mark("The mail server does not take the sender’s address: {says}."), _SETTINGS, about_money=False
    ),
    "mail_tls_failed": Entry(
        mark("No safe connection to the mail server could be made: {says}."), _SETTINGS, about_money=False
    ),
    "mail_refused": Entry(mark("The mail server refused the mail: {says}."), _KEEPER, about_money=False),
    "mail_deferred": Entry(mark("The mail server took no mail just now: {says}."), _WAITS, about_money=False),
    "mail_slow": Entry(mark("The mail server did not answer in time."), _WAITS, about_money=False),
    "mail_unreachable": Entry(mark("The mail server can’t be reached."), _WAITS, about_money=False),
    "mail_folder_failed": Entry(
        mark("The mail could not be written into its folder: {error}."), _WAITS, about_money=False
    ),
}
