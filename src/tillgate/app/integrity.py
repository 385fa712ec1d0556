"""`tillgate check`, `unlock`, `import` and `password`: what an owner does at a terminal.

What keeps the books from being opened is raised, and said by the command line with an exit status of its own.
"""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Final

from tillgate.app.books import Books, keyring_of, open_books
from tillgate.app.profile import Profile
from tillgate.app.shared_database import keep_password
from tillgate.domain.errors import Refused, TillgateError, Unavailable
from tillgate.domain.payment import Mode
from tillgate.domain.secret import Secret
from tillgate.services.book_checks import inspect_books
from tillgate.services.catalogue_files import Part, load_content
from tillgate.services.catalogue_import import Fate, import_for_owner
from tillgate.services.clinic_files import ClinicAdded, import_clinic, is_clinic
from tillgate.services.device_files import is_invoice_table
from tillgate.services.looks import Fault
from tillgate.services.staff import release_lock
from tillgate.services.start_gates import (
    Severity,
    check_before_selling,
    check_chain,
    check_file,
)
from tillgate.ui.message_text import message_for

_ADDED: Final = {Part.VENDOR: "vendors", Part.PRODUCT: "variants of products", Part.CUSTOMER: "customers"}
_NOTHING_ADDED: Final = "Nothing was added."
_MOST_SHOWN: Final = 20


def open_for_owner(profile: Profile) -> tuple[Books, Secret | None]:
    """The books, with the shared database's password asked for at a terminal where nothing else has it."""
    try:
        return open_books(profile), None
    except Unavailable as error:
        if error.code != "database_login_refused" or not sys.stdin.isatty():
            raise
    password = ask_secretly("Password of the database: ")
    return open_books(profile, password=Secret(password)), Secret(password)


def ask_secretly(prompt: str) -> str:
    """Read a line that is not shown; from a pipe where there is no terminal, and never from an argument."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\n")


def run_password(profile: Profile) -> tuple[int, list[str]]:
    """Keep the shared database's password in the keyring, once the server took it."""
    if not profile.database_url or profile.mode is Mode.TRAINING:
        raise Refused("database_not_shared")
    keep_password(profile.database_url, keyring_of(profile), Secret(ask_secretly("Password of the database: ")))
    return 0, ["The password is kept in the keyring."]


def run_check(profile: Profile) -> tuple[int, list[str]]:
    """Check everything: the exit status, 1 where something is wrong, and a line for each gate.

    Raises Refused("store_missing") where there is none: a check makes no new one.
    """
    _refuse_empty(profile)
    till = open_for_owner(profile)[0].till
    try:
        folder = None if profile.database_url else profile.folder
        findings = [*check_before_selling(till, folder), check_chain(till, last=None), check_file(till, thorough=True)]
        report = inspect_books(till)
    finally:
        till.db.close()
    lines = [f"{finding.gate.value}: {finding.severity.value} {finding.code}".rstrip() for finding in findings]
    for each in report.results:
        lines.append(f"books, {each.check.value}: {'ok' if each.ok else 'wrong'}")
        lines += [f"  {fault.subject} {fault.what} {_values(fault)}".rstrip() for fault in each.faults]
        lines += [f"  and {each.more} more"] if each.more else []
    wrong = any(finding.severity is not Severity.OK for finding in findings) or not report.ok
    return int(wrong), lines


def _values(fault: Fault) -> str:
    return ", ".join(f"{name} {value}" for name, value in fault.values.items())


def _refuse_empty(profile: Profile) -> None:
    if not profile.database_url and not profile.database.exists():
        raise Refused("store_missing", path=str(profile.folder))


def run_unlock(profile: Profile, name: str) -> tuple[int, list[str]]:
    """Let a person who locked themselves out try again: the exit status and what was done.

    Raises Refused("store_missing").
    """
    _refuse_empty(profile)
    till = open_for_owner(profile)[0].till
    try:
        release_lock(till, name)
    except TillgateError as error:
        return 1, [message_for(error).what]
    finally:
        till.db.close()
    return 0, [f"{name} can sign in again."]


def run_import(profile: Profile, file: Path) -> tuple[int, list[str]]:
    """Add what is not there yet of a shop, a clinic, or devices' invoices; all of it, or nothing.

    The form is that of the samples, `resources/sample/shop.json` and `clinic.json`.
    """
    try:
        content = load_content(file)
        if is_invoice_table(content):
            return import_table(profile, content)
        till = open_for_owner(profile)[0].till
        try:
            if is_clinic(content):
                return 0, [_said(import_clinic(till, content))]
            check = import_for_owner(till, content)
        finally:
            till.db.close()
    except Refused as error:
        return 1, [f"{file}: {message_for(error).what}", _NOTHING_ADDED]
    bad = [row for row in check.rows if row.problem is not None]
    if bad:
        shown = [f"{row.part.value} {row.code}: {row.problem}" for row in bad[:_MOST_SHOWN]]
        rest = [f"and {len(bad) - _MOST_SHOWN} more"] if len(bad) > _MOST_SHOWN else []
        return 1, [f"{len(bad)} rows of {file} can't be added:", *shown, *rest, _NOTHING_ADDED]
    added = (f"{check.count(Fate.NEW, part)} {words}" for part, words in _ADDED.items())
    return 0, [f"Added {', '.join(added)}."]


def import_table(profile: Profile, content: bytes) -> tuple[int, list[str]]:
    """Devices' invoices, which come as a table."""
    from tillgate.app.devices import run_import_invoices  # noqa: PLC0415 - it needs this module

    return run_import_invoices(profile, content)


def _said(added: ClinicAdded) -> str:
    words = f"{added.clinics} clinics, {added.practitioners} practitioners, {added.patients} patients"
    return f"Added {words}, {added.tax_rules} tax rules."
