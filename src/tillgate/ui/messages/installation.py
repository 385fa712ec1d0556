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
    "setting_invalid": Entry(mark("“{text}” can’t be used here."), mark("Change it."), about_money=False),
    "setting_out_of_range": Entry(
        mark("This is a whole number from {lowest} to {highest}."), mark("Change it."), about_money=False
    ),
    "setting_rate_out_of_range": Entry(
        mark("This is a rate from 0 to {highest} %."), mark("Change it."), about_money=False
    ),
    "mail_unencrypted": Entry(
        mark("Mail to another computer is always encrypted."), mark("Choose STARTTLS or TLS."), about_money=False
    ),
    "provider_unknown": Entry(mark("There is no provider {provider}."), _KEEPER, about_money=False),
    "provider_base_url": Entry(mark("Keys of this kind are not sent to that address."), _KEEPER, about_money=False),
    "key_form": Entry(
        mark("This key begins with {test} or {live}."), mark("Copy it from the provider’s dashboard."), False
    ),
    "key_mode": Entry(
        mark("This is a key of another mode."),
        mark("Test keys belong to the test till, live keys to the live one."),
        about_money=False,
    ),
    "razorpay_key_id": Entry(
        mark("This is not a Razorpay key id."), mark("Copy it from Razorpay’s dashboard."), about_money=False
    ),
    "razorpay_key_mode": Entry(
        mark("This is a key of another mode."),
        mark("Test keys belong to the test till, live keys to the live one."),
        about_money=False,
    ),
    "razorpay_key_secret": Entry(
        mark("This is not a Razorpay key secret."), mark("Copy it from Razorpay’s dashboard."), about_money=False
    ),
    "stripe_publishable_key": Entry(
        mark("This is not a publishable key of Stripe; it begins with pk_test_ or pk_live_."),
        mark("Copy it from Stripe’s dashboard, under Developers, API keys."),
        about_money=False,
    ),
    "stripe_secret_key": Entry(
        mark("This is not a secret key of Stripe; it begins with sk_ or, for a restricted key, with rk_."),
        mark("Copy it from Stripe’s dashboard, under Developers, API keys."),
        about_money=False,
    ),
    "stripe_key_mode": Entry(
        mark("This is a key of another mode."),
        mark("Test keys belong to the test till, live keys to the live one."),
        about_money=False,
    ),
    "wompi_public_key": Entry(
        mark("This is not a public key of Wompi; it begins with pub_test_ or pub_prod_."),
        mark("Copy it from Wompi’s dashboard, under Developers."),
        about_money=False,
    ),
    "wompi_private_key": Entry(
        mark("This is not a private key of Wompi; it begins with prv_test_ or prv_prod_."),
        mark("Copy it from Wompi’s dashboard, under Developers."),
        about_money=False,
    ),
    "wompi_integrity_secret": Entry(
        mark("This is not an integrity secret of Wompi; it begins with test_integrity_ or prod_integrity_."),
        mark("Copy it from Wompi’s dashboard, under Developers."),
        about_money=False,
    ),
    "wompi_key_mode": Entry(
        mark("This is a key of another mode."),
        mark("Test keys belong to the test till, live keys to the live one."),
        about_money=False,
    ),
    "intasend_publishable_key": Entry(
        mark("This is not a publishable key of IntaSend; it begins with ISPubKey_test_ or ISPubKey_live_."),
        mark("Copy it from IntaSend’s dashboard."),
        about_money=False,
    ),
    "intasend_secret_key": Entry(
        mark("This is not a secret key of IntaSend; it begins with ISSecretKey_test_ or ISSecretKey_live_."),
        mark("Copy it from IntaSend’s dashboard."),
        about_money=False,
    ),
    "intasend_key_mode": Entry(
        mark("This is a key of another mode."),
        mark("Test keys belong to the test till, live keys to the live one."),
        about_money=False,
    ),
    "key_secret_missing": Entry(mark("The key secret is missing."), mark("Type or paste it."), about_money=False),
    "keys_in_training": Entry(
        mark("Training uses the sandbox’s own keys."), mark("Open the test or live till to keep keys."), False
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
        mark("The computer’s keyring is locked."), mark("Unlock it, then try again."), about_money=False
    ),
    "keyring_slow": Entry(
        mark("The computer’s keyring did not answer."),
        mark("Look for a window that asks for its password, then try again."),
        about_money=False,
    ),
    "till_blocked": Entry(mark("This till is kept from selling."), mark("The notice at the top says why.")),
    "database_other_mode": Entry(
        mark("The database holds the money of the mode “{found}”, not of “{mode}”."),
        mark("Open it in its own mode, or give this mode a database of its own."),
    ),
    "database_url_malformed": Entry(
        mark("This is not the address of a PostgreSQL database."), mark("Write postgresql://user@host/name."), False
    ),
    "database_password_given": Entry(
        mark("A password in an argument can be read by everybody on this computer."),
        mark("Leave it out and keep it with “tillgate password”, in PGPASSWORD or in a .pgpass file."),
        about_money=False,
    ),
    "database_unreachable": Entry(
        mark("The database at {host} can’t be reached (port {port})."),
        mark("See that the server runs and that this computer is on the network."),
    ),
    "database_login_refused": Entry(
        mark("The database at {host} did not let {user} in."),
        mark("Keep the right password with “tillgate password”, in PGPASSWORD or in a .pgpass file."),
        about_money=False,
    ),
    "database_absent": Entry(
        mark("There is no database {name} at {host}."), mark("Create it, or correct the address."), about_money=False
    ),
    "database_not_shared": Entry(
        mark("This needs a shared database."), mark("Name it with --database."), about_money=False
    ),
    "database_empty": Entry(
        mark("No store is in this database yet."), mark("Open the first till on it before another one joins."), False
    ),
    "till_in_use": Entry(
        mark("Till {till} is open on {host}, since {since}."),
        mark("Close it there, or open this computer as another till."),
    ),
    "till_taken_over": Entry(
        mark("Another computer is this till now."), mark("Go on there, or close it there and open Tillgate again.")
    ),
    "till_unsure": Entry(
        mark("The database was not reached for a minute, and another computer may be this till by now."),
        mark("The till sells again by itself once the database answers."),
    ),
    "store_secret_wanted": Entry(
        mark("Till {till} is new to this store and needs its secret."),
        mark("Get a code with “tillgate add-till” at another till and type it into “tillgate join” here."),
    ),
    "store_secret_there": Entry(
        mark("This computer has a store’s secret already."), mark("Open Tillgate; there is nothing to join."), False
    ),
    "offer_none": Entry(
        mark("No code for a new till is open."), mark("Get one with “tillgate add-till” at another till."), False
    ),
    "offer_over": Entry(
        mark("This code has run out or was tried too often."),
        mark("Get a new one with “tillgate add-till” at another till."),
        about_money=False,
    ),
    "offer_code_wrong": Entry(
        mark("This is not the code. Tries left: {left}."), mark("Type it as it is shown."), about_money=False
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
    "database_lost": Entry(
        mark("The database can’t be reached just now; nothing was saved."), mark("The till tries again by itself.")
    ),
    "database_read_only": Entry(mark("The till’s files can’t be written."), _SHOWS_BOOKS),
    "database_damaged": Entry(
        mark("The till’s file is damaged."),
        mark("It is left as it is. Restore the last backup, or ask the person who looks after this till."),
    ),
    "database_unreadable": Entry(mark("The till’s database can’t be read: {reason}."), _SHOWS_BOOKS),
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
        mark("The computer’s clock is {minutes} minutes behind the till’s books."), mark("Set the clock."), False
    ),
    "clock_far_behind": Entry(
        mark("The computer’s clock is {minutes} minutes behind the till’s books."),
        mark("Set the clock; the till sells again once it is right."),
    ),
    "store_missing": Entry(
        mark("There is no store at {path}."),
        mark("Name its folder with --data and its mode with --mode."),
        about_money=False,
    ),
    "place_damaged": Entry(
        mark("The file that says which store this computer belongs to is damaged: {path}."),
        mark("Start with --database and --till, or restore the file."),
        about_money=False,
    ),
    "till_name_malformed": Entry(
        mark("“{text}” is not a name for a till: up to 8 capitals and digits, as T2."),
        mark("Type another one."),
        about_money=False,
    ),
    "till_taken": Entry(
        mark("The store has a till {till} already."), mark("Give this one another name."), about_money=False
    ),
    "store_secret_damaged": Entry(mark("The store’s secret in the keyring is damaged."), _RESTORE_SECRET),
    "store_secret_missing": Entry(
        mark("The store’s secret is neither in the keyring nor in the folder {folder}."), _RESTORE_SECRET
    ),
    "secret_file_damaged": Entry(mark("The file with the store’s secret is damaged: {path}."), _RESTORE_SECRET),
    "secret_file_unsafe": Entry(
        mark("The file with the store’s secret is not safe from other users of this computer: {path}."),
        mark("Let only the user of this till own and read it, then open Tillgate again."),
    ),
    "secret_file_unwritable": Entry(
        mark("The file with the store’s secret could not be written: {error} ({path})."),
        mark("Make room, and let the user of this till write there."),
    ),
}
