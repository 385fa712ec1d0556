"""`tillgate check`, `tillgate unlock` and `tillgate import`: what an owner does at a terminal."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from tillgate.app.books import open_books
from tillgate.app.profile import Profile
from tillgate.domain.errors import TillgateError
from tillgate.services.sample_shop import load_shop
from tillgate.services.staff import release_lock
from tillgate.services.start_gates import (
    Severity,
    check_before_selling,
    check_chain,
    check_file,
)
from tillgate.ui.message_text import message_for


def run_check(profile: Profile) -> tuple[int, list[str]]:
    """Check everything: the exit status, 1 where something is wrong, and a line for each gate."""
    till = open_books(profile).till
    try:
        folder = None if profile.database_url else profile.folder
        findings = [*check_before_selling(till, folder), check_chain(till, last=None), check_file(till, thorough=True)]
    finally:
        till.db.close()
    lines = [f"{finding.gate.value}: {finding.severity.value} {finding.code}".rstrip() for finding in findings]
    return int(any(finding.severity is not Severity.OK for finding in findings)), lines


def run_unlock(profile: Profile, name: str) -> tuple[int, list[str]]:
    """Let a person who locked themselves out try again: the exit status and what was done."""
    till = open_books(profile).till
    try:
        release_lock(till, name)
    except TillgateError as error:
        return 1, [message_for(error).what]
    finally:
        till.db.close()
    return 0, [f"{name} can sign in again."]


def run_import(profile: Profile, file: Path) -> tuple[int, list[str]]:
    """Add the vendors, products and customers of a file that are not there yet; all of it, or nothing.

    The form is that of the sample shop, `resources/sample/shop.json`.
    """
    try:
        shop = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return 1, [f"{file} can't be read: {error}", "Nothing was added."]
    till = open_books(profile).till
    try:
        counts = till.db.transact(till.system, lambda uow: load_shop(uow, shop))
    except (KeyError, TypeError, ValueError, AttributeError, SQLAlchemyError) as error:
        why = getattr(error, "orig", None) or error
        return 1, [f"{file} is not a shop as resources/sample/shop.json is one: {why}", "Nothing was added."]
    except TillgateError as error:
        return 1, [message_for(error).what, "Nothing was added."]
    finally:
        till.db.close()
    goods = f"{counts.vendors} vendors, {counts.products} products with {counts.variants} variants"
    return 0, [f"Added {goods} and {counts.customers} customers."]
