"""Texts of the errors of settings, keys, the keyring, and of what keeps a till from selling."""

from __future__ import annotations

from typing import Final

from tillgate.i18n import mark
from tillgate.ui.messages.entry import Entry

_KEEPER: Final = mark("Tell the person who looks after this till.")
_SHOWS_BOOKS: Final = mark("The till shows its books and does not sell until this is put right.")
_RESTORE_SECRET: Final = mark("Restore it from the last backup; the till does not open without it.")

TEXTS: Final[dict[str, Entry]] = {
    "setting_unknown": Entry(mark("There is no setting {field}."), _KEEPER, about_money=False),
    "setting_invalid": Entry(mark("“{text}” can't be used here."), mark("Change it."), about_money=False),
    "setting_out_of_range": Entry(
        mark("This is a whole number from {lowest} to {highest}."), mark("Change it."), about_money=False
    ),
    "mail_unencrypted": Entry(
        mark("Mail to another computer is always encrypted."), mark("Choose STARTTLS or TLS."), about_money=False
    ),
    "provider_unknown": Entry(mark("There is no provider {provider}."), _KEEPER, about_money=False),
    "provider_base_url": Entry(mark("Keys of this kind are not sent to that address."), _KEEPER, about_money=False),
    "key_form": Entry(
        mark("A key id begins with {test} or {live}."), mark("Copy it from the provider's dashboard."), False
    ),
    "key_mode": Entry(
        mark("This is a key of another mode."),
        mark("Test keys belong to the test till, live keys to the live one."),
        about_money=False,
    ),
    "razorpay_key_id": Entry(
        mark("This is not a Razorpay key id."), mark("Copy it from Razorpay's dashboard."), about_money=False
    ),
    "razorpay_key_mode": Entry(
        mark("This is a key of another mode."),
        mark("Test keys belong to the test till, live keys to the live one."),
        about_money=False,
    ),
    "razorpay_key_secret": Entry(
        mark("This is not a Razorpay key secret."), mark("Copy it from Razorpay's dashboard."), about_money=False
    ),
    "key_secret_missing": Entry(mark("The key secret is missing."), mark("Type or paste it."), about_money=False),
    "keys_in_training": Entry(
        mark("Training uses the sandbox's own keys."), mark("Open the test or live till to keep keys."), False
    ),
    "keys_missing": Entry(
        mark("There are no keys of {provider} yet."), mark("Type them in and save."), about_money=False
    ),
    "keyring_absent": Entry(
        mark("This computer has no keyring to keep keys in."),
        mark("Turn one on (GNOME Keyring, KWallet, Windows or macOS have one), then sign in to the computer again."),
        about_money=False,
    ),
    "keyring_locked": Entry(
        mark("The computer's keyring is locked."), mark("Unlock it, then try again."), about_money=False
    ),
    "keyring_slow": Entry(
        mark("The computer's keyring did not answer."),
        mark("Look for a window that asks for its password, then try again."),
        about_money=False,
    ),
    "till_blocked": Entry(mark("This till is kept from selling."), mark("The notice at the top says why.")),
    "database_other_mode": Entry(
        mark("The database holds the money of the mode “{found}”, not of “{mode}”."),
        mark("Open it in its own mode, or give this mode a database of its own."),
    ),
    "database_newer": Entry(
        mark("The database was written by a newer Tillgate ({found})."), mark("Install that version."), False
    ),
    "database_busy": Entry(mark("The till is busy; nothing was saved."), mark("Try again.")),
    "commit_unknown": Entry(
        mark("The connection to the database broke at the last moment."), mark("Look at the list before you repeat it.")
    ),
    "call_inside_transaction": Entry(mark("Something went wrong inside Tillgate."), _KEEPER),
    "unreachable": Entry(mark("Something went wrong inside Tillgate."), _KEEPER),
    "database_read_only": Entry(mark("The till's files can't be written."), _SHOWS_BOOKS),
    "database_damaged": Entry(
        mark("The till's file is damaged."),
        mark("It is left as it is. Restore the last backup, or ask the person who looks after this till."),
    ),
    "database_unreadable": Entry(mark("The till's database can't be read: {reason}."), _SHOWS_BOOKS),
    "disk_failed": Entry(mark("The disk refused to write."), _SHOWS_BOOKS),
    "disk_full": Entry(mark("The disk is full."), mark("Make room; selling goes on by itself.")),
    "disk_low": Entry(
        mark("The disk has {free_mb} MB left; {needed_mb} MB are needed."),
        mark("Make room; selling goes on by itself."),
    ),
    "sqlite_old": Entry(
        mark("SQLite {version} is old; the till works more slowly with it."), _KEEPER, about_money=False
    ),
    "pragma_differs": Entry(mark("The database did not take the setting {name}."), _SHOWS_BOOKS),
    "ledger_unbalanced": Entry(mark("{count} entries of the ledger do not balance."), _SHOWS_BOOKS),
    "audit_broken": Entry(mark("The audit of till {till} was changed at entry {seq}."), _SHOWS_BOOKS),
    "clock_behind": Entry(
        mark("The computer's clock is {minutes} minutes behind the till's books."), mark("Set the clock."), False
    ),
    "clock_far_behind": Entry(
        mark("The computer's clock is {minutes} minutes behind the till's books."),
        mark("Set the clock; the till sells again once it is right."),
    ),
    "store_secret_damaged": Entry(mark("The store's secret in the keyring is damaged."), _RESTORE_SECRET),
    "store_secret_missing": Entry(
        mark("The store's secret is neither in the keyring nor in the folder {folder}."), _RESTORE_SECRET
    ),
    "secret_file_damaged": Entry(mark("The file with the store's secret is damaged: {path}."), _RESTORE_SECRET),
    "secret_file_unsafe": Entry(
        mark("The file with the store's secret is not safe from other users of this computer: {path}."),
        mark("Let only the user of this till own and read it, then open Tillgate again."),
    ),
    "secret_file_unwritable": Entry(
        mark("The file with the store's secret could not be written: {error} ({path})."),
        mark("Make room, and let the user of this till write there."),
    ),
}
