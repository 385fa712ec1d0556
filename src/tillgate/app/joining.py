"""`tillgate add-till` at a till of the store, and `tillgate join` at the new one: the store's secret changes hands."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tillgate.app.books import Books, keyring_of, open_books
from tillgate.app.profile import Profile, keep_place
from tillgate.app.shared_database import checked_url, keep_password, open_shared
from tillgate.app.system_clock import SystemClock
from tillgate.domain.errors import Invalid, Refused
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.keystore.file_secrets import StoreSecret, adopt_store_secret, has_store_secret
from tillgate.services.pin_hash import Pins
from tillgate.services.secret_offers import Offer, offer_secret, take_secret
from tillgate.services.sign_in import sign_in, sign_out
from tillgate.services.staff import has_staff
from tillgate.services.tills import JoinRequest, till_ids

_TILL_NAME: Final = re.compile("[A-Z0-9]{1,8}")
Ask = Callable[[str], str]


def offer_for_new_till(books: Books, manager: str, pin: str) -> Offer:
    """A manager's code for a new till. Raises Refused("database_not_shared") and those of signing in."""
    if not books.profile.database_url:
        raise Refused("database_not_shared")
    session = sign_in(books.till, Pins(books.secret.pepper), manager, pin)
    try:
        return offer_secret(books.till, session.actor, books.secret.whole)
    finally:
        sign_out(books.till, session.actor)


def join_store(profile: Profile, code: Secret) -> StoreSecret:
    """Take the store's secret for this new till and keep it; the till's chain begins with that.

    Raises Refused("database_not_shared" | "store_secret_there" | "database_empty") and those of `take_secret`.
    """
    if not profile.database_url:
        raise Refused("database_not_shared")
    profile.make()
    keyring = keyring_of(profile)
    kept_in = None if profile.mode is Mode.TRAINING else keyring
    if has_store_secret(profile.folder, kept_in):
        raise Refused("store_secret_there")
    engine, is_new = open_shared(profile.database_url, keyring)
    try:
        if is_new:
            raise Refused("database_empty")
        found = take_secret(engine, SystemClock().now(), code, profile.till_id)
    finally:
        engine.dispose()
    kept = adopt_store_secret(profile.folder, kept_in, found)
    books = open_books(profile)
    try:
        books.till.db.transact(books.till.system, lambda uow: uow.record("secret.taken", f"till:{profile.till_id}"))
    finally:
        books.till.db.close()
    return kept


def join_instead(mine: Books, wanted: JoinRequest) -> None:
    """At the first start: become a till of a store instead of beginning one; the next start opens it.

    Raises Refused("staff_exists" | "database_empty" | "till_taken"), Invalid for the address or the till's name, and
    those of `open_shared` and `take_secret`. What was begun here is empty, and stays as it is, unused.
    """
    if has_staff(mine.till):
        raise Refused("staff_exists")
    if not _TILL_NAME.fullmatch(wanted.till):
        raise Invalid("till_name_malformed", field="till", text=wanted.till[:20])
    here = mine.profile
    profile = replace(here, till_id=wanted.till, database_url=checked_url(wanted.database))
    password = wanted.password if wanted.password.reveal() else None
    engine, is_new = open_shared(str(profile.database_url), mine.keyring, password)
    try:
        if is_new:
            raise Refused("database_empty")
        with engine.connect() as connection:
            if profile.till_id in till_ids(connection):
                raise Refused("till_taken", field="till", till=profile.till_id)
        if password is not None:
            keep_password(str(profile.database_url), mine.keyring, password)
        found = take_secret(engine, mine.till.clock.now(), wanted.code, profile.till_id)
    finally:
        engine.dispose()
    adopt_store_secret(here.folder, mine.keyring, found, instead=True)
    keep_place(profile)
    books = open_books(profile, password=password)
    try:
        books.till.db.transact(books.till.system, lambda uow: uow.record("secret.taken", f"till:{profile.till_id}"))
    finally:
        books.till.db.close()


def run_add_till(books: Books, ask: Ask, ask_secretly: Ask) -> tuple[int, list[str]]:
    """Show a code: the exit status and what to say."""
    try:
        offer = offer_for_new_till(books, ask("Manager: "), ask_secretly("PIN or passphrase: "))
    finally:
        books.till.db.close()
    until = offer.expires_at.astimezone().strftime("%H:%M")
    return 0, [
        f"Code for the new till, until {until}: {offer.code.reveal()}",
        "At the new computer run: tillgate join --database ... --till ... and type it in. It is shown this once.",
    ]


def run_join(profile: Profile, ask_secretly: Ask) -> tuple[int, list[str]]:
    """Take the code from the terminal, never from an argument: the exit status and what to say."""
    kept = join_store(profile, Secret(ask_secretly("Code from the other till: ")))
    return 0, [f"Till {profile.till_id} belongs to the store now; its secret is kept in the {kept.place.value}."]
